//! Folds what happened to issues.

use jiff::Timestamp;

use super::super::state::Incident;
use super::{IssueEvent, Tracking};

pub(in super::super) fn apply(i: &mut Incident, event: &IssueEvent, at: Timestamp) {
    let (IssueEvent::Asked { id, .. }
    | IssueEvent::Closed { id, .. }
    | IssueEvent::Lost { id, .. }
    | IssueEvent::Unseen { id, .. }) = event;
    let Some(item) = i.action_items.get_mut(id) else { return };
    if let IssueEvent::Asked { tracker, .. } = event {
        let tracker = tracker.clone();
        item.tracking =
            Some(Tracking { tracker, asked_at: at, issue: None, closed: false, lost: None, unseen: None });
        return;
    }
    let Some(tracking) = &mut item.tracking else { return };
    match event {
        IssueEvent::Asked { .. } => {}
        IssueEvent::Closed { .. } => {
            tracking.closed = true;
            tracking.unseen = None;
        }
        IssueEvent::Lost { reason, .. } => {
            tracking.lost = Some(reason.clone());
            tracking.unseen = None;
        }
        IssueEvent::Unseen { reason, .. } => tracking.unseen = reason.clone(),
    }
}
