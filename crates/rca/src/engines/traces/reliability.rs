//! How far the metrics of a component are to be believed beside its traces. Spans are the requests themselves; a
//! percentile of a few requests a minute jumps by itself. Where enough requests of a component were recorded in both
//! parts and neither take longer nor fail more often, what its metrics say of harm is noise; and where the traces of a
//! whole system hold no request of a component at all, it harms nobody who was recorded.

use std::collections::{BTreeMap, BTreeSet};

use super::account::Account;
use super::edges::silent_peer;
use super::view::{Part, View};
use crate::case::Case;
use crate::series::stats;
use crate::signal::{Modality, Role, Signal};
use crate::trace::service_graph::is_caller_side;

/// Requests of a component in each part that have to be recorded.
const ENOUGH: usize = 5;
/// Components with recorded requests from which on traces are taken to cover the system.
const COVERED: usize = 5;

#[derive(Default)]
struct Requests {
    took: [Vec<f64>; 2],
    failed: [usize; 2],
    /// Microseconds in the faulty part: its own, with the way to it, and those of the whole traces.
    here: f64,
    whole: f64,
}

/// What is left of a metric that says slow, where the traces hold no time that was lost there.
const SLOWNESS: f64 = 0.3;
/// Part of the time that the slowest component lost from which on another may be slow by itself.
const PART: f64 = 0.2;

/// Share of their traces' time from which on calls of a component can be what makes requests slow.
const NOTABLE: f64 = 0.05;

pub(super) fn weigh(case: &Case<'_>, view: &View<'_>, account: &Account, signals: &mut [Signal]) {
    let f = &view.forest;
    let mut requests: BTreeMap<u32, Requests> = BTreeMap::new();
    let mut peers: BTreeSet<String> = BTreeSet::new();
    let mut root = vec![0u32; f.spans.len()];
    for &i in &f.order {
        root[i as usize] = view.parent(i).map_or(i, |p| root[p as usize]);
        let Some(part) = view.part[i as usize] else { continue };
        if view.is_entry(i) {
            let r = requests.entry(view.owner_of(i)).or_default();
            r.took[part as usize].push(f.duration[i as usize] as f64);
            r.failed[part as usize] += usize::from(f.span(i).error);
            if part == Part::Fault {
                let seen_by_caller = view.parent(i).filter(|p| is_caller_side(f, *p, i)).unwrap_or(i);
                r.here += f.duration[seen_by_caller as usize] as f64;
                r.whole += f.duration[root[i as usize] as usize] as f64;
            }
        } else {
            peers.extend(silent_peer(case, view, i));
        }
    }
    let covered = requests.values().filter(|r| r.took.iter().all(|t| t.len() >= ENOUGH)).count() >= COVERED;
    let recorded: BTreeSet<&str> = view.owners.iter().map(String::as_str).collect();
    let calm: BTreeSet<&str> = requests
        .iter()
        .filter(|(_, r)| {
            let [base, fault] = &r.took;
            let slower = stats::shift(base, fault, 0.2, 2000.0).is_none_or(|s| s.z > 1.5);
            let share =
                |part: Part| r.failed[part as usize] as f64 / r.took[part as usize].len().max(1) as f64;
            let unnoticed = r.here < NOTABLE * r.whole;
            let known = base.len() >= ENOUGH || unnoticed;
            let slower = slower && !unnoticed;
            known && fault.len() >= ENOUGH && !slower && share(Part::Fault) <= share(Part::Base) + 0.02
        })
        .map(|(o, _)| view.name(*o))
        .collect();
    for s in signals.iter_mut().filter(|s| s.modality == Modality::Metrics) {
        let unseen = covered
            && s.component.starts_with("service/")
            && !recorded.contains(s.component.as_str())
            && !peers.contains(&s.component);
        let calm = calm.contains(s.component.as_str());
        s.weight *= match s.role {
            _ if unseen => 0.25,
            Role::Symptom if s.cause == "code.slow_path" && !calm => account
                .part(&s.component)
                .map_or(1.0, |part| SLOWNESS + (1.0 - SLOWNESS) * (part / PART).min(1.0)),
            Role::Symptom if calm => 0.2,
            Role::Mechanism if calm && s.cause.starts_with("saturation.") => 0.75,
            _ => 1.0,
        };
    }
}
