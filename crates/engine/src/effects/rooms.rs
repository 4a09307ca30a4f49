//! Rooms of chats and video bridges. What is meant for a room that is not the one any more does nothing; what a room may
//! not hear is not said, whatever was asked for before the incident was restricted.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use firebell_core::effect::Outcome;
use firebell_core::ids::EffectKey;
use firebell_core::incident::{
    Command, Event, EventRecord, Incident, Room, RoomEffect, RoomEvent, RoomNews, RoomState, controls,
    decisions, line, topic, welcome,
};
use firebell_core::ports::agent::BlobStore;
use firebell_core::ports::chat::{
    Answer, Bridges, ChatRooms, Guest, MeetingWish, OPEN, Post, RoomWish, Trouble,
};
use serde_json::{Value, json};

use super::{Executor, done, only};
use crate::machine::EffectResult;

/// Longest text of one post, characters: below what the narrowest chat takes whole.
const POST: usize = 9_000;
/// Longest line of a post that holds several, characters.
const LINE: usize = 1_200;

/// Whose account is whose.
pub trait Accounts: Send + Sync {
    /// A person's account in a chat.
    fn account(&self, person: &str, chat: &str) -> Option<String>;
    /// A person's e-mail.
    fn email(&self, person: &str) -> Option<String>;
    /// The person whose account it is; none where several share it. `name` is what the chat shows.
    fn person(&self, chat: &str, account: &str, name: &str) -> Option<String>;
}

/// The chats and bridges that are configured.
#[derive(Clone, Default)]
pub struct RoomSystems {
    /// Chats by name.
    pub chats: BTreeMap<String, Arc<dyn ChatRooms>>,
    /// Bridges by name.
    pub bridges: BTreeMap<String, Arc<dyn Bridges>>,
    /// Whose account is whose; without it people are found by e-mail only.
    pub accounts: Option<Arc<dyn Accounts>>,
    /// Where files go that came with messages; without it only their links are kept.
    pub blobs: Option<Arc<dyn BlobStore>>,
}

impl fmt::Debug for RoomSystems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomSystems")
            .field("chats", &self.chats.keys())
            .field("bridges", &self.bridges.keys())
            .finish_non_exhaustive()
    }
}

/// `again`: an earlier attempt may have gone out.
pub(super) async fn run(
    executor: &Executor,
    i: &Incident,
    key: &EffectKey,
    again: bool,
    effect: &RoomEffect,
) -> EffectResult {
    let key = key.0.as_str();
    match effect {
        RoomEffect::Open { chat, ask } => open(executor, i, key, chat, *ask).await,
        RoomEffect::Bridge { ask, bridge } => only(meet(executor, i, key, bridge, *ask).await),
        // One that was left is not the chat's room any more, and is archived all the same.
        RoomEffect::Archive { chat, id, .. } => match chat_of(executor, chat) {
            Ok(rooms) => match rooms.archive(id).await {
                Ok(()) | Err(Trouble::Gone { .. }) => only(done("archived")),
                Err(trouble) => only(trouble.into()),
            },
            Err(outcome) => only(outcome),
        },
        RoomEffect::Topic { chat, ask } => {
            let (rooms, _, id) = match target(executor, i, chat, *ask) {
                Ok(target) => target,
                Err(outcome) => return only(outcome),
            };
            let topic = topic(i);
            let set = rooms.set_topic(id, &topic).await;
            concluded(id, set.map(|()| ("topic set", json!({ "topic": topic }))))
        }
        RoomEffect::Invite { chat, ask, people } => {
            let (rooms, _, id) = match target(executor, i, chat, *ask) {
                Ok(target) => target,
                Err(outcome) => return only(outcome),
            };
            let guests: Vec<Guest> = people.iter().map(|name| guest(executor, name, chat)).collect();
            let invited = rooms.invite(id, &guests).await;
            concluded(
                id,
                invited.map(|who| ("invited", json!({"present": who.present, "unknown": who.unknown}))),
            )
        }
        RoomEffect::Post { chat, ask, from, upto, welcome } => {
            let (rooms, _, id) = match target(executor, i, chat, *ask) {
                Ok(target) => target,
                Err(outcome) => return only(outcome),
            };
            let records = match records(executor, i, *from, *upto).await {
                Ok(records) => records,
                Err(outcome) => return only(outcome),
            };
            match post(executor, rooms, i, &records, (chat, id), (key, again), *welcome).await {
                // Told as a dead letter; those behind it do not wait for it.
                Err(Trouble::Refused { reason }) => {
                    let news = RoomNews::Refused { id: id.to_owned(), upto: *upto, reason: reason.clone() };
                    EffectResult {
                        outcome: Outcome::Permanent { reason },
                        commands: vec![Command::RecordRoomNews { news }],
                        held: false,
                    }
                }
                posted => concluded(id, posted),
            }
        }
        RoomEffect::Announce { chat, ask, channel } => {
            let (rooms, room, id) = match target(executor, i, chat, *ask) {
                Ok(target) => target,
                Err(outcome) => return only(outcome),
            };
            if i.is_secret() {
                return only(done("not announced: the incident is restricted"));
            }
            let text = format!("{} {}: {}", i.severity.severity, i.id, i.title);
            let room_link = room.link.clone().map(|link| (link, format!("Room {}", room.name)));
            let links = room_link.into_iter().chain(page(executor, i)).collect();
            let post = Post { key: key.to_owned(), again, text, links, controls: Vec::new() };
            // A channel that is gone is no lost room.
            let posted = rooms.post(channel, &post).await.map_err(|trouble| match trouble {
                Trouble::Gone { reason } => Trouble::Permanent { reason },
                other => other,
            });
            concluded(id, posted.map(|_| ("announced", Value::Null)))
        }
        RoomEffect::Keep { version } => keep(executor, i, *version).await,
    }
}

fn chat_of<'a>(executor: &'a Executor, chat: &str) -> Result<&'a Arc<dyn ChatRooms>, Outcome> {
    executor.rooms.chats.get(chat).ok_or_else(|| Outcome::Permanent {
        reason: format!("chat {chat:?} is not configured, or cannot open rooms; add it and retry"),
    })
}

/// The room, if it is still the one, is open, and may hear of the incident.
fn target<'a>(
    executor: &'a Executor,
    i: &'a Incident,
    chat: &str,
    ask: u64,
) -> Result<(&'a dyn ChatRooms, &'a Room, &'a str), Outcome> {
    let rooms = chat_of(executor, chat)?;
    let Some(room) = i.rooms.asked(chat, ask).filter(|room| room.is_open()) else {
        return Err(done("the room is not the one any more"));
    };
    match room.id.as_deref().filter(|_| room.may_hear(i.is_secret())) {
        Some(id) => Ok((rooms.as_ref(), room, id)),
        None => Err(done("not said: the incident is restricted and the room is not")),
    }
}

/// What came of something done in the room with this id.
fn concluded(id: &str, answer: Answer<(&str, Value)>) -> EffectResult {
    match answer {
        Ok((detail, data)) => only(Outcome::Done { detail: detail.to_owned(), data }),
        Err(Trouble::Gone { reason }) => {
            let news = RoomNews::Lost { id: id.to_owned(), reason: reason.clone() };
            EffectResult {
                // The loss is what people hear of, once; not each thing that could not be done because of it.
                outcome: done(&format!("the room is gone: {reason}")),
                commands: vec![Command::RecordRoomNews { news }],
                held: false,
            }
        }
        Err(trouble) => only(trouble.into()),
    }
}

async fn open(executor: &Executor, i: &Incident, key: &str, chat: &str, ask: u64) -> EffectResult {
    let rooms = match chat_of(executor, chat) {
        Ok(rooms) => rooms,
        Err(outcome) => return only(outcome),
    };
    let wanted = |room: &&Room| matches!(room.state, RoomState::Asked | RoomState::Failed);
    let Some(room) = i.rooms.asked(chat, ask).filter(wanted) else {
        return only(done("the room is not wanted any more"));
    };
    if !room.may_hear(i.is_secret()) {
        return only(done("not opened: the incident is restricted"));
    }
    let about = if i.is_secret() {
        i.id.to_string()
    } else {
        format!("{} {}: {}", i.severity.severity, i.id, i.title)
    };
    let link = page(executor, i).map(|(link, _)| format!(" {link}")).unwrap_or_default();
    let wish = RoomWish {
        key: key.to_owned(),
        name: room.name.clone(),
        purpose: format!("{about}{link}"),
        private: room.private,
        asked_at: room.asked_at,
    };
    only(match rooms.open(&wish).await {
        Ok(room) => Outcome::Done { detail: format!("opened {}", room.name), data: json!(room) },
        Err(trouble) => trouble.into(),
    })
}

async fn meet(executor: &Executor, i: &Incident, key: &str, bridge: &str, ask: u64) -> Outcome {
    let Some(bridges) = executor.rooms.bridges.get(bridge) else {
        return Outcome::Permanent {
            reason: format!("bridge {bridge:?} is not configured; add it under [[bridges]] and retry"),
        };
    };
    if i.rooms.bridge.as_ref().is_none_or(|b| b.ask != ask || b.link.is_some()) {
        return done("the bridge is not wanted any more");
    }
    let title = if i.is_secret() { i.id.to_string() } else { format!("{} {}", i.id, i.title) };
    let wish = MeetingWish { key: key.to_owned(), title, at: (executor.clock)() };
    match bridges.open(&wish).await {
        Ok(meeting) => Outcome::Done { detail: "opened".to_owned(), data: json!(meeting) },
        Err(trouble) => trouble.into(),
    }
}

async fn records(
    executor: &Executor,
    i: &Incident,
    from: u64,
    upto: u64,
) -> Result<Vec<EventRecord>, Outcome> {
    let (reader, id) = (Arc::clone(&executor.reader), i.id.clone());
    let read = tokio::task::spawn_blocking(move || reader.events(&id)).await;
    let retry = |reason: String| Outcome::Retry { reason, after_s: None };
    let all = read.map_err(|e| retry(e.to_string()))?.map_err(|e| retry(e.to_string()))?;
    Ok(all.into_iter().filter(|r| (from..=upto).contains(&r.version)).collect())
}

async fn post(
    executor: &Executor,
    rooms: &dyn ChatRooms,
    i: &Incident,
    records: &[EventRecord],
    (chat, id): (&str, &str),
    (key, again): (&str, bool),
    opening: bool,
) -> Answer<(&'static str, Value)> {
    let (text, upto) = match opening {
        true => (welcome(i, &executor.policy.war_room.markers), None),
        false => told(records, chat),
    };
    if text.is_empty() {
        return Ok(("nothing to tell", Value::Null));
    }
    let bridge = records.iter().any(|r| matches!(r.event, Event::Room(RoomEvent::BridgeOpened { .. })));
    let controls = if opening { controls(i) } else { decisions(i, records) };
    let mut links = Vec::new();
    // Where nothing can be pressed, what can be done is done on the page.
    if opening || !controls.is_empty() {
        links.extend(page(executor, i));
    }
    if opening || bridge {
        let bridge = i.rooms.bridge.as_ref().and_then(|b| b.link.clone());
        links.extend(bridge.map(|link| (link, "Join the bridge".to_owned())));
    }
    let post = Post { key: key.to_owned(), again, text, links, controls };
    let message = rooms.post(id, &post).await?;
    let mut data = json!({ "message": message, "upto": upto });
    if opening || bridge {
        match rooms.pin(id, &message).await {
            Ok(()) => {}
            // The post is there; it is found under its key when this comes again.
            Err(trouble @ Trouble::Retry { .. }) => return Err(trouble),
            Err(trouble) => data["unpinned"] = json!(trouble.to_string()),
        }
    }
    Ok(("posted", data))
}

/// What a room is told of several events, the oldest first, each with its time, and the version of the last one that found
/// room; the rest is the next post's.
fn told(records: &[EventRecord], chat: &str) -> (String, Option<u64>) {
    let lines: Vec<(&EventRecord, String)> =
        records.iter().filter_map(|r| Some((r, line(r, chat)?))).collect();
    if let [(_, only)] = lines.as_slice() {
        return (cut(only, POST), None);
    }
    let mut out: Vec<String> = Vec::new();
    let mut left = POST;
    let mut upto = None;
    for (record, text) in &lines {
        let text = format!("{} {}", record.at.strftime("%H:%M UTC"), cut(text, LINE));
        let length = text.chars().count() + 1;
        if length > left {
            return (out.join("\n"), upto);
        }
        left -= length;
        out.push(text);
        upto = Some(record.version);
    }
    (out.join("\n"), None)
}

fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max - 2).chain(" \u{2026}".chars()).collect()
}

/// Address and label of the incident's page.
fn page(executor: &Executor, i: &Incident) -> Option<(String, String)> {
    let link = super::link(executor, i);
    (!link.is_empty()).then(|| (link, OPEN.to_owned()))
}

fn guest(executor: &Executor, name: &str, chat: &str) -> Guest {
    let accounts = executor.rooms.accounts.as_deref();
    let configured = executor.policy.people.iter().find(|p| p.name == name).map(|p| p.email.clone());
    Guest {
        name: name.to_owned(),
        account: accounts.and_then(|a| a.account(name, chat)),
        email: configured.filter(|e| !e.is_empty()).or_else(|| accounts.and_then(|a| a.email(name))),
    }
}

/// Fetches the files of a message and keeps them with the evidence.
async fn keep(executor: &Executor, i: &Incident, version: u64) -> EffectResult {
    let found = match records(executor, i, version, version).await {
        Ok(found) => found,
        Err(outcome) => return only(outcome),
    };
    let Some(Event::Room(RoomEvent::Said(said))) = found.first().map(|r| &r.event) else {
        return only(done("there is no such message"));
    };
    let (Some(rooms), Some(blobs)) = (executor.rooms.chats.get(&said.chat), &executor.rooms.blobs) else {
        return only(done("not kept: the chat gives no files out"));
    };
    let most = executor.policy.war_room.keep_files_up_to;
    let mut kept: Vec<(usize, String)> = Vec::new();
    let mut problems = Vec::new();
    for (n, file) in said.attachments.iter().enumerate() {
        if file.source.is_empty() || file.sha256.is_some() {
            continue;
        }
        if file.size > most {
            problems.push(format!("{} is larger than {most} bytes", file.name));
            continue;
        }
        match rooms.fetch(&file.source, most).await {
            Ok(Some(bytes)) => match blobs.put(bytes).await {
                Ok(sha256) => kept.push((n, sha256)),
                Err(reason) => return only(Outcome::Retry { reason, after_s: None }),
            },
            Ok(None) => problems.push(format!("{} is not given out", file.name)),
            Err(Trouble::Retry { reason, after_s }) => return only(Outcome::Retry { reason, after_s }),
            Err(trouble) => problems.push(format!("{}: {trouble}", file.name)),
        }
    }
    only(Outcome::Done { detail: "kept".to_owned(), data: json!({"kept": kept, "problems": problems}) })
}

#[cfg(test)]
mod tests {
    use firebell_core::incident::Actor;

    use super::*;

    #[test]
    fn many_entries_become_few_posts_and_none_is_left_out() {
        let record = |n: u64| EventRecord {
            incident: firebell_core::ids::IncidentId::new("INC-1"),
            version: n,
            at: jiff::Timestamp::from_second(1_800_000_000 + n as i64 * 60).expect("in range"),
            actor: Actor::person("ada"),
            event: Event::NoteAdded { text: format!("note {n} {}", "x".repeat(400)) },
        };
        let all: Vec<EventRecord> = (0..200).map(record).collect();
        // Post after post, until all of it is told.
        let (mut rest, mut posts, mut seen) = (all.as_slice(), 0, Vec::new());
        loop {
            let (text, upto) = told(rest, "slack/ops");
            assert!(text.chars().count() <= POST, "{}", text.len());
            seen.extend(text.split_whitespace().filter(|w| w.parse::<u64>().is_ok()).map(str::to_owned));
            posts += 1;
            let Some(upto) = upto else { break };
            rest = all.split_at(upto as usize + 1).1;
        }
        let wanted: Vec<String> = (0..200).map(|n: u64| n.to_string()).collect();
        assert_eq!(seen, wanted);
        assert!(posts < 20, "{posts}");
        assert!(told(&all[..1], "slack/ops").0.starts_with("ada:"), "one needs no time");
        assert_eq!(told(&[], "slack/ops"), (String::new(), None));
    }
}
