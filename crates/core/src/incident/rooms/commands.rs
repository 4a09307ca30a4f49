//! What people may ask of rooms, and what whoever looked at them tells.

use super::super::command::Rejection;
use super::super::event::Event;
use super::super::state::Incident;
use super::stand::ask;
use super::{Room, RoomEvent, RoomNews, RoomState};
use crate::cx::Cx;

/// For which a person asks as for a chat to get a bridge, in place of the one that is there.
const BRIDGE: &str = "bridge";

/// A person asks for rooms: that of `chat`, or all that are configured and the bridge. What stands already stays; who asks
/// for [`BRIDGE`] gets another one.
pub(in super::super) fn open(
    i: &Incident,
    chat: Option<&str>,
    private: Option<bool>,
    cx: &Cx<'_>,
) -> Result<Vec<Event>, Rejection> {
    let policy = &cx.policy.war_room;
    let bridge = policy.bridge();
    if policy.chats.is_empty() && bridge.is_none() {
        let why = "no chat and no bridge is configured under [war_room]; the incident's page is its room";
        return Err(Rejection::not_now("a room", why));
    }
    if i.closed_at.is_some() {
        return Err(Rejection::not_now("a room", "the incident is closed; reopen it if it goes on"));
    }
    if chat == Some(BRIDGE) {
        let Some(bridge) = bridge else {
            let why = "no bridge is configured; name one in [war_room] bridge, or \"jitsi\"";
            return Err(Rejection::not_now("a bridge", why));
        };
        // One that is being opened is the one that is asked for.
        let waits = i.rooms.bridge.as_ref().is_some_and(|b| b.reason.is_none() && b.link.is_none());
        let asked = RoomEvent::BridgeAsked { bridge: bridge.to_owned() };
        return Ok(if waits { Vec::new() } else { vec![Event::Room(asked)] });
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
    let stands = i.rooms.bridge.as_ref().is_some_and(|b| b.reason.is_none());
    if let Some(bridge) = bridge.filter(|_| chat.is_none() && !stands) {
        events.push(Event::Room(RoomEvent::BridgeAsked { bridge: bridge.to_owned() }));
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

/// A person has rooms archived before their time.
pub(in super::super) fn archive_now(i: &Incident, chat: Option<&str>) -> Result<Vec<Event>, Rejection> {
    let open = i.rooms.open().map(|(name, _)| name).filter(|name| chat.is_none_or(|c| c == name.as_str()));
    let events: Vec<Event> =
        open.map(|chat| Event::Room(RoomEvent::ArchiveAsked { chat: chat.clone() })).collect();
    let archived = |room: &Room| matches!(room.state, RoomState::Archiving | RoomState::Archived);
    if !events.is_empty() || i.rooms.chats.iter().any(|(c, r)| chat.is_none_or(|n| n == c) && archived(r)) {
        return Ok(events);
    }
    let open: Vec<&str> = i.rooms.open().map(|(name, _)| name.as_str()).collect();
    let open = if open.is_empty() { "none is".to_owned() } else { open.join(", ") };
    Err(Rejection::not_now(
        "archiving",
        format!("there is no open room in {}; open: {open}", chat.unwrap_or("a chat")),
    ))
}

/// What was noticed: once.
pub(in super::super) fn news(i: &Incident, news: &RoomNews) -> Vec<Event> {
    let id = match news {
        RoomNews::Renamed { id, .. }
        | RoomNews::Unheard { id, .. }
        | RoomNews::Heard { id }
        | RoomNews::Refused { id, .. }
        | RoomNews::Lost { id, .. } => id,
    };
    let Some((chat, room)) = i.rooms.open().find(|(_, room)| room.id.as_ref() == Some(id)) else {
        return Vec::new();
    };
    let chat = chat.clone();
    match news {
        RoomNews::Renamed { name, .. } if *name == room.name || name.is_empty() => Vec::new(),
        RoomNews::Renamed { name, .. } => vec![Event::Room(RoomEvent::Renamed { chat, name: name.clone() })],
        // Only the post that is under way: what was passed over is not passed over again.
        RoomNews::Refused { upto, reason, .. } if room.posting.is_some_and(|p| p.upto == *upto) => {
            let refused = Some(reason.clone());
            vec![Event::Room(RoomEvent::Posted { chat, upto: *upto, unpinned: None, refused })]
        }
        RoomNews::Refused { .. } => Vec::new(),
        RoomNews::Unheard { reason, .. } if room.unheard.is_none() => {
            vec![Event::Room(RoomEvent::Unheard { chat, reason: Some(reason.clone()) })]
        }
        RoomNews::Heard { .. } if room.unheard.is_some() => {
            vec![Event::Room(RoomEvent::Unheard { chat, reason: None })]
        }
        RoomNews::Unheard { .. } | RoomNews::Heard { .. } => Vec::new(),
        RoomNews::Lost { reason, .. } => vec![Event::Room(RoomEvent::Lost { chat, reason: reason.clone() })],
    }
}
