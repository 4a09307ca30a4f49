//! What follows by itself: the phase machine with its decision points. A pure function of state and policy that is
//! asked again after each of its answers until it has nothing more to say.

mod comms;
mod ending;
mod investigate;
mod mitigate;
mod people;
mod rota;
mod verify;

use super::commands::people::severity_events;
use super::event::Event;
use super::state::{AgentRun, Incident, Phase, PlanState, PlanStatus, RunStatus};
use super::timers::after;
use crate::agent::AgentTask;
use crate::cx::Cx;
use crate::ids::RunId;
use crate::severity::{self, DecidedBy, IncidentKind, Severity};

pub use comms::channels_for;
pub(super) use comms::{declare, followers, public_wanted, tell_all};
pub(super) use ending::facilitator;
pub(super) use people::{able, call, candidate, contacts, has_declined, ladder, page, person_for, you_are};

/// The next events, or none.
pub(super) fn advance(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    let tracked = super::trackers::file(i, cx);
    if !tracked.is_empty() {
        return tracked;
    }
    if i.status.is_over() {
        return ending::advance(i, cx);
    }
    let steps: [fn(&Incident, &Cx<'_>) -> Vec<Event>; 6] =
        [reassess, people::staff, super::rooms::stand, comms::inform, people::checklists, phase];
    steps.iter().map(|step| step(i, cx)).find(|events| !events.is_empty()).unwrap_or_default()
}

fn phase(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    if i.phase != Phase::Assess && is_cosmetic(i) {
        return cosmetic(i, cx);
    }
    match i.phase {
        Phase::Assess => assess(i, cx),
        Phase::Command => command(i, cx),
        Phase::Investigate => investigate::advance(i, cx),
        Phase::Mitigate => mitigate::advance(i, cx),
        Phase::Verify => verify::advance(i, cx),
        // Reopened after its learning phase began: investigate anew.
        Phase::Learn => vec![enter(Phase::Investigate, cx)],
    }
}

/// Severity and kind follow the facts: up at once, down only when the first assessment ends, never against a person.
fn reassess(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    if let Some(kind) = i.facts.kind
        && kind != i.kind
        && !i.kind_by_person
        && i.kind != IncidentKind::Security
        // Later measurements tell what is left of it, not what it is.
        && (i.phase == Phase::Assess || i.kind == IncidentKind::Other || kind == IncidentKind::Security)
    {
        return vec![Event::KindChanged { kind, restricted: kind == IncidentKind::Security }];
    }
    if i.severity.by != DecidedBy::Policy {
        return Vec::new();
    }
    let to = severity::assess(&i.facts, &cx.policy.severity);
    let assessed = i.phase == Phase::Assess && all_ended(i, |t| *t == AgentTask::Assess);
    let raised = to.severity < i.severity.severity;
    // The first assessment's last word counts in full: words that were taken for granted give way to figures.
    if raised || (assessed && to != i.severity) {
        return severity_events(i, to, cx);
    }
    Vec::new()
}

/// Phase 1: two agents at once.
fn assess(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    let agents = ["incident-responder", "observability-engineer"];
    if !any(i, |t| *t == AgentTask::Assess) {
        return agents.iter().map(|a| request(&format!("assess/{a}"), a, AgentTask::Assess, cx)).collect();
    }
    if !all_ended(i, |t| *t == AgentTask::Assess) {
        return Vec::new();
    }
    if i.severity.severity == Severity::Sev4 {
        return backlog(i, cx);
    }
    vec![enter(Phase::Command, cx)]
}

/// SEV4: a backlog ticket, nothing else.
fn backlog(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    if !any(i, |t| *t == AgentTask::Backlog) {
        return vec![request("backlog/bug-issue-creator", "bug-issue-creator", AgentTask::Backlog, cx)];
    }
    if !all_ended(i, |t| *t == AgentTask::Backlog) {
        return Vec::new();
    }
    vec![Event::Resolved { verified: false, summary: "cosmetic: goes to the backlog as a ticket".to_owned() }]
}

/// Lowered to cosmetic since it was opened. One that somebody opened again as it was is looked into: there is more to it.
fn is_cosmetic(i: &Incident) -> bool {
    i.severity.severity == Severity::Sev4 && (i.reopened == 0 || i.severity_since > i.open_since)
}

/// What turned out to be cosmetic: what is being done in production is brought to its end, nothing else is begun.
fn cosmetic(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    let begun = |p: &PlanState| p.status.is_active() && p.status != PlanStatus::Approved;
    if i.plans.iter().any(begun) {
        return mitigate::advance(i, cx);
    }
    let wanted = |run: &AgentRun| run.task == AgentTask::Backlog || run.status != RunStatus::Running;
    let reason = "not needed any more: it is cosmetic";
    let left = i.runs.iter().filter(|(_, run)| !wanted(run));
    let events: Vec<Event> = left
        .map(|(run, _)| Event::AgentFailed {
            run: run.clone(),
            reason: reason.to_owned(),
            journal: Vec::new(),
            evidence: Vec::new(),
        })
        .collect();
    if events.is_empty() { backlog(i, cx) } else { events }
}

/// Phase 2: the room; people and updates were seen to before.
fn command(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    if i.war_room.is_none() {
        let link = format!("{}/incidents/{}", cx.policy.public_url.trim_end_matches('/'), i.id);
        return vec![Event::WarRoomOpened { link }];
    }
    vec![enter(Phase::Investigate, cx)]
}

pub(super) fn enter(phase: Phase, cx: &Cx<'_>) -> Event {
    let times = &cx.policy.times;
    // Deadlines are the workflow's windows, counted from where the phase really begins.
    let length = match phase {
        Phase::Assess => times.assess_by_s,
        Phase::Command => times.command_by_s - times.assess_by_s,
        Phase::Investigate => times.investigate_by_s - times.command_by_s,
        Phase::Mitigate => times.mitigate_by_s - times.investigate_by_s,
        Phase::Verify => times.verify_by_s - times.mitigate_by_s,
        Phase::Learn => times.learn_within_s,
    };
    Event::PhaseEntered { phase, deadline: after(cx.now, length.max(1)) }
}

pub(super) fn request(run: &str, agent: &str, task: AgentTask, cx: &Cx<'_>) -> Event {
    let allowance = match task {
        // Watching recovery takes as long as recovery may.
        AgentTask::WatchRecovery { .. } => {
            cx.policy.times.recovery_within_s + cx.policy.times.recovery_hold_s
        }
        _ => 0,
    };
    Event::AgentRequested {
        run: RunId::new(run),
        agent: agent.to_owned(),
        task,
        deadline: after(cx.now, cx.policy.times.agent_deadline_s + allowance),
    }
}

pub(super) fn any(i: &Incident, pick: impl Fn(&AgentTask) -> bool) -> bool {
    i.runs.values().any(|run| pick(&run.task))
}

/// Whether there are such runs and all of them have ended, well or not.
pub(super) fn all_ended(i: &Incident, pick: impl Fn(&AgentTask) -> bool) -> bool {
    let mut runs = i.runs.values().filter(|run| pick(&run.task)).peekable();
    runs.peek().is_some() && runs.all(|run: &AgentRun| run.status != RunStatus::Running)
}
