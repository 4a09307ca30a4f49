//! On-call: sleep, hand over, ask for more people, go on at once; roles that are declined or deputised; how pages fared.

use firebell_oncall::escalation::{Command as Ask, HandTo, Refused};
use firebell_oncall::model::Target;
use jiff::Timestamp;

use super::super::advance::{able, call, candidate, contacts, has_declined, page, you_are};
use super::super::command::Rejection;
use super::super::event::{Actor, Event};
use super::super::oncall::{excuse, follow, tell};
use super::super::state::Incident;
use super::people::check_person;
use super::required;
use crate::cx::Cx;
use crate::effect::Effect;
use crate::ids::EffectKey;

/// Longest reason.
const MAX_REASON: usize = 2000;

pub(super) fn snooze(i: &Incident, until: Timestamp, actor: &Actor, cx: &Cx<'_>) -> Answer {
    ask(i, "snoozing", &Ask::Snooze { by: actor.display().to_owned(), until }, cx)
}

pub(super) fn hand_over(i: &Incident, to: &HandTo, actor: &Actor, cx: &Cx<'_>) -> Answer {
    if let HandTo::Target(target) = to {
        known(target, cx)?;
    }
    ask(i, "handing over", &Ask::HandOver { by: actor.display().to_owned(), to: to.clone() }, cx)
}

pub(super) fn request(i: &Incident, targets: &[Target], actor: &Actor, cx: &Cx<'_>) -> Answer {
    if targets.is_empty() {
        return Err(Rejection::invalid("targets", "must not be empty; name a person, schedule or team"));
    }
    for target in targets {
        known(target, cx)?;
    }
    let ask_for = Ask::Request { by: actor.display().to_owned(), targets: targets.to_vec() };
    ask(i, "requesting responders", &ask_for, cx)
}

pub(super) fn escalate_now(i: &Incident, actor: &Actor, cx: &Cx<'_>) -> Answer {
    ask(i, "escalating", &Ask::EscalateNow { by: actor.display().to_owned() }, cx)
}

pub(super) fn look(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    if i.status.is_over() { Vec::new() } else { follow(i, &Ask::Look, cx) }
}

type Answer = Result<Vec<Event>, Rejection>;

fn ask(i: &Incident, what: &str, command: &Ask, cx: &Cx<'_>) -> Answer {
    if i.status.is_over() {
        return Err(Rejection::not_now(what, format!("the incident is {}", i.status.as_str())));
    }
    if i.escalation.is_none() {
        let why = if cx.roster.is_some() {
            "nobody is being called for this incident; acknowledge it, or assign a role"
        } else {
            "no on-call roster is configured; name its folder in [oncall], or assign a role"
        };
        return Err(Rejection::not_now(what, why));
    }
    tell(i, command, cx).map_err(|refused| match refused {
        Refused::Until(_) => Rejection::invalid("until", refused.to_string()),
        Refused::Nobody(_) => Rejection::invalid("targets", refused.to_string()),
        Refused::NoPolicy(_) => Rejection::invalid("to", refused.to_string()),
        other => Rejection::not_now(what, other.to_string()),
    })
}

/// Refuses a target that the roster does not have.
fn known(target: &Target, cx: &Cx<'_>) -> Result<(), Rejection> {
    let Some(roster) = cx.roster else { return Ok(()) };
    let (found, names): (bool, Vec<&str>) = match target {
        Target::Person(name) => {
            (roster.person(name).is_some(), roster.people.iter().map(|p| p.name.as_str()).collect())
        }
        Target::Schedule(name) => {
            (roster.schedule(name).is_some(), roster.schedules.iter().map(|s| s.name.as_str()).collect())
        }
        Target::Team(name) => {
            (roster.team(name).is_some(), roster.teams.iter().map(|t| t.name.as_str()).collect())
        }
        Target::Role(_) | Target::Channel(_) => (true, Vec::new()),
    };
    if found {
        return Ok(());
    }
    Err(Rejection::invalid("targets", format!("{target} is not in the roster; known: {}", names.join(", "))))
}

/// Who holds a role, or was called for it, says that they cannot: it goes to the next who can.
pub(super) fn decline(i: &Incident, role: &str, reason: &str, actor: &Actor, cx: &Cx<'_>) -> Answer {
    let role = required("role", role, 64)?;
    let reason = reason.trim();
    if reason.len() > MAX_REASON {
        return Err(Rejection::invalid("reason", format!("is longer than {MAX_REASON} bytes")));
    }
    if i.status.is_over() {
        return Err(Rejection::not_now("declining", format!("the incident is {}", i.status.as_str())));
    }
    let by = actor.display().to_owned();
    let mine =
        i.holder(&role) == Some(by.as_str()) || i.awaiting.get(&role).is_some_and(|w| w.people.contains(&by));
    if !mine {
        let holder = i.holder(&role).unwrap_or("nobody");
        return Err(Rejection::invalid(
            "role",
            format!("{role} is {holder}'s, and {by} was not asked for it"),
        ));
    }
    let mut events =
        vec![Event::RoleDeclined { role: role.clone(), by: by.clone(), reason: reason.to_owned() }];
    if i.holder(&role) != Some(by.as_str()) {
        return Ok(events);
    }
    let mut without = i.clone();
    without.declined.entry(role.clone()).or_default().insert(by.clone());
    let deputy = i.deputies.get(&role).filter(|d| **d != by && !has_declined(&without, &role, d)).cloned();
    let taken: Vec<String> = i.roles.values().filter_map(|h| h.person.clone()).collect();
    let next = deputy.or_else(|| candidate(&without, &role, &taken, cx)).filter(|p| *p != by);
    events.push(Event::RoleAssigned { role: role.clone(), person: next.clone() });
    // Whom a step means, or another role, is called for that.
    if !i.roles.iter().any(|(other, holder)| *other != role && holder.person.as_ref() == Some(&by)) {
        events.extend(excuse(i, &by, cx));
    }
    // By a roster who is given a role is called by itself.
    if cx.roster.is_none() {
        events.extend(page(next, &you_are(i, &role), cx));
    }
    Ok(events)
}

pub(super) fn name_deputy(i: &Incident, role: &str, person: &str, cx: &Cx<'_>) -> Answer {
    let role = required("role", role, 64)?;
    let person = required("person", person, 128)?;
    check_person(&person, cx)?;
    if !i.roles.contains_key(&role) {
        let known: Vec<&str> = i.roles.keys().map(String::as_str).collect();
        return Err(Rejection::invalid(
            "role",
            format!("{role:?} has no holder here; roles of this incident: {}", known.join(", ")),
        ));
    }
    if i.holder(&role) == Some(person.as_str()) {
        return Err(Rejection::invalid("person", format!("{person} is {role}; a deputy is somebody else")));
    }
    if i.deputies.get(&role) == Some(&person) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::DeputyNamed { role, person }])
}

/// How a page fared, as its provider tells later: once for each.
pub(super) fn report(
    i: &Incident,
    key: &EffectKey,
    effect: &Effect,
    arrived: bool,
    detail: &str,
    cx: &Cx<'_>,
) -> Vec<Event> {
    let Effect::Reach(reach) = effect else { return Vec::new() };
    if i.reported.contains(key) || i.status.is_over() {
        return Vec::new();
    }
    let mut events = vec![Event::PageReported {
        key: key.clone(),
        person: reach.person.clone(),
        contact: reach.contact.contact.clone(),
        arrived,
        detail: detail.to_owned(),
    }];
    if !arrived {
        events.extend(not_reached(i, effect, cx));
    }
    events
}

/// An attempt did not arrive: the next contact is tried at once.
pub(super) fn not_reached(i: &Incident, effect: &Effect, cx: &Cx<'_>) -> Vec<Event> {
    let Effect::Reach(reach) = effect else { return Vec::new() };
    if !reach.page.is_empty() {
        return follow(i, &Ask::Failed { page: reach.page.clone(), rule: reach.rule }, cx);
    }
    let next = contacts(&reach.person, Some(&reach.contact.contact), cx);
    if next.is_empty() || !i.may_be_paged_about() {
        return Vec::new();
    }
    vec![Event::Paged {
        person: reach.person.clone(),
        channels: Vec::new(),
        text: reach.text.clone(),
        contacts: next,
    }]
}

/// A role's holder has held it for long.
pub(super) fn hand_over_due(i: &Incident, key: &str, cx: &Cx<'_>) -> Vec<Event> {
    let parts: Vec<&str> = key.split(':').collect();
    let [_, role, _, nth] = parts.as_slice() else { return Vec::new() };
    let (role, nth) = (*role, nth.parse::<u32>().unwrap_or_default());
    let Some(person) = i.holder(role).map(str::to_owned) else { return Vec::new() };
    let rested = |name: &String| *name != person && !has_declined(i, role, name);
    let deputy = i.deputies.get(role).filter(|d| rested(d)).cloned();
    let to = deputy.or_else(|| able(i, role, cx).into_iter().find(rested));
    let insisted = nth > 0;
    let mut events = vec![Event::HandOverDue {
        key: key.to_owned(),
        role: role.to_owned(),
        person: person.clone(),
        to: to.clone(),
        insisted,
    }];
    let title = role.replace('_', " ");
    let hours = i.roles.get(role).map_or(0, |h| cx.now.duration_since(h.since).as_hours());
    let id = i.next_task();
    let whom = to.clone().unwrap_or_else(|| "somebody who is rested".to_owned());
    let must = if insisted { "Hand over now" } else { "Think of handing over" };
    let text = format!("{must}: {person} has been {title} for {hours} h; {whom} can take it");
    if nth < 2 {
        events.push(Event::TaskAdded { id, text: text.clone(), role: role.to_owned(), checklist: false });
    }
    events.extend(page(Some(person), &format!("{}: {text}", i.id), cx));
    if insisted {
        let text = format!("{}: take over as {title} from {}", i.id, i.holder(role).unwrap_or("nobody"));
        events.extend(call(i, to, &text, cx));
    }
    events
}
