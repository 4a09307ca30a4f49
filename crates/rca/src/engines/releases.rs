//! Releases told by their label: failures or slowness that come with one version of a component.
//!
//! Looks for: a [`crate::breakdown`] of a component's own metric by a version. If a change of the component brought that
//! version, it is the change; without one the version is new if it had next to no traffic before, and a release that
//! nobody recorded is suspected. Assumes: the label says what ran. Cost: findings times changes. Golden cases:
//! `tests/labels.rs`.

use firebell_core::change::{Change, ChangeKind};

use crate::breakdown::{Breakdown, Sense, sense};
use crate::case::Case;
use crate::evidence::Cite;
use crate::signal::{Modality, Role, Signal};

pub(super) fn run(case: &Case<'_>) -> Vec<Signal> {
    case.breakdowns
        .iter()
        .filter(|b| b.peer.is_none() && sense(&b.label) == Sense::Version)
        .filter_map(|b| signal(case, b))
        .collect()
}

fn signal(case: &Case<'_>, b: &Breakdown) -> Option<Signal> {
    let change = b.values.iter().find_map(|v| brought(case, b, v));
    let new = b.before < 0.3 * b.traffic;
    if change.is_none() && !new {
        return None;
    }
    let told = b.share - b.traffic;
    let weight = if change.is_some() { 0.5 + 0.4 * told } else { 0.25 + 0.35 * told };
    let s = case.t.series.get(b.series)?;
    let (from, to) = case.frame.shown();
    let what = if b.slow { "added time" } else { "failures" };
    Some(Signal {
        component: b.component.clone(),
        cause: "change.release",
        modality: Modality::Metrics,
        role: Role::Mechanism,
        weight: weight.clamp(0.0, 0.88),
        onset: Some(case.frame.onset),
        indicator: Some(b.name.clone()),
        change: change.map(|c| c.commit.clone().filter(|_| c.id.is_empty()).unwrap_or_else(|| c.id.clone())),
        cite: Cite::new(&s.source, format!("metric {}", s.selector())).within(from, to),
        reading: format!("{what} of {} come with {}: {}", b.component, b.values.join(", "), b.text()),
    })
}

/// The change that brought a version to the component, before the harm was over.
fn brought<'c>(case: &'c Case<'_>, b: &Breakdown, version: &str) -> Option<&'c Change> {
    let plain = |v: &str| v.trim_start_matches('v').to_ascii_lowercase();
    let wanted = plain(version);
    if wanted.is_empty() {
        return None;
    }
    let is = |v: &str| plain(v) == wanted || plain(v).rsplit([':', '@']).next() == Some(wanted.as_str());
    case.t
        .changes
        .iter()
        .filter(|c| matches!(c.kind, ChangeKind::Deploy | ChangeKind::Commit))
        .filter(|c| case.names.resolve(&c.component) == b.component)
        .filter(|c| c.at.as_millisecond() <= case.frame.end)
        .filter(|c| {
            c.to.as_deref().is_some_and(is)
                || c.commit
                    .as_deref()
                    .is_some_and(|h| wanted.len() >= 7 && h.to_lowercase().starts_with(&wanted))
        })
        .max_by_key(|c| c.at)
}
