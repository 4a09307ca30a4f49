//! Rooms as channels of one team, by Microsoft Graph. Permissions of the app: `Channel.Create`, `ChannelSettings.ReadWrite.All`,
//! `ChannelMember.ReadWrite.All`, `User.Read.All`; to hear, `ChannelMessage.Read.All`, which Microsoft gives on request.
//!
//! Graph lets no app write into a channel in its own name. What is to be said goes through the workflow's webhook, into the
//! channel of that workflow, with the room's name before it.

use firebell_core::effect::Outcome;
use firebell_core::incident::{Attachment, Said};
use firebell_core::ports::chat::{
    Answer, ChatRooms, Guest, Heard, HeardMessage, Invited, OPEN, Post, RoomRef, RoomWish, Trouble,
    numbered_name, plain_name,
};
use firebell_core::ports::notifier::{Message, Notifier as _, Urgency};
use firebell_core::ports::{BoxFuture, Health};
use serde_json::{Value, json};

use super::MsTeams;
use super::config::Config;
use super::graph::Graph;
use crate::http::Method;
use crate::notice::text::{Unit, cut, web};
use crate::notice::{of_message, trouble};
use crate::replies::{at, written};
use crate::settings::{ConfigError, adapter_name};

/// Longest name of a channel, and its description.
const NAME: usize = 50;
const DESCRIPTION: usize = 1024;
const NAMES: u32 = 20;
const SAID: usize = 4000;
/// Pages of 50 conversations that are read in one go.
const PAGES: usize = 10;
/// What the description holds between the topic and the key.
const GAP: &str = " ";

/// A team in which channels are opened.
pub struct MsTeamsRooms {
    name: String,
    graph: Graph,
    team: String,
    /// Who owns private channels.
    owner: Option<String>,
    /// Files below this address are fetched. Anybody can write the address of any file into a message, and the app may read
    /// all of them: what does not lie with the team is not for its incidents.
    files: Option<reqwest::Url>,
    notifier: MsTeams,
}

impl MsTeamsRooms {
    /// None where `rooms` is not configured.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        let name = adapter_name("msteams", &config.name)?;
        let Some(rooms) = &config.rooms else { return Ok(None) };
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "@._-".contains(c));
        if rooms.team.is_empty() || !plain(&rooms.team) {
            return Err(ConfigError::new(&name, "rooms.team", "must be the id of a team"));
        }
        if rooms.owner.as_ref().is_some_and(|owner| !plain(owner)) {
            return Err(ConfigError::new(
                &name,
                "rooms.owner",
                "must be the object id of a user, or their sign-in name",
            ));
        }
        let files = match &rooms.files {
            Some(address) => Some(site(address).ok_or_else(|| {
                let why = "must be the address of the team's site: https://example.sharepoint.com/sites/ops";
                ConfigError::new(&name, "rooms.files", why)
            })?),
            None => None,
        };
        Ok(Some(Self {
            files,
            graph: Graph::new(&name, &rooms.graph)?,
            team: rooms.team.clone(),
            owner: rooms.owner.clone(),
            notifier: MsTeams::new(config)?,
            name,
        }))
    }

    fn channel(&self, id: &str) -> String {
        format!("teams/{}/channels/{id}", self.team)
    }

    fn member(user: &str, role: &[&str]) -> Value {
        json!({
            "@odata.type": "#microsoft.graph.aadUserConversationMember",
            "user@odata.bind": format!("https://graph.microsoft.com/v1.0/users('{user}')"),
            "roles": role,
        })
    }

    async fn create(&self, wish: &RoomWish) -> Answer<RoomRef> {
        let plain = plain_name(&wish.name, NAME);
        let mark = format!("[{}]", wish.key);
        let room = DESCRIPTION.saturating_sub(mark.chars().count() + GAP.len());
        let description = format!("{}{GAP}{mark}", cut(&wish.purpose, room, Unit::Chars));
        for number in 1..=NAMES {
            let name = numbered_name(&plain, number, NAME);
            let mut body = json!({
                "displayName": name,
                "description": description,
                "membershipType": if wish.private { "private" } else { "standard" },
            });
            if wish.private {
                let Some(owner) = &self.owner else {
                    let why = "Microsoft Teams: a private channel needs an owner: set `rooms.owner`";
                    return Err(Trouble::permanent(why));
                };
                body["members"] = json!([Self::member(owner, &["owner"])]);
            }
            let made =
                self.graph.ask(Method::POST, &format!("teams/{}/channels", self.team), &[], Some(body)).await;
            let channel = match made {
                Ok(channel) => channel,
                Err(Trouble::Permanent { reason }) if is_taken(&reason) => match self.named(&name).await? {
                    Some(found) if at(&found, "/description").ends_with(&mark) => found,
                    _ => continue,
                },
                // The team itself.
                Err(Trouble::Gone { reason }) => {
                    return Err(Trouble::Permanent { reason: format!("{reason}: correct `rooms.team`") });
                }
                Err(trouble) => return Err(trouble),
            };
            let id = at(&channel, "/id").to_owned();
            if id.is_empty() {
                return Err(Trouble::retry("Microsoft Teams: a channel without an id, is graph.url right?"));
            }
            let link = web(at(&channel, "/webUrl")).unwrap_or_default().to_owned();
            return Ok(RoomRef { id, name, link });
        }
        let why = format!(
            "Microsoft Teams: {plain} and {NAMES} names like it are taken: change `name` under [war_room]"
        );
        Err(Trouble::permanent(why))
    }

    async fn named(&self, name: &str) -> Answer<Option<Value>> {
        let filter = format!("displayName eq '{name}'");
        let path = format!("teams/{}/channels", self.team);
        let list = self.graph.ask(Method::GET, &path, &[("$filter", &filter)], None).await?;
        Ok(list.pointer("/value/0").cloned())
    }

    async fn bring(&self, room: &str, guests: &[Guest]) -> Answer<Invited> {
        let channel = self.graph.ask(Method::GET, &self.channel(room), &[], None).await?;
        let mut invited = Invited::default();
        // Everybody in the team sees a standard channel, and nobody else can be brought into it.
        let private = at(&channel, "/membershipType") == "private";
        for guest in guests {
            let Some(user) = guest.account.as_ref().or(guest.email.as_ref()).filter(|u| !u.contains('\''))
            else {
                invited.unknown.push((guest.name.clone(), "no account and no e-mail is known".to_owned()));
                continue;
            };
            if !private {
                invited.present.push(guest.name.clone());
                continue;
            }
            let path = format!("{}/members", self.channel(room));
            match self.graph.ask(Method::POST, &path, &[], Some(Self::member(user, &[]))).await {
                Ok(_) => invited.present.push(guest.name.clone()),
                Err(trouble @ Trouble::Retry { .. }) => return Err(trouble),
                Err(trouble) if trouble.to_string().to_lowercase().contains("already") => {
                    invited.present.push(guest.name.clone());
                }
                Err(trouble) => invited.unknown.push((guest.name.clone(), trouble.to_string())),
            }
        }
        Ok(invited)
    }

    async fn say(&self, room: &str, post: &Post) -> Answer<String> {
        // Whether it is still there: what is said elsewhere about a room that is gone helps nobody.
        let channel = self.graph.ask(Method::GET, &self.channel(room), &[], None).await?;
        // A private room's words must not go into the workflow's channel, which others read.
        if at(&channel, "/membershipType") == "private" {
            let why = "Microsoft Teams: no app may write into a private channel; read the incident's page";
            return Err(Trouble::permanent(why));
        }
        let (page, others): (Vec<_>, Vec<_>) = post.links.iter().partition(|(_, label)| label == OPEN);
        let hint = written(&post.controls, "@Firebell ").filter(|_| self.notifier.answered);
        let others = others.into_iter().map(|(link, label)| format!("{label}: {link}"));
        let parts: Vec<String> = [post.text.clone()].into_iter().chain(others).chain(hint).collect();
        let message = Message {
            key: post.key.clone(),
            subject: at(&channel, "/displayName").to_owned(),
            body: parts.join("\n\n"),
            controls: post.controls.clone(),
            link: page.first().map(|(link, _)| link.clone()).unwrap_or_default(),
            urgency: Urgency::Normal,
            ..Message::default()
        };
        match self.notifier.send(&message).await {
            Outcome::Done { .. } => Ok(String::new()),
            other => Err(of_message(trouble(other))),
        }
    }

    async fn topic(&self, room: &str, topic: &str) -> Answer<()> {
        let channel = self.graph.ask(Method::GET, &self.channel(room), &[], None).await?;
        let mark =
            at(&channel, "/description").rsplit_once('[').map_or(String::new(), |(_, m)| format!("[{m}"));
        let left = DESCRIPTION.saturating_sub(mark.chars().count() + GAP.len());
        let body = json!({ "description": format!("{}{GAP}{mark}", cut(topic, left, Unit::Chars)) });
        self.graph.ask(Method::PATCH, &self.channel(room), &[], Some(body)).await.map(drop)
    }

    /// Conversations in which something changed since then, deletions too, with their replies: page by page, newest first
    /// by the last change in each.
    async fn changed(&self, room: &str, cursor: &str) -> Answer<Vec<Value>> {
        let path = format!("{}/messages", self.channel(room));
        let mut query =
            vec![("$top".to_owned(), "50".to_owned()), ("$expand".to_owned(), "replies".to_owned())];
        let mut all = Vec::new();
        for _ in 0..PAGES {
            let pairs: Vec<(&str, &str)> = query.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let list = self.graph.ask(Method::GET, &path, &pairs, None).await?;
            let page = list.get("value").and_then(Value::as_array).cloned().unwrap_or_default();
            let changed = |m: &Value| at(m, "/lastModifiedDateTime").to_owned();
            let replies = |m: &Value| m.get("replies").and_then(Value::as_array).cloned().unwrap_or_default();
            let newest = |m: &Value| replies(m).iter().chain([m]).map(changed).max().unwrap_or_default();
            let known = page.last().is_none_or(|m| newest(m).as_str() <= cursor);
            all.extend(page);
            // The place of the next page is a part of its address; the path is ours.
            let next = reqwest::Url::parse(at(&list, "/@odata.nextLink"));
            match next {
                Ok(next) if !known => query = next.query_pairs().into_owned().collect(),
                _ => break,
            }
        }
        Ok(all)
    }

    /// The address of a file that may be fetched.
    fn ours(&self, address: &str) -> Option<reqwest::Url> {
        let (site, file) = (self.files.as_ref()?, reqwest::Url::parse(address).ok()?);
        let below = file.path().strip_prefix(site.path()).is_some_and(|rest| rest.starts_with('/'));
        (file.origin() == site.origin() && below).then_some(file)
    }

    async fn hear(&self, room: &str, cursor: &str) -> Answer<Heard> {
        let channel = self.graph.ask(Method::GET, &self.channel(room), &[], None).await?;
        if channel.get("isArchived").and_then(Value::as_bool) == Some(true) {
            return Err(Trouble::Gone { reason: "Microsoft Teams: the channel was archived".to_owned() });
        }
        let list = self.changed(room, cursor).await?;
        let mut heard = Heard {
            cursor: cursor.to_owned(),
            name: Some(at(&channel, "/displayName").to_owned()).filter(|n| !n.is_empty()),
            ..Heard::default()
        };
        let first: Vec<&Value> = list.iter().collect();
        let replies = first.iter().filter_map(|m| m.get("replies").and_then(Value::as_array)).flatten();
        let mut messages: Vec<&Value> = first.iter().copied().chain(replies).collect();
        messages.retain(|m| at(m, "/lastModifiedDateTime") > cursor);
        messages.sort_by_key(|m| at(m, "/createdDateTime").to_owned());
        for message in messages {
            heard.cursor = heard.cursor.max(at(message, "/lastModifiedDateTime").to_owned());
            let account = at(message, "/from/user/id");
            let Ok(when) = at(message, "/createdDateTime").parse() else { continue };
            let deleted = !at(message, "/deletedDateTime").is_empty();
            // What was deleted may have lost who said it.
            if (account.is_empty() && !deleted) || at(message, "/messageType") != "message" {
                continue;
            }
            let files = message.get("attachments").and_then(Value::as_array).into_iter().flatten();
            let files = files.filter(|f| at(f, "/contentType") == "reference").map(|f| Attachment {
                name: cut(at(f, "/name"), 200, Unit::Chars),
                link: web(at(f, "/contentUrl")).unwrap_or_default().to_owned(),
                source: self.ours(at(f, "/contentUrl")).map(String::from).unwrap_or_default(),
                ..Attachment::default()
            });
            let reactions = message.get("reactions").and_then(Value::as_array).into_iter().flatten();
            let said = Said {
                chat: self.name.clone(),
                id: format!("{room}:{}", at(message, "/id")),
                author: cut(at(message, "/from/user/displayName"), 200, Unit::Chars),
                account: account.to_owned(),
                text: cut(&plain_text(at(message, "/body/content")), SAID, Unit::Chars),
                attachments: files.collect(),
                when,
            };
            heard.messages.push(HeardMessage {
                said,
                reactions: reactions.map(|r| at(r, "/reactionType").to_owned()).collect(),
                deleted,
            });
        }
        Ok(heard)
    }
}

/// The address of a site without a slash at its end; plain HTTP on this machine only.
fn site(address: &str) -> Option<reqwest::Url> {
    let site = reqwest::Url::parse(address.trim_end_matches('/')).ok()?;
    let safe = site.scheme() == "https" || crate::http::is_loopback(&site);
    (safe && site.path().len() > 1 && site.query().is_none()).then_some(site)
}

/// Graph says it in more than one way.
fn is_taken(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    reason.contains("namealreadyexists")
        || reason.contains("name already exist")
        || reason.contains("already existed")
}

/// The text of a message's HTML.
fn plain_text(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((text, tail)) = rest.split_once('<') {
        out.push_str(text);
        let Some((tag, after)) = tail.split_once('>') else { break };
        if tag.starts_with("br") || tag == "/p" || tag == "/div" {
            out.push('\n');
        }
        rest = after;
    }
    out.push_str(rest);
    let entities =
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.iter().fold(out, |text, (from, to)| text.replace(from, to)).trim().to_owned()
}

impl ChatRooms for MsTeamsRooms {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.graph.health(&self.name))
    }

    fn open<'a>(&'a self, wish: &'a RoomWish) -> BoxFuture<'a, Answer<RoomRef>> {
        Box::pin(self.create(wish))
    }

    fn set_topic<'a>(&'a self, room: &'a str, topic: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(self.topic(room, topic))
    }

    fn invite<'a>(&'a self, room: &'a str, guests: &'a [Guest]) -> BoxFuture<'a, Answer<Invited>> {
        Box::pin(self.bring(room, guests))
    }

    fn post<'a>(&'a self, room: &'a str, post: &'a Post) -> BoxFuture<'a, Answer<String>> {
        Box::pin(self.say(room, post))
    }

    fn pin<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(async { Err(Trouble::permanent("Microsoft Teams lets no app pin a message of a channel")) })
    }

    fn archive<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(async move {
            let channel = self.graph.ask(Method::GET, &self.channel(room), &[], None).await?;
            if channel.get("isArchived").and_then(Value::as_bool) == Some(true) {
                return Ok(());
            }
            let path = format!("{}/archive", self.channel(room));
            self.graph.ask(Method::POST, &path, &[], Some(json!({}))).await.map(drop)
        })
    }

    fn since<'a>(&'a self, room: &'a str, cursor: &'a str) -> BoxFuture<'a, Answer<Heard>> {
        Box::pin(self.hear(room, cursor))
    }

    fn fetch<'a>(&'a self, source: &'a str, max: u64) -> BoxFuture<'a, Answer<Option<Vec<u8>>>> {
        Box::pin(async move {
            match self.ours(source) {
                Some(file) => self.graph.file(file.as_str(), max).await,
                None => Ok(None),
            }
        })
    }
}
