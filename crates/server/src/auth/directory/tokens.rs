//! API tokens: made by a person for a program, limited to scopes, with an end. What is done with one is done by its
//! owner, and may never be more than they may.

use firebell_core::audit::Act;
use firebell_core::ports::office::{Change, Deed, Expect};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::state::TOKEN;
use super::{Directory, hash, json_of, secret};
use crate::auth::Person;
use crate::auth::scope::Scopes;
use crate::problem::Problem;

/// Secrets begin with this, so that scanners of source code find those that got there.
const PREFIX: &str = "firebell_";
/// Longest life, in days.
pub(crate) const LONGEST_DAYS: i64 = 366;
/// Tokens of one person.
const MOST: usize = 100;
/// When it was used last is written down no more often than this.
const WRITTEN: SignedDuration = SignedDuration::from_hours(1);

/// A token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ApiToken {
    /// By which it is listed and revoked.
    pub(crate) id: String,
    /// What it is for.
    pub(crate) name: String,
    /// Whose it is.
    pub(crate) owner: String,
    /// What it is good for.
    pub(crate) scopes: Scopes,
    hash: String,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it ends.
    pub(crate) expires_at: Timestamp,
    /// When it was used last.
    #[serde(default)]
    pub(crate) used_at: Option<Timestamp>,
    /// Of the document.
    #[serde(skip)]
    pub(super) version: u64,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewToken {
    pub(crate) name: String,
    pub(crate) scopes: Scopes,
    pub(crate) days: i64,
}

impl Directory {
    /// Makes a token; answers it with its secret, which is shown once.
    pub(crate) async fn make_token(
        &self,
        owner: &str,
        new: NewToken,
        now: Timestamp,
    ) -> Result<(ApiToken, String), Problem> {
        let name = new.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(Problem::invalid("name", "must have 1 to 100 characters: say what the token is for"));
        }
        if !(1..=LONGEST_DAYS).contains(&new.days) {
            return Err(Problem::invalid("days", format!("must be 1 to {LONGEST_DAYS}")));
        }
        if self.tokens_of(Some(owner)).len() >= MOST {
            return Err(Problem::conflict(format!("{owner} has {MOST} tokens: revoke one first")));
        }
        let key = format!("{PREFIX}{}", secret());
        let token = ApiToken {
            id: hex::encode(rand::random::<[u8; 8]>()),
            name,
            owner: owner.to_owned(),
            scopes: new.scopes,
            hash: hash(&key),
            created_at: now,
            expires_at: now
                .saturating_add(SignedDuration::from_hours(24 * new.days))
                .map_err(|e| Problem::internal(&e))?,
            used_at: None,
            version: 1,
        };
        let act = Act::new(owner, "token.create", &token.id)
            .with(json!({"name": token.name, "scopes": token.scopes, "expires_at": token.expires_at}));
        let put = put(&token, Expect::New)?;
        let kept = token.clone();
        self.write(Deed { act: Some(act), changes: vec![put] }, |state| {
            state.tokens.insert(kept.id.clone(), kept);
        })
        .await?;
        Ok((token, key))
    }

    /// Revokes a token; `owner` limits it to that person's. Answers whether it was there.
    pub(crate) async fn revoke_token(
        &self,
        by: &str,
        id: &str,
        owner: Option<&str>,
    ) -> Result<bool, Problem> {
        let token = self.state().tokens.get(id).cloned();
        let Some(token) = token.filter(|t| owner.is_none_or(|o| o == t.owner)) else { return Ok(false) };
        let act = Act::new(by, "token.revoke", id).with(json!({"name": token.name, "owner": token.owner}));
        let deed = Deed { act: Some(act), changes: vec![Change::Remove { kind: TOKEN, id: id.to_owned() }] };
        self.write(deed, |state| drop(state.tokens.remove(id))).await?;
        Ok(true)
    }

    /// Tokens of one person, or of all.
    pub(crate) fn tokens_of(&self, owner: Option<&str>) -> Vec<ApiToken> {
        let state = self.state();
        let mut list: Vec<ApiToken> =
            state.tokens.values().filter(|t| owner.is_none_or(|o| o == t.owner)).cloned().collect();
        list.sort_by(|a, b| b.created_at.cmp(&a.created_at).then(a.id.cmp(&b.id)));
        list
    }

    /// The person behind a token, made here or in the configuration.
    pub(crate) fn check(&self, key: &str, now: Timestamp) -> Option<Person> {
        if let Some(person) = self.configured.check(key) {
            return Some(person);
        }
        if !key.starts_with(PREFIX) {
            return None;
        }
        // Looked up by the hash of a random secret: what the time tells of it is of no use.
        let shown = hash(key);
        let mut state = self.state();
        let token = state.tokens.values().find(|t| t.hash == shown && t.expires_at > now)?.clone();
        let mut person = match state.accounts.get(&super::accounts::key_of(&token.owner)) {
            Some(account) if account.disabled => return None,
            Some(account) => Person::new(&account.name, account.role),
            None => self.configured.person(&token.owner)?,
        };
        person.scopes = Some(token.scopes.clone());
        if token.used_at.is_none_or(|at| now.duration_since(at) > WRITTEN) {
            self.write_token_use(&mut state.tokens, ApiToken { used_at: Some(now), ..token });
        }
        Some(person)
    }

    fn write_token_use(&self, tokens: &mut std::collections::BTreeMap<String, ApiToken>, token: ApiToken) {
        // One that was revoked meanwhile stays revoked: the version does not fit.
        let Ok(put) = put(&token, Expect::Version(token.version)) else { return };
        let id = token.id.clone();
        tokens.insert(id.clone(), ApiToken { version: token.version + 1, ..token });
        let handle = self.handle.clone();
        tokio::spawn(async move {
            if let Err(error) = handle.perform(Deed { act: None, changes: vec![put] }).await {
                tracing::debug!(%error, id, "when a token was used last could not be written");
            }
        });
    }
}

fn put(token: &ApiToken, expect: Expect) -> Result<Change, Problem> {
    Ok(Change::Put { kind: TOKEN, id: token.id.clone(), body: json_of(token)?, expect })
}
