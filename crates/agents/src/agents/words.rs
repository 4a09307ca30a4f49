//! Sentences about an incident that several agents say.

use firebell_core::cause;
use firebell_core::incident::{Incident, PlanState, PlanStatus};
use firebell_core::severity::{Facts, IncidentKind};
use firebell_core::verdict::{Hypothesis, Outcome};

use crate::run::{Run, percent};

/// `checkout`, `checkout and payments`, `checkout, payments and 2 more`.
pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = names.collect();
    match all.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [a, b] => format!("{a} and {b}"),
        [a, b, c] => format!("{a}, {b} and {c}"),
        [a, b, rest @ ..] => format!("{a}, {b} and {} more", rest.len()),
    }
}

/// What the customer feels, in one sentence, from facts.
pub(crate) fn impact(facts: &Facts, services: &str) -> Option<String> {
    let of = if services.is_empty() { String::new() } else { format!(" of {services}") };
    let ratio = |r: Option<f64>, least: f64| r.filter(|r| *r >= least);
    if facts.kind == Some(IncidentKind::Security) {
        return Some(
            "Customer accounts are under attack: passwords are being tried, and some may work.".to_owned(),
        );
    }
    if facts.complete_outage == Some(true) {
        return Some("Nothing works for customers: nearly every request fails.".to_owned());
    }
    if facts.revenue_stopped == Some(true) {
        return Some("Customers cannot complete purchases.".to_owned());
    }
    if let Some(r) = ratio(facts.error_ratio, 0.02).filter(|r| *r > facts.baseline_error_ratio.unwrap_or(0.0))
    {
        return Some(format!("Customers get errors: {} of the requests{of} fail.", percent(r)));
    }
    if let Some(r) = ratio(facts.p95_ratio, 2.0) {
        return Some(format!("Customers wait: responses{of} take {r:.1} times as long as usual."));
    }
    ratio(facts.users_affected_ratio, 0.01)
        .map(|r| format!("About {} of the users{of} are affected.", percent(r)))
}

/// The hypothesis that stands, if a cause was named.
pub(crate) fn leader(incident: &Incident) -> Option<&Hypothesis> {
    let verdict = incident.verdict.as_ref()?;
    (verdict.verdict == Outcome::Cause).then(|| verdict.hypotheses.first()).flatten()
}

/// What the cause is called.
pub(crate) fn title_of(h: &Hypothesis) -> &str {
    cause::find(&h.cause).map_or(h.cause.as_str(), |c| c.title.as_str())
}

/// The plan that helped.
pub(crate) fn helped(incident: &Incident) -> Option<&PlanState> {
    incident.plans.iter().find(|p| p.status == PlanStatus::Helped)
}

/// The part of a component id after its kind, fit for file names and identifiers.
pub(crate) fn slug(text: &str) -> String {
    let last = text.rsplit('/').next().unwrap_or(text);
    let slug: String = last
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .take(60)
        .collect();
    slug.trim_matches('_').to_owned()
}

/// A task that is not this agent's.
pub(crate) fn not_mine(run: &Run) -> Result<(), String> {
    Err(format!("{} has no part in {:?}; see the catalogue", run.agent(), run.input.task))
}
