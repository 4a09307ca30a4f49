//! Which issues are wanted, what news of them means, and what is to be done in the tracker.

use super::super::event::Event;
use super::super::state::{ActionItem, Incident};
use super::{IssueEffect, IssueEvent, IssueNews, Tracking};
use crate::cx::Cx;

/// Asks for an issue of each action item that has none. A drill's are practice, and those of a restricted incident go
/// only where policy says so.
pub(in super::super) fn file(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    let tracker = &cx.policy.tracker;
    if tracker.is_none() || i.drill || (i.is_secret() && !tracker.restricted) {
        return Vec::new();
    }
    let wanted = |item: &ActionItem| item.tracking.is_none() && item.done_at.is_none();
    i.action_items
        .iter()
        .filter(|(_, item)| wanted(item))
        .map(|(id, _)| Event::Issue(IssueEvent::Asked { id: *id, tracker: tracker.name.clone() }))
        .collect()
}

/// What somebody noticed about an issue. One that is not the item's, or is over already, means nothing.
pub(in super::super) fn news(i: &Incident, tracker: &str, issue: &str, news: &IssueNews) -> Vec<Event> {
    let its = |t: &&Tracking| t.tracker == tracker && t.open().is_some_and(|open| open.id == issue);
    let found =
        i.action_items.iter().find_map(|(id, item)| Some((*id, item, item.tracking.as_ref().filter(its)?)));
    let Some((id, item, tracking)) = found else { return Vec::new() };
    match news {
        IssueNews::Closed { cancelled } => {
            let closed = Event::Issue(IssueEvent::Closed { id, cancelled: *cancelled });
            let done = item.done_at.is_none().then_some(Event::ActionItemDone { id });
            std::iter::once(closed).chain(done).collect()
        }
        IssueNews::Lost { reason } => vec![Event::Issue(IssueEvent::Lost { id, reason: reason.clone() })],
        IssueNews::Unseen { reason } if tracking.unseen.is_none() => {
            vec![Event::Issue(IssueEvent::Unseen { id, reason: Some(reason.clone()) })]
        }
        IssueNews::Seen if tracking.unseen.is_some() => {
            vec![Event::Issue(IssueEvent::Unseen { id, reason: None })]
        }
        IssueNews::Unseen { .. } | IssueNews::Seen => Vec::new(),
    }
}

/// What an event asks of the tracker. An issue that is closed there already is not closed again.
pub(in super::super) fn effects(after: &Incident, event: &Event) -> Vec<IssueEffect> {
    match event {
        Event::Issue(IssueEvent::Asked { id, tracker }) => {
            vec![IssueEffect::File { id: *id, tracker: tracker.clone() }]
        }
        Event::ActionItemDone { id } | Event::ActionItemTracked { id, .. } => {
            close(after, *id).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn close(after: &Incident, id: u32) -> Option<IssueEffect> {
    let item = after.action_items.get(&id).filter(|item| item.done_at.is_some())?;
    let tracking = item.tracking.as_ref()?;
    let issue = tracking.open()?.id.clone();
    Some(IssueEffect::Close { id, tracker: tracking.tracker.clone(), issue })
}
