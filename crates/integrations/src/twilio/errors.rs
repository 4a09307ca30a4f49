//! What Twilio's error codes mean and what to do about them: <https://www.twilio.com/docs/api/errors>.

use firebell_core::effect::Outcome;
use serde_json::Value;

use crate::http::{Reply, excerpt};
use crate::notice::{Again, Hints, retry};

pub(super) const HINTS: Hints = Hints {
    provider: "Twilio",
    again: Again::Doubtful,
    revoked: "check `account_sid` and `auth_token` (or `api_key_sid` and `api_key_secret`); a token that was rotated has \
              to be set anew",
    forbidden: "the account may not do this: see the console",
    gone: "there is no such account: check `account_sid`",
};

/// What a refusal means.
pub(super) fn refused(reply: &Reply) -> Outcome {
    let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    let code = value.get("code").and_then(Value::as_i64).unwrap_or(0);
    let said = match value.get("message").and_then(Value::as_str) {
        Some(text) => format!("{} ({code})", excerpt(text)),
        None => reply.excerpt(),
    };
    let to_do = match code {
        20003 => HINTS.revoked,
        21211 | 21214 | 21217 | 21614 | 21635 => "correct the person's number: +, country code, number",
        21610 => "the person replied STOP: they have to text START to the number first",
        21212 | 21606 | 21659 | 21660 | 21210 => {
            "`from` is no number of this account, or cannot do this: correct it"
        }
        21703 | 21701 => "check `messaging_service_sid`: the service is gone or has no numbers",
        21408 | 21215 | 13227 | 32205 => "allow the country under Geo permissions in the console",
        21608 | 21219 => "a trial account reaches verified numbers only: verify the number, or upgrade",
        20005 | 20008 | 90010 => "the account is suspended or closed: see the console",
        // Full queues and limits of calls pass.
        20429 | 14107 | 30001 | 30022 | 31206 | 21218 => {
            return retry(format!("Twilio: too many messages, {said}"), reply.retry_after_s.or(Some(5)));
        }
        _ => return HINTS.status(reply, &said, None),
    };
    if reply.status >= 500 {
        return HINTS.status(reply, &said, None);
    }
    HINTS.refused(&said, to_do)
}
