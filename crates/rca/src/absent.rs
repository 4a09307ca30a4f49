//! Evidence that a cause predicts and that is not there. Where the telemetry that would show a marker exists and shows
//! nothing, a hypothesis loses by the likelihood ratio `P(nothing | it) / P(nothing | something else)`; where that
//! telemetry does not exist, nothing is lost. What each cause predicts is in `queries/predict.rs` and in the catalogue.
//!
//! Markers of one cause depend on each other: the strongest counts whole, the others by a third of their logarithms.

use std::collections::BTreeMap;

use firebell_core::cause;

use crate::case::Case;
use crate::evidence::Cite;
use crate::names;
use crate::queries::{expected_to_move, kinds_of};
use crate::series::features::Feature;
use crate::series::stats::Shift;
use crate::signal::{Modality, Role, Signal};

/// Below this many robust scales a series has not moved.
const UNMOVED: f64 = 2.0;
/// Points in each part of time that a series needs to show anything.
const POINTS: usize = 4;
/// Lines after the onset from which on silence says something.
const LINES: usize = 40;
/// How likely a metric moves at a component that is not the cause: as a victim, or by chance.
const MOVES_ANYWAY: (f64, f64) = (0.35, 0.12);
/// How likely logs of a component show nothing new where the cause is elsewhere.
const SILENT_ANYWAY: f64 = 0.55;
/// What the other markers of a cause count beside the strongest.
const BESIDE: f64 = 1.0 / 3.0;
/// Most that absence can take, nats: records have holes that nobody knows of.
const MOST: f64 = 2.3;

/// Something expected and not seen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Absent {
    pub text: String,
    /// Logarithm of its likelihood ratio, nats; below 0.
    pub nats: f64,
    /// What was looked at, with what it reads as.
    pub cites: Vec<(Cite, String)>,
}

/// Log lines after the onset by component.
pub(crate) fn lines(case: &Case<'_>) -> BTreeMap<String, usize> {
    let mut of_raw: BTreeMap<&str, usize> = BTreeMap::new();
    for l in &case.t.logs {
        if l.at.is_none_or(|at| case.frame.is_fault(at.as_millisecond())) {
            *of_raw.entry(names::of_line(l).unwrap_or("")).or_default() += 1;
        }
    }
    let mut out = BTreeMap::new();
    for (raw, n) in of_raw {
        *out.entry(case.names.resolve(raw)).or_default() += n;
    }
    out
}

/// What `cause` at `component` lets one expect and is not there.
pub(crate) fn find(
    case: &Case<'_>,
    signals: &[Signal],
    lines: &BTreeMap<String, usize>,
    component: &str,
    cause: &str,
) -> Vec<Absent> {
    let mut out = Vec::new();
    let (group, name) = cause.split_once('.').unwrap_or((cause, ""));
    // Changes, attacks and ways show elsewhere; what is down reports nothing; objects were looked at by who says so.
    let here = match group {
        "saturation" | "code" | "database" | "cache" | "traffic" => true,
        "dependency" => name != "unavailable",
        _ => false,
    };
    let Some(known) = cause::find(cause).filter(|_| here) else { return out };
    for metric in &known.metrics {
        let Some((f, s)) = unmoved(case, component, metric) else { continue };
        let symptom = matches!(metric.as_str(), "latency" | "error" | "availability");
        let anyway = if symptom { MOVES_ANYWAY.0 } else { MOVES_ANYWAY.1 };
        let nats = ((1.0 - expected_to_move(cause, metric)) / (1.0 - anyway)).ln();
        let reading =
            format!("{} of {component}: {} before, {} since", f.name, figure(s.before), figure(s.after));
        out.push(Absent {
            text: format!("{} of {component} did not move", f.name),
            nats: nats.min(0.0),
            cites: vec![(case.cite(f), reading)],
        });
    }
    let heard =
        signals.iter().any(|s| s.component == component && s.modality == Modality::Logs && s.weight > 0.1);
    if let Some(silent) = silence(cause)
        && !heard
        && lines.get(component).is_some_and(|n| *n >= LINES)
    {
        let text = format!("the logs of {component} hold nothing new");
        let nats = (silent / SILENT_ANYWAY).ln();
        out.push(Absent { text, nats, cites: searched(case, component).into_iter().collect() });
    }
    out
}

/// How likely logs show nothing new where this is the cause; none where logs are not expected to tell.
fn silence(cause: &str) -> Option<f64> {
    match cause {
        // What is returned wrongly need not be logged.
        "code.exception" => Some(0.35),
        "saturation.disk"
        | "saturation.file_descriptors"
        | "saturation.connection_pool"
        | "saturation.threads" => Some(0.3),
        "database.lock_contention" | "database.connection_limit" => Some(0.35),
        _ => None,
    }
}

/// A series of this kind at the component, if there are any and none of them moved.
fn unmoved<'a>(case: &'a Case<'_>, component: &str, metric: &str) -> Option<(&'a Feature, Shift)> {
    let kinds = kinds_of(metric);
    let mut found = None;
    for (f, s) in case.features.iter().zip(&case.shifts) {
        if f.component != component || f.peer.is_some() || f.series.is_none() || !kinds.contains(&f.kind) {
            continue;
        }
        if s.as_ref().is_some_and(|s| s.z.abs() >= UNMOVED) {
            return None;
        }
        let (base, fault) = case.frame.split(&f.points);
        if let Some(s) = s.filter(|_| base.len() >= POINTS && fault.len() >= POINTS) {
            found.get_or_insert((f, s));
        }
    }
    found
}

/// The search through the log lines of a component since the onset, in that source that has most of them.
pub(crate) fn searched(case: &Case<'_>, component: &str) -> Option<(Cite, String)> {
    let mut of: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for l in case.t.logs.iter().filter(|l| l.at.is_none_or(|at| case.frame.is_fault(at.as_millisecond()))) {
        let raw = l.component.as_deref().unwrap_or("-");
        if case.owner(l) == component {
            *of.entry((&l.source, raw)).or_default() += 1;
        }
    }
    let ((source, raw), n) = of.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))?;
    let cite = Cite::new(source, format!("lines {raw}")).within(case.frame.onset, case.frame.end);
    Some((cite, format!("{n} lines of {component} since the onset, none of them new")))
}

/// A figure for people: four digits of it.
pub(crate) fn figure(v: f64) -> String {
    if v != 0.0 && (v.abs() < 0.01 || v.abs() >= 1e6) { format!("{v:.2e}") } else { format!("{v:.3}") }
}

/// All of it together, nats.
pub(crate) fn sum(absent: &[Absent]) -> f64 {
    let worst = absent.iter().map(|a| a.nats).fold(0.0, f64::min);
    let rest: f64 = absent.iter().map(|a| a.nats).sum::<f64>() - worst;
    (worst + BESIDE * rest).max(-MOST)
}

/// A weight from 0 to 1 taken as a probability, after evidence of so many nats.
pub(crate) fn after(weight: f64, nats: f64) -> f64 {
    let w = weight.clamp(0.0, 1.0);
    let odds = w * nats.exp();
    odds / (1.0 - w + odds).max(1e-12)
}

/// Whether anything at the component shows the cause by a metric already.
pub(crate) fn shown(signals: &[Signal], members: &[usize]) -> bool {
    members
        .iter()
        .map(|i| &signals[*i])
        .any(|s| s.role == Role::Mechanism && s.modality == Modality::Metrics && s.weight > 0.3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_marker_counts_whole_and_the_sum_is_bounded() {
        let of = |nats: &[f64]| -> Vec<Absent> {
            nats.iter().map(|n| Absent { text: String::new(), nats: *n, cites: Vec::new() }).collect()
        };
        assert_eq!(sum(&of(&[])), 0.0);
        assert!((sum(&of(&[-1.0, -0.3])) + 1.1).abs() < 1e-12);
        assert_eq!(sum(&of(&[-2.2, -2.2, -2.2])), -MOST);
        assert_eq!(after(0.4, 0.0), 0.4);
        assert!((after(0.5, -(3f64.ln())) - 0.25).abs() < 1e-12, "odds of one to one become one to three");
        assert!(after(1.0, -2.0) <= 1.0 && after(0.0, -2.0) == 0.0);
    }
}
