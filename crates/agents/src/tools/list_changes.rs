//! `list_changes`: the change ledger, and what other sources know of changes.

use std::sync::Arc;

use firebell_core::ids::EvidenceId;
use firebell_core::telemetry::{TelemetryPart, Window};

use crate::run::Run;

const TOOL: &str = "list_changes";
/// Most changes of one look.
const LIMIT: usize = 500;
/// The telemetry source that serves the ledger, where it is configured as one.
const LEDGER: &str = "changes/ledger";

/// Changes in a window: those of the ledger, read once, and what other sources know.
pub(crate) async fn list_changes(run: &mut Run, window: Window) -> Vec<EvidenceId> {
    if !run.may(TOOL) {
        return Vec::new();
    }
    let mut ids = Vec::new();
    if !run.tools.telemetry.iter().any(|s| s.name() == LEDGER) {
        ids.extend(ledger(run, window).await);
    }
    let tools = Arc::clone(&run.tools);
    let questions: Vec<_> =
        tools.telemetry.iter().filter_map(|s| Some((s.name().to_owned(), s.changes(window)?))).collect();
    if !questions.is_empty() {
        ids.extend(run.ask(TOOL, Some(window), questions).await);
    }
    ids
}

/// What the store itself holds.
async fn ledger(run: &mut Run, window: Window) -> Option<EvidenceId> {
    let reader = Arc::clone(&run.tools.reader);
    match tokio::task::spawn_blocking(move || reader.changes(window, LIMIT)).await {
        Ok(Ok(changes)) => {
            if changes.len() == LIMIT {
                run.gap(format!("only the first {LIMIT} changes of the window were read"));
            }
            let query = format!("changes limit {LIMIT}");
            let part = TelemetryPart::Changes(changes);
            return run.keep_own(TOOL, "changes", &query, Some(window), part).await;
        }
        Ok(Err(error)) => run.gap(format!("the change ledger could not be read: {error}")),
        Err(error) => run.gap(format!("the change ledger could not be read: {error}")),
    }
    None
}
