//! What happened around an incident: changes of the ledger, starts of alerts, the onset, mitigations, the end.

use firebell_core::change::{Change, ChangeKind};
use firebell_core::incident::{EventRecord, Incident};
use firebell_report::{MarkerKind, markers};

use firebell_report::draw::{Mark, MarkKind};

/// Changes that are read of one incident's time.
pub(super) const MOST_CHANGES: usize = 500;

/// All of them; a picture shows those in its time.
pub(super) fn of(incident: &Incident, records: &[EventRecord], changes: &[Change]) -> Vec<Mark> {
    let from_record = markers(incident, records).into_iter().filter_map(|m| {
        let kind = match m.kind {
            MarkerKind::Onset => MarkKind::Onset,
            MarkerKind::Mitigation => MarkKind::Mitigation,
            MarkerKind::Resolved => MarkKind::Resolved,
            // Of these all are shown, below.
            MarkerKind::Change | MarkerKind::Alert => return None,
        };
        Some(Mark { at: m.at.as_millisecond(), kind, label: m.label })
    });
    let from_ledger = changes.iter().filter_map(|c| {
        let kind = match c.kind {
            ChangeKind::Deploy => MarkKind::Deploy,
            ChangeKind::Flag => MarkKind::Flag,
            // A commit changes nothing until it is deployed.
            ChangeKind::Commit => return None,
            _ => MarkKind::Config,
        };
        let what = if c.summary.is_empty() { c.kind.as_str() } else { &c.summary };
        let label = if c.component.is_empty() { what.to_owned() } else { format!("{}: {what}", c.component) };
        Some(Mark { at: c.at.as_millisecond(), kind, label })
    });
    let from_alerts = incident.alerts.values().map(|a| Mark {
        at: a.starts_at.as_millisecond(),
        kind: MarkKind::Alert,
        label: a.service.as_ref().map_or_else(|| a.name.clone(), |s| format!("{} on {s}", a.name)),
    });
    let mut all: Vec<Mark> = from_record.chain(from_ledger).chain(from_alerts).collect();
    all.sort_by_key(|m| (m.at, m.kind));
    all
}
