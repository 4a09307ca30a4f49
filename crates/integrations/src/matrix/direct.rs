//! Rooms with one person, for what is meant for nobody else: <https://spec.matrix.org/latest/client-server-api/#direct-messaging>.
//! Which room it is stands in the account's `m.direct`, so it is the same after a restart. One whose making was not answered
//! is found by its alias.

use std::collections::BTreeMap;

use firebell_core::effect::Outcome;
use serde_json::{Value, json};

use super::Matrix;
use super::notifier::{Refusal, ask, encode, is_room};
use crate::http::Method;
use crate::notice::{digest, retry};
use crate::replies::at;

/// Aliases that are tried: somebody else may have taken one, and a room may be of no use any more.
const ALIASES: u32 = 5;
/// Rooms with one person that are looked at, the latest first.
const ROOMS: usize = 8;

/// `@ana:example.org`.
pub(super) fn is_user(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !"?#%\"<>".contains(c);
    let parts = text.strip_prefix('@').and_then(|rest| rest.split_once(':'));
    parts.is_some_and(|(name, server)| !name.is_empty() && !server.is_empty())
        && text.len() <= 255
        && text.chars().all(plain)
}

impl Matrix {
    /// The room with a person, made where there is none; `not` is one that turned out to be of no use.
    pub(super) async fn direct(&self, user: &str, not: Option<&str>) -> Result<String, Outcome> {
        let me = self.me().await?;
        if let Some(room) = self.direct_known(&me, user, not).await?.0 {
            return Ok(room);
        }
        // One at a time: two pages to one person are no two rooms, and what is remembered is written as a whole.
        let _turn = self.making.lock().await;
        let (room, mut all) = self.direct_known(&me, user, not).await?;
        if let Some(room) = room {
            return Ok(room);
        }
        let room = self.direct_made(&me, user, not).await?;
        let of_user = all.entry(user.to_owned()).or_default();
        of_user.retain(|other| *other != room);
        of_user.push(room.clone());
        let path = format!("user/{}/account_data/m.direct", encode(&me));
        self.ask(Method::PUT, &path, Some(json!(all))).await.map_err(|(_, outcome)| outcome)?;
        Ok(room)
    }

    /// The room that is remembered and can be used, and all that is remembered.
    async fn direct_known(
        &self,
        me: &str,
        user: &str,
        not: Option<&str>,
    ) -> Result<(Option<String>, BTreeMap<String, Vec<String>>), Outcome> {
        let path = format!("user/{}/account_data/m.direct", encode(me));
        let all: BTreeMap<String, Vec<String>> = match self.ask(Method::GET, &path, None).await {
            Ok(value) => serde_json::from_value(value).unwrap_or_default(),
            Err((word, _)) if word == "M_NOT_FOUND" => BTreeMap::new(),
            Err((_, outcome)) => return Err(outcome),
        };
        for room in all.get(user).into_iter().flatten().rev().take(ROOMS) {
            if not != Some(room.as_str()) && is_room(room) && self.reaches(room, user).await? {
                return Ok((Some(room.clone()), all));
            }
        }
        Ok((None, all))
    }

    /// Whether a person is in a room, or is invited to it now.
    async fn reaches(&self, room: &str, user: &str) -> Result<bool, Outcome> {
        let room = encode(room);
        let path = format!("rooms/{room}/state/m.room.member/{}", encode(user));
        let membership = match self.ask(Method::GET, &path, None).await {
            Ok(value) => at(&value, "/membership").to_owned(),
            Err((_, outcome @ Outcome::Retry { .. })) => return Err(outcome),
            Err(_) => return Ok(false),
        };
        match membership.as_str() {
            "join" | "invite" => Ok(true),
            // Whoever left by mistake is asked in again: it is a page.
            "leave" => {
                let invite = json!({ "user_id": user });
                match self.ask(Method::POST, &format!("rooms/{room}/invite"), Some(invite)).await {
                    Ok(_) => Ok(true),
                    Err((_, outcome @ Outcome::Retry { .. })) => Err(outcome),
                    Err(_) => Ok(false),
                }
            }
            _ => Ok(false),
        }
    }

    async fn direct_made(&self, me: &str, user: &str, not: Option<&str>) -> Result<String, Outcome> {
        let server = me.split_once(':').map_or("", |(_, server)| server);
        let of_both = &digest(&format!("{me} {user}"))[..24];
        for number in 1..=ALIASES {
            let name = match number {
                1 => format!("firebell-direct-{of_both}"),
                n => format!("firebell-direct-{of_both}-{n}"),
            };
            let body = json!({
                "is_direct": true,
                "preset": "trusted_private_chat",
                "visibility": "private",
                "invite": [user],
                "name": "Firebell",
                "room_alias_name": name,
                "initial_state": [
                    {"type": "m.room.guest_access", "state_key": "", "content": {"guest_access": "forbidden"}},
                ],
            });
            let room = match self.ask(Method::POST, "createRoom", Some(body)).await {
                Ok(value) => at(&value, "/room_id").to_owned(),
                Err((word, _)) if word == "M_ROOM_IN_USE" => {
                    match self.own(me, &format!("#{name}:{server}")).await? {
                        Some(room) if not != Some(room.as_str()) && self.reaches(&room, user).await? => room,
                        _ => continue,
                    }
                }
                Err((_, Outcome::Permanent { reason })) => {
                    let reason = format!("a room with {user} could not be made: {reason}");
                    return Err(Outcome::Permanent { reason });
                }
                Err((_, outcome)) => return Err(outcome),
            };
            return match is_room(&room) {
                true => Ok(room),
                false => Err(retry("Matrix: a room without an id, is url right?", None)),
            };
        }
        let reason = format!("Matrix: no room with {user} can be made: all names for it are taken");
        Err(Outcome::Permanent { reason })
    }

    /// The room behind an alias, if this account made it: anybody may take a name.
    async fn own(&self, me: &str, alias: &str) -> Result<Option<String>, Outcome> {
        let path = format!("directory/room/{}", encode(alias));
        let room = match self.ask(Method::GET, &path, None).await {
            Ok(value) => at(&value, "/room_id").to_owned(),
            Err((_, outcome @ Outcome::Retry { .. })) => return Err(outcome),
            Err(_) => return Ok(None),
        };
        match self.ask(Method::GET, &format!("rooms/{}/state", encode(&room)), None).await {
            Ok(state) => {
                let made = |e: &&Value| at(e, "/type") == "m.room.create" && at(e, "/sender") == me;
                let ours = state.as_array().into_iter().flatten().any(|e| made(&e));
                Ok(ours.then_some(room))
            }
            Err((_, outcome @ Outcome::Retry { .. })) => Err(outcome),
            Err(_) => Ok(None),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Refusal> {
        ask(&self.http, method, path, &[], body).await
    }
}
