//! Which evidence an address means, and which recorded results may hold it.

use std::collections::BTreeSet;

use firebell_core::evidence::evidence_id;
use firebell_core::incident::{Event, EventRecord, Incident};
use firebell_core::telemetry::Window;
use firebell_core::verdict::{EvidenceRef, Verdict};
use jiff::Timestamp;

use crate::ui::words;

/// Recorded results that are opened for one piece of evidence.
const MOST_CANDIDATES: usize = 40;

/// A piece of evidence: a whole recorded query, or what a verdict cites.
#[derive(Debug, Clone)]
pub(super) struct Cited {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) query: String,
    pub(super) window: Option<Window>,
    pub(super) sha256: String,
    pub(super) reading: String,
    /// When it was fetched, of a recorded query.
    pub(super) fetched_at: Option<Timestamp>,
    /// Hypotheses that cite it: cause, component, whether it speaks against it.
    pub(super) by: Vec<(String, String, bool)>,
}

impl Cited {
    /// A whole recorded query rather than what a verdict says of some.
    pub(super) fn is_record(&self) -> bool {
        self.fetched_at.is_some()
    }

    /// First word of a verdict's query and the rest.
    pub(super) fn verb(&self) -> (&str, &str) {
        self.query.split_once(' ').unwrap_or((&self.query, ""))
    }
}

/// The address of what a verdict cites: derived from what it says, so that it outlives the verdict's own numbering.
pub(in crate::ui::incident) fn id_of(e: &EvidenceRef) -> String {
    evidence_id(&e.source, &e.query, e.window, &e.sha256).to_string()
}

/// Whether a verdict's query is of something that is drawn.
pub(in crate::ui::incident) fn has_picture(e: &EvidenceRef) -> bool {
    ["metric ", "logs ", "spans "].iter().any(|verb| e.query.starts_with(verb))
}

/// Looks among recorded queries, the verdict that stands, then earlier verdicts.
pub(super) fn find(incident: &Incident, records: &[EventRecord], id: &str) -> Option<Cited> {
    if let Some(e) = incident.evidence.iter().find(|e| e.id.0 == id) {
        return Some(Cited {
            id: id.to_owned(),
            source: e.source.clone(),
            query: e.query.clone(),
            window: e.window,
            sha256: e.sha256.clone(),
            reading: e.reading.clone(),
            fetched_at: Some(e.fetched_at),
            by: Vec::new(),
        });
    }
    let earlier = records.iter().rev().filter_map(|r| match &r.event {
        Event::VerdictReached { verdict, .. } => Some(verdict),
        _ => None,
    });
    incident.verdict.iter().chain(earlier).find_map(|verdict| in_verdict(verdict, id))
}

fn in_verdict(verdict: &Verdict, id: &str) -> Option<Cited> {
    let all = verdict.hypotheses.iter().flat_map(|h| {
        h.evidence.iter().map(move |e| (h, e, false)).chain(h.against.iter().map(move |e| (h, e, true)))
    });
    let mut found: Option<Cited> = None;
    for (h, e, against) in all.filter(|(_, e, _)| id_of(e) == id) {
        let cited = found.get_or_insert_with(|| Cited {
            id: id.to_owned(),
            source: e.source.clone(),
            query: e.query.clone(),
            window: e.window,
            sha256: e.sha256.clone(),
            reading: e.reading.clone(),
            fetched_at: None,
            by: Vec::new(),
        });
        cited.by.push((words::cause_title(&h.cause), h.component.clone(), against));
    }
    found
}

/// Hashes of recorded results, the likeliest first: what was asked fits, the longest time, the newest.
pub(super) fn candidates(incident: &Incident, cited: &Cited) -> Vec<String> {
    if cited.is_record() {
        return vec![cited.sha256.clone()];
    }
    let (verb, rest) = cited.verb();
    let name = rest.split('{').next().unwrap_or(rest);
    let fits = |query: &str, source: &str| match verb {
        "metric" => query.contains(name) || query.starts_with("{}"),
        "logs" => query.contains("logs") || query.contains("files"),
        "spans" => query.contains("traces"),
        "change" => query.contains("changes"),
        "alert" => source.starts_with("alerts"),
        _ => query.contains(verb),
    };
    let seconds = |w: Option<Window>| w.map_or(0.0, |w| w.seconds());
    let mut all: Vec<_> = incident.evidence.iter().rev().filter(|e| e.items > 0).collect();
    all.sort_by(|a, b| {
        fits(&b.query, &b.source)
            .cmp(&fits(&a.query, &a.source))
            .then_with(|| (b.source == cited.source).cmp(&(a.source == cited.source)))
            .then_with(|| seconds(b.window).total_cmp(&seconds(a.window)))
    });
    let mut seen = BTreeSet::new();
    all.into_iter()
        .filter(|e| seen.insert(e.sha256.as_str()))
        .take(MOST_CANDIDATES)
        .map(|e| e.sha256.clone())
        .collect()
}
