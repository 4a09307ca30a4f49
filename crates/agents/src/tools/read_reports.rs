//! `read_reports`: reports of people that joined the incident, also those that came after the run began.

use std::sync::Arc;

use firebell_core::incident::Event;
use jiff::Timestamp;

use crate::run::Run;

const TOOL: &str = "read_reports";

/// When the newest report was written; the outer `None` where the record cannot be read.
pub(crate) async fn last_report(run: &mut Run) -> Option<Option<Timestamp>> {
    if !run.may(TOOL) {
        return None;
    }
    let (reader, id) = (Arc::clone(&run.tools.reader), run.incident().id.clone());
    match tokio::task::spawn_blocking(move || reader.events(&id)).await {
        Ok(Ok(records)) => {
            let times = records.iter().filter_map(|r| match &r.event {
                Event::ReportAttached { reported_at, .. } => Some(*reported_at),
                _ => None,
            });
            Some(times.max())
        }
        Ok(Err(error)) => {
            run.gap(format!("the incident's record could not be read: {error}"));
            None
        }
        Err(error) => {
            run.gap(format!("the incident's record could not be read: {error}"));
            None
        }
    }
}
