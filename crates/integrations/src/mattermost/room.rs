//! Rooms as Mattermost channels: <https://developers.mattermost.com/api-documentation/>. The bot needs the permissions to
//! make, change and archive channels in its team, and to add people to them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use firebell_core::incident::{Attachment, Said};
use firebell_core::ports::chat::{
    Answer, ChatRooms, Guest, Heard, HeardMessage, Invited, Post, RoomRef, RoomWish, Trouble, numbered_name,
    plain_name,
};
use firebell_core::ports::{BoxFuture, Health};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::Config;
use super::direct::is_user;
use super::notifier::{HINTS, is_id, target};
use super::{Mattermost, controls};
use crate::answers::error_text;
use crate::http::{Http, Method, Redirects};
use crate::notice::text::{Unit, all, cut, fit, markdown, web};
use crate::notice::{digest, of_message, trouble};
use crate::replies::{at, written};
use crate::settings::{ConfigError, Connection, adapter_name};

/// Longest name and shown name of a channel.
const NAME: usize = 64;
const PURPOSE: usize = 250;
const HEADER: usize = 1024;
/// A text; servers take 16,383 characters.
const TEXT: usize = 12_000;
/// Longest text that is taken from a message, characters.
const SAID: usize = 4000;
const NAMES: u32 = 20;
/// Largest file that is fetched, bytes, whatever policy says.
const FILE: usize = 32 << 20;

/// A server whose bot may make channels in one team.
pub struct MattermostRooms {
    name: String,
    http: Http,
    files: Http,
    team: String,
    notifier: Mattermost,
    /// The bot's id, and the team's name in addresses.
    me: Mutex<Option<(String, String)>>,
    names: Mutex<BTreeMap<String, String>>,
}

impl MattermostRooms {
    /// None without a token, or without a team.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        let name = adapter_name("mattermost", &config.name)?;
        let Some(team) = &config.team else { return Ok(None) };
        if config.token.is_none() {
            return Err(ConfigError::new(&name, "team", "rooms need url and token; a webhook opens none"));
        }
        if !is_id(team) {
            return Err(ConfigError::new(&name, "team", "must be the team's id: 26 letters and digits"));
        }
        let connection = Connection { max_body: 4 << 20, ..config.connection() };
        let files = Connection { max_body: FILE, ..connection.clone() };
        Ok(Some(Self {
            http: Http::new(&name, &connection, Redirects::None)?,
            files: Http::new(&name, &files, Redirects::None)?,
            team: team.clone(),
            notifier: Mattermost::new(config)?,
            me: Mutex::default(),
            names: Mutex::default(),
            name,
        }))
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer<Value> {
        let body = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        let headers = [("content-type", "application/json")];
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query: Vec<(&str, &str)> = query.split('&').filter_map(|p| p.split_once('=')).collect();
        let path = format!("api/v4/{path}");
        match self.http.call(method, &path, &query, &headers, body).await {
            Ok(reply) if reply.ok() => Ok(serde_json::from_slice(&reply.body).unwrap_or(Value::Null)),
            Ok(reply) => {
                let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                let said = format!("{} {}", error_text(&reply), at(&value, "/id"));
                let gone = reply.status == 404 || at(&value, "/id").contains("deleted");
                match trouble(HINTS.status(&reply, said.trim(), None)) {
                    Trouble::Permanent { reason } if gone => Err(Trouble::Gone { reason }),
                    trouble => Err(trouble),
                }
            }
            Err(error) => Err(trouble(HINTS.unanswered(&error))),
        }
    }

    async fn me(&self) -> Answer<(String, String)> {
        let known = self.me.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(me) = known {
            return Ok(me);
        }
        let user = self.ask(Method::GET, "users/me", None).await?;
        // A team that is not there is a wrong setting, not a lost room.
        let team =
            self.ask(Method::GET, &format!("teams/{}", self.team), None).await.map_err(|t| match t {
                Trouble::Gone { reason } => {
                    Trouble::Permanent { reason: format!("{reason}: correct `team`") }
                }
                other => other,
            })?;
        let me = (at(&user, "/id").to_owned(), at(&team, "/name").to_owned());
        *self.me.lock().unwrap_or_else(PoisonError::into_inner) = Some(me.clone());
        Ok(me)
    }

    async fn create(&self, wish: &RoomWish) -> Answer<RoomRef> {
        let (_, team) = self.me().await?;
        let plain = plain_name(&wish.name, NAME);
        let mark = format!("[{}]", wish.key);
        let room = PURPOSE.saturating_sub(mark.chars().count() + 1);
        let purpose = format!("{} {mark}", cut(&wish.purpose, room, Unit::Chars));
        for number in 1..=NAMES {
            let name = numbered_name(&plain, number, NAME);
            let body = json!({
                "team_id": self.team,
                "name": name,
                "display_name": name,
                "purpose": purpose,
                "type": if wish.private { "P" } else { "O" },
            });
            let channel = match self.ask(Method::POST, "channels", Some(body)).await {
                Ok(channel) => channel,
                Err(Trouble::Permanent { reason }) if reason.contains("exists.app_error") => {
                    let path = format!("teams/{}/channels/name/{name}?include_deleted=true", self.team);
                    match self.ask(Method::GET, &path, None).await {
                        Ok(found) if at(&found, "/purpose").ends_with(&mark) && !is_deleted(&found) => found,
                        // Taken by another, or by one that we may not see.
                        Ok(_) | Err(Trouble::Gone { .. } | Trouble::Permanent { .. }) => continue,
                        Err(trouble) => return Err(trouble),
                    }
                }
                Err(trouble) => return Err(trouble),
            };
            let id = at(&channel, "/id").to_owned();
            if !is_id(&id) {
                return Err(Trouble::retry("Mattermost: a channel without an id, is url right?"));
            }
            let link = format!("{}/{team}/channels/{name}", self.http.address());
            return Ok(RoomRef { id, name, link });
        }
        let why = format!(
            "Mattermost: {plain} and {NAMES} names like it are taken: change `name` under [war_room]"
        );
        Err(Trouble::permanent(why))
    }

    async fn bring(&self, room: &str, guests: &[Guest]) -> Answer<Invited> {
        let mut invited = Invited::default();
        for guest in guests {
            let user = match (&guest.account, &guest.email) {
                (Some(account), _) if is_id(account) => account.clone(),
                (Some(_), _) | (_, Some(_)) => {
                    let path = match (&guest.account, &guest.email) {
                        (Some(name), _) if is_user(name) => {
                            format!("users/username/{}", name.trim_start_matches('@'))
                        }
                        (_, email) => format!("users/email/{}", email.as_deref().unwrap_or_default()),
                    };
                    match self.ask(Method::GET, &path, None).await {
                        Ok(user) => at(&user, "/id").to_owned(),
                        Err(Trouble::Gone { .. }) => {
                            let why = "nobody in Mattermost has their name or e-mail".to_owned();
                            invited.unknown.push((guest.name.clone(), why));
                            continue;
                        }
                        Err(trouble) => return Err(trouble),
                    }
                }
                _ => {
                    let why = "no Mattermost account and no e-mail is known".to_owned();
                    invited.unknown.push((guest.name.clone(), why));
                    continue;
                }
            };
            let body = json!({ "user_id": user });
            match self.ask(Method::POST, &format!("channels/{room}/members"), Some(body)).await {
                Ok(_) => invited.present.push(guest.name.clone()),
                Err(trouble @ Trouble::Retry { .. }) => return Err(trouble),
                // Somebody of another team, or a channel that is gone: the next look at the channel tells which.
                Err(trouble) => invited.unknown.push((guest.name.clone(), trouble.to_string())),
            }
        }
        Ok(invited)
    }

    async fn say(&self, room: &str, post: &Post) -> Answer<String> {
        let key = digest(&post.key);
        if post.again {
            let found = self.ask(Method::GET, &format!("channels/{room}/posts?per_page=100"), None).await?;
            let mut posts = found.get("posts").and_then(Value::as_object).into_iter().flatten();
            if let Some((id, _)) = posts.find(|(_, p)| at(p, "/props/firebell_key") == key) {
                return Ok(id.clone());
            }
        }
        let mut message = fit(markdown(&post.text), TEXT, Unit::Chars);
        let links: Vec<String> = post
            .links
            .iter()
            .filter(|(link, _)| web(link).is_some())
            .map(|(link, label)| format!("[{}]({})", fit(markdown(label), 100, Unit::Chars), target(link)))
            .collect();
        if !links.is_empty() {
            message.push_str(&format!("\n\n{}", links.join(" \u{b7} ")));
        }
        let mut body = json!({
            "channel_id": room,
            "message": message,
            // Nobody is mentioned by what outside text says.
            "props": {"firebell_key": key, "disable_group_highlight": true, "mentionHighlightDisabled": true},
            "pending_post_id": key,
        });
        match &self.notifier.callback {
            Some((url, settings)) if !post.controls.is_empty() => {
                let actions = controls::actions(&post.controls, url, settings);
                body["props"]["attachments"] = json!([{"fallback": "What can be done", "actions": actions}]);
            }
            _ => {
                let hint = written(&post.controls, "/incident ").unwrap_or_default();
                if !hint.is_empty() {
                    body["message"] = json!(format!("{message}\n\n{}", all(markdown(&hint))));
                }
            }
        }
        let posted = self.ask(Method::POST, "posts", Some(body)).await.map_err(of_message)?;
        Ok(at(&posted, "/id").to_owned())
    }

    async fn hear(&self, room: &str, cursor: &str) -> Answer<Heard> {
        let (me, _) = self.me().await?;
        let channel = self.ask(Method::GET, &format!("channels/{room}"), None).await?;
        if is_deleted(&channel) {
            return Err(Trouble::Gone { reason: "Mattermost: the channel was archived".to_owned() });
        }
        let since: i64 = cursor.parse().unwrap_or(1);
        // Whatever was written, edited, reacted to or deleted since.
        let found = self.ask(Method::GET, &format!("channels/{room}/posts?since={since}"), None).await?;
        let mut posts: Vec<&Value> =
            found.get("posts").and_then(Value::as_object).into_iter().flatten().map(|(_, p)| p).collect();
        let number = |post: &Value, field: &str| post.get(field).and_then(Value::as_i64).unwrap_or(0);
        posts.sort_by_key(|p| number(p, "create_at"));
        let mut heard = Heard {
            cursor: cursor.to_owned(),
            name: Some(at(&channel, "/display_name").to_owned()).filter(|n| !n.is_empty()),
            ..Heard::default()
        };
        let mut last = since;
        for post in posts {
            last = last.max(number(post, "update_at")).max(number(post, "delete_at"));
            let user = at(post, "/user_id");
            // Edits keep the first text as a post of its own, which says what it belongs to.
            let old = !at(post, "/original_id").is_empty();
            if user == me || user.is_empty() || old || !at(post, "/type").is_empty() {
                continue;
            }
            let Ok(when) = Timestamp::from_millisecond(number(post, "create_at")) else { continue };
            let files = post.pointer("/metadata/files").and_then(Value::as_array).into_iter().flatten();
            let reactions =
                post.pointer("/metadata/reactions").and_then(Value::as_array).into_iter().flatten();
            let said = Said {
                chat: self.name.clone(),
                id: at(post, "/id").to_owned(),
                author: self.author(user).await,
                account: user.to_owned(),
                text: cut(at(post, "/message"), SAID, Unit::Chars),
                attachments: files.map(|f| self.file(f)).collect(),
                when,
            };
            let reactions = reactions.map(|r| at(r, "/emoji_name").to_owned()).collect();
            heard.messages.push(HeardMessage { said, reactions, deleted: number(post, "delete_at") > 0 });
        }
        if last > since {
            heard.cursor = last.to_string();
        }
        Ok(heard)
    }

    fn file(&self, file: &Value) -> Attachment {
        let id = at(file, "/id");
        Attachment {
            name: cut(at(file, "/name"), 200, Unit::Chars),
            media_type: cut(at(file, "/mime_type"), 100, Unit::Chars),
            size: file.get("size").and_then(Value::as_u64).unwrap_or(0),
            link: if is_id(id) {
                format!("{}/api/v4/files/{id}", self.http.address())
            } else {
                String::new()
            },
            source: id.to_owned(),
            sha256: None,
        }
    }

    async fn author(&self, user: &str) -> String {
        let known = self.names.lock().unwrap_or_else(PoisonError::into_inner).get(user).cloned();
        if let Some(name) = known {
            return name;
        }
        let Ok(found) = self.ask(Method::GET, &format!("users/{user}"), None).await else {
            return user.to_owned();
        };
        let name = Some(at(&found, "/username")).filter(|n| !n.is_empty()).unwrap_or(user).to_owned();
        self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(user.to_owned(), name.clone());
        name
    }
}

fn is_deleted(channel: &Value) -> bool {
    channel.get("delete_at").and_then(Value::as_i64).unwrap_or(0) > 0
}

impl ChatRooms for MattermostRooms {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async move {
            // What is remembered says nothing of a token that was revoked since.
            *self.me.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let (ok, detail) = match self.me().await {
                Ok((_, team)) => {
                    (true, format!("opens channels in the team {}", crate::http::excerpt(&team)))
                }
                Err(trouble) => (false, trouble.to_string()),
            };
            Health { name: self.name.clone(), ok, detail }
        })
    }

    fn open<'a>(&'a self, wish: &'a RoomWish) -> BoxFuture<'a, Answer<RoomRef>> {
        Box::pin(self.create(wish))
    }

    fn set_topic<'a>(&'a self, room: &'a str, topic: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(async move {
            let body = json!({ "header": fit(markdown(topic), HEADER, Unit::Chars) });
            self.ask(Method::PUT, &format!("channels/{room}/patch"), Some(body)).await.map(drop)
        })
    }

    fn invite<'a>(&'a self, room: &'a str, guests: &'a [Guest]) -> BoxFuture<'a, Answer<Invited>> {
        Box::pin(self.bring(room, guests))
    }

    fn post<'a>(&'a self, room: &'a str, post: &'a Post) -> BoxFuture<'a, Answer<String>> {
        Box::pin(self.say(room, post))
    }

    fn pin<'a>(&'a self, _: &'a str, message: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(async move { self.ask(Method::POST, &format!("posts/{message}/pin"), None).await.map(drop) })
    }

    fn archive<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(async move { self.ask(Method::DELETE, &format!("channels/{room}"), None).await.map(drop) })
    }

    fn since<'a>(&'a self, room: &'a str, cursor: &'a str) -> BoxFuture<'a, Answer<Heard>> {
        Box::pin(self.hear(room, cursor))
    }

    fn fetch<'a>(&'a self, source: &'a str, max: u64) -> BoxFuture<'a, Answer<Option<Vec<u8>>>> {
        Box::pin(async move {
            if !is_id(source) {
                return Ok(None);
            }
            match self.files.get(&format!("api/v4/files/{source}"), &[]).await {
                Ok(reply) if reply.ok() && reply.body.len() as u64 <= max => Ok(Some(reply.body)),
                Ok(reply) if reply.ok() => Ok(None),
                Ok(reply) => Err(trouble(HINTS.status(&reply, &error_text(&reply), None))),
                Err(error) => Err(trouble(HINTS.unanswered(&error))),
            }
        })
    }
}
