//! `cluster_state`: objects and events of a cluster.

use std::sync::Arc;

use firebell_core::ids::EvidenceId;
use firebell_core::telemetry::Window;

use crate::run::Run;

const TOOL: &str = "cluster_state";

/// Events in the window, and objects as they are now.
pub(crate) async fn cluster_state(run: &mut Run, window: Window) -> Vec<EvidenceId> {
    let tools = Arc::clone(&run.tools);
    let mut questions: Vec<_> = tools
        .telemetry
        .iter()
        .filter_map(|s| Some((s.name().to_owned(), s.cluster_events(window)?)))
        .collect();
    questions.extend(tools.telemetry.iter().filter_map(|s| Some((s.name().to_owned(), s.cluster_state()?))));
    if questions.is_empty() {
        return Vec::new();
    }
    run.ask(TOOL, Some(window), questions).await
}
