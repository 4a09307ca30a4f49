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
    let to = email.into_iter().filter(|e| !e.is_empty()).collect();
    let page = Paged { incident: incident.id.clone(), person: person.to_owned(), key: key.clone() };
    notifier.send(&message(executor, incident, &page, asked_at, text, to)).await
}

/// What a page says.
pub(super) fn message(
    executor: &Executor,
    incident: &Incident,
    page: &Paged,
    asked_at: Timestamp,
    text: &str,
    to: Vec<String>,
) -> Message {
    about(executor, page, asked_at, &subject(incident, text), &link(executor, incident), to)
}

/// A page with the words for it, which may be about several incidents; that of `page` is led to and acknowledged.
pub(super) fn about(
    executor: &Executor,
    page: &Paged,
    asked_at: Timestamp,
    subject: &str,
    link: &str,
    to: Vec<String>,
) -> Message {
    let read = if link.is_empty() { String::new() } else { format!(" Read and acknowledge: {link}") };
    Message {
        key: page.key.0.clone(),
        incident: page.incident.0.clone(),
        audience: "page".to_owned(),
        body: format!("{subject}\n\nTo {}.{read}", page.person),
        subject: subject.to_owned(),
        to,
        link: link.to_owned(),
        urgency: Urgency::High,
        ack: Some(executor.ack_keys.ack(page, asked_at, &executor.policy.public_url)),
        ..Message::default()
    }
}

/// A pager's screen is read by whoever stands beside it.
pub(super) fn subject(incident: &Incident, text: &str) -> String {
    if incident.restricted { format!("restricted incident {}", incident.id) } else { text.to_owned() }
}

/// Tells a channel that an escalation names. Nothing of a restricted incident goes there.
pub(super) async fn announce(
    executor: &Executor,
    incident: &Incident,
    key: &EffectKey,
    channel: &str,
    text: &str,
) -> Outcome {
    if !incident.may_be_paged_about() {
        return done("the incident was over before it was told");
    }
    if incident.restricted {
        return done("the incident is restricted: channels are not told");
    }
    let Some(notifier) = executor.notifiers.get(channel) else {
        return Outcome::Permanent {
            reason: format!("channel {channel:?} of the escalation is not configured; add it and retry"),
        };
    };
    let link = link(executor, incident);
    let message = Message {
        key: key.0.clone(),
        incident: incident.id.0.clone(),
        audience: "page".to_owned(),
        subject: text.to_owned(),
        body: text.to_owned(),
        link,
        urgency: Urgency::Normal,
        ..Message::default()
    };
    notifier.send(&message).await
}
