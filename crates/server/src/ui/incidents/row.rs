//! An incident in a list.

use firebell_core::incident::Summary;
use jiff::Timestamp;
use serde::Serialize;

use crate::ui::moment::Moment;
use crate::ui::words;

/// A row; `row.html` shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    id: String,
    title: String,
    severity: &'static str,
    status: String,
    open: bool,
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
    opened: Moment,
    took: Option<String>,
    resolve_by: Option<Moment>,
}

/// Services that a row names.
const SERVICES: usize = 6;

/// Makes it.
pub(crate) fn row(s: &Summary, now: Timestamp) -> Row {
    let mut services = s.services.iter().take(SERVICES).cloned().collect::<Vec<_>>().join(", ");
    if s.services.len() > SERVICES {
        services.push_str(&format!(" and {} more", s.services.len() - SERVICES));
    }
    Row {
        id: s.id.to_string(),
        title: s.title.clone(),
        severity: s.severity.as_str(),
        status: words::title_case(s.status.as_str()),
        open: s.open,
        phase: s.phase.number(),
        phase_title: s.phase.title(),
        cause: s.cause.as_deref().map(cause),
        commander: s.commander.clone(),
        services,
        restricted: s.restricted,
        drill: s.drill,
        waits_for_approval: s.waits_for_approval,
        dead_effects: s.dead_effects,
        alerts: s.alerts,
        opened: Moment::of(s.opened_at, now),
        took: s.resolved_at.map(|end| words::span(words::between(s.opened_at, end).max(0))),
        resolve_by: s.resolve_by.filter(|_| s.open).map(|due| Moment::of(due, now)),
    }
}

/// `saturation.connection_pool@service/checkout` in words.
fn cause(leading: &str) -> String {
    match leading.split_once('@') {
        Some((cause, component)) => format!("{} in {component}", words::cause_title(cause)),
        None => leading.to_owned(),
    }
}
