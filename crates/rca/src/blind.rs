//! Where one cannot look, although it is looked at elsewhere: a resource that is short at the blamed component, requests,
//! failures or answer times of one that may have brought the harm, samples of a short period, or spans of most traces. What is
//! not measured there cannot be ruled out, and may be the cause of what is measured here. An answer that rests on metrics
//! alone is then not one to act on, and one by traces or logs is not where traces are torn; changes speak for themselves.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::Span;

use crate::case::Case;
use crate::causes;
use crate::fusion::{Harm, Rival};
use crate::perturb::mix;
use crate::series::features;
use crate::series::kinds::Kind;
use crate::series::stats;
use crate::signal::{Modality, Signal};

/// Components of which a usual kind is one: fewer have nothing in common.
const LEAST: usize = 5;
/// Share of the components from which a kind is usual.
const USUAL: f64 = 0.6;
/// What can be short.
const RESOURCES: [Kind; 5] = [Kind::Cpu, Kind::Memory, Kind::DiskUsed, Kind::DiskIo, Kind::Network];
/// Harm from which a component is ill.
const ILL: f64 = 0.3;
/// Samples of the faulty period below which each of them matters …
const FEW: i64 = 10;
/// … and the share of them that is there in most series where none was lost.
const WHOLE: f64 = 0.85;
/// Spans, about, whose links are looked at, and the share of them that hang in the air from which traces are torn.
const SPANS: usize = 50_000;
const TORN: f64 = 0.1;

/// What is not known of a component that may be the cause as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lacks {
    Resource(Kind),
    Requests,
    Failures,
    Times,
}

impl Lacks {
    fn met_by(self, kind: Kind) -> bool {
        match self {
            Self::Resource(wanted) => kind == wanted,
            Self::Requests => kind == Kind::Workload,
            Self::Failures => kind.is_failure(),
            Self::Times => kind == Kind::Latency,
        }
    }

    /// What rules out other components where `leader` is blamed.
    fn of(case: &Case<'_>, leader: &Rival) -> Vec<Self> {
        match leader.cause.as_str() {
            // Whoever lacks one resource often uses more of another: which was first, only all of them tell.
            "saturation.cpu"
            | "saturation.memory"
            | "code.memory_leak"
            | "saturation.disk"
            | "saturation.disk_io"
            | "saturation.network_io" => RESOURCES.map(Self::Resource).to_vec(),
            cause => {
                let volumes = case.ledger.conclusive.then_some(Self::Requests);
                let failures = causes::is_failure(cause).then_some(Self::Failures);
                let times = causes::is_slowness(cause).then_some(Self::Times);
                volumes.into_iter().chain(failures).chain(times).collect()
            }
        }
    }
}

/// Why the answer cannot be relied on, for people; none where all that matters can be looked at.
pub(crate) fn spot(case: &Case<'_>, signals: &[Signal], harm: &Harm, leader: &Rival) -> Option<String> {
    let rests_on = |m: Modality| leader.signals.iter().any(|i| signals[*i].modality == m);
    if leader.change.is_some() || rests_on(Modality::State) || rests_on(Modality::Security) {
        return None;
    }
    if rests_on(Modality::Traces) || rests_on(Modality::Logs) {
        return torn(&case.t.spans).then(|| {
            "spans are missing in the middle of most traces: who called whom is known in part".to_owned()
        });
    }
    let measured = measured(case);
    let unseen = Lacks::of(case, leader).into_iter().find_map(|lacks| {
        let component = without(case, &measured, harm, leader, lacks)?;
        Some(match lacks {
            Lacks::Resource(_) => format!(
                "{component} is not measured whole where the blamed component is: it may be the cause and cannot be ruled out"
            ),
            Lacks::Requests => format!(
                "the requests of {component} are not counted: how much of the harm is its own cannot be said, and it may be the cause"
            ),
            Lacks::Failures => format!("the failures of {component} are not counted: those of its callers may be its own"),
            Lacks::Times => format!("how long {component} takes is not measured: its callers may be slow because it is"),
        })
    });
    unseen.or_else(|| {
        samples_lost(case).then(|| {
            "samples are missing of a period that has few: what was worst may be among them".to_owned()
        })
    })
}

/// What is known of each component on both sides of the onset: of one side only, nothing is known of what changed.
type Measured<'a> = BTreeMap<&'a str, BTreeSet<Kind>>;

fn measured<'a>(case: &'a Case<'_>) -> Measured<'a> {
    let mut out = Measured::new();
    for (f, shift) in case.features.iter().zip(&case.shifts).filter(|(f, _)| f.peer.is_none()) {
        let kinds = out.entry(&f.component).or_default();
        if shift.is_some() {
            kinds.insert(f.kind);
        }
    }
    out
}

/// A component of which that is not known although it is of most, and that may have brought the harm.
fn without<'a>(
    case: &Case<'_>,
    measured: &Measured<'a>,
    harm: &Harm,
    leader: &Rival,
    lacks: Lacks,
) -> Option<&'a str> {
    // What answers has requests and failures: disks have none.
    let asked =
        |kinds: &BTreeSet<Kind>| matches!(lacks, Lacks::Resource(_)) || kinds.iter().any(|k| answers(*k));
    let has = |kinds: &BTreeSet<Kind>| kinds.iter().any(|k| lacks.met_by(*k));
    let all = measured.values().filter(|k| asked(k)).count();
    let having = measured.values().filter(|k| asked(k) && has(k)).count();
    if all < LEAST || (having as f64) < USUAL * all as f64 {
        return None;
    }
    let ill = |id: &str| harm.of(id) > ILL;
    let callers = |id: &str, of: &dyn Fn(&str) -> bool| case.graph.upstream(id).keys().any(|c| of(c));
    let lacking = measured.iter().filter(|(id, k)| **id != leader.component && asked(k) && !has(k));
    lacking.map(|(id, _)| *id).find(|id| match lacks {
        // What nobody ill calls, and is not ill itself, is not behind this.
        Lacks::Resource(_) => ill(id) || !case.graph.has(id) || callers(id, &ill),
        // Of what people complain of, or of what may have brought it.
        Lacks::Requests => {
            let brings = || moved(case, id) > ILL && callers(id, &|c| ill(c) || case.focus.contains(c));
            case.graph.has(id) && (case.focus.contains(*id) || brings())
        }
        Lacks::Failures | Lacks::Times => callers(id, &|c| c == leader.component),
    })
}

fn answers(kind: Kind) -> bool {
    kind == Kind::Latency || kind.is_failure()
}

/// How far what a component answers moved for the worse, 0 to 1, however many requests that were.
fn moved(case: &Case<'_>, component: &str) -> f64 {
    let all = case.features.iter().zip(&case.shifts);
    let own = all.filter(|(f, _)| f.peer.is_none() && f.component == component && answers(f.kind));
    own.filter_map(|(_, s)| s.map(|s| s.strength())).fold(0.0, f64::max)
}

/// Whether most series lack samples of a faulty period that has few.
fn samples_lost(case: &Case<'_>) -> bool {
    let kept = case.features.iter().filter(|f| answers(f.kind) || f.kind == Kind::Workload).filter_map(|f| {
        let step = features::step(&f.points).max(1);
        let there: Vec<i64> = f.points.iter().map(|p| p.0).filter(|at| case.frame.is_fault(*at)).collect();
        // As many as have room on the grid of its own samples, wherever the onset lies between them.
        let first = *there.first()?;
        let expected = (first - case.frame.onset) / step + (case.frame.end - first) / step + 1;
        (2..FEW).contains(&expected).then(|| (there.len() as f64 / expected as f64).min(1.0))
    });
    let kept: Vec<f64> = kept.collect();
    kept.len() >= LEAST && stats::median(&kept) < WHOLE
}

/// Whether many spans name a parent that is not there: more than one loose end in a trace is not its beginning.
fn torn(spans: &[Span]) -> bool {
    let every = spans.len() as u64 / SPANS as u64 + 1;
    let mut traces: BTreeMap<&str, Vec<&Span>> = BTreeMap::new();
    for s in spans.iter().filter(|s| s.trace_id.bytes().fold(7, |h, b| mix(h ^ u64::from(b))) % every == 0) {
        traces.entry(&s.trace_id).or_default().push(s);
    }
    let (mut loose, mut all) = (0, 0);
    for trace in traces.values() {
        let ids: BTreeSet<&str> = trace.iter().map(|s| s.span_id.as_str()).collect();
        let ends = trace.iter().filter(|s| s.parent_id.as_deref().is_none_or(|p| !ids.contains(p))).count();
        loose += ends.saturating_sub(1);
        all += trace.len();
    }
    loose as f64 > TORN * all as f64
}
