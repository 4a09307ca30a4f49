//! What every operation has in front of it: who asks, how much they ask, whether they may, and whether it was answered
//! before.

mod etag;
mod rate;

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;

pub(crate) use etag::version_tag;

use super::fields::MAX_BODY;
use crate::access;
use crate::api::segments::Segments;
use crate::auth::{Permission, Person};
use crate::body;
use crate::idempotency::{self, Kept};
use crate::metrics::Limited;
use crate::problem::Problem;
use crate::state::{App, Shared};

/// What the gate knows of an operation.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) app: Shared,
    pub(crate) permission: Option<Permission>,
    pub(crate) writes: bool,
}

/// Lets a request through, or says why not.
pub(crate) async fn gate(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let Some(permission) = gate.permission else { return next.run(request).await };
    let (mut parts, body) = request.into_parts();
    let app = &gate.app;
    let person = match Person::from_request_parts(&mut parts, app).await {
        Ok(person) => person,
        Err(problem) => return stranger(app, parts.extensions.get(), problem),
    };
    let taken = app.limits.request(&person.name, app.now());
    let mut response = if taken.is_some_and(|t| !t.allowed) {
        app.metrics.limited(Limited::Person);
        let wait = taken.map_or(1, |t| t.retry_after_s);
        Problem::rate_limited(format!("{} has asked too often within a minute", person.name), wait)
            .into_response()
    } else if let Err(problem) = may(app, &person, permission, &mut parts).await {
        problem.into_response()
    } else {
        let (if_none_match, reads) = (etag::asked(&parts.headers), !gate.writes);
        let request = Request::from_parts(parts, body);
        if reads {
            etag::tagged(next.run(request).await, if_none_match.as_deref()).await
        } else {
            once(app, &person, request, next).await.unwrap_or_else(IntoResponse::into_response)
        }
    };
    if let Some(taken) = taken {
        rate::tell(response.headers_mut(), &taken);
    }
    response
}

/// Whether the person may: by the role of their account, or by the one that they hold in the incident of the address.
async fn may(
    app: &Shared,
    person: &Person,
    permission: Permission,
    parts: &mut Parts,
) -> Result<(), Problem> {
    if person.may(permission) {
        return Ok(());
    }
    access::may_somewhere(person, permission)?;
    let segments = Segments::from_request_parts(parts, app).await?;
    // The key of an effect begins with the id of its incident.
    let id = match segments.get("id") {
        "" => segments.get("key").split(':').next().unwrap_or_default(),
        id => id,
    };
    match access::load(app, person, id).await {
        Ok((incident, _)) => access::allowed_in(person, permission, &incident),
        // What they do not see says nothing of itself.
        Err(_) => person.allowed(permission),
    }
}

/// Somebody without a valid token.
fn stranger(app: &App, address: Option<&ConnectInfo<SocketAddr>>, problem: Problem) -> Response {
    let taken = address.and_then(|ConnectInfo(address)| app.limits.failure(address.ip(), app.now()));
    match taken.filter(|t| !t.allowed) {
        Some(taken) => {
            app.metrics.limited(Limited::Address);
            let detail = "too many requests without a valid token came from this address";
            Problem::rate_limited(detail, taken.retry_after_s).into_response()
        }
        None => problem.into_response(),
    }
}

/// Carries a write out; under a key, once.
async fn once(app: &Shared, person: &Person, request: Request, next: Next) -> Result<Response, Problem> {
    let Some(key) = idempotency::key(request.headers())?.map(str::to_owned) else {
        return Ok(next.run(request).await);
    };
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, MAX_BODY).await?;
    let target = parts.uri.path_and_query().map_or("", |p| p.as_str());
    let asked = idempotency::request(parts.method.as_str(), target, &bytes);
    let turn = app.keys.turn(person, &key, asked, app.now()).await?;
    if let Some(kept) = turn.kept() {
        return Ok(kept.into_response());
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    let app = std::sync::Arc::clone(app);
    // In a task of its own: a caller that hangs up must not leave a write behind whose answer nobody kept.
    let work = tokio::spawn(async move {
        let response = next.run(request).await;
        if !response.status().is_success() {
            app.keys.release(turn);
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.map_err(|e| Problem::internal(&e))?.to_bytes();
        let response = Response::from_parts(parts, Body::from(bytes.clone()));
        app.keys.keep(turn, Kept::of(&response, bytes));
        Ok(response)
    });
    work.await.map_err(|e| Problem::internal(&e))?
}
