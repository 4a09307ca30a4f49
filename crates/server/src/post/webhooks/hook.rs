//! A webhook as it is kept, and what it wants to hear of.

use firebell_core::incident::Summary;
use firebell_core::ports::office::{Change, Document, Expect, OfficeReader};
use firebell_core::ports::store::StoreResult;
use firebell_core::severity::Severity;
use firebell_integrations::http::address;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::events::EVENTS;
use crate::post::desk::{body, documents};
use crate::problem::Problem;

/// Documents of webhooks.
pub(super) const KIND: &str = "webhook";
/// Everything.
pub(super) const ALL: &str = "*";
/// Longest name, in characters.
const LONGEST: usize = 100;
/// Services in one filter.
const SERVICES: usize = 100;

/// What can be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HookFields {
    /// For people.
    pub(crate) name: String,
    /// Where it posts to.
    pub(crate) url: String,
    /// Types of events, or `*` alone.
    pub(crate) events: Vec<String>,
    /// Only incidents of these severities; none: of all.
    #[serde(default)]
    pub(crate) severities: Vec<Severity>,
    /// Only incidents that affect one of these services; none: any.
    #[serde(default)]
    pub(crate) services: Vec<String>,
    /// Restricted incidents too.
    #[serde(default)]
    pub(crate) restricted: bool,
    /// Sends.
    pub(crate) enabled: bool,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hook {
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) fields: HookFields,
    /// Signs; kept as it is, because that takes it.
    pub(super) secret: String,
    /// The one before, which signs too until then.
    #[serde(default)]
    pub(super) old_secret: Option<(String, Timestamp)>,
    /// Why Firebell switched it off.
    #[serde(default)]
    pub(crate) note: Option<String>,
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
    /// Of the document.
    #[serde(skip)]
    pub(super) version: u64,
}

impl HookFields {
    /// Checks and tidies what somebody gave.
    pub(super) fn checked(mut self, allow_private: bool) -> Result<Self, Problem> {
        self.name = self.name.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.name.is_empty()
            || self.name.chars().count() > LONGEST
            || self.name.chars().any(char::is_control)
        {
            return Err(Problem::invalid("name", format!("must have 1 to {LONGEST} characters")));
        }
        let url = address::checked(&self.url, allow_private).map_err(|why| Problem::invalid("url", why))?;
        self.url = url.to_string();
        self.events.dedup();
        if self.events.is_empty() {
            return Err(Problem::invalid("events", "is empty: name types of events, or * for all of them"));
        }
        if self.events.iter().any(|e| e == ALL) {
            self.events = vec![ALL.to_owned()];
        } else if let Some(bad) = self.events.iter().find(|e| !EVENTS.contains(&e.as_str())) {
            let bad: String = bad.chars().filter(|c| !c.is_control()).take(64).collect();
            return Err(Problem::invalid("events", format!("{bad:?} is not a type of event")));
        }
        self.severities.sort();
        self.severities.dedup();
        let services = self.services.iter().map(|s| s.trim().to_owned()).filter(|s| !s.is_empty());
        self.services = services.collect();
        if self.services.len() > SERVICES || self.services.iter().any(|s| s.chars().count() > 200) {
            return Err(Problem::invalid("services", format!("must be at most {SERVICES} names")));
        }
        Ok(self)
    }
}

impl Hook {
    /// One.
    pub(crate) fn of(office: &dyn OfficeReader, id: &str) -> StoreResult<Option<Self>> {
        let Some(document) = office.document(KIND, id)? else { return Ok(None) };
        let hook: Self = body(&document)?;
        Ok(Some(Self { version: document.version, ..hook }))
    }

    /// All, the oldest first.
    pub(crate) fn all(office: &dyn OfficeReader) -> StoreResult<Vec<Self>> {
        let read = |document: Document| Ok(Self { version: document.version, ..body(&document)? });
        let mut all = documents(office, KIND)?.into_iter().map(read).collect::<StoreResult<Vec<Self>>>()?;
        all.sort_by(|a, b| a.created_at.cmp(&b.created_at).then_with(|| a.id.cmp(&b.id)));
        Ok(all)
    }

    pub(super) fn put(&self) -> Result<Change, serde_json::Error> {
        let expect = if self.version == 0 { Expect::New } else { Expect::Version(self.version) };
        Ok(Change::Put { kind: KIND, id: self.id.clone(), body: serde_json::to_value(self)?, expect })
    }

    /// Whether an incident's row lets it hear of a type of event. What is restricted now was never meant for it.
    pub(super) fn wants(&self, kind: &str, row: &Summary) -> bool {
        let f = &self.fields;
        f.enabled
            && (f.events.iter().any(|e| e == ALL || e == kind))
            && (f.restricted || !row.restricted)
            && (f.severities.is_empty() || f.severities.contains(&row.severity))
            && (f.services.is_empty() || row.services.iter().any(|s| f.services.contains(s)))
    }

    /// The secrets that sign at a time, the newest first.
    pub(super) fn secrets(&self, now: Timestamp) -> Vec<&str> {
        let old = self.old_secret.as_ref().filter(|(_, until)| *until > now);
        std::iter::once(self.secret.as_str()).chain(old.map(|(secret, _)| secret.as_str())).collect()
    }

    /// As it may be shown: without its secrets.
    pub(crate) fn shown(&self) -> Value {
        let mut shown = json!({"id": self.id});
        if let (Value::Object(out), Ok(Value::Object(fields))) =
            (&mut shown, serde_json::to_value(&self.fields))
        {
            out.extend(fields);
            out.insert("note".to_owned(), json!(self.note));
            out.insert("created_by".to_owned(), json!(self.created_by));
            out.insert("created_at".to_owned(), json!(self.created_at));
        }
        shown
    }

    /// Host of its address; the rest of it may be as good as a password.
    pub(crate) fn host(&self) -> String {
        let rest = self.fields.url.split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or_default().to_owned()
    }
}
