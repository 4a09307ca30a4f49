//! Phase 5: soak, then everything is checked; a regression goes back to the investigation.

use super::super::event::Event;
use super::super::state::{Incident, Phase, RunStatus};
use super::investigate::look_again;
use super::{enter, request};
use crate::agent::AgentTask;
use crate::cx::Cx;

/// Failed verifications before the incident counts as regressed.
const MAX_ATTEMPTS: u32 = 4;

pub(super) fn advance(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    if i.next_round > i.round {
        return vec![enter(Phase::Investigate, cx)];
    }
    if i.soak_until.is_some() || i.look_again_at.is_some() {
        return Vec::new();
    }
    if i.last_verification.as_ref().is_some_and(|r| r.ok) {
        let summary = i.last_verification.as_ref().map(|r| r.reading.clone()).unwrap_or_default();
        return vec![Event::Resolved { verified: true, summary }];
    }
    let prefix = format!("verify-{}-", i.round);
    let runs: Vec<_> = i.runs.iter().filter(|(id, _)| id.as_str().starts_with(&prefix)).collect();
    if runs.iter().any(|(_, r)| r.status == RunStatus::Running) {
        return Vec::new();
    }
    let attempts = runs.len() as u32;
    let last_ended = runs.iter().filter_map(|(_, r)| r.ended_at).max();
    if attempts >= MAX_ATTEMPTS {
        let why =
            i.last_verification.as_ref().map_or("verification failed", |r| r.reading.as_str()).to_owned();
        return vec![Event::Regressed { why }];
    }
    // Between attempts it waits; `look_again_at` is set in the decision that took in the failed one.
    if last_ended == Some(cx.now) {
        return vec![look_again("verification did not pass; checking once more", cx)];
    }
    let attempt = attempts + 1;
    let run = format!("{prefix}{attempt}/observability-engineer");
    vec![request(&run, "observability-engineer", AgentTask::Verify { attempt }, cx)]
}
