//! A maintenance as outsiders see it.

use jiff::Timestamp;

use super::kept::{Maintenance, Stage};
use crate::status::public::{Posted, State};
use crate::status::spans::Span;

/// One maintenance at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::status) struct PublicMaintenance {
    pub(in crate::status) id: String,
    pub(in crate::status) name: String,
    pub(in crate::status) stage: Stage,
    /// Names of components.
    pub(in crate::status) components: Vec<String>,
    pub(in crate::status) starts_at: Timestamp,
    pub(in crate::status) ends_at: Timestamp,
    pub(in crate::status) began_at: Option<Timestamp>,
    pub(in crate::status) ended_at: Option<Timestamp>,
    pub(in crate::status) created_at: Timestamp,
    /// When the clock changes it next.
    pub(in crate::status) turns_at: Option<Timestamp>,
    /// Newest first. That it was planned, began and ended is among them.
    pub(in crate::status) updates: Vec<Posted>,
}

/// What is said where the clock begins it.
const BEGAN: &str = "The maintenance has begun.";
/// What is said where the clock ends it.
const ENDED: &str = "The maintenance is completed.";

impl PublicMaintenance {
    /// As it stands at `now`.
    pub(in crate::status) fn of(m: &Maintenance, now: Timestamp) -> Self {
        let (began_at, ended_at) = (m.began(now), m.ended(now));
        let said = m.updates.iter().map(|u| (u.at, u.status, u.body.as_str()));
        let mut words: Vec<(Timestamp, Stage, &str)> =
            std::iter::once((m.created_at, Stage::Scheduled, m.description.as_str())).chain(said).collect();
        // One that was announced when it had begun already begins with its announcement.
        if let Some(at) = began_at.filter(|_| m.began_at.is_none()) {
            words.push((at.max(m.created_at), Stage::InProgress, BEGAN));
        }
        if let Some(at) = ended_at.filter(|_| m.ended_at.is_none()) {
            words.push((at, Stage::Completed, ENDED));
        }
        words.sort_by_key(|(at, ..)| *at);
        let posted = |(n, (at, stage, body)): (usize, &(Timestamp, Stage, &str))| Posted {
            id: format!("{}-{}", m.id, n + 1),
            status: stage.as_str(),
            subject: String::new(),
            body: (*body).to_owned(),
            at: *at,
        };
        let mut updates: Vec<Posted> = words.iter().enumerate().map(posted).collect();
        updates.reverse();
        Self {
            id: m.id.clone(),
            name: m.title.clone(),
            stage: m.stage(now),
            components: m.components.clone(),
            starts_at: m.starts_at,
            ends_at: m.ends_at,
            began_at,
            ended_at,
            created_at: m.created_at,
            turns_at: m.turns_at(now),
            updates,
        }
    }

    /// When it was worked on.
    pub(in crate::status) fn span(&self) -> Option<Span> {
        let from = self.began_at?;
        Some(Span { from, until: self.ended_at, state: State::Maintenance })
    }

    /// When it was last heard of.
    pub(in crate::status) fn updated_at(&self) -> Timestamp {
        self.updates.first().map_or(self.created_at, |u| u.at)
    }

    /// By what it has its place among what was.
    pub(in crate::status) fn placed_at(&self) -> Timestamp {
        self.began_at.or(self.ended_at).unwrap_or(self.starts_at)
    }
}
