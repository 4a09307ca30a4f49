//! Silences and label matchers, with the meaning that Alertmanager gives them.

use jiff::Timestamp;
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::telemetry::Labels;

/// One label condition, as in Alertmanager's API v2. A missing label is the empty text; regular expressions are
/// anchored at both ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Matcher {
    /// Label name.
    pub name: String,
    /// Text or pattern.
    pub value: String,
    /// `value` is a pattern.
    pub is_regex: bool,
    /// False: must not match.
    #[serde(default = "yes")]
    pub is_equal: bool,
}

fn yes() -> bool {
    true
}

impl Matcher {
    /// Whether the labels meet the condition. A pattern that does not compile meets nothing; [`Matcher::check`] says so
    /// when it is made.
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.name).map_or("", String::as_str);
        let hit = if self.is_regex {
            Regex::new(&format!("^(?:{})$", self.value)).is_ok_and(|r| r.is_match(value))
        } else {
            self.value == value
        };
        hit == self.is_equal
    }

    /// Checks the matcher itself.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        if self.name.is_empty() {
            return Err("a matcher needs a label name".to_owned());
        }
        if self.is_regex {
            Regex::new(&format!("^(?:{})$", self.value))
                .map_err(|e| format!("{:?} is not a regular expression: {e}", self.value))?;
        }
        Ok(())
    }
}

/// A silence: alerts that meet all matchers do not page while it lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Silence {
    /// UUID-like.
    pub id: String,
    /// All must match.
    pub matchers: Vec<Matcher>,
    /// From.
    pub starts_at: Timestamp,
    /// Until.
    pub ends_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Who.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

impl Silence {
    /// Whether it holds at `at` for these labels.
    pub fn covers(&self, labels: &Labels, at: Timestamp) -> bool {
        self.starts_at <= at && at < self.ends_at && self.matchers.iter().all(|m| m.matches(labels))
    }

    /// `pending`, `active` or `expired`.
    pub fn state(&self, at: Timestamp) -> &'static str {
        if at < self.starts_at {
            "pending"
        } else if at < self.ends_at {
            "active"
        } else {
            "expired"
        }
    }
}
