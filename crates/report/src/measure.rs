//! The measured times of one incident, and its row for the weekly report, taken from the record alone.

use firebell_core::comms::{Audience, UpdateReason};
use firebell_core::incident::{Incident, Status};
use firebell_core::review::{Instants, ReviewedIncident, ReviewedItem, Times, measure};

use crate::words;

/// Measures an incident. The all-clear is the last one told to colleagues or customers.
pub fn measured(incident: &Incident) -> Times {
    let all_clear_at = incident
        .updates
        .iter()
        .filter(|u| {
            u.reason == UpdateReason::AllClear && matches!(u.audience, Audience::Internal | Audience::Public)
        })
        .map(|u| u.at)
        .max()
        .filter(|_| incident.status.is_over());
    let first_update_at = incident
        .updates
        .iter()
        .filter(|u| matches!(u.audience, Audience::Internal | Audience::Public))
        .map(|u| u.at)
        .min();
    measure(&Instants {
        impact_started_at: incident.impact_started_at,
        first_customer_report: incident.first_report_at,
        opened_at: incident.opened_at,
        first_page_at: incident.paged_at,
        acknowledged_at: incident.acknowledged_at,
        mitigated_at: incident.mitigated_at,
        // What was merged, called off or found healthy did not recover.
        resolved_at: incident.resolved_at.filter(|_| incident.status == Status::Resolved),
        all_clear_at,
        first_update_at,
    })
}

/// The incident as the weekly report counts it. The service is the component of the cause, else the first affected one.
pub fn reviewed(incident: &Incident) -> ReviewedIncident {
    let leader = words::leader(incident);
    ReviewedIncident {
        id: incident.id.to_string(),
        severity: incident.severity.severity,
        kind: incident.kind,
        service: leader
            .map(|h| h.component.clone())
            .or_else(|| incident.services.iter().next().cloned())
            .unwrap_or_else(|| "unknown".to_owned()),
        cause: leader.map(|h| h.cause.clone()),
        opened_at: incident.opened_at,
        status: incident.status,
        resolved_at: incident.resolved_at,
        times: measured(incident),
        drill: incident.drill,
        action_items: incident
            .action_items
            .values()
            .map(|item| ReviewedItem { created_at: item.created_at, done_at: item.done_at })
            .collect(),
    }
}
