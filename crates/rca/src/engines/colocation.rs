//! Co-location: components that fall ill together because they share a machine.
//!
//! Looks for: machines most of whose residents are ill, by roots that do not call each other into illness, while what runs
//! elsewhere is well, or is ill because it calls them; and for the machine's own series, however weakly they move. A
//! resident that suffers nothing and uses much more of what the machine runs short of is named as its noisy neighbour.
//! Assumes: placement by topology rows, a label of the machine, or pods (see [`crate::placement`]); a component that is
//! spread over more than two machines says nothing about any. A value of a machine's or instance's label that carries the
//! excess of a metric ([`crate::breakdown`]) counts like a resident of its own. Without series of the machine only the
//! contrast speaks, and only where there is one. Cost: one pass over the features, and residents times calls. Golden cases:
//! `tests/colocation.rs`.
//!
//! Fails: everything on one machine with no series of its own; racks and zones, which are told by label only.

use std::collections::{BTreeMap, BTreeSet};

use crate::breakdown::{Sense, sense};
use crate::case::Case;
use crate::series::features::Feature;
use crate::series::kinds::{Kind, is_loss};
use crate::series::stats::Shift;
use crate::signal::{Modality, Role, Signal};

/// Symptom from which a component counts as ill.
const ILL: f64 = 0.12;
/// Share of a machine's residents that has to be ill.
const MOST: f64 = 0.6;
/// A component on more machines than this tells nothing of one.
const SPREAD: usize = 2;
/// Scales by which a series of the machine moves at least to be a sign, and half a sign.
const SIGN: (f64, f64) = (1.2, 3.0);

pub(super) fn run(case: &Case<'_>, seen: &[Signal]) -> Vec<Signal> {
    let mut harm: BTreeMap<&str, &Signal> = BTreeMap::new();
    for s in seen.iter().filter(|s| s.role == Role::Symptom && s.weight >= ILL) {
        let slot = harm.entry(&s.component).or_insert(s);
        if s.weight > slot.weight {
            *slot = s;
        }
    }
    let mut out = Vec::new();
    for (machine, residents) in case.placement.machines() {
        out.extend(judge(case, machine, residents, &harm).into_iter().flatten());
    }
    out
}

fn judge(
    case: &Case<'_>,
    machine: &str,
    residents: &BTreeSet<String>,
    harm: &BTreeMap<&str, &Signal>,
) -> Option<[Signal; 2]> {
    let settled: Vec<&str> =
        residents.iter().map(String::as_str).filter(|r| case.placement.spread(r) <= SPREAD).collect();
    let ill: Vec<&str> = settled.iter().copied().filter(|r| harm.contains_key(r)).collect();
    // Who calls nobody that is ill did not catch it from there.
    let roots: Vec<&str> = ill
        .iter()
        .copied()
        .filter(|r| case.graph.downstream(r).keys().all(|d| d == r || !harm.contains_key(d.as_str())))
        .collect();
    let split = case.breakdowns.iter().filter(|b| {
        sense(&b.label) == Sense::Host && b.values.iter().all(|v| case.names.machine(v) == machine)
    });
    let split: BTreeSet<&str> = split.map(|b| b.component.as_str()).collect();
    let signs = roots.iter().copied().chain(split.iter().copied()).collect::<BTreeSet<_>>().len();
    let (sign, shown) = own(case, machine);
    let share = ill.len() as f64 / settled.len().max(1) as f64;
    if signs < 2 && !(split.len() == 1 && sign > 0.3) || (share < MOST && split.is_empty()) {
        return None;
    }
    let contrast = if split.is_empty() { share - elsewhere(case, machine, &ill, harm)? } else { 1.0 };
    // With no series of the machine the contrast has to be plain, and more than two have to agree.
    if contrast < 0.35 || (sign == 0.0 && (contrast < 0.75 || signs < 3)) {
        return None;
    }
    let weight = 0.2 + 0.3 * sign + 0.25 * contrast + 0.06 * (signs.min(4) - 1) as f64;
    let cause = shown.map_or("saturation.cpu", |(f, _)| resource(f));
    let noisy = shown.and_then(|(f, _)| neighbour(case, &settled, harm, f.kind));
    let witness =
        ill.iter().chain(&split).filter_map(|r| harm.get(r)).max_by(|a, b| a.weight.total_cmp(&b.weight));
    let onset = ill.iter().filter_map(|r| harm.get(r)?.onset).min();
    let mut text = format!(
        "{} of {} components on {machine} are ill ({})",
        ill.len().max(split.len()),
        settled.len().max(split.len()),
        ill.iter()
            .chain(&split)
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .take(6)
            .collect::<Vec<_>>()
            .join(", ")
    );
    if let Some((f, s)) = shown {
        text.push_str(&format!(
            ", whose {} went from {} to {}",
            f.name,
            super::metrics::number(s.before),
            super::metrics::number(s.after)
        ));
    }
    if let Some((f, s)) = noisy {
        text.push_str(&format!(
            "; {} on it suffers nothing, and its {} went from {} to {}",
            f.component,
            f.name,
            super::metrics::number(s.before),
            super::metrics::number(s.after)
        ));
    }
    let cite = match shown {
        Some((f, _)) => case.cite(f),
        None => witness?.cite.clone(),
    };
    let name = shown.and_then(|(f, _)| f.series).and_then(|i| case.t.series.get(i)).map(|s| s.name.clone());
    let signal = |role: Role| Signal {
        component: machine.to_owned(),
        cause,
        modality: Modality::Metrics,
        role,
        weight: weight.clamp(0.0, 0.88),
        onset,
        indicator: name.clone(),
        change: None,
        cite: cite.clone(),
        reading: text.clone(),
    };
    Some([signal(Role::Mechanism), signal(Role::Symptom)])
}

/// Share of what runs elsewhere that is ill by itself; none where nothing does and the machine tells nothing apart.
fn elsewhere(case: &Case<'_>, machine: &str, here: &[&str], harm: &BTreeMap<&str, &Signal>) -> Option<f64> {
    let here: BTreeSet<&str> = here.iter().copied().collect();
    let others: Vec<&String> = case
        .instrumented
        .iter()
        .filter(|c| !case.placement.is_on(c, machine) && *c != machine && !c.is_empty())
        .filter(|c| case.placement.residents(c).next().is_none())
        .collect();
    if others.is_empty() {
        return Some(0.5);
    }
    let ill = others
        .iter()
        .filter(|c| harm.contains_key(c.as_str()))
        .filter(|c| case.graph.downstream(c).keys().all(|d| !here.contains(d.as_str())))
        .count();
    Some(ill as f64 / others.len() as f64)
}

/// How clearly the machine's own series move, 0 to 1, and the one that does most.
fn own<'c>(case: &'c Case<'_>, machine: &str) -> (f64, Option<(&'c Feature, &'c Shift)>) {
    let best = case
        .features
        .iter()
        .zip(&case.shifts)
        .filter(|(f, _)| f.component == machine && f.peer.is_none() && f.series.is_some())
        .filter_map(|(f, s)| Some((f, s.as_ref()?)))
        .filter(|(f, s)| f.kind != Kind::Workload && f.kind != Kind::MemoryLimit && s.z >= SIGN.0)
        .max_by(|a, b| a.1.z.total_cmp(&b.1.z).then_with(|| b.0.name.cmp(&a.0.name)));
    (best.map_or(0.0, |(_, s)| s.z / (s.z + SIGN.1)), best)
}

/// What a machine runs short of, by the series that shows it.
fn resource(f: &Feature) -> &'static str {
    let name = f.name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    match f.kind {
        Kind::Memory => "saturation.memory",
        Kind::DiskIo => "saturation.disk_io",
        Kind::DiskUsed => "saturation.disk",
        Kind::Network if is_loss(&name) => "network.loss",
        Kind::Network => "saturation.network_io",
        Kind::Latency if has(&["ping", "rtt", "network", "round_trip"]) => "network.delay",
        Kind::Latency if has(&["disk", "io", "await"]) => "saturation.disk_io",
        Kind::Threads => "saturation.threads",
        Kind::FileDescriptors => "saturation.file_descriptors",
        _ if has(&["io_pressure", "io_stalled", "iowait"]) => "saturation.disk_io",
        _ if has(&["memory_pressure", "memory_stalled", "swap", "major_fault", "pgmajfault"]) => {
            "saturation.memory"
        }
        _ => "saturation.cpu",
    }
}

/// A resident that suffers nothing and uses much more of the same.
fn neighbour<'c>(
    case: &'c Case<'_>,
    settled: &[&str],
    harm: &BTreeMap<&str, &Signal>,
    kind: Kind,
) -> Option<(&'c Feature, &'c Shift)> {
    case.features
        .iter()
        .zip(&case.shifts)
        .filter(|(f, _)| settled.contains(&f.component.as_str()) && !harm.contains_key(f.component.as_str()))
        .filter(|(f, _)| matches!(f.kind, Kind::Cpu | Kind::Memory | Kind::DiskIo | Kind::Network))
        .filter(|(f, _)| f.kind == kind || matches!(kind, Kind::Other | Kind::Queue | Kind::Latency))
        .filter_map(|(f, s)| Some((f, s.as_ref()?)))
        .filter(|(_, s)| s.z > 2.5)
        .max_by(|a, b| a.1.z.total_cmp(&b.1.z).then_with(|| b.0.component.cmp(&a.0.component)))
}
