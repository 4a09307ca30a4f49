//! Publishers: what of the record is for whom. One file each, and a line in [`publishers`].

use std::cell::RefCell;
use std::collections::BTreeMap;

use firebell_core::ids::IncidentId;
use firebell_core::incident::{Event, EventRecord, Summary};
use firebell_core::ports::office::Delivery;
use firebell_core::ports::store::{OutboxState, StoreResult};
use jiff::Timestamp;
use serde_json::Value;

use super::desk::Desk;
use super::{go, push, webhooks};
use crate::status;

/// Answers what is to be delivered because of what happened.
pub(crate) trait Publisher: Send + Sync {
    /// Looks at a page of the record, which is not empty.
    ///
    /// # Errors
    /// The store's; the page is then looked at again later.
    fn publish(&self, page: &Page<'_>, desk: &Desk) -> StoreResult<Vec<Delivery>>;
}

/// All publishers.
pub(super) fn publishers() -> Vec<Box<dyn Publisher>> {
    vec![
        Box::new(webhooks::HookPublisher),
        Box::new(push::PushPublisher),
        Box::new(go::GoPublisher),
        Box::new(status::StatusPublisher),
    ]
}

/// A page of the record, with the rows of its incidents as they are now: what was restricted since is known to be.
pub(crate) struct Page<'a> {
    /// Each with its global position.
    pub(crate) events: &'a [(u64, EventRecord)],
    desk: &'a Desk,
    rows: RefCell<BTreeMap<IncidentId, Option<Summary>>>,
}

impl<'a> Page<'a> {
    pub(super) fn new(events: &'a [(u64, EventRecord)], desk: &'a Desk) -> Self {
        Self { events, desk, rows: RefCell::default() }
    }

    /// The row of an incident.
    pub(crate) fn row(&self, incident: &IncidentId) -> StoreResult<Option<Summary>> {
        if let Some(row) = self.rows.borrow().get(incident) {
            return Ok(row.clone());
        }
        let row = self.desk.reader.summary(incident)?;
        self.rows.borrow_mut().insert(incident.clone(), row.clone());
        Ok(row)
    }
}

/// An event's name as in JSON.
pub(crate) fn kind_of(event: &Event) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    value.get("type").and_then(Value::as_str).unwrap_or("unknown").to_owned()
}

/// A position in the record as part of an id: what is due at the same time is sent in the order of ids, which are texts.
pub(crate) fn place(position: u64) -> String {
    format!("{position:012}")
}

/// Something to deliver, due at once. Its id is made of receiver and what it is for, so that the same is never two.
pub(crate) fn delivery(
    channel: &str,
    to: &str,
    what: &str,
    about: &str,
    payload: Value,
    now: Timestamp,
) -> Delivery {
    Delivery {
        id: format!("{to}-{what}"),
        channel: channel.to_owned(),
        to: to.to_owned(),
        about: about.to_owned(),
        payload,
        state: OutboxState::Waiting,
        attempts: 0,
        next_at: now,
        answer: None,
        created_at: now,
        ended_at: None,
    }
}
