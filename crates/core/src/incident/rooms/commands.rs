//! What people may ask of rooms, and what whoever looked at them tells.

use super::super::command::Rejection;
use super::super::event::Event;
use super::super::state::Incident;
use super::stand::ask;
use super::{RoomEvent, RoomNews};
use crate::cx::Cx;

/// A person asks for rooms: that of `chat`, or all that are configured and the bridge. What stands already stays.
pub(in super::super) fn open(
    i: &Incident,
    chat: Option<&str>,
    private: Option<bool>,
    cx: &Cx<'_>,
) -> Result<Vec<Event>, Rejection> {
    let policy = &cx.policy.war_room;
    if policy.chats.is_empty() && policy.bridge.is_empty() {
        let why = "no chat and no bridge is configured under [war_room]; the incident's page is its room";
        return Err(Rejection::not_now("a room", why));
    }
    if i.closed_at.is_some() {
        return Err(Rejection::not_now("a room", "the incident is closed; reopen it if it goes on"));
    }
    if let Some(name) = chat
        && policy.chat(name).is_none()
    {
        let known: Vec<&str> = policy.chats.iter().map(|c| c.chat.as_str()).collect();
        let known = if known.is_empty() { "none is".to_owned() } else { known.join(", ") };
        return Err(Rejection::unknown("chat", format!("{name:?} is not under [war_room]; there: {known}")));
    }
    let secret = i.is_secret();
    let mut events = Vec::new();
    let bridge = i.rooms.bridge.as_ref().is_some_and(|b| b.reason.is_none());
    if chat.is_none() && !policy.bridge.is_empty() && !bridge {
        events.push(Event::Room(RoomEvent::BridgeAsked { bridge: policy.bridge.clone() }));
    }
    for rule in policy.chats.iter().filter(|c| chat.is_none_or(|name| c.chat == name)) {
        if i.rooms.chats.get(&rule.chat).is_some_and(|room| room.is_live()) {
            continue;
        }
        let hidden = private.unwrap_or(rule.private || secret);
        events.push(ask(i, rule, hidden, secret && private == Some(false), cx));
    }
    Ok(events)
}

/// What was noticed: once.
pub(in super::super) fn news(i: &Incident, news: &RoomNews) -> Vec<Event> {
    let id = match news {
        RoomNews::Renamed { id, .. } | RoomNews::Lost { id, .. } => id,
    };
    let Some((chat, room)) = i.rooms.open().find(|(_, room)| room.id.as_ref() == Some(id)) else {
        return Vec::new();
    };
    let chat = chat.clone();
    match news {
        RoomNews::Renamed { name, .. } if *name == room.name || name.is_empty() => Vec::new(),
        RoomNews::Renamed { name, .. } => vec![Event::Room(RoomEvent::Renamed { chat, name: name.clone() })],
        RoomNews::Lost { reason, .. } => vec![Event::Room(RoomEvent::Lost { chat, reason: reason.clone() })],
    }
}
