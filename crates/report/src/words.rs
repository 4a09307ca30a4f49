//! Instants, spans, causes and effects on customers in words that people outside the team understand.

use firebell_core::cause;
use firebell_core::incident::{Incident, PlanState, PlanStatus};
use firebell_core::policy::Policy;
use firebell_core::severity::IncidentKind;
use firebell_core::verdict::{Hypothesis, Outcome};
use jiff::Timestamp;

use crate::text;

/// `2026-11-23 14:05 UTC`.
pub(crate) fn instant(at: Timestamp) -> String {
    format!("{} UTC", at.strftime("%Y-%m-%d %H:%M"))
}

/// `2026-11-23 14:05:09 UTC`.
pub(crate) fn second(at: Timestamp) -> String {
    format!("{} UTC", at.strftime("%Y-%m-%d %H:%M:%S"))
}

/// `14:05:09`.
pub(crate) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// A span in the unit that suits its size: `42 s`, `7 min`, `1 h 12 min`, `3 d 4 h`. Negative spans are shown as such.
pub(crate) fn span(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "unknown".to_owned();
    }
    let sign = if seconds < 0.0 { "-" } else { "" };
    let s = seconds.abs().round() as u64;
    let two = |a: u64, unit_a: &str, b: u64, unit_b: &str| {
        if b == 0 { format!("{sign}{a} {unit_a}") } else { format!("{sign}{a} {unit_a} {b} {unit_b}") }
    };
    match s {
        0..120 => format!("{sign}{s} s"),
        120..3600 => two(s / 60, "min", s % 60, "s"),
        3600..86_400 => two(s / 3600, "h", s % 3600 / 60, "min"),
        _ => two(s / 86_400, "d", s % 86_400 / 3600, "h"),
    }
}

/// Whole minutes as a person says them: `37 minutes`, `less than a minute`.
pub(crate) fn minutes(seconds: i64) -> String {
    match (seconds + 30) / 60 {
        _ if seconds < 60 => "less than a minute".to_owned(),
        1 => "1 minute".to_owned(),
        n => format!("{n} minutes"),
    }
}

/// A cadence: `15 minutes`, `hour`, `30 seconds`; follows "every".
pub(crate) fn every(seconds: i64) -> String {
    match seconds {
        60 => "minute".to_owned(),
        3600 => "hour".to_owned(),
        s if s > 0 && s % 3600 == 0 => format!("{} hours", s / 3600),
        s if s > 0 && s % 60 == 0 => format!("{} minutes", s / 60),
        s => format!("{s} seconds"),
    }
}

/// The leading hypothesis, if the latest verdict names a cause.
pub(crate) fn leader(incident: &Incident) -> Option<&Hypothesis> {
    incident.verdict.as_ref().filter(|v| v.verdict == Outcome::Cause).and_then(|v| v.hypotheses.first())
}

/// The mitigation that helped and still does: none once it came back.
pub(crate) fn helped(incident: &Incident) -> Option<&PlanState> {
    incident.mitigated_at?;
    incident.plans.iter().rev().find(|p| p.status == PlanStatus::Helped)
}

/// Whether the mitigation that helped answered the leading hypothesis, so that the cause is more than a hypothesis.
pub(crate) fn confirmed(incident: &Incident) -> bool {
    match (leader(incident), helped(incident)) {
        (Some(h), Some(plan)) => plan.plan.answers == format!("{}@{}", h.cause, h.component),
        _ => false,
    }
}

/// The cause in the catalogue's words, else its id; for colleagues.
pub(crate) fn cause_title(id: &str) -> String {
    cause::find(id).map_or_else(|| text::line(id, 80), |c| c.title.clone())
}

/// The cause without components or jargon; for executives, support and customers. Completes "caused by …".
pub(crate) fn plain_cause(id: &str) -> &'static str {
    match id {
        "change.release" => "a fault in a new version of our software",
        "change.flag" => "a feature that was switched on by mistake",
        "change.config" | "change.migration" | "change.infrastructure" => {
            "a change that we made to our systems"
        }
        "network.tls_expired" => "a certificate that had expired",
        "traffic.abuse" => "unusually heavy use by a few clients",
        _ => match id.split('.').next().unwrap_or("") {
            "change" => "a change that we made to our systems",
            "saturation" => "a part of our systems that ran out of capacity",
            "code" => "a fault in our software",
            "dependency" => "a problem in a system that ours depends on",
            "database" => "a database problem",
            "cache" => "a problem with stored data being unavailable",
            "network" => "a network problem",
            "traffic" => "more traffic than we had capacity for",
            "security" => "an attack on our systems",
            "data" => "a problem with stored data",
            _ => "a fault in our infrastructure",
        },
    }
}

/// What is wrong, for outsiders: `errors in checkout`. Names only services that customers know.
pub fn issue(incident: &Incident, policy: &Policy) -> String {
    let what = match incident.kind {
        IncidentKind::Availability => "errors",
        IncidentKind::Performance => "slow responses",
        IncidentKind::Security => "a security matter",
        IncidentKind::Data => "a problem with data",
        IncidentKind::Other => "a problem",
    };
    let preposition = if incident.kind == IncidentKind::Performance { "from" } else { "in" };
    format!("{what} {preposition} {}", known_services(incident, policy))
}

/// What customers may experience: one sentence without its full stop.
pub(crate) fn experience(incident: &Incident, policy: &Policy) -> String {
    let place = known_services(incident, policy);
    let felt = match incident.kind {
        _ if incident.facts.functional_impact == Some(false) => {
            format!("see something that looks wrong in {place}; everything works as usual")
        }
        IncidentKind::Availability if incident.facts.complete_outage == Some(true) => {
            format!("be unable to use {place}")
        }
        IncidentKind::Availability => {
            format!("see errors, or be unable to finish what they started, in {place}")
        }
        IncidentKind::Performance => format!("have to wait longer than usual for {place}"),
        IncidentKind::Security => format!("be asked to sign in again to {place}"),
        IncidentKind::Data => format!("see missing or outdated information in {place}"),
        IncidentKind::Other => format!("notice that {place} does not behave as usual"),
    };
    let paying =
        if incident.facts.revenue_stopped == Some(true) { "; purchases may not go through" } else { "" };
    format!("Customers may {felt}{paying}")
}

/// The affected services that customers know by name; "our service" where there are none.
fn known_services(incident: &Incident, policy: &Policy) -> String {
    let known: Vec<String> = policy
        .services
        .iter()
        .filter(|s| s.customer_facing)
        .filter(|s| {
            incident
                .services
                .iter()
                .any(|name| policy.service(name).is_some_and(|found| found.name == s.name))
        })
        .map(|s| s.name.clone())
        .collect();
    match known.len() {
        0 => "our service".to_owned(),
        1..=3 => text::list(&known),
        _ => "several of our services".to_owned(),
    }
}

/// When it began for customers: first bad sample or first report, else the opening.
pub(crate) fn began(incident: &Incident) -> Timestamp {
    [incident.impact_started_at, incident.first_report_at]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(incident.opened_at)
        .min(incident.opened_at)
}

/// What is wrong in two words, for the head of a drawing.
pub(crate) fn issue_plain(incident: &Incident) -> String {
    let what = match incident.kind {
        IncidentKind::Availability => "errors",
        IncidentKind::Performance => "slow responses",
        IncidentKind::Security => "a security matter",
        IncidentKind::Data => "a data problem",
        IncidentKind::Other => "a problem",
    };
    format!("{}: {what}", incident.severity.severity)
}
