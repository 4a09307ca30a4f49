//! What of the record goes to which webhook.

use firebell_core::incident::{EventRecord, Summary, describe};
use firebell_core::ports::office::Delivery;
use firebell_core::ports::store::StoreResult;
use serde_json::{Value, json};

use super::CHANNEL;
use super::hook::Hook;
use crate::post::desk::Desk;
use crate::post::publisher::{Page, Publisher, delivery, kind_of, place};

/// Publishes to webhooks.
pub(in crate::post) struct HookPublisher;

impl Publisher for HookPublisher {
    fn publish(&self, page: &Page<'_>, desk: &Desk) -> StoreResult<Vec<Delivery>> {
        let hooks = Hook::all(desk.office.as_ref())?;
        let mut out = Vec::new();
        if !hooks.iter().any(|h| h.fields.enabled) {
            return Ok(out);
        }
        let now = desk.now();
        for (position, record) in page.events {
            let Some(row) = page.row(&record.incident)? else { continue };
            let kind = format!("incident.{}", kind_of(&record.event));
            // What happened before it was made is not news to it.
            let wanted = hooks.iter().filter(|h| h.created_at <= record.at && h.wants(&kind, &row));
            for hook in wanted {
                let body = body(&kind, *position, record, &row, desk);
                out.push(delivery(CHANNEL, &hook.id, &place(*position), &kind, body, now));
            }
        }
        Ok(out)
    }
}

fn body(kind: &str, position: u64, record: &EventRecord, row: &Summary, desk: &Desk) -> Value {
    let mut incident = serde_json::to_value(row).unwrap_or_default();
    if let Value::Object(fields) = &mut incident {
        // How Firebell proves its record, and who may see a restricted incident, is nobody else's business.
        fields.shift_remove("proof");
        fields.shift_remove("members");
        fields.insert("link".to_owned(), json!(desk.link(&row.id)));
    }
    json!({
        "type": kind,
        "timestamp": record.at,
        "data": { "incident": incident, "entry": describe(record), "position": position },
    })
}
