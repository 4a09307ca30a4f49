//! One attempt at a notification.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firebell_core::audit::Act;
use firebell_core::effect::RetryPolicy;
use firebell_core::ports::BoxFuture;
use firebell_core::ports::office::{Change, Deed, Delivery};
use firebell_core::ports::store::StoreResult;
use firebell_integrations::webpush::{SubscriberKeys, encrypt};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::device::{Device, KIND, may_hear, owner};
use super::{CALL, CHANNEL, TEST};
use crate::post::carrier::{Carrier, Sent, answered};
use crate::post::desk::Desk;

/// For one attempt.
const LIMIT: Duration = Duration::from_secs(10);
/// Later than this it is of no use: neither is it sent, nor does the push service keep it longer. In seconds.
const USEFUL_S: i64 = 3600;
/// Longest title of an incident in a notification, in characters.
const TITLE: usize = 120;

/// Carries to devices.
pub(in crate::post) struct PushCarrier;

impl Carrier for PushCarrier {
    fn channel(&self) -> &'static str {
        CHANNEL
    }

    fn carry<'a>(&'a self, delivery: &'a Delivery, desk: &'a Desk) -> BoxFuture<'a, Sent> {
        Box::pin(async move {
            match message(delivery, desk) {
                Ok(Ok((device, message))) => post(&device, &message, delivery, desk).await,
                Ok(Err(why)) => Sent::Dropped { why: why.to_owned() },
                Err(error) => Sent::Failed { answer: error.to_string(), after_s: None },
            }
        })
    }

    fn retry(&self) -> RetryPolicy {
        RetryPolicy { base_s: 2.0, max_s: 300.0, jitter: 0.25, max_attempts: 12 }
    }

    fn patience(&self) -> SignedDuration {
        SignedDuration::from_hours(14 * 24)
    }

    fn switch_off(&self, to: &str, why: &str, desk: &Desk, _: Timestamp) -> StoreResult<Option<Deed>> {
        let Some(device) = Device::of(desk.office.as_ref(), to)? else { return Ok(None) };
        let act = Act::new("system", "device.remove", to).with(json!({"person": device.person, "why": why}));
        let gone = Change::Remove { kind: KIND, id: to.to_owned() };
        Ok(Some(Deed { act: Some(act), changes: vec![gone] }))
    }
}

/// For which device, and what it shows; or why nothing is sent.
fn message(delivery: &Delivery, desk: &Desk) -> StoreResult<Result<(Device, Value), &'static str>> {
    let Some(device) = Device::of(desk.office.as_ref(), &delivery.to)? else {
        return Ok(Err("not sent: the device was removed"));
    };
    let Some(person) = owner(desk, &device)? else {
        return Ok(Err("not sent: its owner may not get notifications any more"));
    };
    if desk.now().duration_since(delivery.created_at).as_secs() > USEFUL_S {
        return Ok(Err("not sent: an hour late, it would be of no use"));
    }
    if delivery.about == TEST {
        let body = "This device shows notifications. Nothing else has happened.";
        let shown =
            json!({"title": "Test of Firebell", "body": body, "url": "/settings/account", "tag": TEST});
        return Ok(Ok((device, shown)));
    }
    let id = delivery.payload.get("incident").and_then(Value::as_str).unwrap_or_default();
    let Some(row) = desk.row(id)?.filter(|row| may_hear(&person, row)) else {
        return Ok(Err("not sent: the incident is restricted"));
    };
    let what = match delivery.about.as_str() {
        CALL => "you are called",
        "go" => "a mitigation waits for your go",
        _ => "new incident",
    };
    // A lock screen is read by whoever is near.
    let title: String = if row.restricted {
        "Restricted incident".to_owned()
    } else {
        row.title.chars().take(TITLE).collect()
    };
    let shown = json!({
        "title": format!("{}: {what}", row.severity),
        "body": format!("{} {title}", row.id),
        "url": format!("/incidents/{}", row.id),
        "tag": format!("{}-{}", row.id, delivery.about),
    });
    Ok(Ok((device, shown)))
}

async fn post(device: &Device, message: &Value, delivery: &Delivery, desk: &Desk) -> Sent {
    let Some(vapid) = &desk.vapid else {
        return Sent::Dropped { why: "not sent: this server has no keys for notifications".to_owned() };
    };
    let sealed = SubscriberKeys::read(&device.p256dh, &device.auth)
        .and_then(|keys| encrypt(&keys, message.to_string().as_bytes()))
        .and_then(|body| Ok((body, vapid.authorization(&device.endpoint, desk.now())?)));
    let (body, authorization) = match sealed {
        Ok(sealed) => sealed,
        Err(error) => return Sent::Dropped { why: format!("not sent: {error}") },
    };
    let left = USEFUL_S - desk.now().duration_since(delivery.created_at).as_secs();
    let left = left.max(0).to_string();
    // A newer one of the same kind takes the place of one that the device has not fetched yet.
    let tag = message.get("tag").and_then(Value::as_str).unwrap_or_default();
    let topic: String = URL_SAFE_NO_PAD.encode(Sha256::digest(tag)).chars().take(32).collect();
    let headers = [
        ("content-encoding", "aes128gcm"),
        ("content-type", "application/octet-stream"),
        ("ttl", left.as_str()),
        ("urgency", "high"),
        ("topic", topic.as_str()),
        ("authorization", authorization.as_str()),
    ];
    let reply = desk.wire.post(&device.endpoint, body, &headers, LIMIT).await;
    match &reply {
        // The subscription ended, one way or the other.
        Ok(answer) if answer.status == 404 => Sent::Gone { answer: format!("404: {}", answer.excerpt()) },
        Ok(answer) if matches!(answer.status, 400 | 401 | 403 | 413) => {
            Sent::Dropped { why: format!("{}: {}", answer.status, answer.excerpt()) }
        }
        _ => answered(reply),
    }
}
