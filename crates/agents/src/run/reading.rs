//! One line for people about a query's result.

use std::collections::BTreeSet;

use firebell_core::telemetry::{LogLine, TelemetryPart};

/// At most so many characters, on one line.
pub(crate) fn clip(text: &str, most: usize) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most + 1).collect();
    if flat.chars().count() <= most {
        return flat;
    }
    flat.chars().take(most).chain(['…']).collect()
}

/// `62 %`, `0.4 %`.
pub(crate) fn percent(ratio: f64) -> String {
    let value = ratio * 100.0;
    if value >= 10.0 { format!("{value:.0} %") } else { format!("{value:.1} %") }
}

/// Whether a log line tells of a failure.
pub(crate) fn is_error(line: &LogLine) -> bool {
    matches!(
        line.level.as_deref(),
        Some("error" | "fatal" | "critical" | "panic" | "emerg" | "alert" | "crit")
    )
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.collect::<BTreeSet<_>>().len()
}

/// The reading of a result.
pub(crate) fn reading(part: &TelemetryPart) -> String {
    match part {
        TelemetryPart::Series(s) => {
            format!("{} series of {} metrics", s.len(), distinct(s.iter().map(|s| s.name.as_str())))
        }
        TelemetryPart::Logs(l) => {
            format!("{} log lines, {} of them errors", l.len(), l.iter().filter(|l| is_error(l)).count())
        }
        TelemetryPart::Spans(s) => format!(
            "{} spans of {} traces, {} failed",
            s.len(),
            distinct(s.iter().map(|s| s.trace_id.as_str())),
            s.iter().filter(|s| s.error).count()
        ),
        TelemetryPart::Alerts(a) => {
            format!("{} alerts, {} firing", a.len(), a.iter().filter(|a| a.firing).count())
        }
        TelemetryPart::Changes(c) => match c.last() {
            Some(last) => {
                format!("{} changes, the last at {}: {}", c.len(), last.at, clip(&last.summary, 80))
            }
            None => "no changes".to_owned(),
        },
        TelemetryPart::Events(e) => format!("{} cluster events", e.len()),
        TelemetryPart::Topology(t) => format!("{} call relations", t.len()),
        TelemetryPart::Objects(o) => format!("{} objects", o.len()),
        TelemetryPart::Commands(c) => format!("{} recorded commands", c.len()),
    }
}
