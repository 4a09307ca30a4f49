//! `POST …/snooze {until | minutes}`.

use axum::extract::State;
use firebell_core::incident::Command;
use jiff::{SignedDuration, Timestamp};

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;
use crate::problem::Problem;
use crate::state::Shared;

/// A week: the longest sleep of an escalation.
const MOST_MINUTES: i64 = 7 * 24 * 60;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/snooze", "snoozeIncident", snooze)
        .needs(Permission::Acknowledge)
        .summary("Let the escalation sleep; then it begins again")
        .about("`until`, or `minutes` from now: a week at most. 409 where nobody is being called.")
        .body(schema::object(&[
            schema::may("until", schema::time()),
            schema::may("minutes", schema::whole(1, MOST_MINUTES)),
        ]))
        .writes_incident()
}

/// Lets the escalation sleep.
pub(crate) async fn snooze(State(app): State<Shared>, target: Target, mut fields: Fields) -> Written {
    let until: Option<Timestamp> = fields.read("until", "an RFC 3339 time")?;
    let minutes = fields.whole("minutes")?;
    fields.end()?;
    let until = match (until, minutes) {
        (Some(until), None) => until,
        (None, Some(minutes)) if (1..=MOST_MINUTES).contains(&minutes) => {
            let span = SignedDuration::from_mins(minutes);
            app.now().checked_add(span).map_err(|_| Problem::invalid("minutes", "is too large"))?
        }
        (None, Some(_)) => {
            return Err(Problem::invalid("minutes", format!("must be 1 to {MOST_MINUTES}: a week")));
        }
        _ => {
            return Err(Problem::invalid("until", "is required: a time, or `minutes` instead, and not both"));
        }
    };
    target.act(Command::Snooze { until }).await
}
