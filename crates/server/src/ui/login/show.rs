//! `GET /login`, and `GET /login?token=…`: a link that signs in at once and is gone from the address bar after it.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use super::{cookie, next};
use crate::metrics::Door;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::pages;

/// The form, unless a token is in the address.
pub(crate) async fn show(
    State(app): State<Shared>,
    headers: HeaderMap,
    query: Pairs,
) -> Result<Response, Problem> {
    let next = next(query.get("next"));
    let Some(token) = query.get("token") else {
        let view = json!({"next": next, "failed": false, "go": null});
        return pages::whole(&app, None, "login.html", StatusCode::OK, view);
    };
    let Some(person) = app.state.auth.check(token) else {
        app.metrics.turned_away(Door::Login);
        let view = json!({"next": next, "failed": true, "go": null});
        return pages::whole(&app, None, "login.html", StatusCode::UNAUTHORIZED, view);
    };
    let id = app.sessions.begin(person, app.now());
    // After a click on another site, a strict cookie is not sent along a redirect: the page itself must go on.
    let abroad = headers.get("sec-fetch-site").is_some_and(|v| v.as_bytes() == b"cross-site");
    let mut response = if abroad {
        let view = json!({"next": next, "failed": false, "go": next});
        pages::whole(&app, None, "login.html", StatusCode::OK, view)?
    } else {
        Redirect::to(next).into_response()
    };
    response.headers_mut().extend(cookie(&app, &id).map(|c| (header::SET_COOKIE, c)));
    Ok(response)
}
