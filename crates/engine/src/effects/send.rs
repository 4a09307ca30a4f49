//! Sending a posted update through one channel.

use firebell_core::effect::Outcome;
use firebell_core::ids::EffectKey;
use firebell_core::incident::Incident;
use firebell_core::ports::notifier::Message;

use super::{Executor, link};

pub(super) async fn send(
    executor: &Executor,
    incident: &Incident,
    key: &EffectKey,
    update: usize,
    channel: &str,
) -> Outcome {
    let Some(update) = incident.updates.get(update) else {
        return Outcome::Permanent { reason: format!("{} has no update {update}", incident.id) };
    };
    let Some(notifier) = executor.notifiers.get(channel) else {
        return Outcome::Permanent {
            reason: format!("channel {channel:?} is not configured; add it and retry"),
        };
    };
    let message = Message {
        key: key.0.clone(),
        incident: incident.id.0.clone(),
        audience: update.audience.as_str().to_owned(),
        subject: update.subject.clone(),
        body: update.body.clone(),
        to: Vec::new(),
        link: link(executor, incident),
        ..Message::default()
    };
    notifier.send(&message).await
}
