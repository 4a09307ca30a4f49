//! One attempt at posting to a webhook.

use std::time::Duration;

use firebell_core::audit::Act;
use firebell_core::effect::RetryPolicy;
use firebell_core::ports::BoxFuture;
use firebell_core::ports::office::{Deed, Delivery};
use firebell_core::ports::store::{StoreError, StoreResult};
use firebell_integrations::webhook::standard;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::hook::Hook;
use super::{CHANNEL, TEST};
use crate::post::carrier::{Carrier, Sent, answered};
use crate::post::desk::Desk;

/// For one attempt.
const LIMIT: Duration = Duration::from_secs(10);

/// Carries to webhooks.
pub(in crate::post) struct HookCarrier;

impl Carrier for HookCarrier {
    fn channel(&self) -> &'static str {
        CHANNEL
    }

    fn carry<'a>(&'a self, delivery: &'a Delivery, desk: &'a Desk) -> BoxFuture<'a, Sent> {
        Box::pin(async move {
            match receiver(delivery, desk) {
                Ok(Ok(hook)) => post(&hook, delivery, desk).await,
                Ok(Err(why)) => Sent::Dropped { why },
                Err(error) => Sent::Failed { answer: error.to_string(), after_s: None },
            }
        })
    }

    /// About ten hours in all: a receiver may be down for a night.
    fn retry(&self) -> RetryPolicy {
        RetryPolicy { base_s: 5.0, max_s: 14_400.0, jitter: 0.25, max_attempts: 14 }
    }

    fn patience(&self) -> SignedDuration {
        SignedDuration::from_hours(72)
    }

    fn switch_off(&self, to: &str, why: &str, desk: &Desk, now: Timestamp) -> StoreResult<Option<Deed>> {
        let hook = Hook::of(desk.office.as_ref(), to)?;
        let Some(mut hook) = hook.filter(|h| h.fields.enabled) else { return Ok(None) };
        hook.fields.enabled = false;
        hook.note = Some(format!("switched off on {}: {why}", now.strftime("%-d %b %Y %H:%M UTC")));
        let change = hook
            .put()
            .map_err(|e| StoreError::Corrupt { what: format!("webhook {to}"), detail: e.to_string() })?;
        let act =
            Act::new("system", "webhook.disable", to).with(json!({"name": hook.fields.name, "why": why}));
        Ok(Some(Deed { act: Some(act), changes: vec![change] }))
    }
}

/// Where it goes to, or why it does not go.
fn receiver(delivery: &Delivery, desk: &Desk) -> StoreResult<Result<Hook, String>> {
    let Some(hook) = Hook::of(desk.office.as_ref(), &delivery.to)? else {
        return Ok(Err("not sent: the webhook was removed".to_owned()));
    };
    if delivery.about == TEST {
        return Ok(Ok(hook));
    }
    if !hook.fields.enabled {
        return Ok(Err("not sent: the webhook is switched off".to_owned()));
    }
    // It may have waited for hours, and the incident have become restricted meanwhile.
    let incident = delivery.payload.pointer("/data/incident/id").and_then(Value::as_str).unwrap_or_default();
    let open = desk.row(incident)?.is_some_and(|row| hook.fields.restricted || !row.restricted);
    Ok(if open { Ok(hook) } else { Err("not sent: the incident is restricted".to_owned()) })
}

async fn post(hook: &Hook, delivery: &Delivery, desk: &Desk) -> Sent {
    let body = delivery.payload.to_string().into_bytes();
    let signed = standard::headers(&hook.secrets(desk.now()), &delivery.id, desk.now(), &body);
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(signed.iter().map(|(name, value)| (*name, value.as_str())));
    answered(desk.wire.post(&hook.fields.url, body, &headers, LIMIT).await)
}
