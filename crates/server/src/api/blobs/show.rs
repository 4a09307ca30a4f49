//! `GET /api/v1/blobs/{sha256}`.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::auth::{Person, Role};
use crate::problem::Problem;
use crate::state::Shared;

/// The stored bytes. For responders: evidence of restricted incidents is among them.
pub(crate) async fn show(
    State(app): State<Shared>,
    person: Person,
    Path(sha256): Path<String>,
) -> Result<Response, Problem> {
    person.need(Role::Responder)?;
    if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Err(Problem::bad_request("sha256", "must be 64 hex digits in lower case"));
    }
    let bytes = app.read(move |reader| reader.blob_get(&sha256)).await?;
    let bytes = bytes.ok_or_else(|| Problem::not_found("nothing is stored under this hash"))?;
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::CONTENT_DISPOSITION, "attachment")];
    Ok((headers, bytes).into_response())
}
