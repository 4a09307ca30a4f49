//! Series as lines and figures.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::Series;
use firebell_report::{Unit, readable};
use jiff::Timestamp;
use serde::Serialize;

use crate::ui::words;
use firebell_report::draw::Line;

/// Lines of one chart.
const MOST: usize = 5;

/// A chart's lines, and how many series were left out.
pub(super) struct Lines {
    pub(super) name: String,
    pub(super) unit: Unit,
    pub(super) lines: Vec<Line>,
    pub(super) left_out: usize,
}

/// A line in figures.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    name: String,
    tone: usize,
    first: String,
    peak: String,
    peak_at: String,
    last: String,
}

/// The cited series first, then those beside it that have most in common with it, then the highest.
pub(super) fn lines(cited: &[Series], beside: &[Series]) -> Option<Lines> {
    // One meaning to a chart: of a result of many names, the name with the most series.
    let name = commonest(cited)?;
    let whole = |s: &&Series| s.labels.get("le").is_none_or(|le| cited.len() == 1 || le == "+Inf");
    let mut chosen: Vec<(&Series, bool)> =
        cited.iter().filter(|s| s.name == name).filter(whole).map(|s| (s, false)).collect();
    chosen.extend(beside.iter().map(|s| (s, true)));
    let series: Vec<&Series> = chosen.iter().map(|(s, _)| *s).collect();
    let chart = readable(&series)?;
    let alike = |s: &Series| s.labels.iter().filter(|(k, v)| cited[0].labels.get(*k) == Some(v)).count();
    let peak = |l: &Line| l.points.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
    let mut all: Vec<(usize, Line)> = chart
        .lines
        .into_iter()
        .zip(chosen)
        .zip(legend(&series))
        .map(|(((_, points), (s, faint)), name)| {
            (if faint { alike(s) } else { usize::MAX }, Line { name, points, faint })
        })
        .filter(|(_, l)| !l.points.is_empty())
        .collect();
    let total = all.len();
    all.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| peak(&b.1).total_cmp(&peak(&a.1))));
    let lines: Vec<Line> = all.into_iter().take(MOST).map(|(_, line)| line).collect();
    Some(Lines { name, unit: chart.unit, left_out: total - lines.len(), lines })
}

pub(super) fn figures(chart: &Lines) -> Vec<Figures> {
    let show = |v: f64| chart.unit.show(v);
    chart
        .lines
        .iter()
        .enumerate()
        .filter_map(|(n, line)| {
            let peak = line.points.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a })?;
            Some(Figures {
                name: line.name.clone(),
                tone: n + 1,
                first: show(line.points.first()?.1),
                peak: show(peak.1),
                peak_at: Timestamp::from_millisecond(peak.0).map(words::clock).unwrap_or_default(),
                last: show(line.points.last()?.1),
            })
        })
        .collect()
}

fn commonest(all: &[Series]) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for s in all {
        *counts.entry(&s.name).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, n)| *n).map(|(name, _)| name.to_owned())
}

/// Names by what tells the series from each other; the whole selector of one alone.
fn legend(all: &[&Series]) -> Vec<String> {
    let keys: BTreeSet<&String> = all.iter().flat_map(|s| s.labels.keys()).collect();
    let telling: Vec<&String> = keys
        .into_iter()
        .filter(|k| all.windows(2).any(|pair| pair[0].labels.get(*k) != pair[1].labels.get(*k)))
        .collect();
    all.iter()
        .map(|s| {
            let parts: Vec<String> =
                telling.iter().filter_map(|k| Some(format!("{k}={}", s.labels.get(*k)?))).collect();
            if parts.is_empty() { s.selector() } else { parts.join(" ") }
        })
        .collect()
}
