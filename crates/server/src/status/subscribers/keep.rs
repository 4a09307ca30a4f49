//! A subscriber as it is kept.

use firebell_core::ports::office::{Change, Document, Expect, OfficeReader};
use firebell_core::ports::store::{StoreError, StoreResult};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Documents of subscribers.
pub(super) const KIND: &str = "subscriber";
/// Documents read at once.
pub(super) const PAGE: usize = 500;

/// By what way they hear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    /// An address.
    Email(String),
    /// An address that is posted to.
    Webhook(String),
}

/// What was asked for and is not confirmed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    /// Ids of components; none: all.
    pub(super) components: Vec<String>,
    pub(super) at: Timestamp,
    pub(super) until: Timestamp,
}

/// A subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subscriber {
    pub(crate) id: String,
    pub(crate) way: Way,
    /// Ids of components; none: all.
    #[serde(default)]
    pub(crate) components: Vec<String>,
    /// Nothing is sent before.
    #[serde(default)]
    pub(crate) confirmed_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) asked: Option<Asked>,
    pub(crate) created_at: Timestamp,
    /// Of the document.
    #[serde(skip)]
    pub(super) version: u64,
}

impl Subscriber {
    /// One.
    pub(crate) fn of(office: &dyn OfficeReader, id: &str) -> StoreResult<Option<Self>> {
        office.document(KIND, id)?.map(|d| read(&d)).transpose()
    }

    /// Some, by id, after `after`.
    pub(super) fn after(office: &dyn OfficeReader, after: &str, limit: usize) -> StoreResult<Vec<Self>> {
        office.documents(KIND, after, limit)?.iter().map(read).collect()
    }

    /// All.
    pub(super) fn all(office: &dyn OfficeReader) -> StoreResult<Vec<Self>> {
        let mut all: Vec<Self> = Vec::new();
        loop {
            let after = all.last().map(|s| s.id.clone()).unwrap_or_default();
            let page = Self::after(office, &after, PAGE)?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    pub(super) fn put(&self) -> Result<Change, serde_json::Error> {
        let expect = if self.version == 0 { Expect::New } else { Expect::Version(self.version) };
        Ok(Change::Put { kind: KIND, id: self.id.clone(), body: serde_json::to_value(self)?, expect })
    }

    pub(super) fn gone(id: &str) -> Change {
        Change::Remove { kind: KIND, id: id.to_owned() }
    }

    /// In a word.
    pub(crate) fn kind(&self) -> &'static str {
        match self.way {
            Way::Email(_) => "e-mail",
            Way::Webhook(_) => "webhook",
        }
    }

    /// The channel that it hears by.
    pub(super) fn channel(&self) -> &'static str {
        match self.way {
            Way::Email(_) => super::EMAIL,
            Way::Webhook(_) => super::HOOK,
        }
    }

    /// Whether it was asked for and never confirmed.
    pub(super) fn is_forgotten(&self, now: Timestamp) -> bool {
        self.confirmed_at.is_none() && self.asked.as_ref().is_none_or(|a| a.until < now)
    }

    /// Whether it hears of something that touches these components.
    pub(super) fn wants(&self, touched: &[String], at: Timestamp) -> bool {
        // What was said before is no news.
        self.confirmed_at.is_some_and(|since| since <= at)
            && (self.components.is_empty() || self.components.iter().any(|c| touched.contains(c)))
    }

    /// The address so that it is known again, and cannot be written to.
    pub(crate) fn masked(&self) -> String {
        match &self.way {
            Way::Email(address) => {
                let (name, domain) = address.rsplit_once('@').unwrap_or((address, ""));
                let first: String = name.chars().take(1).collect();
                format!("{first}…@{domain}")
            }
            Way::Webhook(url) => host(url),
        }
    }
}

/// Host of an address; the rest of it may be as good as a password.
pub(super) fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default().to_owned()
}

fn read(document: &Document) -> StoreResult<Subscriber> {
    let read: Subscriber = serde_json::from_value(document.body.clone()).map_err(|error| {
        StoreError::Corrupt { what: format!("subscriber {}", document.id), detail: error.to_string() }
    })?;
    Ok(Subscriber { version: document.version, ..read })
}
