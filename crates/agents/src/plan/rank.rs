//! The plans, best first, with all that a person needs to approve them.

use firebell_core::cause;
use firebell_core::incident::PlanStatus;
use firebell_core::mitigation::{Plan, Step};
use firebell_core::verdict::Hypothesis;
use jiff::SignedDuration;

use super::draft::Draft;
use super::fill::fill;
use super::targets::{Situation, short};
use crate::recovery::worked;
use crate::run::clip;

/// Most plans proposed at once.
const MAX_PLANS: usize = 5;
/// Hypotheses that plans are made for.
const MAX_HYPOTHESES: usize = 3;
/// A rival below this share of the leader's confidence gets no plan.
const RIVAL_SHARE: f64 = 0.3;
/// How often a plan that had worked when it was undone may come again.
const MAX_REPEATS: usize = 1;

/// How the reason ends where a plan was left out because its turn is over.
pub(crate) const TRIED: &str = "tried before in this incident";

/// Plans, best first, and why others were left out.
pub(crate) fn plans(s: &Situation<'_>) -> (Vec<Plan>, Vec<String>) {
    let mut out: Vec<Plan> = Vec::new();
    let mut left_out = Vec::new();
    let lead = s.verdict.hypotheses.first().map_or(0.0, |h| h.confidence);
    let worth = |h: &&Hypothesis| h.rank == 1 || h.confidence >= RIVAL_SHARE * lead;
    for h in s.verdict.hypotheses.iter().take(MAX_HYPOTHESES).filter(worth) {
        let (drafts, refused) = drafts(s, h);
        left_out.extend(refused);
        for draft in drafts {
            if tried(s, &draft.steps) {
                left_out.push(format!("{}: {TRIED}", draft.title));
            } else if !out.iter().any(|p| p.steps == draft.steps) {
                out.push(envelope(s, h, draft));
            }
        }
    }
    out.truncate(MAX_PLANS);
    (out, left_out)
}

fn drafts(s: &Situation<'_>, h: &Hypothesis) -> (Vec<Draft>, Vec<String>) {
    let mut drafts = Vec::new();
    let mut refused = Vec::new();
    for (action, target) in actions(s, h) {
        match fill(s, h, &action, &target) {
            Ok(draft) => drafts.push(draft),
            Err(why) => refused.push(format!("{action} of {target}: {why}")),
        }
    }
    if h.cause.starts_with("security.") {
        drafts = containment(drafts);
    }
    drafts.sort_by_key(|d| d.order);
    (drafts, refused)
}

/// Actions of the analysis first, then those of the catalogue of causes that it left out for good reason only where a
/// flag answers an N+1.
fn actions(s: &Situation<'_>, h: &Hypothesis) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> =
        h.mitigations.iter().map(|m| (m.action.clone(), m.target.clone())).collect();
    if out.is_empty() {
        let known = cause::find(&h.cause).map(|c| c.mitigations.clone()).unwrap_or_default();
        out.extend(known.into_iter().map(|a| (a, h.component.clone())));
    }
    // Credentials are kept by the service that says so, wherever the attack was seen.
    for (action, target) in &mut out {
        let offers = |t: &str| s.service(t).is_some_and(|x| x.actions.contains(action));
        if matches!(action.as_str(), "rotate_credentials" | "revoke_sessions")
            && !offers(target)
            && let Some(other) = s.services.iter().find(|x| x.actions.contains(action))
        {
            *target = if other.component.is_empty() { other.name.clone() } else { other.component.clone() };
        }
    }
    out
}

/// An attack is contained by both at once: the door is narrowed, then the stolen keys are changed.
fn containment(drafts: Vec<Draft>) -> Vec<Draft> {
    let find = |action: &str| drafts.iter().find(|d| d.steps.iter().any(|s| s.action == action)).cloned();
    let (Some(limit), Some(rotate)) = (find("rate_limit"), find("rotate_credentials")) else { return drafts };
    let mut both = limit.clone();
    both.title = format!("{}, and {}", limit.title, rotate.title);
    both.steps.extend(rotate.steps.clone());
    both.preconditions.extend(rotate.preconditions.clone());
    both.risk = limit.risk.max(rotate.risk);
    let mut out = vec![both.first()];
    out.extend(drafts);
    out
}

/// The same steps did not help before, or a person said no to them. What was undone although it had worked may come
/// once more.
fn tried(s: &Situation<'_>, steps: &[Step]) -> bool {
    let mut undone = 0;
    for p in s.incident.plans.iter().filter(|p| same(&p.plan.steps, steps)) {
        match p.status {
            PlanStatus::Rejected => return true,
            PlanStatus::Undone | PlanStatus::Failed | PlanStatus::Undoing => {
                if !p.recovery.as_ref().is_some_and(worked) {
                    return true;
                }
                undone += 1;
            }
            _ => {}
        }
    }
    undone > MAX_REPEATS
}

fn same(a: &[Step], b: &[Step]) -> bool {
    let alike = |(a, b): (&Step, &Step)| a.action == b.action && a.target == b.target && a.params == b.params;
    a.len() == b.len() && a.iter().zip(b).all(alike)
}

fn envelope(s: &Situation<'_>, h: &Hypothesis, draft: Draft) -> Plan {
    let reversible = draft.reversible();
    let mut radius: Vec<String> = Vec::new();
    for step in &draft.steps {
        let name = short(&step.target).to_owned();
        radius.push(format!("{name} itself"));
        radius.extend(s.callers(&step.target).into_iter().map(|c| format!("{c}, which calls {name}")));
    }
    let mut seen = std::collections::BTreeSet::new();
    radius.retain(|r| seen.insert(r.clone()));
    let title = cause::find(&h.cause).map_or(h.cause.as_str(), |c| c.title.as_str());
    Plan {
        title: draft.title,
        steps: draft.steps,
        preconditions: draft.preconditions,
        expected_effect: clip(&format!("ends {title} at {}: {}", h.component, effect(h)), 300),
        blast_radius: radius,
        reversible,
        risk: draft.risk,
        verification: verification(s, h),
        answers: format!("{}@{}", h.cause, h.component),
        expires_at: s.now + SignedDuration::from_secs(s.policy.times.plan_expires_s.max(1)),
        prepared_by: s.agent.to_owned(),
    }
}

fn effect(h: &Hypothesis) -> &'static str {
    match h.cause.split('.').next().unwrap_or("") {
        "security" | "traffic" => "the attempts stop getting through",
        "change" if h.cause == "change.flag" => "customers are served as before the flag",
        _ => "error ratio and response times return to their baseline",
    }
}

fn verification(s: &Situation<'_>, h: &Hypothesis) -> String {
    let times = &s.policy.times;
    let what = if h.cause.starts_with("security.") {
        "refused sign-ins are back at their baseline and no entered account signs in from an attacking address"
    } else {
        "error ratio and p95 of the affected services are near their baseline and the alerts have cleared"
    };
    format!("{what}, for {} s, within {} s", times.recovery_hold_s, times.recovery_within_s)
}
