//! Which timers an incident has: a function of its state alone. Firing is a command that checks whether it still
//! holds, so a lost, late or double firing is harmless.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::state::{Incident, Phase, PlanStatus, RunStatus};
use crate::agent::AgentTask;
use crate::policy::Policy;

/// Grace for a draft that was asked for, in seconds, before it counts as late.
const DRAFT_GRACE_S: i64 = 60;

/// All timers, by key.
pub fn timers(i: &Incident, policy: &Policy) -> BTreeMap<String, Timestamp> {
    let mut all = BTreeMap::new();
    let mut set = |key: String, due: Timestamp| {
        if !i.fired.contains(&key) {
            all.insert(key, due);
        }
    };
    for (run, entry) in &i.runs {
        if entry.status == RunStatus::Running {
            set(format!("agent:{run}"), entry.deadline);
        }
    }
    if let Some(due) = i.postmortem_due
        && i.postmortem.is_none()
        && i.closed_at.is_none()
    {
        set("postmortem".to_owned(), due);
    }
    if i.status.is_over() {
        return all;
    }
    let level = policy.levels.of(i.severity.severity);
    set(format!("phase:{}:{}", i.phase.number(), i.reopened), i.phase_deadline);
    for (audience, clock) in &i.clocks {
        if let Some(due) = clock.due {
            set(format!("update:{}", audience.as_str()), due);
        }
        if let Some(asked) = clock.asked_at {
            set(format!("update_late:{}:{}", audience.as_str(), asked), after(asked, DRAFT_GRACE_S));
        }
    }
    if let (Some((since, unheard)), Some(within)) = (i.awaiting_ack, level.acknowledge_within_s) {
        set(ack_key(i, unheard), after(since, within));
    }
    let unclear = i.verdict.as_ref().is_none_or(|v| v.verdict != crate::verdict::Outcome::Cause);
    if let Some(s) = level.unclear_after_s
        && unclear
        && i.mitigated_at.is_none()
    {
        set(format!("unclear:{}", i.severity.severity), after(i.opened_at, s));
    }
    if let Some(s) = level.escalate_after_s {
        set(format!("escalate:{}", i.severity.severity), after(i.opened_at, s));
    }
    if let Some(s) = level.executives_again_after_s {
        set(format!("executives_again:{}", i.severity.severity), after(i.opened_at, s));
    }
    if let Some(due) = i.resolve_by {
        set(format!("resolve_by:{}", i.severity.severity), due);
    }
    for plan in &i.plans {
        if matches!(plan.status, PlanStatus::Proposed | PlanStatus::Approved) {
            set(format!("plan:{}", plan.hash), plan.plan.expires_at);
        }
    }
    if let Some(at) = reassess_at(i, policy) {
        set("reassess".to_owned(), at);
    }
    if let Some(at) = i.look_again_at {
        set("look_again".to_owned(), at);
    }
    if let Some(until) = i.soak_until {
        set("soak".to_owned(), until);
    }
    all
}

/// When severity is to be measured again: the impact may have grown since. At growing distances, and not once it is
/// mitigated.
fn reassess_at(i: &Incident, policy: &Policy) -> Option<Timestamp> {
    if i.mitigated_at.is_some() || !matches!(i.phase, Phase::Investigate | Phase::Mitigate) {
        return None;
    }
    let runs: Vec<_> = i.runs.values().filter(|r| r.task == AgentTask::Assess).collect();
    let last = runs.iter().map(|r| r.ended_at).collect::<Option<Vec<_>>>()?.into_iter().max()?;
    // The first assessment was two runs.
    let again = runs.len().saturating_sub(2).min(6);
    Some(after(last, policy.times.reassess_after_s << again))
}

/// The timer of a page that went unheard so often.
pub(super) fn ack_key(i: &Incident, unheard: u32) -> String {
    format!("ack:{}:{unheard}", i.reopened)
}

/// `at` plus so many seconds; at the end of time it stays there.
pub(super) fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
