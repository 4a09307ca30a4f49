//! A replacement as it is kept.

use firebell_core::ports::office::{Change, Expect, OfficeReader};
use firebell_core::ports::store::{StoreError, StoreResult};
use firebell_oncall::model::Replacement;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Documents of replacements.
pub(super) const KIND: &str = "oncall_replacement";
/// Documents read at once.
const PAGE: usize = 500;

/// A replacement that somebody entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Name of the schedule.
    pub(crate) schedule: String,
    /// What was agreed.
    pub(crate) replacement: Replacement,
    /// When it was entered; later ones meet what earlier ones left.
    pub(crate) created_at: Timestamp,
}

impl Kept {
    /// All, oldest first.
    pub(crate) fn all(office: &dyn OfficeReader) -> StoreResult<Vec<Self>> {
        let mut found: Vec<Self> = documents(office, KIND)?;
        found.sort_by(|a, b| (a.created_at, &a.replacement.id).cmp(&(b.created_at, &b.replacement.id)));
        Ok(found)
    }

    pub(super) fn put(&self) -> Result<Change, serde_json::Error> {
        let (id, body) = (self.replacement.id.clone(), serde_json::to_value(self)?);
        Ok(Change::Put { kind: KIND, id, body, expect: Expect::New })
    }
}

/// All documents of a kind.
pub(super) fn documents<T: serde::de::DeserializeOwned>(
    office: &dyn OfficeReader,
    kind: &'static str,
) -> StoreResult<Vec<T>> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = office.documents(kind, &after, PAGE)?;
        let Some(last) = page.last() else { return Ok(found) };
        after.clone_from(&last.id);
        for document in page {
            let what = || format!("{kind} {}", document.id);
            found.push(
                serde_json::from_value(document.body.clone())
                    .map_err(|e| StoreError::Corrupt { what: what(), detail: e.to_string() })?,
            );
        }
    }
}
