//! A chat that opens rooms: it keeps what reached it, and fails as it is told. It knows keys only as real chats do: a room
//! is found by the key in its purpose, a post by the key that it carries, and only if it is looked for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firebell_core::incident::Said;
use firebell_core::ports::chat::{
    Answer, ChatRooms, Guest, Heard, HeardMessage, Invited, Post, RoomRef, RoomWish, Trouble, numbered_name,
    plain_name,
};
use firebell_core::ports::{BoxFuture, Health};

/// How the next call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done.
    Error500,
    /// Nothing is done; it asks to wait so long, seconds.
    Limited(u32),
    /// It is done, and the answer is lost.
    LostAnswer,
    /// The token is not known any more.
    Revoked,
    /// This message is never taken.
    Refused,
}

/// A room as people see it.
#[derive(Debug, Clone, Default)]
pub struct FakeRoom {
    /// Key that it was opened under.
    pub key: String,
    /// Name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Only who is invited sees it.
    pub private: bool,
    /// Topics, oldest first.
    pub topics: Vec<String>,
    /// Who is there.
    pub people: BTreeSet<String>,
    /// What we said: key and text.
    pub posts: Vec<(String, String)>,
    /// Positions of pinned posts.
    pub pinned: BTreeSet<String>,
    /// Archived.
    pub archived: bool,
    /// What people said.
    pub said: Vec<HeardMessage>,
    /// Ids of what they deleted; its history tells nothing of that.
    pub deleted: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct State {
    rooms: BTreeMap<String, FakeRoom>,
    faults: VecDeque<Fault>,
    down: bool,
    calls: usize,
    files: BTreeMap<String, Vec<u8>>,
}

/// The chat; clones share it.
#[derive(Debug, Clone)]
pub struct FakeChat {
    name: String,
    state: Arc<Mutex<State>>,
}

impl FakeChat {
    /// A chat of this name.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), state: Arc::default() }
    }

    /// The next calls go wrong like this, one each.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().faults.extend(faults);
    }

    /// Whether nothing answers.
    pub fn set_down(&self, down: bool) {
        self.lock().down = down;
    }

    /// Calls so far.
    pub fn calls(&self) -> usize {
        self.lock().calls
    }

    /// All rooms by id.
    pub fn rooms(&self) -> BTreeMap<String, FakeRoom> {
        self.lock().rooms.clone()
    }

    /// Somebody does something to a room there.
    pub fn change(&self, id: &str, change: impl FnOnce(&mut FakeRoom)) {
        if let Some(room) = self.lock().rooms.get_mut(id) {
            change(room);
        }
    }

    /// Somebody deletes a room.
    pub fn delete(&self, id: &str) {
        self.lock().rooms.remove(id);
    }

    /// A file that messages may carry.
    pub fn put_file(&self, source: &str, bytes: &[u8]) {
        self.lock().files.insert(source.to_owned(), bytes.to_vec());
    }

    /// Somebody says something.
    pub fn say(&self, room: &str, said: Said, reactions: &[&str]) {
        let reactions = reactions.iter().map(|r| (*r).to_owned()).collect();
        self.change(room, |room| room.said.push(HeardMessage { said, reactions, deleted: false }));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call<T>(&self, work: impl FnOnce(&mut State) -> Answer<T>) -> BoxFuture<'_, Answer<T>>
    where
        T: Send + 'static,
    {
        let mut state = self.lock();
        state.calls += 1;
        let answer = match (state.down, state.faults.pop_front()) {
            (true, fault) => {
                // A fault is for a call that arrives.
                if let Some(fault) = fault {
                    state.faults.push_front(fault);
                }
                Err(Trouble::retry("connection refused"))
            }
            (false, None) => work(&mut state),
            (false, Some(Fault::Error500)) => Err(Trouble::retry("500")),
            (false, Some(Fault::Limited(s))) => {
                Err(Trouble::Retry { reason: "429".to_owned(), after_s: Some(s) })
            }
            (false, Some(Fault::LostAnswer)) => {
                let _ = work(&mut state);
                Err(Trouble::retry("timed out"))
            }
            (false, Some(Fault::Refused)) => Err(Trouble::Refused { reason: "msg_too_long".to_owned() }),
            (false, Some(Fault::Revoked)) => Err(Trouble::permanent("token_revoked: make a new one")),
        };
        Box::pin(std::future::ready(answer))
    }
}

fn room<'a>(state: &'a mut State, id: &str) -> Answer<&'a mut FakeRoom> {
    match state.rooms.get_mut(id) {
        Some(room) if !room.archived => Ok(room),
        Some(_) => Err(Trouble::Gone { reason: "is_archived".to_owned() }),
        None => Err(Trouble::Gone { reason: "channel_not_found".to_owned() }),
    }
}

impl ChatRooms for FakeChat {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        let health = Health { name: self.name.clone(), ok: true, detail: String::new() };
        Box::pin(std::future::ready(health))
    }

    fn open<'a>(&'a self, wish: &'a RoomWish) -> BoxFuture<'a, Answer<RoomRef>> {
        self.call(|state| {
            let found = state
                .rooms
                .iter()
                .find(|(_, r)| r.key == wish.key)
                .map(|(id, r)| (id.clone(), r.name.clone()));
            let (id, name) = found.unwrap_or_else(|| {
                let plain = plain_name(&wish.name, 80);
                let taken = |name: &String| state.rooms.values().any(|r| r.name == *name);
                let name =
                    (1..).map(|n| numbered_name(&plain, n, 80)).find(|n| !taken(n)).unwrap_or_default();
                let id = format!("C{}", state.rooms.len() + 1);
                let room = FakeRoom {
                    key: wish.key.clone(),
                    name: name.clone(),
                    purpose: wish.purpose.clone(),
                    private: wish.private,
                    ..FakeRoom::default()
                };
                state.rooms.insert(id.clone(), room);
                (id, name)
            });
            Ok(RoomRef { link: format!("https://chat.example/{id}"), id, name })
        })
    }

    fn set_topic<'a>(&'a self, id: &'a str, topic: &'a str) -> BoxFuture<'a, Answer<()>> {
        self.call(|state| {
            room(state, id)?.topics.push(topic.to_owned());
            Ok(())
        })
    }

    fn invite<'a>(&'a self, id: &'a str, guests: &'a [Guest]) -> BoxFuture<'a, Answer<Invited>> {
        self.call(|state| {
            let room = room(state, id)?;
            let names: Vec<String> = guests.iter().map(|g| g.name.clone()).collect();
            room.people.extend(names.iter().cloned());
            Ok(Invited { present: names, unknown: Vec::new() })
        })
    }

    fn post<'a>(&'a self, id: &'a str, post: &'a Post) -> BoxFuture<'a, Answer<String>> {
        self.call(|state| {
            let room = room(state, id)?;
            let found = room.posts.iter().position(|(key, _)| *key == post.key).filter(|_| post.again);
            let at = found.unwrap_or_else(|| {
                room.posts.push((post.key.clone(), post.text.clone()));
                room.posts.len() - 1
            });
            Ok(at.to_string())
        })
    }

    fn pin<'a>(&'a self, id: &'a str, message: &'a str) -> BoxFuture<'a, Answer<()>> {
        self.call(|state| {
            room(state, id)?.pinned.insert(message.to_owned());
            Ok(())
        })
    }

    fn archive<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Answer<()>> {
        self.call(|state| {
            room(state, id)?.archived = true;
            Ok(())
        })
    }

    fn since<'a>(&'a self, id: &'a str, cursor: &'a str) -> BoxFuture<'a, Answer<Heard>> {
        self.call(|state| {
            let room = room(state, id)?;
            let from: usize = cursor.parse().unwrap_or(0);
            let messages: Vec<HeardMessage> = room.said.iter().skip(from).take(2).cloned().collect();
            let place = from + messages.len();
            Ok(Heard {
                more: place < room.said.len(),
                messages,
                cursor: place.to_string(),
                name: Some(room.name.clone()),
            })
        })
    }

    fn gone<'a>(&'a self, id: &'a str, ids: &'a [String]) -> BoxFuture<'a, Answer<Vec<String>>> {
        self.call(|state| {
            let deleted = &room(state, id)?.deleted;
            Ok(ids.iter().filter(|id| deleted.contains(*id)).cloned().collect())
        })
    }

    fn fetch<'a>(&'a self, source: &'a str, max: u64) -> BoxFuture<'a, Answer<Option<Vec<u8>>>> {
        self.call(|state| Ok(state.files.get(source).filter(|b| b.len() as u64 <= max).cloned()))
    }
}
