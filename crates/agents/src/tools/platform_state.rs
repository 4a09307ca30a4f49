//! `platform_state`: what runs now, by every configured platform.

use std::sync::Arc;
use std::time::Duration;

use firebell_core::ids::EvidenceId;
use firebell_core::ports::platform::ServiceState;
use firebell_core::telemetry::{ClusterObject, TelemetryPart};
use futures_util::future::join_all;

use crate::run::Run;

const TOOL: &str = "platform_state";
const LIMIT: Duration = Duration::from_secs(20);

/// The services of all platforms and the evidence that records them.
pub(crate) async fn platform_state(run: &mut Run) -> (Vec<ServiceState>, Vec<EvidenceId>) {
    if !run.may(TOOL) {
        return (Vec::new(), Vec::new());
    }
    let tools = Arc::clone(&run.tools);
    if tools.platforms.is_empty() {
        run.step(TOOL, "no platform is configured");
        run.gap(
            "no platform is configured, so nothing can be mitigated from here: name one under [[platforms]] with its \
             url and token (the contract is docs/platform-api.md)",
        );
        return (Vec::new(), Vec::new());
    }
    let limit = LIMIT.min(run.left() / 2);
    let asked = tools
        .platforms
        .iter()
        .map(|p| async move { (p.name().to_owned(), tokio::time::timeout(limit, p.services()).await) });
    let mut services = Vec::new();
    let mut ids = Vec::new();
    for (name, answer) in join_all(asked).await {
        match answer {
            Ok(Ok(states)) => {
                let part = TelemetryPart::Objects(states.iter().map(|s| object(&name, s)).collect());
                ids.extend(run.keep_own(TOOL, &name, "GET /platform/v1/services", None, part).await);
                services.extend(states);
            }
            Ok(Err(error)) => {
                run.step(TOOL, error.to_string());
                run.gap(format!("{error}; what runs on {name} is not known"));
            }
            Err(_) => run.gap(format!("{name} did not say within {} s what it runs", limit.as_secs())),
        }
    }
    (services, ids)
}

fn object(platform: &str, state: &ServiceState) -> ClusterObject {
    let spec = serde_json::to_value(state).unwrap_or_default();
    ClusterObject {
        source: platform.to_owned(),
        object: serde_json::json!({"kind": "PlatformService", "metadata": {"name": state.name}, "spec": spec}),
    }
}
