//! What is at hand.

use std::collections::BTreeMap;

use firebell_core::ports::office::OfficeReader;
use firebell_core::ports::store::StoreResult;

use super::accounts::Account;
use super::sessions::SessionRow;
use super::tokens::ApiToken;
use crate::post::{body, documents};

/// Kinds of documents.
pub(crate) const ACCOUNT: &str = "account";
pub(crate) const SESSION: &str = "session";
pub(crate) const TOKEN: &str = "token";

#[derive(Debug, Default)]
pub(super) struct State {
    /// By [`super::accounts::key_of`].
    pub(super) accounts: BTreeMap<String, Account>,
    /// By the hash of the cookie's value.
    pub(super) sessions: BTreeMap<String, SessionRow>,
    /// By id.
    pub(super) tokens: BTreeMap<String, ApiToken>,
}

impl State {
    pub(super) fn load(office: &dyn OfficeReader) -> StoreResult<Self> {
        let mut state = Self::default();
        for document in documents(office, ACCOUNT)? {
            state.accounts.insert(document.id.clone(), body(&document)?);
        }
        for document in documents(office, SESSION)? {
            let mut row: SessionRow = body(&document)?;
            row.version = document.version;
            row.written_at = row.used_at;
            state.sessions.insert(document.id.clone(), row);
        }
        for document in documents(office, TOKEN)? {
            let mut token: ApiToken = body(&document)?;
            token.version = document.version;
            state.tokens.insert(document.id.clone(), token);
        }
        Ok(state)
    }
}
