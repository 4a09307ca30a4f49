//! Saying something after the request is over: to the address that came with it, or where it was said. What is said here
//! is in the record as well; so it is tried a few times and then left.

use std::time::Duration;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Urgency};
use jiff::SignedDuration;

use super::take::Taken;
use crate::state::App;

/// One try.
const LIMIT: Duration = Duration::from_secs(5);
/// Pauses between tries.
const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(5)];
/// Addresses for later answers are good for half an hour.
const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// Says it.
pub(super) async fn later(app: &App, taken: &Taken, words: &str) {
    let young = app.now().duration_since(taken.at) < LIFE;
    for pause in PAUSES {
        tokio::time::sleep(pause).await;
        let said = match &taken.answer.later {
            Some(url) if young => post(app, taken, url, words).await,
            _ => write(app, taken, words).await,
        };
        match said {
            Ok(()) => return,
            Err(why) => {
                tracing::warn!(why, channel = taken.channel, "what came of an answer could not be said")
            }
        }
    }
}

/// By the address that came with it, which the parser has checked.
async fn post(app: &App, taken: &Taken, url: &str, words: &str) -> Result<(), String> {
    let Some(receiver) = app.state.channels.receiver(&taken.channel) else { return Ok(()) };
    let body = receiver.say(&taken.answer, words);
    let headers = [("content-type", body.content_type)];
    match app.wire.post(url, body.body.into_bytes(), &headers, LIMIT).await {
        Ok(reply) if reply.ok() => Ok(()),
        // The address itself is a secret.
        Ok(reply) => Err(format!("status {}", reply.status)),
        Err(error) => Err(error.to_string()),
    }
}

/// Where it was said, or to the number that sent it.
async fn write(app: &App, taken: &Taken, words: &str) -> Result<(), String> {
    let answer = &taken.answer;
    let to = match answer.place.as_str() {
        "" if answer.id.starts_with("sms:") => answer.account.clone(),
        place => place.to_owned(),
    };
    let notifiers = &app.state.systems.notifiers;
    let Some(notifier) = notifiers.iter().find(|n| n.name() == taken.channel).filter(|_| !to.is_empty())
    else {
        return Ok(());
    };
    let message = Message {
        key: format!("{}:said", taken.mark),
        audience: "answer".to_owned(),
        subject: words.lines().next().unwrap_or_default().to_owned(),
        body: words.to_owned(),
        to: vec![to],
        urgency: Urgency::Low,
        ..Message::default()
    };
    match notifier.send(&message).await {
        Outcome::Retry { reason, .. } => Err(reason),
        // What cannot be said there is not said again.
        Outcome::Permanent { reason } => {
            tracing::warn!(reason, channel = taken.channel, "what came of an answer cannot be said there");
            Ok(())
        }
        Outcome::Done { .. } => Ok(()),
    }
}
