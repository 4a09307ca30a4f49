//! What outsiders may know of an incident: what was posted to them, and nothing else.

use firebell_core::comms::{Audience, Update, UpdateReason};
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Actor, Event, EventRecord, Status};
use firebell_core::policy::Policy;
use firebell_core::severity::{IncidentKind, Severity};
use jiff::{SignedDuration, Timestamp};

use super::spans::{Span, Told, read, state};

/// How well something works, best first; as in the common summary form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Operational,
    /// Worked on, as was announced: no outage.
    Maintenance,
    Degraded,
    PartialOutage,
    MajorOutage,
}

impl State {
    /// As in JSON.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Maintenance => "under_maintenance",
            Self::Degraded => "degraded_performance",
            Self::PartialOutage => "partial_outage",
            Self::MajorOutage => "major_outage",
        }
    }

    /// For people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Operational => "Operational",
            Self::Maintenance => "Under maintenance",
            Self::Degraded => "Degraded",
            Self::PartialOutage => "Partial outage",
            Self::MajorOutage => "Major outage",
        }
    }

    /// The share of a time that counts as down: a partial outage counts for three tenths, as on the pages that people
    /// know (Atlassian Statuspage, "Display historical uptime of components").
    pub(super) fn down(self) -> f64 {
        match self {
            Self::Operational | Self::Maintenance | Self::Degraded => 0.0,
            Self::PartialOutage => 0.3,
            Self::MajorOutage => 1.0,
        }
    }
}

/// One posted update.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Posted {
    pub(super) id: String,
    /// Where the incident stood: `investigating`, `identified`, `monitoring`, `resolved`.
    pub(super) status: &'static str,
    pub(super) subject: String,
    /// Markdown.
    pub(super) body: String,
    pub(super) at: Timestamp,
}

/// One incident as outsiders know it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PublicIncident {
    pub(super) id: IncidentId,
    pub(super) name: String,
    pub(super) status: &'static str,
    /// `none`, `minor`, `major`, `critical`.
    pub(super) impact: &'static str,
    pub(super) state: State,
    pub(super) services: Vec<String>,
    pub(super) began_at: Timestamp,
    pub(super) opened_at: Timestamp,
    pub(super) monitoring_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
    /// How long it was open in all: days before it was reopened do not count.
    pub(super) lasted: SignedDuration,
    /// When it stopped to hurt, as far as is known.
    pub(super) well_at: Option<Timestamp>,
    /// When it hurt, and how badly.
    pub(super) spans: Vec<Span>,
    /// Newest first.
    pub(super) updates: Vec<Posted>,
}

impl PublicIncident {
    /// `None` where outsiders know nothing of it: nothing was posted to them, or it became confidential. Of a
    /// confidential one they know what a person posted who knew that it was.
    pub(super) fn of(records: &[EventRecord], policy: &Policy) -> Option<Self> {
        let Told { incident: i, began_at, spans, lasted } = read(records)?;
        if i.drill {
            return None;
        }
        let knowingly = posted_knowingly(records);
        let may = |at: usize| !i.is_secret() || knowingly.get(at) == Some(&true);
        let mut updates: Vec<Posted> = Vec::new();
        let mut status = "investigating";
        let public = |(at, u): &(usize, &Update)| u.audience == Audience::Public && may(*at);
        for (_, u) in i.updates.iter().enumerate().filter(public) {
            status = match u.reason {
                UpdateReason::Declared | UpdateReason::Reopened => "investigating",
                UpdateReason::Identified => "identified",
                UpdateReason::Mitigated => "monitoring",
                r if r.is_last() => "resolved",
                _ => status,
            };
            updates.push(Posted {
                id: format!("{}-{}", i.id, updates.len() + 1),
                status,
                subject: u.subject.clone(),
                body: u.body.clone(),
                at: u.at,
            });
        }
        let monitoring_at = updates.iter().rfind(|u| u.status == "monitoring").map(|u| u.at);
        updates.reverse();
        let newest = updates.first()?;
        let over = i.status.is_over();
        // What was an outage before it was reopened stays one.
        let false_alarm = matches!(i.status, Status::ClosedHealthy | Status::Cancelled) && spans.is_empty();
        let severity = i.severity.severity;
        let state = if false_alarm { State::Operational } else { state(i.kind, severity) };
        if i.is_secret() {
            // Nothing but the posts themselves: neither what it is, nor how bad, nor where, nor since when.
            let first = updates.last()?;
            return Some(Self {
                id: i.id.clone(),
                name: first.subject.clone(),
                status: if over { "resolved" } else { newest.status },
                impact: "none",
                state: State::Operational,
                services: Vec::new(),
                began_at: first.at,
                opened_at: first.at,
                monitoring_at: None,
                ended_at: i.resolved_at,
                lasted: i.resolved_at.map_or(SignedDuration::ZERO, |end| end.duration_since(first.at)),
                well_at: None,
                spans: Vec::new(),
                updates,
            });
        }
        Some(Self {
            name: crate::ui::title_case(&firebell_report::issue(&i, policy)),
            status: match newest.status {
                _ if over => "resolved",
                // It came back, and nothing was posted of it yet.
                "resolved" => "investigating",
                "monitoring" if i.mitigated_at.is_none() => "identified",
                status => status,
            },
            impact: if false_alarm { "none" } else { impact(severity) },
            state,
            services: i.services.iter().cloned().collect(),
            began_at,
            opened_at: i.opened_at,
            monitoring_at,
            ended_at: i.resolved_at,
            lasted,
            well_at: i.mitigated_at.or(i.resolved_at),
            spans,
            id: i.id.clone(),
            updates,
        })
    }

    /// Whether it goes on.
    pub(super) fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }

    /// How well what it touches works now.
    pub(super) fn state_now(&self) -> State {
        match (self.is_open(), self.well_at) {
            (false, _) => State::Operational,
            // Mended, and watched: no outage any more, and not yet as usual.
            (true, Some(_)) => self.state.min(State::Degraded),
            (true, None) => self.state,
        }
    }

    /// When it was last heard of.
    pub(super) fn updated_at(&self) -> Timestamp {
        let newest = self.updates.first().map_or(self.opened_at, |u| u.at);
        self.ended_at.map_or(newest, |end| end.max(newest))
    }
}

/// For each update in its order: whether a person posted it while the incident was confidential.
fn posted_knowingly(records: &[EventRecord]) -> Vec<bool> {
    let (mut out, mut secret) = (Vec::new(), false);
    for record in records {
        match &record.event {
            Event::Opened { kind, restricted, .. } | Event::KindChanged { kind, restricted } => {
                secret = *restricted || *kind == IncidentKind::Security;
            }
            Event::UpdatePosted { .. } => {
                out.push(secret && matches!(record.actor, Actor::Person { .. }));
            }
            _ => {}
        }
    }
    out
}

fn impact(severity: Severity) -> &'static str {
    match severity {
        Severity::Sev1 => "critical",
        Severity::Sev2 => "major",
        Severity::Sev3 => "minor",
        Severity::Sev4 => "none",
    }
}
