//! What Slack posts to us: events, buttons and slash commands, signed with the app's signing secret over the raw body and
//! the time: <https://docs.slack.dev/authentication/verifying-requests-from-slack>.

use firebell_core::effect::Outcome;
use firebell_core::ports::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::Config;
use super::controls::{sent, told, view};
use super::notifier::read;
use crate::http::{Http, Redirects};
use crate::notice::text::{Unit, all, angled, cut, web};
use crate::replies::{
    Answer, Body, Form, Received, Receiver, Reference, ReplyError, Request, Said, at, command, field, fresh,
    hmac_sha256, need, pressed, spoken,
};
use crate::settings::{ConfigError, SecretText, adapter_name};

/// Older requests may have been recorded by somebody and sent again, seconds.
const TOLERANCE_S: i64 = 300;

/// What is needed to read the requests of one app.
#[derive(Debug, Clone)]
pub struct Settings {
    name: String,
    signing_secret: SecretText,
    /// By which forms are shown; none without a token.
    http: Option<Http>,
}

impl Settings {
    /// None where no `signing_secret` is configured.
    ///
    /// # Errors
    /// When the secret cannot be read.
    pub fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        let name = adapter_name("slack", &config.name)?;
        let Some(secret) = &config.signing_secret else { return Ok(None) };
        let signing_secret = secret.resolve(&name, "signing_secret")?;
        let connection = config.connection();
        let http =
            config.token.as_ref().map(|_| Http::new(&name, &connection, Redirects::None)).transpose()?;
        Ok(Some(Self { name, signing_secret, http }))
    }
}

/// Checks and reads a request.
///
/// # Errors
/// When the signature does not hold or is older than five minutes, or the body cannot be read.
pub fn parse(request: &Request<'_>, settings: &Settings, now: Timestamp) -> Result<Received, ReplyError> {
    let time = request.header("x-slack-request-timestamp").unwrap_or_default();
    let tag = request.header("x-slack-signature").and_then(|s| s.strip_prefix("v0=")).map(hex::decode);
    let Some(Ok(tag)) = tag else { return Err(ReplyError::Unauthenticated("no signature of Slack")) };
    let key = settings.signing_secret.expose().as_bytes();
    if !hmac_sha256(key, &[b"v0:", time.as_bytes(), b":", request.body], &tag) {
        return Err(ReplyError::Unauthenticated(
            "the signature does not hold: is signing_secret that of this app?",
        ));
    }
    if !fresh(time, now, TOLERANCE_S) {
        return Err(ReplyError::Unauthenticated("older than five minutes: is the clock right?"));
    }
    if request.header("content-type").is_some_and(|t| t.starts_with("application/json")) {
        return event(&serde_json::from_slice(request.body).map_err(|e| ReplyError::json(&e))?);
    }
    let form = request.form()?;
    if field(&form, "ssl_check") == Some("1") {
        return Ok(Received::Respond(Body::text("")));
    }
    match field(&form, "payload") {
        Some(payload) => interaction(&serde_json::from_str(payload).map_err(|e| ReplyError::json(&e))?),
        None => slash(&form),
    }
}

fn slash(form: &[(String, String)]) -> Result<Received, ReplyError> {
    let need = |name: &'static str| {
        field(form, name).filter(|v| !v.is_empty()).ok_or_else(|| ReplyError::malformed(name, "is missing"))
    };
    let (what, reference) = command(&unescape(field(form, "text").unwrap_or_default()));
    let mut answer = Answer::new(need("user_id")?, what, format!("command:{}", need("trigger_id")?));
    need("command")?;
    answer.reference = reference;
    answer.name = field(form, "user_name").unwrap_or_default().to_owned();
    answer.place = field(form, "channel_id").unwrap_or_default().to_owned();
    answer.later = field(form, "response_url").and_then(response_url);
    answer.trigger = field(form, "trigger_id").map(str::to_owned);
    Ok(answer.received())
}

fn interaction(payload: &Value) -> Result<Received, ReplyError> {
    match at(payload, "/type") {
        "block_actions" => {}
        "view_submission" => return form(payload),
        "shortcut" => return shortcut(payload),
        _ => return Ok(Received::Nothing("an interaction that is no button")),
    }
    let user = need(payload, "/user/id", "user.id")?;
    let action =
        payload.pointer("/actions/0").ok_or_else(|| ReplyError::malformed("actions", "is missing"))?;
    let value = [at(action, "/value"), at(action, "/selected_option/value")];
    let value = value.into_iter().find(|v| !v.is_empty()).unwrap_or_default();
    let Some((what, reference)) = pressed(value) else {
        return Ok(Received::Nothing("a link was opened"));
    };
    let mut answer =
        Answer::new(&user, what, format!("press:{user}:{}", need(action, "/action_ts", "action_ts")?));
    answer.reference = reference;
    answer.name = at(payload, "/user/username").to_owned();
    answer.place = at(payload, "/channel/id").to_owned();
    answer.later = response_url(at(payload, "/response_url"));
    answer.trigger = Some(at(payload, "/trigger_id")).filter(|t| !t.is_empty()).map(str::to_owned);
    Ok(answer.received())
}

/// A form of ours that was sent.
fn form(payload: &Value) -> Result<Received, ReplyError> {
    let view = payload.pointer("/view").ok_or_else(|| ReplyError::malformed("view", "is missing"))?;
    let Some((command, place)) = sent(view) else {
        return Ok(Received::Nothing("a form of somebody else"));
    };
    let user = need(payload, "/user/id", "user.id")?;
    let id = format!("form:{}", need(view, "/id", "view.id")?);
    let mut answer = Answer::new(&user, Said::Command(cut(&command, 4000, Unit::Chars)), id);
    answer.name = at(payload, "/user/username").to_owned();
    answer.place = place;
    Ok(answer.received())
}

/// The app's shortcut, from the menu of any channel.
fn shortcut(payload: &Value) -> Result<Received, ReplyError> {
    if at(payload, "/callback_id") != "declare" {
        return Ok(Received::Nothing("a shortcut without a meaning: its callback id should be `declare`"));
    }
    let user = need(payload, "/user/id", "user.id")?;
    let trigger = need(payload, "/trigger_id", "trigger_id")?;
    let mut answer = Answer::new(&user, Said::Ask("declare".to_owned()), format!("press:{trigger}"));
    answer.trigger = Some(trigger);
    Ok(answer.received())
}

fn event(body: &Value) -> Result<Received, ReplyError> {
    match at(body, "/type") {
        "url_verification" => {
            return Ok(Received::Respond(Body::text(need(body, "/challenge", "challenge")?)));
        }
        "event_callback" => {}
        _ => return Ok(Received::Nothing("an event of another kind")),
    }
    // Slack repeats what it got no answer to; the id stays.
    let id = need(body, "/event_id", "event_id")?;
    let event = body.pointer("/event").ok_or_else(|| ReplyError::malformed("event", "is missing"))?;
    if event.get("bot_id").is_some() {
        return Ok(Received::Nothing("said by an app"));
    }
    match at(event, "/subtype") {
        "message_deleted" => return Ok(deleted(event, id)),
        // Whoever reads the room finds the new text.
        "message_changed" => {
            let mut answer = Answer::new(at(event, "/message/user"), Said::Message(String::new()), id);
            answer.place = at(event, "/channel").to_owned();
            return Ok(answer.received());
        }
        _ => {}
    }
    let said = unescape(at(event, "/text"));
    let (what, reference) = match (at(event, "/type"), at(event, "/subtype")) {
        ("app_mention", _) => command(without_mention(&said)),
        ("message", "" | "file_share" | "thread_broadcast") if at(event, "/channel_type") == "im" => {
            command(&said)
        }
        // In a room only a code makes it more than talk.
        ("message", "" | "file_share" | "thread_broadcast") => match spoken(&said) {
            Some((what, code @ Reference::Code(_))) => (what, code),
            _ => (Said::Message(cut(&said, 4000, Unit::Chars)), Reference::None),
        },
        (kind @ ("reaction_added" | "reaction_removed"), _) => {
            let name = need(event, "/reaction", "event.reaction")?;
            let (channel, ts) = (at(event, "/item/channel"), at(event, "/item/ts"));
            let removed = kind == "reaction_removed";
            (Said::Reaction { name, removed }, Reference::Sent(format!("{channel}:{ts}")))
        }
        _ => return Ok(Received::Nothing("an event of another kind")),
    };
    let mut answer = Answer::new(&need(event, "/user", "event.user")?, what, id);
    answer.reference = reference;
    let place = [at(event, "/channel"), at(event, "/item/channel")];
    answer.place = place.into_iter().find(|p| !p.is_empty()).unwrap_or_default().to_owned();
    Ok(answer.received())
}

/// Who deleted it is not told. <https://docs.slack.dev/reference/events/message/message_deleted>.
fn deleted(event: &Value, id: String) -> Received {
    let (channel, ts) = (at(event, "/channel"), at(event, "/deleted_ts"));
    if channel.is_empty() || ts.is_empty() {
        return Received::Nothing("a message that is not named was deleted");
    }
    let mut answer = Answer::new("", Said::Deleted, id);
    answer.reference = Reference::Sent(format!("{channel}:{ts}"));
    answer.place = channel.to_owned();
    answer.received()
}

fn without_mention(said: &str) -> &str {
    let said = said.trim();
    match said.strip_prefix("<@").and_then(|rest| rest.split_once('>')) {
        Some((_, rest)) => rest.trim(),
        None => said,
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Only Slack's own address is ever posted to.
fn response_url(text: &str) -> Option<String> {
    (web(text).is_some() && text.starts_with("https://hooks.slack.com/")).then(|| text.to_owned())
}

impl Receiver for Settings {
    fn name(&self) -> &str {
        &self.name
    }

    fn receive(&self, request: &Request<'_>, now: Timestamp) -> Result<Received, ReplyError> {
        parse(request, self, now)
    }

    fn say(&self, answer: &Answer, text: &str) -> Body {
        if answer.id.starts_with("form:") {
            return Body::json(&told(text));
        }
        let mut body = json!({"response_type": "ephemeral", "text": all(angled(text))});
        // By the address that came with a button, an answer would take the message's place.
        if !self.shows(answer) {
            body["replace_original"] = json!(false);
        }
        Body::json(&body)
    }

    fn show<'a>(&'a self, answer: &'a Answer, form: &'a Form) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let (Some(http), Some(trigger)) = (&self.http, &answer.trigger) else {
                return Err("Slack: no token, or nothing was pressed".to_owned());
            };
            let view = view(form, &answer.place).to_string();
            let given = [("trigger_id", trigger.as_str()), ("view", view.as_str())];
            match read(&http.post_form("views.open", &given).await).0 {
                Outcome::Done { .. } => Ok(()),
                Outcome::Retry { reason, .. } | Outcome::Permanent { reason } => Err(reason),
            }
        })
    }

    /// Slash commands and forms show it. What buttons and events are answered with nobody sees.
    fn shows(&self, answer: &Answer) -> bool {
        answer.id.starts_with("command:") || answer.id.starts_with("form:")
    }
}
