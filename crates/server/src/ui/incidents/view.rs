//! What the list shows, page by page.

use firebell_core::ids::IncidentId;
use firebell_core::incident::Summary;
use firebell_core::ports::store::IncidentFilter;
use jiff::Timestamp;
use serde::Serialize;

use super::row::{Row, row};
use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::ui::archive::Known;
use crate::ui::words;

/// Incidents of one page.
const PAGE: usize = 50;
/// Services to choose from.
const SERVICES: usize = 200;

/// After which incident a page begins. It names a place in the order, not an incident: it says nothing of whether there
/// is one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cursor(Timestamp, IncidentId);

impl Cursor {
    fn of(row: &Summary) -> Self {
        Self(row.opened_at, row.id.clone())
    }

    /// What `?after=` names.
    pub(super) fn read(query: &Pairs) -> Result<Option<Self>, Problem> {
        let Some(text) = query.get("after") else { return Ok(None) };
        let found =
            text.split_once('_').and_then(|(at, id)| Some(Self(at.parse().ok()?, IncidentId::new(id))));
        found.map(Some).ok_or_else(|| {
            Problem::bad_request("after", "is not a place in the list: go back to its beginning")
        })
    }

    fn text(&self) -> String {
        format!("{}_{}", self.0, self.1)
    }
}

/// The page.
#[derive(Debug, Serialize)]
pub(super) struct List {
    rows: Vec<Row>,
    all: usize,
    /// Address of the next page.
    next: Option<String>,
    continued: bool,
    filtered: bool,
    q: String,
    severity: String,
    service: String,
    open: &'static str,
    services: Vec<String>,
}

/// Makes it, newest first.
pub(super) fn list(
    known: &Known,
    filter: &IncidentFilter,
    after: Option<&Cursor>,
    person: &Person,
    now: Timestamp,
) -> List {
    let wanted: Vec<String> =
        filter.text.as_deref().unwrap_or_default().split_whitespace().map(str::to_lowercase).collect();
    let passes = |row: &Summary| {
        let text = || format!("{} {}", row.id, row.title).to_lowercase();
        filter.open.is_none_or(|open| row.open == open)
            && (filter.severities.is_empty() || filter.severities.contains(&row.severity))
            && filter.service.as_ref().is_none_or(|s| row.services.contains(s))
            && (wanted.is_empty() || {
                let text = text();
                wanted.iter().all(|w| text.contains(w.as_str()))
            })
    };
    let mut found: Vec<&Summary> = known.seen_by(person).map(|c| &c.row).filter(|row| passes(row)).collect();
    found.sort_by(|a, b| (b.opened_at, &b.id).cmp(&(a.opened_at, &a.id)));
    let all = found.len();
    let begin = after.map_or(0, |cursor| found.partition_point(|row| Cursor::of(row) >= *cursor));
    let rows: Vec<&Summary> = found.iter().skip(begin).take(PAGE).copied().collect();
    let open = match filter.open {
        None => "",
        Some(true) => "true",
        Some(false) => "false",
    };
    let severity = filter.severities.first().map_or("", |s| s.as_str()).to_owned();
    let (q, service) = (filter.text.clone().unwrap_or_default(), filter.service.clone().unwrap_or_default());
    let next = rows.last().filter(|_| begin + rows.len() < all).map(|last| {
        let fields = [
            ("open", open),
            ("severity", &severity),
            ("service", &service),
            ("q", &q),
            ("after", &Cursor::of(last).text()),
        ];
        words::address("/incidents", &fields)
    });
    let mut services: Vec<String> =
        known.seen_by(person).flat_map(|c| c.row.services.iter().cloned()).collect();
    services.sort_unstable();
    services.dedup();
    services.truncate(SERVICES);
    List {
        rows: rows.into_iter().map(|s| row(s, now)).collect(),
        all,
        next,
        continued: after.is_some(),
        filtered: !open.is_empty() || !severity.is_empty() || !service.is_empty() || !q.is_empty(),
        q,
        severity,
        service,
        open,
        services,
    }
}
