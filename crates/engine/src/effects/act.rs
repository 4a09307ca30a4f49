//! Changing production: one step of an approved plan, through the platform that knows the target. The gate is checked
//! here once more: what runs is what was approved.

use firebell_core::effect::Outcome;
use firebell_core::ids::EffectKey;
use firebell_core::incident::Incident;
use firebell_core::ports::platform::{ActionRequest, Platform};
use serde_json::Value;

use super::Executor;

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
    let Some(platform) = platform_for(executor, &planned.target).await else {
        return Outcome::Retry {
            reason: format!("no configured platform knows {}; check that it is reachable", planned.target),
            after_s: None,
        };
    };
    let request =
        ActionRequest { key: key.0.clone(), action, target: planned.target.clone(), params, dry_run: false };
    match platform.act(&request).await {
        Outcome::Done { detail, data } => {
            let told =
                if detail.is_empty() { format!("{} of {}", request.action, request.target) } else { detail };
            Outcome::Done { detail: told, data: if data.is_null() { Value::Null } else { data } }
        }
        other => other,
    }
}

/// The platform that lists the target. One platform needs no asking.
async fn platform_for<'a>(executor: &'a Executor, target: &str) -> Option<&'a dyn Platform> {
    if let [only] = executor.platforms.as_slice() {
        return Some(only.as_ref());
    }
    let name = target.rsplit('/').next().unwrap_or(target);
    for platform in &executor.platforms {
        let Ok(services) = platform.services().await else { continue };
        if services.iter().any(|s| s.component == target || s.name == name) {
            return Some(platform.as_ref());
        }
    }
    None
}
