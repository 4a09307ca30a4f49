//! `read_topology`: which service calls which.

use std::sync::Arc;

use firebell_core::ids::EvidenceId;
use firebell_core::telemetry::Window;

use crate::run::Run;

/// Asks every source that knows call relations; the catalogue of services is known anyway.
pub(crate) async fn read_topology(run: &mut Run, window: Window) -> Vec<EvidenceId> {
    let tools = Arc::clone(&run.tools);
    let questions: Vec<_> =
        tools.telemetry.iter().filter_map(|s| Some((s.name().to_owned(), s.topology(window)?))).collect();
    if questions.is_empty() {
        return Vec::new();
    }
    run.ask("read_topology", Some(window), questions).await
}
