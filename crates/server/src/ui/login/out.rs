//! `POST /logout`.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::cookie;
use crate::problem::Problem;
use crate::state::Shared;
use crate::ui::guard::{self, Visitor};

/// Ends the session.
pub(crate) async fn out(
    State(app): State<Shared>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    guard::guarded(&headers, &visitor.session, form.get("csrf").map_or("", String::as_str))?;
    app.directory.end(&visitor.person.name, &visitor.session.id).await?;
    let mut response = Redirect::to("/login").into_response();
    response.headers_mut().extend(cookie(&app, "").map(|c| (header::SET_COOKIE, c)));
    Ok(response)
}
