//! The notifier port over a signed POST.

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier};
use firebell_core::ports::{BoxFuture, Health};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::Config;
use super::sign::{SIGNATURE_HEADER, sign};
use crate::answers::{outcome, unanswered};
use crate::http::{Http, Redirects};
use crate::notice::{Once, to_each};
use crate::settings::{ConfigError, SecretText, adapter_name};

/// Shortest key that is accepted, characters.
const MIN_SECRET: usize = 16;

/// A configured receiver.
pub struct Webhook {
    name: String,
    http: Http,
    secret: SecretText,
    config: Config,
    once: Once,
}

impl Webhook {
    /// Builds the notifier; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("webhook", &config.name)?;
        let secret = config.secret.resolve(&name, "secret")?;
        if secret.expose().len() < MIN_SECRET {
            let reason =
                format!("must have at least {MIN_SECRET} characters: make one with `openssl rand -hex 32`");
            return Err(ConfigError::new(&name, "secret", reason));
        }
        let http = Http::new(&name, &config.connection(), Redirects::None)?;
        Ok(Self { name, http, secret, config: config.clone(), once: Once::default() })
    }

    /// To a person's own address.
    async fn post_to(&self, address: &str, key: &str, payload: &Value) -> Outcome {
        match Http::new(&self.name, &self.config.connection_to(address), Redirects::None) {
            Ok(http) => self.post(&http, "message", key, payload).await,
            Err(error) => Outcome::Permanent { reason: error.to_string() },
        }
    }

    async fn post(&self, http: &Http, event: &str, key: &str, payload: &Value) -> Outcome {
        let body = payload.to_string().into_bytes();
        let signature = sign(self.secret.expose().as_bytes(), Timestamp::now(), &body);
        let headers = [
            ("content-type", "application/json"),
            ("firebell-event", event),
            ("idempotency-key", key),
            (SIGNATURE_HEADER, &signature),
        ];
        match http.post("", body, &headers).await {
            Ok(reply) => outcome(&reply).unwrap_or_else(|| Outcome::Done {
                detail: format!("{} took it, status {}", self.name, reply.status),
                data: Value::Null,
            }),
            Err(error) => unanswered(&error),
        }
    }

    async fn check(&self) -> Health {
        let name = self.name.clone();
        // A ping is signed as well, so that it shows a wrong secret.
        let outcome = self
            .post(&self.http, "ping", "ping", &json!({"format": "firebell-webhook/1", "event": "ping"}))
            .await;
        match outcome {
            Outcome::Done { .. } => {
                Health { name, ok: true, detail: format!("{} answers", self.http.address()) }
            }
            Outcome::Retry { reason, .. } | Outcome::Permanent { reason } => {
                Health { name, ok: false, detail: format!("{}: {reason}", self.http.address()) }
            }
        }
    }
}

fn is_address(to: &str) -> bool {
    to.starts_with("https://") || to.starts_with("http://")
}

impl Notifier for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.check())
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let mut payload = json!({
                "format": "firebell-webhook/1",
                "event": "message",
                "key": message.key,
                "incident": message.incident,
                "audience": message.audience,
                "subject": message.subject,
                "body": message.body,
                "to": message.to,
                "link": message.link,
                "urgency": message.urgency,
            });
            if let Some(ack) = &message.ack {
                payload["ack"] = json!(ack);
            }
            // Whoever is called at an address of their own is called there, and nowhere else.
            let own: Vec<String> = message.to.iter().filter(|to| is_address(to)).cloned().collect();
            if own.is_empty() {
                return self.post(&self.http, "message", &message.key, &payload).await;
            }
            let payload = &payload;
            to_each(&self.once, &message.key, "the webhook", &own, |to| {
                self.post_to(to, &message.key, payload)
            })
            .await
        })
    }
}
