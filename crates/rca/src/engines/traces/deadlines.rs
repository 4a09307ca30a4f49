//! Deadlines that do not match: a caller gives up while the called side goes on. Whose fault that is, the called side's
//! durations tell: if it takes longer than it did, it is slow, and what it does after nobody waits any more is waste;
//! if it takes as long as ever, its caller no longer waits as long as it did.
//!
//! Assumes: spans of both sides of a call. Of each call it is known whether the caller's side failed and ended before the
//! called side did; that is compared with normal time.

use std::collections::BTreeMap;

use super::view::{Part, View};
use super::{At, signal};
use crate::case::Case;
use crate::engines::metrics::number;
use crate::series::stats;
use crate::signal::{Role, Signal};
use crate::trace::patterns::reached;
use crate::trace::service_graph::is_caller_side;

/// Calls that were given up, from which on they are more than chance.
const LEAST: usize = 3;
/// Calls of normal time that tell how long the called side takes.
const KNOWN: usize = 5;

#[derive(Default)]
struct Side {
    calls: usize,
    /// Called sides that went on after their caller had failed.
    left: usize,
    /// How long the called side took.
    took: Vec<f64>,
}

#[derive(Default)]
struct Edge {
    sides: [Side; 2],
    /// How long callers waited that gave up.
    waited: Vec<i64>,
    /// Longest work for nobody, microseconds.
    over: i64,
    first: Option<i64>,
    example: u32,
}

pub(super) fn judge(case: &Case<'_>, view: &View<'_>, out: &mut Vec<Signal>) {
    let f = &view.forest;
    let mut edges: BTreeMap<(u32, u32, u32), Edge> = BTreeMap::new();
    for &i in &f.order {
        let (Some(p), Some(part)) = (view.parent(i), view.part[i as usize]) else { continue };
        if !view.is_entry(i) || !is_caller_side(f, p, i) {
            continue;
        }
        let key = (view.owner_of(p), view.owner_of(i), f.operation[i as usize]);
        let edge = edges.entry(key).or_default();
        let side = &mut edge.sides[part as usize];
        side.calls += 1;
        side.took.push(f.duration[i as usize] as f64);
        let over = f.end(i) - f.end(p);
        if f.span(p).error && over > (f.duration[p as usize] / 20).max(5_000) {
            side.left += 1;
            if part == Part::Fault {
                edge.waited.push(f.duration[p as usize]);
                let at = f.span(p).start_us / 1000;
                edge.first = Some(edge.first.map_or(at, |b: i64| b.min(at)));
                if over > edge.over {
                    edge.over = over;
                    edge.example = i;
                }
            }
        }
    }
    for ((caller, callee, operation), mut edge) in edges {
        let [base, fault] = &edge.sides;
        let usual = (base.left as f64 + 0.5) / (base.calls as f64 + 1.0) * fault.calls as f64;
        let z = (fault.left as f64 - usual) / (usual + 1.0).sqrt();
        if fault.left < LEAST || z < 2.0 {
            continue;
        }
        let sure = (z / 8.0).clamp(0.2, 1.0);
        let (caller, callee) = (view.name(caller), view.name(callee));
        let limit = reached(&mut edge.waited)
            .map_or(String::new(), |(limit, _)| format!(" after {} ms", number(limit as f64 / 1e3)));
        let span = f.span(edge.example);
        let at = At { source: &span.source, component: &span.component, operation: &span.operation };
        let operation = f.operations[operation as usize];
        let known = base.took.len() >= KNOWN;
        let slower = stats::shift(&base.took, &fault.took, 0.25, 2000.0).filter(|s| s.z > 2.5);
        match slower {
            None if known => {
                let text = format!(
                    "{caller} gives up {} of {} calls of {operation}{limit}, {} of {} before, though {callee} takes as long \
                     as it did ({} ms)",
                    fault.left,
                    fault.calls,
                    base.left,
                    base.calls,
                    number(stats::median(&fault.took) / 1e3)
                );
                let weight = 0.35 + 0.35 * sure;
                let mut push = |component: &str, cause, role, weight| {
                    out.push(signal(case, component, cause, role, weight, edge.first, at, text.clone()));
                };
                push(caller, "change.config", Role::Mechanism, weight);
                push(caller, "code.exception", Role::Symptom, 0.5 * weight);
                for cause in
                    ["dependency.slow", "dependency.errors", "dependency.unavailable", "code.slow_path"]
                {
                    push(callee, cause, Role::Against, 0.6 * sure);
                }
            }
            _ => {
                let text = format!(
                    "{callee} works on {operation} for up to {} ms after {caller} has given up{limit}: {} of {} calls, {} of \
                     {} before",
                    number(edge.over as f64 / 1e3),
                    fault.left,
                    fault.calls,
                    base.left,
                    base.calls
                );
                let weight = 0.25 + 0.35 * sure;
                out.push(signal(
                    case,
                    callee,
                    "dependency.slow",
                    Role::Symptom,
                    weight,
                    edge.first,
                    at,
                    text,
                ));
            }
        }
    }
}
