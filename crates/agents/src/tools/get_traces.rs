//! `get_traces`: traces of all services; where not all fit, an even share and the failed and slow ones.

use std::sync::Arc;

use firebell_core::ids::EvidenceId;
use firebell_core::ports::telemetry::TraceQuery;
use firebell_core::telemetry::Window;

use crate::run::Run;

/// Asks every trace source.
pub(crate) async fn get_traces(
    run: &mut Run,
    window: Window,
    service: Option<String>,
    limit: usize,
) -> Vec<EvidenceId> {
    let tools = Arc::clone(&run.tools);
    let query = TraceQuery { service, window, limit };
    let questions: Vec<_> =
        tools.telemetry.iter().filter_map(|s| Some((s.name().to_owned(), s.traces(&query)?))).collect();
    if questions.is_empty() {
        run.gap("no traces: no configured source has any; connect a Jaeger API or send OTLP");
        return Vec::new();
    }
    run.ask("get_traces", Some(window), questions).await
}
