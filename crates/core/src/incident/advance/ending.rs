//! After the end: the all-clear, phase 6, the archive.

use super::super::event::Event;
use super::super::state::{Incident, Phase, Status};
use super::super::timers::after;
use super::{all_ended, any, enter, request};
use crate::agent::AgentTask;
use crate::comms::UpdateReason;
use crate::cx::Cx;
use crate::severity::Severity;

/// Agents of the learning phase.
const LEARNERS: [&str; 5] = [
    "incident-responder",
    "observability-engineer",
    "test-generator",
    "code-quality-analyzer",
    "security-analyzer",
];

pub(super) fn advance(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    if !i.all_clear_asked && !i.clocks.is_empty() {
        let reason = match i.status {
            Status::Resolved => UpdateReason::AllClear,
            Status::Merged => UpdateReason::Merged,
            _ => UpdateReason::FalseAlarm,
        };
        let told = super::comms::tell_all(i, reason);
        if !told.is_empty() {
            return told;
        }
    }
    if i.status == Status::Merged {
        return if i.closed_at.is_none() { vec![Event::Closed] } else { Vec::new() };
    }
    if i.phase != Phase::Learn {
        return vec![enter(Phase::Learn, cx)];
    }
    // One that was wanted before it was opened again is due anew.
    let asked = i.postmortem_wanted.then_some(cx.policy.times.learn_within_s);
    let within = cx.policy.levels.of(i.severity.severity).postmortem_within_s.or(asked);
    if i.status == Status::Resolved
        && i.postmortem_due.is_none()
        && let Some(within) = within
    {
        let due = Some(after(i.resolved_at.unwrap_or(cx.now), within));
        let meeting = due.zip(i.resolved_at).map(|(due, end)| crate::review::meeting_at(end, due));
        return vec![Event::PostmortemRequested { due, facilitator: facilitator(i, cx), meeting }];
    }
    if i.postmortem_wanted && i.postmortem.is_none() {
        return learn(i, cx);
    }
    if i.severity.severity != Severity::Sev4 && !i.archive_asked {
        return vec![Event::ArchiveRequested];
    }
    let archived = !i.archive_asked || i.bundle.is_some();
    if archived && i.closed_at.is_none() {
        return vec![Event::Closed];
    }
    Vec::new()
}

fn learn(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    // A reopened incident learns again.
    let prefix = format!("learn-{}/", i.reopened + 1);
    let mine = |id: &crate::ids::RunId| id.as_str().starts_with(&prefix);
    if !i.runs.keys().any(mine) {
        return LEARNERS
            .iter()
            .map(|agent| request(&format!("{prefix}{agent}"), agent, AgentTask::Learn, cx))
            .collect();
    }
    debug_assert!(any(i, |t| *t == AgentTask::Learn));
    if !all_ended(i, |t| *t == AgentTask::Learn) {
        return Vec::new();
    }
    if !i.archive_asked {
        return vec![Event::ArchiveRequested];
    }
    // The postmortem links the bundle beside it.
    if i.bundle.is_some() && !i.writing_asked {
        return vec![Event::WritingRequested];
    }
    Vec::new()
}

/// Somebody who was not the commander.
pub(in super::super) fn facilitator(i: &Incident, cx: &Cx<'_>) -> Option<String> {
    let commander = i.commander();
    cx.policy
        .people_for("facilitator")
        .chain(&cx.policy.people)
        .map(|p| p.name.as_str())
        .find(|name| Some(*name) != commander)
        .map(str::to_owned)
}
