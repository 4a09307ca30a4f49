//! `similar_incidents`: past incidents whose text, services and alerts resemble this one's.

use std::collections::BTreeSet;
use std::sync::Arc;

use firebell_core::ids::EvidenceId;
use firebell_core::incident::{Incident, Summary};
use firebell_core::ports::store::IncidentFilter;
use firebell_core::severity::IncidentKind;
use firebell_core::telemetry::{ClusterObject, TelemetryPart};

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
            similarity: similarity(run.incident(), s),
        })
        .filter(|p| p.similarity >= ALIKE)
        .collect();
    past.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then_with(|| b.id.cmp(&a.id)));
    past.truncate(KEPT);
    let objects = past.iter().map(object).collect();
    let query =
        format!("closed incidents like {:?}, limit {LIMIT}", crate::run::clip(&run.incident().title, 120));
    let part = TelemetryPart::Objects(objects);
    let id = run.keep_own(TOOL, "incidents", &query, None, part).await;
    (past, id)
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

/// 0 to 1: words of the titles, services, kind.
fn similarity(incident: &Incident, past: &Summary) -> f64 {
    let words = jaccard(&words(&incident.title), &words(&past.title));
    let mine: BTreeSet<String> = incident.services.iter().cloned().collect();
    let theirs: BTreeSet<String> = past.services.iter().cloned().collect();
    let kind = if incident.kind == past.kind { 1.0 } else { 0.0 };
    0.5 * words + 0.35 * jaccard(&mine, &theirs) + 0.15 * kind
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
