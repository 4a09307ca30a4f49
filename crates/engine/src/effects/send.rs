//! Sending a posted update through one channel. A channel that was down gets what still holds when it is back.

use firebell_core::comms::Update;
use firebell_core::effect::Outcome;
use firebell_core::ids::EffectKey;
use firebell_core::incident::{Incident, OVERTAKEN, is_overtaken};
use firebell_core::ports::notifier::{Message, Standing};
use jiff::SignedDuration;
use serde_json::json;

use super::{Executor, link};

/// What is sent so long after it was posted says when that was.
const LATE: SignedDuration = SignedDuration::from_secs(300);

pub(super) async fn send(
    executor: &Executor,
    incident: &Incident,
    key: &EffectKey,
    place: usize,
    channel: &str,
    again: bool,
) -> Outcome {
    let Some(update) = incident.updates.get(place) else {
        return Outcome::Permanent { reason: format!("{} has no update {place}", incident.id) };
    };
    let overtaken = again && is_overtaken(incident, place, channel);
    // What was made from the record is made anew with the next; what a person wrote is in no other.
    if overtaken && !update.by_person {
        let detail = "not sent: a later update tells how it stands".to_owned();
        return Outcome::Done { detail, data: json!({OVERTAKEN: true}) };
    }
    let Some(notifier) = executor.notifiers.get(channel) else {
        return Outcome::Permanent {
            reason: format!("channel {channel:?} is not configured; add it and retry"),
        };
    };
    let late = (executor.clock)().duration_since(update.at) > LATE;
    let body = if overtaken && late {
        let at = update.at.strftime("%-d %b %H:%M UTC");
        format!("Written on {at}; it could not be sent before.\n\n{}", update.body)
    } else {
        update.body.clone()
    };
    let message = Message {
        key: key.0.clone(),
        incident: incident.id.0.clone(),
        audience: update.audience.as_str().to_owned(),
        subject: update.subject.clone(),
        body,
        to: Vec::new(),
        link: link(executor, incident),
        standing: Some(standing(executor, incident, update)),
        ..Message::default()
    };
    notifier.send(&message).await
}

/// How it stands, for channels that show more than a text.
fn standing(executor: &Executor, incident: &Incident, update: &Update) -> Standing {
    let issue = firebell_report::issue(incident, &executor.policy);
    let mut letters = issue.chars();
    let title = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    Standing {
        title,
        status: incident.status,
        last: update.reason.is_last(),
        severity: incident.severity.severity,
        kind: incident.kind,
        // As the catalogue names them, by which channels map them.
        services: incident
            .services
            .iter()
            .map(|name| executor.policy.service(name).map_or_else(|| name.clone(), |s| s.name.clone()))
            .collect(),
        secret: incident.is_secret(),
        drill: incident.drill,
        by_person: update.by_person,
    }
}
