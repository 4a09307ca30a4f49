//! Reading recorded results until what is cited is found in one.

use std::collections::BTreeMap;

use firebell_core::ports::store::{Reader, StoreResult};
use firebell_core::telemetry::{LogLine, Series, Span, TelemetryPart};
use firebell_rca::is_of_template;
use firebell_rca::logs::whole;

use super::find::Cited;

/// Bytes that are read for one piece of evidence.
const MOST_BYTES: usize = 48 << 20;
/// Results that a series is put together of: one alone may end before the recovery.
const MOST_RESULTS: usize = 3;

/// What the record holds.
#[derive(Debug)]
pub(super) enum Found {
    /// The cited series, and others of its name for comparison.
    Metric { cited: Vec<Series>, beside: Vec<Series> },
    /// Lines of the component; `template` is what is cited, if one is.
    Logs { template: Option<String>, lines: Vec<LogLine> },
    /// Spans of the slowest trace, the failed ones first; how many spans fit the citation.
    Trace { spans: Vec<Span>, of: usize },
    /// Anything else, as it was recorded.
    Items(TelemetryPart),
    /// Nothing.
    Nothing,
}

/// Looks through results in the order given.
pub(super) fn gather(reader: &dyn Reader, candidates: &[String], cited: &Cited) -> StoreResult<Found> {
    let mut found = Found::Nothing;
    let (mut bytes, mut results) = (0usize, 0);
    for sha in candidates {
        let Some(blob) = reader.blob_get(sha)? else { continue };
        bytes = bytes.saturating_add(blob.len());
        if bytes > MOST_BYTES {
            break;
        }
        if !cited.is_record() && !starts_as(&blob, cited.verb().0) {
            continue;
        }
        let Ok(part) = serde_json::from_slice::<TelemetryPart>(&blob) else { continue };
        match (&mut found, pick(part, cited)) {
            (_, Found::Nothing) => continue,
            (Found::Metric { cited: have, beside }, Found::Metric { cited: more, beside: others }) => {
                join(have, more);
                join(beside, others);
            }
            (found, picked) => *found = picked,
        }
        results += 1;
        if !matches!(found, Found::Metric { .. }) || results >= MOST_RESULTS {
            break;
        }
    }
    Ok(found)
}

/// Whether a stored result is of the sort that a query asks for, without reading all of it.
fn starts_as(blob: &[u8], verb: &str) -> bool {
    let kind = match verb {
        "metric" => "series",
        "logs" => "logs",
        "spans" => "spans",
        "change" => "changes",
        "alert" => "alerts",
        "event" => "events",
        "command" => "commands",
        _ => return false,
    };
    blob.starts_with(format!("{{\"kind\":\"{kind}\"").as_bytes())
}

fn pick(part: TelemetryPart, cited: &Cited) -> Found {
    let (_, rest) = cited.verb();
    if cited.is_record() {
        return match part {
            TelemetryPart::Series(all) => Found::Metric { cited: all, beside: Vec::new() },
            TelemetryPart::Logs(lines) => Found::Logs { template: None, lines },
            TelemetryPart::Spans(spans) => slowest(&spans, |_| true),
            other if other.is_empty() => Found::Nothing,
            other => Found::Items(other),
        };
    }
    let kept = match part {
        TelemetryPart::Series(all) => return series(all, &cited.source, rest),
        TelemetryPart::Logs(lines) => return logs(lines, &cited.source, rest),
        TelemetryPart::Spans(spans) => {
            let Some((component, operation)) = rest.split_once(" ~ ") else { return Found::Nothing };
            return slowest(&spans, |s| {
                s.component == component
                    && (operation == "*" || s.operation == operation)
                    && cited.window.is_none_or(|w| {
                        (w.start.as_microsecond()..=w.end.as_microsecond()).contains(&s.start_us)
                    })
            });
        }
        TelemetryPart::Changes(mut all) => {
            all.retain(|c| c.id == rest || c.commit.as_deref() == Some(rest));
            TelemetryPart::Changes(all)
        }
        TelemetryPart::Alerts(mut all) => {
            all.retain(|a| a.name == rest);
            TelemetryPart::Alerts(all)
        }
        TelemetryPart::Events(mut all) => {
            all.retain(|e| format!("{} {}", e.component, e.reason) == rest);
            TelemetryPart::Events(all)
        }
        TelemetryPart::Commands(mut all) => {
            all.retain(|c| c.source == cited.source && c.line.to_string() == rest);
            TelemetryPart::Commands(all)
        }
        TelemetryPart::Topology(_) | TelemetryPart::Objects(_) => return Found::Nothing,
    };
    if kept.is_empty() { Found::Nothing } else { Found::Items(kept) }
}

fn series(all: Vec<Series>, source: &str, selector: &str) -> Found {
    let (cited, mut beside): (Vec<Series>, Vec<Series>) =
        all.into_iter().partition(|s| s.source == source && s.selector() == selector);
    let Some(first) = cited.first() else { return Found::Nothing };
    beside.retain(|s| {
        s.name == first.name
            && s.labels.keys().eq(first.labels.keys())
            && s.labels.get("le") == first.labels.get("le")
    });
    Found::Metric { cited, beside }
}

fn logs(lines: Vec<LogLine>, source: &str, rest: &str) -> Found {
    let Some((component, template)) = rest.split_once(" ~ ") else { return Found::Nothing };
    let lines: Vec<LogLine> = lines
        .into_iter()
        .filter(|l| l.source == source && l.component.as_deref().unwrap_or("-") == component)
        .collect();
    if lines.iter().any(|l| is_of_template(template, &whole(l))) {
        Found::Logs { template: Some(template.to_owned()), lines }
    } else {
        Found::Nothing
    }
}

/// The whole trace of the slowest span that fits; a failed one goes before any that did not fail.
fn slowest(spans: &[Span], fits: impl Fn(&Span) -> bool) -> Found {
    let of = spans.iter().filter(|s| fits(s)).count();
    let worst = spans
        .iter()
        .filter(|s| fits(s))
        .max_by(|a, b| (a.error, a.duration_us, &b.span_id).cmp(&(b.error, b.duration_us, &a.span_id)));
    match worst {
        None => Found::Nothing,
        Some(worst) => Found::Trace {
            spans: spans.iter().filter(|s| s.trace_id == worst.trace_id).cloned().collect(),
            of,
        },
    }
}

/// Adds points of series that are there already, one an instant, and series that are not.
fn join(have: &mut Vec<Series>, more: Vec<Series>) {
    for new in more {
        match have.iter_mut().find(|s| s.source == new.source && s.name == new.name && s.labels == new.labels)
        {
            Some(old) => {
                let mut points: BTreeMap<i64, f64> = old.points.iter().copied().collect();
                points.extend(new.points);
                old.points = points.into_iter().collect();
            }
            None => have.push(new),
        }
    }
}
