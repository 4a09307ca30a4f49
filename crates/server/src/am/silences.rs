//! `GET` and `POST /api/v2/silences`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use firebell_integrations::alertmanager::api::{
    GettableSilence, SilenceCreated, SilenceFilter, gettable_silences, postable_silence, put as decide,
};

use super::sender::{AmError, Sender};
use crate::body;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// Largest body.
const MAX_BODY: usize = 1 << 20;

/// All of them.
pub(crate) async fn list(
    State(app): State<Shared>,
    Sender(_): Sender,
    query: Pairs,
) -> Result<Json<Vec<GettableSilence>>, AmError> {
    let filter = SilenceFilter::from_query(query.iter()).map_err(|e| Problem::parse(&e))?;
    let silences = app.read(|reader| reader.silences()).await?;
    Ok(Json(gettable_silences(&silences, &filter, app.now())))
}

/// A new one, or a change of one.
pub(crate) async fn put(
    State(app): State<Shared>,
    Sender(_): Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<SilenceCreated>, AmError> {
    let bytes = body::read_expanded(&headers, body, MAX_BODY).await?;
    let now = app.now();
    let posted = postable_silence(&bytes, now).map_err(|e| {
        // What lacks a field does not fit the contract; that has a status of its own there.
        if e.reason.starts_with("is required") {
            Problem::invalid(&e.field, e.reason)
        } else {
            Problem::parse(&e)
        }
    })?;
    let silences = app.read(|reader| reader.silences()).await?;
    let existing = posted.id.as_deref().and_then(|id| silences.iter().find(|s| s.id == id));
    if posted.id.is_some() && existing.is_none() {
        return Err(Problem::not_found("id names no silence here: leave it out to make a new one").into());
    }
    let write = decide(posted, existing, &new_id(), now).map_err(|e| Problem::parse(&e))?;
    let silence_id = write.store.id.clone();
    // The new one first: between the two writes both hold, never none.
    app.state.handle.put_silence(write.store).await.map_err(Problem::from)?;
    if let Some(expired) = write.expired {
        app.state.handle.put_silence(expired).await.map_err(Problem::from)?;
    }
    Ok(Json(SilenceCreated { silence_id }))
}

/// A random UUID (version 4).
pub(crate) fn new_id() -> String {
    let mut bytes = rand::random::<[u8; 16]>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
