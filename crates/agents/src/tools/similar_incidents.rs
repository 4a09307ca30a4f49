//! `similar_incidents`: past incidents whose text, services and alerts resemble this one's.

use std::collections::BTreeSet;
use std::sync::Arc;

use firebell_core::ids::EvidenceId;
use firebell_core::incident::{Incident, Summary};
use firebell_core::ports::store::{IncidentFilter, Reader, StoreResult};
use firebell_core::severity::IncidentKind;
use firebell_core::telemetry::{ClusterObject, TelemetryPart};
use firebell_rca::Prior;

use crate::run::Run;

const TOOL: &str = "similar_incidents";
/// Kind of the objects that record a past incident.
pub(crate) const PAST_KIND: &str = "PastIncident";
/// How many closed incidents are compared.
const LIMIT: usize = 500;
/// How many are kept.
const KEPT: usize = 5;
/// Below this they are not alike.
const ALIKE: f64 = 0.3;

/// A past incident that is alike.
pub(crate) struct Past {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) cause: Option<String>,
    pub(crate) similarity: f64,
}

/// The most similar past incidents, best first, recorded as evidence.
pub(crate) async fn similar_incidents(run: &mut Run) -> (Vec<Past>, Option<EvidenceId>) {
    if !run.may(TOOL) {
        return (Vec::new(), None);
    }
    let filter = IncidentFilter {
        open: Some(false),
        limit: LIMIT,
        // A security incident's investigation may see earlier ones; any other must not.
        include_restricted: run.incident().kind == IncidentKind::Security,
        ..IncidentFilter::default()
    };
    let reader = Arc::clone(&run.tools.reader);
    let summaries = match tokio::task::spawn_blocking(move || reader.incidents(&filter)).await {
        Ok(Ok(summaries)) => summaries,
        Ok(Err(error)) => {
            run.gap(format!("past incidents could not be read: {error}"));
            return (Vec::new(), None);
        }
        Err(error) => {
            run.gap(format!("past incidents could not be read: {error}"));
            return (Vec::new(), None);
        }
    };
    let mut past: Vec<Past> = summaries
        .iter()
        .filter(|s| s.id != run.incident().id)
        .map(|s| Past {
            id: s.id.to_string(),
            title: s.title.clone(),
            cause: s.cause.clone(),
            similarity: similarity(&Likeness::of(run.incident()), s),
        })
        .collect();
    keep_alike(&mut past);
    let objects = past.iter().map(object).collect();
    let query =
        format!("closed incidents like {:?}, limit {LIMIT}", crate::run::clip(&run.incident().title, 120));
    let part = TelemetryPart::Objects(objects);
    let id = run.keep_own(TOOL, "incidents", &query, None, part).await;
    (past, id)
}

/// What past incidents like this say of the cause, for an investigation without an incident. Restricted ones say nothing.
///
/// # Errors
/// If the store cannot be read.
pub(crate) fn priors(
    reader: &dyn Reader,
    title: &str,
    services: BTreeSet<String>,
    kind: IncidentKind,
) -> StoreResult<Vec<Prior>> {
    let filter = IncidentFilter {
        open: Some(false),
        limit: LIMIT,
        include_restricted: false,
        ..IncidentFilter::default()
    };
    let this = Likeness { title, services, kind };
    let mut past: Vec<Past> = reader
        .incidents(&filter)?
        .iter()
        .map(|s| Past {
            id: s.id.to_string(),
            title: s.title.clone(),
            cause: s.cause.clone(),
            similarity: similarity(&this, s),
        })
        .collect();
    keep_alike(&mut past);
    let said = |p: &Past| {
        let (cause, component) = p.cause.as_deref()?.split_once('@')?;
        Some(Prior { component: component.to_owned(), cause: cause.to_owned(), weight: p.similarity })
    };
    Ok(past.iter().filter_map(said).collect())
}

fn keep_alike(past: &mut Vec<Past>) {
    past.retain(|p| p.similarity >= ALIKE);
    past.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then_with(|| b.id.cmp(&a.id)));
    past.truncate(KEPT);
}

fn object(past: &Past) -> ClusterObject {
    let (cause, component) = match past.cause.as_deref().and_then(|c| c.split_once('@')) {
        Some((cause, component)) => (Some(cause), Some(component)),
        None => (None, None),
    };
    ClusterObject {
        source: "incidents".to_owned(),
        object: serde_json::json!({
            "kind": PAST_KIND,
            "id": past.id,
            "title": past.title,
            "cause": cause,
            "component": component,
            "similarity": (past.similarity * 1000.0).round() / 1000.0,
        }),
    }
}

/// What incidents are compared by.
struct Likeness<'t> {
    title: &'t str,
    services: BTreeSet<String>,
    kind: IncidentKind,
}

impl<'t> Likeness<'t> {
    fn of(incident: &'t Incident) -> Self {
        let services = incident.services.iter().cloned().collect();
        Self { title: &incident.title, services, kind: incident.kind }
    }
}

/// 0 to 1: words of the titles, services, kind.
fn similarity(this: &Likeness<'_>, past: &Summary) -> f64 {
    let words = jaccard(&words(this.title), &words(&past.title));
    let theirs: BTreeSet<String> = past.services.iter().cloned().collect();
    let kind = if this.kind == past.kind { 1.0 } else { 0.0 };
    0.5 * words + 0.35 * jaccard(&this.services, &theirs) + 0.15 * kind
}

fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| w.len() > 2 && w.chars().any(char::is_alphabetic))
        .map(str::to_lowercase)
        .collect()
}

fn jaccard(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let both = a.intersection(b).count() as f64;
    let any = a.union(b).count() as f64;
    if any == 0.0 { 0.0 } else { both / any }
}
