//! Which value of which label carries what moved: 92 % of the new failures are `version=v2`, which has 10 % of the traffic.
//!
//! For each moved ratio of failures and each moved latency the raw series are compared label by label. A value's excess is
//! what it suffered beyond its own usual rate, `e = fault - usual * requests`; its share of all excess is its explanatory
//! power, and how far that differs from its share of the traffic its surprise, the Jensen-Shannon divergence of the two
//! (Adtributor: Bhagwan et al., NSDI 2014). A label counts if few of its values explain most and have little of the traffic;
//! of several the most surprising for the fewest values is told. Gauges that differ by a label count each the same.
//!
//! Assumes: labels are those of the data; of their names only the conventions for versions and hosts mean anything (see
//! [`Sense`]). Cost: the samples of the series behind what moved, once for each label. Golden cases: `tests/labels.rs`.
//!
//! Fails: what two labels bring only together, labels that only spans or logs have, quantiles recorded as such.

mod tally;

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::{Labels, Telemetry};

use crate::frame::Frame;
use crate::series::features::Feature;
use crate::series::kinds::Kind;
use crate::series::stats::Shift;
use tally::Tally;

/// Share of the excess that the values have to explain.
const MOST: f64 = 0.6;
/// How much more of the excess than of the traffic they have to have.
const BEYOND: f64 = 0.35;
/// Most of the traffic that they may have: what most requests are like tells nothing apart.
const HALF: f64 = 0.5;
/// Values that are told at most.
const FEW: usize = 3;
/// Requests of the whole by which a value that had few before is judged.
const PRIOR: f64 = 20.0;
/// Failures of a value below which they may be chance.
const LEAST: f64 = 4.0;
/// Deviations by which all excess has to exceed what is usual.
const CLEAR: f64 = 4.0;

/// What a label's values mean by convention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sense {
    /// What was released.
    Version,
    /// A machine.
    Host,
    /// One of several like it.
    Instance,
    /// Anything else.
    Other,
}

/// Labels of machines.
pub(crate) const HOSTS: [&str; 8] =
    ["node", "host", "hostname", "nodename", "host_name", "kubernetes_node", "k8s_node_name", "node_name"];

/// By the conventions of Prometheus, Kubernetes and OpenTelemetry.
pub(crate) fn sense(label: &str) -> Sense {
    let l = label.to_ascii_lowercase().replace('.', "_");
    let versions =
        ["version", "release", "build", "revision", "image_tag", "image", "commit", "git_sha", "canary"];
    if versions.contains(&l.as_str()) || l.ends_with("_version") {
        Sense::Version
    } else if HOSTS.contains(&l.as_str()) {
        Sense::Host
    } else if ["instance", "pod", "pod_name", "replica", "container_id", "task", "k8s_pod_name"]
        .contains(&l.as_str())
    {
        Sense::Instance
    } else {
        Sense::Other
    }
}

/// The finding.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Breakdown {
    /// Component of the feature.
    pub component: String,
    pub peer: Option<String>,
    /// Its metric.
    pub name: String,
    pub slow: bool,
    pub label: String,
    pub values: Vec<String>,
    /// Of the excess, 0 to 1.
    pub share: f64,
    /// Of the requests since the onset; of the series where requests are not known.
    pub traffic: f64,
    /// Number of values, where requests are not known.
    pub of: Option<usize>,
    /// Share of the requests that the values had before.
    pub before: f64,
    /// A raw series of the values.
    pub series: usize,
}

impl Breakdown {
    /// For people.
    pub(crate) fn text(&self) -> String {
        let values: Vec<String> = self.values.iter().map(|v| format!("{}={v}", self.label)).collect();
        let part = match self.of {
            Some(of) => format!("{} of {of}", self.values.len()),
            None => format!("{:.0} % of the traffic", 100.0 * self.traffic),
        };
        format!("{:.0} % of the excess is {}, {part}", 100.0 * self.share, values.join(" and "))
    }

    /// Whether it is about this feature.
    pub(crate) fn is_of(&self, f: &Feature) -> bool {
        self.component == f.component && self.peer == f.peer && self.name == f.name
    }
}

/// All findings, at most one for each metric of a component.
pub(crate) fn all(
    t: &Telemetry,
    frame: &Frame,
    features: &[Feature],
    shifts: &[Option<Shift>],
) -> Vec<Breakdown> {
    let worth = |f: &Feature, s: &Shift| {
        let moved = s.z > 2.5 && s.strength() > 0.05;
        moved && matches!(f.kind, Kind::Errors | Kind::Latency | Kind::QueryTime)
    };
    let moved: Vec<&Feature> = features
        .iter()
        .zip(shifts)
        .filter(|(f, s)| !f.component.is_empty() && s.as_ref().is_some_and(|s| worth(f, s)))
        .map(|(f, _)| f)
        .collect();
    if moved.is_empty() {
        return Vec::new();
    }
    let raw = Raw::index(t, &moved);
    let whole: BTreeMap<(&str, Option<&str>, &str), &Feature> = features
        .iter()
        .filter(|f| f.detail.as_deref() == Some("rate"))
        .map(|f| ((f.component.as_str(), f.peer.as_deref(), f.name.as_str()), f))
        .collect();
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for f in moved {
        let key = (f.component.as_str(), f.peer.as_deref(), f.name.as_str());
        if !seen.insert(key) {
            continue;
        }
        let slow = f.kind != Kind::Errors;
        let tallies = match f.detail.as_deref() {
            _ if !slow && !f.events.is_empty() => match whole.get(&key) {
                Some(total) => raw.failures(t, frame, &total.members, &f.members),
                None => raw.alone(t, frame, &f.members),
            },
            Some("mean") => raw.times(t, frame, &f.members),
            Some("p95") => raw.buckets(t, frame, &f.members),
            _ => raw.levels(t, frame, &f.members),
        };
        out.extend(best(f, slow, &tallies));
    }
    out
}

/// Raw series by name, for what is looked at: the same series may have been recorded in two parts.
struct Raw<'t> {
    by_name: BTreeMap<&'t str, BTreeMap<&'t Labels, Vec<usize>>>,
}

impl<'t> Raw<'t> {
    fn index(t: &'t Telemetry, moved: &[&Feature]) -> Self {
        let mut names: BTreeSet<String> = BTreeSet::new();
        for f in moved {
            names.insert(f.name.clone());
            for (end, other) in [("_sum", "_count"), ("_bucket", "_count"), ("_bucket", "_sum")] {
                names.extend(f.name.strip_suffix(end).map(|base| format!("{base}{other}")));
            }
        }
        let mut by_name: BTreeMap<&str, BTreeMap<&Labels, Vec<usize>>> = BTreeMap::new();
        for (i, s) in t.series.iter().enumerate().filter(|(_, s)| names.contains(&s.name)) {
            by_name.entry(&s.name).or_default().entry(&s.labels).or_default().push(i);
        }
        Self { by_name }
    }

    /// Growth of a counter in the normal and in the faulty part.
    fn grown(&self, t: &Telemetry, frame: &Frame, name: &str, labels: &Labels) -> (f64, f64) {
        let mut out = (0.0, 0.0);
        for i in self.by_name.get(name).and_then(|of| of.get(labels)).into_iter().flatten() {
            for w in t.series.get(*i).map(|s| s.points.as_slice()).unwrap_or_default().windows(2) {
                let grown = if w[1].1 >= w[0].1 { w[1].1 - w[0].1 } else { w[1].1 };
                if frame.is_fault(w[1].0) {
                    out.1 += grown;
                } else if frame.is_base(w[1].0) {
                    out.0 += grown;
                }
            }
        }
        out
    }

    /// Failures among requests: one metric, told apart by outcome.
    fn failures(&self, t: &Telemetry, frame: &Frame, all: &[usize], bad: &[usize]) -> Vec<Tally<'t>> {
        let bad: BTreeSet<usize> = bad.iter().copied().collect();
        self.tallies(t, all, |i, name, labels| {
            let n = self.grown(t, frame, name, labels);
            let e = if bad.contains(&i) { n } else { (0.0, 0.0) };
            (n, e)
        })
    }

    /// Failures that are counted by themselves: requests are not known.
    fn alone(&self, t: &Telemetry, frame: &Frame, bad: &[usize]) -> Vec<Tally<'t>> {
        let length = |fault: bool| {
            let times =
                bad.iter().filter_map(|i| t.series.get(*i)).flat_map(|s| s.points.iter().map(|p| p.0));
            let mut times: Vec<i64> =
                times.filter(|at| if fault { frame.is_fault(*at) } else { frame.is_base(*at) }).collect();
            times.sort_unstable();
            times.dedup();
            times.len() as f64
        };
        let (base, fault) = (length(false), length(true));
        let mut out =
            self.tallies(t, bad, |_, name, labels| ((base, fault), self.grown(t, frame, name, labels)));
        out.iter_mut().for_each(|t| t.even = true);
        out
    }

    /// Seconds among requests.
    fn times(&self, t: &Telemetry, frame: &Frame, sums: &[usize]) -> Vec<Tally<'t>> {
        self.tallies(t, sums, |_, name, labels| {
            let count = format!("{}_count", name.trim_end_matches("_sum"));
            (self.grown(t, frame, &count, labels), self.grown(t, frame, name, labels))
        })
    }

    /// Seconds among requests, of the sums beside the buckets where there are any.
    fn buckets(&self, t: &Telemetry, frame: &Frame, buckets: &[usize]) -> Vec<Tally<'t>> {
        let Some(base) =
            buckets.first().and_then(|i| t.series.get(*i)).and_then(|s| s.name.strip_suffix("_bucket"))
        else {
            return Vec::new();
        };
        let mine: BTreeSet<Labels> = buckets
            .iter()
            .filter_map(|i| t.series.get(*i))
            .map(|s| {
                let mut labels = s.labels.clone();
                labels.remove("le");
                labels
            })
            .collect();
        let sums: Vec<usize> = self
            .by_name
            .get(format!("{base}_sum").as_str())
            .into_iter()
            .flatten()
            .filter(|(labels, _)| mine.contains(*labels))
            .filter_map(|(_, of)| of.first().copied())
            .collect();
        self.times(t, frame, &sums)
    }

    /// Gauges: levels, each of the same weight.
    fn levels(&self, t: &Telemetry, frame: &Frame, members: &[usize]) -> Vec<Tally<'t>> {
        let mut out = self.tallies(t, members, |_, name, labels| {
            let points: Vec<(i64, f64)> = self
                .by_name
                .get(name)
                .and_then(|of| of.get(labels))
                .into_iter()
                .flatten()
                .filter_map(|i| t.series.get(*i))
                .flat_map(|s| s.points.iter().copied())
                .collect();
            let (base, fault) = frame.split(&points);
            if base.is_empty() || fault.is_empty() {
                return ((0.0, 0.0), (0.0, 0.0));
            }
            let median = |v: &[f64]| crate::series::stats::median(v);
            ((1.0, 1.0), (median(&base), median(&fault)))
        });
        out.iter_mut().for_each(|t| t.even = true);
        out
    }

    fn tallies(
        &self,
        t: &Telemetry,
        members: &[usize],
        measure: impl Fn(usize, &str, &Labels) -> ((f64, f64), (f64, f64)),
    ) -> Vec<Tally<'t>> {
        let mut out = Vec::new();
        for i in members {
            let Some(s) = t.series.get(*i) else { continue };
            // Labels live as long as the telemetry; the index holds them.
            let Some((labels, _)) =
                self.by_name.get(s.name.as_str()).and_then(|of| of.get_key_value(&s.labels))
            else {
                continue;
            };
            let (requests, suffered) = measure(*i, &s.name, &s.labels);
            out.push(Tally { labels, requests, suffered, series: *i, even: false });
        }
        out
    }
}

/// The label that tells most.
fn best(f: &Feature, slow: bool, tallies: &[Tally<'_>]) -> Option<Breakdown> {
    let names: BTreeSet<&str> =
        tallies.iter().flat_map(|t| t.labels.keys().map(String::as_str)).filter(|l| *l != "le").collect();
    let mut found: Vec<(f64, Sense, Breakdown)> = Vec::new();
    for label in names {
        let Some((surprise, b)) = tally::by_label(f, slow, label, tallies) else { continue };
        found.push((surprise / (b.values.len() as f64).sqrt(), sense(label), b));
    }
    let top = found.iter().map(|f| f.0).fold(0.0, f64::max);
    // Labels that split the same way tell the same: a version says more than an instance.
    found.retain(|f| f.0 >= 0.9 * top);
    found.sort_by(|a, b| a.1.cmp(&b.1).then(b.0.total_cmp(&a.0)).then_with(|| a.2.label.cmp(&b.2.label)));
    found.into_iter().next().map(|f| f.2)
}
