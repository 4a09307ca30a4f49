//! Ours in Statuspage's words: <https://developer.statuspage.io/#operation/postPagesPageIdIncidents>.

use firebell_core::incident::Status;
use firebell_core::ports::notifier::Standing;
use firebell_core::severity::{IncidentKind, Severity};

/// `incident[status]` of a realtime incident.
pub(super) fn status(of: &Standing) -> &'static str {
    match of.status {
        _ if of.last => "resolved",
        Status::Investigating => "investigating",
        Status::Identified | Status::Mitigating => "identified",
        // An update that was written before the end and is late does not end it: the all-clear does.
        Status::Monitoring
        | Status::Resolved
        | Status::ClosedHealthy
        | Status::Cancelled
        | Status::Merged => "monitoring",
    }
}

/// `incident[impact_override]`.
pub(super) fn impact(of: &Standing) -> &'static str {
    match of.severity {
        Severity::Sev1 => "critical",
        Severity::Sev2 => "major",
        Severity::Sev3 => "minor",
        Severity::Sev4 => "none",
    }
}

/// The state of the components that it touches.
pub(super) fn component(of: &Standing) -> &'static str {
    match (of.severity, of.kind) {
        _ if of.last => "operational",
        _ if status(of) == "monitoring" => "degraded_performance",
        (Severity::Sev1, IncidentKind::Performance) => "partial_outage",
        (Severity::Sev1, _) => "major_outage",
        (Severity::Sev2, IncidentKind::Performance) => "degraded_performance",
        (Severity::Sev2, _) => "partial_outage",
        (Severity::Sev3, _) => "degraded_performance",
        (Severity::Sev4, _) => "operational",
    }
}
