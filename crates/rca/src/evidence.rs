//! Evidence that can be evaluated again: a query in a small closed language, and the hash of what it cites.
//!
//! Queries: `metric SELECTOR`, `logs COMPONENT ~ TEMPLATE`, `spans COMPONENT ~ OPERATION`, `change ID`, `alert NAME`,
//! `event COMPONENT REASON`, `command LINE`, `object KIND/NAMESPACE/NAME`, `report`; and searches, which may well find
//! nothing: `lines COMPONENT` (all log lines), `changes COMPONENT` (the whole ledger).

use std::fmt::Write as _;

use firebell_core::change::Change;
use firebell_core::telemetry::{LogLine, Telemetry, Window};
use firebell_core::verdict::EvidenceRef;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::logs::{Index, Matcher, redact, redact_template, whole};
use crate::names;

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

    /// The lines of a line's pattern, where it stands.
    pub(crate) fn line(line: &LogLine, template: &str) -> Self {
        let component = line.component.as_deref().unwrap_or("-");
        Self::new(&line.source, format!("logs {component} ~ {template}"))
    }

    pub(crate) fn within(mut self, start: i64, end: i64) -> Self {
        self.window = Some((start, end));
        self
    }

    /// Evaluates the query. What is cited and what is said of it holds no secrets; the hash is over the raw telemetry.
    pub(crate) fn resolve(
        &self,
        t: &Telemetry,
        logs: &Index,
        id: String,
        reading: &str,
    ) -> Option<EvidenceRef> {
        let window = match self.window {
            Some((a, b)) => Some(Window { start: millis(a)?, end: millis(b)? }),
            None => None,
        };
        let mut found = EvidenceRef {
            id,
            source: self.source.clone(),
            query: shown(&self.query),
            window,
            sha256: String::new(),
            reading: redact(reading).into_owned(),
        };
        found.sha256 = evaluate(t, &found, Some(logs))?;
        Some(found)
    }
}

/// A query as it may be shown. Of a template only the values go, so that it still fits its lines.
fn shown(query: &str) -> String {
    match query.strip_prefix("logs ").and_then(|rest| rest.split_once(" ~ ")) {
        Some((component, template)) => format!("logs {component} ~ {}", redact_template(template)),
        None => query.to_owned(),
    }
}

pub(crate) fn millis(ms: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(ms).ok()
}

/// Evaluates a cited query again: the hash over the canonical text of what it finds, or `None` if it finds nothing
/// or is not a query. A search that finds nothing has the hash of no text.
pub fn reevaluate(t: &Telemetry, evidence: &EvidenceRef) -> Option<String> {
    evaluate(t, evidence, None)
}

/// Most log lines of one piece of evidence that are hashed; the number of all of them always is.
const MAX_HASHED: u64 = 10_000;

/// With an index of the lines, templates are looked up instead of compared with each line: the result is the same.
fn evaluate(t: &Telemetry, evidence: &EvidenceRef, logs: Option<&Index>) -> Option<String> {
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
            let mut matcher = Matcher::new(template);
            let here = |l: &LogLine| {
                l.source == evidence.source
                    && l.component.as_deref().unwrap_or("-") == component
                    && l.at.is_none_or(|at| inside(at.as_millisecond()))
            };
            let mut found = 0u64;
            let mut take = |l: &LogLine| {
                found += 1;
                if found <= MAX_HASHED {
                    out.line(format_args!("{} {}", l.line, l.text));
                }
            };
            match logs.and_then(|logs| logs.matching(template)) {
                Some(lines) => {
                    lines
                        .iter()
                        .filter_map(|i| t.logs.get(*i as usize))
                        .filter(|l| here(l))
                        .for_each(&mut take);
                }
                None => t.logs.iter().filter(|l| here(l) && matcher.matches(&whole(l))).for_each(&mut take),
            }
            if found > MAX_HASHED {
                out.line(format_args!("{found} lines"));
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
        "lines" => {
            let here = |l: &&LogLine| {
                l.source == evidence.source
                    && l.component.as_deref().unwrap_or("-") == rest
                    && l.at.is_none_or(|at| inside(at.as_millisecond()))
            };
            let found = t.logs.iter().filter(here).count();
            for l in t.logs.iter().filter(here).take(MAX_HASHED as usize) {
                out.line(format_args!("{} {}", l.line, l.text));
            }
            out.line(format_args!("{found} lines"));
        }
        "changes" => {
            let of = |c: &&Change| names::same(&c.component, rest) && inside(c.at.as_millisecond());
            let mut lines: Vec<String> = t
                .changes
                .iter()
                .filter(of)
                .map(|c| format!("{} {} {} {}", c.at, c.kind.as_str(), c.component, c.summary))
                .collect();
            lines.sort_unstable();
            for line in &lines {
                out.line(format_args!("{line}"));
            }
            return Some(out.whole());
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
        self.any.then(|| self.whole())
    }

    fn whole(self) -> String {
        hex::encode(self.hash.finalize())
    }
}

#[cfg(test)]
mod tests {
    use firebell_core::telemetry::Labels;

    use super::*;

    fn line(number: u64, text: String) -> LogLine {
        LogLine {
            source: "logs/a.log".into(),
            line: number,
            component: Some("a".into()),
            at: Timestamp::from_second(number as i64).ok(),
            level: None,
            text,
            fields: Labels::new(),
            trace_id: None,
        }
    }

    #[test]
    fn a_search_that_finds_nothing_can_be_made_again_and_tells_when_it_finds_something() {
        let mut t = Telemetry { logs: vec![line(1, "served 5 bytes".into())], ..Telemetry::default() };
        let index = Index::of(&t.logs);
        let resolve = |t: &Telemetry, source: &str, query: &str| {
            Cite::new(source, query.into())
                .within(0, 10_000)
                .resolve(t, &index, "e1".into(), "")
                .expect("evidence")
        };
        let ledger = resolve(&t, "changes", "changes service/a");
        let lines = resolve(&t, "logs/a.log", "lines a");
        for found in [&ledger, &lines] {
            assert_eq!(reevaluate(&t, found).as_ref(), Some(&found.sha256), "{}", found.query);
        }
        assert_eq!(ledger.sha256, hex::encode(Sha256::digest(b"")));
        t.logs.push(line(2, "served 6 bytes".into()));
        assert_ne!(reevaluate(&t, &lines), Some(lines.sha256));
    }

    #[test]
    fn what_is_cited_holds_no_secret_and_evaluates_again_with_and_without_an_index() {
        let logs = (0..25_000)
            .map(|n| match n % 3 {
                0 => line(n, format!("login of ann@example.com password=hunter2 took {n} ms")),
                1 => line(n, format!("served {n} bytes")),
                _ => line(n, "queue is empty".into()),
            })
            .collect();
        let t = Telemetry { logs, ..Telemetry::default() };
        let index = Index::of(&t.logs);
        for group in index.groups() {
            let cite = Cite::new("logs/a.log", format!("logs a ~ {}", group.text)).within(0, 20_000_000);
            let first = &t.logs[group.lines[0] as usize].text;
            let found = cite.resolve(&t, &index, "e1".into(), first).expect("evidence");
            assert_eq!(reevaluate(&t, &found).as_ref(), Some(&found.sha256), "{}", found.query);
            for shown in [&found.query, &found.reading] {
                assert!(!shown.contains("hunter2") && !shown.contains("ann@"), "{shown}");
            }
        }
        // Another line, another hash.
        let cite = Cite::new("logs/a.log", "logs a ~ served <*>".into());
        let whole = cite.resolve(&t, &index, "e1".into(), "").expect("evidence");
        let mut less = t.clone();
        less.logs.remove(1);
        assert_ne!(reevaluate(&less, &whole), Some(whole.sha256));
    }
}
