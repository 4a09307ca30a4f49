//! Following the record: what is to be delivered because of it, put in together with the place up to which it was read.

use std::sync::Arc;

use firebell_core::ports::office::{Change, Deed, Expect, OfficeReader};
use firebell_core::ports::store::{Reader, StoreError, StoreResult};
use firebell_engine::handle::Error;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::desk::Desk;
use super::publisher::{Page, Publisher};

/// Events read at once.
const PAGE: usize = 200;
/// The place in the record is written down with every delivery; where nothing is to be delivered, after so many events …
const EVENTS: u64 = 1000;
/// … or after so long: every event would cost a second transaction otherwise.
const WHILE: SignedDuration = SignedDuration::from_mins(1);
/// The document that has the place.
const KIND: &str = "cursor";
const ID: &str = "post";

/// The place in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    position: u64,
    written: u64,
    written_at: Timestamp,
    /// Of the document; 0 while there is none.
    version: u64,
}

impl Cursor {
    /// Where it was left. A new installation begins with what happens next.
    fn load(reader: &dyn Reader, office: &dyn OfficeReader, now: Timestamp) -> StoreResult<Self> {
        let (position, version) = match office.document(KIND, ID)? {
            Some(document) => {
                let corrupt = || StoreError::Corrupt {
                    what: "the post office's place in the record".to_owned(),
                    detail: document.body.to_string(),
                };
                let position = document.body.get("position").and_then(serde_json::Value::as_u64);
                (position.ok_or_else(corrupt)?, document.version)
            }
            None => (reader.position()?, 0),
        };
        Ok(Self { position, written: position, written_at: now, version })
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.version == 0
            || self.position - self.written >= EVENTS
            || (self.position > self.written && now.duration_since(self.written_at) >= WHILE)
    }

    fn put(&self) -> Change {
        let expect = if self.version == 0 { Expect::New } else { Expect::Version(self.version) };
        let body = json!({ "position": self.position });
        Change::Put { kind: KIND, id: ID.to_owned(), body, expect }
    }
}

/// Reads on to the end of the record. `cursor` is where it got to; it is loaded where there is none.
pub(super) async fn collect(
    cursor: &mut Option<Cursor>,
    publishers: &Arc<[Box<dyn Publisher>]>,
    desk: &Arc<Desk>,
) -> Result<(), Error> {
    loop {
        let now = desk.now();
        let (known, shared, list) = (cursor.clone(), Arc::clone(desk), Arc::clone(publishers));
        let looked = tokio::task::spawn_blocking(move || look(known, &list, &shared, now)).await;
        let looked = looked.map_err(|e| Error::Store(e.to_string()))?;
        let (mut next, mut changes, read) = looked.map_err(|e| Error::Store(e.to_string()))?;
        if !changes.is_empty() || next.is_due(now) {
            changes.push(next.put());
            if let Err(error) = desk.handle.perform(Deed { act: None, changes }).await {
                // Somebody else's place may be further on: it is read again.
                *cursor = None;
                return Err(error);
            }
            next = Cursor {
                written: next.position,
                written_at: now,
                version: next.version + 1,
                position: next.position,
            };
        }
        *cursor = Some(next);
        if read < PAGE {
            return Ok(());
        }
    }
}

fn look(
    cursor: Option<Cursor>,
    publishers: &[Box<dyn Publisher>],
    desk: &Desk,
    now: Timestamp,
) -> StoreResult<(Cursor, Vec<Change>, usize)> {
    let mut cursor = match cursor {
        Some(cursor) => cursor,
        None => Cursor::load(desk.reader.as_ref(), desk.office.as_ref(), now)?,
    };
    let events = desk.reader.events_after(cursor.position, PAGE)?;
    let Some((last, _)) = events.last() else { return Ok((cursor, Vec::new(), 0)) };
    cursor.position = *last;
    let page = Page::new(&events, desk);
    let mut changes = Vec::new();
    for publisher in publishers {
        let deliveries = publisher.publish(&page, desk)?;
        changes.extend(deliveries.into_iter().map(|d| Change::Deliver(Box::new(d))));
    }
    Ok((cursor, changes, events.len()))
}
