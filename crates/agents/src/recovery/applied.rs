//! Whether the platform shows what a plan set.

use firebell_core::agent::Check;
use firebell_core::mitigation::{Plan, Step};
use firebell_core::ports::platform::ServiceState;
use serde_json::Value;

/// One check per step whose result the platform's state shows.
pub(crate) fn applied(plan: &Plan, services: &[ServiceState]) -> Vec<Check> {
    plan.steps.iter().filter_map(|step| one(step, services)).collect()
}

fn one(step: &Step, services: &[ServiceState]) -> Option<Check> {
    let short = step.target.rsplit('/').next().unwrap_or(&step.target);
    let state = services.iter().find(|s| s.component == step.target || s.name == short)?;
    let param = |name: &str| step.params.get(name);
    let (what, wanted, is) = match step.action.as_str() {
        "rollback" => ("version".to_owned(), param("to")?.clone(), Value::from(state.version.clone())),
        "scale_replicas" => ("replicas".to_owned(), param("replicas")?.clone(), Value::from(state.replicas)),
        "set_config" => {
            let name = param("name")?.as_str()?;
            (name.to_owned(), param("value")?.clone(), state.config.get(name)?.clone())
        }
        "set_flag" => {
            let name = param("flag")?.as_str()?;
            let flag = state.flags.get(name)?;
            let on = flag.get("enabled").and_then(Value::as_bool).unwrap_or(false);
            let percent = if on { flag.get("percent").and_then(Value::as_u64).unwrap_or(100) } else { 0 };
            (format!("flag {name}"), param("percent")?.clone(), Value::from(percent))
        }
        "restart" => return Some(ready(state)),
        _ => return None,
    };
    Some(Check {
        name: format!("{what} of {}", state.name),
        ok: wanted == is,
        detail: format!("{is}, {wanted} wanted"),
    })
}

fn ready(state: &ServiceState) -> Check {
    let detail =
        if state.ready { "answers its readiness probe" } else { "does not answer its readiness probe" };
    Check { name: format!("{} ready", state.name), ok: state.ready, detail: detail.to_owned() }
}
