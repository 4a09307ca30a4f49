//! What is to be told of a maintenance, put in together with the change.

use firebell_core::ports::office::{Change, Delivery};
use jiff::Timestamp;
use serde_json::Value;

use super::FAN;
use super::notice::Telling;
use crate::post::delivery;
use crate::status::maintenance::Maintenance;

/// The last thing said of it, at once; that it begins and ends, when that is due. What is put in again replaces what was
/// put in before: a maintenance that is moved begins and ends once.
pub(in crate::status) fn announce(m: &Maintenance, now: Timestamp) -> Vec<Change> {
    let nth = m.updates.len();
    let said = told(&m.id, &format!("said-{nth}"), &Telling::Said { maintenance: m.id.clone(), nth }, now);
    let turns = [("starts", m.starts_at), ("ends", m.ends_at)].into_iter().filter(|(_, at)| *at > now).map(
        |(what, at)| {
            let telling = Telling::Turned { maintenance: m.id.clone(), at };
            Delivery { next_at: at, ..told(&m.id, what, &telling, now) }
        },
    );
    std::iter::once(said).chain(turns).map(|d| Change::Deliver(Box::new(d))).collect()
}

/// Something to be told to all whom it concerns.
pub(super) fn told(of: &str, what: &str, telling: &Telling, now: Timestamp) -> Delivery {
    // Plain fields only: it has a JSON form.
    let payload: Value = serde_json::to_value(telling).unwrap_or_default();
    let about = payload.get("what").and_then(Value::as_str).unwrap_or_default().to_owned();
    delivery(FAN, of, what, &about, payload, now)
}
