//! Where a change stands in the graph of calls, seen from the harm.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::Case;
use crate::signal::{Role, Signal};

/// Harm from which a component counts as failing.
const FAILING: f64 = 0.2;

/// The strongest harm at each component.
pub(super) fn harm(seen: &[Signal]) -> BTreeMap<&str, f64> {
    let mut out: BTreeMap<&str, f64> = BTreeMap::new();
    for s in seen.iter().filter(|s| s.role != Role::Against) {
        let w = out.entry(&s.component).or_default();
        *w = w.max(s.weight);
    }
    out
}

/// How a change's component stands to the harm.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// Harm at the component itself, 0 to 1.
    pub here: f64,
    /// Harm at what it calls, directly or not.
    pub below: f64,
    /// Harm at what calls it.
    pub above: f64,
    /// Whether no call of it is known.
    pub unknown: bool,
}

impl Place {
    pub(super) fn find(case: &Case<'_>, component: &str, harm: &BTreeMap<&str, f64>) -> Self {
        let at = |c: &str| harm.get(c).copied().unwrap_or(0.0);
        let most = |them: &BTreeMap<String, usize>| them.keys().map(|c| at(c)).fold(0.0, f64::max);
        let residents: Vec<&str> = case.placement.residents(component).collect();
        // What a machine does to its residents it does to most of them.
        let theirs = residents.iter().map(|r| at(r)).sum::<f64>() / residents.len().max(1) as f64;
        let callers = residents.iter().map(|r| most(&case.graph.upstream(r))).fold(0.0, f64::max);
        Self {
            here: at(component).max(theirs),
            below: most(&case.graph.downstream(component)),
            above: most(&case.graph.upstream(component)).max(callers),
            unknown: !case.graph.has(component) && residents.is_empty(),
        }
    }

    /// Share of what runs on a machine that fails, less the share of what runs elsewhere and fails by itself; none where
    /// nothing is known to run on it.
    pub(super) fn of_residents(case: &Case<'_>, machine: &str, harm: &BTreeMap<&str, f64>) -> Option<f64> {
        let ill = |c: &str| harm.get(c).is_some_and(|h| *h > FAILING);
        let residents: BTreeSet<&str> = case.placement.residents(machine).collect();
        if residents.is_empty() {
            return None;
        }
        let caught = |c: &str| case.graph.downstream(c).keys().any(|d| residents.contains(d.as_str()));
        let others: Vec<&String> = case
            .instrumented
            .iter()
            .filter(|c| !residents.contains(c.as_str()) && case.placement.residents(c).next().is_none())
            .collect();
        let elsewhere = others.iter().filter(|c| ill(c) && !caught(c)).count();
        let here = residents.iter().filter(|r| ill(r)).count() as f64 / residents.len() as f64;
        Some(here - elsewhere as f64 / others.len().max(1) as f64)
    }

    /// Whether there is a way along calls between the component and the harm.
    pub(super) fn on_a_path(&self) -> bool {
        self.here > FAILING || self.above > FAILING || self.below > FAILING
    }

    /// How well the place fits harm that shows here (or, if `below`, at what is called), 0 to 1.
    pub(super) fn fit(&self, below: bool) -> f64 {
        let felt = |h: f64| (h / 0.45).min(1.0);
        let callee = if below { 1.0 } else { 0.35 };
        // What a component calls suffers from it only by the load that it makes.
        let best = felt(self.here).max(0.9 * felt(self.above)).max(callee * felt(self.below));
        if self.unknown { best.max(0.25) } else { best }
    }
}

/// How much an effect that shows at `there` speaks for a change at `here`: harm travels up calls, load down.
pub(super) fn relation(case: &Case<'_>, here: &str, there: &str, below: bool) -> f64 {
    if there.is_empty() {
        return 0.85;
    }
    if here == there {
        return 1.0;
    }
    if case.graph.upstream(here).contains_key(there) {
        return 0.75;
    }
    // A machine does to its residents what was done to it.
    if case.placement.is_on(there, here) {
        return 0.9;
    }
    if case.graph.downstream(here).contains_key(there) {
        return if below { 1.0 } else { 0.35 };
    }
    if case.graph.has(here) && case.graph.has(there) { 0.15 } else { 0.35 }
}
