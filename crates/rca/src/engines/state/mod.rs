//! State of the cluster and its hosts: what is asked is compared with what is there.
//!
//! Objects, events and what recorded commands printed become one typed view ([`model`], [`read`]); what is not well now
//! is told apart from what has passed ([`view`]); analysers ([`analysers`]) explain it.
//!
//! - Looks for: every cause of the `kubernetes.` group, the `database.` ones as a database's views show them, full
//!   disks, and dead units.
//! - Assumes: one moment. Events may reach back; a warning counts only if what it is about is still not well.
//! - Dominance: dead node services over quotas over scheduling over images over configuration and start over probes over
//!   routing over words of the application. It is kept by weights, and what a dead node brings about is not blamed.
//! - Cost: linear in the text; workloads times services and volumes for the comparisons.
//! - Golden cases: `tests/cluster`.

mod addresses;
mod analysers;
mod finding;
pub(crate) mod model;
mod read;
mod view;

use std::collections::BTreeSet;

use crate::case::Case;
use crate::signal::{Modality, Role, Signal};

pub(crate) use model::Cluster;
pub(crate) use read::read;

use finding::Finding;
use view::View;

/// Weight from which a finding explains what is not well at its component.
const EXPLAINS: f64 = 0.55;
/// Share of its weight that a finding keeps whose place is ill for another's sake.
const DOMINATED: f64 = 0.55;

pub(super) fn run(case: &Case<'_>) -> Vec<Signal> {
    let shown = !(case.t.objects.is_empty() && case.t.commands.is_empty() && case.t.events.is_empty());
    if !shown || case.cluster.is_blank() {
        return Vec::new();
    }
    let view = View::new(case);
    let mut findings: Vec<Finding> = analysers::ALL.iter().flat_map(|(_, a)| a(&view)).collect();
    dominate(&view, &mut findings);
    let explained: BTreeSet<String> =
        findings.iter().filter(|f| f.weight >= EXPLAINS).map(|f| f.component.clone()).collect();
    findings.extend(analysers::residual(&view, &explained));
    findings.into_iter().flat_map(signals).collect()
}

/// Whether the state shows that all is well: pods of several workloads, all of them serving, and nothing else that
/// is wrong. `None` where too little is shown to say so.
pub(crate) fn well(case: &Case<'_>, signals: &[Signal]) -> Option<bool> {
    let c = &case.cluster;
    let view = View::new(case);
    if !view.troubles.is_empty() || signals.iter().any(|s| s.modality == Modality::State && s.weight > 0.5) {
        return Some(false);
    }
    let workloads: BTreeSet<String> = c.pods.iter().map(|p| c.workload_of(&p.meta)).collect();
    let more = [c.nodes.is_empty(), c.services.is_empty(), c.events.is_empty(), c.workloads.is_empty()];
    let whole = workloads.len() >= 2 && more.iter().filter(|missing| !**missing).count() >= 2;
    whole.then_some(true)
}

/// What a dead node, an exhausted quota or a lacking scheduler brings about is not a cause of its own.
fn dominate(view: &View<'_>, findings: &mut [Finding]) {
    let dead: BTreeSet<String> = findings
        .iter()
        .filter(|f| f.weight > 0.8 && f.component.starts_with("node/") && f.cause.ends_with("_unavailable"))
        .filter(|f| !f.cause.contains("proxy"))
        .map(|f| f.component.clone())
        .collect();
    let scheduler =
        findings.iter().any(|f| f.cause == "kubernetes.kube_scheduler_unavailable" && f.weight > 0.8);
    if dead.is_empty() && !scheduler {
        return;
    }
    // Workloads all of whose ill pods are on dead nodes, or wait for one.
    let excused: BTreeSet<String> = view
        .troubles
        .iter()
        .filter(|t| match t.pod.and_then(|p| p.spec.node.as_deref()) {
            Some(n) => dead.contains(&view.node(n)),
            None => true,
        })
        .map(|t| view.service(&t.workload))
        .collect();
    for f in findings {
        let of_node = f.component.starts_with("node/") || f.cause == "kubernetes.kube_scheduler_unavailable";
        if !of_node && excused.contains(&f.component) {
            f.weight *= DOMINATED;
        }
    }
}

/// A finding as signals: its best evidence and what backs it.
fn signals(f: Finding) -> Vec<Signal> {
    let Finding { component, cause, weight, indicator, cites } = f;
    cites
        .into_iter()
        .enumerate()
        .filter(|(i, c)| *i == 0 || !c.1.is_empty())
        .map(|(i, (cite, reading))| Signal {
            component: component.clone(),
            cause,
            modality: Modality::State,
            role: Role::Mechanism,
            weight: (weight - 0.05 * i as f64).clamp(0.0, 0.93),
            onset: None,
            indicator: Some(indicator.clone()).filter(|t| !t.is_empty()),
            change: None,
            cite,
            reading,
        })
        .collect()
}
