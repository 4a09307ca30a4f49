//! The delivery log of a webhook.

use firebell_core::ports::office::Delivery;
use firebell_core::ports::store::OutboxState;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::ui::words;

#[derive(Debug, Serialize)]
pub(super) struct Line {
    id: String,
    about: String,
    incident: String,
    /// In a word, and the class of its tag.
    state: &'static str,
    tone: &'static str,
    attempts: u32,
    answer: String,
    at: Timestamp,
    day: String,
    /// When it is tried next.
    next: Option<String>,
    over: bool,
}

pub(super) fn line(d: Delivery, now: Timestamp) -> Line {
    let (state, tone) = match (d.state, d.attempts) {
        (OutboxState::Done, _) => ("delivered", "ok"),
        (OutboxState::Dead, _) => ("given up", "bad"),
        (_, 0) => ("waits", ""),
        _ => ("failed, will be repeated", "warn"),
    };
    let over = matches!(d.state, OutboxState::Done | OutboxState::Dead);
    let left = words::between(now, d.next_at);
    Line {
        next: (!over && left > 0).then(|| format!("again in {}", words::span(left))),
        incident: d
            .payload
            .pointer("/data/incident/id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        answer: d.answer.unwrap_or_default(),
        day: words::day(d.created_at),
        at: d.created_at,
        id: d.id,
        about: d.about,
        attempts: d.attempts,
        state,
        tone,
        over,
    }
}
