//! `GET /api/v1/services/{name}`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::{ask, shown};
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;
use crate::ui::services::sum;

/// Most alerts, changes and incidents, each.
const MOST: usize = 50;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::get("/api/v1/services/{name}", "showService", show)
        .tag("Services")
        .summary("One service, with what happened to it")
        .about("By its name or another name that the catalogue has for it. At most 50 of its firing alerts, of its changes of the last 30 days and of its incidents of the last 90 days, the newest first; the lists of alerts, changes and incidents have all.")
        .answers(200, "The service.", schema::named("ServiceView"))
}

/// One that only incidents name which the person may not see does not exist for them.
pub(crate) async fn show(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<Json<Value>, Problem> {
    let wanted = segments.get("name").to_owned();
    let found = ask(&app, person, move |sums, policy, now| {
        let (name, sum) = sums.get_key_value(sum::name(policy, &wanted))?;
        let mut view = shown(name, sum, policy, now);
        let incidents: Vec<_> = sum.cases.iter().take(MOST).map(|c| &c.row).collect();
        view["depended_on_by"] = json!(sum::callers(policy, name));
        view["alerts"] = json!(sum.alerts.iter().take(MOST).collect::<Vec<_>>());
        view["recent_changes"] = json!(sum.changes.iter().take(MOST).collect::<Vec<_>>());
        view["recent_incidents"] = json!(incidents);
        Some(view)
    });
    let missing = || Problem::not_found("there is no service of this name: nothing has named it yet");
    found.await?.map(Json).ok_or_else(missing)
}
