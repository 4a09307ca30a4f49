//! `POST /api/v1/silences {matchers, startsAt?, endsAt | minutes, comment}`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use firebell_integrations::alertmanager::api::{postable_silence, put};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::am::new_silence_id;
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;

/// Longest silence by minutes: a year.
const MOST_MINUTES: i64 = 366 * 24 * 60;

/// Its declaration.
pub(crate) fn operation() -> Operation {
    let matchers =
        json!({"type": "array", "items": schema::named("Matcher"), "minItems": 1, "maxItems": 100});
    Operation::post("/api/v1/silences", "createSilence", create)
        .tag("Silences")
        .needs(Permission::Silence)
        .summary("Silence alerts for a while")
        .about("Give either `endsAt` or `minutes`. At least one matcher must not match the empty text.")
        .body(schema::object(&[
            schema::need("matchers", matchers),
            schema::may("startsAt", schema::time()),
            schema::may("endsAt", schema::time()),
            schema::may("minutes", schema::whole(1, MOST_MINUTES)),
            schema::may("comment", schema::text()),
        ]))
        .answers(201, "It is made.", schema::object(&[schema::need("id", schema::text())]))
}

/// A new silence in the person's name.
pub(crate) async fn create(
    State(app): State<Shared>,
    person: Person,
    mut fields: Fields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    person.allowed(Permission::Silence)?;
    let now = app.now();
    let starts_at: Timestamp = fields.read("startsAt", "an RFC 3339 time")?.unwrap_or(now);
    let ends_at: Option<Timestamp> = fields.read("endsAt", "an RFC 3339 time")?;
    let minutes = fields.whole("minutes")?;
    let ends_at = match (ends_at, minutes) {
        (Some(end), None) => end,
        (None, Some(minutes)) if (1..=MOST_MINUTES).contains(&minutes) => starts_at
            .checked_add(SignedDuration::from_mins(minutes))
            .map_err(|_| Problem::invalid("minutes", "reaches beyond the end of time"))?,
        (None, Some(_)) => return Err(Problem::invalid("minutes", format!("must be 1 to {MOST_MINUTES}"))),
        (Some(_), Some(_)) => return Err(Problem::invalid("minutes", "give either endsAt or minutes")),
        (None, None) => return Err(Problem::invalid("endsAt", "is required: give endsAt or minutes")),
    };
    let comment = fields.text("comment")?.unwrap_or_default();
    let matchers = fields.take("matchers").unwrap_or_default();
    fields.end()?;
    let body = json!({
        "matchers": matchers, "startsAt": starts_at, "endsAt": ends_at, "createdBy": person.name, "comment": comment,
    });
    let bytes = serde_json::to_vec(&body).map_err(|e| Problem::internal(&e))?;
    let invalid = |e: firebell_core::ports::alert_source::ParseError| Problem::invalid(&e.field, e.reason);
    let posted = postable_silence(&bytes, now).map_err(invalid)?;
    let write = put(posted, None, &new_silence_id(), now).map_err(invalid)?;
    let id = write.store.id.clone();
    app.state.handle.put_silence(write.store).await?;
    Ok((StatusCode::CREATED, Json(json!({"id": id}))))
}
