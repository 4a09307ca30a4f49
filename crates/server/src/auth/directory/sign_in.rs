//! Signing in by password.

use firebell_core::audit::Act;
use firebell_core::ports::office::Deed;
use jiff::Timestamp;
use serde_json::json;

use super::Directory;
use super::sessions::{Via, Visit};
use crate::auth::password;
use crate::problem::Problem;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignIn {
    /// The cookie's value.
    In(String),
    /// Name or password is wrong; which of them is not told.
    Wrong,
    /// Too many failures: try again after so many seconds.
    Wait(i64),
}

impl Directory {
    /// Tries a name (or e-mail address) and a password.
    pub(crate) async fn sign_in(
        &self,
        sign: &str,
        password: String,
        visit: Visit,
        now: Timestamp,
    ) -> Result<SignIn, Problem> {
        let sign: String = sign.trim().chars().take(254).collect();
        let account = self.account_by_sign(&sign).filter(|a| !a.disabled);
        // By what is tried, whether or not there is such an account: the wait must not tell.
        let name = account.as_ref().map_or(sign.as_str(), |a| a.name.as_str()).to_lowercase();
        let keys = [format!("account {name}"), format!("address {}", visit.address)];
        if let Err(wait) = self.throttle.check(&keys, now) {
            return Ok(SignIn::Wait(wait.as_secs() + 1));
        }
        // Counted before it is tried: who asks a hundred times at once has asked a hundred times.
        self.throttle.failed(&keys, now);
        let known = password::verify(password, account.as_ref().and_then(super::Account::password)).await?;
        let Some(account) = account.filter(|_| known) else {
            let act = Act::new("nobody", "session.refused", &sign)
                .with(json!({"address": visit.address, "agent": visit.agent}));
            self.handle.perform(Deed { act: Some(act), changes: Vec::new() }).await?;
            return Ok(SignIn::Wrong);
        };
        self.throttle.succeeded(&keys);
        Ok(SignIn::In(self.begin(&account.name, Via::Password, visit, now).await?))
    }
}
