//! What Teams posts to us when somebody mentions an outgoing webhook, signed over the raw body:
//! <https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::Config;
use crate::notice::text::{Unit, cut};
use crate::replies::{Answer, Body, Received, Receiver, ReplyError, Request, at, command, hmac_sha256, need};
use crate::settings::{ConfigError, adapter_name};

/// What is needed to read the requests of one outgoing webhook.
#[derive(Clone)]
pub struct Settings {
    name: String,
    key: Vec<u8>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Settings {
    /// None where no `outgoing_token` is configured.
    ///
    /// # Errors
    /// When the token cannot be read or is none.
    pub fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        let name = adapter_name("msteams", &config.name)?;
        let Some(secret) = &config.outgoing_token else { return Ok(None) };
        let token = secret.resolve(&name, "outgoing_token")?;
        match STANDARD.decode(token.expose()) {
            Ok(key) if key.len() >= 16 => Ok(Some(Self { name, key })),
            _ => {
                let why = "is not the security token that Teams showed once: delete the outgoing webhook and make a new one";
                Err(ConfigError::new(&name, "outgoing_token", why))
            }
        }
    }
}

/// Checks and reads a request. The signature holds for ever: act once on each [`Answer::id`].
///
/// # Errors
/// When the signature does not hold, or the body cannot be read.
pub fn parse(request: &Request<'_>, settings: &Settings, _: Timestamp) -> Result<Received, ReplyError> {
    let tag = request
        .header("authorization")
        .and_then(|a| a.strip_prefix("HMAC "))
        .map(|t| STANDARD.decode(t.trim()));
    let Some(Ok(tag)) = tag else { return Err(ReplyError::Unauthenticated("no signature of Teams")) };
    if !hmac_sha256(&settings.key, &[request.body], &tag) {
        return Err(ReplyError::Unauthenticated(
            "the signature does not hold: is outgoing_token that of this webhook?",
        ));
    }
    let body: Value = serde_json::from_slice(request.body).map_err(|e| ReplyError::json(&e))?;
    if at(&body, "/type") != "message" {
        return Ok(Received::Nothing("no message"));
    }
    let said = plain(at(&body, "/text"));
    let (what, reference) = command(&said);
    // Of the directory, if there; the other id is this conversation's only.
    let account = match at(&body, "/from/aadObjectId") {
        "" => need(&body, "/from/id", "from.id")?,
        id => id.to_owned(),
    };
    let mut answer = Answer::new(&account, what, need(&body, "/id", "id")?);
    answer.reference = reference;
    answer.name = at(&body, "/from/name").to_owned();
    answer.place = at(&body, "/conversation/id").to_owned();
    Ok(answer.received())
}

/// HTML to what was typed, without the mention of the webhook itself.
fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let Some((tag, after)) = after.split_once('>') else { break };
        rest = after;
        if tag == "at" || tag.starts_with("at ") {
            rest = rest.split_once("</at>").map_or("", |(_, r)| r);
        } else if matches!(tag.trim_end_matches(['/', ' ']), "br" | "/p" | "/div") {
            out.push('\n');
        }
    }
    if !rest.contains('<') {
        out.push_str(rest);
    }
    let text = out.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&amp;", "&").trim().to_owned()
}

impl Receiver for Settings {
    fn name(&self) -> &str {
        &self.name
    }

    fn receive(&self, request: &Request<'_>, now: Timestamp) -> Result<Received, ReplyError> {
        parse(request, self, now)
    }

    fn say(&self, _: &Answer, text: &str) -> Body {
        let text = cut(text, 4000, Unit::Chars);
        Body::json(&json!({"type": "message", "textFormat": "plain", "text": text}))
    }
}
