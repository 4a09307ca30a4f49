//! What Linear posts to us, signed with the webhook's secret over the raw body, with its time in it:
//! <https://linear.app/developers/webhooks>.

use jiff::Timestamp;
use serde_json::Value;

use super::config::Config;
use crate::replies::{ReplyError, Request, at, fresh, hmac_sha256, need};
use crate::settings::{ConfigError, SecretText, adapter_name};
use crate::trackers::{Heard, IssueHook};

/// Older requests may have been recorded by somebody and sent again, seconds.
const TOLERANCE_S: i64 = 60;

/// What is needed to read the webhooks of one team.
#[derive(Debug, Clone)]
pub(in crate::trackers) struct Hook {
    name: String,
    secret: SecretText,
}

impl Hook {
    pub(in crate::trackers) fn new(name: &str, config: &Config) -> Result<Option<Self>, ConfigError> {
        let name = adapter_name("linear", name)?;
        let Some(secret) = &config.webhook_secret else { return Ok(None) };
        Ok(Some(Self { secret: secret.resolve(&name, "webhook_secret")?, name }))
    }
}

impl IssueHook for Hook {
    fn name(&self) -> &str {
        &self.name
    }

    fn receive(&self, request: &Request<'_>, now: Timestamp) -> Result<Heard, ReplyError> {
        let Some(Ok(tag)) = request.header("linear-signature").map(hex::decode) else {
            return Err(ReplyError::Unauthenticated("no signature of Linear"));
        };
        if !hmac_sha256(self.secret.expose().as_bytes(), &[request.body], &tag) {
            let why = "the signature does not hold: is webhook_secret that of this webhook?";
            return Err(ReplyError::Unauthenticated(why));
        }
        let body: Value = serde_json::from_slice(request.body).map_err(|e| ReplyError::json(&e))?;
        let sent = body.get("webhookTimestamp").and_then(Value::as_i64).unwrap_or_default();
        if !fresh(&(sent / 1000).to_string(), now, TOLERANCE_S) {
            return Err(ReplyError::Unauthenticated("older than a minute: is the clock right?"));
        }
        if at(&body, "/type") != "Issue" {
            return Ok(Heard::Nothing("not about an issue"));
        }
        let changed = |name: &str| body.get("updatedFrom").is_some_and(|from| from.get(name).is_some());
        let moved =
            ["stateId", "archivedAt", "trashed", "completedAt", "canceledAt"].into_iter().any(changed);
        match at(&body, "/action") {
            "remove" => {}
            "update" if moved => {}
            _ => return Ok(Heard::Nothing("nothing that ends an issue")),
        }
        Ok(Heard::Issue(need(&body, "/data/id", "data.id")?))
    }
}
