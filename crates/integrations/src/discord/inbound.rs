//! What Discord posts to us: pings, buttons and commands, signed with the application's Ed25519 key over the time and the
//! raw body: <https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint-validating-security-request-headers>.

use jiff::Timestamp;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};

use super::config::Config;
use crate::notice::text::{Unit, fit, markdown};
use crate::replies::{
    Answer, Body, Received, Receiver, ReplyError, Request, at, command, fresh, need, pressed,
};
use crate::settings::{ConfigError, adapter_name};

/// Older requests may have been recorded by somebody and sent again, seconds.
const TOLERANCE_S: i64 = 300;

/// What is needed to read the requests for one application.
#[derive(Debug, Clone)]
pub struct Settings {
    name: String,
    public_key: Vec<u8>,
}

impl Settings {
    /// None where no `public_key` is configured.
    ///
    /// # Errors
    /// When the key is none.
    pub fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        let name = adapter_name("discord", &config.name)?;
        Ok(public_key(&name, config)?.map(|public_key| Self { name, public_key }))
    }
}

pub(super) fn public_key(name: &str, config: &Config) -> Result<Option<Vec<u8>>, ConfigError> {
    let Some(text) = &config.public_key else { return Ok(None) };
    match hex::decode(text) {
        Ok(key) if key.len() == 32 => Ok(Some(key)),
        _ => Err(ConfigError::new(
            name,
            "public_key",
            "must be 64 hexadecimal digits: see General Information",
        )),
    }
}

/// Checks and reads a request.
///
/// # Errors
/// When the signature does not hold or is older than five minutes, or the body cannot be read.
pub fn parse(request: &Request<'_>, settings: &Settings, now: Timestamp) -> Result<Received, ReplyError> {
    let time = request.header("x-signature-timestamp").unwrap_or_default();
    let signature = request.header("x-signature-ed25519").map(hex::decode);
    let Some(Ok(signature)) = signature else {
        return Err(ReplyError::Unauthenticated("no signature of Discord"));
    };
    let mut signed = time.as_bytes().to_vec();
    signed.extend_from_slice(request.body);
    if UnparsedPublicKey::new(&ED25519, &settings.public_key).verify(&signed, &signature).is_err() {
        return Err(ReplyError::Unauthenticated(
            "the signature does not hold: is public_key that of this application?",
        ));
    }
    if !fresh(time, now, TOLERANCE_S) {
        return Err(ReplyError::Unauthenticated("older than five minutes: is the clock right?"));
    }
    let body: Value = serde_json::from_slice(request.body).map_err(|e| ReplyError::json(&e))?;
    let (what, reference) = match body.get("type").and_then(Value::as_u64) {
        Some(1) => return Ok(Received::Respond(Body::json(&json!({"type": 1})))),
        Some(2) => command(&words(body.pointer("/data/options").unwrap_or(&Value::Null), 0)),
        Some(3) => match pressed(at(&body, "/data/custom_id")) {
            Some(known) => known,
            None => return Ok(Received::Nothing("a button that is not ours")),
        },
        _ => return Ok(Received::Nothing("an interaction of another kind")),
    };
    // In a server a member, in a direct message a user.
    let user = body.pointer("/member/user").or_else(|| body.get("user"));
    let user = user.ok_or_else(|| ReplyError::malformed("user", "is missing"))?;
    let mut answer = Answer::new(&need(user, "/id", "user.id")?, what, need(&body, "/id", "id")?);
    answer.reference = reference;
    answer.name = at(user, "/username").to_owned();
    answer.place = at(&body, "/channel_id").to_owned();
    Ok(answer.received())
}

/// `/incident ack code:4711` as `ack 4711`: names of subcommands, values of options.
fn words(options: &Value, depth: usize) -> String {
    let mut out = Vec::new();
    for option in options.as_array().into_iter().flatten().take(25) {
        match option.get("value") {
            Some(Value::String(text)) => out.push(text.clone()),
            Some(Value::Number(n)) => out.push(n.to_string()),
            Some(Value::Bool(b)) => out.push(b.to_string()),
            _ => out.push(at(option, "/name").to_owned()),
        }
        if let Some(more) = option.get("options").filter(|_| depth < 3) {
            out.push(words(more, depth + 1));
        }
    }
    out.join(" ").trim().to_owned()
}

impl Receiver for Settings {
    fn name(&self) -> &str {
        &self.name
    }

    fn receive(&self, request: &Request<'_>, now: Timestamp) -> Result<Received, ReplyError> {
        parse(request, self, now)
    }

    /// Seen by who pressed only.
    fn say(&self, _: &Answer, text: &str) -> Body {
        let content = fit(markdown(text), 2000, Unit::Chars);
        let data = json!({"content": content, "flags": 64, "allowed_mentions": {"parse": []}});
        Body::json(&json!({"type": 4, "data": data}))
    }
}
