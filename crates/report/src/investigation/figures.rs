//! The series that the evidence cites, as they are read: counters by the second, logs and spans counted or timed.

use firebell_core::telemetry::{Series, Telemetry};
use firebell_core::verdict::{EvidenceRef, Verdict};

use crate::charts::{Unit, readable};
use crate::text;

/// Charts of one report.
const MOST: usize = 6;
/// Bins of counted log lines.
const BINS: i64 = 60;

/// One chart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    /// Id of the evidence that cites it.
    pub(super) id: String,
    pub(super) title: String,
    pub(super) unit: Unit,
    /// `(unix milliseconds, value)`, ascending.
    pub(super) points: Vec<(i64, f64)>,
    /// Medians before and after the onset.
    pub(super) before: Option<f64>,
    pub(super) after: Option<f64>,
}

impl Figure {
    /// `0.2 → 14`, in its unit.
    pub(super) fn change(&self) -> String {
        let show = |v: Option<f64>| v.map_or_else(|| "nothing".to_owned(), |v| self.unit.show(v));
        format!("{} → {}", show(self.before), show(self.after))
    }
}

/// The leader's evidence first, then what speaks against it, then its best rival's.
pub(super) fn figures(v: &Verdict, t: &Telemetry) -> Vec<Figure> {
    let leader = v.hypotheses.first();
    let cited = leader
        .into_iter()
        .flat_map(|h| h.evidence.iter().chain(&h.against))
        .chain(v.hypotheses.get(1).into_iter().flat_map(|h| h.evidence.iter().take(2)));
    let onset = v.onset.map(|o| o.as_millisecond());
    let mut out: Vec<Figure> = Vec::new();
    for e in cited {
        if out.len() >= MOST {
            break;
        }
        if let Some(f) =
            figure(e, t, onset).filter(|f| f.points.len() > 2 && out.iter().all(|o| o.title != f.title))
        {
            out.push(f);
        }
    }
    out
}

fn figure(e: &EvidenceRef, t: &Telemetry, onset: Option<i64>) -> Option<Figure> {
    let (verb, rest) = e.query.split_once(' ')?;
    let (title, unit, points) = match verb {
        "metric" => {
            let cited: Vec<&Series> =
                t.series.iter().filter(|s| s.source == e.source && s.selector() == rest).take(1).collect();
            let spec = readable(&cited)?;
            let (_, points) = spec.lines.into_iter().next()?;
            (text::line(rest, 160), spec.unit, points)
        }
        "logs" => {
            let (component, _) = rest.split_once(" ~ ")?;
            let at: Vec<i64> = t
                .logs
                .iter()
                .filter(|l| {
                    l.source == e.source
                        && l.component.as_deref() == Some(component)
                        && is_bad(l.level.as_deref())
                })
                .filter_map(|l| l.at.map(|at| at.as_millisecond()))
                .collect();
            let title = format!("errors and warnings logged by {}", text::line(component, 80));
            (title, Unit::Plain, counted(&at, t)?)
        }
        "spans" => {
            let (component, operation) = rest.split_once(" ~ ")?;
            let mut points: Vec<(i64, f64)> = t
                .spans
                .iter()
                .filter(|s| s.component == component && (operation == "*" || s.operation == operation))
                .map(|s| (s.start_us / 1000, s.duration_us as f64 / 1e6))
                .collect();
            points.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            let title = format!("duration of {} at {}", text::line(operation, 80), text::line(component, 80));
            (title, Unit::Seconds, points)
        }
        _ => return None,
    };
    let median = |keep: &dyn Fn(i64) -> bool| {
        let mut v: Vec<f64> = points.iter().filter(|p| keep(p.0)).map(|p| p.1).collect();
        v.sort_by(f64::total_cmp);
        v.get(v.len() / 2).copied()
    };
    let before = onset.and_then(|o| median(&|at| at < o));
    let after = onset.map_or_else(|| median(&|_| true), |o| median(&|at| at >= o));
    Some(Figure { id: e.id.clone(), title, unit, before, after, points })
}

fn is_bad(level: Option<&str>) -> bool {
    level.is_some_and(|l| {
        matches!(
            l,
            "error" | "fatal" | "critical" | "panic" | "warn" | "warning" | "crit" | "emerg" | "alert"
        )
    })
}

/// Events by bin over the telemetry's time.
fn counted(at: &[i64], t: &Telemetry) -> Option<Vec<(i64, f64)>> {
    let first = t.window.map(|w| w.start.as_millisecond()).or_else(|| at.iter().copied().min())?;
    let last = t.window.map(|w| w.end.as_millisecond()).or_else(|| at.iter().copied().max())?;
    let width = (last.saturating_sub(first) / BINS).max(1000);
    let mut bins = vec![0u32; usize::try_from((last.saturating_sub(first)) / width + 1).ok()?.min(10_000)];
    for at in at.iter().filter(|at| (first..=last).contains(at)) {
        if let Some(slot) = usize::try_from((at - first) / width).ok().and_then(|i| bins.get_mut(i)) {
            *slot += 1;
        }
    }
    (!at.is_empty()).then(|| {
        bins.into_iter().enumerate().map(|(i, n)| (first + i as i64 * width, f64::from(n))).collect()
    })
}
