//! What happened when, for the vertical lines of a chart.

use firebell_core::incident::{Event, EventRecord, Incident};
use firebell_core::telemetry::Telemetry;
use firebell_core::verdict::Verdict;
use jiff::{SignedDuration, Timestamp};

use crate::{text, words};

/// Markers of one chart; more are left out, changes first.
const MAX_MARKERS: usize = 9;

/// What sort of instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkerKind {
    /// Impact began.
    Onset,
    /// Something was changed.
    Change,
    /// The first alert or report.
    Alert,
    /// A mitigation was carried out.
    Mitigation,
    /// Over.
    Resolved,
}

impl MarkerKind {
    /// As in captions.
    pub fn word(self) -> &'static str {
        match self {
            Self::Onset => "impact begins",
            Self::Change => "change",
            Self::Alert => "first alert",
            Self::Mitigation => "mitigation",
            Self::Resolved => "resolved",
        }
    }
}

/// One vertical line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Where.
    pub at: Timestamp,
    /// What sort.
    pub kind: MarkerKind,
    /// In words; may hold outside text.
    pub label: String,
}

/// The markers that an incident's record gives: onset, first alert, mitigations, end.
pub fn markers(incident: &Incident, records: &[EventRecord]) -> Vec<Marker> {
    let mut all = Vec::new();
    let mut add = |at, kind, label: String| all.push(Marker { at, kind, label });
    let onset = incident.impact_started_at.or_else(|| incident.verdict.as_ref().and_then(|v| v.onset));
    if let Some(at) = onset {
        add(at, MarkerKind::Onset, String::new());
    }
    if let Some(alert) = incident.alerts.values().min_by_key(|a| a.starts_at) {
        add(alert.starts_at, MarkerKind::Alert, alert.name.clone());
    }
    for record in records {
        match &record.event {
            Event::StepStarted { plan, step, inverse } => {
                let title = incident
                    .plan(plan)
                    .and_then(|p| p.plan.steps.get(*step))
                    .map_or_else(|| plan.clone(), |s| format!("{} {}", s.action, s.target));
                add(
                    record.at,
                    MarkerKind::Mitigation,
                    if *inverse { format!("undo {title}") } else { title },
                );
            }
            Event::Resolved { .. } => add(record.at, MarkerKind::Resolved, String::new()),
            _ => {}
        }
    }
    all.sort_by_key(|m| (m.at, m.kind));
    all
}

/// The markers of the change ledger: the change that the leading hypothesis names, and others to the same component
/// within an hour before the onset.
pub fn change_markers(telemetry: &Telemetry, verdict: &Verdict) -> Vec<Marker> {
    let leader = verdict.hypotheses.first();
    let blamed = leader.and_then(|h| h.change.as_deref());
    let mut all: Vec<Marker> = telemetry
        .changes
        .iter()
        .filter(|c| {
            let named = blamed.is_some_and(|b| b == c.id || c.commit.as_deref() == Some(b));
            let near = verdict.onset.is_some_and(|onset| {
                let before = onset.duration_since(c.at);
                leader.is_some_and(|h| h.component == c.component)
                    && before >= SignedDuration::ZERO
                    && before <= SignedDuration::from_hours(1)
            });
            named || near
        })
        .map(|c| {
            let what = if c.summary.is_empty() { c.kind.as_str() } else { &c.summary };
            Marker {
                at: c.at,
                kind: MarkerKind::Change,
                label: text::line(&format!("{what} ({})", c.component), 120),
            }
        })
        .collect();
    all.sort_by_key(|m| m.at);
    all
}

/// Those that lie in `from..=to` (unix milliseconds), in order of time, few enough to be told apart.
pub(super) fn inside(markers: &[Marker], from: i64, to: i64) -> Vec<Marker> {
    let mut shown: Vec<Marker> =
        markers.iter().filter(|m| (from..=to).contains(&m.at.as_millisecond())).cloned().collect();
    shown.sort_by_key(|m| (m.at, m.kind));
    shown.dedup();
    while shown.len() > MAX_MARKERS {
        let drop = shown.iter().rposition(|m| m.kind == MarkerKind::Change).unwrap_or(shown.len() - 1);
        shown.remove(drop);
    }
    shown
}

/// `2: change at 14:02:10: deploy 1.8.0`, for captions; plain text.
pub(super) fn caption(number: usize, marker: &Marker) -> String {
    let label = text::line(&marker.label, 120);
    let more = if label.is_empty() { String::new() } else { format!(": {label}") };
    format!("{number}: {} at {} UTC{more}", marker.kind.word(), words::clock(marker.at))
}
