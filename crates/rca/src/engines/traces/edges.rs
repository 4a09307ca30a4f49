//! Calls between components: what is lost between the two sides of a call, and waiting for what records no spans.
//!
//! Network faults live on edges. A delay at one component shows on all its edges and on no others, so the delayed edges
//! are given to as few components as explain them: the one whose edges hold most of the loss and are nearly all
//! delayed comes first, then what is left is looked at again. Where it is the calls that a component makes as well as
//! the calls that it answers, it may be too busy to send and to take: the metrics tell.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::SpanKind;

use super::queues::Queue;
use super::view::{Part, View};
use super::{At, signal};
use crate::case::Case;
use crate::engines::metrics::number;
use crate::graph::peer_of;
use crate::series::stats::{self, Shift};
use crate::signal::{Role, Signal};
use crate::trace::service_graph::is_caller_side;

/// Share of a component's calls that has to be delayed for it to be the one.
const NEARLY_ALL: f64 = 0.6;

#[derive(Default)]
struct Edge {
    base: Vec<f64>,
    fault: Vec<f64>,
    /// A span of the caller's side.
    example: u32,
}

/// An edge whose gap has grown.
struct Delayed {
    caller: u32,
    callee: u32,
    shift: Shift,
    /// Microseconds lost over all calls.
    lost: f64,
    example: u32,
}

pub(super) fn judge(case: &Case<'_>, view: &View<'_>, queues: &[Queue], out: &mut Vec<Signal>) {
    gaps(case, view, queues, out);
    leaves(case, view, out);
}

/// Delayed edges that are laid to one component.
pub(super) struct Way {
    pub owner: u32,
    /// Microseconds lost over all its calls.
    pub lost: f64,
    /// Of these, on calls that it makes.
    pub outward: f64,
    /// How many edges.
    edges: usize,
    /// How much of its calls is delayed, 0 to 1.
    certain: f64,
    strength: f64,
    /// Share of all loss.
    part: f64,
    /// The edge that loses most.
    caller: u32,
    callee: u32,
    before: f64,
    after: f64,
    example: u32,
}

fn gaps(case: &Case<'_>, view: &View<'_>, queues: &[Queue], out: &mut Vec<Signal>) {
    for way in ways(view) {
        // Who keeps calls waiting in front of it has a queue, not a slow way.
        let queue = if queues.iter().any(|q| q.owner == way.owner) { 0.5 } else { 1.0 };
        let weight =
            queue * 0.92 * way.strength * (0.4 + 0.6 * way.part.sqrt()) * (0.35 + 0.65 * way.certain);
        let span = view.forest.span(way.example);
        let text = format!(
            "between {} and {} {} ms are lost, {} before{}",
            view.name(way.caller),
            view.name(way.callee),
            number(way.after / 1e3),
            number(way.before / 1e3),
            if way.edges > 1 {
                format!("; so it is on {} of its connections", way.edges)
            } else {
                String::new()
            }
        );
        let at = At { source: &span.source, component: &span.component, operation: &span.operation };
        let owner = view.name(way.owner);
        out.push(signal(case, owner, "network.delay", Role::Mechanism, weight, None, at, text.clone()));
        out.push(signal(case, owner, "code.slow_path", Role::Symptom, 0.8 * weight, None, at, text));
    }
}

/// Delayed edges, given to as few components as explain them.
pub(super) fn ways(view: &View<'_>) -> Vec<Way> {
    let f = &view.forest;
    let mut edges: BTreeMap<(u32, u32), Edge> = BTreeMap::new();
    for &i in &f.order {
        let (Some(p), Some(part)) = (view.parent(i), view.part[i as usize]) else { continue };
        // Only a span that waits for this one call shows the gap of the edge.
        if !view.is_entry(i) || !is_caller_side(f, p, i) {
            continue;
        }
        let edge = edges.entry((view.owner_of(p), view.owner_of(i))).or_default();
        let gap = (f.duration[p as usize] - f.duration[i as usize]).max(0) as f64;
        match part {
            Part::Base => edge.base.push(gap),
            Part::Fault => {
                if edge.fault.is_empty() {
                    edge.example = p;
                }
                edge.fault.push(gap);
            }
        }
    }
    // What an edge normally loses is known from all edges where it was not seen itself.
    let all_base: Vec<f64> = edges.values().flat_map(|e| e.base.iter().copied()).collect();
    let mut calls: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    let mut delayed: Vec<Delayed> = Vec::new();
    for ((caller, callee), e) in &edges {
        if e.fault.is_empty() {
            continue;
        }
        let base = if e.base.len() >= 2 { &e.base } else { &all_base };
        let shift = stats::shift(base, &e.fault, 0.25, 2000.0);
        let n = e.fault.len() as f64;
        for (side, owner) in [(0, caller), (1, callee)] {
            let slot = calls.entry(*owner).or_default();
            if side == 0 { slot.0 += n } else { slot.1 += n }
        }
        if let Some(shift) = shift.filter(|s| s.z > 3.0) {
            let lost = (stats::mean(&e.fault) - shift.before).max(0.0) * n;
            delayed.push(Delayed { caller: *caller, callee: *callee, shift, lost, example: e.example });
        }
    }
    let everything: f64 = delayed.iter().map(|d| d.lost).sum::<f64>().max(1.0);
    let mut given: BTreeSet<usize> = BTreeSet::new();
    let mut out = Vec::new();
    for _ in 0..6 {
        let mut best: Option<(f64, u32, Vec<usize>)> = None;
        let owners: BTreeSet<u32> = delayed.iter().flat_map(|d| [d.caller, d.callee]).collect();
        for owner in owners {
            let mine: Vec<usize> = (0..delayed.len())
                .filter(|i| delayed[*i].caller == owner || delayed[*i].callee == owner)
                .collect();
            let open: Vec<usize> = mine.iter().copied().filter(|i| !given.contains(i)).collect();
            let lost: f64 = open.iter().map(|i| delayed[*i].lost).sum();
            let side = |caller: bool| -> f64 {
                mine.iter()
                    .map(|i| &delayed[*i])
                    .filter(|d| if caller { d.caller == owner } else { d.callee == owner })
                    .map(|d| edges[&(d.caller, d.callee)].fault.len() as f64)
                    .sum()
            };
            let (out_calls, in_calls) = calls.get(&owner).copied().unwrap_or_default();
            // One side alone may be delayed: what leaves, or what arrives.
            let share = (side(false) / in_calls.max(1.0))
                .max(if out_calls > 0.0 && sides(&edges, owner) > 1 { side(true) / out_calls } else { 0.0 });
            let score = lost * if share >= NEARLY_ALL { share } else { 0.2 * share };
            if lost > 0.0 && best.as_ref().is_none_or(|b| score > b.0) {
                best = Some((score, owner, open));
            }
        }
        let Some((score, owner, open)) = best else { break };
        let lost: f64 = open.iter().map(|i| delayed[*i].lost).sum();
        given.extend(&open);
        let Some(most) = open.iter().map(|i| &delayed[*i]).max_by(|a, b| a.lost.total_cmp(&b.lost)) else {
            break;
        };
        out.push(Way {
            owner,
            lost,
            outward: open.iter().map(|i| &delayed[*i]).filter(|d| d.caller == owner).map(|d| d.lost).sum(),
            edges: open.len(),
            certain: score / lost,
            strength: open.iter().map(|i| delayed[*i].shift.strength()).fold(0.0, f64::max),
            part: lost / everything,
            caller: most.caller,
            callee: most.callee,
            before: most.shift.before,
            after: most.shift.after,
            example: most.example,
        });
    }
    out
}

/// How many components an owner calls.
fn sides(edges: &BTreeMap<(u32, u32), Edge>, owner: u32) -> usize {
    edges.iter().filter(|((caller, _), e)| *caller == owner && !e.fault.is_empty()).count()
}

#[derive(Default)]
struct Leaf {
    example: u32,
    base: Vec<f64>,
    fault: Vec<f64>,
    base_errors: usize,
    fault_errors: usize,
}

/// Waiting for a peer that records nothing is the peer's time, not the caller's.
pub(super) fn silent_peer(case: &Case<'_>, view: &View<'_>, span: u32) -> Option<String> {
    let f = &view.forest;
    let s = f.span(span);
    if s.kind != SpanKind::Client || f.kids(span).iter().any(|k| view.is_entry(*k)) {
        return None;
    }
    let peer = case.names.resolve(peer_of(&s.attributes)?);
    (peer != view.name(view.owner_of(span))).then_some(peer)
}

fn leaves(case: &Case<'_>, view: &View<'_>, out: &mut Vec<Signal>) {
    let f = &view.forest;
    let mut by: BTreeMap<String, Leaf> = BTreeMap::new();
    for &i in &f.order {
        let Some(part) = view.part[i as usize] else { continue };
        let Some(peer) = silent_peer(case, view, i) else { continue };
        let leaf = by.entry(peer).or_insert_with(|| Leaf { example: i, ..Leaf::default() });
        let took = f.duration[i as usize] as f64;
        let failed = usize::from(f.span(i).error);
        match part {
            Part::Base => {
                leaf.base.push(took);
                leaf.base_errors += failed;
            }
            Part::Fault => {
                leaf.fault.push(took);
                leaf.fault_errors += failed;
            }
        }
    }
    for (peer, p) in &by {
        let span = f.span(p.example);
        let at = At { source: &span.source, component: &span.component, operation: "*" };
        let role = if case.instrumented.contains(peer) { Role::Symptom } else { Role::Mechanism };
        let scale = if role == Role::Symptom { 0.4 } else { 0.85 };
        if let Some(s) = stats::shift(&p.base, &p.fault, 0.2, 1000.0)
            && s.z > 2.5
        {
            let text = format!(
                "waiting for {peer} went from {} to {} ms in spans of {}",
                number(s.before / 1e3),
                number(s.after / 1e3),
                span.component
            );
            out.push(signal(case, peer, "dependency.slow", role, scale * s.strength(), None, at, text));
        }
        let before = p.base_errors as f64 / (p.base.len() as f64).max(1.0);
        let after = p.fault_errors as f64 / (p.fault.len() as f64).max(1.0);
        if p.fault_errors >= 3 && after > before + 0.05 {
            let cause = if after > 0.6 { "dependency.unavailable" } else { "dependency.errors" };
            let text = format!(
                "{:.0} % of the calls to {peer} fail ({:.0} % before)",
                after * 100.0,
                before * 100.0
            );
            out.push(signal(case, peer, cause, role, scale * (0.4 + 0.5 * after), None, at, text));
        }
    }
}
