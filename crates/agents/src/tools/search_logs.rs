//! `search_logs`: log lines of all components, or of one.

use std::sync::Arc;

use firebell_core::ids::EvidenceId;
use firebell_core::ports::telemetry::LogQuery;
use firebell_core::telemetry::Window;

use crate::run::Run;

/// Asks every log source.
pub(crate) async fn search_logs(
    run: &mut Run,
    window: Window,
    component: Option<String>,
    limit: usize,
) -> Vec<EvidenceId> {
    let tools = Arc::clone(&run.tools);
    let query = LogQuery { component, window, limit };
    let questions: Vec<_> =
        tools.telemetry.iter().filter_map(|s| Some((s.name().to_owned(), s.logs(&query)?))).collect();
    if questions.is_empty() {
        run.gap("no logs: no configured source has any; configure log files or send OTLP");
        return Vec::new();
    }
    run.ask("search_logs", Some(window), questions).await
}
