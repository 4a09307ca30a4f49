//! Roles from who is on call, or the people configured; calls to them; the checklists of roles.

use firebell_oncall::model::Urgency;

use super::super::event::Event;
use super::super::oncall;
use super::super::state::{Incident, Phase};
use super::rota::OnCall;
use crate::cx::Cx;
use crate::effect::PageContact;
use crate::severity::Severity;

/// Fills the roles that severity asks for and calls who was not called yet. Nobody waits for the assessment to end.
pub(super) fn staff(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    let level = cx.policy.levels.of(i.severity.severity);
    if i.severity.severity == Severity::Sev4 && i.phase == Phase::Assess {
        return Vec::new();
    }
    let missing: Vec<&String> = level.roles.iter().filter(|r| !i.roles.contains_key(*r)).collect();
    if missing.is_empty() {
        return oncall::advance(i, cx);
    }
    let mut events = Vec::new();
    let mut taken: Vec<String> = i.roles.values().filter_map(|h| h.person.clone()).collect();
    let able = Able::of(i, cx);
    for role in missing {
        let person = able.candidate(role, &taken);
        events.push(Event::RoleAssigned { role: role.clone(), person: person.clone() });
        if let Some(person) = person
            && !taken.contains(&person)
        {
            taken.push(person.clone());
            // By a roster they are called as soon as all roles are given, each by their own rules.
            if cx.roster.is_none() {
                events.extend(page(Some(person), &you_are(i, role), cx));
            }
        }
    }
    events
}

/// What a person is told who is given a role.
pub(in super::super) fn you_are(i: &Incident, role: &str) -> String {
    format!("{} {}: {} (you are {})", i.severity.severity, i.id, i.title, role.replace('_', " "))
}

/// Who can be called for an incident at this moment; schedules are asked once, for however many roles.
struct Able<'a> {
    i: &'a Incident,
    cx: &'a Cx<'a>,
    on: Option<OnCall<'a>>,
}

impl<'a> Able<'a> {
    fn of(i: &'a Incident, cx: &'a Cx<'a>) -> Self {
        Self { i, cx, on: cx.roster.map(|roster| OnCall::of(i, roster, cx)) }
    }

    /// Who can hold a role, best first.
    fn role(&self, role: &str) -> Vec<String> {
        match &self.on {
            Some(on) => on.able(self.i, role, self.cx),
            None => {
                let able = self.cx.policy.people_for(role).map(|p| p.name.clone());
                able.filter(|p| !has_declined(self.i, role, p)).collect()
            }
        }
    }

    /// The first person who can hold the role and holds none yet; else the first who can; else whoever is on call.
    fn candidate(&self, role: &str, taken: &[String]) -> Option<String> {
        let able = self.role(role);
        able.iter()
            .find(|name| !taken.iter().any(|t| t == *name))
            .or_else(|| able.first())
            .cloned()
            .or_else(|| self.role("on_call").into_iter().find(|p| !has_declined(self.i, role, p)))
    }
}

/// See [`Able::candidate`].
pub(in super::super) fn candidate(i: &Incident, role: &str, taken: &[String], cx: &Cx<'_>) -> Option<String> {
    Able::of(i, cx).candidate(role, taken)
}

/// Whether somebody said that they cannot hold a role.
pub(in super::super) fn has_declined(i: &Incident, role: &str, person: &str) -> bool {
    i.declined.get(role).is_some_and(|d| d.contains(person))
}

/// Who can hold a role, best first.
pub(in super::super) fn able(i: &Incident, role: &str, cx: &Cx<'_>) -> Vec<String> {
    Able::of(i, cx).role(role)
}

/// Who holds a role, else the commander.
pub(in super::super) fn person_for(i: &Incident, role: &str, cx: &Cx<'_>) -> Option<String> {
    i.holder(role).or_else(|| i.commander()).map(str::to_owned).or_else(|| candidate(i, role, &[], cx))
}

/// Whom to call for a role, one after the other and round again: its holder, their deputy, others who can hold it,
/// whoever could lead, those to whom severity escalates, and with a roster everybody whom the escalation means.
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
    let deputy = i.deputies.get(role).cloned();
    let people = Able::of(i, cx);
    let able = roles.into_iter().flat_map(|role| people.role(role));
    let called = people.on.as_ref().map_or_else(Vec::new, |on| on.callable(i));
    let mut all: Vec<String> = Vec::new();
    let holder = i.holder(role).or_else(|| i.commander()).map(str::to_owned);
    for name in holder.into_iter().chain(deputy).chain(able).chain(called) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// Calls a person until they answer: by their own rules where there is a roster, else as [`page`].
pub(in super::super) fn call(i: &Incident, person: Option<String>, text: &str, cx: &Cx<'_>) -> Vec<Event> {
    let listed = |p: &String| cx.roster.is_some_and(|r| r.person(p).is_some());
    // Who has acknowledged is told, and not asked again to answer.
    let waits = |p: &String| i.escalation.as_ref().is_some_and(|e| !e.acknowledged_by.contains(p));
    match person {
        Some(person) if listed(&person) && waits(&person) => oncall::request(i, [person.as_str()], cx),
        person => page(person, text, cx).into_iter().collect(),
    }
}

/// A word to a person, if there is one: to those of their own contacts that are tried first, else over the channels that
/// page everybody.
pub(in super::super) fn page(person: Option<String>, text: &str, cx: &Cx<'_>) -> Option<Event> {
    let person = person?;
    let contacts = contacts(&person, None, cx);
    // Where there is no channel nobody is paged; the page of the incident shows whose turn it is all the same.
    if contacts.is_empty() && cx.policy.page_channels.is_empty() {
        return None;
    }
    let channels = if contacts.is_empty() { cx.policy.page_channels.clone() } else { Vec::new() };
    Some(Event::Paged { person, channels, text: text.to_owned(), contacts })
}

/// The contacts of a person that are tried together: the first, or those after one that failed.
pub(in super::super) fn contacts(person: &str, after: Option<&str>, cx: &Cx<'_>) -> Vec<PageContact> {
    let Some(known) = cx.roster.and_then(|r| r.person(person)) else { return Vec::new() };
    let all = known.attempts(Urgency::High);
    // Those of the same time were tried together.
    let tried = after.and_then(|name| all.iter().find(|(c, _)| c.name() == name)).map(|(_, s)| *s);
    let rest: Vec<_> = all.into_iter().filter(|(_, s)| tried.is_none_or(|tried| *s > tried)).collect();
    let Some((_, first)) = rest.first() else { return Vec::new() };
    rest.iter()
        .take_while(|(_, s)| s == first)
        .map(|(c, _)| PageContact { contact: c.name().to_owned(), kind: c.kind, address: c.address.clone() })
        .collect()
}

/// What is to be done while nobody leads.
const FIND: &str = "Find somebody to lead this incident";

/// The checklist of each role once somebody holds it: once in an incident, however often it is handed on. Where nobody
/// leads, that somebody is found is a task until one is.
pub(super) fn checklists(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    if i.war_room.is_none() || i.severity.severity == Severity::Sev4 {
        return Vec::new();
    }
    let finding = i.tasks.iter().find(|(_, t)| t.text == FIND && t.role.is_empty() && t.done_at.is_none());
    if let Some((id, _)) = finding.filter(|_| i.lead().is_some()) {
        return vec![Event::TaskDone { id: *id }];
    }
    // In the order in which severity names them: who leads comes first.
    let wanted = &cx.policy.levels.of(i.severity.severity).roles;
    let roles = wanted.iter().chain(i.roles.keys().filter(|role| !wanted.contains(*role)));
    let held = roles.filter(|role| i.holder(role).is_some() && !i.checklists.contains(*role));
    let listed = held.flat_map(|role| {
        cx.policy.checklists.of(role).iter().map(move |text| (role.as_str(), text.as_str()))
    });
    let find = (i.lead().is_none() && !i.checklists.contains("")).then_some(("", FIND));
    // A record that is older than the lists of roles may have them already.
    let is_there = |role: &str, text: &str| i.tasks.values().any(|t| t.role == role && t.text == text);
    let new = listed.chain(find).filter(|(role, text)| !is_there(role, text));
    (i.next_task()..)
        .zip(new)
        .map(|(id, (role, text))| Event::TaskAdded {
            id,
            text: text.to_owned(),
            role: role.to_owned(),
            checklist: true,
        })
        .collect()
}
