//! The one way in: body, parse, store, count. Every intake endpoint ends here.

use axum::body::Body;
use axum::http::HeaderMap;
use firebell_core::ports::alert_source::RequestContext;
use firebell_core::signal::{Intake, RejectedItem};
use serde::Serialize;

use crate::body;
use crate::metrics::{Door, Reason};
use crate::problem::Problem;
use crate::sources::{Denied, Source};
use crate::state::App;

/// Headers that a sender's contract gives meaning.
const HEADERS: [&str; 2] = ["x-github-event", "x-hub-signature-256"];
/// … and by prefix.
const PREFIX: &str = "ce-";

/// What was taken.
#[derive(Debug, Serialize)]
pub(crate) struct Taken {
    pub(crate) accepted: usize,
    pub(crate) rejected: Vec<RejectedItem>,
    /// The sender's key of the first alert.
    #[serde(skip)]
    pub(crate) dedup_key: Option<String>,
}

/// Takes a request in. The sender has been let in by now.
pub(crate) async fn receive(
    app: &App,
    source: &Source,
    path: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Taken, Problem> {
    let bytes = match body::read_expanded(headers, body, app.state.sources.max_body()).await {
        Ok(bytes) => bytes,
        Err(problem) => {
            source.counts.request();
            let reason = match problem.code {
                "too_large" => Reason::TooLarge,
                "too_slow" => Reason::Unreadable,
                _ => Reason::Encoding,
            };
            source.counts.reject(reason, 1);
            return Err(problem);
        }
    };
    receive_bytes(app, source, path, headers, &bytes).await
}

/// The same for a body that has been read already.
pub(crate) async fn receive_bytes(
    app: &App,
    source: &Source,
    path: &str,
    headers: &HeaderMap,
    bytes: &[u8],
) -> Result<Taken, Problem> {
    source.counts.request();
    let selected = select(headers);
    let cx = RequestContext { source: &source.name, received_at: app.now(), path, headers: &selected };
    let parsed = source.parser.parse(bytes, &cx).map_err(|error| {
        source.counts.reject(Reason::Unreadable, 1);
        Problem::parse(&error)
    })?;
    source.counts.reject(Reason::Item, parsed.rejected.len());
    if parsed.items.is_empty() && !parsed.rejected.is_empty() {
        return Err(none_of(parsed.rejected));
    }
    let dedup_key = parsed.items.first().and_then(|item| match item {
        Intake::Signal(signal) => signal.dedup_key.clone(),
        _ => None,
    });
    let accepted = parsed.items.len();
    // A ping holds nothing to keep.
    if accepted > 0 {
        app.state.handle.accept(&source.name, parsed.items).await.map_err(|error| {
            source.counts.reject(Reason::Unavailable, accepted);
            Problem::from(error)
        })?;
        source.counts.accept(accepted);
    }
    Ok(Taken { accepted, rejected: parsed.rejected, dedup_key })
}

/// Tells a sender that it is not let in, and counts it.
pub(crate) fn denied(app: &App, denied: Denied) -> Problem {
    match denied {
        Denied::Unknown => {
            app.metrics.turned_away(Door::Source);
            Problem::unauthorized(
                "no source with this key: send the key of a [[sources]] entry as `Authorization: Bearer KEY`, or in the path",
            )
        }
        Denied::Disabled => {
            Problem::forbidden("this source is switched off: set enabled = true in its [[sources]] entry")
        }
    }
}

fn none_of(rejected: Vec<RejectedItem>) -> Problem {
    let first = rejected.first();
    let (field, reason) = first.map_or(("body", ""), |r| (r.field.as_str(), r.reason.as_str()));
    let more = if rejected.len() > 1 { format!(" (and {} more)", rejected.len() - 1) } else { String::new() };
    let mut problem = Problem::bad_request(field, format!("{reason}{more}"));
    problem.rejected = Some(rejected);
    problem
}

fn select(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (name, value) in headers {
        let name = name.as_str();
        if (HEADERS.contains(&name) || name.starts_with(PREFIX))
            && let Ok(value) = value.to_str()
        {
            out.push((name.to_owned(), value.to_owned()));
        }
    }
    out
}
