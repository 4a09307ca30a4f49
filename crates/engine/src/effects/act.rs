//! Changing production: one step of an approved plan, through the platform that knows the target. The gate is checked
//! here once more: what runs is what was approved. Before the first step the plan is rehearsed.

use firebell_core::effect::Outcome;
use firebell_core::ids::EffectKey;
use firebell_core::incident::Incident;
use firebell_core::ports::platform::{ActionRequest, Platform, ServiceState, Stage};

use super::{Executor, rehearse};

pub(super) async fn act(
    executor: &Executor,
    incident: &Incident,
    key: &EffectKey,
    plan: &str,
    step: usize,
    inverse: bool,
) -> Outcome {
    let refuse = |reason: String| Outcome::Permanent { reason };
    let Some(state) = incident.plan(plan) else { return refuse(format!("there is no plan {plan}")) };
    if state.plan.hash() != state.hash {
        return refuse(format!("plan {plan} is not what was approved: its content has another hash"));
    }
    let gos = state.approvals.iter().filter(|a| a.go).count();
    if gos < usize::from(state.approvals_needed).max(1) {
        return refuse(format!("plan {plan} has {gos} of {} approvals", state.approvals_needed));
    }
    let Some(planned) = state.plan.steps.get(step) else {
        return refuse(format!("plan {plan} has no step {step}"));
    };
    let (action, params) = if inverse {
        match state.undo.get(&step).or(planned.inverse.as_ref()) {
            Some(undo) => (undo.action.clone(), undo.params.clone()),
            None => return refuse(format!("nothing undoes {} of plan {plan}", planned.action)),
        }
    } else {
        (planned.action.clone(), planned.params.clone())
    };
    let mut checked = String::new();
    if step == 0 && !inverse {
        match rehearse::rehearse(executor, incident, key, &state.plan).await {
            Ok(note) => checked = note,
            Err(outcome) => return outcome,
        }
    }
    let Some(platform) = platform_for(executor, &planned.target).await else {
        return unknown(&planned.target);
    };
    let request =
        ActionRequest { key: key.0.clone(), action, target: planned.target.clone(), params, dry_run: false };
    match platform.act(&request).await {
        Outcome::Done { detail, data } => {
            let mut told =
                if detail.is_empty() { format!("{} of {}", request.action, request.target) } else { detail };
            if !checked.is_empty() {
                told.push_str(&format!(" (before: {checked})"));
            }
            Outcome::Done { detail: told, data }
        }
        other => other,
    }
}

/// What to say where nobody knows the target.
pub(super) fn unknown(target: &str) -> Outcome {
    Outcome::Retry {
        reason: format!("no configured platform knows {target}; check that it is reachable"),
        after_s: None,
    }
}

/// The production platform that lists the target. One platform needs no asking.
pub(super) async fn platform_for<'a>(executor: &'a Executor, target: &str) -> Option<&'a dyn Platform> {
    let production = || executor.platforms.iter().filter(|p| p.stage() == Stage::Production);
    if production().count() == 1 {
        return production().next().map(|only| only.as_ref());
    }
    for platform in production() {
        let Ok(services) = platform.services().await else { continue };
        if services.iter().any(|s| runs(s, target)) {
            return Some(platform.as_ref());
        }
    }
    None
}

/// Whether a service is what a target means.
pub(super) fn runs(state: &ServiceState, target: &str) -> bool {
    state.component == target || state.name == target.rsplit('/').next().unwrap_or(target)
}
