//! What rooms are to be told: noted in the state as the record grows, and asked for where it was noted.

use super::super::event::{Actor, Event, EventRecord};
use super::super::state::Incident;
use super::effect::RoomEffect;
use super::lines::line;
use super::state::{Posting, RoomState, TopicAsked};
use super::{Room, RoomEvent};
use crate::comms::Audience;

/// Longest title in a topic, characters.
const TITLE: usize = 120;

/// The topic of an incident's rooms: severity, who leads, what is due next, what it is about.
pub fn topic(i: &Incident) -> String {
    let lead = match i.lead() {
        Some(("incident_commander", person)) => format!("IC {person}"),
        Some((_, person)) => format!("on call {person}"),
        None => "nobody leads yet".to_owned(),
    };
    let clock = |due: jiff::Timestamp| due.strftime("%H:%M UTC").to_string();
    let next = match i.clocks.get(&Audience::Internal).and_then(|c| c.due) {
        _ if i.status.is_over() => i.status.as_str().replace('_', " "),
        Some(due) => format!("next update {}", clock(due)),
        None => i.resolve_by.map_or_else(String::new, |due| format!("resolve by {}", clock(due))),
    };
    let title: String = i.title.chars().take(TITLE).collect();
    let drill = if i.drill { "DRILL" } else { "" };
    let parts = [drill, i.severity.severity.as_str(), i.id.as_str(), &lead, &next, &title];
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" \u{b7} ")
}

/// Notes what `record`, which has just been folded, means for each room.
pub(in super::super) fn follow(i: &mut Incident, record: &EventRecord) {
    if let Event::Reopened { .. } = record.event {
        // What was archived or left is asked for anew, where severity wants it.
        i.rooms.chats.retain(|_, room| !matches!(room.state, RoomState::Archived | RoomState::Archiving));
    }
    if i.rooms.open().next().is_none() {
        return;
    }
    let (topic, secret) = (topic(i), i.is_secret());
    let members: Vec<String> = i.members().into_iter().map(str::to_owned).collect();
    for (chat, room) in &mut i.rooms.chats {
        if !room.is_open() || !room.may_hear(secret) {
            continue;
        }
        if line(record, chat).is_some() {
            tell(room, record.version);
        }
        if room.topic_asked.is_none() && room.topic.as_ref() != Some(&topic) {
            room.topic_asked = Some(TopicAsked { asked: record.version, topic: topic.clone() });
        }
        for name in &members {
            room.invited.entry(name.clone()).or_insert(record.version);
        }
    }
}

fn tell(room: &mut Room, version: u64) {
    match room.posting {
        None => room.posting = Some(Posting { from: version, upto: version, asked: version, welcome: false }),
        Some(_) => room.waiting = Some(version),
    }
}

/// What `record` asks for, in order.
pub(in super::super) fn effects(after: &Incident, record: &EventRecord) -> Vec<RoomEffect> {
    let version = record.version;
    let mut all = Vec::new();
    if let Event::Room(event) = &record.event {
        match event {
            RoomEvent::Asked { chat, .. } => all.push(RoomEffect::Open { chat: chat.clone(), ask: version }),
            RoomEvent::BridgeAsked { bridge } => {
                all.push(RoomEffect::Bridge { bridge: bridge.clone(), ask: version })
            }
            RoomEvent::ArchiveAsked { chat } | RoomEvent::Left { chat, .. } => {
                let room = after.rooms.chats.get(chat);
                all.extend(room.and_then(|room| {
                    Some(RoomEffect::Archive { chat: chat.clone(), ask: room.ask, id: room.id.clone()? })
                }));
            }
            RoomEvent::Said(said)
                if said.attachments.iter().any(|f| !f.source.is_empty() && f.sha256.is_none()) =>
            {
                all.push(RoomEffect::Keep { version })
            }
            RoomEvent::Strayed { chat, id } => {
                all.push(RoomEffect::Archive { chat: chat.clone(), ask: version, id: id.clone() })
            }
            _ => {}
        }
    }
    for (chat, room) in after.rooms.open() {
        let (chat, ask) = (chat.clone(), room.ask);
        // People first: who is told something should be there.
        let people: Vec<String> =
            room.invited.iter().filter(|(_, v)| **v == version).map(|(name, _)| name.clone()).collect();
        if !people.is_empty() {
            all.push(RoomEffect::Invite { chat: chat.clone(), ask, people });
        }
        if room.topic_asked.as_ref().is_some_and(|t| t.asked == version) {
            all.push(RoomEffect::Topic { chat: chat.clone(), ask });
        }
        if let Some(Posting { from, upto, welcome, .. }) = room.posting.filter(|p| p.asked == version) {
            all.push(RoomEffect::Post { chat: chat.clone(), ask, from, upto, welcome });
        }
        if matches!(&record.event, Event::Room(RoomEvent::Opened { chat: opened, .. }) if *opened == chat)
            && !after.is_secret()
        {
            let announce = room.announce.iter().cloned();
            all.extend(announce.map(|channel| RoomEffect::Announce { chat: chat.clone(), ask, channel }));
        }
    }
    all
}

/// Whether a person did it: what people do on the page is told in the chats.
pub(super) fn by_person(record: &EventRecord) -> bool {
    matches!(record.actor, Actor::Person { .. })
}
