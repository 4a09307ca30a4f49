//! `GET /api/v1/push-devices`.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Uri};
use axum::response::Response;
use jiff::Timestamp;

use super::shown;
use crate::api::paging::{Keyed, Paging};
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::post::push;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

const PAGING: Paging = Paging { field: "push_devices", usual: 100, most: 1000, sorts: &["created_at"] };

/// Where the key stands by which a browser subscribes.
const KEY: HeaderName = HeaderName::from_static("firebell-push-key");

/// Its declaration.
pub(super) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/push-devices", "listPushDevices", list)
        .tag("Notifications")
        .needs(Permission::Subscribe)
        .summary("Your devices, the oldest first")
        .about("The header `Firebell-Push-Key` is the `applicationServerKey` by which a browser subscribes; it is missing where the server cannot send.");
    PAGING.declare(operation, schema::named("PushDevice"))
}

/// Only one's own.
pub(crate) async fn list(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<(Timestamp, String)>(&query)?;
    let mut devices = push::of_person(&app, &person.name).await?;
    devices.retain(|d| asked.after.as_ref().is_none_or(|(at, id)| (d.created_at, &d.id) > (*at, id)));
    let rows: Vec<_> =
        devices.iter().map(|d| Keyed { key: (d.created_at, d.id.clone()), row: shown(d) }).collect();
    let mut response = PAGING.answer(&uri, &asked, rows, |row| row.key.clone());
    if let Some(vapid) = &app.state.post.vapid
        && let Ok(key) = HeaderValue::from_str(vapid.public_key())
    {
        response.headers_mut().insert(KEY, key);
    }
    Ok(response)
}
