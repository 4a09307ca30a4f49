//! Opening an incident: facts from alerts and words, the first severity, the first agents.

use super::super::command::{Opening, Rejection};
use super::super::event::{Actor, AttachedAlert, Event};
use super::super::state::Phase;
use super::super::timers::after;
use super::required;
use crate::cx::Cx;
use crate::policy::{Policy, Service};
use crate::severity::{self, DecidedBy, Decision, Facts, IncidentKind};

/// Longest title.
const MAX_TITLE: usize = 400;

/// Whether an opening is refused, whatever the context.
///
/// # Errors
/// [`Rejection`] names the field.
pub fn check_opening(o: &Opening) -> Result<(), Rejection> {
    required("title", &o.title, MAX_TITLE).map(drop)
}

pub(in super::super) fn open(o: &Opening, actor: &Actor, cx: &Cx<'_>) -> Result<Vec<Event>, Rejection> {
    let title = required("title", &o.title, MAX_TITLE)?;
    let facts = first_facts(o, cx.policy);
    let mut decision = severity::assess(&facts, &cx.policy.severity);
    if let (Some(severity), Actor::Person { name }) = (o.severity, actor) {
        decision = Decision {
            severity,
            rule: "person".to_owned(),
            because: format!("{name} declared it as {severity}"),
            by: DecidedBy::Person { name: name.clone(), reason: "declared with this severity".to_owned() },
        };
    }
    let kind = facts.kind.unwrap_or_default();
    let level = cx.policy.levels.of(decision.severity);
    let customer_facing = facts.customer_facing.unwrap_or(true);
    let impact_started_at =
        o.alerts.iter().map(|a| a.starts_at).chain(o.reported_at).min().map(|t| t.min(cx.now));
    let mut events = vec![Event::Opened {
        title,
        report: o.report.clone(),
        resolve_by: level.resolve_within_s.map(|s| after(cx.now, s)),
        severity: decision,
        services: facts.services.clone(),
        facts,
        kind,
        customer_facing,
        impact_started_at,
        first_report_at: o.reported_at,
        restricted: kind == IncidentKind::Security,
        drill: o.drill,
        policy_sha256: cx.policy_sha256(),
        why: o.why.clone(),
    }];
    if !o.alerts.is_empty() {
        events.push(Event::AlertsAttached { alerts: o.alerts.clone() });
    }
    events.push(Event::PhaseEntered {
        phase: Phase::Assess,
        deadline: after(cx.now, cx.policy.times.assess_by_s),
    });
    Ok(events)
}

/// What the alerts' and the reporter's words say, and what the catalogue knows of the services.
pub(super) fn first_facts(o: &Opening, policy: &Policy) -> Facts {
    let mut facts = Facts::default();
    for alert in &o.alerts {
        facts.absorb(&alert_facts(alert, policy));
    }
    let words = if o.report.is_empty() || o.report == o.title {
        o.title.clone()
    } else {
        format!("{}. {}", o.title, o.report)
    };
    facts.absorb(&severity::facts_from_text(&words));
    for name in &o.services {
        let name = policy.service(name).map_or(name, |s| &s.name);
        if !facts.services.contains(name) {
            facts.services.push(name.clone());
        }
    }
    for service in &policy.services {
        if mentions(&words, service) && !facts.services.contains(&service.name) {
            facts.services.push(service.name.clone());
        }
    }
    let known: Vec<&Service> = facts.services.iter().filter_map(|n| policy.service(n)).collect();
    if facts.customer_facing.is_none() && !known.is_empty() {
        let facing = known.iter().any(|s| s.customer_facing || s.revenue);
        facts.customer_facing = Some(facing);
        facts.provenance.insert("customer_facing".to_owned(), "service catalogue".to_owned());
    }
    facts
}

/// What an alert's texts say; its labels `kind` and `category` can name the kind of incident.
pub(super) fn alert_facts(alert: &AttachedAlert, policy: &Policy) -> Facts {
    let mut facts = severity::facts_from_text(&format!("{}. {}", alert.name, alert.summary));
    let named = alert.labels.get("kind").or_else(|| alert.labels.get("category")).map(String::as_str);
    match named {
        Some("security") => facts.kind = Some(IncidentKind::Security),
        Some("performance" | "latency") => facts.kind = Some(IncidentKind::Performance),
        Some("availability" | "errors") => facts.kind = Some(IncidentKind::Availability),
        Some("data") => facts.kind = Some(IncidentKind::Data),
        _ => {}
    }
    if let Some(service) = &alert.service {
        facts.services = vec![policy.service(service).map_or_else(|| service.clone(), |s| s.name.clone())];
    }
    facts
}

fn mentions(words: &str, service: &Service) -> bool {
    let lower = words.to_lowercase();
    std::iter::once(&service.name).chain(&service.aliases).any(|name| {
        let name = name.to_lowercase();
        !name.is_empty()
            && lower.match_indices(&name).any(|(at, hit)| {
                let before = lower[..at].chars().next_back();
                let behind = lower[at + hit.len()..].chars().next();
                !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
            })
    })
}
