//! Which incidents are meant, and the part of their texts that was found.

use std::path::Path;

use firebell_core::ids::IncidentId;
use firebell_core::severity::Severity;
use jiff::{SignedDuration, Timestamp};

use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::ui::archive::{Case, Known, Piece, postmortem_text, snippet};

/// Longest query that is taken as it is.
pub(crate) const LONGEST: usize = 200;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) q: String,
    pub(crate) service: String,
    pub(crate) severity: Option<Severity>,
    /// A cause of the catalogue.
    pub(crate) cause: String,
    /// Opened within so many days.
    pub(crate) days: Option<i64>,
    /// Opened at or after.
    pub(crate) from: Option<Timestamp>,
    /// Opened before.
    pub(crate) to: Option<Timestamp>,
    /// Only with a postmortem.
    pub(crate) written: bool,
    /// From 1.
    pub(crate) page: usize,
}

impl Wanted {
    /// Reads a query.
    pub(crate) fn read(query: &Pairs) -> Result<Self, Problem> {
        let text = |name: &str| query.get(name).unwrap_or_default().chars().take(LONGEST).collect::<String>();
        Ok(Self {
            q: text("q"),
            service: text("service"),
            severity: query.read("severity", "a severity: SEV1, SEV2, SEV3 or SEV4")?,
            cause: text("cause"),
            days: query.read("days", "a number of days")?.filter(|d| (1..=36_600).contains(d)),
            from: None,
            to: None,
            written: query.get("written").is_some(),
            page: query.read("page", "a page's number")?.unwrap_or(1usize).max(1),
        })
    }

    /// Whether anything is left out.
    pub(crate) fn filters(&self) -> bool {
        let narrowed = self.severity.is_some() || self.days.is_some() || self.written;
        narrowed || !self.q.trim().is_empty() || !self.service.is_empty() || !self.cause.is_empty()
    }
}

/// What a page shows of one incident: a copy, so that texts are read from disk while nobody waits for the archive.
pub(crate) struct Hit {
    pub(crate) case: Case,
    /// How well it fits; 0 where no words were asked for.
    pub(crate) score: u32,
    pub(crate) pieces: Vec<Piece>,
}

impl Hit {
    /// Without the part that was found.
    pub(crate) fn of((case, score): (&Case, u32)) -> Self {
        Self { case: case.clone(), score, pieces: Vec::new() }
    }
}

/// Where a hit stands among others: greater is further ahead.
pub(crate) fn place(case: &Case, score: u32) -> (u32, Timestamp, &IncidentId) {
    (score, case.row.opened_at, &case.row.id)
}

/// Incidents that are over and meet all that is wanted, with how well: the best fit first, of equals the newest.
pub(crate) fn matching<'a>(
    known: &'a Known,
    wanted: &Wanted,
    person: &'a Person,
    now: Timestamp,
) -> Vec<(&'a Case, u32)> {
    let since =
        wanted.days.map(|d| now.checked_sub(SignedDuration::from_hours(24 * d)).unwrap_or(Timestamp::MIN));
    let passes = |case: &Case| {
        let row = &case.row;
        let cause = row.cause.as_deref().and_then(|c| c.split('@').next()).unwrap_or_default();
        !row.open
            && (wanted.service.is_empty() || row.services.contains(&wanted.service))
            && wanted.severity.is_none_or(|s| row.severity == s)
            && (wanted.cause.is_empty() || cause == wanted.cause)
            && since.is_none_or(|at| row.opened_at >= at)
            && wanted.from.is_none_or(|at| row.opened_at >= at)
            && wanted.to.is_none_or(|at| row.opened_at < at)
            && (!wanted.written || case.deep.as_ref().is_some_and(|d| d.postmortem.is_some()))
    };
    let mut found: Vec<(&Case, u32)> = if wanted.q.trim().is_empty() {
        known.seen_by(person).map(|case| (case, 0)).collect()
    } else {
        known.search(person, &wanted.q)
    };
    found.retain(|(case, _)| passes(case));
    found.sort_by(|(a, fit_a), (b, fit_b)| place(b, *fit_b).cmp(&place(a, *fit_a)));
    found
}

/// The part that was found: of what the customer felt, of how it ended, else of the postmortem.
pub(crate) fn pieces(case: &Case, query: &str, dir: &Path) -> Vec<Piece> {
    let Some(deep) = &case.deep else { return Vec::new() };
    let told = [deep.impact.as_deref(), deep.ending.as_deref()];
    if query.trim().is_empty() {
        let first = told.into_iter().flatten().find(|t| !t.trim().is_empty());
        let text: Option<String> = first.map(|t| t.chars().take(300).collect());
        return text.map(|text| vec![Piece { text, hit: false }]).unwrap_or_default();
    }
    let near = told.into_iter().flatten().find_map(|text| snippet(text, query));
    near.or_else(|| snippet(&postmortem_text(dir, deep.postmortem.as_deref()?), query)).unwrap_or_default()
}
