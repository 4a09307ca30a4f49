//! What of the record is for subscribers: what was posted to the public, and that it is over.

use firebell_core::comms::Audience;
use firebell_core::incident::Event;
use firebell_core::ports::office::Delivery;
use firebell_core::ports::store::StoreResult;
use jiff::SignedDuration;

use super::keep::Subscriber;
use super::notice::Telling;
use super::plan::told;
use crate::post::{Desk, Page, Publisher};

/// An end is told of by the post that follows it; where none does, after so long.
const POST_FOLLOWS: SignedDuration = SignedDuration::from_mins(10);

/// Publishes to subscribers of the status page.
pub(crate) struct StatusPublisher;

impl Publisher for StatusPublisher {
    fn publish(&self, page: &Page<'_>, desk: &Desk) -> StoreResult<Vec<Delivery>> {
        let mut out = Vec::new();
        if !desk.state.status.enabled || Subscriber::after(desk.office.as_ref(), "", 1)?.is_empty() {
            return Ok(out);
        }
        let now = desk.now();
        for (position, record) in page.events {
            let incident = record.incident.clone();
            let (telling, after) = match &record.event {
                Event::UpdatePosted { update } if update.audience == Audience::Public => {
                    let (at, subject) = (update.at, update.subject.clone());
                    (Telling::Update { incident, at, subject }, SignedDuration::ZERO)
                }
                Event::Resolved { .. } | Event::ClosedHealthy { .. } | Event::Cancelled { .. } => {
                    (Telling::End { incident, at: record.at }, POST_FOLLOWS)
                }
                _ => continue,
            };
            // What the public was never told of has no end for it either.
            if matches!(telling, Telling::End { .. })
                && page.row(&record.incident)?.is_some_and(|row| row.told_public == Some(false))
            {
                continue;
            }
            let mut one = told(record.incident.as_str(), &format!("status-{position}"), &telling, now);
            one.next_at = now.saturating_add(after).unwrap_or(now);
            out.push(one);
        }
        Ok(out)
    }
}
