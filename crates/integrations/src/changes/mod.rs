//! The change ledger that intake fills, as a telemetry source: no network, only the store's reader.

use std::sync::Arc;
use std::time::Duration;

use firebell_core::ports::store::Reader;
use firebell_core::ports::telemetry::{Answer, QueryResult, TelemetrySource};
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::telemetry::{TelemetryPart, Window};

use crate::answers::{malformed, unreachable};
use crate::limits::Limiter;

/// Most changes of one answer.
const LIMIT: usize = 5_000;
const NAME: &str = "changes/ledger";
/// Queries at the same time; the store's readers serve others as well.
const QUERIES: usize = 4;
/// Longest time of one query, its wait for its turn included.
const QUERY_LIMIT: Duration = Duration::from_secs(15);

/// The change ledger.
pub struct Ledger {
    reader: Arc<dyn Reader>,
    limiter: Limiter,
}

impl Ledger {
    /// The ledger behind a store's reader.
    pub fn new(reader: Arc<dyn Reader>) -> Self {
        Self { reader, limiter: Limiter::new(NAME, QUERIES, QUERY_LIMIT) }
    }

    async fn ask(&self, window: Window, limit: usize) -> QueryResult {
        self.limiter.run(self.read(window, limit)).await
    }

    async fn read(&self, window: Window, limit: usize) -> QueryResult {
        let reader = Arc::clone(&self.reader);
        // The database may have to read from disk.
        let read = tokio::task::spawn_blocking(move || reader.changes(window, limit.saturating_add(1))).await;
        let mut changes = match read {
            Ok(Ok(changes)) => changes,
            Ok(Err(error)) => return Err(unreachable(NAME, error.to_string())),
            Err(_) => return Err(malformed(NAME, "reading the ledger panicked")),
        };
        let note = (changes.len() > limit).then(|| {
            // The newest are nearest to the incident.
            changes.drain(..changes.len() - limit);
            format!("more than {limit} changes: older ones are missing, ask for a shorter window")
        });
        Ok(Answer {
            source: NAME.into(),
            query: format!("changes from {} to {}", window.start, window.end),
            part: TelemetryPart::Changes(changes),
            note,
        })
    }

    async fn check(&self) -> Health {
        let now = jiff::Timestamp::now();
        let day = now.checked_sub(jiff::SignedDuration::from_hours(24)).unwrap_or(now);
        match self.ask(Window { start: day, end: now }, LIMIT).await {
            Ok(answer) => {
                let detail = format!("{} changes in the last 24 h", answer.part.len());
                Health { name: NAME.into(), ok: true, detail }
            }
            Err(error) => Health { name: NAME.into(), ok: false, detail: error.to_string() },
        }
    }
}

impl TelemetrySource for Ledger {
    fn name(&self) -> &str {
        NAME
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.check())
    }

    fn changes(&self, window: Window) -> Option<BoxFuture<'_, QueryResult>> {
        Some(Box::pin(self.ask(window, LIMIT)))
    }
}

#[cfg(test)]
mod tests;
