//! Roles from the people configured, pages to them, and the checklist of each role.

use super::super::event::Event;
use super::super::state::{Incident, Phase};
use crate::cx::Cx;
use crate::severity::Severity;

/// Fills the roles that severity asks for and pages who was not paged yet. Nobody waits for the assessment to end.
pub(super) fn staff(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    let level = cx.policy.levels.of(i.severity.severity);
    let missing: Vec<&String> = level.roles.iter().filter(|r| !i.roles.contains_key(*r)).collect();
    if missing.is_empty() || (i.severity.severity == Severity::Sev4 && i.phase == Phase::Assess) {
        return Vec::new();
    }
    let mut events = Vec::new();
    let mut taken: Vec<String> = i.roles.values().filter_map(|h| h.person.clone()).collect();
    let text = format!("{} {}: {}", i.severity.severity, i.id, i.title);
    for role in missing {
        let person = candidate(role, &taken, cx);
        events.push(Event::RoleAssigned { role: role.clone(), person: person.clone() });
        match person {
            Some(person) if !taken.contains(&person) => {
                taken.push(person.clone());
                events.extend(page(
                    Some(person),
                    &format!("{text} (you are {})", role.replace('_', " ")),
                    cx,
                ));
            }
            _ => {}
        }
    }
    events
}

/// The first person who can hold the role and holds none yet; else the first who can; else whoever is on call.
fn candidate(role: &str, taken: &[String], cx: &Cx<'_>) -> Option<String> {
    let able: Vec<&str> = cx.policy.people_for(role).map(|p| p.name.as_str()).collect();
    able.iter()
        .find(|name| !taken.iter().any(|t| t == *name))
        .or_else(|| able.first())
        .map(|name| (*name).to_owned())
        .or_else(|| cx.policy.people_for("on_call").next().map(|p| p.name.clone()))
}

/// Who holds a role, else the commander.
pub(in super::super) fn person_for(i: &Incident, role: &str, cx: &Cx<'_>) -> Option<String> {
    i.holder(role).or_else(|| i.commander()).map(str::to_owned).or_else(|| candidate(role, &[], cx))
}

/// Whom to call for a role, one after the other and round again: its holder, others who can hold it, whoever could
/// lead, and those to whom severity escalates.
pub(in super::super) fn ladder(i: &Incident, role: &str, cx: &Cx<'_>) -> Vec<String> {
    let level = cx.policy.levels.of(i.severity.severity);
    let roles = [
        role,
        "on_call",
        "incident_commander",
        level.escalate_to.as_str(),
        level.unclear_to.as_str(),
        "technical_lead",
        "senior_engineer",
        "team_lead",
    ];
    let able = roles.into_iter().flat_map(|role| cx.policy.people_for(role)).map(|p| p.name.as_str());
    let mut all: Vec<String> = Vec::new();
    for name in i.holder(role).or_else(|| i.commander()).into_iter().chain(able) {
        if !all.iter().any(|n| n == name) {
            all.push(name.to_owned());
        }
    }
    all
}

/// A page to a person, if there is one.
pub(in super::super) fn page(person: Option<String>, text: &str, cx: &Cx<'_>) -> Option<Event> {
    // Where there is no channel nobody is paged; the page of the incident shows whose turn it is all the same.
    person.filter(|_| !cx.policy.page_channels.is_empty()).map(|person| Event::Paged {
        person,
        channels: cx.policy.page_channels.clone(),
        text: text.to_owned(),
    })
}

/// The first tasks of each role that is filled.
pub(super) fn checklist(i: &Incident) -> Vec<Event> {
    let all = [
        ("incident_commander", "Confirm severity and impact, and say so in the room"),
        ("incident_commander", "Decide go or no-go on each mitigation that is proposed"),
        ("technical_lead", "Check the leading hypothesis against what you know of the system"),
        ("communications_lead", "Read the first updates to each audience and correct them where needed"),
        ("scribe", "Note decisions and observations that the timeline does not hold yet"),
        ("on_call", "Acknowledge, then check the leading hypothesis"),
    ];
    let mine = all.iter().filter(|(role, _)| i.roles.contains_key(*role));
    let events: Vec<Event> = (1u32..)
        .zip(mine)
        .map(|(id, (role, text))| Event::TaskAdded { id, text: (*text).to_owned(), role: (*role).to_owned() })
        .collect();
    if events.is_empty() {
        return vec![Event::TaskAdded {
            id: 1,
            text: "Find somebody to lead this incident".to_owned(),
            role: String::new(),
        }];
    }
    events
}
