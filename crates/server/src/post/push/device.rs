//! A browser that shows notifications.

use firebell_core::incident::Summary;
use firebell_core::ports::office::{Document, OfficeReader};
use firebell_core::ports::store::StoreResult;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::auth::{Account, Permission, Person, account_key};
use crate::post::desk::{Desk, body, documents};

/// Documents of devices.
pub(super) const KIND: &str = "push";

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Device {
    /// Made of its endpoint: a browser that comes again is the same device.
    pub(crate) id: String,
    /// Whose it is.
    pub(crate) person: String,
    /// Where its push service takes messages for it.
    pub(super) endpoint: String,
    /// Its public key, and a secret that it shares; base64.
    pub(super) p256dh: String,
    pub(super) auth: String,
    /// What the browser said of itself.
    pub(crate) agent: String,
    /// Wants to hear of every new SEV1 and SEV2.
    pub(crate) news: bool,
    pub(crate) created_at: Timestamp,
}

impl Device {
    /// The id of an endpoint; the page's script makes it as well.
    pub(crate) fn id_of(endpoint: &str) -> String {
        hex::encode(Sha256::digest(endpoint.as_bytes())).chars().take(24).collect()
    }

    /// One.
    pub(super) fn of(office: &dyn OfficeReader, id: &str) -> StoreResult<Option<Self>> {
        office.document(KIND, id)?.map(|d: Document| body(&d)).transpose()
    }

    /// All.
    pub(super) fn all(office: &dyn OfficeReader) -> StoreResult<Vec<Self>> {
        documents(office, KIND)?.iter().map(body).collect()
    }
}

/// The owner of a device, as they are now; none where they were shut out or removed. A new account of the same name is
/// somebody else.
pub(super) fn owner(desk: &Desk, device: &Device) -> StoreResult<Option<Person>> {
    let account = desk.office.document("account", &account_key(&device.person))?;
    let person = match account.map(|d| body::<Account>(&d)).transpose()? {
        Some(account) if account.disabled || account.created_at > device.created_at => None,
        Some(account) => Some(Person::new(&account.name, account.role)),
        None => desk.auth.person(&device.person),
    };
    Ok(person.filter(|p| p.may(Permission::Subscribe)))
}

/// Whether a person may hear of an incident.
pub(super) fn may_hear(person: &Person, row: &Summary) -> bool {
    !row.restricted || person.sees_restricted() || row.members.contains(&person.name)
}
