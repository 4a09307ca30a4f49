//! What is checked before the first step of a plan: that its time is not over, that the platform is as it was when the
//! plan was drawn, that a dry run of every step passes, and, where there is a staging platform and time for it, that the
//! plan does no harm there. Only staging is changed here, under keys of its own.

use std::collections::BTreeSet;

use firebell_core::effect::Outcome;
use firebell_core::ids::EffectKey;
use firebell_core::incident::Incident;
use firebell_core::mitigation::{Inverse, Plan, Step};
use firebell_core::ports::platform::{ActionRequest, Platform, ServiceState, Stage};
use firebell_core::severity::Severity;
use serde_json::Value;

use super::Executor;
use super::act::{platform_for, runs, unknown};

/// What was checked, in words for the record; or why the plan must not be begun.
pub(super) async fn rehearse(
    executor: &Executor,
    incident: &Incident,
    key: &EffectKey,
    plan: &Plan,
) -> Result<String, Outcome> {
    if plan.expires_at <= (executor.clock)() {
        return Err(refuse(format!(
            "the plan lapsed at {} before it was begun; a new one has to be prepared",
            plan.expires_at
        )));
    }
    for (n, step) in plan.steps.iter().enumerate() {
        let Some(platform) = platform_for(executor, &step.target).await else {
            return Err(unknown(&step.target));
        };
        let services = platform.services().await.map_err(|e| Outcome::Retry {
            reason: format!("what runs now could not be read before acting: {e}"),
            after_s: None,
        })?;
        if let Some(state) = services.iter().find(|s| runs(s, &step.target)) {
            as_drawn(step, state).map_err(refuse)?;
        }
        match platform.act(&request(key, "check", n, step, true)).await {
            Outcome::Done { .. } => {}
            Outcome::Permanent { reason } => {
                return Err(refuse(format!("the dry run of {} failed: {reason}", told(step))));
            }
            retry @ Outcome::Retry { .. } => return Err(retry),
        }
    }
    let mut note = match plan.steps.len() {
        1 => "its dry run passed".to_owned(),
        n => format!("the dry run of {n} steps passed"),
    };
    if let Some(staged) = staging(executor, incident, key, plan).await? {
        note.push_str("; ");
        note.push_str(&staged);
    }
    Ok(note)
}

fn refuse(reason: String) -> Outcome {
    Outcome::Permanent { reason }
}

fn told(step: &Step) -> String {
    format!("{} of {}", step.action, step.target)
}

fn request(key: &EffectKey, what: &str, n: usize, step: &Step, dry_run: bool) -> ActionRequest {
    ActionRequest {
        key: format!("{key}:{what}:{n}"),
        action: step.action.clone(),
        target: step.target.clone(),
        params: step.params.clone(),
        dry_run,
    }
}

/// The state that a step was drawn on still holds, or the step's own result is there already. What the state does not
/// show is left to the dry run.
fn as_drawn(step: &Step, state: &ServiceState) -> Result<(), String> {
    if !state.actions.is_empty() && !state.actions.contains(&step.action) {
        return Err(format!("the platform no longer offers {}", told(step)));
    }
    let before = |name: &str| step.inverse.as_ref().and_then(|i| i.params.get(name));
    let (what, wanted, drawn, is) = match step.action.as_str() {
        "rollback" => {
            let to = step.params.get("to").and_then(Value::as_str).unwrap_or_default();
            if !state.versions.is_empty() && !to.is_empty() && !state.versions.iter().any(|v| v == to) {
                return Err(format!("{} can no longer be rolled back to {to}", state.name));
            }
            ("version".to_owned(), step.params.get("to"), before("to"), Value::from(state.version.clone()))
        }
        "scale_replicas" => {
            let is = Value::from(state.replicas);
            ("replicas".to_owned(), step.params.get("replicas"), before("replicas"), is)
        }
        "set_config" => {
            let name = step.params.get("name").and_then(Value::as_str).unwrap_or_default();
            let Some(is) = state.config.get(name).cloned() else { return Ok(()) };
            (name.to_owned(), step.params.get("value"), before("value"), is)
        }
        _ => return Ok(()),
    };
    let Some(drawn) = drawn else { return Ok(()) };
    if *drawn == is || wanted == Some(&is) {
        return Ok(());
    }
    Err(format!(
        "{what} of {} is {is}, not {drawn} as when the plan was drawn; a new plan has to be prepared",
        state.name
    ))
}

/// Tries the plan in staging. `None` where there is none; a sentence where it passed or was skipped; an outcome where
/// it did harm there.
async fn staging(
    executor: &Executor,
    incident: &Incident,
    key: &EffectKey,
    plan: &Plan,
) -> Result<Option<String>, Outcome> {
    let stages: Vec<&dyn Platform> =
        executor.platforms.iter().filter(|p| p.stage() == Stage::Staging).map(AsRef::as_ref).collect();
    if stages.is_empty() {
        return Ok(None);
    }
    let skipped = |why: String| Ok(Some(format!("not tried in staging: {why}")));
    if incident.severity.severity == Severity::Sev1 {
        return skipped("a SEV1 does not wait for it".to_owned());
    }
    let mut found = None;
    for platform in stages {
        let Ok(services) = platform.services().await else { continue };
        if plan.steps.iter().all(|step| services.iter().any(|s| runs(s, &step.target))) {
            found = Some(platform);
            break;
        }
    }
    let Some(stage) = found else { return skipped("no staging platform answers for its targets".to_owned()) };
    for (n, step) in plan.steps.iter().enumerate() {
        match stage.act(&request(key, "staging-check", n, step, true)).await {
            Outcome::Done { .. } => {}
            Outcome::Permanent { reason } | Outcome::Retry { reason, .. } => {
                return skipped(format!("{} is not possible there: {reason}", told(step)));
            }
        }
    }
    let before = failing(stage).await;
    let mut done: Vec<(usize, Option<Inverse>)> = Vec::new();
    for (n, step) in plan.steps.iter().enumerate() {
        match stage.act(&request(key, "staging", n, step, false)).await {
            Outcome::Done { data, .. } => {
                let given = data.get("inverse").and_then(|v| serde_json::from_value(v.clone()).ok());
                done.push((n, given.or_else(|| step.inverse.clone())));
            }
            Outcome::Permanent { reason } => {
                put_back(stage, key, plan, &done).await;
                return Err(refuse(format!(
                    "{} failed in staging, production was not touched: {reason}",
                    told(step)
                )));
            }
            retry @ Outcome::Retry { .. } => return Err(retry),
        }
    }
    let steps = plan.steps.len();
    let (Some(before), Some((checks, after))) = (before.map(|b| b.1), failing(stage).await) else {
        return Ok(Some(format!("{steps} steps done in staging first; its smoke tests could not be run")));
    };
    if let Some(name) = after.difference(&before).next() {
        put_back(stage, key, plan, &done).await;
        return Err(refuse(format!(
            "the smoke test {name:?} fails in staging after the plan; production was not touched"
        )));
    }
    Ok(Some(format!("{steps} steps done in staging first, {checks} smoke tests show no harm there")))
}

/// How many smoke tests there are, and the names of those that fail.
async fn failing(stage: &dyn Platform) -> Option<(usize, BTreeSet<String>)> {
    let checks = stage.smoke().await.ok()?;
    Some((checks.len(), checks.into_iter().filter(|c| !c.ok).map(|c| c.name).collect()))
}

/// Undoes in staging what was done there, the last first. Staging that cannot be put back is for its owners to see to.
async fn put_back(stage: &dyn Platform, key: &EffectKey, plan: &Plan, done: &[(usize, Option<Inverse>)]) {
    for (n, inverse) in done.iter().rev() {
        let (Some(inverse), Some(step)) = (inverse, plan.steps.get(*n)) else { continue };
        let back = Step { action: inverse.action.clone(), params: inverse.params.clone(), ..step.clone() };
        if let Outcome::Permanent { reason } | Outcome::Retry { reason, .. } =
            stage.act(&request(key, "staging-undo", *n, &back, false)).await
        {
            tracing::warn!(%reason, "{} could not be undone in staging", told(step));
        }
    }
}
