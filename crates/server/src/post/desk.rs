//! What publishers and carriers work with.

use std::sync::Arc;

use firebell_core::ids::IncidentId;
use firebell_core::incident::Summary;
use firebell_core::ports::office::{Document, OfficeReader};
use firebell_core::ports::store::{Reader, StoreError, StoreResult};
use firebell_engine::handle::{Clock, Handle};
use firebell_integrations::webpush::Vapid;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::wire::Wire;
use crate::auth::{Account, Auth, Person, account_key};
use crate::state::AppState;

/// Documents read at once.
const PAGE: usize = 500;

/// The parts that they share.
pub(crate) struct Desk {
    pub(crate) handle: Handle,
    pub(crate) reader: Arc<dyn Reader>,
    pub(crate) office: Arc<dyn OfficeReader>,
    pub(crate) auth: Arc<Auth>,
    pub(crate) clock: Clock,
    pub(crate) wire: Arc<dyn Wire>,
    /// For notifications.
    pub(crate) vapid: Option<Arc<Vapid>>,
    /// Address under which people reach the server, without a slash at its end.
    pub(crate) public_url: String,
    /// All that the server is made of.
    pub(crate) state: AppState,
}

impl Desk {
    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// An incident's page.
    pub(crate) fn link(&self, incident: &IncidentId) -> String {
        format!("{}/incidents/{incident}", self.public_url)
    }

    /// A person as they are now: with their account, a token, or as somebody of the roster who has neither. None where they
    /// were shut out.
    pub(crate) fn acting(&self, name: &str) -> StoreResult<Option<Person>> {
        let account = self.office.document("account", &account_key(name))?;
        if let Some(account) = account.map(|d| body::<Account>(&d)).transpose()? {
            return Ok((!account.disabled).then(|| Person::new(&account.name, account.role)));
        }
        Ok(self.state.without_account(name))
    }

    /// The row of an incident as it is now.
    pub(crate) fn row(&self, incident: &str) -> StoreResult<Option<Summary>> {
        self.reader.summary(&IncidentId::new(incident))
    }
}

/// All documents of a kind.
pub(crate) fn documents(office: &dyn OfficeReader, kind: &str) -> StoreResult<Vec<Document>> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = office.documents(kind, &after, PAGE)?;
        let Some(last) = page.last() else { return Ok(found) };
        after.clone_from(&last.id);
        found.extend(page);
    }
}

/// What a document says.
pub(crate) fn body<T: DeserializeOwned>(document: &Document) -> StoreResult<T> {
    serde_json::from_value(document.body.clone()).map_err(|error| StoreError::Corrupt {
        what: format!("{} {}", document.kind, document.id),
        detail: error.to_string(),
    })
}
