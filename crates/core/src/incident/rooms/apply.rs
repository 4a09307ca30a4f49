//! Folds what happened to rooms.

use jiff::Timestamp;

use super::super::state::{Incident, sha256};
use super::state::{Bridge, Posting, Room, RoomState};
use super::{RoomEvent, SaidMark};

/// Folds one event. `i.version` is that of the event before it.
pub(in super::super) fn apply(i: &mut Incident, event: &RoomEvent, at: Timestamp) {
    let version = i.version + 1;
    let rooms = &mut i.rooms;
    let mut with = |chat: &str, change: &dyn Fn(&mut Room)| {
        if let Some(room) = rooms.chats.get_mut(chat) {
            change(room);
        }
    };
    match event {
        RoomEvent::Asked { chat, name, private, open_by_person, invite, announce } => {
            let room = Room {
                ask: version,
                state: RoomState::Asked,
                private: *private,
                open_by_person: *open_by_person,
                name: name.clone(),
                id: None,
                link: None,
                asked_at: at,
                opened_at: None,
                reason: None,
                unheard: None,
                announce: announce.clone(),
                // Version 0: not yet, but it is to be.
                invited: invite.iter().map(|name| (name.clone(), 0)).collect(),
                unknown: Default::default(),
                posting: None,
                waiting: None,
                topic: None,
                topic_asked: None,
            };
            rooms.chats.insert(chat.clone(), room);
        }
        RoomEvent::Opened { chat, id, name, link } => with(chat, &|room| {
            room.state = RoomState::Open;
            room.id = Some(id.clone());
            room.name = name.clone();
            room.link = Some(link.clone());
            room.opened_at = Some(at);
            room.reason = None;
            room.posting = Some(Posting { from: version, upto: version, asked: version, welcome: true });
            room.invited.values_mut().for_each(|v| *v = version);
        }),
        RoomEvent::Renamed { chat, name } => with(chat, &|room| room.name = name.clone()),
        RoomEvent::Failed { chat, reason } => with(chat, &|room| stop(room, RoomState::Failed, Some(reason))),
        RoomEvent::Lost { chat, reason } => with(chat, &|room| stop(room, RoomState::Lost, Some(reason))),
        RoomEvent::Left { chat, reason } => with(chat, &|room| stop(room, RoomState::Left, Some(reason))),
        RoomEvent::Strayed { .. } | RoomEvent::Kept { .. } => {}
        RoomEvent::TopicSet { chat, topic } => with(chat, &|room| {
            room.topic = Some(topic.clone());
            room.topic_asked = None;
        }),
        RoomEvent::Invited { chat, people, unknown } => with(chat, &|room| {
            room.unknown.retain(|name| !people.contains(name));
            room.unknown.extend(unknown.iter().map(|(name, _)| name.clone()));
        }),
        RoomEvent::Posted { chat, upto, .. } => with(chat, &|room| {
            let asked = room.posting.map(|p| p.upto);
            let next = room.waiting.take().max(asked).filter(|last| last > upto);
            room.posting =
                next.map(|last| Posting { from: upto + 1, upto: last, asked: version, welcome: false });
        }),
        RoomEvent::Unheard { chat, reason } => with(chat, &|room| room.unheard = reason.clone()),
        RoomEvent::ArchiveAsked { chat } => with(chat, &|room| stop(room, RoomState::Archiving, None)),
        RoomEvent::Archived { chat } => with(chat, &|room| stop(room, RoomState::Archived, None)),
        RoomEvent::BridgeAsked { bridge } => {
            rooms.bridge = Some(Bridge {
                ask: version,
                bridge: bridge.clone(),
                asked_at: at,
                link: None,
                detail: String::new(),
                reason: None,
            });
        }
        RoomEvent::BridgeOpened { link, detail, .. } => {
            if let Some(bridge) = &mut rooms.bridge {
                bridge.link = Some(link.clone());
                bridge.detail = detail.clone();
                bridge.reason = None;
            }
        }
        RoomEvent::BridgeFailed { reason, .. } => {
            if let Some(bridge) = &mut rooms.bridge {
                bridge.reason = Some(reason.clone());
            }
        }
        RoomEvent::Said(said) => {
            let mark = SaidMark { version, text_sha256: sha256(&said.text), gone: false };
            rooms.said.entry(said.chat.clone()).or_default().insert(said.id.clone(), mark);
        }
        RoomEvent::Reworded { chat, id, text, .. } => {
            if let Some(mark) = rooms.said.get_mut(chat).and_then(|all| all.get_mut(id)) {
                mark.text_sha256 = sha256(text);
                mark.gone = false;
            }
        }
        RoomEvent::Unsaid { chat, id, .. } => {
            if let Some(mark) = rooms.said.get_mut(chat).and_then(|all| all.get_mut(id)) {
                mark.gone = true;
            }
        }
    }
}

/// Nothing more is said there.
fn stop(room: &mut Room, state: RoomState, reason: Option<&String>) {
    room.state = state;
    room.reason = reason.cloned();
    room.posting = None;
    room.waiting = None;
    room.topic_asked = None;
}
