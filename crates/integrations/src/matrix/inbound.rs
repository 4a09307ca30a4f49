//! What was said in rooms, from a homeserver's answer to `GET /sync`. It was asked for over a connection of ours, so nothing
//! needs a signature. Pure. Encrypted rooms say nothing.

use serde_json::Value;

use crate::notice::text::{Unit, cut};
use crate::replies::{Answer, Reference, ReplyError, Said, at, command, spoken};

/// Most answers of one look.
const MOST: usize = 1000;

/// What has come since the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// Where the next look begins.
    pub next: String,
    /// In the order of their rooms and times.
    pub answers: Vec<Answer>,
    /// Rooms that the account was invited to: a person's deed, which another one should look at.
    pub invited: Vec<String>,
    /// Rooms that it is not in any more: what is sent there will not arrive.
    pub left: Vec<String>,
    /// Rooms of which more was said than was told: the rest has to be read there.
    pub gaps: Vec<String>,
}

/// Reads an answer. `me` is the account itself, `@firebell:example.com`: what it says is not told.
///
/// # Errors
/// When it is no such answer.
pub fn parse_sync(body: &[u8], me: &str) -> Result<Synced, ReplyError> {
    let value: Value = serde_json::from_slice(body).map_err(|e| ReplyError::json(&e))?;
    let next = crate::replies::need(&value, "/next_batch", "next_batch")?;
    let rooms = |pointer: &str| {
        let of = value.pointer(pointer).and_then(Value::as_object);
        of.map(|rooms| rooms.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
    };
    let mut out = Synced {
        next,
        answers: Vec::new(),
        invited: rooms("/rooms/invite"),
        left: rooms("/rooms/leave"),
        gaps: Vec::new(),
    };
    let joined = value.pointer("/rooms/join").and_then(Value::as_object);
    for (room, of) in joined.into_iter().flatten() {
        let limited = of.pointer("/timeline/limited").and_then(Value::as_bool).unwrap_or(false);
        let events = of.pointer("/timeline/events").and_then(Value::as_array);
        let mut cut_off = limited;
        for event in events.into_iter().flatten() {
            if out.answers.len() >= MOST {
                cut_off = true;
                break;
            }
            out.answers.extend(answer(event, room, me));
        }
        if cut_off {
            out.gaps.push(room.clone());
        }
    }
    Ok(out)
}

fn answer(event: &Value, room: &str, me: &str) -> Option<Answer> {
    let (sender, id) = (at(event, "/sender"), at(event, "/event_id"));
    if sender.is_empty() || sender == me || id.is_empty() {
        return None;
    }
    let (what, reference) = match at(event, "/type") {
        "m.reaction" => {
            let to = at(event, "/content/m.relates_to/event_id");
            let name = cut(at(event, "/content/m.relates_to/key"), 40, Unit::Chars);
            if to.is_empty() || name.is_empty() {
                return None;
            }
            (Said::Reaction { name, removed: false }, Reference::Sent(to.to_owned()))
        }
        "m.room.message" => {
            // An edit is another event that replaces the first; what was said stays said.
            if at(event, "/content/m.relates_to/rel_type") == "m.replace"
                || at(event, "/content/msgtype") == "m.notice"
            {
                return None;
            }
            let text = at(event, "/content/body").trim();
            if text.is_empty() {
                return None;
            }
            match text.strip_prefix('!') {
                Some(said) => command(said.strip_prefix("incident ").unwrap_or(said)),
                None => match spoken(text) {
                    Some((what, code @ Reference::Code(_))) => (what, code),
                    _ => (Said::Message(cut(text, 4000, Unit::Chars)), Reference::None),
                },
            }
        }
        _ => return None,
    };
    let mut answer = Answer::new(sender, what, id.to_owned());
    answer.reference = reference;
    answer.name = sender.to_owned();
    answer.place = room.to_owned();
    Some(answer)
}
