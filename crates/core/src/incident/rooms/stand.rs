//! Which rooms stand by themselves, and when they are archived.

use jiff::Timestamp;

use super::super::event::Event;
use super::super::state::Incident;
use super::super::timers::after;
use super::RoomEvent;
use super::state::RoomState;
use crate::cx::Cx;
use crate::policy::{Policy, RestrictedRooms, RoomChat};

/// Longest title in a name, characters.
const SLUG: usize = 40;

/// Asks for the rooms and the bridge that severity wants and that were never asked for, and leaves the open ones of an
/// incident that is restricted now.
pub(in super::super) fn stand(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    let policy = &cx.policy.war_room;
    let secret = i.is_secret();
    let mut events: Vec<Event> = leave(i);
    if secret && policy.restricted == RestrictedRooms::None {
        return events;
    }
    let severity = i.severity.severity;
    let bridge = policy.bridge().filter(|_| policy.bridge_severities.contains(&severity));
    if let Some(bridge) = bridge.filter(|_| i.rooms.bridge.is_none()) {
        events.push(Event::Room(RoomEvent::BridgeAsked { bridge: bridge.to_owned() }));
    }
    for rule in policy.chats.iter().filter(|c| c.severities.contains(&severity)) {
        // One that failed or was lost is a person's to ask for again; of one that was left a private one takes the place.
        let wanted = match i.rooms.chats.get(&rule.chat) {
            None => true,
            Some(room) => !room.may_hear(secret) && (room.is_live() || room.state == RoomState::Left),
        };
        if wanted {
            events.push(ask(i, rule, rule.private || secret, false, cx));
        }
    }
    events
}

fn leave(i: &Incident) -> Vec<Event> {
    let secret = i.is_secret();
    let open = i.rooms.chats.iter().filter(|(_, room)| room.is_live() && !room.may_hear(secret));
    open.map(|(chat, _)| {
        let reason = "the incident is restricted now: it does not go on in an open channel".to_owned();
        Event::Room(RoomEvent::Left { chat: chat.clone(), reason })
    })
    .collect()
}

/// The event that asks for a room.
pub(super) fn ask(i: &Incident, rule: &RoomChat, private: bool, open_by_person: bool, cx: &Cx<'_>) -> Event {
    Event::Room(RoomEvent::Asked {
        chat: rule.chat.clone(),
        name: name(i, cx.policy),
        private,
        open_by_person,
        // Members only: who has no part in a restricted incident is not brought in by a general rule.
        invite: if i.is_secret() { Vec::new() } else { rule.invite.clone() },
        announce: if i.is_secret() { Vec::new() } else { rule.announce.clone() },
    })
}

/// The name that is wanted. That of a restricted incident's room says nothing of it.
fn name(i: &Incident, policy: &Policy) -> String {
    let secret = i.is_secret();
    let shown = |text: String| if secret { String::new() } else { text };
    let mut slug = String::new();
    for word in i.title.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        if slug.chars().count() + word.chars().count() > SLUG {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word.to_lowercase());
    }
    // `INC-2026-0042` in `inc-{id}` is no stutter.
    let id = i.id.as_str();
    let id = id.strip_prefix("INC-").filter(|_| policy.war_room.name.starts_with("inc-{id}")).unwrap_or(id);
    let service = i.services.first().cloned().unwrap_or_default();
    let filled = policy
        .war_room
        .name
        .replace("{id}", id)
        .replace("{date}", &i.opened_at.strftime("%Y-%m-%d").to_string())
        .replace("{severity}", &i.severity.severity.as_str().to_lowercase())
        .replace("{service}", &shown(service))
        .replace("{slug}", &shown(slug));
    filled.trim_matches(['-', '_', ' ']).to_owned()
}

/// When the rooms are to be archived.
pub(in super::super) fn archive_at(i: &Incident, policy: &Policy) -> Option<Timestamp> {
    let wait = Some(policy.war_room.archive_after_s).filter(|s| *s > 0)?;
    i.rooms.open().next()?;
    i.status.is_over().then(|| after(i.resolved_at.unwrap_or(i.last_at), wait))
}

/// The time has come.
pub(in super::super) fn archive(i: &Incident) -> Vec<Event> {
    i.rooms.open().map(|(chat, _)| Event::Room(RoomEvent::ArchiveAsked { chat: chat.clone() })).collect()
}
