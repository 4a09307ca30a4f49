//! Documents that follow the record: what each event means for them is written down with the place in the record, so that
//! after a restart one goes on from there.

use std::sync::Arc;

use firebell_core::incident::EventRecord;
use firebell_core::ports::office::{Change, Deed, Expect, OfficeReader};
use firebell_core::ports::store::{Reader, StoreResult};
use serde_json::json;

use crate::handle::{Error, Handle};

/// Events read at once.
const PAGE: usize = 500;

/// Reads what came since the last time and writes what `change` makes of it. `place`: kind and id of the document with
/// the place in the record.
pub(crate) async fn follow(
    handle: &Handle,
    reader: &Arc<dyn Reader>,
    office: &Arc<dyn OfficeReader>,
    place: (&'static str, &'static str),
    change: fn(&EventRecord) -> Option<Change>,
) -> Result<(), Error> {
    loop {
        let (reader, office) = (Arc::clone(reader), Arc::clone(office));
        let (at, events) = blocking(move || {
            let document = office.document(place.0, place.1)?;
            let at = document.and_then(|d| d.body.get("position").and_then(serde_json::Value::as_u64));
            let events = reader.events_after(at.unwrap_or(0), PAGE)?;
            Ok((at, events))
        })
        .await?;
        let Some((last, _)) = events.last() else { return Ok(()) };
        let read = events.len();
        let mut changes: Vec<Change> = events.iter().filter_map(|(_, record)| change(record)).collect();
        // The place alone is written down only where much was read: reading again costs less.
        let far = last.saturating_sub(at.unwrap_or(0)) >= PAGE as u64 || at.is_none();
        if !changes.is_empty() || far {
            let body = json!({ "position": last });
            let (kind, id) = (place.0, place.1.to_owned());
            changes.push(Change::Put { kind, id, body, expect: Expect::Any });
            handle.perform(Deed { act: None, changes }).await?;
        }
        if read < PAGE {
            return Ok(());
        }
    }
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|e| Error::Store(e.to_string()))?;
    done.map_err(|e| Error::Store(e.to_string()))
}
