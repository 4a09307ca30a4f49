//! Microsoft Teams meetings: `onlineMeetings/createOrGet` of Microsoft Graph, which gives the same meeting for the same
//! key. The app needs `OnlineMeetings.ReadWrite.All` and an application access policy for the user:
//! <https://learn.microsoft.com/graph/api/onlinemeeting-createorget>.

use firebell_core::ports::chat::{Answer, Bridges, Meeting, MeetingWish, Trouble};
use firebell_core::ports::{BoxFuture, Health};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::json;

use crate::http::Method;
use crate::msteams::{Graph, GraphConfig};
use crate::notice::text::{Unit, cut, web};
use crate::replies::at;
use crate::settings::{ConfigError, adapter_name};

/// How long a meeting is said to last; people may stay longer.
const LASTS: SignedDuration = SignedDuration::from_hours(4);

/// `[[bridges]] kind = "teams"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; policy says `teams/NAME`.
    pub name: String,
    /// The app.
    pub graph: GraphConfig,
    /// Whose meetings they are: the object id of a user.
    pub user: String,
}

/// A configured app.
pub(super) struct Teams {
    name: String,
    graph: Graph,
    user: String,
}

impl Teams {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("teams", &config.name)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "@._-".contains(c);
        if config.user.is_empty() || !config.user.chars().all(plain) {
            return Err(ConfigError::new(&name, "user", "must be the object id of a user"));
        }
        Ok(Self { graph: Graph::new(&name, &config.graph)?, user: config.user.clone(), name })
    }

    async fn meet(&self, wish: &MeetingWish) -> Answer<Meeting> {
        let end = wish.at.checked_add(LASTS).unwrap_or(wish.at);
        let body = json!({
            "externalId": wish.key,
            "subject": cut(&wish.title, 200, Unit::Chars),
            "startDateTime": wish.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "endDateTime": end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        });
        let path = format!("users/{}/onlineMeetings/createOrGet", self.user);
        let value = self.graph.ask(Method::POST, &path, &[], Some(body)).await?;
        match web(at(&value, "/joinWebUrl")) {
            Some(link) => Ok(Meeting { link: link.to_owned(), detail: String::new() }),
            None => Err(Trouble::retry("Microsoft Teams: an answer that is no meeting, is graph.url right?")),
        }
    }
}

impl Bridges for Teams {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.graph.health(&self.name))
    }

    fn open<'a>(&'a self, wish: &'a MeetingWish) -> BoxFuture<'a, Answer<Meeting>> {
        Box::pin(self.meet(wish))
    }
}
