//! Calendars by subscription: one's own addresses.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Fields;
use super::segments::Segments;
use super::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::oncall::{self, Feed};
use crate::problem::Problem;
use crate::state::Shared;

/// Their declarations.
pub(super) fn operations() -> [Operation; 3] {
    let one = || schema::need("feed", schema::named("CalendarFeed"));
    [
        Operation::get("/api/v1/calendar-feeds", "listCalendarFeeds", list)
            .tag("On call")
            .needs(Permission::OwnAccount)
            .summary("One's own calendar addresses")
            .answers(
                200,
                "All of them.",
                schema::object(&[schema::need("feeds", schema::list(schema::named("CalendarFeed")))]),
            ),
        Operation::post("/api/v1/calendar-feeds", "createCalendarFeed", create)
            .tag("On call")
            .needs(Permission::OwnAccount)
            .summary("Make an address that calendars subscribe to")
            .about("Of a schedule, of a person, or of a person in a schedule. `url` is shown this once: whoever has it may read who is on call.")
            .body(schema::object(&[
                schema::may("schedule", schema::text()),
                schema::may("person", schema::text()),
            ]))
            .answers(201, "It is made.", schema::object(&[one(), schema::need("url", schema::text())])),
        Operation::delete("/api/v1/calendar-feeds/{id}", "removeCalendarFeed", remove)
            .tag("On call")
            .needs(Permission::OwnAccount)
            .summary("Make a calendar address good for nothing")
            .answers(200, "It is gone.", schema::object(&[schema::need("id", schema::text())])),
    ]
}

fn shown(feed: &Feed) -> Value {
    json!({"id": feed.id, "schedule": feed.schedule, "person": feed.person, "created_at": feed.created_at})
}

/// The schema of one.
pub(super) fn feed_schema() -> Value {
    schema::growing(&[
        schema::need("id", schema::text()),
        schema::need("schedule", schema::or_null(schema::text())),
        schema::need("person", schema::or_null(schema::text())),
        schema::need("created_at", schema::time()),
    ])
}

async fn list(State(app): State<Shared>, person: Person) -> Result<Json<Value>, Problem> {
    person.allowed(Permission::OwnAccount)?;
    let all: Vec<Value> = oncall::feeds(&app, &person.name).await?.iter().map(shown).collect();
    Ok(Json(json!({"feeds": all})))
}

async fn create(
    State(app): State<Shared>,
    person: Person,
    mut fields: Fields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    person.allowed(Permission::OwnAccount)?;
    let (schedule, whose) = (fields.text("schedule")?, fields.text("person")?);
    fields.end()?;
    let (feed, url) = oncall::make_feed(&app, &person.name, schedule, whose).await?;
    Ok((StatusCode::CREATED, Json(json!({"feed": shown(&feed), "url": url}))))
}

async fn remove(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<Json<Value>, Problem> {
    person.allowed(Permission::OwnAccount)?;
    oncall::remove_feed(&app, &person.name, segments.get("id")).await?;
    Ok(Json(json!({"id": segments.get("id")})))
}
