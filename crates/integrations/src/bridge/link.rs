//! One fixed address for all incidents: a standing meeting of any system.

use firebell_core::ports::chat::{Answer, Bridges, Meeting, MeetingWish};
use firebell_core::ports::{BoxFuture, Health};
use serde::Deserialize;

use crate::notice::text::web;
use crate::settings::{ConfigError, adapter_name};

/// `[[bridges]] kind = "link"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; policy says `link/NAME`.
    pub name: String,
    /// Where people go.
    pub url: String,
    /// What else they need: a passcode, a number to call.
    #[serde(default)]
    pub detail: String,
}

/// A configured address.
pub(super) struct Link {
    name: String,
    meeting: Meeting,
}

impl Link {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("link", &config.name)?;
        let Some(link) = web(&config.url).map(str::to_owned) else {
            return Err(ConfigError::new(
                &name,
                "url",
                "must be an address like https://meet.example.com/war-room",
            ));
        };
        Ok(Self { name, meeting: Meeting { link, detail: config.detail.clone() } })
    }
}

impl Bridges for Link {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        let detail = format!("{} is a fixed address and is not asked", self.meeting.link);
        Box::pin(async move { Health { name: self.name.clone(), ok: true, detail } })
    }

    fn open<'a>(&'a self, _: &'a MeetingWish) -> BoxFuture<'a, Answer<Meeting>> {
        Box::pin(async move { Ok(self.meeting.clone()) })
    }
}
