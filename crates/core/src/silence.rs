//! Silences and label matchers, with the meaning that Alertmanager gives them.

use jiff::{SignedDuration, Timestamp};
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
        let hit =
            if self.is_regex { self.pattern().is_ok_and(|r| r.is_match(value)) } else { self.value == value };
        hit == self.is_equal
    }

    fn pattern(&self) -> Result<Regex, regex::Error> {
        Regex::new(&format!("^(?:{})$", self.value))
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
            self.pattern().map_err(|e| format!("{:?} is not a regular expression: {e}", self.value))?;
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

/// How long a silence is kept at hand after its end, should a clock step back.
const KEPT_AFTER_END: SignedDuration = SignedDuration::from_hours(1);

/// Silences made ready for asking about many alerts: each pattern is compiled once, not once an alert.
#[derive(Debug, Default)]
pub struct Silences {
    ready: Vec<Ready>,
}

#[derive(Debug)]
struct Ready {
    silence: Silence,
    /// As long as the silence's matchers; `None` for what is compared as text, or does not compile.
    patterns: Vec<Option<Regex>>,
}

impl Silences {
    /// Those of a list.
    pub fn new(silences: impl IntoIterator<Item = Silence>) -> Self {
        let mut all = Self::default();
        silences.into_iter().for_each(|silence| all.put(silence));
        all
    }

    /// Adds one, or takes its new form.
    pub fn put(&mut self, silence: Silence) {
        self.ready.retain(|r| r.silence.id != silence.id);
        let patterns =
            silence.matchers.iter().map(|m| if m.is_regex { m.pattern().ok() } else { None }).collect();
        self.ready.push(Ready { silence, patterns });
    }

    /// Drops those that have been over for a while.
    pub fn forget_ended(&mut self, now: Timestamp) {
        self.ready.retain(|r| now.duration_since(r.silence.ends_at) <= KEPT_AFTER_END);
    }

    /// How many are at hand.
    pub fn len(&self) -> usize {
        self.ready.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Ids of those that cover these labels now.
    pub fn covering(&self, labels: &Labels, now: Timestamp) -> Vec<String> {
        self.ready.iter().filter(|r| r.covers(labels, now)).map(|r| r.silence.id.clone()).collect()
    }
}

impl Ready {
    fn covers(&self, labels: &Labels, at: Timestamp) -> bool {
        self.silence.starts_at <= at
            && at < self.silence.ends_at
            && self.silence.matchers.iter().zip(&self.patterns).all(|(matcher, pattern)| {
                if !matcher.is_regex {
                    return matcher.matches(labels);
                }
                let value = labels.get(&matcher.name).map_or("", String::as_str);
                pattern.as_ref().is_some_and(|p| p.is_match(value)) == matcher.is_equal
            })
    }
}

#[cfg(test)]
mod tests;
