//! What is at hand.

use std::collections::BTreeMap;

use firebell_core::ports::office::{Document, OfficeReader};
use firebell_core::ports::store::{StoreError, StoreResult};
use serde::de::DeserializeOwned;

use super::accounts::Account;
use super::sessions::SessionRow;
use super::tokens::ApiToken;

/// Kinds of documents.
pub(crate) const ACCOUNT: &str = "account";
pub(crate) const SESSION: &str = "session";
pub(crate) const TOKEN: &str = "token";

/// Documents read at once.
const PAGE: usize = 500;

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
        for document in all(office, ACCOUNT)? {
            state.accounts.insert(document.id.clone(), body(&document)?);
        }
        for document in all(office, SESSION)? {
            let mut row: SessionRow = body(&document)?;
            row.version = document.version;
            row.written_at = row.used_at;
            state.sessions.insert(document.id.clone(), row);
        }
        for document in all(office, TOKEN)? {
            let mut token: ApiToken = body(&document)?;
            token.version = document.version;
            state.tokens.insert(document.id.clone(), token);
        }
        Ok(state)
    }
}

fn all(office: &dyn OfficeReader, kind: &str) -> StoreResult<Vec<Document>> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = office.documents(kind, &after, PAGE)?;
        let Some(last) = page.last() else { return Ok(found) };
        after.clone_from(&last.id);
        found.extend(page);
    }
}

fn body<T: DeserializeOwned>(document: &Document) -> StoreResult<T> {
    serde_json::from_value(document.body.clone()).map_err(|error| StoreError::Corrupt {
        what: format!("{} {}", document.kind, document.id),
        detail: error.to_string(),
    })
}
