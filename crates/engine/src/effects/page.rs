//! Paging one person through one channel.

use firebell_core::effect::Outcome;
use firebell_core::ids::EffectKey;
use firebell_core::incident::Incident;
use firebell_core::ports::notifier::{Message, Urgency};
use jiff::Timestamp;

use super::{Executor, done, link};
use crate::ack::Paged;

pub(super) async fn page(
    executor: &Executor,
    incident: &Incident,
    key: &EffectKey,
    asked_at: Timestamp,
    person: &str,
    channel: &str,
    text: &str,
) -> Outcome {
    if !incident.may_be_paged_about() {
        return done("the incident was over before the page went out");
    }
    let Some(notifier) = executor.notifiers.get(channel) else {
        return Outcome::Permanent {
            reason: format!("channel {channel:?} is not configured; add it and retry"),
        };
    };
    let email = executor.policy.people.iter().find(|p| p.name == person).map(|p| p.email.clone());
    // A pager's screen is read by whoever stands beside it.
    let subject =
        if incident.restricted { format!("restricted incident {}", incident.id) } else { text.to_owned() };
    let link = link(executor, incident);
    let read = if link.is_empty() { String::new() } else { format!(" Read and acknowledge: {link}") };
    let page = Paged { incident: incident.id.clone(), person: person.to_owned(), key: key.clone() };
    let message = Message {
        key: key.0.clone(),
        incident: incident.id.0.clone(),
        audience: "page".to_owned(),
        body: format!("{subject}\n\nTo {person}.{read}"),
        subject,
        to: email.into_iter().filter(|e| !e.is_empty()).collect(),
        link,
        urgency: Urgency::High,
        ack: Some(executor.ack_keys.ack(&page, asked_at, &executor.policy.public_url)),
        ..Message::default()
    };
    notifier.send(&message).await
}
