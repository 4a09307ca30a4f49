//! The addresses that providers post to.

use std::sync::Arc;

use axum::Router;
use axum::body::Body as Raw;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use firebell_integrations::replies::{Body, Received, ReplyError, Request};
use firebell_integrations::trackers::Heard;

use super::take::{Taken, take};
use crate::body;
use crate::metrics::{Door, Limited};
use crate::peer::Peer;
use crate::problem::Problem;
use crate::state::{App, Shared};

/// Largest body: providers send a few kilobytes.
const MAX_BODY: usize = 1 << 20;

/// None of the providers looks at an address before it posts to it, so there is nothing but `POST`.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route("/hooks/{kind}/{name}", post(hook))
}

async fn hook(
    State(app): State<Shared>,
    Path((kind, name)): Path<(String, String)>,
    Peer(peer): Peer,
    uri: Uri,
    headers: HeaderMap,
    raw: Raw,
) -> Result<Response, Problem> {
    let channel = format!("{kind}/{name}");
    let receiver = app.state.channels.receiver(&channel).map(Arc::clone);
    let issues = app.state.channels.issues(&channel).map(Arc::clone);
    if receiver.is_none() && issues.is_none() {
        return Err(Problem::not_found("no channel is answered at this address"));
    }
    let bytes = body::read(&headers, raw, MAX_BODY).await?;
    // As the provider knows it: behind a proxy that is the public address, and Twilio signs it.
    let path = uri.path_and_query().map_or_else(|| uri.path(), |p| p.as_str());
    let url = format!("{}{path}", app.state.public_url.trim_end_matches('/'));
    let headers: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(n, v)| Some((n.as_str().to_owned(), v.to_str().ok()?.to_owned())))
        .collect();
    let request = Request { url: &url, headers: &headers, body: &bytes };
    let Some(receiver) = receiver else {
        let heard = issues.map(|hook| hook.receive(&request, app.now()));
        return match heard {
            Some(Err(ReplyError::Unauthenticated(why))) => Ok(stranger(&app, &channel, peer, why)),
            Some(Err(ReplyError::Malformed { field, reason })) => Err(Problem::bad_request(field, reason)),
            Some(Ok(Heard::Issue(issue))) => {
                // Looked at where it is: what the request says of it is not needed.
                app.state.handle.issues().issue(&channel, &issue);
                Ok(StatusCode::OK.into_response())
            }
            Some(Ok(Heard::Nothing(why))) => {
                tracing::debug!(channel, why, "a request of a tracker asks for nothing");
                Ok(StatusCode::OK.into_response())
            }
            None => Err(Problem::not_found("no channel is answered at this address")),
        };
    };
    match receiver.receive(&request, app.now()) {
        Err(ReplyError::Unauthenticated(why)) => Ok(stranger(&app, &channel, peer, why)),
        Err(ReplyError::Malformed { field, reason }) => Err(Problem::bad_request(field, reason)),
        Ok(Received::Respond(body)) => Ok(said(body)),
        Ok(Received::Nothing(why)) => {
            tracing::debug!(channel, why, "a request of a channel asks for nothing");
            Ok(said(receiver.silent()))
        }
        Ok(Received::Answer(answer)) => {
            take(&app, &receiver, Taken::new(&channel, *answer, app.now())).await.map(said)
        }
    }
}

/// 401 and nothing else: who signed wrongly learns nothing from it. Why is in the log, for whoever set the channel up.
fn stranger(app: &App, channel: &str, peer: Option<std::net::IpAddr>, why: &str) -> Response {
    app.metrics.turned_away(Door::Hook);
    tracing::warn!(channel, why, "a request of a channel was not genuine");
    match peer.and_then(|p| app.limits.failure(p, app.now())).filter(|t| !t.allowed) {
        Some(taken) => {
            app.metrics.limited(Limited::Address);
            let detail = "too many requests that are not genuine came from this address";
            Problem::rate_limited(detail, taken.retry_after_s).into_response()
        }
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

fn said(body: Body) -> Response {
    let headers = [(header::CONTENT_TYPE, body.content_type), (header::CACHE_CONTROL, "no-store")];
    (headers, body.body).into_response()
}
