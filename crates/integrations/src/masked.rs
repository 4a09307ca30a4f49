//! A live source whose answers hold no secrets and no personal data: all are put into this before anybody asks them, so that
//! nothing unmasked is stored as evidence or shown.

use std::sync::Arc;

use firebell_core::ports::telemetry::{
    LogQuery, MetricInfo, MetricQuery, QueryError, QueryResult, TelemetrySource, TraceQuery,
};
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::secrets::Mask;
use firebell_core::telemetry::Window;

/// A source behind a mask.
pub struct Masked {
    inner: Arc<dyn TelemetrySource>,
    mask: Mask,
}

impl Masked {
    /// Puts a source behind a mask.
    pub fn new(inner: Arc<dyn TelemetrySource>, mask: &Mask) -> Self {
        Self { inner, mask: mask.clone() }
    }

    fn masked<'a>(&'a self, call: BoxFuture<'a, QueryResult>) -> BoxFuture<'a, QueryResult> {
        Box::pin(async move {
            let mut answer = call.await?;
            self.mask.part(&mut answer.part);
            Ok(answer)
        })
    }
}

impl TelemetrySource for Masked {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        self.inner.health()
    }

    fn metric_names(&self, window: Window) -> Option<BoxFuture<'_, Result<Vec<MetricInfo>, QueryError>>> {
        self.inner.metric_names(window)
    }

    fn metrics<'a>(&'a self, query: &'a MetricQuery) -> Option<BoxFuture<'a, QueryResult>> {
        self.inner.metrics(query)
    }

    fn logs<'a>(&'a self, query: &'a LogQuery) -> Option<BoxFuture<'a, QueryResult>> {
        self.inner.logs(query).map(|call| self.masked(call))
    }

    fn traces<'a>(&'a self, query: &'a TraceQuery) -> Option<BoxFuture<'a, QueryResult>> {
        self.inner.traces(query).map(|call| self.masked(call))
    }

    fn changes(&self, window: Window) -> Option<BoxFuture<'_, QueryResult>> {
        self.inner.changes(window)
    }

    fn cluster_state(&self) -> Option<BoxFuture<'_, QueryResult>> {
        self.inner.cluster_state()
    }

    fn cluster_events(&self, window: Window) -> Option<BoxFuture<'_, QueryResult>> {
        self.inner.cluster_events(window).map(|call| self.masked(call))
    }

    fn topology(&self, window: Window) -> Option<BoxFuture<'_, QueryResult>> {
        self.inner.topology(window)
    }
}
