//! The notifier port over SMTP.

use std::time::Duration;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier};
use firebell_core::ports::{BoxFuture, Health};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport as _, Tokio1Executor};
use serde_json::Value;

use super::compose::compose;
use super::config::{Config, Encryption};
use crate::http::{causes, excerpt, install_tls, loopback_host};
use crate::settings::{ConfigError, adapter_name, seconds};

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Most recipients of one message.
const MAX_TO: usize = 200;

/// A configured mail server.
pub struct Email {
    name: String,
    server: String,
    transport: Transport,
    from: Mailbox,
    to: Vec<Mailbox>,
    deadline: Duration,
}

impl Email {
    /// Builds the notifier; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        install_tls();
        let name = adapter_name("email", &config.name)?;
        let timeout = seconds(&name, "timeout_s", config.timeout_s)?;
        let bad = |field: &str, reason: String| ConfigError::new(&name, field, reason);
        let mut builder = match config.encryption {
            Encryption::Starttls => Transport::starttls_relay(&config.host),
            Encryption::Tls => Transport::relay(&config.host),
            Encryption::None if loopback_host(&config.host) => Ok(Transport::builder_dangerous(&config.host)),
            Encryption::None => {
                let reason = "\"none\" is for this machine only: use \"starttls\" or \"tls\"";
                return Err(bad("encryption", reason.into()));
            }
        }
        .map_err(|e| bad("host", causes(&e)))?;
        let port = config.port.unwrap_or(match config.encryption {
            Encryption::Starttls => 587,
            Encryption::Tls => 465,
            Encryption::None => 25,
        });
        builder = builder.port(port).timeout(Some(timeout));
        match (&config.username, &config.password) {
            (Some(user), Some(password)) => {
                let password = password.resolve(&name, "password")?;
                builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
            }
            (None, None) => {}
            _ => return Err(bad("username", "and password go together: give both or none".into())),
        }
        let from = mailbox(&config.from).map_err(|e| bad("from", e))?;
        let to = config
            .to
            .iter()
            .enumerate()
            .map(|(i, t)| mailbox(t).map_err(|e| bad(&format!("to[{i}]"), e)))
            .collect::<Result<_, _>>()?;
        let server = format!("{}:{port}", config.host);
        // A conversation has about ten turns; a server that stretches each to its limit is cut off.
        Ok(Self { name, server, transport: builder.build(), from, to, deadline: timeout * 3 })
    }

    async fn deliver(&self, message: &Message) -> Outcome {
        let to = match self.recipients(message) {
            Ok(to) => to,
            Err(reason) => return Outcome::Permanent { reason },
        };
        match self.submit(message, &to).await {
            // One refused recipient must not keep the mail from the others.
            Outcome::Permanent { reason } if to.len() > 1 => self.one_by_one(message, &to, &reason).await,
            outcome => outcome,
        }
    }

    async fn one_by_one(&self, message: &Message, to: &[Mailbox], first: &str) -> Outcome {
        let (mut sent, mut refused) = (0, Vec::new());
        for mailbox in to {
            match self.submit(message, std::slice::from_ref(mailbox)).await {
                Outcome::Done { .. } => sent += 1,
                Outcome::Permanent { reason } => refused.push(format!("{}: {reason}", mailbox.email)),
                // The Message-ID is the same for those that have it already.
                retry @ Outcome::Retry { .. } => return retry,
            }
        }
        if sent == 0 {
            return Outcome::Permanent { reason: first.to_owned() };
        }
        let detail = format!("sent to {sent} of {} recipients; refused: {}", to.len(), refused.join("; "));
        Outcome::Done { detail, data: Value::Null }
    }

    async fn submit(&self, message: &Message, to: &[Mailbox]) -> Outcome {
        let mail = match compose(message, &self.from, to) {
            Ok(mail) => mail,
            Err(reason) => return Outcome::Permanent { reason },
        };
        match tokio::time::timeout(self.deadline, self.transport.send(mail)).await {
            Ok(Ok(response)) => {
                let said = excerpt(&response.message().collect::<Vec<_>>().join(" "));
                let detail = format!("sent to {} recipients by {}: {said}", to.len(), self.server);
                Outcome::Done { detail, data: Value::Null }
            }
            Ok(Err(error)) => self.failed(&error),
            Err(_) => Outcome::Retry {
                reason: format!("{}: no end of the conversation in time", self.server),
                after_s: None,
            },
        }
    }

    fn failed(&self, error: &Error) -> Outcome {
        let reason = format!("{}: {}", self.server, excerpt(&causes(error)));
        if error.is_permanent() {
            return Outcome::Permanent { reason: format!("{reason}; check the recipients and the account") };
        }
        // What the client itself found wrong (no STARTTLS offered, no common way to sign in) stays wrong.
        if error.is_client() {
            return Outcome::Permanent { reason: format!("{reason}; check encryption and the account") };
        }
        Outcome::Retry { reason, after_s: None }
    }

    fn recipients(&self, message: &Message) -> Result<Vec<Mailbox>, String> {
        if message.to.is_empty() {
            if self.to.is_empty() {
                return Err("nobody to write to: set `to` of the channel".into());
            }
            return Ok(self.to.clone());
        }
        if message.to.len() > MAX_TO {
            return Err(format!("more than {MAX_TO} recipients: write to a list"));
        }
        message.to.iter().map(|t| mailbox(t)).collect()
    }

    async fn check(&self) -> Health {
        let name = self.name.clone();
        let server = &self.server;
        match tokio::time::timeout(self.deadline, self.transport.test_connection()).await {
            Ok(Ok(true)) => {
                Health { name, ok: true, detail: format!("mail server {server} takes connections") }
            }
            Ok(Ok(false)) => {
                Health { name, ok: false, detail: format!("mail server {server} closed the connection") }
            }
            Ok(Err(e)) => Health { name, ok: false, detail: format!("{server}: {}", excerpt(&causes(&e))) },
            Err(_) => Health { name, ok: false, detail: format!("{server}: no answer in time") },
        }
    }
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    // A line end in an address is an attempt at another header.
    if text.chars().any(char::is_control) {
        return Err("an address holds control characters".into());
    }
    text.parse().map_err(|e| format!("{text:?} is not an address like `Name <name@example.com>`: {e}"))
}

impl Notifier for Email {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.check())
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Outcome> {
        Box::pin(self.deliver(message))
    }
}
