//! How long requests take, by group of routes.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::state::Shared;

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
    /// What channels' providers post.
    Hook,
}

impl Group {
    pub(crate) const ALL: [Self; 6] =
        [Self::Ingest, Self::Alertmanager, Self::Api, Self::Page, Self::Status, Self::Hook];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Alertmanager => "alertmanager",
            Self::Api => "api",
            Self::Page => "page",
            Self::Status => "status",
            Self::Hook => "hook",
        }
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
