//! What the list shows.

use firebell_core::incident::Summary;
use firebell_core::ports::store::IncidentFilter;
use jiff::Timestamp;
use serde::Serialize;

use crate::auth::{Person, Role};
use crate::ui::words;

/// Incidents of one page.
pub(super) const PAGE: usize = 50;

/// The page.
#[derive(Debug, Serialize)]
pub(super) struct List {
    position: u64,
    now: String,
    may_declare: bool,
    open: Vec<Row>,
    over: Vec<Row>,
    waits: usize,
    more: Option<String>,
    q: String,
    severity: String,
    filtered: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    title: String,
    severity: &'static str,
    status: String,
    phase: u8,
    phase_title: &'static str,
    cause: Option<String>,
    commander: Option<String>,
    services: String,
    restricted: bool,
    drill: bool,
    waits_for_approval: bool,
    dead_effects: u32,
    alerts: u64,
    age: String,
    opened: String,
    opened_at: Timestamp,
    took: Option<String>,
    resolve_by: Option<Timestamp>,
    resolve_in: Option<String>,
    late: bool,
}

/// Makes it of the store's rows, newest first, one more than a page shows where there are more.
pub(super) fn list(
    summaries: &[Summary],
    filter: &IncidentFilter,
    position: u64,
    person: &Person,
    now: Timestamp,
) -> List {
    let more = summaries.get(PAGE).and_then(|_| summaries.get(PAGE - 1)).map(|s| s.opened_at.to_string());
    let rows = || summaries.iter().take(PAGE);
    let mut open: Vec<&Summary> = rows().filter(|s| s.open).collect();
    // The worst first; of those the newest.
    open.sort_by_key(|s| s.severity);
    List {
        position,
        now: now.to_string(),
        may_declare: person.role >= Role::Responder,
        waits: open.iter().filter(|s| s.waits_for_approval).count(),
        open: open.into_iter().map(|s| row(s, now)).collect(),
        over: rows().filter(|s| !s.open).map(|s| row(s, now)).collect(),
        more,
        q: filter.text.clone().unwrap_or_default(),
        severity: filter.severities.first().map_or("", |s| s.as_str()).to_owned(),
        filtered: filter.text.is_some() || !filter.severities.is_empty() || filter.before.is_some(),
    }
}

fn row(s: &Summary, now: Timestamp) -> Row {
    let left = s.resolve_by.filter(|_| s.open).map(|due| words::between(now, due));
    Row {
        id: s.id.to_string(),
        title: s.title.clone(),
        severity: s.severity.as_str(),
        status: words::title_case(s.status.as_str()),
        phase: s.phase.number(),
        phase_title: s.phase.title(),
        cause: s.cause.as_ref().map(|c| match c.split_once('@') {
            Some((cause, component)) => format!("{} in {component}", words::cause_title(cause)),
            None => c.clone(),
        }),
        commander: s.commander.clone(),
        services: s.services.join(", "),
        restricted: s.restricted,
        drill: s.drill,
        waits_for_approval: s.waits_for_approval,
        dead_effects: s.dead_effects,
        alerts: s.alerts,
        age: words::ago(s.opened_at, now),
        opened: words::day(s.opened_at),
        opened_at: s.opened_at,
        took: s.resolved_at.map(|end| words::span(words::between(s.opened_at, end).max(0))),
        resolve_by: s.resolve_by.filter(|_| s.open),
        resolve_in: left.map(|l| words::span(l.abs())),
        late: left.is_some_and(|l| l < 0),
    }
}
