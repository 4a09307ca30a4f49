//! Where one cannot look: a component that lacks a kind of series that most others have, and is ill or does not even show
//! whether it is. What is not measured there cannot be ruled out, and may be the cause of what is measured elsewhere. An answer that rests on metrics
//! alone is then not one to act on; logs, traces and changes would speak for themselves.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::Case;
use crate::fusion::{Harm, Rival};
use crate::series::kinds::Kind;
use crate::signal::{Modality, Signal};

/// Components of which a usual kind is one: fewer have nothing in common.
const LEAST: usize = 5;
/// Share of the components from which a kind is usual.
const USUAL: f64 = 0.6;
/// Harm from which a component is ill.
const ILL: f64 = 0.3;

/// Kinds by which a cause is told from its consequence.
fn tells(kind: Kind) -> bool {
    matches!(kind, Kind::Cpu | Kind::Memory | Kind::DiskIo | Kind::DiskUsed | Kind::Network | Kind::Latency)
}

/// The component that could be the cause as well and cannot be looked at; none where all can.
pub(crate) fn spot(case: &Case<'_>, signals: &[Signal], harm: &Harm, leader: &Rival) -> Option<String> {
    let metrics_only = leader.signals.iter().all(|i| signals[*i].modality == Modality::Metrics);
    if !metrics_only || leader.change.is_some() {
        return None;
    }
    let mut measured: BTreeMap<&str, BTreeSet<Kind>> = BTreeMap::new();
    for f in case.features.iter().filter(|f| f.peer.is_none()) {
        measured.entry(&f.component).or_default().extend(tells(f.kind).then_some(f.kind));
    }
    if measured.len() < LEAST {
        return None;
    }
    let mut count: BTreeMap<Kind, usize> = BTreeMap::new();
    for kind in measured.values().flatten() {
        *count.entry(*kind).or_default() += 1;
    }
    let usual = |n: usize| n as f64 >= USUAL * measured.len() as f64;
    let usual: BTreeSet<Kind> = count.into_iter().filter(|(_, n)| usual(*n)).map(|(k, _)| k).collect();
    measured
        .into_iter()
        .filter(|(component, _)| *component != leader.component)
        .filter(|(component, kinds)| {
            let unseen = usual.contains(&Kind::Latency) && !kinds.contains(&Kind::Latency);
            unseen || harm.of(component) > ILL
        })
        .find(|(_, kinds)| !usual.is_subset(kinds))
        .map(|(component, _)| component.to_owned())
}
