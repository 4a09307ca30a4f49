//! The escalation of an incident: `firebell-oncall` decides, its events are the incident's own. So alert, incident,
//! escalation and acknowledgement are one record, and folding it again needs no schedule.

use std::collections::BTreeMap;

use firebell_oncall::Rota;
use firebell_oncall::escalation::{
    CallKind, Command, Cx as OnCallCx, Escalation, Event as OnCallEvent, Refused, decide,
};
use firebell_oncall::model::{Policy, Step, Target, Urgency};
use jiff::Timestamp;

use super::event::Event;
use super::state::Incident;
use super::timers::COMMANDER;
use crate::cx::Cx;
use crate::effect::{Effect, PageContact, Reach};

/// The policy that calls whoever holds a role, where the roster has none.
const BY_ROLES: &str = "by roles";

/// Asks the escalation; what it answers, as events of the incident. Nothing where there is no escalation yet and the
/// command does not begin one.
pub(super) fn tell(i: &Incident, command: &Command, cx: &Cx<'_>) -> Result<Vec<Event>, Refused> {
    let nobody = Rota::default();
    let roster = cx.roster.unwrap_or(&nobody);
    let mut roles: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (role, holder) in &i.roles {
        roles.insert(role.clone(), holder.person.iter().cloned().collect());
    }
    let cx = OnCallCx { now: cx.now, roster, roles: &roles };
    let fresh;
    let escalation = match &i.escalation {
        Some(escalation) => escalation,
        None => {
            fresh = Escalation::new(id(i));
            &fresh
        }
    };
    let events = decide(escalation, command, &cx)?;
    Ok(events.into_iter().map(|event| Event::OnCall { event }).collect())
}

/// The same, where nothing can be refused that anybody would have to hear of.
pub(super) fn follow(i: &Incident, command: &Command, cx: &Cx<'_>) -> Vec<Event> {
    if i.escalation.is_none() { Vec::new() } else { tell(i, command, cx).unwrap_or_default() }
}

/// Ids of pages are made of it, so that of an incident that is opened again is another.
fn id(i: &Incident) -> String {
    if i.reopened == 0 { i.id.0.clone() } else { format!("{}.{}", i.id, i.reopened) }
}

/// Folds.
pub(super) fn apply(i: &mut Incident, event: &OnCallEvent, at: Timestamp) {
    let id = id(i);
    i.escalation.get_or_insert_with(|| Escalation::new(id)).apply(event);
    match event {
        OnCallEvent::Attempted { .. } => {
            i.paged_at.get_or_insert(at);
        }
        OnCallEvent::Called { call, .. } => {
            if let CallKind::Request { by } = &call.kind {
                if by.starts_with(POLICY) {
                    i.called.insert(by.clone());
                }
                for target in &call.targets {
                    if let Target::Person(name) = target {
                        i.called.insert(name.clone());
                    }
                }
            }
        }
        _ => {}
    }
}

/// It is open again: everything about calling people begins anew.
pub(super) fn begin_again(i: &mut Incident) {
    i.escalation = None;
    i.called.clear();
    i.declined.clear();
}

/// Who asks for people by itself.
const OURSELVES: &str = "firebell";
/// Who asks for the people of a further policy.
const POLICY: &str = "policy ";

/// The next that follows for the escalation by itself: it begins, becomes more urgent, calls those whom further services
/// or roles ask for.
pub(super) fn advance(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    let Some(roster) = cx.roster else { return Vec::new() };
    let level = cx.policy.levels.of(i.severity.severity);
    if level.roles.is_empty() {
        return Vec::new();
    }
    let urgency = if level.may_wait { Urgency::Low } else { Urgency::High };
    let policies = policies(i, roster);
    let Some(escalation) = &i.escalation else {
        let policy = policies.into_iter().next().cloned().unwrap_or_else(|| by_roles(i));
        return tell(i, &Command::Start { policy, urgency }, cx).unwrap_or_default();
    };
    if escalation.urgency != urgency {
        return follow(i, &Command::SetUrgency { urgency }, cx);
    }
    // More than one team may be hit: the others are called as well, by the first step of theirs.
    let own = escalation.policy.as_ref().map(|p| p.name.as_str());
    for policy in policies.into_iter().filter(|p| Some(p.name.as_str()) != own) {
        let by = format!("{POLICY}{}", policy.name);
        if let Some(step) = policy.steps.first().filter(|_| !i.called.contains(&by)) {
            let events = follow(i, &Command::Request { by, targets: step.targets.clone() }, cx);
            if !events.is_empty() {
                return events;
            }
        }
    }
    let waited = |role: &&String| i.awaiting.get(*role).is_some_and(|w| w.unheard == 0);
    let mut holders: Vec<&str> = i
        .roles
        .keys()
        .filter(waited)
        .filter_map(|role| i.holder(role))
        .filter(|p| !i.called.contains(*p) && !escalation.acknowledged_by.contains(*p))
        .collect();
    holders.dedup();
    if !holders.is_empty() {
        return request(i, holders, cx);
    }
    let holds = |role: &String| i.holder(role).map(str::to_owned);
    let late = escalation.calls.iter().any(|call| {
        call.targets.iter().any(|t| {
            matches!(t, Target::Role(role) if holds(role)
                .is_some_and(|p| !call.paged.contains(&p) && !escalation.acknowledged_by.contains(&p)))
        })
    });
    if late { follow(i, &Command::Look, cx) } else { Vec::new() }
}

/// Calls people by their own rules, beside the steps of the policy.
pub(super) fn request<'a>(
    i: &Incident,
    people: impl IntoIterator<Item = &'a str>,
    cx: &Cx<'_>,
) -> Vec<Event> {
    let targets = people.into_iter().map(|p| Target::Person(p.to_owned())).collect();
    follow(i, &Command::Request { by: OURSELVES.to_owned(), targets }, cx)
}

/// Whoever was called for a role that they cannot take is not called for it any more.
pub(super) fn excuse(i: &Incident, person: &str, cx: &Cx<'_>) -> Vec<Event> {
    follow(i, &Command::Excuse { by: OURSELVES.to_owned(), person: person.to_owned() }, cx)
}

/// The escalation policies of the services that are hit, each once; that of name `default`, else the first, where none
/// has one.
pub(super) fn policies<'a>(i: &Incident, roster: &'a Rota) -> Vec<&'a Policy> {
    let mut found: Vec<&Policy> = Vec::new();
    for policy in i.services.iter().filter_map(|s| roster.escalation_of(s)) {
        if !found.iter().any(|p| p.name == policy.name) {
            found.push(policy);
        }
    }
    if found.is_empty() {
        found.extend(roster.escalation("default").or_else(|| roster.escalations.first()));
    }
    found
}

/// The holders of the roles, then everybody who holds one, three times over.
fn by_roles(i: &Incident) -> Policy {
    let role = |name: &str| Target::Role(name.to_owned());
    let step = |targets: Vec<Target>| Step { targets, delay_s: 300, acknowledgements: 1 };
    let lead = vec![role("on_call"), role("incident_commander")];
    let all = i.roles.keys().map(|name| role(name)).collect();
    Policy {
        name: BY_ROLES.to_owned(),
        steps: vec![step(lead), step(all)],
        rounds: 3,
        fall_back: String::new(),
        fall_back_again_s: 900,
        acknowledgement_holds_s: None,
    }
}

/// What an event of the escalation has as effects.
pub(super) fn effects(after: &Incident, event: &OnCallEvent) -> Vec<Effect> {
    match event {
        OnCallEvent::Attempted { page, rule, person, contact, kind, address } => {
            vec![Effect::Reach(Reach {
                person: person.clone(),
                contact: PageContact { contact: contact.clone(), kind: *kind, address: address.clone() },
                text: text(after, person),
                page: page.clone(),
                rule: *rule,
                quiet: is_quiet(after),
            })]
        }
        OnCallEvent::Announced { channel, .. } => {
            vec![Effect::Announce { channel: channel.clone(), text: text(after, "") }]
        }
        _ => Vec::new(),
    }
}

/// Whether its pages need not wake anybody.
pub(super) fn is_quiet(i: &Incident) -> bool {
    i.escalation.as_ref().is_some_and(|e| e.urgency == Urgency::Low)
}

/// What a page says: which incident, and who they are in it.
fn text(i: &Incident, person: &str) -> String {
    let mine: Vec<String> =
        i.roles.keys().filter(|r| i.holder(r) == Some(person)).map(|r| r.replace('_', " ")).collect();
    let vacant = i.roles.get(COMMANDER).is_some_and(|h| h.person.is_none());
    let you = match mine.as_slice() {
        [] if vacant => " (it has no incident commander: take it, or find somebody)".to_owned(),
        [] => String::new(),
        mine => format!(" (you are {})", mine.join(" and ")),
    };
    format!("{} {}: {}{you}", i.severity.severity, i.id, i.title)
}

/// In words, for the timeline. Addresses stay out of it.
pub(super) fn words(event: &OnCallEvent) -> (&'static str, String) {
    let list = |targets: &[Target]| targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let text = match event {
        OnCallEvent::Started { policy, why, .. } => {
            format!("escalation by policy {}: {}", policy.name, why.shown())
        }
        OnCallEvent::Called { call, .. } => match &call.kind {
            CallKind::Step { round: 1, step } => format!("step {} calls {}", step + 1, list(&call.targets)),
            CallKind::Step { round, step } => {
                format!("step {} of round {round} calls {}", step + 1, list(&call.targets))
            }
            CallKind::FallBack { .. } => format!("nobody answered: falls back to {}", list(&call.targets)),
            CallKind::HandOver { by } => format!("{by} hands it over to {}", list(&call.targets)),
            CallKind::Request { by } => format!("{by} asks for {}", list(&call.targets)),
        },
        OnCallEvent::Announced { channel, .. } => format!("told {channel}"),
        OnCallEvent::Paged { page, .. } => match (page.held_until, page.attempts.len()) {
            (_, 0) => format!("{} has no contact that works", page.person),
            (Some(until), _) => {
                format!(
                    "page to {} waits for the end of quiet hours at {}",
                    page.person,
                    super::timeline::moment(until)
                )
            }
            (None, _) => format!("page to {} begins", page.person),
        },
        OnCallEvent::Attempted { person, contact, kind, .. } if contact == kind.as_str() => {
            format!("paged {person} by {contact}")
        }
        OnCallEvent::Attempted { person, contact, kind, .. } => {
            format!("paged {person} by {} ({contact})", kind.as_str())
        }
        OnCallEvent::AttemptFailed { page, .. } => format!("an attempt of page {page} did not arrive"),
        OnCallEvent::Acknowledged { person, enough: true, until: None } => {
            format!("{person} has it; nobody else is called")
        }
        OnCallEvent::Acknowledged { person, enough: true, until: Some(until) } => {
            format!("{person} has it until {}", super::timeline::moment(*until))
        }
        OnCallEvent::Acknowledged { person, enough: false, .. } => {
            format!("{person} has acknowledged the call; more are needed")
        }
        OnCallEvent::Snoozed { by, until } => {
            format!("{by} lets the escalation sleep until {}", super::timeline::moment(*until))
        }
        OnCallEvent::Escalated { by } => format!("{by} asks for the next step"),
        OnCallEvent::UrgencySet { urgency: Urgency::High, .. } => "pages do not wait any more".to_owned(),
        OnCallEvent::UrgencySet { .. } => "pages may wait for the end of quiet hours".to_owned(),
        OnCallEvent::Exhausted => "all rounds are over and nobody answered".to_owned(),
        OnCallEvent::Resolved { by } => format!("{by} ends the escalation"),
        OnCallEvent::Joined { person, .. } => format!("{person} is called for this as well"),
        OnCallEvent::Left { person, .. } => format!("{person} is not meant by that call any more"),
        OnCallEvent::Withdrawn { person, .. } => format!("page to {person} ends"),
        OnCallEvent::Looked { .. } | OnCallEvent::Closed { .. } | OnCallEvent::Retimed { .. } => {
            "on-call is looked at again".to_owned()
        }
    };
    let is_detail = matches!(
        event,
        OnCallEvent::Joined { .. }
            | OnCallEvent::Left { .. }
            | OnCallEvent::Withdrawn { .. }
            | OnCallEvent::Looked { .. }
            | OnCallEvent::Closed { .. }
            | OnCallEvent::Retimed { .. }
    );
    (if is_detail { "detail" } else { "people" }, text)
}
