//! Sending a posted update through one channel.

use firebell_core::comms::Update;
use firebell_core::effect::Outcome;
use firebell_core::ids::EffectKey;
use firebell_core::incident::Incident;
use firebell_core::ports::notifier::{Message, Standing};

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
