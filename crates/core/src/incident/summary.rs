//! The row of an incident in lists.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::state::{Incident, Phase, Status};
use crate::ids::IncidentId;
use crate::severity::{IncidentKind, Severity};

/// What lists, filters and reports need, without loading the events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Id.
    pub id: IncidentId,
    /// Version that it was made from.
    pub version: u64,
    /// One line.
    pub title: String,
    /// Severity.
    pub severity: Severity,
    /// Rule behind it.
    pub severity_rule: String,
    /// Kind.
    pub kind: IncidentKind,
    /// Status.
    pub status: Status,
    /// Phase.
    pub phase: Phase,
    /// Services.
    pub services: Vec<String>,
    /// Leading cause: `cause@component`.
    pub cause: Option<String>,
    /// Commander or whoever is on call.
    pub commander: Option<String>,
    /// Only for its members.
    pub restricted: bool,
    /// An exercise.
    pub drill: bool,
    /// Not over.
    pub open: bool,
    /// Work of any kind is left (learning included).
    pub active: bool,
    /// A plan waits for approval.
    pub waits_for_approval: bool,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// First acknowledgement.
    pub acknowledged_at: Option<Timestamp>,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
    /// Last event.
    pub updated_at: Timestamp,
    /// Alerts attached.
    pub alerts: u64,
    /// Dead letters.
    pub dead_effects: u32,
    /// Resolve by.
    pub resolve_by: Option<Timestamp>,
    /// Follow-up work that is not done.
    #[serde(default)]
    pub open_items: u32,
}

impl Summary {
    /// Makes the row; `updated_at` is the time of the last event.
    pub fn of(incident: &Incident, updated_at: Timestamp) -> Self {
        let cause = incident
            .verdict
            .as_ref()
            .filter(|v| v.verdict == crate::verdict::Outcome::Cause)
            .and_then(|v| v.hypotheses.first())
            .map(|h| format!("{}@{}", h.cause, h.component));
        Self {
            id: incident.id.clone(),
            version: incident.version,
            title: incident.title.clone(),
            severity: incident.severity.severity,
            severity_rule: incident.severity.rule.clone(),
            kind: incident.kind,
            status: incident.status,
            phase: incident.phase,
            services: incident.services.iter().cloned().collect(),
            cause,
            commander: incident.commander().map(str::to_owned),
            restricted: incident.restricted,
            drill: incident.drill,
            open: !incident.status.is_over(),
            active: incident.closed_at.is_none(),
            waits_for_approval: incident.active_plan().is_none() && incident.next_proposed().is_some(),
            opened_at: incident.opened_at,
            acknowledged_at: incident.acknowledged_at,
            resolved_at: incident.resolved_at,
            updated_at,
            alerts: incident.alerts.len() as u64 + incident.alerts_beyond,
            dead_effects: incident.dead_effects.len() as u32,
            resolve_by: incident.resolve_by,
            open_items: incident.action_items.values().filter(|a| a.done_at.is_none()).count() as u32,
        }
    }
}
