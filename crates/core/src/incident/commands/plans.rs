//! The mitigation gate: go or no-go, bound to the plan's hash.

use super::super::command::Rejection;
use super::super::event::{Actor, Event};
use super::super::state::{Incident, PlanStatus};
use crate::cx::Cx;
use crate::mitigation::{Plan, Risk};
use crate::severity::Severity;

/// How many different people must say go. At least one, unless the configuration lets low-risk reversible plans run
/// by themselves.
pub(in super::super) fn approvals_needed(plan: &Plan, severity: Severity, cx: &Cx<'_>) -> u8 {
    if cx.policy.approval.low_risk_without_asking && plan.reversible && plan.risk == Risk::Low {
        return 0;
    }
    let level = cx.policy.levels.of(severity);
    let needed = if plan.reversible { level.approvals_reversible } else { level.approvals_irreversible };
    needed.max(1)
}

pub(super) fn decide(
    i: &Incident,
    hash: &str,
    go: bool,
    reason: &str,
    actor: &Actor,
    cx: &Cx<'_>,
) -> Result<Vec<Event>, Rejection> {
    let what = if go { "approving" } else { "rejecting" };
    // Only a person decides; an agent or a source that could would get around the gate.
    let Actor::Person { name } = actor else {
        return Err(Rejection::not_now(what, "only a person decides on a mitigation"));
    };
    let Some(plan) = i.plan(hash) else {
        return Err(Rejection::unknown(
            "plan",
            format!("there is no plan {hash:?}; `show` lists the plans' hashes"),
        ));
    };
    match plan.status {
        PlanStatus::Proposed => {}
        PlanStatus::Approved | PlanStatus::Running | PlanStatus::Watching | PlanStatus::Helped if go => {
            return Ok(Vec::new());
        }
        PlanStatus::Rejected if !go => return Ok(Vec::new()),
        PlanStatus::Approved => {}
        status => return Err(Rejection::not_now(what, format!("the plan is {}", status.as_str()))),
    }
    if plan.plan.expires_at <= cx.now {
        return Err(Rejection::not_now(what, "the plan has lapsed; a new one will be prepared"));
    }
    if go && plan.approvals.iter().any(|a| a.go && a.by == *name) {
        // The same person twice is one approval.
        return Ok(Vec::new());
    }
    let mut events = Vec::new();
    // Who lowered the severity while it waited must not be alone in approving it.
    if go
        && let Some(needed) = plan.lowered.get(name).copied()
        && needed > plan.approvals_needed
    {
        events.push(Event::ApprovalsNeededChanged { plan: hash.to_owned(), needed });
    }
    events.push(Event::Decided {
        plan: hash.to_owned(),
        go,
        by: name.clone(),
        reason: reason.trim().to_owned(),
    });
    Ok(events)
}
