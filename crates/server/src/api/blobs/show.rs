//! `GET /api/v1/blobs/{sha256}`.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(crate) fn operation() -> Operation {
    Operation::get("/api/v1/blobs/{sha256}", "showBlob", show)
        .tag("Evidence")
        .needs(Permission::SeeEvidence)
        .summary("Evidence by the hash of its bytes")
        .answers_as(200, "The bytes.", "application/octet-stream", schema::text())
}

/// The stored bytes. For responders: evidence of restricted incidents is among them.
pub(crate) async fn show(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<Response, Problem> {
    person.allowed(Permission::SeeEvidence)?;
    let sha256 = segments.get("sha256").to_owned();
    if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Err(Problem::bad_request("sha256", "must be 64 hex digits in lower case"));
    }
    let tag = format!("\"{sha256}\"");
    let bytes = app.read(move |reader| reader.blob_get(&sha256)).await?;
    let bytes = bytes.ok_or_else(|| Problem::not_found("nothing is stored under this hash"))?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, "attachment".to_owned()),
        (header::ETAG, tag),
    ];
    Ok((headers, bytes).into_response())
}
