//! `/ack/TOKEN`: the page behind the link of a page. Whoever has the link is whom it was sent to, without signing in; to
//! open it changes nothing, for scanners and previews open links.

mod found;
#[cfg(test)]
mod tests;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use firebell_core::incident::{Actor, Command};
use firebell_engine::handle::Error;

use self::found::{Stands, View};
use super::pages;
use crate::metrics::{Door, Limited};
use crate::peer::Peer;
use crate::problem::Problem;
use crate::state::{App, Shared};

/// What it is about, and a button.
pub(crate) async fn show(
    State(app): State<Shared>,
    Peer(peer): Peer,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    match found::look(&app, &token).await? {
        Ok(found) => answer(&app, StatusCode::OK, found.view(&app)),
        Err(view) => refuse(&app, peer, view),
    }
}

/// Acknowledges as the person that the link was sent to. No body is asked for: apps press the link by themselves.
pub(crate) async fn submit(
    State(app): State<Shared>,
    Peer(peer): Peer,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let mut found = match found::look(&app, &token).await? {
        Ok(found) => found,
        Err(view) => return refuse(&app, peer, view),
    };
    if found.stands != Stands::Open {
        return answer(&app, StatusCode::OK, found.view(&app));
    }
    let id = found.incident.id.clone();
    let actor = Actor::person(&found.person);
    match app.state.handle.command(&id, Command::Acknowledge, actor).await {
        Ok(decided) => {
            // Who has taken it in hand already is told so.
            found.stands = if decided.records.is_empty() { Stands::Before } else { Stands::Done };
            answer(&app, StatusCode::OK, found.view(&app))
        }
        Err(Error::Rejected(rejection)) => {
            let view = found.view(&app).failed(rejection.to_string());
            answer(&app, StatusCode::CONFLICT, view)
        }
        Err(error) => {
            tracing::warn!(%error, incident = %id, "an acknowledgement could not be written");
            let failed = "It could not be written down just now, and nothing has happened: press again.";
            let view = found.view(&app).failed(failed.to_owned());
            answer(&app, StatusCode::SERVICE_UNAVAILABLE, view)
        }
    }
}

fn answer(app: &App, status: StatusCode, view: View) -> Result<Response, Problem> {
    let mut response = pages::whole(app, None, "ack.html", status, view)?;
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Ok(response)
}

/// A link that is good for nothing. Who tries many is told to wait.
fn refuse(app: &App, peer: Option<std::net::IpAddr>, view: View) -> Result<Response, Problem> {
    app.metrics.turned_away(Door::Ack);
    if let Some(taken) = peer.and_then(|p| app.limits.failure(p, app.now())).filter(|t| !t.allowed) {
        app.metrics.limited(Limited::Address);
        let detail = "too many links that are good for nothing were opened from this address";
        return Ok(Problem::rate_limited(detail, taken.retry_after_s).into_response());
    }
    answer(app, view.status, view)
}
