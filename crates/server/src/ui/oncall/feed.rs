//! `/oncall/feed/TOKEN.ics`: a calendar for who has its address. Nobody signs in here.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::oncall;
use crate::problem::Problem;
use crate::state::Shared;

pub(super) async fn feed(State(app): State<Shared>, Path(token): Path<String>) -> Result<Response, Problem> {
    let nothing = || Problem::not_found("there is no calendar at this address");
    let token = token.strip_suffix(".ics").ok_or_else(nothing)?;
    let calendar = oncall::serve_feed(&app, token).await?.ok_or_else(nothing)?;
    let mut response = calendar.into_response();
    let kind = HeaderValue::from_static("text/calendar; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}
