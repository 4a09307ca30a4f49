//! Escalation policies: whom to page, and whom next.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::defaults::{is_one, one};

/// Steps, one after the other, as often as it says, and at the end somebody who can always be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Name.
    pub name: String,
    /// From the first to the last.
    pub steps: Vec<Step>,
    /// How often the steps are gone through.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub rounds: u32,
    /// A person who can always be reached: paged after the last round, again and again until somebody acknowledges.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fall_back: String,
    /// The fall-back is paged again after, in seconds.
    #[serde(default = "quarter", skip_serializing_if = "is_quarter")]
    pub fall_back_again_s: i64,
    /// An acknowledgement holds for so long, in seconds; then everything begins again. Without it, until the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement_holds_s: Option<i64>,
}

fn quarter() -> i64 {
    900
}

fn is_quarter(value: &i64) -> bool {
    *value == quarter()
}

/// One step: these are paged; if too few acknowledge in time, the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Whom.
    pub targets: Vec<Target>,
    /// Seconds until the next step.
    #[serde(default = "five_minutes")]
    pub delay_s: i64,
    /// How many different people must acknowledge.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub acknowledgements: u32,
}

fn five_minutes() -> i64 {
    300
}

/// Whom a step pages. In files `{ schedule = "payments" }`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// One person, on call or not.
    Person(String),
    /// Whoever is on call by a schedule at that time.
    Schedule(String),
    /// All members of a team.
    Team(String),
    /// Whoever holds a role in the incident at that time: `incident_commander`.
    Role(String),
    /// A channel, `KIND/NAME` of a notifier. It is told; it acknowledges nothing.
    Channel(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => write!(f, "person {name}"),
            Self::Schedule(name) => write!(f, "schedule {name}"),
            Self::Team(name) => write!(f, "team {name}"),
            Self::Role(name) => write!(f, "role {name}"),
            Self::Channel(name) => write!(f, "channel {name}"),
        }
    }
}
