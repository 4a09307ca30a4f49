//! What GitHub posts to us, signed with the webhook's secret over the raw body:
//! <https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries>.

use jiff::Timestamp;
use serde_json::Value;

use super::config::{Config, is_repo};
use crate::replies::{ReplyError, Request, at, hmac_sha256};
use crate::settings::{ConfigError, SecretText, adapter_name};
use crate::trackers::{Heard, IssueHook};

/// What is needed to read the webhooks of one repository.
#[derive(Debug, Clone)]
pub(in crate::trackers) struct Hook {
    name: String,
    repo: String,
    secret: SecretText,
}

impl Hook {
    pub(in crate::trackers) fn new(name: &str, config: &Config) -> Result<Option<Self>, ConfigError> {
        let name = adapter_name("github", name)?;
        if !is_repo(&config.repo) {
            return Err(ConfigError::new(&name, "repo", "must be owner/repository, as in acme/shop"));
        }
        let Some(secret) = &config.webhook_secret else { return Ok(None) };
        Ok(Some(Self { secret: secret.resolve(&name, "webhook_secret")?, repo: config.repo.clone(), name }))
    }
}

impl IssueHook for Hook {
    fn name(&self) -> &str {
        &self.name
    }

    fn receive(&self, request: &Request<'_>, _: Timestamp) -> Result<Heard, ReplyError> {
        let tag =
            request.header("x-hub-signature-256").and_then(|s| s.strip_prefix("sha256=")).map(hex::decode);
        let Some(Ok(tag)) = tag else { return Err(ReplyError::Unauthenticated("no signature of GitHub")) };
        if !hmac_sha256(self.secret.expose().as_bytes(), &[request.body], &tag) {
            let why = "the signature does not hold: is webhook_secret that of this webhook?";
            return Err(ReplyError::Unauthenticated(why));
        }
        if request.header("x-github-event") != Some("issues") {
            return Ok(Heard::Nothing("not about an issue"));
        }
        let body: Value = serde_json::from_slice(request.body).map_err(|e| ReplyError::json(&e))?;
        if !at(&body, "/repository/full_name").eq_ignore_ascii_case(&self.repo) {
            return Ok(Heard::Nothing("of another repository"));
        }
        if !matches!(at(&body, "/action"), "closed" | "deleted" | "transferred") {
            return Ok(Heard::Nothing("nothing that ends an issue"));
        }
        let number = body.pointer("/issue/number").and_then(Value::as_u64);
        let number = number.ok_or_else(|| ReplyError::malformed("issue.number", "is missing"))?;
        Ok(Heard::Issue(format!("{}#{number}", self.repo)))
    }
}
