//! One investigation's prepared view of the telemetry: names resolved, features made, time divided, calls known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use firebell_core::telemetry::{LogLine, Telemetry};

use crate::breakdown::{self, Breakdown};
use crate::engines::state::{self, Cluster};
use crate::engines::{self, Behaviour, Turn};
use crate::evidence::Cite;
use crate::frame::{self, Frame};
use crate::graph::Graph;
use crate::ledger::Ledger;
use crate::logs::Index;
use crate::names::{self, Names};
use crate::placement::Placement;
use crate::series::discovery;
use crate::series::features::{self, Feature};
use crate::series::kinds::Kind;
use crate::series::season;
use crate::series::stats::Shift;
use crate::settings::Settings;
use crate::shown;

/// Seconds longer that an answer may take before anybody who waits for it can notice.
const UNFELT_S: f64 = 0.05;

/// The view.
pub(crate) struct Case<'a> {
    pub t: &'a Telemetry,
    pub settings: &'a Settings,
    pub names: Names,
    pub features: Vec<Feature>,
    /// Log lines by pattern, once they are asked for.
    logs: OnceLock<Index>,
    /// What each template of the log lines did, once it is asked for.
    behaviours: OnceLock<Vec<Behaviour>>,
    /// Shift of each feature.
    pub shifts: Vec<Option<Shift>>,
    pub frame: Frame,
    pub graph: Graph,
    /// Components that report and alerts name.
    pub focus: BTreeSet<String>,
    /// Whether report and alerts speak of slowness, and of failures.
    pub complaint: (bool, bool),
    /// Components with telemetry of their own.
    pub instrumented: BTreeSet<String>,
    /// Called sides that are not to blame for what their callers report, because a caller's configuration was changed
    /// where it names them: the called side, the changes' ids or commits, and how they turn the caller away.
    pub turned_away: BTreeMap<String, BTreeMap<String, Turn>>,
    /// Whose harm it is, by volumes along the calls.
    pub ledger: Ledger,
    /// What runs where.
    pub placement: Placement,
    /// Which label values carry what moved.
    pub breakdowns: Vec<Breakdown>,
    /// The cluster and its hosts as objects, events and commands show them.
    pub cluster: Cluster,
}

impl<'a> Case<'a> {
    /// [`Case::prepare`] for an investigation: the logs, which it will ask for, are mined meanwhile.
    pub(crate) fn prepare_with_logs(t: &'a Telemetry, settings: &'a Settings) -> Option<Self> {
        std::thread::scope(|scope| {
            let index = scope.spawn(|| Index::of(&t.logs));
            let case = Self::prepare(t, settings);
            match index.join() {
                Ok(index) => case.inspect(|c| c.logs.set(index).unwrap_or_default()),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// `None` if there is nothing to look at.
    pub(crate) fn prepare(t: &'a Telemetry, settings: &'a Settings) -> Option<Self> {
        let names = Names::build(t, settings);
        let mut features = features::build(t, &names);
        features.extend(error_logs(t, &names));
        season::take_off(t, &mut features);
        let frame = frame::find(t, &features).or_else(|| frame::still(t))?;
        let graph = Graph::build(t, &names, settings, &features);
        let shifts = discovery::shifts(&frame, &features);
        let mut focus: BTreeSet<String> = settings.focus.iter().map(|f| names.resolve(f)).collect();
        focus.extend(names.mentioned(&t.report));
        for a in &t.alerts {
            for key in ["component", "service", "app", "job"] {
                focus.extend(a.labels.get(key).map(|v| names.resolve(v)));
            }
        }
        let mut instrumented: BTreeSet<String> = features
            .iter()
            .filter(|f| f.peer.is_none() && f.kind != Kind::LogErrors)
            .map(|f| f.component.clone())
            .collect();
        let mut span_owners: BTreeSet<&str> = t.spans.iter().map(|s| s.component.as_str()).collect();
        span_owners.remove("");
        instrumented.extend(span_owners.into_iter().map(|c| names.resolve(c)));
        let complaint = complaint(t);
        let ledger = Ledger::build(&frame, &graph, &features, &focus, complaint);
        let cluster = state::read(t);
        let placement = Placement::build(t, &names, settings, &cluster);
        let breakdowns = breakdown::all(t, &frame, &features, &shifts);
        let mut case = Self {
            t,
            settings,
            names,
            features,
            logs: OnceLock::new(),
            behaviours: OnceLock::new(),
            shifts,
            frame,
            graph,
            focus,
            complaint,
            instrumented,
            turned_away: BTreeMap::new(),
            ledger,
            placement,
            breakdowns,
            cluster,
        };
        case.turned_away = engines::turned_away(&case);
        Some(case)
    }

    /// Log lines by pattern.
    pub(crate) fn logs(&self) -> &Index {
        self.logs.get_or_init(|| Index::of(&self.t.logs))
    }

    /// What each template of the log lines did before and since the onset, by component.
    pub(crate) fn behaviours(&self) -> &[Behaviour] {
        self.behaviours.get_or_init(|| engines::behaviours(self))
    }

    /// Cites a feature's raw series.
    pub(crate) fn cite(&self, feature: &Feature) -> Cite {
        match shown::series(self, feature).and_then(|i| self.t.series.get(i)) {
            Some(s) => {
                let (from, to) = self.frame.shown();
                Cite::new(&s.source, format!("metric {}", s.selector())).within(from, to)
            }
            None => Cite::new("", String::new()),
        }
    }

    /// The component of a log line.
    pub(crate) fn owner(&self, line: &LogLine) -> String {
        names::of_line(line).map(|c| self.names.resolve(c)).unwrap_or_default()
    }

    /// Whether a caller no longer waits for its answers, by a change of the caller's configuration.
    pub(crate) fn cut_short(&self, component: &str) -> bool {
        self.turned_away.get(component).is_some_and(|by| by.values().any(|turn| *turn == Turn::CutShort))
    }

    /// Whether a called side goes on answering well by its own account: then what callers see on the way to it is
    /// not its fault.
    pub(crate) fn serves_well(&self, component: &str) -> bool {
        if self.turned_away.contains_key(component) {
            return true;
        }
        let mut watched = false;
        for (f, s) in self.features.iter().zip(&self.shifts) {
            let (Some(s), true) = (s, f.component == component && f.peer.is_none() && f.series.is_some())
            else {
                continue;
            };
            match f.kind {
                Kind::Errors | Kind::Latency if s.z > 0.0 && self.sure(f) * s.strength() > 0.2 => {
                    return false;
                }
                Kind::Workload if f.detail.as_deref() == Some("rate") => {
                    if s.after < 0.35 * s.before {
                        return false;
                    }
                    watched = true;
                }
                _ => {}
            }
        }
        watched
    }

    /// Whether next to nothing that a component is asked for succeeds, by its own account or by its callers'.
    pub(crate) fn out_of_service(&self, component: &str) -> bool {
        const NEARLY_ALL: f64 = 0.9;
        let of = |f: &Feature| f.peer.as_deref().unwrap_or(&f.component) == component && f.detail.is_none();
        let mut own = None;
        let mut called = false;
        for (f, s) in self.features.iter().zip(&self.shifts) {
            let (Kind::Errors, true, Some(s), Some(_)) = (f.kind, of(f), s, f.series) else { continue };
            // Ratios of sums miss a whole by a rounding error.
            let ratio = s.after <= 1.0 + 1e-6 && !f.events.is_empty();
            let all = ratio && s.after >= NEARLY_ALL && s.before < 0.2 && self.sure(f) > 0.6;
            match f.peer {
                None if ratio => own = Some(all || own == Some(true)),
                None => {}
                Some(_) => called |= all,
            }
        }
        own == Some(true) || (called && !self.serves_well(component))
    }

    /// How sure the count of bad events makes a rise: 0 for what chance brings, 1 for plenty.
    pub(crate) fn sure(&self, feature: &Feature) -> f64 {
        sure(&feature.events, |at| self.frame.is_base(at), |at| self.frame.is_fault(at))
    }

    /// Whether of the features of such kinds none moved but answers that take a little longer than usual: a computer can
    /// tell, nobody who waits for them can. Figures in another unit than seconds are never so small.
    pub(crate) fn unfelt(&self, of: impl Fn(Kind) -> bool) -> bool {
        self.features.iter().zip(&self.shifts).all(|(f, s)| {
            let moved = s.as_ref().filter(|s| of(f.kind) && s.strength() * self.sure(f) > 0.2);
            moved.is_none_or(|s| {
                matches!(f.kind, Kind::Latency | Kind::QueryTime) && (s.after - s.before).abs() < UNFELT_S
            })
        })
    }

    /// First faulty sample that is clearly out of the normal band.
    pub(crate) fn departure(&self, feature: &Feature, shift: &Shift) -> Option<i64> {
        feature
            .points
            .iter()
            .find(|p| self.frame.is_fault(p.0) && (p.1 - shift.before) * shift.z.signum() > 3.0 * shift.scale)
            .map(|p| p.0)
    }
}

/// What sort of harm people and alerts complain of.
fn complaint(t: &Telemetry) -> (bool, bool) {
    let mut text = t.report.to_lowercase();
    for a in &t.alerts {
        text.push(' ');
        text.push_str(&a.name.to_lowercase());
        for v in a.annotations.values() {
            text.push_str(&v.to_lowercase());
        }
    }
    let has = |words: &[&str]| words.iter().any(|w| text.contains(w));
    (
        has(&["latency", "slow", "p95", "p99", "response time"]),
        has(&["error", "availab", "5xx", "fail", "500", "down"]),
    )
}

/// See [`Case::sure`]; 1 where nothing is counted.
pub(crate) fn sure(
    events: &[(i64, f64)],
    is_base: impl Fn(i64) -> bool,
    is_fault: impl Fn(i64) -> bool,
) -> f64 {
    let (mut base, mut fault, mut base_n, mut fault_n) = (0.0, 0.0, 0usize, 0usize);
    for (at, n) in events {
        if is_fault(*at) {
            fault += n;
            fault_n += 1;
        } else if is_base(*at) {
            base += n;
            base_n += 1;
        }
    }
    if events.is_empty() {
        return 1.0;
    }
    // None seen in a short while is no proof that there are none.
    let unseen = if base_n < fault_n { 0.7 } else { 0.0 };
    let usual = if base_n > 0 { (base + unseen) * fault_n as f64 / base_n as f64 } else { 0.0 };
    ((fault - usual) / (usual + 1.0).sqrt() / 4.0 - 0.4).clamp(0.0, 1.0)
}

/// Error lines of each component over time, as features.
fn error_logs(t: &Telemetry, names: &Names) -> Vec<Feature> {
    let times = || t.logs.iter().filter_map(|l| l.at).map(jiff::Timestamp::as_millisecond);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Vec::new() };
    let step = ((last - first) / 150).max(1_000);
    // Lines of one component follow each other: what was looked up last is mostly what is needed.
    let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
    let mut slots: Vec<(String, BTreeMap<i64, f64>)> = Vec::new();
    let mut before: Option<(&str, usize)> = None;
    for l in &t.logs {
        let Some(at) = l.at else { continue };
        let raw = names::of_line(l).unwrap_or("");
        let owner = match before {
            Some((name, owner)) if name == raw => owner,
            _ => *owners.entry(raw).or_insert_with(|| {
                slots.push((names.resolve(raw), BTreeMap::new()));
                slots.len() - 1
            }),
        };
        before = Some((raw, owner));
        *slots[owner].1.entry((at.as_millisecond() - first) / step).or_default() += f64::from(is_error(l));
    }
    let mut counts: BTreeMap<String, BTreeMap<i64, f64>> = BTreeMap::new();
    for (owner, slots) in slots {
        let into = counts.entry(owner).or_default();
        for (slot, n) in slots {
            *into.entry(slot).or_default() += n;
        }
    }
    counts
        .into_iter()
        .filter(|(c, slots)| !c.is_empty() && slots.values().any(|v| *v > 0.0))
        .map(|(component, slots)| Feature {
            component,
            peer: None,
            kind: Kind::LogErrors,
            name: "error log lines".into(),
            detail: None,
            raw: None,
            period: None,
            points: (0..=(last - first) / step)
                .map(|i| (first + i * step, slots.get(&i).copied().unwrap_or(0.0)))
                .collect(),
            events: slots.iter().map(|(i, n)| (first + i * step, *n)).collect(),
            series: None,
            members: Vec::new(),
        })
        .collect()
}

/// Whether a line is an error by its level.
pub(crate) fn is_error(line: &LogLine) -> bool {
    matches!(line.level.as_deref(), Some("error" | "fatal"))
}
