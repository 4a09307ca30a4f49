//! How long requests take, by group of routes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::state::Shared;

/// Upper bounds of the buckets, in seconds.
pub(crate) const BOUNDS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// A group of routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// What senders post.
    Ingest,
    /// The Alertmanager API.
    Alertmanager,
    /// The JSON API.
    Api,
    /// The page.
    Page,
    /// The public status page.
    Status,
}

impl Group {
    pub(crate) const ALL: [Self; 5] = [Self::Ingest, Self::Alertmanager, Self::Api, Self::Page, Self::Status];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Alertmanager => "alertmanager",
            Self::Api => "api",
            Self::Page => "page",
            Self::Status => "status",
        }
    }
}

/// A histogram of durations.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

impl Histogram {
    pub(crate) fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let at = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        self.buckets[at].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Cumulative counts, one a bound and one for all; and the sum in seconds.
    pub(crate) fn snapshot(&self) -> ([u64; BOUNDS.len() + 1], f64) {
        let mut counts = [0; BOUNDS.len() + 1];
        let mut sum = 0;
        for (out, bucket) in counts.iter_mut().zip(&self.buckets) {
            sum += bucket.load(Ordering::Relaxed);
            *out = sum;
        }
        (counts, self.micros.load(Ordering::Relaxed) as f64 / 1e6)
    }
}

/// Measures what is behind it, up to the head of the answer.
pub(crate) async fn measure(
    State((app, group)): State<(Shared, Group)>,
    request: Request,
    next: Next,
) -> Response {
    // A duration of this process for its own metric, never a time of the record.
    let begun = Instant::now();
    let response = next.run(request).await;
    app.metrics.latency(group).observe(begun.elapsed());
    response
}
