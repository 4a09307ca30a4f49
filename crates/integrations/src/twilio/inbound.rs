//! What Twilio posts to us: replies, key presses, and what became of messages and calls. Signed with the auth token over
//! the address and the sorted fields: <https://www.twilio.com/docs/usage/security#validating-requests>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::config::Config;
use super::twiml::{Voice, answer};
use crate::notice::text::{Unit, cut, one_line};
use crate::replies::{
    Answer, Body, Delivery, Press, Received, Receiver, Reference, ReplyError, Request, Said, field,
    hmac_sha1, spoken,
};
use crate::settings::{ConfigError, SecretText, adapter_name};

/// What is needed to read the requests of one account.
#[derive(Debug, Clone)]
pub struct Settings {
    name: String,
    auth_token: SecretText,
    voice: Voice,
}

impl Settings {
    /// None where no `callback_url` is configured: nothing is asked for then.
    ///
    /// # Errors
    /// When the token cannot be read.
    pub fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        let name = adapter_name("twilio", &config.name)?;
        if config.callback_url.is_none() {
            return Ok(None);
        }
        let auth_token = config.auth_token.resolve(&name, "auth_token")?;
        let voice = Voice { language: config.language.clone(), voice: config.voice.clone() };
        Ok(Some(Self { name, auth_token, voice }))
    }
}

/// Checks and reads a request. The signature holds for ever: act once on each [`Answer::id`].
///
/// # Errors
/// When the signature does not hold, or a field is missing.
pub fn parse(request: &Request<'_>, settings: &Settings, _: Timestamp) -> Result<Received, ReplyError> {
    let tag = request.header("x-twilio-signature").map(|s| STANDARD.decode(s));
    let Some(Ok(tag)) = tag else { return Err(ReplyError::Unauthenticated("no signature of Twilio")) };
    let form = request.form()?;
    let mut sorted: Vec<&(String, String)> = form.iter().collect();
    sorted.sort();
    let mut parts = vec![request.url.as_bytes()];
    parts.extend(sorted.iter().flat_map(|(n, v)| [n.as_bytes(), v.as_bytes()]));
    if !hmac_sha1(settings.auth_token.expose().as_bytes(), &parts, &tag) {
        return Err(ReplyError::Unauthenticated(
            "the signature does not hold: is auth_token current, and callback_url the address that Twilio calls?",
        ));
    }
    read(request, &form)
}

fn read(request: &Request<'_>, form: &[(String, String)]) -> Result<Received, ReplyError> {
    let of = |name: &str| field(form, name).unwrap_or_default();
    let need = |name: &'static str| match of(name) {
        "" => Err(ReplyError::malformed(name, "is missing")),
        text => Ok(text),
    };
    if let Some(keys) = field(form, "Digits") {
        let sid = need("CallSid")?;
        let press = match keys {
            "1" => Press::Acknowledge,
            "2" => Press::Escalate,
            _ => return Ok(Received::Nothing("a key without a meaning")),
        };
        // We called them; who calls us is the other side.
        let account = if of("Direction").starts_with("outbound") { need("To")? } else { need("From")? };
        let mut answer = Answer::new(account, press.said(), format!("call:{sid}:{keys}"));
        answer.reference = about(request, sid);
        return Ok(answer.received());
    }
    if let Some(status) = field(form, "MessageStatus") {
        let code = of("ErrorCode");
        let state = match status {
            "delivered" | "read" => Delivery::Delivered,
            "undelivered" | "failed" | "canceled" => Delivery::Failed,
            _ => Delivery::Sent,
        };
        return delivery(request, need("To")?, need("MessageSid")?, (status, code), state);
    }
    if let Some(status) = field(form, "CallStatus").filter(|_| field(form, "Body").is_none()) {
        let state = match status {
            "completed" | "in-progress" | "answered" => Delivery::Delivered,
            "busy" | "no-answer" | "failed" | "canceled" => Delivery::Failed,
            _ => Delivery::Sent,
        };
        return delivery(request, need("To")?, need("CallSid")?, (status, ""), state);
    }
    let Some(text) = field(form, "Body") else {
        return Ok(Received::Nothing("neither a reply nor a status"));
    };
    let (what, reference) = match spoken(text) {
        Some(known) => known,
        None => (Said::Message(cut(text.trim(), 1600, Unit::Chars)), Reference::None),
    };
    let mut answer = Answer::new(need("From")?, what, format!("sms:{}", need("MessageSid")?));
    answer.reference = reference;
    Ok(answer.received())
}

/// The page that the address was made for.
fn about(request: &Request<'_>, sid: &str) -> Reference {
    match field(&request.query(), "r") {
        Some(reference) => Reference::Button(reference.to_owned()),
        None => Reference::Sent(sid.to_owned()),
    }
}

fn delivery(
    request: &Request<'_>,
    to: &str,
    sid: &str,
    (status, code): (&str, &str),
    state: Delivery,
) -> Result<Received, ReplyError> {
    let status = cut(&one_line(status), 40, Unit::Chars);
    let detail = match code {
        "" => status.clone(),
        code => format!("{status}, error {} of Twilio", cut(&one_line(code), 10, Unit::Chars)),
    };
    let mut answer = Answer::new(to, Said::Delivery { state, detail }, format!("status:{sid}:{status}"));
    answer.reference = about(request, sid);
    Ok(answer.received())
}

impl Receiver for Settings {
    fn name(&self) -> &str {
        &self.name
    }

    fn receive(&self, request: &Request<'_>, now: Timestamp) -> Result<Received, ReplyError> {
        parse(request, self, now)
    }

    fn say(&self, to: &Answer, text: &str) -> Body {
        // What became of a message is not answered: that would send another one.
        let text = if matches!(to.what, Said::Delivery { .. }) { "" } else { text };
        let body = answer(text, to.id.starts_with("call:"), &self.voice);
        Body { content_type: "text/xml; charset=utf-8", body }
    }

    fn silent(&self) -> Body {
        Body { content_type: "text/xml; charset=utf-8", body: answer("", false, &self.voice) }
    }
}
