//! When it hurt, from the record: from its first sign, or from when it came back, until it was well.

use firebell_core::incident::{Event, EventRecord, Incident, Status, apply};
use firebell_core::severity::{IncidentKind, Severity};
use jiff::{SignedDuration, Timestamp};

use super::public::State;

/// A time in which something worked worse than it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    /// None while it lasts.
    pub(super) until: Option<Timestamp>,
    pub(super) state: State,
}

/// An incident with its times.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) incident: Incident,
    /// First sign of it.
    pub(super) began_at: Timestamp,
    /// In their order. What was lowered or raised counts from then on; days between an end and a reopening do not.
    pub(super) spans: Vec<Span>,
    /// How long it was open in all, each time until its end.
    pub(super) lasted: SignedDuration,
}

/// A stretch at one severity.
struct Piece {
    from: Timestamp,
    until: Option<Timestamp>,
    severity: Severity,
    /// How often the incident had been reopened by then.
    opening: u32,
}

/// Reads a record; `None` where it does not begin with an opening.
pub(super) fn read(records: &[EventRecord]) -> Option<Told> {
    let mut folded: Option<Incident> = None;
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut open_from, mut lasted) = (None, SignedDuration::ZERO);
    for record in records {
        apply(&mut folded, record);
        let Some(i) = &folded else { continue };
        let at = record.at;
        let over = i.status.is_over();
        match open_from {
            Some(from) if over => {
                lasted += at.duration_since(from);
                open_from = None;
            }
            None if !over => open_from = Some(at),
            _ => {}
        }
        if over || i.mitigated_at.is_some() {
            // That it was no regression may be known later only: then it was well since before.
            let well = i.mitigated_at.unwrap_or(at);
            if pieces.last().is_some_and(|p| p.until.is_none()) {
                pieces.retain(|p| p.from < well);
                pieces.iter_mut().for_each(|p| p.until = Some(p.until.map_or(well, |u| u.min(well))));
            }
        } else {
            let severity = i.severity.severity;
            match pieces.last_mut().filter(|p| p.until.is_none()) {
                Some(p) if p.severity == severity => {}
                running => {
                    if let Some(before) = running {
                        before.until = Some(at);
                    }
                    pieces.push(Piece { from: at, until: None, severity, opening: i.reopened });
                }
            }
        }
        if matches!(record.event, Event::ClosedHealthy { .. }) {
            pieces.retain(|p| p.opening != i.reopened);
        }
    }
    let incident = folded?;
    // Who reopens what was cancelled takes that back; what nobody takes back was no outage.
    if incident.status == Status::Cancelled {
        pieces.retain(|p| p.opening != incident.reopened);
    }
    let opened = incident.opened_at;
    let began_at = incident.impact_started_at.unwrap_or(opened).min(opened);
    if let Some(first) = pieces.first_mut().filter(|p| p.from == opened) {
        first.from = began_at;
    }
    // What it is, other than how bad, was the same from the beginning.
    let spans = pieces
        .into_iter()
        .map(|p| Span { from: p.from, until: p.until, state: state(incident.kind, p.severity) })
        .filter(|s| s.state > State::Operational)
        .collect();
    lasted += opened.duration_since(began_at);
    Some(Told { incident, began_at, spans, lasted })
}

/// How bad an incident of a kind and a severity is for what it touches.
pub(super) fn state(kind: IncidentKind, severity: Severity) -> State {
    let slow = kind == IncidentKind::Performance;
    match severity {
        Severity::Sev1 if slow => State::PartialOutage,
        Severity::Sev1 => State::MajorOutage,
        Severity::Sev2 if slow => State::Degraded,
        Severity::Sev2 => State::PartialOutage,
        Severity::Sev3 => State::Degraded,
        Severity::Sev4 => State::Operational,
    }
}
