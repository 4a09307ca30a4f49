//! The notifier port over incidents of a page. The API keeps no keys of ours, so an incident carries its number in its
//! metadata, and is looked for there before one is made; an update that is there already is not posted again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier, Standing};
use firebell_core::ports::{BoxFuture, Health};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::config::Config;
use super::page::Page;
use super::words;
use crate::http::{Http, Redirects};
use crate::notice::text::{Unit, cut};
use crate::settings::{ConfigError, adapter_name};

/// The API's own limit: one call a second for each key.
const PACE: Duration = Duration::from_secs(1);
/// Longest name, characters.
const NAME: usize = 255;
/// Longest body, characters.
const BODY: usize = 25_000;

/// A configured page.
pub struct Statuspage {
    name: String,
    page: Page,
    components: BTreeMap<String, String>,
    notify: bool,
    /// One update at a time: two at once would both find no incident and make two.
    turn: Mutex<()>,
}

impl Statuspage {
    /// Builds the notifier; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        Self::paced(config, PACE)
    }

    pub(super) fn paced(config: &Config, pace: Duration) -> Result<Self, ConfigError> {
        let name = adapter_name("statuspage", &config.name)?;
        if !is_id(&config.page_id) {
            return Err(ConfigError::new(&name, "page_id", "must be the page's id, as in kctbh9vrtdwd"));
        }
        if let Some((service, id)) = config.components.iter().find(|(_, id)| !is_id(id)) {
            let why = format!("{id:?} is no id of a component, as in ftgks51sfs2d");
            return Err(ConfigError::new(&name, format!("components.{service}"), why));
        }
        let key = config.key.resolve(&name, "key")?;
        let http = Http::new(&name, &config.connection(), Redirects::None)?;
        Ok(Self {
            page: Page::new(http, key, &config.page_id, pace),
            name,
            components: config.components.clone(),
            notify: config.notify,
            turn: Mutex::new(()),
        })
    }

    async fn deliver(&self, message: &Message) -> Result<Outcome, Outcome> {
        let never = |why: &str| Outcome::Permanent { reason: format!("{}: {why}", self.name) };
        let Some(standing) = message.standing.as_ref().filter(|_| message.audience == "public") else {
            // Whoever tries the channel out must not write to customers.
            let page = self.page.show().await?;
            if message.incident == "test" {
                let page = page["name"].as_str().unwrap_or_default();
                return Ok(done(&format!("the key is good for the page {page:?}; nothing was posted"), ""));
            }
            return Err(never("only updates of incidents to the public are posted on a status page"));
        };
        if standing.drill {
            return Err(never("a drill is not told to customers"));
        }
        if standing.secret && !standing.by_person {
            return Err(never("the incident is restricted: nothing of it is posted unless a person does"));
        }
        let _turn = self.turn.lock().await;
        let unresolved = self.page.unresolved().await?;
        let ours = |i: &&Value| i["metadata"]["firebell"]["incident"] == *message.incident;
        let found = match unresolved.iter().find(ours) {
            Some(incident) => Some(incident.clone()),
            None => self.page.newest().await?.iter().find(ours).cloned(),
        };
        let body = self.body(message, standing, &unresolved);
        let Some(incident) = found else {
            let made = self.page.create(&body).await?;
            return Ok(done("posted on Statuspage", id(&made)));
        };
        if is_there(&incident, message, words::status(standing)) {
            return Ok(done("it is on Statuspage already", id(&incident)));
        }
        let Some(known) = incident["id"].as_str().filter(|id| is_id(id)) else {
            return Err(never("the page answers an incident without an id"));
        };
        let updated = self.page.update(known, &body).await?;
        Ok(done("posted on Statuspage", id(&updated)))
    }

    /// What is posted.
    fn body(&self, message: &Message, standing: &Standing, unresolved: &[Value]) -> Value {
        let mut incident = json!({
            "name": cut(&standing.title, NAME, Unit::Chars),
            "status": words::status(standing),
            "body": cut(&message.body, BODY, Unit::Chars),
            "deliver_notifications": self.notify,
            "metadata": {"firebell": {"incident": message.incident, "update": message.key}},
        });
        // What a restricted incident touches is part of what nobody is to know.
        if !standing.secret {
            let components = self.states(message, standing, unresolved);
            incident["impact_override"] = json!(words::impact(standing));
            incident["component_ids"] = json!(components.keys().collect::<Vec<_>>());
            incident["components"] = json!(components);
        }
        json!({ "incident": incident })
    }

    /// The components that it touches, and their state. One that another open incident of the page holds is not put back.
    fn states(
        &self,
        message: &Message,
        standing: &Standing,
        unresolved: &[Value],
    ) -> BTreeMap<String, &'static str> {
        let held: BTreeSet<&str> = unresolved
            .iter()
            .filter(|i| i["metadata"]["firebell"]["incident"] != *message.incident)
            .flat_map(|i| i["components"].as_array().into_iter().flatten())
            .filter_map(|c| c["id"].as_str())
            .collect();
        let state = words::component(standing);
        standing
            .services
            .iter()
            .filter_map(|service| self.components.get(service))
            .filter(|id| state != "operational" || !held.contains(id.as_str()))
            .map(|id| (id.clone(), state))
            .collect()
    }

    async fn check(&self) -> Health {
        let (ok, detail) = match self.page.show().await {
            Ok(page) => (true, format!("page {:?}", page["name"].as_str().unwrap_or_default())),
            Err(Outcome::Retry { reason, .. } | Outcome::Permanent { reason }) => (false, reason),
            Err(Outcome::Done { detail, .. }) => (false, detail),
        };
        Health { name: self.name.clone(), ok, detail: format!("{}: {detail}", self.page.http.address()) }
    }
}

/// Whether an update is among those of an incident: by its key, or, where a newer one has taken its place, by its text.
fn is_there(incident: &Value, message: &Message, status: &str) -> bool {
    let text = cut(&message.body, BODY, Unit::Chars);
    incident["metadata"]["firebell"]["update"] == *message.key
        || incident["incident_updates"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|u| u["body"] == *text && u["status"] == *status)
}

fn id(incident: &Value) -> &str {
    incident["id"].as_str().unwrap_or_default()
}

fn done(detail: &str, id: &str) -> Outcome {
    Outcome::Done { detail: detail.to_owned(), data: json!({"id": id}) }
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl Notifier for Statuspage {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.check())
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { self.deliver(message).await.unwrap_or_else(|outcome| outcome) })
    }
}
