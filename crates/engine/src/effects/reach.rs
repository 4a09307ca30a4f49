//! Reaching one person at one of their own contacts.

use std::time::Duration;

use firebell_core::effect::{Outcome, Reach};
use firebell_core::ids::EffectKey;
use firebell_core::incident::{Incident, TOGETHER};
use firebell_core::ports::notifier::Urgency;
use firebell_oncall::model::ContactKind;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::throttle::{Call, Line, Turn};
use super::{Executor, Heard, done, link, only, page};
use crate::ack::Paged;
use crate::machine::EffectResult;

/// A channel that has not answered after so long has failed: the next contact must be tried within the minute.
const PATIENCE: Duration = Duration::from_secs(10);
/// What no push service has taken after so long counts as failed, for the same reason.
const PUSH_PATIENCE: SignedDuration = SignedDuration::from_secs(20);

pub(super) async fn reach(
    executor: &Executor,
    incident: &Incident,
    key: &EffectKey,
    asked_at: Timestamp,
    reach: &Reach,
) -> EffectResult {
    let contact = &reach.contact;
    let line = Line { person: reach.person.clone(), contact: contact.contact.clone() };
    if let Some(why) = not_wanted(incident, reach) {
        executor.throttle.dropped(&line, key);
        return only(done(&why));
    }
    if contact.kind == ContactKind::Push {
        return by_devices(executor, incident, asked_at, &reach.person);
    }
    let notifier = executor.by_contact.get(&contact.kind).and_then(|name| executor.notifiers.get(name));
    let Some(notifier) = notifier else {
        let kind = contact.kind.as_str();
        let reason = format!(
            "{} is to be reached by {kind}, and no notifier can; add one, or name it in [oncall.channels]",
            reach.person
        );
        return only(Outcome::Permanent { reason });
    };
    let call = Call {
        severity: incident.severity.severity,
        text: page::subject(incident, &reach.text),
        incident: incident.id.clone(),
        link: link(executor, incident),
        asked_at,
    };
    let now = (executor.clock)();
    let bundle = match executor.throttle.ask(&line, contact.kind, key, &call, now) {
        Turn::Alone => None,
        Turn::Bundle(bundle) => Some(bundle),
        Turn::Told => return only(done("was told together with others")),
        Turn::Wait(seconds) => {
            let reason =
                format!("{} has just been called; told after that, with what else there is", reach.person);
            let outcome = Outcome::Retry { reason, after_s: Some(seconds) };
            return EffectResult { held: true, ..only(outcome) };
        }
    };
    let paged = |key: &EffectKey, call: &Call| Paged {
        incident: call.incident.clone(),
        person: reach.person.clone(),
        key: key.clone(),
    };
    let named: Vec<(EffectKey, Call)> =
        bundle.as_ref().map_or_else(|| vec![(key.clone(), call.clone())], |b| b.named.clone());
    // What is led to and answered is the gravest, whichever of them came first.
    let (lead_key, lead) = named.first().map_or((key, &call), |(key, call)| (key, call));
    let text = bundle.as_ref().map_or(&call.text, |b| &b.text);
    let to = vec![contact.address.clone()];
    let mut message = page::about(executor, &paged(lead_key, lead), lead.asked_at, text, &lead.link, to);
    message.key.clone_from(&key.0);
    if named.len() > 1 {
        message.body.push_str(&format!(" An answer takes all {} that are named.", named.len()));
    }
    if reach.quiet {
        message.urgency = Urgency::Low;
    }
    let sent = tokio::time::timeout(PATIENCE, notifier.send(&message)).await;
    let outcome = sent.unwrap_or_else(|_| Outcome::Retry {
        reason: format!("{} has not answered within {} s", notifier.name(), PATIENCE.as_secs()),
        after_s: None,
    });
    executor.throttle.sent(&line, key, matches!(outcome, Outcome::Done { .. }), (executor.clock)());
    let Some(bundle) = bundle else { return only(outcome) };
    only(match outcome {
        // So that whoever answers it answers for all of them.
        Outcome::Done { detail, .. } => {
            let mark = |(key, call): &(EffectKey, Call)| executor.ack_keys.mark(&paged(key, call));
            let with: Vec<String> = named.iter().map(mark).collect();
            let together = json!({ "person": reach.person, "with": with, "all": bundle.all });
            Outcome::Done { detail, data: json!({ TOGETHER: together }) }
        }
        other => other,
    })
}

/// Whoever follows the record sends it to each device; here one waits for what their push services say.
fn by_devices(executor: &Executor, incident: &Incident, asked_at: Timestamp, person: &str) -> EffectResult {
    let permanent = |reason: String| only(Outcome::Permanent { reason });
    match executor.devices.heard(person, &incident.id, asked_at) {
        Ok(Heard::Taken) => only(done("a push service took it")),
        Ok(Heard::NoDevice) => {
            permanent(format!("{person} has no device; they can add one on the settings page"))
        }
        Ok(Heard::Refused(why)) => permanent(format!("no device of {person} can be reached: {why}")),
        Ok(Heard::Waiting) if (executor.clock)().duration_since(asked_at) > PUSH_PATIENCE => {
            let seconds = PUSH_PATIENCE.as_secs();
            permanent(format!("no push service took it for {person} within {seconds} s"))
        }
        Ok(Heard::Waiting) => {
            let outcome =
                Outcome::Retry { reason: "on its way to their devices".to_owned(), after_s: Some(1) };
            EffectResult { held: true, ..only(outcome) }
        }
        Err(reason) => only(Outcome::Retry { reason, after_s: None }),
    }
}

/// Why a page need not go out any more.
fn not_wanted(incident: &Incident, reach: &Reach) -> Option<String> {
    if !incident.may_be_paged_about() {
        return Some("the incident was over before the page went out".to_owned());
    }
    if reach.page.is_empty() {
        return None;
    }
    let open = incident.escalation.as_ref().and_then(|e| e.page_of(&reach.person));
    let meant = open.is_some_and(|page| page.id == reach.page);
    (!meant).then(|| format!("{} is not called any more", reach.person))
}
