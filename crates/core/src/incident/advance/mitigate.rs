//! Phase 4: one plan at a time, step by step, watched; what does not help is undone before the next comes up.

use super::super::event::Event;
use super::super::state::{Incident, Phase, PlanState, PlanStatus, RunStatus, Status};
use super::super::timers::after;
use super::investigate::{look_again, stuck};
use super::{enter, request};
use crate::agent::{AgentTask, Recovery};
use crate::comms::UpdateReason;
use crate::cx::Cx;

/// An agent that fails to watch is asked again so often before the plan counts as unverified.
const MAX_WATCHES: usize = 3;

pub(super) fn advance(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    if i.status == Status::Monitoring {
        let mut events = vec![
            enter(Phase::Verify, cx),
            Event::SoakStarted { until: after(cx.now, cx.policy.times.soak_s) },
        ];
        events.extend(super::comms::tell_all(i, UpdateReason::Mitigated));
        return events;
    }
    if let Some(plan) = i.active_plan() {
        return carry(i, plan, cx);
    }
    match i.next_proposed() {
        Some(plan) if plan.approvals_needed == 0 => vec![Event::Decided {
            plan: plan.hash.clone(),
            go: true,
            by: "policy".to_owned(),
            reason: "low risk and reversible: runs without asking by configuration".to_owned(),
        }],
        Some(_) => Vec::new(),
        None => {
            let why = "no mitigation option is left";
            let mut events = vec![look_again(why, cx), enter(Phase::Investigate, cx)];
            events.extend(stuck(i, why, cx));
            events
        }
    }
}

fn carry(i: &Incident, plan: &PlanState, cx: &Cx<'_>) -> Vec<Event> {
    if plan.step_running {
        return Vec::new();
    }
    let hash = plan.hash.clone();
    match plan.status {
        PlanStatus::Approved | PlanStatus::Running => {
            vec![Event::StepStarted { plan: hash, step: plan.steps_done, inverse: false }]
        }
        PlanStatus::Watching => watch(i, plan, cx),
        PlanStatus::Undoing => undo(plan),
        _ => Vec::new(),
    }
}

fn watch(i: &Incident, plan: &PlanState, cx: &Cx<'_>) -> Vec<Event> {
    let task = AgentTask::WatchRecovery { plan: plan.hash.clone() };
    let runs: Vec<_> = i.runs.values().filter(|r| r.task == task).collect();
    if runs.iter().any(|r| r.status == RunStatus::Running) {
        return Vec::new();
    }
    if runs.len() < MAX_WATCHES {
        let run = format!("watch-{}-{}/observability-engineer", plan.hash, runs.len() + 1);
        return vec![request(&run, "observability-engineer", task, cx)];
    }
    let recovery = Recovery {
        ok: false,
        reading: format!("recovery could not be watched: {MAX_WATCHES} attempts failed"),
        checks: Vec::new(),
    };
    vec![Event::RecoveryWatched { plan: plan.hash.clone(), helped: false, recovery }]
}

/// The last step done and not yet undone comes first.
fn undo(plan: &PlanState) -> Vec<Event> {
    let Some(step) = plan.steps_done.checked_sub(plan.steps_undone + 1) else {
        return vec![Event::PlanUndone { plan: plan.hash.clone() }];
    };
    let inverse = plan.undo.get(&step).or_else(|| plan.plan.steps.get(step).and_then(|s| s.inverse.as_ref()));
    if inverse.is_some() {
        return vec![Event::StepStarted { plan: plan.hash.clone(), step, inverse: true }];
    }
    let action = plan.plan.steps.get(step).map_or("the step", |s| s.action.as_str());
    vec![Event::StepFinished {
        plan: plan.hash.clone(),
        step,
        inverse: true,
        ok: true,
        output: format!("nothing undoes {action}; it is left as it is"),
        undo: None,
    }]
}
