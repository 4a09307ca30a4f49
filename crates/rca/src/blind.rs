//! Where one cannot look: a resource is short at one component, and at another it is not measured though it is at most.
//! What is not measured there cannot be ruled out, and may be the cause of what is measured here. An answer that rests on
//! metrics alone is then not one to act on; logs, traces and changes would speak for themselves.

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

/// What is measured of the resource.
fn kind_of(cause: &str) -> Option<Kind> {
    Some(match cause {
        "saturation.cpu" => Kind::Cpu,
        "saturation.memory" | "code.memory_leak" => Kind::Memory,
        "saturation.disk" => Kind::DiskUsed,
        "saturation.disk_io" => Kind::DiskIo,
        "saturation.network_io" => Kind::Network,
        _ => return None,
    })
}

/// The component that could be the cause as well and cannot be looked at; none where all can.
pub(crate) fn spot(case: &Case<'_>, signals: &[Signal], harm: &Harm, leader: &Rival) -> Option<String> {
    let kind = kind_of(&leader.cause)?;
    if leader.change.is_some() || leader.signals.iter().any(|i| signals[*i].modality != Modality::Metrics) {
        return None;
    }
    let mut measured: BTreeMap<&str, BTreeSet<Kind>> = BTreeMap::new();
    for f in case.features.iter().filter(|f| f.peer.is_none()) {
        measured.entry(&f.component).or_default().insert(f.kind);
    }
    let having = measured.values().filter(|kinds| kinds.contains(&kind)).count();
    if measured.len() < LEAST || (having as f64) < USUAL * measured.len() as f64 {
        return None;
    }
    // What nobody ill calls, and is not ill itself, is not behind this.
    let concerned = |component: &str| {
        harm.of(component) > ILL
            || !case.graph.has(component)
            || case.graph.upstream(component).keys().any(|caller| harm.of(caller) > ILL)
    };
    measured
        .into_iter()
        .filter(|(component, kinds)| *component != leader.component && !kinds.contains(&kind))
        .map(|(component, _)| component.to_owned())
        .find(|component| concerned(component))
}
