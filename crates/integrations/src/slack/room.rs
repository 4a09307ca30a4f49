//! Rooms as Slack channels: `conversations.*`, `pins.add`, `chat.postMessage`. Scopes: `channels:manage`, `groups:write`,
//! `channels:history`, `groups:history`, `channels:read`, `groups:read`, `pins:write`, `users:read`, `users:read.email`,
//! `files:read`.

use std::collections::BTreeMap;
use std::sync::Mutex;

use firebell_core::effect::Outcome;
use firebell_core::incident::{Attachment, Said};
use firebell_core::ports::chat::{
    Answer, ChatRooms, Control, Guest, Heard, HeardMessage, Invited, Post, RoomRef, RoomWish, Trouble,
    numbered_name, plain_name,
};
use firebell_core::ports::{BoxFuture, Health};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::Config;
use super::controls::actions;
use super::notifier::read;
use super::place::Place;
use crate::http::{Http, Redirects};
use crate::notice::text::{Unit, all, angled, cut, fit, web};
use crate::notice::trouble;
use crate::replies::at;
use crate::settings::{ConfigError, Connection, adapter_name};

/// Longest name of a channel.
const NAME: usize = 80;
/// Longest topic and purpose, characters.
const TOPIC: usize = 250;
/// Texts of sections, characters, and how many a post has.
const SECTION: usize = 2900;
const SECTIONS: usize = 20;
/// Names that are tried, the plain one first.
const NAMES: u32 = 20;
/// Pages of a list or a history that are read in one go.
const PAGES: usize = 10;
/// What was said so long before the place is read again each time, for edits, reactions and replies, seconds. What is older
/// is read a page at a time, see [`Place`].
const OVERLAP_S: f64 = 21_600.0;
/// Threads that are read on in one go: the latest ones of the last hours.
const THREADS: usize = 20;
/// Threads of what is older that are read on in one go; the round goes on behind the last of them.
const OLD_THREADS: usize = 10;
/// Replies so long before the place are read again, for edits and reactions, seconds.
const RECENT_S: f64 = 1800.0;
/// Longest text that is taken from a message, characters; as events are read.
const TEXT: usize = 4000;
/// What rooms take. Private ones and files have scopes of their own.
const SCOPES: [&str; 12] = [
    "chat:write",
    "channels:manage",
    "channels:read",
    "channels:history",
    "groups:write",
    "groups:read",
    "groups:history",
    "pins:write",
    "reactions:read",
    "users:read",
    "users:read.email",
    "files:read",
];
/// Largest file that is fetched, bytes, whatever policy says.
const FILE: usize = 32 << 20;

/// A workspace whose app may open channels.
pub struct SlackRooms {
    name: String,
    http: Http,
    files: Http,
    /// Whether what is pressed comes back to us.
    answered: bool,
    me: Mutex<Option<Me>>,
    /// Accounts and the names they go by.
    names: Mutex<BTreeMap<String, String>>,
}

#[derive(Debug, Clone)]
struct Me {
    user: String,
    /// `https://team.slack.com/`.
    workspace: String,
}

/// Slack's word for what went wrong, and what it means.
type Refusal = (String, Trouble);

impl SlackRooms {
    /// None where it is a webhook, which opens nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        if config.token.is_none() {
            return Ok(None);
        }
        let name = adapter_name("slack", &config.name)?;
        let connection = config.connection();
        let http = Http::new(&name, &connection, Redirects::None)?;
        // Files are on another host than the API.
        let url = match config.url.as_str() {
            "https://slack.com/api" => "https://files.slack.com".to_owned(),
            other => other.trim_end_matches("/api").to_owned(),
        };
        let files = Connection { url, max_body: FILE, ..connection };
        Ok(Some(Self {
            files: Http::new(&name, &files, Redirects::SameOrigin)?,
            answered: config.signing_secret.is_some(),
            name,
            http,
            me: Mutex::default(),
            names: Mutex::default(),
        }))
    }

    async fn ask(&self, method: &str, form: &[(&str, &str)]) -> Result<Value, Refusal> {
        let get = matches!(
            method,
            "conversations.history"
                | "conversations.list"
                | "conversations.replies"
                | "conversations.info"
                | "users.info"
                | "users.lookupByEmail"
        );
        let answer =
            if get { self.http.get(method, form).await } else { self.http.post_form(method, form).await };
        match (read(&answer), answer) {
            ((Outcome::Done { .. }, _), Ok(reply)) => {
                Ok(serde_json::from_slice(&reply.body).unwrap_or(Value::Null))
            }
            ((outcome, word), _) => {
                let gone = matches!(word.as_str(), "channel_not_found" | "is_archived");
                let trouble = match trouble(outcome) {
                    Trouble::Permanent { reason } if gone => Trouble::Gone { reason },
                    other => other,
                };
                Err((word, trouble))
            }
        }
    }

    async fn me(&self) -> Answer<Me> {
        let known = self.me.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some(me) = known {
            return Ok(me);
        }
        let value = self.ask("auth.test", &[]).await.map_err(|(_, trouble)| trouble)?;
        let workspace = web(at(&value, "/url")).unwrap_or("https://app.slack.com/").to_owned();
        let me = Me { user: at(&value, "/user_id").to_owned(), workspace };
        *self.me.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(me.clone());
        Ok(me)
    }

    /// Whether the token works, and has what rooms take where Slack tells.
    async fn check(&self) -> Health {
        let answer = self.http.post_form("auth.test", &[]).await;
        let (ok, detail) = match (read(&answer).0, &answer) {
            (Outcome::Done { .. }, Ok(reply)) => {
                let given: Option<Vec<&str>> =
                    reply.scopes.as_ref().map(|s| s.split(',').map(str::trim).collect());
                let missing: Vec<&str> = match &given {
                    Some(given) => SCOPES.into_iter().filter(|s| !given.contains(s)).collect(),
                    None => Vec::new(),
                };
                match (missing.as_slice(), given) {
                    ([], Some(_)) => (true, "may open rooms".to_owned()),
                    ([], None) => (true, "answers; which scopes the token has is not told".to_owned()),
                    (missing, _) => {
                        let why = "add them to the app and install it again";
                        (false, format!("rooms need more scopes: {}; {why}", missing.join(", ")))
                    }
                }
            }
            (Outcome::Retry { reason, .. } | Outcome::Permanent { reason }, _) => (false, reason),
            (Outcome::Done { detail, .. }, Err(_)) => (true, detail),
        };
        Health { name: self.name.clone(), ok, detail }
    }

    async fn create(&self, wish: &RoomWish) -> Answer<RoomRef> {
        let me = self.me().await?;
        let plain = plain_name(&wish.name, NAME);
        let private = if wish.private { "true" } else { "false" };
        let mut there: Option<BTreeMap<String, Value>> = None;
        for number in 1..=NAMES {
            let name = numbered_name(&plain, number, NAME);
            let made = self.ask("conversations.create", &[("name", &name), ("is_private", private)]).await;
            let (channel, fresh) = match made {
                Ok(value) => (value.pointer("/channel").cloned().unwrap_or(Value::Null), true),
                Err((word, _)) if word == "name_taken" => {
                    let listed = match &there {
                        Some(listed) => listed,
                        None => there.insert(self.channels().await?),
                    };
                    match listed.get(&name).filter(|c| is_ours(c, &me, wish)) {
                        Some(channel) => (channel.clone(), at(channel, "/purpose/value").is_empty()),
                        None => continue,
                    }
                }
                Err((_, trouble)) => return Err(trouble),
            };
            let id = at(&channel, "/id").to_owned();
            if id.is_empty() {
                return Err(Trouble::retry("Slack: a channel without an id, is url right?"));
            }
            if fresh {
                let purpose = purpose(wish);
                let set =
                    self.ask("conversations.setPurpose", &[("channel", &id), ("purpose", &purpose)]).await;
                // It carries the key by which a repetition finds the channel; where it may not be set, the channel's maker
                // and age tell as much.
                if let Err((_, trouble @ Trouble::Retry { .. })) = set {
                    return Err(trouble);
                }
            }
            let name = Some(at(&channel, "/name")).filter(|n| !n.is_empty()).unwrap_or(&name).to_owned();
            return Ok(RoomRef { link: format!("{}archives/{id}", me.workspace), id, name });
        }
        let why =
            format!("Slack: {plain} and {NAMES} names like it are taken: change `name` under [war_room]");
        Err(Trouble::permanent(why))
    }

    /// Channels that we see, by name.
    async fn channels(&self) -> Answer<BTreeMap<String, Value>> {
        let mut all = BTreeMap::new();
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let mut query = vec![
                ("types", "public_channel,private_channel"),
                ("exclude_archived", "true"),
                ("limit", "1000"),
            ];
            if !cursor.is_empty() {
                query.push(("cursor", &cursor));
            }
            let value = self.ask("conversations.list", &query).await.map_err(|(_, trouble)| trouble)?;
            for channel in value.get("channels").and_then(Value::as_array).into_iter().flatten() {
                all.insert(at(channel, "/name").to_owned(), channel.clone());
            }
            cursor = at(&value, "/response_metadata/next_cursor").to_owned();
            if cursor.is_empty() {
                break;
            }
        }
        Ok(all)
    }

    async fn account(&self, guest: &Guest) -> Answer<Result<String, String>> {
        if let Some(account) = &guest.account {
            return Ok(Ok(account.clone()));
        }
        let Some(email) = &guest.email else {
            return Ok(Err("no Slack account and no e-mail is known".to_owned()));
        };
        match self.ask("users.lookupByEmail", &[("email", email)]).await {
            Ok(value) => Ok(Ok(at(&value, "/user/id").to_owned())),
            Err((_, trouble @ Trouble::Retry { .. })) => Err(trouble),
            Err((word, _)) if word == "users_not_found" => {
                Ok(Err("nobody in Slack has their e-mail".to_owned()))
            }
            Err((_, trouble)) => Ok(Err(trouble.to_string())),
        }
    }

    async fn bring(&self, room: &str, guests: &[Guest]) -> Answer<Invited> {
        let mut invited = Invited::default();
        for guest in guests {
            let account = match self.account(guest).await? {
                Ok(account) => account,
                Err(why) => {
                    invited.unknown.push((guest.name.clone(), why));
                    continue;
                }
            };
            match self.ask("conversations.invite", &[("channel", room), ("users", &account)]).await {
                Ok(_) => invited.present.push(guest.name.clone()),
                Err((word, _)) if word == "already_in_channel" => invited.present.push(guest.name.clone()),
                Err((_, trouble @ (Trouble::Retry { .. } | Trouble::Gone { .. }))) => return Err(trouble),
                // A token that is revoked is nobody's fault who was to come.
                Err((word, trouble)) if is_ours_to_mend(&word) => return Err(trouble),
                Err((word, _)) => invited.unknown.push((guest.name.clone(), format!("Slack says {word}"))),
            }
        }
        Ok(invited)
    }

    async fn say(&self, room: &str, post: &Post) -> Answer<String> {
        if post.again
            && let Some(ts) = self.posted(room, &post.key).await?
        {
            return Ok(ts);
        }
        let controls = if self.answered { post.controls.as_slice() } else { &[] };
        let (text, blocks) =
            (fit(angled(&post.text), SECTION, Unit::Chars), blocks(post, controls).to_string());
        let metadata =
            json!({"event_type": "firebell_message", "event_payload": {"key": post.key}}).to_string();
        let form = [
            ("channel", room),
            ("text", text.as_str()),
            ("blocks", blocks.as_str()),
            ("metadata", metadata.as_str()),
            ("unfurl_links", "false"),
            ("unfurl_media", "false"),
            ("link_names", "false"),
        ];
        let value = self.ask("chat.postMessage", &form).await.map_err(|(word, trouble)| match trouble {
            Trouble::Permanent { reason } if is_of_message(&word) => Trouble::Refused { reason },
            other => other,
        })?;
        Ok(at(&value, "/ts").to_owned())
    }

    /// The message that was posted under a key, if it arrived.
    async fn posted(&self, room: &str, key: &str) -> Answer<Option<String>> {
        let query = [("channel", room), ("limit", "100"), ("include_all_metadata", "true")];
        let value = match self.ask("conversations.history", &query).await {
            Ok(value) => value,
            Err((_, trouble @ (Trouble::Retry { .. } | Trouble::Gone { .. }))) => return Err(trouble),
            // Without the scope nobody can look.
            Err(_) => return Ok(None),
        };
        let mut messages = value.get("messages").and_then(Value::as_array).into_iter().flatten();
        let ours = messages.find(|m| at(m, "/metadata/event_payload/key") == key);
        Ok(ours.map(|m| at(m, "/ts").to_owned()))
    }

    async fn hear(&self, room: &str, cursor: &str) -> Answer<Heard> {
        let me = self.me().await?;
        let about = self.ask("conversations.info", &[("channel", room)]).await.map_err(|(_, t)| t)?;
        if about.pointer("/channel/is_archived").and_then(Value::as_bool) == Some(true) {
            return Err(Trouble::Gone { reason: "Slack: the channel was archived".to_owned() });
        }
        let mut upto = Place::read(cursor);
        let place = number(&upto.at);
        let oldest = format!("{:.6}", (place - OVERLAP_S).max(0.0));
        let (old, old_replies) = self.older(room, &about, &mut upto).await?;
        let mut newest_first = Vec::new();
        let mut next = String::new();
        for _ in 0..PAGES {
            let mut query = vec![("channel", room), ("oldest", oldest.as_str()), ("limit", "200")];
            if !next.is_empty() {
                query.push(("cursor", &next));
            }
            let value = self.ask("conversations.history", &query).await.map_err(|(_, t)| t)?;
            newest_first.extend(value.get("messages").and_then(Value::as_array).cloned().unwrap_or_default());
            next = at(&value, "/response_metadata/next_cursor").to_owned();
            if next.is_empty() {
                break;
            }
        }
        let mut heard = Heard {
            name: Some(at(&about, "/channel/name").to_owned()).filter(|n| !n.is_empty()),
            ..Heard::default()
        };
        if let Some(last) = newest_first.first() {
            at(last, "/ts").clone_into(&mut upto.at);
        }
        let replies = self.replies(room, &newest_first, place).await?;
        // They are the younger ones: a thread that goes on moves the place on too.
        for reply in replies.iter().chain(&old_replies) {
            if number(at(reply, "/ts")) > number(&upto.at) {
                at(reply, "/ts").clone_into(&mut upto.at);
            }
        }
        heard.cursor = upto.written();
        for message in old.iter().rev().chain(newest_first.iter().rev()).chain(&old_replies).chain(&replies) {
            let user = at(message, "/user");
            let talk = matches!(at(message, "/subtype"), "" | "file_share" | "thread_broadcast");
            if user.is_empty() || user == me.user || message.get("bot_id").is_some() || !talk {
                continue;
            }
            if let Some(said) = self.message(room, message, user).await? {
                heard.messages.push(said);
            }
        }
        Ok(heard)
    }

    /// Replies in threads that went on since the place, or a little before it.
    async fn replies(&self, room: &str, messages: &[Value], place: f64) -> Answer<Vec<Value>> {
        let mut threads: Vec<&Value> = messages
            .iter()
            .filter(|m| number(at(m, "/latest_reply")) > (place - RECENT_S).max(0.0))
            .collect();
        threads.sort_by(|a, b| at(b, "/latest_reply").cmp(at(a, "/latest_reply")));
        let mut all = Vec::new();
        for thread in threads.into_iter().take(THREADS) {
            all.extend(self.thread(room, at(thread, "/ts"), place - RECENT_S).await?);
        }
        Ok(all)
    }

    /// What was replied to a message since then.
    async fn thread(&self, room: &str, ts: &str, since: f64) -> Answer<Vec<Value>> {
        let oldest = format!("{:.6}", since.max(0.0));
        let query = [("channel", room), ("ts", ts), ("oldest", oldest.as_str()), ("limit", "200")];
        let value = match self.ask("conversations.replies", &query).await {
            Ok(value) => value,
            Err((word, _)) if word == "thread_not_found" => return Ok(Vec::new()),
            Err((_, trouble)) => return Err(trouble),
        };
        let replies = value.get("messages").and_then(Value::as_array).into_iter().flatten();
        // The first one is what is replied to; what was sent to the channel too is there already.
        let alone = |m: &&Value| at(m, "/ts") != ts && at(m, "/subtype") != "thread_broadcast";
        Ok(replies.filter(alone).cloned().collect())
    }

    /// A page of what is older than what is read each time, newest first, and what was replied there since the last round:
    /// one request, and one for each thread that went on.
    async fn older(&self, room: &str, about: &Value, read: &mut Place) -> Answer<(Vec<Value>, Vec<Value>)> {
        let before = number(&read.at) - OVERLAP_S;
        let created = about.pointer("/channel/created").and_then(Value::as_f64).unwrap_or(0.0);
        if before <= created {
            return Ok(Default::default());
        }
        let latest = if read.upto.is_empty() { format!("{before:.6}") } else { read.upto.clone() };
        let query = [("channel", room), ("latest", latest.as_str()), ("limit", "200")];
        let value = self.ask("conversations.history", &query).await.map_err(|(_, t)| t)?;
        let page = value.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
        let more = value.get("has_more").and_then(Value::as_bool) == Some(true);
        let since = number(&read.since);
        let (mut old, mut replies, mut threads) = (Vec::new(), Vec::new(), 0);
        let size = page.len();
        for message in page {
            let news = number(at(&message, "/latest_reply")) > since;
            if news && threads == OLD_THREADS {
                break;
            }
            if news {
                threads += 1;
                replies.extend(self.thread(room, at(&message, "/ts"), since).await?);
            }
            old.push(message);
        }
        let last = old.last().map(|m| at(m, "/ts")).filter(|_| more || old.len() < size);
        read.turn(last);
        Ok((old, replies))
    }

    /// Which of these messages are not there any more: each is asked for, for the history does not tell.
    async fn missing(&self, room: &str, ids: &[String]) -> Answer<Vec<String>> {
        let mut gone = Vec::new();
        for id in ids {
            let Some(ts) = id.strip_prefix(room).and_then(|rest| rest.strip_prefix(':')) else { continue };
            let query = [
                ("channel", room),
                ("ts", ts),
                ("oldest", ts),
                ("latest", ts),
                ("inclusive", "true"),
                ("limit", "2"),
            ];
            let there = match self.ask("conversations.replies", &query).await {
                // One that was replied to leaves something behind.
                Ok(value) => {
                    let messages = value.get("messages").and_then(Value::as_array).into_iter().flatten();
                    messages.into_iter().all(|m| at(m, "/ts") != ts || at(m, "/subtype") != "tombstone")
                }
                Err((word, _)) if matches!(word.as_str(), "thread_not_found" | "message_not_found") => false,
                Err((_, trouble)) => return Err(trouble),
            };
            if !there {
                gone.push(id.clone());
            }
        }
        Ok(gone)
    }

    async fn message(&self, room: &str, message: &Value, user: &str) -> Answer<Option<HeardMessage>> {
        let ts = at(message, "/ts");
        let Some(when) = moment(ts) else { return Ok(None) };
        let reactions = message.get("reactions").and_then(Value::as_array).into_iter().flatten();
        let files = message.get("files").and_then(Value::as_array).into_iter().flatten();
        let said = Said {
            chat: self.name.clone(),
            id: format!("{room}:{ts}"),
            author: self.author(user).await,
            account: user.to_owned(),
            text: cut(&unescape(at(message, "/text")), TEXT, Unit::Chars),
            attachments: files.map(file).collect(),
            when,
        };
        let reactions = reactions.map(|r| at(r, "/name").to_owned()).collect();
        Ok(Some(HeardMessage { said, reactions, deleted: false }))
    }

    /// What an account goes by; its id where nobody says.
    async fn author(&self, user: &str) -> String {
        let known = self.names.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(user).cloned();
        if let Some(name) = known {
            return name;
        }
        let Ok(value) = self.ask("users.info", &[("user", user)]).await else { return user.to_owned() };
        let shown = ["/user/profile/display_name", "/user/real_name", "/user/name"];
        let name = shown.iter().map(|p| at(&value, p)).find(|n| !n.is_empty()).unwrap_or(user).to_owned();
        let mut names = self.names.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        names.insert(user.to_owned(), name.clone());
        name
    }
}

/// Whether a channel was opened under this key: by its purpose, or, where it has none yet, by its maker and age.
fn is_ours(channel: &Value, me: &Me, wish: &RoomWish) -> bool {
    let purpose = at(channel, "/purpose/value");
    if !purpose.is_empty() {
        return purpose.ends_with(&mark(&wish.key));
    }
    let created = channel.get("created").and_then(Value::as_i64).unwrap_or(0);
    // Clocks differ by a little.
    at(channel, "/creator") == me.user && created >= wish.asked_at.as_second() - 60
}

fn mark(key: &str) -> String {
    format!("[{key}]")
}

fn purpose(wish: &RoomWish) -> String {
    let mark = mark(&wish.key);
    let room = TOPIC.saturating_sub(mark.chars().count() + 1);
    format!("{} {mark}", fit(angled(&wish.purpose), room, Unit::Chars))
}

fn is_ours_to_mend(word: &str) -> bool {
    matches!(
        word,
        "invalid_auth"
            | "token_revoked"
            | "token_expired"
            | "not_authed"
            | "account_inactive"
            | "missing_scope"
    )
}

/// Words of Slack about a message, and not about who sends it or where to.
fn is_of_message(word: &str) -> bool {
    let begins = ["invalid_blocks", "invalid_attachments", "invalid_metadata", "metadata_"];
    matches!(word, "msg_too_long" | "no_text" | "too_many_attachments" | "msg_blocks_too_long")
        || begins.iter().any(|b| word.starts_with(b))
}

/// The blocks of a post: its text, whole, links as buttons, and what can be done.
fn blocks(post: &Post, controls: &[Control]) -> Value {
    let mut blocks = Vec::new();
    let mut rest = post.text.as_str();
    while !rest.is_empty() && blocks.len() < SECTIONS {
        let (head, tail) = split(rest);
        let text = fit(angled(head), SECTION, Unit::Chars);
        let text = json!({"type": "mrkdwn", "text": text, "verbatim": true});
        blocks.push(json!({"type": "section", "text": text}));
        rest = tail;
    }
    let buttons: Vec<Value> = post
        .links
        .iter()
        .enumerate()
        .filter_map(|(n, (link, label))| {
            let url = web(link)?;
            let label = json!({"type": "plain_text", "text": cut(label, 70, Unit::Chars), "emoji": false});
            let id = format!("firebell_link_{n}");
            Some(json!({"type": "button", "action_id": id, "text": label, "url": url}))
        })
        .collect();
    if !buttons.is_empty() {
        blocks.push(json!({"type": "actions", "elements": buttons}));
    }
    blocks.extend(actions(controls));
    Value::Array(blocks)
}

/// A part that fits even where every character is escaped, at a line's end where there is one, and the rest.
fn split(text: &str) -> (&str, &str) {
    let fits = |t: &str| Unit::Chars.of(&all(angled(t))) <= SECTION;
    if fits(text) {
        return (text, "");
    }
    let mut end = text.char_indices().nth(SECTION / 5).map_or(text.len(), |(at, _)| at);
    for (at, _) in text.match_indices('\n').take_while(|(at, _)| *at < SECTION * 4) {
        if at > 0 && fits(&text[..at]) {
            end = end.max(at);
        }
    }
    (&text[..end], text[end..].trim_start_matches('\n'))
}

fn file(file: &Value) -> Attachment {
    let link = at(file, "/permalink");
    Attachment {
        name: cut(at(file, "/name"), 200, Unit::Chars),
        media_type: cut(at(file, "/mimetype"), 100, Unit::Chars),
        size: file.get("size").and_then(Value::as_u64).unwrap_or(0),
        link: web(link).unwrap_or_default().to_owned(),
        source: at(file, "/url_private_download").to_owned(),
        sha256: None,
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// A time of Slack; 0 where there is none.
fn number(ts: &str) -> f64 {
    ts.parse().unwrap_or(0.0)
}

/// `1503435956.000247`.
fn moment(ts: &str) -> Option<Timestamp> {
    let (seconds, micros) = ts.split_once('.').unwrap_or((ts, "0"));
    let micros: i32 = micros.parse().ok().filter(|m| (0..1_000_000).contains(m))?;
    Timestamp::new(seconds.parse().ok()?, micros * 1000).ok()
}

impl ChatRooms for SlackRooms {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.check())
    }

    fn open<'a>(&'a self, wish: &'a RoomWish) -> BoxFuture<'a, Answer<RoomRef>> {
        Box::pin(self.create(wish))
    }

    fn set_topic<'a>(&'a self, room: &'a str, topic: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(async move {
            let topic = fit(angled(topic), TOPIC, Unit::Chars);
            let form = [("channel", room), ("topic", topic.as_str())];
            self.ask("conversations.setTopic", &form).await.map(drop).map_err(|(_, trouble)| trouble)
        })
    }

    fn invite<'a>(&'a self, room: &'a str, guests: &'a [Guest]) -> BoxFuture<'a, Answer<Invited>> {
        Box::pin(self.bring(room, guests))
    }

    fn post<'a>(&'a self, room: &'a str, post: &'a Post) -> BoxFuture<'a, Answer<String>> {
        Box::pin(self.say(room, post))
    }

    fn pin<'a>(&'a self, room: &'a str, message: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(async move {
            match self.ask("pins.add", &[("channel", room), ("timestamp", message)]).await {
                Ok(_) => Ok(()),
                Err((word, _)) if word == "already_pinned" => Ok(()),
                Err((_, trouble)) => Err(trouble),
            }
        })
    }

    fn archive<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(async move {
            match self.ask("conversations.archive", &[("channel", room)]).await {
                Ok(_) => Ok(()),
                Err((word, _)) if word == "already_archived" => Ok(()),
                Err((_, trouble)) => Err(trouble),
            }
        })
    }

    fn since<'a>(&'a self, room: &'a str, cursor: &'a str) -> BoxFuture<'a, Answer<Heard>> {
        Box::pin(self.hear(room, cursor))
    }

    fn gone<'a>(&'a self, room: &'a str, ids: &'a [String]) -> BoxFuture<'a, Answer<Vec<String>>> {
        Box::pin(self.missing(room, ids))
    }

    fn fetch<'a>(&'a self, source: &'a str, max: u64) -> BoxFuture<'a, Answer<Option<Vec<u8>>>> {
        Box::pin(async move {
            // The token goes to Slack's own host only, whatever a message says.
            let base = format!("{}/", self.files.address());
            let Some(path) = source.strip_prefix(&base) else { return Ok(None) };
            match self.files.get(path, &[]).await {
                Ok(reply) if reply.ok() && reply.body.len() as u64 <= max => Ok(Some(reply.body)),
                Ok(reply) if reply.ok() => Ok(None),
                answer => Err(trouble(read(&answer).0)),
            }
        })
    }
}
