//! What Pushover posts to us when somebody acknowledged: <https://pushover.net/api/receipts#callback>. It signs nothing, so
//! the address that it was given is signed, for each page its own.

use jiff::Timestamp;

use super::config::Config;
use crate::replies::{
    Answer, Body, Received, Receiver, Reference, ReplyError, Request, Said, equal, field, signed,
};
use crate::settings::{ConfigError, SecretText, adapter_name};

/// What is needed to read the requests for one application.
#[derive(Debug, Clone)]
pub struct Settings {
    name: String,
    secret: SecretText,
}

impl Settings {
    /// None where `callback_url` or `callback_secret` is not configured.
    ///
    /// # Errors
    /// When the secret cannot be read or is too short.
    pub fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        let name = adapter_name("pushover", &config.name)?;
        let (Some(secret), Some(_)) = (&config.callback_secret, &config.callback_url) else {
            return Ok(None);
        };
        let secret = secret.resolve(&name, "callback_secret")?;
        if secret.expose().len() < 16 {
            let why = "must have at least 16 characters: make one with `openssl rand -hex 32`";
            return Err(ConfigError::new(&name, "callback_secret", why));
        }
        Ok(Some(Self { name, secret }))
    }
}

/// The address that is called when a page is acknowledged. The reference is plain, as buttons carry it.
pub(super) fn callback(url: &str, settings: &Settings, reference: &str) -> String {
    let key = signed(settings.secret.expose(), &["pushover", reference]);
    format!("{url}?r={}&k={key}", reference.replace(':', "%3A"))
}

/// Checks and reads a request.
///
/// # Errors
/// When the address was not made by us, or a field is missing.
pub fn parse(request: &Request<'_>, settings: &Settings, _: Timestamp) -> Result<Received, ReplyError> {
    let query = request.query();
    let reference = field(&query, "r").unwrap_or_default();
    let expected = signed(settings.secret.expose(), &["pushover", reference]);
    if !equal(field(&query, "k").unwrap_or_default(), &expected) {
        return Err(ReplyError::Unauthenticated("not an address that we gave to Pushover"));
    }
    let form = request.form()?;
    let receipt = field(&form, "receipt").filter(|r| !r.is_empty() && r.len() <= 64);
    let receipt = receipt.ok_or_else(|| ReplyError::malformed("receipt", "is missing"))?;
    if field(&form, "acknowledged") != Some("1") {
        return Ok(Received::Nothing("not acknowledged"));
    }
    let account = field(&form, "acknowledged_by").unwrap_or_default();
    let mut answer = Answer::new(account, Said::Acknowledge, format!("receipt:{receipt}"));
    answer.reference = match reference {
        "" => Reference::Sent(receipt.to_owned()),
        reference => Reference::Button(reference.to_owned()),
    };
    answer.name = field(&form, "acknowledged_by_device").unwrap_or_default().to_owned();
    Ok(answer.received())
}

impl Receiver for Settings {
    fn name(&self) -> &str {
        &self.name
    }

    fn receive(&self, request: &Request<'_>, now: Timestamp) -> Result<Received, ReplyError> {
        parse(request, self, now)
    }

    fn say(&self, _: &Answer, _: &str) -> Body {
        Body::text("")
    }

    fn shows(&self, _: &Answer) -> bool {
        false
    }
}
