//! What came of effects in trackers.

use serde_json::Value;

use super::super::event::Event;
use super::super::state::Incident;
use super::{Issue, IssueEffect, IssueEvent};

/// The events of an effect that was done. One that was given up is told by whoever calls this.
pub(in super::super) fn finish(i: &Incident, effect: &IssueEffect, done: bool, data: &Value) -> Vec<Event> {
    if !done {
        return Vec::new();
    }
    match effect {
        IssueEffect::File { id, tracker } => {
            let tracking = i.action_items.get(id).and_then(|item| item.tracking.as_ref());
            let waits = tracking.is_some_and(|t| t.tracker == *tracker && t.is_pending());
            let Ok(issue) = serde_json::from_value::<Issue>(data.clone()) else { return Vec::new() };
            if !waits {
                return Vec::new();
            }
            vec![Event::ActionItemTracked {
                id: *id,
                tracker: tracker.clone(),
                external: issue.id,
                key: issue.key,
                url: issue.url,
            }]
        }
        IssueEffect::Close { id, issue, .. } => {
            let tracking = i.action_items.get(id).and_then(|item| item.tracking.as_ref());
            // Somebody there, or a second look, may have been faster.
            let open = tracking.and_then(|t| t.open()).is_some_and(|open| open.id == *issue);
            let closed = Event::Issue(IssueEvent::Closed { id: *id, cancelled: false });
            if open { vec![closed] } else { Vec::new() }
        }
    }
}
