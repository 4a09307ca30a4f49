//! Mitigation options and what happened to them.

use firebell_core::incident::{Incident, PlanState, PlanStatus};
use firebell_core::mitigation::{Inverse, Risk};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::auth::{Person, Role};
use crate::ui::words;

/// A plan.
#[derive(Debug, Serialize)]
pub(super) struct PlanView {
    hash: String,
    short: String,
    /// A go takes a second step: it cannot be undone, or much hangs on it.
    confirm: bool,
    title: String,
    status: String,
    status_key: &'static str,
    steps: Vec<StepView>,
    preconditions: Vec<String>,
    expected_effect: String,
    blast_radius: Vec<String>,
    reversible: bool,
    risk: &'static str,
    verification: String,
    answers: String,
    prepared_by: String,
    needed: u8,
    given: usize,
    said: Vec<Said>,
    may_decide: bool,
    you_said_go: bool,
    expires: String,
    recovery: Option<(bool, String)>,
    outputs: Vec<String>,
}

#[derive(Debug, Serialize)]
struct StepView {
    action: String,
    target: String,
    params: Vec<(String, String)>,
    inverse: Option<String>,
    done: bool,
}

#[derive(Debug, Serialize)]
struct Said {
    by: String,
    go: bool,
    reason: String,
    at: String,
}

/// Those that matter now, and those of earlier rounds or without a future.
pub(super) fn of(i: &Incident, person: &Person, now: Timestamp) -> (Vec<PlanView>, Vec<PlanView>) {
    let past = |p: &PlanState| {
        matches!(p.status, PlanStatus::Superseded | PlanStatus::Expired)
            || (p.status == PlanStatus::Proposed && i.status.is_over())
    };
    let (old, new): (Vec<&PlanState>, Vec<&PlanState>) = i.plans.iter().partition(|p| past(p));
    let show = |list: Vec<&PlanState>| list.into_iter().map(|p| view(p, i, person, now)).collect();
    (show(new), show(old))
}

fn view(p: &PlanState, i: &Incident, person: &Person, now: Timestamp) -> PlanView {
    let left = words::between(now, p.plan.expires_at);
    PlanView {
        hash: p.hash.clone(),
        short: p.hash.chars().take(12).collect(),
        confirm: p.plan.risk == Risk::High || !p.plan.reversible,
        title: p.plan.title.clone(),
        status: words::title_case(p.status.as_str()),
        status_key: p.status.as_str(),
        steps: p
            .plan
            .steps
            .iter()
            .enumerate()
            .map(|(at, step)| StepView {
                action: step.action.clone(),
                target: step.target.clone(),
                params: params(&step.params),
                inverse: p.undo.get(&at).or(step.inverse.as_ref()).map(inverse),
                done: at < p.steps_done,
            })
            .collect(),
        preconditions: p.plan.preconditions.clone(),
        expected_effect: p.plan.expected_effect.clone(),
        blast_radius: p.plan.blast_radius.clone(),
        reversible: p.plan.reversible,
        risk: match p.plan.risk {
            Risk::Low => "low",
            Risk::Medium => "medium",
            Risk::High => "high",
        },
        verification: p.plan.verification.clone(),
        answers: p.plan.answers.clone(),
        prepared_by: p.plan.prepared_by.clone(),
        needed: p.approvals_needed,
        given: p.approvals.iter().filter(|a| a.go).count(),
        said: p
            .approvals
            .iter()
            .map(|a| Said { by: a.by.clone(), go: a.go, reason: a.reason.clone(), at: words::clock(a.at) })
            .collect(),
        may_decide: p.status == PlanStatus::Proposed
            && !i.status.is_over()
            && left > 0
            && person.role >= Role::Responder,
        you_said_go: p.approvals.iter().any(|a| a.go && a.by == person.name),
        expires: words::span(left.abs()),
        recovery: p.recovery.as_ref().map(|r| (r.ok, r.reading.clone())),
        outputs: p.outputs.clone(),
    }
}

fn inverse(inverse: &Inverse) -> String {
    let params: Vec<String> = params(&inverse.params).into_iter().map(|(n, v)| format!("{n} {v}")).collect();
    if params.is_empty() {
        inverse.action.clone()
    } else {
        format!("{} ({})", inverse.action, params.join(", "))
    }
}

fn params(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            })
            .collect(),
        Value::Null => Vec::new(),
        other => vec![("value".to_owned(), other.to_string())],
    }
}
