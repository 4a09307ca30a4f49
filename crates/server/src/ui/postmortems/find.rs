//! Which incidents are meant, and the part of their texts that was found.

use std::path::Path;

use firebell_core::severity::Severity;
use jiff::{SignedDuration, Timestamp};

use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::ui::archive::{Case, Known, Piece, postmortem_text, snippet};

/// Longest query that is taken as it is.
const LONGEST: usize = 200;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) q: String,
    pub(super) service: String,
    pub(super) severity: Option<Severity>,
    /// A cause of the catalogue.
    pub(super) cause: String,
    /// Opened within so many days.
    pub(super) days: Option<i64>,
    /// Only with a postmortem.
    pub(super) written: bool,
    /// From 1.
    pub(super) page: usize,
}

impl Wanted {
    /// Reads a query.
    pub(super) fn read(query: &Pairs) -> Result<Self, Problem> {
        let text = |name: &str| query.get(name).unwrap_or_default().chars().take(LONGEST).collect::<String>();
        Ok(Self {
            q: text("q"),
            service: text("service"),
            severity: query.read("severity", "a severity: SEV1, SEV2, SEV3 or SEV4")?,
            cause: text("cause"),
            days: query.read("days", "a number of days")?.filter(|d| (1..=36_600).contains(d)),
            written: query.get("written").is_some(),
            page: query.read("page", "a page's number")?.unwrap_or(1usize).max(1),
        })
    }

    /// Whether anything is left out.
    pub(super) fn filters(&self) -> bool {
        let narrowed = self.severity.is_some() || self.days.is_some() || self.written;
        narrowed || !self.q.trim().is_empty() || !self.service.is_empty() || !self.cause.is_empty()
    }
}

/// What a page shows of one incident: a copy, so that texts are read from disk while nobody waits for the archive.
pub(super) struct Hit {
    pub(super) case: Case,
    pub(super) pieces: Vec<Piece>,
}

/// Incidents that are over and meet all that is wanted: the best fit first, of equals the newest.
pub(super) fn matching<'a>(
    known: &'a Known,
    wanted: &Wanted,
    person: &'a Person,
    now: Timestamp,
) -> Vec<&'a Case> {
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
            && (!wanted.written || case.deep.as_ref().is_some_and(|d| d.postmortem.is_some()))
    };
    let mut found: Vec<(&Case, u32)> = if wanted.q.trim().is_empty() {
        known.seen_by(person).map(|case| (case, 0)).collect()
    } else {
        known.search(person, &wanted.q)
    };
    found.retain(|(case, _)| passes(case));
    found.sort_by(|(a, fit_a), (b, fit_b)| {
        (fit_b, b.row.opened_at, &b.row.id).cmp(&(fit_a, a.row.opened_at, &a.row.id))
    });
    found.into_iter().map(|(case, _)| case).collect()
}

/// The part that was found: of what the customer felt, of how it ended, else of the postmortem.
pub(super) fn pieces(case: &Case, query: &str, dir: &Path) -> Vec<Piece> {
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
