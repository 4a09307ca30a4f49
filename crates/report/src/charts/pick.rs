//! Which series matter: the indicator of the leading hypothesis, the share of requests that fail, the 95th percentile
//! of latency, for the component to blame and those on the path from cause to symptom.

use std::collections::BTreeMap;

use firebell_core::telemetry::{Series, Telemetry};
use firebell_core::verdict::{Hypothesis, Verdict};

use super::derive::{Points, bin_width, binned, clean, is_counter, quantile, rate, ratio, summed_rate};
use super::draw::{ChartSpec, MAX_LINES, Unit};
use crate::text;

/// Labels that say how a request ended.
const OUTCOME_LABELS: [&str; 6] = ["status", "status_code", "code", "http_status_code", "outcome", "result"];
/// Labels that tie a series to a component.
const OWNER_LABELS: [&str; 6] = ["component", "service", "app", "job", "pod", "instance"];

/// The charts of a verdict, the indicator first. Empty where the telemetry holds nothing to draw.
pub fn pick(telemetry: &Telemetry, verdict: &Verdict) -> Vec<ChartSpec> {
    let window = telemetry.window.map(|w| (w.start.as_millisecond(), w.end.as_millisecond()));
    let around = surroundings(verdict.hypotheses.first());
    let mut charts = Vec::new();
    charts.extend(verdict.hypotheses.first().and_then(|h| indicator(telemetry, h)));
    charts.extend(error_ratio(telemetry, &around));
    charts.extend(latency(telemetry, &around));
    for chart in &mut charts {
        if let Some((from, to)) = window {
            for (_, points) in &mut chart.lines {
                points.retain(|(at, _)| (from..=to).contains(at));
            }
        }
        chart.lines.retain(|(_, points)| points.len() > 1);
    }
    charts.retain(|c| !c.lines.is_empty());
    charts
}

/// Component names near the cause: the last part of their ids, the blamed one first.
fn surroundings(leader: Option<&Hypothesis>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let Some(leader) = leader else { return all };
    let path = leader.path.iter().flat_map(|step| [&step.from, &step.to]);
    for id in std::iter::once(&leader.component).chain(path) {
        let name = last_part(id).to_owned();
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

fn indicator(telemetry: &Telemetry, leader: &Hypothesis) -> Option<ChartSpec> {
    let name = leader.indicator.as_deref()?;
    let mut found: Vec<&Series> =
        telemetry.series.iter().filter(|s| s.selector() == name || s.name == name).collect();
    if found.is_empty() {
        found = telemetry
            .series
            .iter()
            .filter(|s| leader.evidence.iter().any(|e| e.query == s.selector() && e.source == s.source))
            .collect();
    }
    let blamed = last_part(&leader.component);
    // Stable: equal ranks stay in the telemetry's order.
    found.sort_by_key(|s| owner(s) != blamed);
    found.truncate(MAX_LINES);
    let ChartSpec { unit, lines, .. } = readable(&found)?;
    Some(ChartSpec { title: format!("Indicator: {}", text::line(name, 80)), unit, lines })
}

/// A chart of series of one meaning, as they are read: counters by the second, all on one grid of time, titled with the
/// first one's name. `None` where there is no series.
pub fn readable(series: &[&Series]) -> Option<ChartSpec> {
    let first = series.first()?;
    let counter = is_counter(first);
    let width = bin_width(series);
    let lines = series
        .iter()
        .map(|s| {
            let points = if counter { rate(&s.points) } else { clean(&s.points) };
            (text::line(&s.selector(), 90), binned(&points, width).into_iter().collect())
        })
        .collect();
    let unit = if counter { Unit::PerSecond } else { unit_of(&first.name) };
    Some(ChartSpec { title: first.name.clone(), unit, lines })
}

fn error_ratio(telemetry: &Telemetry, around: &[String]) -> Option<ChartSpec> {
    let mut owners: BTreeMap<&str, (Vec<&Series>, Vec<&Series>)> = BTreeMap::new();
    for series in telemetry
        .series
        .iter()
        .filter(|s| is_counter(s) && s.name.contains("request") && !s.name.ends_with("_bucket"))
    {
        let Some(outcome) = OUTCOME_LABELS.iter().find_map(|l| series.labels.get(*l)) else { continue };
        let entry = owners.entry(owner(series)).or_default();
        entry.1.push(series);
        if is_failure(outcome) {
            entry.0.push(series);
        }
    }
    let lines = nearest(owners, around, |(failed, all)| {
        let width = bin_width(&all);
        ratio(&summed_rate(&failed, width), &summed_rate(&all, width))
    });
    (!lines.is_empty()).then(|| ChartSpec {
        title: "Share of requests that fail".to_owned(),
        unit: Unit::Ratio,
        lines,
    })
}

fn latency(telemetry: &Telemetry, around: &[String]) -> Option<ChartSpec> {
    let mut owners: BTreeMap<&str, Vec<(f64, &Series)>> = BTreeMap::new();
    let is_latency = |s: &&Series| {
        s.name.ends_with("_bucket")
            && (s.name.contains("duration") || s.name.contains("latency"))
            && s.name.contains("second")
    };
    for series in telemetry.series.iter().filter(is_latency) {
        let Some(bound) = series.labels.get("le").and_then(|le| le.parse::<f64>().ok()).filter(|b| *b > 0.0)
        else {
            continue;
        };
        owners.entry(owner(series)).or_default().push((bound, series));
    }
    let lines = nearest(owners, around, |buckets| {
        let all: Vec<&Series> = buckets.iter().map(|(_, s)| *s).collect();
        quantile(0.95, &buckets, bin_width(&all))
    });
    let title = "Latency, 95th percentile".to_owned();
    (!lines.is_empty()).then_some(ChartSpec { title, unit: Unit::Seconds, lines })
}

/// Lines of the owners around the cause, in that order; of the first few owners where none is around.
fn nearest<T>(
    mut owners: BTreeMap<&str, T>,
    around: &[String],
    mut line: impl FnMut(T) -> Points,
) -> Vec<(String, Points)> {
    let mut wanted: Vec<String> =
        around.iter().filter(|name| owners.contains_key(name.as_str())).cloned().collect();
    if wanted.is_empty() {
        wanted = owners.keys().map(|k| (*k).to_owned()).collect();
    }
    wanted.truncate(MAX_LINES);
    wanted
        .into_iter()
        .filter_map(|name| owners.remove(name.as_str()).map(|item| (text::line(&name, 60), line(item))))
        .collect()
}

fn owner(series: &Series) -> &str {
    let named = series.component.as_deref().map(last_part);
    named
        .or_else(|| OWNER_LABELS.iter().find_map(|l| series.labels.get(*l)).map(String::as_str))
        .unwrap_or("all")
}

fn last_part(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn is_failure(outcome: &str) -> bool {
    let lower = outcome.to_lowercase();
    (lower.len() == 3 && lower.starts_with('5'))
        || matches!(lower.as_str(), "error" | "failure" | "failed" | "timeout")
}

fn unit_of(name: &str) -> Unit {
    if name.ends_with("_seconds") {
        Unit::Seconds
    } else if name.ends_with("_bytes") {
        Unit::Bytes
    } else if name.ends_with("_ratio") {
        Unit::Ratio
    } else {
        Unit::Plain
    }
}
