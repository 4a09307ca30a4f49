//! What a bundle holds, for people who check one before they send it or trust a verdict: by file how much of what over
//! which time, where nothing was recorded, what was left out and why.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::Telemetry;
use jiff::Timestamp;
use serde::Serialize;

use super::error::Broken;
use super::read::Loaded;

/// A stretch without data counts as a gap from so many usual distances of samples on.
const GAP_STEPS: i64 = 8;
/// And is at least so long, milliseconds.
const GAP_MS: i64 = 60_000;
/// Most gaps listed of one file.
const MAX_GAPS: usize = 5;

/// A bundle's contents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// By file, in the order of their names.
    pub files: Vec<FileSummary>,
    /// How much of what in all: `series`, `points`, `log_lines`, `spans`, `alerts`, …
    pub totals: BTreeMap<&'static str, usize>,
    /// Names of components as the telemetry gives them.
    pub components: BTreeSet<String>,
    /// First and last instant of metrics, logs and traces.
    pub range: Option<Range>,
    /// Spans whose parent is named and not there.
    pub orphan_spans: usize,
    /// Files that nothing reads.
    pub ignored: Vec<String>,
    /// What was left out, with file and line.
    pub broken: Vec<Broken>,
    /// What was assumed or put right.
    pub notes: Vec<Broken>,
}

/// One file's contents.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct FileSummary {
    /// Path relative to the bundle.
    pub file: String,
    /// `series`, `lines`, `spans`, …
    pub kind: &'static str,
    /// How many.
    pub items: usize,
    /// First and last instant.
    pub range: Option<Range>,
    /// Log lines whose time is not understood.
    pub timeless: usize,
    /// Stretches without data, the longest first.
    pub gaps: Vec<Range>,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Range {
    /// First instant.
    pub start: Timestamp,
    /// Last instant.
    pub end: Timestamp,
}

impl Range {
    fn of(start_ms: i64, end_ms: i64) -> Option<Self> {
        Some(Self {
            start: Timestamp::from_millisecond(start_ms).ok()?,
            end: Timestamp::from_millisecond(end_ms).ok()?,
        })
    }

    fn seconds(&self) -> f64 {
        self.end.duration_since(self.start).as_secs_f64()
    }
}

impl Summary {
    /// Looks through a bundle that was read.
    pub fn of(loaded: &Loaded) -> Self {
        let t = &loaded.telemetry;
        let mut files: BTreeMap<(&str, &'static str), (usize, usize, Vec<i64>)> = BTreeMap::new();
        let mut add = |source, kind, times: &mut dyn Iterator<Item = i64>, timeless: usize| {
            let entry = files.entry((source, kind)).or_default();
            entry.0 += 1;
            entry.1 += timeless;
            entry.2.extend(times);
        };
        for s in &t.series {
            add(&s.source, "series", &mut s.points.iter().map(|p| p.0), 0);
        }
        for l in &t.logs {
            let at = l.at.map(Timestamp::as_millisecond);
            add(&l.source, "lines", &mut at.into_iter(), usize::from(at.is_none()));
        }
        for s in &t.spans {
            add(&s.source, "spans", &mut std::iter::once(s.start_us / 1000), 0);
        }
        for a in &t.alerts {
            add(&a.source, "alerts", &mut a.starts_at.map(Timestamp::as_millisecond).into_iter(), 0);
        }
        for c in &t.commands {
            add(&c.source, "commands", &mut std::iter::empty(), 0);
        }
        for o in &t.objects {
            add(&o.source, "objects", &mut std::iter::empty(), 0);
        }
        for c in &t.changes {
            add("changes/", "changes", &mut std::iter::once(c.at.as_millisecond()), 0);
        }
        for e in &t.events {
            add("events/", "events", &mut std::iter::once(e.at.as_millisecond()), 0);
        }
        for _ in &t.topology {
            add("topology.csv", "calls", &mut std::iter::empty(), 0);
        }
        let files: Vec<FileSummary> = files
            .into_iter()
            .map(|((file, kind), (items, timeless, mut times))| {
                times.sort_unstable();
                times.dedup();
                let range = times.first().zip(times.last()).and_then(|(a, b)| Range::of(*a, *b));
                let steady = matches!(kind, "series" | "lines" | "spans");
                let gaps = if steady { gaps(&times) } else { Vec::new() };
                FileSummary { file: file.to_owned(), kind, items, range, timeless, gaps }
            })
            .collect();
        let steady = files.iter().filter(|f| matches!(f.kind, "series" | "lines" | "spans"));
        let range = steady
            .filter_map(|f| f.range)
            .reduce(|a, b| Range { start: a.start.min(b.start), end: a.end.max(b.end) });
        Self {
            files,
            totals: totals(t),
            components: components(t),
            range,
            orphan_spans: orphans(t),
            ignored: loaded.ignored.clone(),
            broken: loaded.broken.clone(),
            notes: loaded.notes.clone(),
        }
    }

    /// Whether everything was read and there is something.
    pub fn whole(&self) -> bool {
        self.broken.is_empty() && self.ignored.is_empty() && self.totals.values().any(|n| *n > 0)
    }
}

fn gaps(times: &[i64]) -> Vec<Range> {
    let mut steps: Vec<i64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    if steps.len() < 8 {
        return Vec::new();
    }
    let middle = steps.len() / 2;
    let usual = *steps.select_nth_unstable(middle).1;
    let least = (usual * GAP_STEPS).max(GAP_MS);
    let mut out: Vec<Range> =
        times.windows(2).filter(|w| w[1] - w[0] >= least).filter_map(|w| Range::of(w[0], w[1])).collect();
    out.sort_by(|a, b| b.seconds().total_cmp(&a.seconds()).then(a.start.cmp(&b.start)));
    out.truncate(MAX_GAPS);
    out
}

fn totals(t: &Telemetry) -> BTreeMap<&'static str, usize> {
    BTreeMap::from([
        ("series", t.series.len()),
        ("points", t.series.iter().map(|s| s.points.len()).sum()),
        ("log_lines", t.logs.len()),
        ("spans", t.spans.len()),
        ("alerts", t.alerts.len()),
        ("changes", t.changes.len()),
        ("events", t.events.len()),
        ("calls", t.topology.len()),
        ("objects", t.objects.len()),
        ("commands", t.commands.len()),
    ])
}

fn components(t: &Telemetry) -> BTreeSet<String> {
    const LABELS: [&str; 5] = ["component", "service", "service_name", "app", "deployment"];
    let mut out: BTreeSet<&str> = t.components.iter().map(|c| c.id.as_str()).collect();
    out.extend(t.logs.iter().filter_map(|l| l.component.as_deref()));
    out.extend(t.spans.iter().map(|s| s.component.as_str()));
    out.extend(t.topology.iter().flat_map(|e| [e.caller.as_str(), e.callee.as_str()]));
    out.extend(t.changes.iter().map(|c| c.component.as_str()));
    for s in &t.series {
        out.extend(s.component.as_deref());
        out.extend(LABELS.iter().find_map(|l| s.labels.get(*l)).map(String::as_str));
    }
    out.remove("");
    out.into_iter().map(str::to_owned).collect()
}

fn orphans(t: &Telemetry) -> usize {
    let ids: BTreeSet<(&str, &str)> =
        t.spans.iter().map(|s| (s.trace_id.as_str(), s.span_id.as_str())).collect();
    t.spans
        .iter()
        .filter(|s| s.parent_id.as_deref().is_some_and(|p| !ids.contains(&(s.trace_id.as_str(), p))))
        .count()
}
