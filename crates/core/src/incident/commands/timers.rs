//! Timers that are due. Each checks that it still holds: a stale one is a no-op.

use jiff::Timestamp;

use super::super::advance::{executives_with_updates, page, person_for, public_wanted, request};
use super::super::event::Event;
use super::super::state::Incident;
use super::super::timers::{after, timers};
use crate::agent::AgentTask;
use crate::comms::{Audience, UpdateReason};
use crate::cx::Cx;
use crate::ids::RunId;

pub(super) fn fire(i: &Incident, key: &str, cx: &Cx<'_>) -> Vec<Event> {
    let Some(due) = timers(i, cx.policy).get(key).copied().filter(|due| *due <= cx.now) else {
        return Vec::new();
    };
    let (kind, rest) = key.split_once(':').unwrap_or((key, ""));
    let level = cx.policy.levels.of(i.severity.severity);
    match kind {
        "agent" => vec![Event::AgentFailed {
            run: RunId::new(rest),
            reason: "did not report before its deadline; the incident goes on without it".to_owned(),
            journal: Vec::new(),
            evidence: Vec::new(),
        }],
        "update" => update(i, rest, cx),
        "update_late" => {
            let audience = rest.split(':').next().unwrap_or(rest);
            let text = format!("the {audience} update for {} is late", i.id);
            let mut events = vec![missed(key, due)];
            events.extend(page(person_for(i, "communications_lead", cx), &text, cx));
            events
        }
        "ack" => unheard(i, key, due, cx),
        "unclear" => escalate(i, key, due, &level.unclear_to, "the cause is still unclear", cx),
        "escalate" => escalate(i, key, due, &level.escalate_to, "it is not resolved", cx),
        "executives_again" => {
            vec![
                missed(key, due),
                Event::UpdateRequested { audience: Audience::Executives, reason: UpdateReason::Cadence },
            ]
        }
        "resolve_by" => {
            let text = format!("{} {} has passed its resolve-by time", i.severity.severity, i.id);
            let mut events = vec![missed(key, due)];
            events.extend(page(i.commander().map(str::to_owned), &text, cx));
            events
        }
        "plan" => vec![Event::PlanExpired { plan: rest.to_owned() }],
        "look_again" => vec![Event::LookedAgain],
        "reassess" => {
            let agent = "observability-engineer";
            let count = i.runs.values().filter(|r| r.task == AgentTask::Assess).count();
            vec![request(&format!("assess-{count}/{agent}"), agent, AgentTask::Assess, cx)]
        }
        "soak" => vec![Event::SoakEnded],
        _ => vec![missed(key, due)],
    }
}

fn missed(what: &str, due: Timestamp) -> Event {
    Event::DeadlineMissed { what: what.to_owned(), due }
}

/// The clock of an audience rang: ask for the draft, with those who are told with it, and wind the clock again.
fn update(i: &Incident, audience: &str, cx: &Cx<'_>) -> Vec<Event> {
    let Some(audience) = Audience::ALL.into_iter().find(|a| a.as_str() == audience) else {
        return Vec::new();
    };
    let every_s = i.clocks.get(&audience).and_then(|c| c.every_s);
    let mut audiences = vec![audience];
    if audience == Audience::Internal {
        if executives_with_updates(i, cx) {
            audiences.push(Audience::Executives);
        }
        if public_wanted(i, cx) && i.clocks.contains_key(&Audience::Public) {
            audiences.push(Audience::Public);
        }
    }
    let mut events: Vec<Event> = audiences
        .into_iter()
        .filter(|a| i.clocks.get(a).is_none_or(|c| c.asked_at.is_none()))
        .map(|audience| Event::UpdateRequested { audience, reason: UpdateReason::Cadence })
        .collect();
    events.push(Event::ClockSet { audience, due: every_s.map(|s| after(cx.now, s)), every_s });
    events
}

/// A page that nobody acknowledged goes to the next person, round and round.
fn unheard(i: &Incident, key: &str, due: Timestamp, cx: &Cx<'_>) -> Vec<Event> {
    let ladder: Vec<String> =
        ["on_call", "incident_commander", "technical_lead", "senior_engineer", "team_lead"]
            .iter()
            .flat_map(|role| cx.policy.people_for(role))
            .map(|p| p.name.clone())
            .fold(Vec::new(), |mut all, name| {
                if !all.contains(&name) {
                    all.push(name);
                }
                all
            });
    let turn = i.awaiting_ack.map_or(0, |(_, n)| n as usize) + 1;
    let next = if ladder.is_empty() { None } else { ladder.get(turn % ladder.len()).cloned() };
    let mut events = vec![missed(key, due)];
    let why = format!("nobody has acknowledged {}", i.id);
    match next {
        Some(person) => {
            events.push(Event::Escalated {
                to: "next responder".to_owned(),
                people: vec![person.clone()],
                why: why.clone(),
            });
            events.extend(page(Some(person), &format!("{why}: {}", i.title), cx));
        }
        None => events
            .push(Event::NoteAdded { text: format!("{why}, and nobody else is configured to be paged") }),
    }
    events
}

fn escalate(i: &Incident, key: &str, due: Timestamp, to: &str, why: &str, cx: &Cx<'_>) -> Vec<Event> {
    let people: Vec<String> = cx.policy.people_for(to).map(|p| p.name.clone()).collect();
    let since = cx.now.duration_since(i.opened_at).as_mins();
    let why = format!("{why} after {since} min");
    let mut events = vec![
        missed(key, due),
        Event::Escalated { to: to.to_owned(), people: people.clone(), why: why.clone() },
    ];
    if let Some(person) = people.into_iter().next() {
        events.extend(page(Some(person), &format!("{} {}: {why}", i.severity.severity, i.id), cx));
    }
    events
}
