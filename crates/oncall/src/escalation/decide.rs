//! From a command to what happened.

use jiff::{SignedDuration, Timestamp};

use super::command::{Command, HandTo, Refused};
use super::cx::Cx;
use super::event::{Event, Why};
use super::paging::later;
use super::settle::settle;
use super::state::{AttemptState, Call, CallKind, Escalation, Page, Phase};
use crate::model::{Policy, Target, Urgency};

/// Longest sleep.
const LONGEST_SNOOZE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An escalation while it decides: each fact is folded at once.
pub(super) struct Draft<'a> {
    pub(super) e: Escalation,
    pub(super) cx: &'a Cx<'a>,
    events: Vec<Event>,
}

impl Draft<'_> {
    pub(super) fn emit(&mut self, event: Event) {
        self.e.apply(&event);
        self.events.push(event);
    }
}

/// What a command brings about. A command that comes again or too late brings nothing about; one that cannot be carried
/// out is refused. `e` itself is not changed: apply the events to it.
///
/// # Errors
/// Says why it is refused.
pub fn decide(e: &Escalation, command: &Command, cx: &Cx<'_>) -> Result<Vec<Event>, Refused> {
    let mut draft = Draft { e: e.clone(), cx, events: Vec::new() };
    carry_out(&mut draft, command)?;
    settle(&mut draft, matches!(command, Command::Look));
    Ok(draft.events)
}

fn carry_out(draft: &mut Draft<'_>, command: &Command) -> Result<(), Refused> {
    let id = draft.e.id.clone();
    match (command, draft.e.phase) {
        (Command::Start { policy, urgency }, Phase::New) => {
            start(draft, policy.clone(), *urgency, Why::Start);
            draft.enter_next();
        }
        (Command::Start { .. }, _) => return Err(Refused::Begun(id)),
        (Command::Tick | Command::Look, _) => {}
        (Command::Failed { .. } | Command::SetUrgency { .. } | Command::Resolve { .. }, Phase::New) => {
            return Err(Refused::NotBegun(id));
        }
        (Command::Failed { page, rule }, _) => failed(draft, page, *rule),
        (Command::SetUrgency { urgency }, phase) => {
            if *urgency != draft.e.urgency && phase != Phase::Resolved {
                set_urgency(draft, *urgency);
            }
        }
        (Command::Resolve { by }, phase) => {
            if phase != Phase::Resolved {
                draft.emit(Event::Resolved { by: by.clone() });
                draft.close(|_| true);
            }
        }
        (_, Phase::New) => return Err(Refused::NotBegun(id)),
        // Who acknowledges what is over comes too late and does no harm.
        (Command::Acknowledge { person }, phase) => {
            if phase != Phase::Resolved {
                acknowledge(draft, person);
            }
        }
        (_, Phase::Resolved) => return Err(Refused::Over(id)),
        (Command::Snooze { by, until }, _) => {
            let latest = draft.cx.now.saturating_add(LONGEST_SNOOZE).unwrap_or(*until);
            if *until <= draft.cx.now || *until > latest {
                return Err(Refused::Until(*until));
            }
            draft.emit(Event::Snoozed { by: by.clone(), until: *until });
            draft.close(|_| true);
        }
        (Command::HandOver { by, to }, _) => hand_over(draft, by, to)?,
        (Command::Request { by, targets }, _) => {
            nobody(draft, targets)?;
            // Who is asked now is asked in person: who takes the shift over later was not.
            let people = draft.cx.people(targets).into_iter().map(Target::Person);
            let channels = targets.iter().filter(|t| matches!(t, Target::Channel(_))).cloned();
            let targets = people.chain(channels).collect();
            draft.call(CallKind::Request { by: by.clone() }, targets, 1, None);
        }
        (Command::Excuse { by, person }, _) => excuse(draft, by, person),
        (Command::EscalateNow { .. }, Phase::Exhausted) => return Err(Refused::NobodyLeft(id)),
        (Command::EscalateNow { by }, _) => {
            draft.emit(Event::Escalated { by: by.clone() });
            draft.enter_next();
        }
    }
    Ok(())
}

pub(super) fn start(draft: &mut Draft<'_>, policy: Policy, urgency: Urgency, why: Why) {
    draft.emit(Event::Started { policy, urgency, why });
}

fn acknowledge(draft: &mut Draft<'_>, person: &str) {
    let e = &draft.e;
    if e.acknowledged_by.contains(person) && (!e.runs() || e.page_of(person).is_none()) {
        return;
    }
    let mut by = e.acknowledged_by.clone();
    by.insert(person.to_owned());
    let enough = e.runs() && by.len() >= e.demanded as usize;
    let holds = e.policy.as_ref().and_then(|p| p.acknowledgement_holds_s).filter(|_| enough);
    let until = holds.map(|s| later(draft.cx.now, s));
    draft.emit(Event::Acknowledged { person: person.to_owned(), enough, until });
    if let Some(page) = draft.e.page_of(person).map(|p| p.id.clone()) {
        draft.emit(Event::Withdrawn { page, person: person.to_owned() });
    }
    if enough {
        draft.close(CallKind::is_own);
    }
}

fn hand_over(draft: &mut Draft<'_>, by: &str, to: &HandTo) -> Result<(), Refused> {
    let why = Why::HandedOver { by: by.to_owned() };
    match to {
        HandTo::Policy(name) => {
            let policy = draft.cx.roster.escalation(name).ok_or_else(|| Refused::NoPolicy(name.clone()))?;
            let urgency = draft.e.urgency;
            start(draft, policy.clone(), urgency, why);
            draft.enter_next();
        }
        HandTo::Target(target) => {
            let targets = vec![target.clone()];
            nobody(draft, &targets)?;
            let Some(policy) = draft.e.policy.clone() else { return Ok(()) };
            let delay = policy.steps.first().map_or(300, |s| s.delay_s.max(1));
            let urgency = draft.e.urgency;
            let before: Vec<String> = draft.own_calls();
            start(draft, policy, urgency, why);
            draft.call(CallKind::HandOver { by: by.to_owned() }, targets, 1, Some(delay));
            draft.close_these(&before);
        }
    }
    Ok(())
}

/// Ends the requests for a person. Whoever was asked for with them is still, and is not called anew.
fn excuse(draft: &mut Draft<'_>, by: &str, person: &str) {
    let target = Target::Person(person.to_owned());
    let asked = |kind: &CallKind| matches!(kind, CallKind::Request { by: who } if who == by);
    let calls = draft.e.calls.iter().filter(|c| asked(&c.kind) && c.targets.contains(&target));
    let (shared, theirs): (Vec<_>, Vec<_>) = calls.partition(|c| c.targets.len() > 1);
    let ids = |calls: Vec<&Call>| calls.into_iter().map(|c| c.id.clone()).collect::<Vec<String>>();
    let (shared, theirs) = (ids(shared), ids(theirs));
    for call in shared {
        draft.emit(Event::Left { call, person: person.to_owned(), excused: true });
    }
    draft.close_these(&theirs);
}

/// Refuses what would page nobody.
fn nobody(draft: &Draft<'_>, targets: &[Target]) -> Result<(), Refused> {
    if draft.cx.people(targets).is_empty() {
        let named: Vec<String> = targets.iter().map(ToString::to_string).collect();
        return Err(Refused::Nobody(named.join(", ")));
    }
    Ok(())
}

/// The next contact is tried at once.
fn failed(draft: &mut Draft<'_>, page: &str, rule: u32) {
    let Some(open) = draft.e.pages.iter().find(|p| p.id == page) else { return };
    let sent = open.attempts.iter().any(|a| a.rule == rule && a.state == AttemptState::Sent);
    if !sent {
        return;
    }
    let next = open.attempts.iter().find(|a| a.state == AttemptState::Waiting && a.at > draft.cx.now);
    let next = next.map(|a| (a.rule, draft.cx.now));
    draft.emit(Event::AttemptFailed { page: page.to_owned(), rule });
    if let Some(next) = next {
        draft.emit(Event::Retimed { page: page.to_owned(), attempts: vec![next] });
    }
}

/// What waits for the end of quiet hours does not wait any longer, nor do the steps that waited with it.
fn set_urgency(draft: &mut Draft<'_>, urgency: Urgency) {
    let now = draft.cx.now;
    let held = |p: &Page| p.held_until.filter(|until| urgency == Urgency::High && *until > now);
    let earliest = draft.e.pages.iter().filter_map(held).min();
    let pages: Vec<(String, Vec<(u32, Timestamp)>)> = draft
        .e
        .pages
        .iter()
        .filter_map(|p| {
            let earlier = held(p)?.duration_since(now);
            let waiting = p.attempts.iter().filter(|a| a.state == AttemptState::Waiting);
            let times = waiting.map(|a| (a.rule, a.at.saturating_sub(earlier).unwrap_or(now).max(now)));
            Some((p.id.clone(), times.collect()))
        })
        .collect();
    let steps = matches!(draft.e.phase, Phase::Paging | Phase::FallingBack);
    let until = draft.e.until.filter(|_| steps).zip(earliest);
    let until =
        until.map(|(until, held)| until.saturating_sub(held.duration_since(now)).unwrap_or(until).max(now));
    draft.emit(Event::UrgencySet { urgency, until });
    for (page, attempts) in pages {
        draft.emit(Event::Retimed { page, attempts });
    }
}
