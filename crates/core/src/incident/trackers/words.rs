//! Issues in the timeline.

use super::IssueEvent;

/// Kind of entry and text.
pub(in super::super) fn words(event: &IssueEvent) -> (&'static str, String) {
    match event {
        IssueEvent::Asked { id, tracker } => ("people", format!("action item {id} goes to {tracker}")),
        IssueEvent::Closed { id, cancelled } => {
            let how = if *cancelled { "was called off" } else { "is closed" };
            ("people", format!("the issue of action item {id} {how}"))
        }
        IssueEvent::Lost { id, reason } => {
            ("note", format!("the issue of action item {id} is gone, the item stays: {reason}"))
        }
        IssueEvent::Unseen { id, reason: Some(reason) } => {
            ("note", format!("how the issue of action item {id} stands cannot be seen: {reason}"))
        }
        IssueEvent::Unseen { id, reason: None } => {
            ("note", format!("how the issue of action item {id} stands is seen again"))
        }
    }
}
