//! One attempt at telling one subscriber.

use std::time::Duration;

use firebell_core::audit::Act;
use firebell_core::effect::{Outcome, RetryPolicy};
use firebell_core::ports::BoxFuture;
use firebell_core::ports::notifier::Message;
use firebell_core::ports::office::{Deed, Delivery};
use firebell_core::ports::store::{StoreError, StoreResult};
use firebell_integrations::webhook::standard;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::ask::confirmed;
use super::keep::{Subscriber, Way, host};
use super::links::{Links, same};
use super::notice::Notice;
use super::{CHALLENGE, CONFIRM, EMAIL, HOOK, mail};
use crate::post::{Carrier, Desk, Sent, answered};
use crate::status::routes::url_of;

/// For one attempt at a webhook.
const LIMIT: Duration = Duration::from_secs(10);

/// Writes to people.
pub(crate) struct EmailCarrier;

/// Posts to systems.
pub(crate) struct HookCarrier;

impl Carrier for EmailCarrier {
    fn channel(&self) -> &'static str {
        EMAIL
    }

    fn carry<'a>(&'a self, delivery: &'a Delivery, desk: &'a Desk) -> BoxFuture<'a, Sent> {
        Box::pin(async move {
            match message(delivery, desk) {
                Ok(Ok(message)) => write(&message, desk).await,
                Ok(Err(why)) => Sent::Dropped { why },
                Err(error) => Sent::Failed { answer: error.to_string(), after_s: None },
            }
        })
    }

    /// About two hours in all: what is older is told by the page.
    fn retry(&self) -> RetryPolicy {
        RetryPolicy { base_s: 15.0, max_s: 1800.0, jitter: 0.25, max_attempts: 10 }
    }

    /// A mail server that is down is nobody's wish to hear no more.
    fn patience(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * 365)
    }

    fn switch_off(&self, _: &str, _: &str, _: &Desk, _: Timestamp) -> StoreResult<Option<Deed>> {
        Ok(None)
    }
}

impl Carrier for HookCarrier {
    fn channel(&self) -> &'static str {
        HOOK
    }

    fn carry<'a>(&'a self, delivery: &'a Delivery, desk: &'a Desk) -> BoxFuture<'a, Sent> {
        Box::pin(async move {
            match post(delivery, desk).await {
                Ok(sent) => sent,
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

    /// Who does not answer any more, or says that it is gone, is no subscriber any more: it can ask again.
    fn switch_off(&self, to: &str, why: &str, desk: &Desk, _: Timestamp) -> StoreResult<Option<Deed>> {
        let Some(gone) = Subscriber::of(desk.office.as_ref(), to)? else { return Ok(None) };
        let act = Act::new("system", "subscriber.remove", to).with(json!({"who": gone.masked(), "why": why}));
        Ok(Some(Deed { act: Some(act), changes: vec![Subscriber::gone(to)] }))
    }
}

/// What is to be told to whom; or why it is not.
enum Said {
    /// Something that the page says.
    Notice(Box<Notice>),
    /// The question whether they mean it, open until then.
    Question(Timestamp),
}

fn said(delivery: &Delivery, desk: &Desk) -> StoreResult<Result<(Subscriber, Said), String>> {
    let office = desk.office.as_ref();
    let Some(subscriber) = Subscriber::of(office, &delivery.to)? else {
        return Ok(Err("not sent: they are no subscriber any more".to_owned()));
    };
    if matches!(delivery.about.as_str(), CONFIRM | CHALLENGE) {
        let until: Option<Timestamp> =
            delivery.payload.get("until").and_then(Value::as_str).and_then(|t| t.parse().ok());
        let asked = subscriber.asked.as_ref().map(|a| a.until);
        return Ok(match until.filter(|u| *u > desk.now() && asked == Some(*u)) {
            Some(until) => Ok((subscriber, Said::Question(until))),
            None => Err("not sent: it is not asked for any more".to_owned()),
        });
    }
    let id = delivery.payload.get("notice").and_then(Value::as_str).unwrap_or_default();
    let Some(notice) = Notice::of(office, id)? else {
        return Ok(Err("not sent: it is too old".to_owned()));
    };
    if subscriber.confirmed_at.is_none() {
        return Ok(Err("not sent: not confirmed".to_owned()));
    }
    // It may have waited for hours, and the incident have become confidential meanwhile.
    if !notice.is_open(desk.reader.as_ref())? {
        return Ok(Err("not sent: the incident is confidential".to_owned()));
    }
    Ok(Ok((subscriber, Said::Notice(Box::new(notice)))))
}

fn links(desk: &Desk) -> Links<'_> {
    Links(&desk.state.link_key)
}

/// The link that ends a subscription, and the page's address.
fn addresses(desk: &Desk, id: &str) -> (String, String) {
    let url = url_of(&desk.state.status, &desk.public_url);
    (format!("{url}/unsubscribe?s={id}&t={}", links(desk).unsubscribe(id)), url)
}

fn message(delivery: &Delivery, desk: &Desk) -> StoreResult<Result<Message, String>> {
    let (subscriber, said) = match said(delivery, desk)? {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    let Way::Email(address) = &subscriber.way else {
        return Ok(Err("not sent: it is no address".to_owned()));
    };
    let (end, url) = addresses(desk, &subscriber.id);
    let title = &desk.state.status.title;
    let mut headers = Vec::new();
    let (thread, subject, body) = match said {
        Said::Question(until) => {
            let token = links(desk).confirm(&subscriber.id, until);
            let link = format!("{url}/confirm?s={}&t={token}", subscriber.id);
            let body = format!(
                "Somebody, you we hope, asked to hear by e-mail of incidents and maintenance on {title}.\n\n\
                 To hear of them, open this link and press the button:\n{link}\n\n\
                 If it was not you, do nothing: nothing will be sent. The link is good for two days."
            );
            (String::new(), format!("Confirm your subscription to {title}"), body)
        }
        Said::Notice(notice) => {
            // One click in a mail program (RFC 8058), and a button behind a link for all others.
            headers.push(("List-Unsubscribe".to_owned(), format!("<{end}>")));
            headers.push(("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()));
            let affects = match notice.names.is_empty() {
                true => String::new(),
                false => format!("Affects: {}\n\n", notice.names.join(", ")),
            };
            let body = format!(
                "{}\n\n{affects}On the status page:\n{url}/{}\n\n--\nYou subscribed to {title}. Unsubscribe:\n{end}",
                notice.body, notice.path
            );
            // All mails of one thing make one thread.
            let of = notice.path.rsplit('/').next().unwrap_or_default();
            (of.to_owned(), format!("[{title}] {}", notice.subject), body)
        }
    };
    Ok(Ok(Message {
        key: delivery.id.clone(),
        incident: thread,
        audience: "public".to_owned(),
        subject,
        body: crate::ui::clean(&body),
        to: vec![address.clone()],
        headers,
        ..Message::default()
    }))
}

async fn write(message: &Message, desk: &Desk) -> Sent {
    let Some(mail) = mail(&desk.state) else {
        return Sent::Failed { answer: "no e-mail channel is configured".to_owned(), after_s: None };
    };
    match mail.send(message).await {
        Outcome::Done { detail, .. } => Sent::Taken { answer: detail },
        Outcome::Retry { reason, after_s } => Sent::Failed { answer: reason, after_s },
        Outcome::Permanent { reason } => Sent::Dropped { why: reason },
    }
}

async fn post(delivery: &Delivery, desk: &Desk) -> StoreResult<Sent> {
    let (subscriber, said) = match said(delivery, desk)? {
        Ok(found) => found,
        Err(why) => return Ok(Sent::Dropped { why }),
    };
    let Way::Webhook(to) = &subscriber.way else {
        return Ok(Sent::Dropped { why: "not sent: it is no webhook".to_owned() });
    };
    let (end, url) = addresses(desk, &subscriber.id);
    let page = json!({"name": desk.state.status.title, "url": url});
    let secret = standard::secret(&links(desk).hook_key(&subscriber.id));
    let (body, code) = match said {
        Said::Question(until) => {
            let code = links(desk).challenge(&subscriber.id, until);
            let data = json!({"page": page, "challenge": code, "secret": secret, "unsubscribe_url": end});
            (json!({"type": "subscription.challenge", "timestamp": desk.now(), "data": data}), Some(code))
        }
        Said::Notice(notice) => {
            let mut data =
                json!({"page": page, "url": format!("{url}/{}", notice.path), "unsubscribe_url": end});
            if let (Value::Object(out), Value::Object(more)) = (&mut data, notice.data) {
                out.extend(more);
            }
            (json!({"type": notice.about, "timestamp": notice.at, "data": data}), None)
        }
    };
    let body = body.to_string().into_bytes();
    let signed = standard::headers(&[&secret], &delivery.id, desk.now(), &body);
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(signed.iter().map(|(name, value)| (*name, value.as_str())));
    let reply = desk.wire.post(to, body, &headers, LIMIT).await;
    let Some(code) = code else { return Ok(answered(reply)) };
    // Whose page it is has not been said yet: only who answers with the code wants to be posted to.
    let echoed = reply.as_ref().is_ok_and(|r| (200..300).contains(&r.status) && echoes(&r.body, &code));
    if !echoed {
        let status = reply.map_or_else(|e| e.to_string(), |r| r.status.to_string());
        return Ok(Sent::Dropped { why: format!("{} did not answer with the code: {status}", host(to)) });
    }
    let corrupt = |error: serde_json::Error| StoreError::Corrupt {
        what: format!("subscriber {}", delivery.to),
        detail: error.to_string(),
    };
    let deed = confirmed(subscriber, desk.now()).map_err(corrupt)?;
    Ok(match desk.handle.perform(deed).await {
        Ok(()) => Sent::Taken { answer: "it answered with the code".to_owned() },
        Err(error) => Sent::Failed { answer: error.to_string(), after_s: None },
    })
}

/// Whether an answer has the code: alone, or as `challenge` of an object.
fn echoes(body: &[u8], code: &str) -> bool {
    let text = String::from_utf8_lossy(body);
    let object: Option<Value> = serde_json::from_str(&text).ok();
    let named = object.as_ref().and_then(|o| o.get("challenge")).and_then(Value::as_str);
    same(named.unwrap_or(text.trim()), code)
}
