//! What the telemetry has shown already: only what it has not shown is worth asking.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::{Labels, Series, Telemetry, Window};

use crate::names::{self, Names};
use crate::series::kinds::{self, Kind};

/// Points after the onset from which on a series has shown what it has to show.
const ENOUGH_POINTS: usize = 8;
/// The same for log lines.
const ENOUGH_LINES: usize = 40;
/// The same for spans.
const ENOUGH_SPANS: usize = 40;

/// The kinds of series that a word of the catalogue means.
pub(crate) fn kinds_of(metric: &str) -> &'static [Kind] {
    match metric {
        "cpu" => &[Kind::Cpu],
        "memory" => &[Kind::Memory],
        "disk" => &[Kind::DiskUsed],
        "disk_io" => &[Kind::DiskIo],
        "network" => &[Kind::Network],
        "latency" => &[Kind::Latency],
        "error" => &[Kind::Errors, Kind::Availability],
        "availability" => &[Kind::Availability],
        "workload" => &[Kind::Workload],
        "pool_in_use" | "connections" => &[Kind::PoolInUse],
        "pool_waiting" => &[Kind::PoolWaiting],
        "pool_timeouts" => &[Kind::PoolTimeouts],
        "queue" => &[Kind::Queue],
        "threads" => &[Kind::Threads],
        "file_descriptors" => &[Kind::FileDescriptors],
        "queries" => &[Kind::Queries, Kind::QueryTime],
        "retries" => &[Kind::Retries],
        "signin" => &[Kind::SignIns],
        "flag" => &[Kind::Flag],
        "restarts" => &[Kind::Restarts],
        "replication" => &[Kind::Replication],
        "lock" => &[Kind::Locks],
        "cache" => &[Kind::Cache],
        "config" => &[Kind::Config],
        _ => &[],
    }
}

/// A series of some kind, as an example of how such series are called here.
pub(super) struct Example {
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) counted: bool,
}

/// What is there.
pub(super) struct Seen<'a> {
    pub(super) names: Names,
    /// Points after the onset by component and kind.
    points: BTreeMap<(String, Kind), usize>,
    examples: BTreeMap<Kind, (&'a Series, String)>,
    lines: BTreeMap<String, usize>,
    spans: BTreeMap<String, usize>,
    /// Names that objects, events and commands speak of.
    states: BTreeSet<String>,
    pub(super) any_spans: bool,
}

impl<'a> Seen<'a> {
    pub(super) fn new(t: &'a Telemetry, names: Names, after: Window) -> Self {
        let inside = |ms: i64| after.start.as_millisecond() <= ms && ms <= after.end.as_millisecond();
        let mut points: BTreeMap<(String, Kind), usize> = BTreeMap::new();
        let mut examples: BTreeMap<Kind, (&Series, String)> = BTreeMap::new();
        for s in &t.series {
            let Some(component) = names.of_series(s) else { continue };
            let kind = kinds::kind(&s.name, &s.labels);
            let n = s.points.iter().filter(|p| inside(p.0)).count();
            let slot = points.entry((component.clone(), kind)).or_default();
            *slot = (*slot).max(n);
            examples.entry(kind).or_insert((s, component));
        }
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        for l in t.logs.iter().filter(|l| l.at.is_none_or(|at| after.contains(at))) {
            if let Some(c) = &l.component {
                *lines.entry(names.resolve(c)).or_default() += 1;
            }
        }
        let mut spans: BTreeMap<String, usize> = BTreeMap::new();
        for s in t.spans.iter().filter(|s| inside(s.start_us / 1000)) {
            *spans.entry(names.resolve(&s.component)).or_default() += 1;
        }
        let mut states: BTreeSet<String> = t.events.iter().map(|e| names.resolve(&e.component)).collect();
        for o in &t.objects {
            let text = |p: &str| o.object.pointer(p).and_then(|v| v.as_str());
            states.extend(
                ["/metadata/name", "/spec/component"]
                    .iter()
                    .filter_map(|p| text(p))
                    .map(|n| names.resolve(n)),
            );
        }
        for c in &t.commands {
            states.extend(names.mentioned(&c.command));
        }
        Self { names, points, examples, lines, spans, states, any_spans: !t.spans.is_empty() }
    }

    /// How much of a question is still open, 0 to 1: nothing seen yet 1, something 0.5, enough 0.
    fn open(n: usize, enough: usize) -> f64 {
        match n {
            0 => 1.0,
            n if n < enough => 0.5,
            _ => 0.0,
        }
    }

    pub(super) fn metric_open(&self, component: &str, metric: &str) -> f64 {
        let most = kinds_of(metric)
            .iter()
            .filter_map(|k| self.points.get(&(component.to_owned(), *k)))
            .copied()
            .max()
            .unwrap_or(0);
        Self::open(most, ENOUGH_POINTS)
    }

    pub(super) fn logs_open(&self, component: &str) -> f64 {
        Self::open(self.lines.get(component).copied().unwrap_or(0), ENOUGH_LINES)
    }

    pub(super) fn traces_open(&self, component: &str) -> f64 {
        Self::open(self.spans.get(component).copied().unwrap_or(0), ENOUGH_SPANS)
    }

    pub(super) fn state_open(&self, component: &str) -> f64 {
        if self.states.contains(component) { 0.0 } else { 1.0 }
    }

    /// How a series of this kind would be called at `component`, going by those of other components.
    pub(super) fn example(&self, component: &str, metric: &str) -> Option<Example> {
        let (series, owner) = kinds_of(metric).iter().find_map(|k| self.examples.get(k))?;
        let (label, value) = series.labels.iter().find(|(_, v)| self.names.resolve(v) == *owner)?;
        // As the label writes it: with its kind or without.
        let written = if value == owner { component } else { names::short(component) };
        let counted = ["_total", "_count", "_sum", "_bucket"].iter().any(|end| series.name.ends_with(end));
        Some(Example {
            name: series.name.clone(),
            labels: [(label.clone(), written.to_owned())].into(),
            counted,
        })
    }
}
