//! A room of a Jitsi server. A room is where somebody goes; there is nothing to open. Whoever knows its name may come in,
//! so the name follows from the incident's key and a secret, and nobody guesses it.

use firebell_core::ports::chat::{Answer, Bridges, Meeting, MeetingWish};
use firebell_core::ports::{BoxFuture, Health};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

use crate::notice::text::web;
use crate::settings::{ConfigError, Secret, SecretText, adapter_name};

/// `[[bridges]] kind = "jitsi"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; policy says `jitsi/NAME`.
    pub name: String,
    /// The server.
    #[serde(default = "url")]
    pub url: String,
    /// Names of rooms follow from it; at least 16 characters.
    pub key: Secret,
}

fn url() -> String {
    "https://meet.jit.si".to_owned()
}

/// A configured server.
pub(super) struct Jitsi {
    name: String,
    url: String,
    key: SecretText,
}

impl Jitsi {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("jitsi", &config.name)?;
        Self::build(name, &config.url, &config.key)
    }

    pub(super) fn built_in(key: &str) -> Result<Self, ConfigError> {
        Self::build(super::DEFAULT.to_owned(), &url(), &Secret::Plain(key.to_owned()))
    }

    fn build(name: String, url: &str, key: &Secret) -> Result<Self, ConfigError> {
        let key = key.resolve(&name, "key")?;
        if key.expose().chars().count() < 16 {
            return Err(ConfigError::new(&name, "key", "must have at least 16 characters"));
        }
        if web(url).is_none() {
            return Err(ConfigError::new(&name, "url", "must be an address like https://meet.example.com"));
        }
        Ok(Self { url: url.trim_end_matches('/').to_owned(), name, key })
    }

    fn room(&self, wish: &MeetingWish) -> String {
        // A key of any length is taken.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.expose().as_bytes()) else {
            return String::new();
        };
        mac.update(wish.key.as_bytes());
        let tag = hex::encode(mac.finalize().into_bytes());
        format!("firebell-{}", &tag[..32])
    }
}

impl Bridges for Jitsi {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        let detail = format!("{}: nothing is asked; rooms are there when somebody comes", self.url);
        Box::pin(async move { Health { name: self.name.clone(), ok: true, detail } })
    }

    fn open<'a>(&'a self, wish: &'a MeetingWish) -> BoxFuture<'a, Answer<Meeting>> {
        let link = format!("{}/{}", self.url, self.room(wish));
        Box::pin(async move { Ok(Meeting { link, detail: String::new() }) })
    }
}
