//! A maintenance as it is kept, and where it stands at a moment.

use std::str::FromStr;

use firebell_core::ports::office::{Change, Document, Expect, OfficeReader};
use firebell_core::ports::store::{StoreError, StoreResult};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Documents of maintenances.
pub(crate) const KIND: &str = "maintenance";
/// Documents read at once.
const PAGE: usize = 500;

/// Where it stands; as in the common summary form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Scheduled,
    InProgress,
    Verifying,
    Completed,
    Cancelled,
}

impl Stage {
    /// As in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::InProgress => "in_progress",
            Self::Verifying => "verifying",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it is being worked on.
    pub(crate) fn is_active(self) -> bool {
        matches!(self, Self::InProgress | Self::Verifying)
    }

    /// Whether nothing follows any more.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }
}

impl FromStr for Stage {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_value(text.into())
    }
}

/// What somebody said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Word {
    pub(crate) at: Timestamp,
    pub(crate) by: String,
    /// Markdown.
    pub(crate) body: String,
    /// Where it stood from then on.
    pub(crate) status: Stage,
}

/// A maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Maintenance {
    pub(crate) id: String,
    pub(crate) title: String,
    /// Markdown.
    pub(crate) description: String,
    /// Names of components.
    pub(crate) components: Vec<String>,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    /// What a person said last; none while it goes by the clock.
    #[serde(default)]
    pub(crate) status: Option<Stage>,
    /// When a person began it, before it was due.
    #[serde(default)]
    pub(crate) began_at: Option<Timestamp>,
    /// When a person completed it or called it off.
    #[serde(default)]
    pub(crate) ended_at: Option<Timestamp>,
    /// Oldest first.
    #[serde(default)]
    pub(crate) updates: Vec<Word>,
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
    /// Of the document.
    #[serde(skip)]
    pub(crate) version: u64,
}

impl Maintenance {
    /// One.
    pub(crate) fn of(office: &dyn OfficeReader, id: &str) -> StoreResult<Option<Self>> {
        office.document(KIND, id)?.map(|d| read(&d)).transpose()
    }

    /// All, in no order that means anything.
    pub(crate) fn all(office: &dyn OfficeReader) -> StoreResult<Vec<Self>> {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = office.documents(KIND, &after, PAGE)?;
            let Some(last) = page.last() else { return Ok(found) };
            after.clone_from(&last.id);
            for document in &page {
                found.push(read(document)?);
            }
        }
    }

    pub(super) fn put(&self) -> Result<Change, serde_json::Error> {
        let expect = if self.version == 0 { Expect::New } else { Expect::Version(self.version) };
        Ok(Change::Put { kind: KIND, id: self.id.clone(), body: serde_json::to_value(self)?, expect })
    }

    /// Where it stands. Nobody has to say that it begins or ends: the clock does.
    pub(crate) fn stage(&self, now: Timestamp) -> Stage {
        match self.status {
            Some(over) if over.is_over() => over,
            _ if now >= self.ends_at => Stage::Completed,
            Some(active) if active.is_active() => active,
            _ if now >= self.starts_at => Stage::InProgress,
            _ => Stage::Scheduled,
        }
    }

    /// When it began, if it has.
    pub(crate) fn began(&self, now: Timestamp) -> Option<Timestamp> {
        let at = self.began_at.map_or(self.starts_at, |at| at.min(self.starts_at));
        let in_time = self.ended_at.is_none_or(|end| at <= end && at < self.ends_at.max(end));
        (at <= now && in_time).then_some(at)
    }

    /// When it came to its end, if it has.
    pub(crate) fn ended(&self, now: Timestamp) -> Option<Timestamp> {
        self.ended_at.or_else(|| (self.stage(now) == Stage::Completed).then_some(self.ends_at))
    }

    /// When the clock changes it next.
    pub(crate) fn turns_at(&self, now: Timestamp) -> Option<Timestamp> {
        let over = self.stage(now).is_over();
        [self.starts_at, self.ends_at].into_iter().filter(|at| !over && *at > now).min()
    }
}

fn read(document: &Document) -> StoreResult<Maintenance> {
    let read: Maintenance = serde_json::from_value(document.body.clone()).map_err(|error| {
        StoreError::Corrupt { what: format!("maintenance {}", document.id), detail: error.to_string() }
    })?;
    Ok(Maintenance { version: document.version, ..read })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + minute * 60).expect("a time")
    }

    fn planned() -> Maintenance {
        Maintenance {
            id: "mt-1".to_owned(),
            title: "New disks".to_owned(),
            description: String::new(),
            components: Vec::new(),
            starts_at: at(60),
            ends_at: at(120),
            status: None,
            began_at: None,
            ended_at: None,
            updates: Vec::new(),
            created_by: "Ada".to_owned(),
            created_at: at(0),
            version: 1,
        }
    }

    #[test]
    fn it_begins_and_ends_by_the_clock() {
        let m = planned();
        let stages: Vec<_> = [0, 59, 60, 119, 120, 999].map(|t| m.stage(at(t)).as_str()).to_vec();
        assert_eq!(
            stages,
            ["scheduled", "scheduled", "in_progress", "in_progress", "completed", "completed"]
        );
        assert_eq!((m.began(at(59)), m.began(at(60))), (None, Some(at(60))));
        assert_eq!((m.ended(at(119)), m.ended(at(500))), (None, Some(at(120))));
        let turns = [0, 60, 119, 120].map(|t| m.turns_at(at(t)));
        assert_eq!(turns, [Some(at(60)), Some(at(120)), Some(at(120)), None]);
    }

    #[test]
    fn what_a_person_says_goes_before_the_clock() {
        let early = Maintenance { status: Some(Stage::InProgress), began_at: Some(at(50)), ..planned() };
        assert_eq!((early.stage(at(55)), early.began(at(55))), (Stage::InProgress, Some(at(50))));
        assert_eq!(early.stage(at(120)), Stage::Completed, "it still ends when it is due");
        let verifying = Maintenance { status: Some(Stage::Verifying), ..planned() };
        assert_eq!(verifying.stage(at(70)), Stage::Verifying);
        let off = Maintenance { status: Some(Stage::Cancelled), ended_at: Some(at(10)), ..planned() };
        assert_eq!((off.stage(at(70)), off.began(at(70))), (Stage::Cancelled, None), "it never began");
        let done = Maintenance { status: Some(Stage::Completed), ended_at: Some(at(80)), ..planned() };
        assert_eq!((done.began(at(90)), done.ended(at(90))), (Some(at(60)), Some(at(80))));
        assert_eq!(done.turns_at(at(90)), None);
    }
}
