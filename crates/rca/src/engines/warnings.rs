//! Warnings: events of clusters and clouds of which no objects are known, by the catalogue's phrases. A warning counts
//! only in the faulty part, and not long before the newest where nothing has a course over time. Where pods are known,
//! `state` judges events by what became of their objects.
//!
//! Assumes: an event's words are those of the cluster that reports it, its time is when it was last seen. Cost: events
//! times phrases. Golden cases: `tests/warnings.rs`.

use firebell_core::cause;

use crate::case::Case;
use crate::evidence::Cite;
use crate::signal::{Modality, Role, Signal};

/// Words of these causes are precise enough to be read in any command's output.
const GROUPS: [&str; 2] = ["kubernetes", "saturation"];

/// Milliseconds after which a warning is history where nothing else tells.
const STALE_MS: i64 = 5_400_000;

pub(super) fn run(case: &Case<'_>) -> Vec<Signal> {
    let mut out = Vec::new();
    if !case.cluster.pods.is_empty() {
        return out;
    }
    let newest = case.t.events.iter().map(|e| e.at.as_millisecond()).max().unwrap_or(0);
    for e in &case.t.events {
        let at = e.at.as_millisecond();
        if e.kind.eq_ignore_ascii_case("normal") || case.frame.is_base(at) || e.component.is_empty() {
            continue;
        }
        if case.features.is_empty() && newest.saturating_sub(at) > STALE_MS {
            continue;
        }
        let text = format!("{} {}", e.reason, e.message).to_lowercase();
        let cite = Cite::new(&e.source, format!("event {} {}", e.component, e.reason));
        let reading = format!(
            "event {} at {}: {}",
            e.reason,
            e.component,
            e.message.chars().take(140).collect::<String>()
        );
        if let Some((id, weight)) = best(&text) {
            out.push(signal(case.names.resolve(&e.component), id, weight, Some(at), cite, reading));
        }
    }
    out
}

/// The cause whose phrases the text holds most of.
fn best(text: &str) -> Option<(&'static str, f64)> {
    cause::all()
        .iter()
        .filter(|c| GROUPS.contains(&c.group()))
        .filter_map(|c| {
            // A phrase of one short word fits anything.
            let hits: usize =
                c.words.iter().filter(|w| w.len() > 7 && text.contains(w.as_str())).map(|w| w.len()).sum();
            (hits > 0).then_some((c.id.as_str(), hits))
        })
        .max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0)))
        .map(|(id, hits)| (id, (0.4 + hits as f64 / 80.0).min(0.8)))
}

fn signal(
    component: String,
    cause: &'static str,
    weight: f64,
    onset: Option<i64>,
    cite: Cite,
    reading: String,
) -> Signal {
    Signal {
        component,
        cause,
        modality: Modality::State,
        role: Role::Mechanism,
        weight,
        onset,
        indicator: None,
        change: None,
        cite,
        reading,
    }
}
