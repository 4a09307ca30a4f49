//! Rooms of a homeserver: <https://spec.matrix.org/latest/client-server-api/>. A room is found again by its alias and by a
//! state event of ours with the key, which is set as the room is made. Encrypted rooms would say nothing, so ours are not.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use firebell_core::effect::Outcome;
use firebell_core::incident::{Attachment, Said};
use firebell_core::ports::chat::{
    Answer, ChatRooms, Guest, Heard, HeardMessage, Invited, Post, RoomRef, RoomWish, Trouble, numbered_name,
    plain_name,
};
use firebell_core::ports::notifier::Notifier as _;
use firebell_core::ports::{BoxFuture, Health};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Matrix;
use super::config::Config;
use super::notifier::{self, ask, encode, is_room, refusal};
use crate::http::{Http, Method, Redirects};
use crate::notice::text::{Unit, all, cut, fit, marked_up, web};
use crate::notice::{digest, of_message, trouble};
use crate::replies::{at, written};
use crate::settings::{ConfigError, Connection, adapter_name};

/// Longest local part of an alias, characters.
const NAME: usize = 80;
const TOPIC: usize = 1000;
const PLAIN: usize = 12 << 10;
const HTML: usize = 24 << 10;
const SAID: usize = 4000;
const NAMES: u32 = 20;
/// Events of one page.
const PAGE: &str = "100";
/// Largest file that is fetched, bytes, whatever policy says.
const FILE: usize = 32 << 20;
/// The state event that holds the key.
const KEY: &str = "org.firebell.room";

/// An account that may make rooms.
pub struct MatrixRooms {
    name: String,
    http: Http,
    files: Http,
    notifier: Matrix,
    me: Mutex<Option<String>>,
}

/// The homeserver's word for what went wrong, and what it means.
type Refusal = (String, Trouble);

impl MatrixRooms {
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        let name = adapter_name("matrix", &config.name)?;
        let connection = config.connection();
        let files = Connection { max_body: FILE, ..connection.clone() };
        Ok(Some(Self {
            http: Http::new(&name, &connection, Redirects::None)?,
            files: Http::new(&name, &files, Redirects::SameOrigin)?,
            notifier: Matrix::new(config)?,
            me: Mutex::default(),
            name,
        }))
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Value, Refusal> {
        ask(&self.http, method, path, query, body).await.map_err(of_room)
    }

    async fn me(&self) -> Answer<String> {
        let known = self.me.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(me) = known {
            return Ok(me);
        }
        let value = self.ask(Method::GET, "account/whoami", &[], None).await.map_err(|(_, t)| t)?;
        let me = at(&value, "/user_id").to_owned();
        *self.me.lock().unwrap_or_else(PoisonError::into_inner) = Some(me.clone());
        Ok(me)
    }

    async fn create(&self, wish: &RoomWish) -> Answer<RoomRef> {
        let me = self.me().await?;
        let server = me.split_once(':').map_or("", |(_, server)| server);
        let plain = plain_name(&wish.name, NAME);
        for number in 1..=NAMES {
            let name = numbered_name(&plain, number, NAME);
            let alias = format!("#{name}:{server}");
            let mut body = json!({
                "name": name,
                "room_alias_name": name,
                "topic": cut(&wish.purpose, TOPIC, Unit::Chars),
                "visibility": "private",
                "preset": if wish.private { "private_chat" } else { "public_chat" },
                "initial_state": [
                    {"type": KEY, "state_key": "", "content": {"key": wish.key}},
                    {"type": "m.room.guest_access", "state_key": "", "content": {"guest_access": "forbidden"}},
                ],
            });
            if !wish.private {
                // Open to the company, which is this server; not to all servers that speak with it.
                body["creation_content"] = json!({"m.federate": false});
            }
            let id = match self.ask(Method::POST, "createRoom", &[], Some(body)).await {
                Ok(value) => at(&value, "/room_id").to_owned(),
                Err((word, _)) if word == "M_ROOM_IN_USE" => match self.found(&alias, &wish.key).await? {
                    Some(id) => id,
                    None => continue,
                },
                Err((_, trouble)) => return Err(trouble),
            };
            if !is_room(&id) {
                return Err(Trouble::retry("Matrix: a room without an id, is url right?"));
            }
            return Ok(RoomRef { link: format!("https://matrix.to/#/{}", encode(&alias)), id, name });
        }
        let why =
            format!("Matrix: {plain} and {NAMES} names like it are taken: change `name` under [war_room]");
        Err(Trouble::permanent(why))
    }

    /// The room behind an alias, if it was opened under this key.
    async fn found(&self, alias: &str, key: &str) -> Answer<Option<String>> {
        let path = format!("directory/room/{}", encode(alias));
        let id = match self.ask(Method::GET, &path, &[], None).await {
            Ok(value) => at(&value, "/room_id").to_owned(),
            Err((_, trouble @ Trouble::Retry { .. })) => return Err(trouble),
            Err(_) => return Ok(None),
        };
        match self.ask(Method::GET, &format!("rooms/{}/state/{KEY}/", encode(&id)), &[], None).await {
            Ok(value) => Ok((at(&value, "/key") == key).then_some(id)),
            Err((_, trouble @ Trouble::Retry { .. })) => Err(trouble),
            // Another's.
            Err(_) => Ok(None),
        }
    }

    async fn bring(&self, room: &str, guests: &[Guest]) -> Answer<Invited> {
        let mut invited = Invited::default();
        let path = encode(room);
        for guest in guests {
            let Some(user) = guest.account.as_deref().filter(|a| a.starts_with('@') && a.contains(':'))
            else {
                let why = "no Matrix account like @name:server is known".to_owned();
                invited.unknown.push((guest.name.clone(), why));
                continue;
            };
            let body = json!({ "user_id": user });
            match self.ask(Method::POST, &format!("rooms/{path}/invite"), &[], Some(body)).await {
                Ok(_) => invited.present.push(guest.name.clone()),
                Err((_, trouble @ Trouble::Retry { .. })) => return Err(trouble),
                Err((_, trouble)) => {
                    // Who is there already cannot be invited; whoever left can be asked whether they are.
                    let member = format!("rooms/{path}/state/m.room.member/{}", encode(user));
                    let there = self.ask(Method::GET, &member, &[], None).await;
                    let there = there.is_ok_and(|m| matches!(at(&m, "/membership"), "join" | "invite"));
                    if there {
                        invited.present.push(guest.name.clone());
                    } else {
                        invited.unknown.push((guest.name.clone(), trouble.to_string()));
                    }
                }
            }
        }
        Ok(invited)
    }

    async fn say(&self, room: &str, post: &Post) -> Answer<String> {
        let mut plain = cut(&post.text, PLAIN, Unit::Bytes);
        let mut html = fit(marked_up(&post.text), HTML, Unit::Bytes).replace('\n', "<br>");
        for (link, label) in post.links.iter().filter(|(link, _)| web(link).is_some()) {
            plain.push_str(&format!("\n{label}: {link}"));
            html.push_str(&format!("<br><a href=\"{}\">{}</a>", all(marked_up(link)), all(marked_up(label))));
        }
        if let Some(hint) = written(&post.controls, "!") {
            plain.push_str(&format!("\n{hint}"));
            html.push_str(&format!("<br>{}", all(marked_up(&hint))));
        }
        let body = json!({
            "msgtype": "m.notice",
            "body": plain,
            "format": "org.matrix.custom.html",
            "formatted_body": html,
            "m.mentions": {},
        });
        // The same transaction is the same event, however often it is sent.
        let path = format!("rooms/{}/send/m.room.message/{}", encode(room), digest(&post.key));
        let sent = self.ask(Method::PUT, &path, &[], Some(body)).await;
        Ok(at(&sent.map_err(|(_, t)| of_message(closed(t)))?, "/event_id").to_owned())
    }

    async fn pinned(&self, room: &str, message: &str) -> Answer<()> {
        let path = format!("rooms/{}/state/m.room.pinned_events/", encode(room));
        let mut pinned: Vec<String> = match self.ask(Method::GET, &path, &[], None).await {
            Ok(value) => {
                serde_json::from_value(value.get("pinned").cloned().unwrap_or_default()).unwrap_or_default()
            }
            Err((word, _)) if word == "M_NOT_FOUND" => Vec::new(),
            Err((_, trouble)) => return Err(trouble),
        };
        if pinned.iter().any(|id| id == message) {
            return Ok(());
        }
        pinned.push(message.to_owned());
        self.ask(Method::PUT, &path, &[], Some(json!({ "pinned": pinned })))
            .await
            .map(drop)
            .map_err(|(_, t)| t)
    }

    /// There is no archive: nobody may write any more, and the name is free for another room.
    async fn close(&self, room: &str) -> Answer<()> {
        let levels = format!("rooms/{}/state/m.room.power_levels/", encode(room));
        let mut value = self.ask(Method::GET, &levels, &[], None).await.map_err(|(_, t)| closed(t))?;
        if value.get("events_default").and_then(Value::as_i64) != Some(100) {
            value["events_default"] = json!(100);
            self.ask(Method::PUT, &levels, &[], Some(value)).await.map_err(|(_, t)| closed(t))?;
        }
        let path = format!("rooms/{}/state/m.room.canonical_alias/", encode(room));
        let alias = self.ask(Method::GET, &path, &[], None).await.unwrap_or(Value::Null);
        let alias = at(&alias, "/alias");
        if !alias.is_empty() {
            let path = format!("directory/room/{}", encode(alias));
            if let Err((_, trouble @ Trouble::Retry { .. })) =
                self.ask(Method::DELETE, &path, &[], None).await
            {
                return Err(trouble);
            }
        }
        Ok(())
    }

    async fn hear(&self, room: &str, cursor: &str) -> Answer<Heard> {
        let me = self.me().await?;
        let path = encode(room);
        let filter = json!({"lazy_load_members": true}).to_string();
        let mut query = vec![("dir", "f"), ("limit", PAGE), ("filter", filter.as_str())];
        if !cursor.is_empty() {
            query.push(("from", cursor));
        }
        let value = self
            .ask(Method::GET, &format!("rooms/{path}/messages"), &query, None)
            .await
            .map_err(|(_, t)| closed(t))?;
        let mut names = BTreeMap::new();
        for member in value.get("state").and_then(Value::as_array).into_iter().flatten() {
            if at(member, "/type") == "m.room.member" {
                names.insert(
                    at(member, "/state_key").to_owned(),
                    at(member, "/content/displayname").to_owned(),
                );
            }
        }
        let chunk = value.get("chunk").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut heard = Heard { cursor: cursor.to_owned(), ..Heard::default() };
        for event in &chunk {
            if at(event, "/type") == "m.room.name" {
                heard.name = Some(at(event, "/content/name").to_owned());
            }
            let sender = at(event, "/sender");
            if sender.is_empty() || sender == me {
                continue;
            }
            heard.messages.extend(self.event(&path, event, &names).await?);
        }
        let end = at(&value, "/end");
        if !end.is_empty() {
            heard.cursor = end.to_owned();
            heard.more = chunk.len() >= 100;
        }
        Ok(heard)
    }

    async fn event(
        &self,
        room: &str,
        event: &Value,
        names: &BTreeMap<String, String>,
    ) -> Answer<Option<HeardMessage>> {
        let relates = at(event, "/content/m.relates_to/event_id");
        Ok(match at(event, "/type") {
            "m.room.message" if at(event, "/content/msgtype") == "m.notice" => None,
            "m.room.message" if at(event, "/content/m.relates_to/rel_type") == "m.replace" => {
                let new = event.pointer("/content/m.new_content").cloned().unwrap_or(Value::Null);
                self.message(event, &new, relates, names)
            }
            "m.room.message" => {
                let content = event.get("content").cloned().unwrap_or(Value::Null);
                self.message(event, &content, at(event, "/event_id"), names)
            }
            "m.reaction" if !relates.is_empty() => {
                let path = format!("rooms/{room}/event/{}", encode(relates));
                match self.ask(Method::GET, &path, &[], None).await {
                    Ok(of) => {
                        let content = of.get("content").cloned().unwrap_or(Value::Null);
                        let mut message = self.message(&of, &content, relates, names);
                        if let Some(message) = &mut message {
                            message.reactions.push(at(event, "/content/m.relates_to/key").to_owned());
                        }
                        message
                    }
                    Err((_, trouble @ Trouble::Retry { .. })) => return Err(trouble),
                    Err(_) => None,
                }
            }
            "m.room.redaction" => {
                let id = [at(event, "/redacts"), at(event, "/content/redacts")]
                    .into_iter()
                    .find(|i| !i.is_empty());
                let empty = json!({"body": ""});
                id.and_then(|id| self.message(event, &empty, id, names))
                    .map(|message| HeardMessage { deleted: true, ..message })
            }
            _ => None,
        })
    }

    fn message(
        &self,
        event: &Value,
        content: &Value,
        id: &str,
        names: &BTreeMap<String, String>,
    ) -> Option<HeardMessage> {
        let sender = at(event, "/sender");
        let when = event.get("origin_server_ts").and_then(Value::as_i64)?;
        let named = names.get(sender).filter(|n| !n.is_empty()).map_or(sender, String::as_str);
        let mut attachments = Vec::new();
        let url = at(content, "/url");
        if url.starts_with("mxc://") {
            attachments.push(Attachment {
                name: cut(at(content, "/body"), 200, Unit::Chars),
                media_type: cut(at(content, "/info/mimetype"), 100, Unit::Chars),
                size: content.pointer("/info/size").and_then(Value::as_u64).unwrap_or(0),
                link: String::new(),
                source: url.to_owned(),
                sha256: None,
            });
        }
        let said = Said {
            chat: self.name.clone(),
            id: id.to_owned(),
            author: cut(named, 200, Unit::Chars),
            account: sender.to_owned(),
            text: cut(at(content, "/body").trim(), SAID, Unit::Chars),
            attachments,
            when: Timestamp::from_millisecond(when).ok()?,
        };
        Some(HeardMessage { said, reactions: Vec::new(), deleted: false })
    }
}

fn of_room((word, outcome): notifier::Refusal) -> Refusal {
    let trouble = match outcome {
        Outcome::Done { detail, .. } => Trouble::Permanent { reason: detail },
        other => trouble(other),
    };
    let trouble = match trouble {
        Trouble::Permanent { reason } if word == "M_NOT_FOUND" => Trouble::Gone { reason },
        other => other,
    };
    (word, trouble)
}

/// In a room of our own, to be forbidden is to have been put out.
fn closed(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Permanent { reason } if reason.contains("M_FORBIDDEN") => Trouble::Gone { reason },
        other => other,
    }
}

impl ChatRooms for MatrixRooms {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        self.notifier.health()
    }

    fn open<'a>(&'a self, wish: &'a RoomWish) -> BoxFuture<'a, Answer<RoomRef>> {
        Box::pin(self.create(wish))
    }

    fn set_topic<'a>(&'a self, room: &'a str, topic: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(async move {
            let path = format!("rooms/{}/state/m.room.topic/", encode(room));
            let body = json!({ "topic": cut(topic, TOPIC, Unit::Chars) });
            self.ask(Method::PUT, &path, &[], Some(body)).await.map(drop).map_err(|(_, t)| closed(t))
        })
    }

    fn invite<'a>(&'a self, room: &'a str, guests: &'a [Guest]) -> BoxFuture<'a, Answer<Invited>> {
        Box::pin(self.bring(room, guests))
    }

    fn post<'a>(&'a self, room: &'a str, post: &'a Post) -> BoxFuture<'a, Answer<String>> {
        Box::pin(self.say(room, post))
    }

    fn pin<'a>(&'a self, room: &'a str, message: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(self.pinned(room, message))
    }

    fn archive<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(self.close(room))
    }

    fn since<'a>(&'a self, room: &'a str, cursor: &'a str) -> BoxFuture<'a, Answer<Heard>> {
        Box::pin(self.hear(room, cursor))
    }

    fn fetch<'a>(&'a self, source: &'a str, max: u64) -> BoxFuture<'a, Answer<Option<Vec<u8>>>> {
        Box::pin(async move {
            let Some((server, media)) = source.strip_prefix("mxc://").and_then(|s| s.split_once('/')) else {
                return Ok(None);
            };
            let path = format!("_matrix/client/v1/media/download/{}/{}", encode(server), encode(media));
            match self.files.get(&path, &[]).await {
                Ok(reply) if reply.ok() && reply.body.len() as u64 <= max => Ok(Some(reply.body)),
                Ok(reply) if reply.ok() => Ok(None),
                answer => Err(of_room(refusal(&answer)).1),
            }
        })
    }
}
