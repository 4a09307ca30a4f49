//! What is wrong with a roster, looked at before it is saved: one file a concern, listed here.

mod carrying;
mod contacts;
mod escalations;
mod gaps;
mod names;
mod reach;
mod rest;
mod schedules;
#[cfg(test)]
mod tests;

pub use reach::{Means, reach};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::model::Roster;
use crate::schedule::Shift;
use crate::time::Span;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// It cannot be saved so.
    Error,
    /// Somebody will not be reached, or pays for it.
    Warning,
    /// Good to know.
    Note,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// How bad.
    pub weight: Weight,
    /// Where: `schedules.payments.layers.weekly`.
    pub field: String,
    /// When, where it is about a time: the first time of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// What.
    pub problem: String,
    /// What to do.
    pub advice: String,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// How far ahead.
    pub ahead: SignedDuration,
    /// Less rest between two shifts is a breach. Eleven hours: Directive 2003/88/EC, article 3.
    pub rest: SignedDuration,
    /// More days on call without a break of `rest` are too many.
    pub days_in_a_row: i64,
    /// Somebody who has a larger share of a schedule's hours than this carries it alone, where others take part.
    pub share: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ahead: SignedDuration::from_hours(365 * 24),
            rest: SignedDuration::from_hours(11),
            days_in_a_row: 14,
            share: 0.6,
        }
    }
}

/// A schedule's shifts of the time that is looked at, shadows left out.
struct Ahead<'a> {
    schedule: &'a str,
    shifts: Vec<Shift>,
}

/// Looks at everything. `now` is when the time ahead begins. Worst first, then by field.
pub fn check(roster: &Roster, now: Timestamp, limits: &Limits) -> Vec<Finding> {
    let until = now.saturating_add(limits.ahead).unwrap_or(Timestamp::MAX);
    let whole = Span { from: now, until };
    let plans = roster.plans();
    let ahead: Vec<Ahead<'_>> = plans
        .iter()
        .map(|(schedule, plan)| {
            let mut shifts = plan.shifts(whole.from, whole.until);
            shifts.retain(|s| !s.shadow);
            Ahead { schedule, shifts }
        })
        .collect();
    let mut all = names::check(roster);
    all.extend(schedules::check(roster));
    all.extend(contacts::check(roster));
    all.extend(escalations::check(roster));
    all.extend(gaps::check(&plans, whole));
    all.extend(carrying::check(&ahead, limits));
    all.extend(rest::check(&ahead, limits));
    all.sort();
    all.dedup();
    all
}

/// Whether nothing of it forbids saving.
pub fn can_be_saved(findings: &[Finding]) -> bool {
    findings.iter().all(|f| f.weight != Weight::Error)
}

fn finding(weight: Weight, field: impl Into<String>, problem: impl Into<String>, advice: &str) -> Finding {
    Finding { weight, field: field.into(), span: None, problem: problem.into(), advice: advice.to_owned() }
}

/// Hours of a length of time, in words.
fn hours(seconds: i64) -> String {
    match (seconds / 3600, seconds % 3600 / 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
