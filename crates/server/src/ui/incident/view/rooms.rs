//! Where people meet: rooms of chats, and the bridge.

use firebell_core::incident::{Incident, RoomState};
use firebell_core::policy::Policy;
use firebell_report::is_web;
use serde::Serialize;

/// Rooms and bridge of an incident.
#[derive(Debug, Serialize)]
pub(super) struct Rooms {
    doors: Vec<Door>,
    /// What is not there, and why.
    troubles: Vec<String>,
    /// Chats in which a person can ask for a room.
    missing: Vec<String>,
    /// What the button says that asks for a bridge; none where there is nothing to ask for.
    bridge: Option<&'static str>,
    /// Chats whose room can be archived now: the incident is over.
    done: Vec<String>,
}

/// Somewhere to go.
#[derive(Debug, Serialize)]
struct Door {
    /// `Join the bridge`, or the room's name.
    label: String,
    /// The chat or system.
    by: String,
    /// Only addresses of the web; none while it is being opened.
    href: Option<String>,
    /// What else people need.
    detail: String,
}

pub(super) fn of(i: &Incident, policy: &Policy) -> Rooms {
    let web = |link: &Option<String>| link.clone().filter(|l| is_web(l));
    let (mut doors, mut troubles) = (Vec::new(), Vec::new());
    if let Some(bridge) = &i.rooms.bridge {
        match &bridge.reason {
            Some(reason) => troubles.push(format!("No bridge by {}: {reason}", bridge.bridge)),
            None => doors.push(Door {
                label: "Join the bridge".to_owned(),
                by: bridge.bridge.clone(),
                href: web(&bridge.link),
                detail: bridge.detail.clone(),
            }),
        }
    }
    for (chat, room) in &i.rooms.chats {
        let reason = room.reason.as_deref().unwrap_or_default();
        match room.state {
            RoomState::Asked | RoomState::Open => doors.push(Door {
                label: format!("#{}", room.name),
                by: chat.clone(),
                href: web(&room.link),
                detail: if room.private { "private".to_owned() } else { String::new() },
            }),
            RoomState::Failed => troubles.push(format!("No room in {chat}: {reason}")),
            RoomState::Lost => troubles.push(format!("The room in {chat} is lost: {reason}")),
            RoomState::Left | RoomState::Archiving | RoomState::Archived => {}
        }
        if let Some(why) = room.unheard.as_ref().filter(|_| room.is_open()) {
            troubles.push(format!("What is said in {chat} is not heard: {why}"));
        }
        if !room.unknown.is_empty() && room.is_open() {
            let names: Vec<&str> = room.unknown.iter().map(String::as_str).collect();
            troubles.push(format!("Not in {chat}, for no account is known: {}", names.join(", ")));
        }
    }
    let asks = |chat: &&String| i.rooms.chats.get(*chat).is_none_or(|room| !room.is_live());
    let missing = match i.closed_at {
        Some(_) => Vec::new(),
        None => policy.war_room.chats.iter().map(|c| &c.chat).filter(asks).cloned().collect(),
    };
    let over = i.status.is_over();
    let bridge = policy.war_room.bridge().filter(|_| !over).and_then(|_| match &i.rooms.bridge {
        Some(bridge) if bridge.reason.is_none() => bridge.link.as_ref().map(|_| "Open another bridge"),
        _ => Some("Open a bridge"),
    });
    let done = i.rooms.open().filter(|_| over).map(|(chat, _)| chat.clone()).collect();
    Rooms { doors, troubles, missing, bridge, done }
}
