//! All of it together, and how it is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Calendar, Person, Policy, Schedule, Service, Team};
use crate::schedule::Plan;

/// Everything about on-call that is configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Roster {
    /// People.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
    /// Teams.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<Team>,
    /// Services and whose they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// Public holidays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<Calendar>,
    /// Schedules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<Schedule>,
    /// Escalation policies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub escalations: Vec<Policy>,
}

/// A text that is no roster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct ReadError {
    /// Which field: `schedules[0].layers[1].rotation.at`.
    pub field: String,
    /// What is wrong with it, with the line where the parser knows it.
    pub problem: String,
}

impl Roster {
    /// Reads one from TOML. What the fields name is not looked up here; see [`crate::check::check`].
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn from_toml(text: &str) -> Result<Self, ReadError> {
        let whole = |e: toml::de::Error| ReadError { field: "the file".to_owned(), problem: said(&e, text) };
        let parsed = toml::Deserializer::parse(text).map_err(whole)?;
        serde_path_to_error::deserialize(parsed).map_err(|e| {
            let field = e.path().to_string();
            let field = if field == "." { "the file".to_owned() } else { field };
            ReadError { field, problem: said(e.inner(), text) }
        })
    }

    /// As TOML.
    ///
    /// # Errors
    /// Where a text of it cannot be written; there is no such text.
    pub fn to_toml(&self) -> Result<String, String> {
        toml::to_string(self).map_err(|e| e.to_string())
    }

    /// Adds what another has: a folder of files is one roster.
    pub fn extend(&mut self, other: Self) {
        self.people.extend(other.people);
        self.teams.extend(other.teams);
        self.services.extend(other.services);
        self.calendars.extend(other.calendars);
        self.schedules.extend(other.schedules);
        self.escalations.extend(other.escalations);
    }

    /// The person of that name.
    pub fn person(&self, name: &str) -> Option<&Person> {
        self.people.iter().find(|p| p.name == name)
    }

    /// The team of that name.
    pub fn team(&self, name: &str) -> Option<&Team> {
        self.teams.iter().find(|t| t.name == name)
    }

    /// The schedule of that name.
    pub fn schedule(&self, name: &str) -> Option<&Schedule> {
        self.schedules.iter().find(|s| s.name == name)
    }

    /// The escalation policy of that name.
    pub fn escalation(&self, name: &str) -> Option<&Policy> {
        self.escalations.iter().find(|p| p.name == name)
    }

    /// The escalation policy of a service: its own, else its team's.
    pub fn escalation_of(&self, service: &str) -> Option<&Policy> {
        let service = self.services.iter().find(|s| s.name == service)?;
        let team = self.team(&service.team).map(|t| t.escalation.as_str());
        let name = if service.escalation.is_empty() { team? } else { &service.escalation };
        self.escalation(name)
    }

    /// The schedule of that name, ready to be asked. Making it costs little; keep it for as long as the roster lives.
    pub fn plan(&self, schedule: &str) -> Option<Plan<'_>> {
        self.schedule(schedule).map(|s| Plan::new(s, &self.calendars))
    }

    /// All schedules, ready to be asked, by name.
    pub fn plans(&self) -> BTreeMap<&str, Plan<'_>> {
        self.schedules.iter().map(|s| (s.name.as_str(), Plan::new(s, &self.calendars))).collect()
    }
}

/// What the parser says, in one line.
fn said(error: &toml::de::Error, text: &str) -> String {
    let line =
        error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
    match line {
        Some(line) => format!("{} (line {line})", error.message()),
        None => error.message().to_owned(),
    }
}
