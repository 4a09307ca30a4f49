//! What Mattermost posts to us: slash commands and outgoing webhooks with their token, and pressed buttons with what we
//! signed ourselves: <https://developers.mattermost.com/integrate/slash-commands/custom/>,
//! <https://developers.mattermost.com/integrate/plugins/interactive-messages/>.

use firebell_core::ports::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::Config;
use super::controls;
use crate::http::{Http, Redirects};
use crate::notice::digest;
use crate::notice::text::{Unit, cut, fit, markdown, web};
use crate::replies::{
    Answer, Body, Form, Received, Receiver, Reference, ReplyError, Request, Said, at, command, equal, field,
    need, pressed, signed, spoken,
};
use crate::settings::{ConfigError, SecretText, adapter_name};

/// What is needed to read the requests of one server.
#[derive(Debug, Clone)]
pub struct Settings {
    name: String,
    action_secret: Option<SecretText>,
    command_token: Option<SecretText>,
    server: Option<String>,
    /// By which forms are shown, and where they are sent to; none without a token.
    forms: Option<(Http, String)>,
}

impl Settings {
    /// None where neither `action_secret` nor `command_token` is configured.
    ///
    /// # Errors
    /// When a secret cannot be read or is too short.
    pub fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        let name = adapter_name("mattermost", &config.name)?;
        let read = |field: &'static str, secret: &Option<crate::settings::Secret>| {
            secret.as_ref().map(|s| s.resolve(&name, field)).transpose()
        };
        let action_secret = read("action_secret", &config.action_secret)?;
        let command_token = read("command_token", &config.command_token)?;
        for (field, secret) in [("action_secret", &action_secret), ("command_token", &command_token)] {
            if secret.as_ref().is_some_and(|s| s.expose().len() < 16) {
                return Err(ConfigError::new(&name, field, "must have at least 16 characters"));
            }
        }
        let any = action_secret.is_some() || command_token.is_some();
        let forms = match (&config.url, &config.token, &config.callback_url) {
            (Some(_), Some(_), Some(url)) => {
                Some((Http::new(&name, &config.connection(), Redirects::None)?, url.clone()))
            }
            _ => None,
        };
        Ok(any.then_some(Self { name, action_secret, command_token, server: config.url.clone(), forms }))
    }

    /// What a button carries besides its value; empty without a secret, which nothing matches.
    pub(super) fn key(&self, value: &str) -> String {
        self.action_secret.as_ref().map(|s| signed(s.expose(), &["mattermost", value])).unwrap_or_default()
    }
}

/// Checks and reads a request.
///
/// # Errors
/// When the token or signature is wrong, or the body cannot be read.
pub fn parse(request: &Request<'_>, settings: &Settings, _: Timestamp) -> Result<Received, ReplyError> {
    if request.header("content-type").is_some_and(|t| t.starts_with("application/json")) {
        let body: Value = serde_json::from_slice(request.body).map_err(|e| ReplyError::json(&e))?;
        if at(&body, "/type") == "dialog_submission" {
            return form(&body, settings);
        }
        if body.get("token").is_none() {
            return press(&body, settings);
        }
        let of = |name: &str| at(&body, &format!("/{name}")).to_owned();
        return written(&of, settings);
    }
    let form = request.form()?;
    let of = |name: &str| field(&form, name).unwrap_or_default().to_owned();
    written(&of, settings)
}

fn press(body: &Value, settings: &Settings) -> Result<Received, ReplyError> {
    // Of a menu the option carries what a button carries itself.
    let (value, given) = match at(body, "/context/selected_option").rsplit_once('|') {
        Some((value, key)) => (value, key),
        None => (at(body, "/context/value"), at(body, "/context/key")),
    };
    let key = settings.key(value);
    if key.is_empty() || !equal(given, &key) {
        return Err(ReplyError::Unauthenticated("not a button of ours"));
    }
    let Some((what, reference)) = pressed(value) else {
        return Ok(Received::Nothing("a button without a meaning"));
    };
    let user = need(body, "/user_id", "user_id")?;
    let trigger = at(body, "/trigger_id").to_owned();
    let id = match &what {
        // What is chosen may be chosen again later; each press has a trigger of its own.
        Said::Command(_) | Said::Ask(_) | Said::Twice(_) => {
            format!("press:{}:{user}:{value}:{}", need(body, "/post_id", "post_id")?, digest(&trigger))
        }
        // A page's button is one deed of one person, however often it is pressed.
        _ => format!("press:{}:{user}:{value}", need(body, "/post_id", "post_id")?),
    };
    let mut answer = Answer::new(&user, what, id);
    answer.trigger = Some(trigger).filter(|t| !t.is_empty());
    answer.reference = reference;
    answer.name = at(body, "/user_name").to_owned();
    answer.place = at(body, "/channel_id").to_owned();
    Ok(answer.received())
}

/// A form of ours that was sent: <https://developers.mattermost.com/integrate/plugins/interactive-dialogs/>.
fn form(body: &Value, settings: &Settings) -> Result<Received, ReplyError> {
    let Some(kept) = controls::sent(body, settings) else {
        return Err(ReplyError::Unauthenticated("not a form of ours"));
    };
    if body.get("cancelled").and_then(Value::as_bool) == Some(true) {
        return Ok(Received::Nothing("a form that was put away"));
    }
    let user = need(body, "/user_id", "user_id")?;
    let id = format!("form:{}:{user}", at(body, "/callback_id"));
    let text = format!("{} {}", kept.command, at(body, "/submission/text").trim());
    let mut answer = Answer::new(&user, Said::Command(cut(&text, 4000, Unit::Chars)), id);
    answer.name = kept.name;
    answer.place = at(body, "/channel_id").to_owned();
    Ok(answer.received())
}

fn written(of: &dyn Fn(&str) -> String, settings: &Settings) -> Result<Received, ReplyError> {
    let token = settings.command_token.as_ref().map(SecretText::expose).unwrap_or_default();
    if token.is_empty() || !equal(&of("token"), token) {
        return Err(ReplyError::Unauthenticated("not the command_token that is configured"));
    }
    let user = of("user_id");
    if user.is_empty() {
        return Err(ReplyError::malformed("user_id", "is missing"));
    }
    let said = of("text");
    let (what, reference, id) = if of("command").is_empty() {
        // An outgoing webhook: the text begins with its trigger word.
        let trigger = of("trigger_word");
        let rest = said.strip_prefix(&trigger).unwrap_or(&said).trim();
        let (what, reference) = match spoken(rest) {
            Some(known) => known,
            None => (Said::Message(rest.to_owned()), Reference::None),
        };
        (what, reference, format!("post:{}", of("post_id")))
    } else {
        let (what, reference) = command(&said);
        (what, reference, format!("command:{}", of("trigger_id")))
    };
    if id.ends_with(':') {
        return Err(ReplyError::malformed("trigger_id", "is missing"));
    }
    let mut answer = Answer::new(&user, what, id);
    answer.reference = reference;
    answer.name = of("user_name");
    answer.place = of("channel_id");
    answer.trigger = Some(of("trigger_id")).filter(|t| !t.is_empty());
    let later = of("response_url");
    let own = settings.server.as_deref().map(|s| format!("{}/", s.trim_end_matches('/')));
    answer.later = (web(&later).is_some() && own.is_some_and(|o| later.starts_with(&o))).then_some(later);
    Ok(answer.received())
}

impl Receiver for Settings {
    fn name(&self) -> &str {
        &self.name
    }

    fn receive(&self, request: &Request<'_>, now: Timestamp) -> Result<Received, ReplyError> {
        parse(request, self, now)
    }

    fn show<'a>(&'a self, answer: &'a Answer, form: &'a Form) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let (Some((http, url)), Some(trigger)) = (&self.forms, &answer.trigger) else {
                return Err("Mattermost: no token, or nothing was pressed".to_owned());
            };
            let dialog = controls::dialog(form, answer, trigger, url, self);
            match http.post_json("api/v4/actions/dialogs/open", &dialog, &[]).await {
                Ok(reply) if reply.ok() => Ok(()),
                Ok(reply) => Err(format!("Mattermost: status {}", reply.status)),
                Err(error) => Err(format!("Mattermost: {error}")),
            }
        })
    }

    /// A form is gone once it was sent.
    fn shows(&self, answer: &Answer) -> bool {
        !answer.id.starts_with("form:")
    }

    /// Seen by who asked only.
    fn say(&self, answer: &Answer, text: &str) -> Body {
        let text = fit(markdown(text), 4000, Unit::Chars);
        Body::json(&match answer.id.starts_with("press:") {
            true => json!({"ephemeral_text": text}),
            false => json!({"response_type": "ephemeral", "text": text}),
        })
    }
}
