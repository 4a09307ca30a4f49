//! `firebell doctor`: reaches every configured system and says what is wrong.

mod gaps;
mod machine;
mod run;

pub(super) use run::run;

use firebell_core::ports::Health;
use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    /// In order.
    Ok,
    /// Works, but would be missed in an incident.
    Warn,
    /// Does not work.
    Fail,
}

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    name: String,
    level: Level,
    /// What is there, or what is wrong and what to do next.
    detail: String,
}

impl Check {
    fn new(name: &str, level: Level, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), level, detail: detail.into() }
    }
}

impl From<Health> for Check {
    fn from(health: Health) -> Self {
        Self::new(&health.name, if health.ok { Level::Ok } else { Level::Fail }, health.detail)
    }
}
