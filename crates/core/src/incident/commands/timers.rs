//! Timers that are due. Each checks that it still holds: a stale one is a no-op.

use firebell_oncall::escalation::{Command as Ask, Event as OnCall};
use jiff::Timestamp;

use super::super::advance::{able, call, declare, followers, ladder, page, person_for, request};
use super::super::event::Event;
use super::super::oncall::follow;
use super::super::state::{Awaiting, Incident};
use super::super::timers::{COMMANDER, ack_key, after, late_key, timers, uncommanded_key, vacant_since};
use super::drafts;
use crate::agent::AgentTask;
use crate::comms::{Audience, UpdateReason};
use crate::cx::Cx;
use crate::ids::RunId;

/// Calls to the same person for several roles within so long are one.
const CALLED_S: i64 = 30;

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
        "draft" => audience_of(rest).map(|audience| drafts::ask(i, audience, cx)).unwrap_or_default(),
        "public_early" => declare(i, Audience::Public, None, cx),
        "update_late" => late(i, key, rest, due, cx),
        "untold" => {
            let audience = rest.split(':').next().unwrap_or(rest);
            let mut events = vec![missed(key, due)];
            events.extend(super::super::untold::ring(i, audience, cx));
            events
        }
        "public_first" => unposted(i, key, due, cx),
        "ack" => unheard(i, key, due, cx),
        "oncall" => follow(i, &Ask::Tick, cx),
        "uncommanded" => uncommanded(i, key, due, cx),
        "handover" => super::oncall::hand_over_due(i, key, cx),
        "unclear" => escalate(i, key, due, &level.unclear_to, "the cause is still unclear", cx),
        "escalate" => escalate(i, key, due, &level.escalate_to, "it is not resolved", cx),
        "executives_again" => {
            vec![missed(key, due), drafts::out(i, Audience::Executives, cx)]
        }
        "postmortem" => {
            let mut events = vec![missed(key, due)];
            let person = i.facilitator.clone().or_else(|| i.commander().map(str::to_owned));
            events.extend(page(person, &format!("the postmortem of {} is late", i.id), cx));
            events
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
        "rooms" => super::super::rooms::archive(i),
        _ => vec![missed(key, due)],
    }
}

fn missed(what: &str, due: Timestamp) -> Event {
    Event::DeadlineMissed { what: what.to_owned(), due }
}

/// The clock of an audience rang: ask for the draft, with those who are told with it, and wind the clock again.
fn update(i: &Incident, audience: &str, cx: &Cx<'_>) -> Vec<Event> {
    let Some(audience) = audience_of(audience) else { return Vec::new() };
    let every_s = i.clocks.get(&audience).and_then(|c| c.every_s);
    let waits = i.clocks.get(&audience).is_some_and(|c| c.asked_at.is_some());
    // What a person wrote goes out though another draft is under way.
    let mut audiences =
        if waits && !drafts::is_edited(i, audience, cx) { Vec::new() } else { vec![audience] };
    if audience == Audience::Internal {
        audiences.extend(followers(i, cx));
    }
    let mut events: Vec<Event> = audiences.into_iter().map(|audience| drafts::out(i, audience, cx)).collect();
    events.push(Event::ClockSet { audience, due: every_s.map(|s| after(cx.now, s)), every_s });
    events
}

fn audience_of(name: &str) -> Option<Audience> {
    Audience::ALL.into_iter().find(|a| a.as_str() == name)
}

/// An update that was asked for is not posted: whoever sees to them is called, then the next, until it is out.
fn late(i: &Incident, key: &str, rest: &str, due: Timestamp, cx: &Cx<'_>) -> Vec<Event> {
    let name = rest.split(':').next().unwrap_or(rest);
    let asked = audience_of(name).and_then(|a| Some((a, i.clocks.get(&a)?.asked_at?)));
    let said = asked.map_or(0, |(audience, asked)| late_key(i, audience, asked).0);
    let ladder = speakers(i, cx);
    let next = ladder.get(said % ladder.len().max(1)).cloned();
    let mut events = vec![missed(key, due)];
    events.extend(page(next, &format!("the {name} update for {} is late", i.id), cx));
    events
}

/// Who is called for an update that is late, one after the other: whoever speaks for the incident, their deputy, who
/// commands it, who is on call, then whoever else could.
pub(in super::super) fn speakers(i: &Incident, cx: &Cx<'_>) -> Vec<String> {
    let speaker = "communications_lead";
    let deputy = i.deputies.get(speaker).map(String::as_str);
    let lead = [COMMANDER, "on_call"].into_iter().filter_map(|role| i.holder(role));
    let first = i.holder(speaker).into_iter().chain(deputy).chain(lead).map(str::to_owned);
    let mut all: Vec<String> = Vec::new();
    for name in first.chain(ladder(i, speaker, cx)) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// The status page has no post yet though severity wants one: it is asked for again, and somebody is called.
fn unposted(i: &Incident, key: &str, due: Timestamp, cx: &Cx<'_>) -> Vec<Event> {
    let mut events = vec![missed(key, due)];
    match i.clocks.get(&Audience::Public) {
        None => events.extend(declare(i, Audience::Public, None, cx)),
        Some(clock) if clock.asked_at.is_none() => {
            events.push(Event::UpdateRequested { audience: Audience::Public, reason: UpdateReason::Declared })
        }
        Some(_) => {}
    }
    let text = format!("the first status page post for {} is late", i.id);
    events.extend(page(person_for(i, "communications_lead", cx), &text, cx));
    events
}

/// A call that nobody acknowledged: the role's holder, then others who can hold it, then those to whom severity
/// escalates, round and round.
fn unheard(i: &Incident, key: &str, due: Timestamp, cx: &Cx<'_>) -> Vec<Event> {
    let waiting = i.awaiting.iter().find(|(role, waiting)| ack_key(role, waiting) == key);
    let Some((role, waiting)) = waiting else { return Vec::new() };
    let ladder = ladder(i, role, cx);
    let next = ladder.get((waiting.unheard as usize + 1) % ladder.len().max(1)).cloned();
    let holder = i.holder(role).unwrap_or("nobody");
    let why = format!("{holder} ({}) has not acknowledged {}", role.replace('_', " "), i.id);
    let mut events = vec![missed(key, due)];
    events.push(Event::Escalated {
        to: "next responder".to_owned(),
        people: next.iter().cloned().collect(),
        why: why.clone(),
        role: Some(role.clone()),
    });
    // Who is called for one role in this moment is not called for another too.
    let called = |w: &Awaiting| {
        w.unheard > 0
            && w.people.last() == next.as_ref()
            && cx.now.duration_since(w.since).as_secs() < CALLED_S
    };
    if !i.awaiting.values().any(called) {
        events.extend(call(i, next, &format!("{why}: {}", i.title), cx));
    }
    events
}

/// Nobody could be found to lead: whoever can be called at all is called to find somebody, one after the other, round and
/// round until somebody does.
fn uncommanded(i: &Incident, key: &str, due: Timestamp, cx: &Cx<'_>) -> Vec<Event> {
    let ladder = ladder(i, COMMANDER, cx);
    let said = vacant_since(i).map_or(0, |vacant| uncommanded_key(i, vacant).0);
    let people: Vec<String> = ladder.get(said % ladder.len().max(1)).cloned().into_iter().collect();
    // That nobody can be reached is said once.
    if people.is_empty() && said > 0 {
        return vec![missed(key, due)];
    }
    let why = format!("{} {} has no incident commander", i.severity.severity, i.id);
    let mut events = vec![
        missed(key, due),
        Event::Escalated {
            to: "whoever can be reached".to_owned(),
            people: people.clone(),
            why: why.clone(),
            role: None,
        },
    ];
    let text = format!("{why}; take it, or find somebody: {}", i.title);
    for person in people {
        let called = call(i, Some(person.clone()), &text, cx);
        // Whom their own rules call at this moment anyway is still told what it is that is missing.
        let rings =
            |e: &Event| matches!(e, Event::Paged { .. } | Event::OnCall { event: OnCall::Attempted { .. } });
        let told = if called.iter().any(rings) { None } else { page(Some(person), &text, cx) };
        events.extend(called.into_iter().chain(told));
    }
    events
}

fn escalate(i: &Incident, key: &str, due: Timestamp, to: &str, why: &str, cx: &Cx<'_>) -> Vec<Event> {
    let since = cx.now.duration_since(i.open_since).as_mins();
    let why = format!("{why} after {since} min");
    // Where nobody holds the role that policy names, the next one up, and whoever leads in the end.
    let found = [to, "senior_engineer", "team_lead"]
        .into_iter()
        .map(|role| (role, able(i, role, cx)))
        .find(|(_, people)| !people.is_empty());
    let (to, people) = found.unwrap_or_else(|| {
        let lead = ladder(i, "incident_commander", cx).into_iter().next();
        (if lead.is_some() { "incident_commander" } else { to }, lead.into_iter().collect())
    });
    let mut events = vec![
        missed(key, due),
        Event::Escalated { to: to.to_owned(), people: people.clone(), why: why.clone(), role: None },
    ];
    if let Some(person) = people.into_iter().next() {
        events.extend(call(i, Some(person), &format!("{} {}: {why}", i.severity.severity, i.id), cx));
    }
    events
}
