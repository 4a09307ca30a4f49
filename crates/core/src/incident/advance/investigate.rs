//! Phase 3: three agents in parallel (four for security), then the verdict, then the specialist whom it calls for.

use super::super::event::Event;
use super::super::state::{Incident, Phase};
use super::super::timers::{after, unclear_key};
use super::{all_ended, any, enter, page, request};
use crate::agent::AgentTask;
use crate::cause;
use crate::cx::Cx;
use crate::severity::IncidentKind;
use crate::verdict::{Outcome, Verdict};

/// Healthy verdicts in a row that close an incident: one look is not enough to call an alert wrong.
const HEALTHY_TO_CLOSE: u32 = 2;
/// The wait before the next round grows by one unit with each round, up to so many.
const MAX_WAIT_ROUNDS: u32 = 15;

pub(super) fn advance(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    // Somebody approved an option that was left: it is tried while the cause is looked for.
    if i.active_plan().is_some() {
        return vec![enter(Phase::Mitigate, cx)];
    }
    if let Some(request) = meanwhile(i, cx) {
        return vec![request];
    }
    if i.look_again_at.is_some() {
        return Vec::new();
    }
    let round = i.next_round;
    if i.round < round {
        return begin(i, round, cx);
    }
    if !all_ended(i, |t| *t == AgentTask::Investigate { round }) {
        return Vec::new();
    }
    if !any(i, |t| *t == AgentTask::Synthesise { round }) {
        let run = format!("verdict-{round}/incident-responder");
        return vec![request(&run, "incident-responder", AgentTask::Synthesise { round }, cx)];
    }
    if !all_ended(i, |t| *t == AgentTask::Synthesise { round }) {
        return Vec::new();
    }
    match (&i.verdict, i.judged) {
        (Some(verdict), Some((judged, outcome))) if judged == round => {
            follow(i, round, (verdict, outcome), cx)
        }
        _ => vec![again(i, "no verdict was reached", cx)],
    }
}

fn begin(i: &Incident, round: u32, cx: &Cx<'_>) -> Vec<Event> {
    let enough = after(i.impact_started_at.unwrap_or(i.opened_at), cx.policy.times.gather_s);
    if round == 1 && cx.now < enough {
        return vec![Event::LookAgainAt {
            at: enough,
            why: "letting telemetry of the impact come in".to_owned(),
        }];
    }
    let mut agents = vec!["devops-troubleshooter", "observability-engineer", "error-detective"];
    if i.kind == IncidentKind::Security {
        agents.insert(0, "security-analyzer");
    }
    agents
        .into_iter()
        .map(|agent| {
            request(&format!("investigate-{round}/{agent}"), agent, AgentTask::Investigate { round }, cx)
        })
        .collect()
}

fn follow(i: &Incident, round: u32, (verdict, outcome): (&Verdict, Outcome), cx: &Cx<'_>) -> Vec<Event> {
    let verify = || {
        vec![enter(Phase::Verify, cx), Event::SoakStarted { until: after(cx.now, cx.policy.times.soak_s) }]
    };
    match outcome {
        Outcome::Cause => prepare(i, round, verdict, cx),
        // A plan helped: that nothing is wrong any more is to be verified, not closed as a false alarm.
        Outcome::Healthy if i.proven.is_some() => verify(),
        Outcome::Healthy if i.healthy_in_a_row >= HEALTHY_TO_CLOSE => {
            let why = format!("{} looks in a row found nothing wrong behind the alert", i.healthy_in_a_row);
            vec![Event::ClosedHealthy { why }]
        }
        Outcome::Healthy => vec![again(i, "nothing wrong was found; looking once more before closing", cx)],
        Outcome::Recovered => verify(),
        Outcome::InsufficientEvidence => vec![again(i, "the evidence does not settle the cause", cx)],
    }
}

/// The specialist validates the leading hypothesis and prepares plans.
fn prepare(i: &Incident, round: u32, verdict: &Verdict, cx: &Cx<'_>) -> Vec<Event> {
    if !any(i, |t| *t == AgentTask::Prepare { round }) {
        let agent = specialist(verdict);
        return vec![request(&format!("prepare-{round}/{agent}"), agent, AgentTask::Prepare { round }, cx)];
    }
    if !all_ended(i, |t| *t == AgentTask::Prepare { round }) {
        return Vec::new();
    }
    if i.plans.iter().any(|p| p.round == round) {
        let mut events = vec![enter(Phase::Mitigate, cx)];
        events.extend(super::comms::tell_all(i, crate::comms::UpdateReason::Identified));
        return events;
    }
    let why = "no mitigation could be prepared for the leading hypothesis";
    let mut events = vec![again(i, why, cx)];
    events.extend(stuck(i, why, cx));
    events
}

/// The cause has been unclear for too long: options are prepared for what ranks highest, while the investigation goes
/// on. A person may take one.
fn meanwhile(i: &Incident, cx: &Cx<'_>) -> Option<Event> {
    if !i.fired.contains(&unclear_key(i)) || i.next_proposed().is_some() {
        return None;
    }
    let verdict = i.verdict.as_ref().filter(|_| i.verdict_opening == i.reopened)?;
    let round = i.verdict_round;
    let open = verdict.verdict == Outcome::InsufficientEvidence && !verdict.hypotheses.is_empty();
    if !open || any(i, |t| *t == AgentTask::Prepare { round }) {
        return None;
    }
    let agent = specialist(verdict);
    Some(request(&format!("prepare-{round}/{agent}"), agent, AgentTask::Prepare { round }, cx))
}

/// Whom the leading hypothesis calls for.
fn specialist(verdict: &Verdict) -> &str {
    let cause = verdict.hypotheses.first().and_then(|h| cause::find(&h.cause));
    cause.map_or("backend-architect", |c| c.agent.as_str())
}

/// Nothing is left that could be tried: whoever leads must know.
pub(super) fn stuck(i: &Incident, why: &str, cx: &Cx<'_>) -> Option<Event> {
    page(i.commander().map(str::to_owned), &format!("{} {}: {why}", i.severity.severity, i.id), cx)
}

/// The next round of the investigation; rounds that settle nothing come ever more seldom, so that an incident that
/// nobody can explain does not fill the record.
fn again(i: &Incident, why: &str, cx: &Cx<'_>) -> Event {
    let rounds = i64::from(i.round.clamp(1, MAX_WAIT_ROUNDS));
    Event::LookAgainAt { at: after(cx.now, cx.policy.times.look_again_after_s * rounds), why: why.to_owned() }
}

pub(super) fn look_again(why: &str, cx: &Cx<'_>) -> Event {
    Event::LookAgainAt { at: after(cx.now, cx.policy.times.look_again_after_s), why: why.to_owned() }
}
