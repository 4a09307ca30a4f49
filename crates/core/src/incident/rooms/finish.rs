//! What came of effects on rooms.

use serde_json::Value;

use super::super::event::Event;
use super::super::state::Incident;
use super::effect::RoomEffect;
use super::state::RoomState;
use super::{Room, RoomEvent};
use crate::policy::WarRoom;

/// The events of an effect that ended. Whether it was given up is told besides, by whoever calls this.
pub(in super::super) fn finish(
    i: &Incident,
    effect: &RoomEffect,
    done: bool,
    text: &str,
    data: &Value,
    policy: &WarRoom,
) -> Vec<Event> {
    let read = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let room = |chat: &str, ask: &u64| -> Option<&Room> { i.rooms.asked(chat, *ask) };
    let event = match effect {
        RoomEffect::Open { chat, ask } => {
            let opened = done && !read("id").is_empty();
            let room = match room(chat, ask) {
                Some(room) if room.state != RoomState::Left => room,
                // Left, or replaced, while it was being opened: nobody is to find it.
                _ if opened => {
                    let strayed = RoomEvent::Strayed { chat: chat.clone(), id: read("id") };
                    return vec![Event::Room(strayed)];
                }
                _ => return Vec::new(),
            };
            let waits = matches!(room.state, RoomState::Asked | RoomState::Failed);
            match done {
                true if waits && !read("id").is_empty() => RoomEvent::Opened {
                    chat: chat.clone(),
                    id: read("id"),
                    name: read("name"),
                    link: read("link"),
                },
                false if room.state == RoomState::Asked => {
                    RoomEvent::Failed { chat: chat.clone(), reason: text.to_owned() }
                }
                _ => return Vec::new(),
            }
        }
        RoomEffect::Topic { chat, ask } => {
            let asked = room(chat, ask).and_then(|r| r.topic_asked.as_ref());
            let Some(asked) = asked.filter(|_| done) else { return Vec::new() };
            let set = read("topic");
            // Where it did nothing, what was asked for counts as set: nobody asks again for the same.
            let topic = if set.is_empty() { asked.topic.clone() } else { set };
            RoomEvent::TopicSet { chat: chat.clone(), topic }
        }
        RoomEffect::Invite { chat, ask, .. } => {
            if room(chat, ask).is_none() || !done {
                return Vec::new();
            }
            let list = |name: &str| data.get(name).cloned().unwrap_or_default();
            let people: Vec<String> = serde_json::from_value(list("present")).unwrap_or_default();
            let unknown: Vec<(String, String)> = serde_json::from_value(list("unknown")).unwrap_or_default();
            if people.is_empty() && unknown.is_empty() {
                return Vec::new();
            }
            RoomEvent::Invited { chat: chat.clone(), people, unknown }
        }
        RoomEffect::Post { chat, ask, upto, .. } => {
            let posting = room(chat, ask).and_then(|r| r.posting).filter(|p| p.upto == *upto);
            if posting.is_none() || !done {
                return Vec::new();
            }
            let unpinned = Some(read("unpinned")).filter(|why| !why.is_empty());
            // Less than was asked for, where not all of it found room in one post.
            let told = data.get("upto").and_then(Value::as_u64).filter(|told| told < upto);
            RoomEvent::Posted { chat: chat.clone(), upto: told.unwrap_or(*upto), unpinned, refused: None }
        }
        RoomEffect::Archive { chat, ask, .. } => match room(chat, ask) {
            Some(room) if done && room.state == RoomState::Archiving => {
                RoomEvent::Archived { chat: chat.clone() }
            }
            _ => return Vec::new(),
        },
        RoomEffect::Announce { .. } => return Vec::new(),
        RoomEffect::Keep { version } => {
            let list = |name: &str| data.get(name).cloned().unwrap_or_default();
            let files: Vec<(usize, String)> = serde_json::from_value(list("kept")).unwrap_or_default();
            let problems: Vec<String> = serde_json::from_value(list("problems")).unwrap_or_default();
            if !done || (files.is_empty() && problems.is_empty()) {
                return Vec::new();
            }
            RoomEvent::Kept { version: *version, files, problems }
        }
        RoomEffect::Bridge { bridge, ask } => {
            let Some(waiting) = i.rooms.bridge.as_ref().filter(|b| b.ask == *ask && b.link.is_none()) else {
                return Vec::new();
            };
            match done {
                true => RoomEvent::BridgeOpened {
                    bridge: bridge.clone(),
                    link: read("link"),
                    detail: read("detail"),
                },
                false if waiting.reason.is_none() => {
                    let failed = RoomEvent::BridgeFailed { bridge: bridge.clone(), reason: text.to_owned() };
                    // People are to meet now; what failed is mended later.
                    let next = policy.fallback(bridge).filter(|_| !i.status.is_over());
                    let next = next.map(|bridge| RoomEvent::BridgeAsked { bridge: bridge.to_owned() });
                    return std::iter::once(failed).chain(next).map(Event::Room).collect();
                }
                false => return Vec::new(),
            }
        }
    };
    vec![Event::Room(event)]
}
