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

/// What is said where an acknowledgement could not be written.
const AGAIN: &str = "It could not be written down just now: press again.";

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
    if !found.waits() {
        return answer(&app, StatusCode::OK, found.view(&app));
    }
    let id = found.incident.id.clone();
    let actor = Actor::person(&found.person);
    for other in &found.with {
        match app.state.handle.command(other, Command::Acknowledge, actor.clone()).await {
            // One that is over meanwhile keeps nobody from the others.
            Ok(_) | Err(Error::Rejected(_)) => {}
            Err(error) => {
                tracing::warn!(%error, incident = %other, "an acknowledgement could not be written");
                return answer(
                    &app,
                    StatusCode::SERVICE_UNAVAILABLE,
                    found.view(&app).failed(AGAIN.to_owned()),
                );
            }
        }
    }
    if found.stands == Stands::Others {
        found.stands = Stands::Done;
        return answer(&app, StatusCode::OK, found.view(&app));
    }
    match app.state.handle.command(&id, Command::Acknowledge, actor).await {
        Ok(decided) => {
            // Who has taken it in hand already is told so.
            let news = !decided.records.is_empty() || !found.with.is_empty();
            found.stands = if news { Stands::Done } else { Stands::Before };
            answer(&app, StatusCode::OK, found.view(&app))
        }
        Err(Error::Rejected(rejection)) => {
            let view = found.view(&app).failed(rejection.to_string());
            answer(&app, StatusCode::CONFLICT, view)
        }
        Err(error) => {
            tracing::warn!(%error, incident = %id, "an acknowledgement could not be written");
            answer(&app, StatusCode::SERVICE_UNAVAILABLE, found.view(&app).failed(AGAIN.to_owned()))
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
