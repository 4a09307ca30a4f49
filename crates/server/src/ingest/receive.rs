//! The one way in: body, parse, mask, store, count. Every intake endpoint ends here.

use axum::body::Body;
use axum::http::HeaderMap;
use firebell_core::ports::alert_source::RequestContext;
use firebell_core::signal::{Intake, RejectedItem};
use firebell_integrations::registry::SKEW_NOTE;
use serde::Serialize;

use crate::body;
use crate::metrics::{Door, Reason, SourceCounts};
use crate::problem::Problem;
use crate::sources::{Denied, Source};
use crate::state::App;

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
            unread(&source.counts, &problem);
            return Err(problem);
        }
    };
    receive_bytes(app, source, path, headers, &bytes).await
}

/// Counts a body that could not be read to its end.
pub(crate) fn unread(counts: &SourceCounts, problem: &Problem) {
    let reason = match problem.code {
        "too_large" => Reason::TooLarge,
        "unsupported_encoding" => Reason::Encoding,
        "bad_request" if problem.detail.contains("gzip") => Reason::Encoding,
        _ => Reason::Unreadable,
    };
    counts.reject(reason, 1);
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
    let selected = select(headers, source.headers);
    let cx = RequestContext { source: &source.name, received_at: app.now(), path, headers: &selected };
    let mut parsed = source.parser.parse(bytes, &cx).map_err(|error| {
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
    // The sender has its key back as it was; what is stored holds no secret.
    parsed.items.iter_mut().for_each(|item| app.state.sources.mask().intake(item));
    let accepted = parsed.items.len();
    let skewed = parsed.items.iter().filter(|item| is_skewed(item)).count();
    // A ping holds nothing to keep.
    if accepted > 0 {
        app.state.handle.accept(&source.name, parsed.items).await.map_err(|error| {
            source.counts.reject(Reason::Unavailable, accepted);
            Problem::from(error)
        })?;
        source.counts.accept(accepted);
        source.counts.skew(skewed);
    }
    Ok(Taken { accepted, rejected: parsed.rejected, dedup_key })
}

fn is_skewed(item: &Intake) -> bool {
    matches!(item, Intake::Signal(signal) if signal.annotations.contains_key(SKEW_NOTE))
}

/// Tells a sender that it is not let in, and counts it. `field` is where its key was looked for.
pub(crate) fn denied(app: &App, denied: Denied<'_>, field: &str) -> Problem {
    let problem = match denied {
        Denied::Unknown => {
            app.metrics.turned_away(Door::Source);
            Problem::unauthorized(if field == "routing_key" {
                "no source has this key: send the key of a [[sources]] entry of kind pagerduty"
            } else {
                "no source with this key: send the key of a [[sources]] entry as `Authorization: Bearer KEY`, or in the path"
            })
        }
        Denied::Disabled(counts) => {
            counts.request();
            counts.reject(Reason::Disabled, 1);
            Problem::forbidden("this source is switched off: set enabled = true in its [[sources]] entry")
        }
    };
    Problem { field: Some(field.to_owned()), ..problem }
}

fn none_of(rejected: Vec<RejectedItem>) -> Problem {
    let first = rejected.first();
    let (field, reason) = first.map_or(("body", ""), |r| (r.field.as_str(), r.reason.as_str()));
    let more = if rejected.len() > 1 { format!(" (and {} more)", rejected.len() - 1) } else { String::new() };
    let mut problem = Problem::bad_request(field, format!("{reason}{more}"));
    problem.rejected = Some(rejected);
    problem
}

fn select(headers: &HeaderMap, wanted: &[&str]) -> Vec<(String, String)> {
    let mut out = Vec::new();
    if wanted.is_empty() {
        return out;
    }
    let is_wanted = |name: &str| {
        wanted.iter().any(|w| w.strip_suffix('*').map_or(*w == name, |prefix| name.starts_with(prefix)))
    };
    for (name, value) in headers {
        let name = name.as_str();
        if is_wanted(name)
            && let Ok(value) = value.to_str()
        {
            out.push((name.to_owned(), value.to_owned()));
        }
    }
    out
}
