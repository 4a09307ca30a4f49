//! Evidence that can be evaluated again: a query in a small closed language, and the hash of what it cites.
//!
//! Queries: `metric SELECTOR`, `logs COMPONENT ~ TEMPLATE`, `spans COMPONENT ~ OPERATION`, `change ID`, `alert NAME`,
//! `event COMPONENT REASON`, `command LINE`, `object KIND/NAMESPACE/NAME`, `report`.

use std::fmt::Write as _;

use firebell_core::telemetry::{Telemetry, Window};
use firebell_core::verdict::EvidenceRef;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::text::mask;

/// Evidence before it has an id and a hash.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cite {
    /// File or source.
    pub source: String,
    /// What was asked.
    pub query: String,
    /// Unix milliseconds, ends included.
    pub window: Option<(i64, i64)>,
}

impl Cite {
    pub(crate) fn new(source: &str, query: String) -> Self {
        Self { source: source.to_owned(), query, window: None }
    }

    pub(crate) fn within(mut self, start: i64, end: i64) -> Self {
        self.window = Some((start, end));
        self
    }

    pub(crate) fn resolve(&self, t: &Telemetry, id: String, reading: &str) -> Option<EvidenceRef> {
        let window = match self.window {
            Some((a, b)) => Some(Window { start: millis(a)?, end: millis(b)? }),
            None => None,
        };
        let mut found = EvidenceRef {
            id,
            source: self.source.clone(),
            query: self.query.clone(),
            window,
            sha256: String::new(),
            reading: reading.to_owned(),
        };
        found.sha256 = reevaluate(t, &found)?;
        Some(found)
    }
}

pub(crate) fn millis(ms: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(ms).ok()
}

/// Evaluates a cited query again: the hash over the canonical text of what it finds, or `None` if it finds nothing
/// or is not a query.
pub fn reevaluate(t: &Telemetry, evidence: &EvidenceRef) -> Option<String> {
    let (verb, rest) = evidence.query.split_once(' ').unwrap_or((&evidence.query, ""));
    let inside = |ms: i64| match evidence.window {
        Some(w) => w.start.as_millisecond() <= ms && ms <= w.end.as_millisecond(),
        None => true,
    };
    let mut out = Canon::default();
    match verb {
        "metric" => {
            for s in t.series.iter().filter(|s| s.source == evidence.source && s.selector() == rest) {
                for (at, v) in s.points.iter().filter(|p| inside(p.0)) {
                    out.line(format_args!("{at} {v}"));
                }
            }
        }
        "logs" => {
            let (component, template) = rest.split_once(" ~ ")?;
            for l in t.logs.iter().filter(|l| l.source == evidence.source) {
                if l.at.is_some_and(|at| !inside(at.as_millisecond()))
                    || l.component.as_deref().unwrap_or("-") != component
                {
                    continue;
                }
                if mask::matches(template, &l.text) {
                    out.line(format_args!("{} {}", l.line, l.text));
                }
            }
        }
        "spans" => {
            let (component, operation) = rest.split_once(" ~ ")?;
            for s in t.spans.iter().filter(|s| {
                s.source == evidence.source
                    && s.component == component
                    && (operation == "*" || s.operation == operation)
            }) {
                if inside(s.start_us / 1000) {
                    out.line(format_args!(
                        "{} {} {} {} {}",
                        s.trace_id, s.span_id, s.start_us, s.duration_us, s.error
                    ));
                }
            }
        }
        "change" => {
            // The order of a ledger says nothing.
            let mut lines: Vec<String> = t
                .changes
                .iter()
                .filter(|c| c.id == rest || c.commit.as_deref() == Some(rest))
                .map(|c| format!("{} {} {} {}", c.at, c.kind.as_str(), c.component, c.summary))
                .collect();
            lines.sort_unstable();
            for line in &lines {
                out.line(format_args!("{line}"));
            }
        }
        "alert" => {
            for a in t.alerts.iter().filter(|a| a.name == rest) {
                out.line(format_args!("{} {:?} {:?} {:?}", a.firing, a.labels, a.starts_at, a.ends_at));
            }
        }
        "event" => {
            for e in t.events.iter().filter(|e| format!("{} {}", e.component, e.reason) == rest) {
                out.line(format_args!("{} {} {}", e.at, e.count, e.message));
            }
        }
        "command" => {
            for c in t.commands.iter().filter(|c| c.source == evidence.source && c.line.to_string() == rest) {
                out.line(format_args!("{}\n{}", c.command, c.output));
            }
        }
        "object" => {
            let mut parts = rest.splitn(3, '/');
            let want = (parts.next()?, parts.next()?, parts.next()?);
            for o in t.objects.iter().filter(|o| o.source == evidence.source) {
                let text = |p: &str| o.object.pointer(p).and_then(serde_json::Value::as_str).unwrap_or("");
                if (text("/kind"), text("/metadata/namespace"), text("/metadata/name")) == want {
                    out.line(format_args!("{}", o.object));
                }
            }
        }
        "report" => out.line(format_args!("{}", t.report)),
        _ => return None,
    }
    out.finish()
}

#[derive(Default)]
struct Canon {
    hash: Sha256,
    any: bool,
    buffer: String,
}

impl Canon {
    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        self.buffer.clear();
        // Writing to a string cannot fail.
        let _ = writeln!(self.buffer, "{text}");
        self.hash.update(self.buffer.as_bytes());
        self.any = true;
    }

    fn finish(self) -> Option<String> {
        self.any.then(|| hex::encode(self.hash.finalize()))
    }
}
