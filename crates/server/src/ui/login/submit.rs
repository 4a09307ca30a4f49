//! `POST /login`.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use super::{cookie, next};
use crate::metrics::Door;
use crate::problem::Problem;
use crate::state::Shared;
use crate::ui::{guard, pages};

/// A token for a session.
pub(crate) async fn submit(
    State(app): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    guard::same_site(&headers)?;
    let next = next(form.get("next").map(String::as_str));
    let token = form.get("token").map_or("", |t| t.trim());
    let Some(person) = app.state.auth.check(token) else {
        app.metrics.turned_away(Door::Login);
        let view = json!({"next": next, "failed": true, "go": null});
        return pages::whole(&app, None, "login.html", StatusCode::UNAUTHORIZED, view);
    };
    let id = app.sessions.begin(person, app.now());
    let mut response = Redirect::to(next).into_response();
    response.headers_mut().extend(cookie(&app, &id).map(|c| (header::SET_COOKIE, c)));
    Ok(response)
}
