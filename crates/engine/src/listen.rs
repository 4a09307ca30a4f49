//! Hears what is said in rooms. What is marked for the timeline comes in by this path too, so that nothing is missed while
//! the chat, Firebell or the way between them is down: each open room is read on from where it was last read, at the
//! start, after each failure, and every few minutes. What came in before by a webhook is known by its id. A room that could
//! not be read for long, or that this process has not read yet, is asked whether what came in from it is still there.
//!
//! Which rooms there are is followed in the record and kept as documents, with the place in each room.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use firebell_core::ids::IncidentId;
use firebell_core::incident::{Actor, Command, Event, EventRecord, RoomEvent, RoomNews, fold};
use firebell_core::policy::WarRoom;
use firebell_core::ports::chat::{ChatRooms, HeardMessage, Trouble};
use firebell_core::ports::office::{Change, Deed, Document, Expect, OfficeReader};
use firebell_core::ports::store::{Reader, StoreResult};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::effects::{Accounts, RoomSystems};
use crate::follow::{blocking, follow};
use crate::handle::{Clock, Error, Handle};

/// Documents of rooms that are listened to.
const ROOM: &str = "room";
/// The document with the place in the record.
const PLACE: (&str, &str) = ("cursor", "rooms");
/// Rooms listened to at once; more are nobody's.
const ROOMS: usize = 2_000;
/// Each room is read so often.
pub const EVERY: Duration = Duration::from_secs(120);
/// A chat that failed is left alone for so long, unless it asked for another time.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(30);
/// A room that is refused (a revoked token, a missing scope) is asked for again after so long.
const AFTER_REFUSAL: SignedDuration = SignedDuration::from_secs(300);
/// Who was away for so long may have missed that something was deleted: webhooks are repeated for minutes at most.
const AWAY: SignedDuration = SignedDuration::from_secs(600);
/// Messages of one room that are looked for when Firebell was away: the latest.
const LOOKED_FOR: usize = 200;
/// So many of them in one go; the rest the next times.
const LOOKED_FOR_AT_ONCE: usize = 20;
/// Pages of one room in one go; the rest comes with the next.
const MOST_PAGES: usize = 50;

/// Rooms that are to be read at once, because somebody said something there. What was said is read from the room itself, so
/// that it is the same whoever told of it first.
#[derive(Debug, Default)]
pub struct Stir {
    rooms: Mutex<BTreeSet<String>>,
    news: Notify,
}

impl Stir {
    /// Something was said in the room with this id. One that is no room of an incident is nobody's business.
    pub fn room(&self, id: &str) {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if rooms.len() < ROOMS {
            rooms.insert(id.to_owned());
        }
        drop(rooms);
        self.news.notify_one();
    }

    fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.rooms.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A room that is listened to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Ear {
    incident: IncidentId,
    chat: String,
    room: String,
    /// Where the chat was read up to.
    #[serde(default)]
    cursor: String,
}

/// Listens.
pub struct Listener {
    handle: Handle,
    reader: Arc<dyn Reader>,
    office: Arc<dyn OfficeReader>,
    rooms: RoomSystems,
    clock: Clock,
    every: Duration,
    /// Chats that are left alone, and until when.
    quiet: BTreeMap<String, Timestamp>,
    /// When each room was last read, by the document's id.
    heard_at: BTreeMap<String, Timestamp>,
    /// Rooms that are refused, and until when they are left alone.
    refused: BTreeMap<String, Timestamp>,
    /// Messages that are still to be looked for, by the room's document.
    unsure: BTreeMap<String, Vec<String>>,
    /// The room at which each chat stopped answering: it is read last the next time, so that it holds up no other.
    stumbled: BTreeMap<String, String>,
}

impl Listener {
    /// `every`: how often each room is read; [`EVERY`] in production.
    pub fn new(
        handle: Handle,
        reader: Arc<dyn Reader>,
        office: Arc<dyn OfficeReader>,
        rooms: RoomSystems,
        clock: Clock,
        every: Duration,
    ) -> Self {
        let (quiet, heard_at, refused, unsure, stumbled) = Default::default();
        Self { handle, reader, office, rooms, clock, every, quiet, heard_at, refused, unsure, stumbled }
    }

    /// Runs until `stop` turns true. Without a chat that opens rooms there is nothing to hear.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        if self.rooms.chats.is_empty() {
            return;
        }
        let mut changes = self.handle.changes();
        while !*stop.borrow() {
            match self.turn().await {
                Err(Error::Stopped) => return,
                Err(error) => tracing::warn!(%error, "rooms could not be listened to; trying again"),
                Ok(()) => {}
            }
            let pause = self.every.min(Duration::from_secs(5));
            tokio::select! {
                _ = changes.changed() => tokio::time::sleep(pause.min(Duration::from_millis(250))).await,
                () = self.handle.stir().news.notified() => {}
                _ = stop.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Follows the record, then reads each room whose time has come.
    ///
    /// # Errors
    /// The store's. A chat that fails is no error: it is asked again.
    pub async fn turn(&mut self) -> Result<(), Error> {
        follow(&self.handle, &self.reader, &self.office, PLACE, change).await?;
        let (now, stirred) = ((self.clock)(), self.handle.stir().take());
        let office = Arc::clone(&self.office);
        let ears = blocking(move || office.documents(ROOM, "", ROOMS)).await?;
        let known: BTreeSet<&String> = ears.iter().map(|d| &d.id).collect();
        self.heard_at.retain(|id, _| known.contains(id));
        self.refused.retain(|id, _| known.contains(id));
        self.unsure.retain(|id, _| known.contains(id));
        let every = SignedDuration::try_from(self.every).unwrap_or(SignedDuration::MAX);
        let due = |at: Option<&Timestamp>| at.is_none_or(|at| now.duration_since(*at) >= every);
        let waits = |until: Option<&Timestamp>| until.is_some_and(|until| *until > now);
        let mut by_chat: BTreeMap<String, Vec<(Document, Ear, Look)>> = BTreeMap::new();
        for document in ears {
            let Ok(ear) = serde_json::from_value::<Ear>(document.body.clone()) else { continue };
            let resting = waits(self.quiet.get(&ear.chat)) || waits(self.refused.get(&document.id));
            let heard_at = self.heard_at.get(&document.id);
            if !resting && (stirred.contains(&ear.room) || due(heard_at)) {
                let away = heard_at.is_none_or(|at| now.duration_since(*at) >= AWAY);
                let left = self.unsure.remove(&document.id).unwrap_or_default();
                let look = if away { Look::All } else { Look::At(left) };
                by_chat.entry(ear.chat.clone()).or_default().push((document, ear, look));
            }
        }
        // One chat that hangs holds up no other.
        let mut tasks = JoinSet::new();
        for (chat, mut ears) in by_chat {
            if let Some(id) = self.stumbled.get(&chat) {
                ears.sort_by_key(|(document, ..)| document.id == *id);
            }
            let Some(rooms) = self.rooms.chats.get(&chat).cloned() else { continue };
            let silent = self.quiet.contains_key(&chat);
            // After a start nobody knows whether it could be read before.
            let failed: BTreeSet<String> = ears
                .iter()
                .map(|(document, ..)| &document.id)
                .filter(|id| silent || !self.heard_at.contains_key(*id) || self.refused.contains_key(*id))
                .cloned()
                .collect();
            let hearing = Hearing {
                handle: self.handle.clone(),
                reader: Arc::clone(&self.reader),
                rooms,
                accounts: self.rooms.accounts.clone(),
                policy: self.handle.policy().war_room.clone(),
                now,
                failed,
            };
            tasks.spawn(async move {
                let mut turn = Turn { chat, ..Turn::default() };
                for (document, ear, look) in ears {
                    let id = document.id.clone();
                    let left =
                        |ids: Vec<String>| Some(ids).filter(|l| !l.is_empty()).map(|l| (id.clone(), l));
                    // All are looked for again as long as the room was not heard.
                    let again = if let Look::At(ids) = &look { ids.clone() } else { Vec::new() };
                    if turn.silent.is_some() {
                        turn.unsure.extend(left(again));
                        continue;
                    }
                    let ids = match look {
                        // Before it is read: what comes in now is there.
                        Look::All => hearing.came_in(&ear).await,
                        Look::At(ids) => Some(ids),
                    };
                    // Where the store does not say what came in, the room is read again at once.
                    let Some(ids) = ids else { continue };
                    match hearing.read(&document, ear.clone()).await {
                        Ok(()) => {
                            turn.unsure.extend(left(hearing.look(&ear, ids).await));
                            turn.heard.push(id);
                        }
                        // Another room of the same chat may be read all the same, and if not, people hear of that too.
                        Err(Stop::Room) => {
                            turn.unsure.extend(left(again));
                            turn.refused.push(id);
                        }
                        Err(Stop::Chat(after)) => {
                            turn.unsure.extend(left(again));
                            turn.silent = Some((id, after));
                        }
                    }
                }
                turn
            });
        }
        while let Some(ended) = tasks.join_next().await {
            let Ok(turn) = ended else { continue };
            let later = |wait| now.checked_add(wait).unwrap_or(Timestamp::MAX);
            match turn.silent {
                Some((at, after)) => {
                    let wait = after.map_or(AFTER_FAILURE, |s| SignedDuration::from_secs(i64::from(s)));
                    self.stumbled.insert(turn.chat.clone(), at);
                    self.quiet.insert(turn.chat, later(wait));
                }
                None => drop(self.quiet.remove(&turn.chat)),
            }
            // What failed was not heard, and is due when its time has come.
            self.refused.retain(|id, _| !turn.heard.contains(id));
            self.refused.extend(turn.refused.into_iter().map(|id| (id, later(AFTER_REFUSAL))));
            self.heard_at.extend(turn.heard.into_iter().map(|id| (id, now)));
            self.unsure.extend(turn.unsure);
        }
        Ok(())
    }
}

/// What came of reading the rooms of one chat.
#[derive(Default)]
struct Turn {
    chat: String,
    /// Documents of rooms that were read.
    heard: Vec<String>,
    /// Of those that were refused.
    refused: Vec<String>,
    /// At which room the chat did not answer, or asked to wait so many seconds.
    silent: Option<(String, Option<u32>)>,
    /// Messages that are still to be looked for.
    unsure: BTreeMap<String, Vec<String>>,
}

/// Why reading ended.
enum Stop {
    /// The chat wants to be asked again, after so many seconds if it says so.
    Chat(Option<u32>),
    /// This room cannot be read.
    Room,
}

/// Which messages of a room are looked for.
enum Look {
    /// Firebell was away: all that are in the timeline, the latest first.
    All,
    /// What is left of these.
    At(Vec<String>),
}

/// What an event means for who is listened to.
fn change(record: &EventRecord) -> Option<Change> {
    let Event::Room(event) = &record.event else { return None };
    let id = |chat: &str| format!("{}:{chat}", record.incident);
    match event {
        RoomEvent::Opened { chat, id: room, .. } => {
            let ear = Ear {
                incident: record.incident.clone(),
                chat: chat.clone(),
                room: room.clone(),
                cursor: String::new(),
            };
            Some(Change::Put { kind: ROOM, id: id(chat), body: json!(ear), expect: Expect::Any })
        }
        RoomEvent::Lost { chat, .. }
        | RoomEvent::Left { chat, .. }
        | RoomEvent::ArchiveAsked { chat }
        | RoomEvent::Archived { chat } => Some(Change::Remove { kind: ROOM, id: id(chat) }),
        _ => None,
    }
}

/// The incident in whose room something was said, as long as the room is listened to.
///
/// # Errors
/// The store's.
pub fn incident_of(office: &dyn OfficeReader, chat: &str, room: &str) -> StoreResult<Option<IncidentId>> {
    let ears = office.documents(ROOM, "", ROOMS)?;
    let mut ears = ears.into_iter().filter_map(|d| serde_json::from_value::<Ear>(d.body).ok());
    Ok(ears.find(|ear| ear.chat == chat && ear.room == room).map(|ear| ear.incident))
}

/// Reading the rooms of one chat.
struct Hearing {
    handle: Handle,
    reader: Arc<dyn Reader>,
    rooms: Arc<dyn ChatRooms>,
    accounts: Option<Arc<dyn Accounts>>,
    policy: WarRoom,
    now: Timestamp,
    /// Documents of rooms that could not be read the last time, as far as this process knows.
    failed: BTreeSet<String>,
}

impl Hearing {
    /// Reads one room on.
    async fn read(&self, document: &Document, mut ear: Ear) -> Result<(), Stop> {
        // One that ended meanwhile is not put back.
        let mut version = document.version;
        for _ in 0..MOST_PAGES {
            let heard = match self.rooms.since(&ear.room, &ear.cursor).await {
                Ok(heard) => heard,
                Err(Trouble::Gone { reason }) => {
                    self.tell(
                        &ear,
                        Command::RecordRoomNews { news: RoomNews::Lost { id: ear.room.clone(), reason } },
                    )
                    .await
                    .map_err(|_| Stop::Chat(None))?;
                    let remove = Change::Remove { kind: ROOM, id: document.id.clone() };
                    let deed = Deed { act: None, changes: vec![remove] };
                    return self.handle.perform(deed).await.map_err(|_| Stop::Chat(None));
                }
                Err(Trouble::Retry { reason, after_s }) => {
                    tracing::warn!(chat = %ear.chat, incident.id = %ear.incident, %reason, "a room could not be read; trying again");
                    return Err(Stop::Chat(after_s));
                }
                Err(Trouble::Permanent { reason } | Trouble::Refused { reason }) => {
                    tracing::warn!(chat = %ear.chat, incident.id = %ear.incident, %reason, "a room cannot be read");
                    let news = RoomNews::Unheard { id: ear.room.clone(), reason };
                    self.tell(&ear, Command::RecordRoomNews { news }).await.map_err(|_| Stop::Chat(None))?;
                    return Err(Stop::Room);
                }
            };
            if self.failed.contains(&document.id) {
                let news = RoomNews::Heard { id: ear.room.clone() };
                self.tell(&ear, Command::RecordRoomNews { news }).await.map_err(|_| Stop::Chat(None))?;
            }
            if let Some(name) = heard.name.clone() {
                let news = RoomNews::Renamed { id: ear.room.clone(), name };
                self.tell(&ear, Command::RecordRoomNews { news }).await.map_err(|_| Stop::Chat(None))?;
            }
            for message in &heard.messages {
                if let Some(command) = entry(message, &self.policy) {
                    self.tell(&ear, command).await.map_err(|_| Stop::Chat(None))?;
                }
            }
            if heard.cursor != ear.cursor {
                // Only now: what was read and not recorded is read again.
                ear.cursor = heard.cursor.clone();
                let body = json!(ear);
                let expect = Expect::Version(version);
                version += 1;
                let put = Change::Put { kind: ROOM, id: document.id.clone(), body, expect };
                let deed = Deed { act: None, changes: vec![put] };
                self.handle.perform(deed).await.map_err(|_| Stop::Chat(None))?;
            }
            if !heard.more {
                break;
            }
        }
        Ok(())
    }

    /// Tells which of the messages that came in from a room are not there any more; what is left to be looked for.
    async fn look(&self, ear: &Ear, ids: Vec<String>) -> Vec<String> {
        let (now, later) = ids.split_at(ids.len().min(LOOKED_FOR_AT_ONCE));
        if now.is_empty() {
            return Vec::new();
        }
        let gone = match self.rooms.gone(&ear.room, now).await {
            Ok(gone) => gone,
            Err(trouble) => {
                tracing::warn!(chat = %ear.chat, incident.id = %ear.incident, reason = %trouble, "what was said could not be looked for; trying again");
                return ids;
            }
        };
        for id in gone {
            let command = Command::RecordUnsaid { chat: ear.chat.clone(), id, when: self.now };
            if self.tell(ear, command).await.is_err() {
                return ids;
            }
        }
        later.to_vec()
    }

    /// Ids of the latest messages that came in from a room and are not known to be gone. None where the store does not say.
    async fn came_in(&self, ear: &Ear) -> Option<Vec<String>> {
        let (reader, id) = (Arc::clone(&self.reader), ear.incident.clone());
        let records = blocking(move || reader.events(&id)).await.ok()?;
        let incident = fold(&records)?;
        let marks = incident.rooms.said.get(&ear.chat).into_iter().flatten();
        let mut there: Vec<(u64, &String)> =
            marks.filter(|(_, mark)| !mark.gone).map(|(id, mark)| (mark.version, id)).collect();
        there.sort_unstable_by(|a, b| b.cmp(a));
        Some(there.into_iter().take(LOOKED_FOR).map(|(_, id)| id.clone()).collect())
    }

    async fn tell(&self, ear: &Ear, command: Command) -> Result<(), Error> {
        let actor = match &command {
            Command::RecordSaid { said } => self
                .accounts
                .as_deref()
                .and_then(|a| a.person(&ear.chat, &said.account, &said.author))
                .map_or_else(|| Actor::Source { name: ear.chat.clone() }, Actor::person),
            _ => Actor::System,
        };
        match self.handle.command(&ear.incident, command, actor).await {
            // A message that is refused (too many) is not heard again and again.
            Ok(_) | Err(Error::Rejected(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// What a message means for the timeline; none where it is talk.
fn entry(message: &HeardMessage, policy: &WarRoom) -> Option<Command> {
    let said = &message.said;
    if message.deleted {
        return Some(Command::RecordUnsaid { chat: said.chat.clone(), id: said.id.clone(), when: said.when });
    }
    if let Some(text) = policy.marked(&said.text) {
        let mut said = said.clone();
        said.text = text.to_owned();
        return Some(Command::RecordSaid { said });
    }
    let marked = message.reactions.iter().any(|r| policy.marks(r));
    marked.then(|| Command::RecordSaid { said: said.clone() })
}
