//! `GET /api/v1/alerts?firing=&incident=&limit=&cursor=&sort=`.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use firebell_core::alert::Alert;
use firebell_core::ids::IncidentId;
use firebell_core::ports::store::{AlertFilter, AlertPlace, AlertSort, Reader, StoreResult};

use crate::access;
use crate::api::paging::Paging;
use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

const PAGING: Paging =
    Paging { field: "alerts", usual: 1000, most: 10_000, sorts: &["-last_seen", "fingerprint"] };

/// Its declaration.
pub(crate) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/alerts", "listAlerts", list)
        .tag("Alerts")
        .summary("Alerts")
        .about("Last seen first. An alert that is heard of while you page moves to the front; `sort=fingerprint` shows each exactly once. Alerts of restricted incidents are for responders.")
        .query("firing", "Firing only (true), or resolved only (false).", schema::flag())
        .query("incident", "Of that incident.", schema::up_to(64));
    PAGING.declare(operation, schema::named("Alert"))
}

/// Last seen first. Alerts of restricted incidents are for responders.
pub(crate) async fn list(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<AlertPlace>(&query)?;
    let filter = AlertFilter {
        firing: query.read("firing", "true or false")?,
        incident: query.get("incident").map(IncidentId::new),
        limit: asked.limit + 1,
        sort: if asked.sort == "fingerprint" { AlertSort::Fingerprint } else { AlertSort::LastSeen },
        after: asked.after.clone(),
    };
    let all = person.sees_restricted();
    let alerts = app
        .read(move |reader| if all { reader.alerts(&filter) } else { seen_by(&person, reader, filter) })
        .await?;
    Ok(PAGING.answer(&uri, &asked, alerts, AlertPlace::of))
}

/// As many as are asked for of those whose incident the person may see.
fn seen_by(person: &Person, reader: &dyn Reader, mut filter: AlertFilter) -> StoreResult<Vec<Alert>> {
    let mut seen: BTreeMap<IncidentId, bool> = BTreeMap::new();
    let mut found = Vec::new();
    loop {
        let page = reader.alerts(&filter)?;
        let (last, whole) = (page.last().map(AlertPlace::of), page.len() >= filter.limit);
        for alert in page {
            let visible = match &alert.incident {
                None => true,
                Some(id) => match seen.get(id) {
                    Some(visible) => *visible,
                    None => {
                        let visible =
                            reader.summary(id)?.is_some_and(|row| access::may_see_row(person, &row));
                        seen.insert(id.clone(), visible);
                        visible
                    }
                },
            };
            if visible {
                found.push(alert);
            }
        }
        if !whole || found.len() >= filter.limit {
            found.truncate(filter.limit);
            return Ok(found);
        }
        filter.after = last;
    }
}
