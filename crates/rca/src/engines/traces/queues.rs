//! Queues: waiting that grows while the work does not. Before a called side begins (its workers are busy), and inside a
//! component before it makes its next call (a pool hands out too few connections). A queue is told from a slow way and
//! from slow work by three things: only the time before the work has grown, not the time after it and not the work
//! itself; it is longer the more calls are there at the time; and it was not so before. (Little's law says that the
//! calls in a queue are the arrivals times the wait; here the wait is held against the calls that are there.)
//!
//! Cost: a sort of the calls of each component.

use std::collections::BTreeMap;

use super::view::{Part, View};
use super::{At, signal};
use crate::case::Case;
use crate::engines::metrics::number;
use crate::series::stats::{self, Shift};
use crate::signal::{Role, Signal};
use crate::trace::forest::Forest;
use crate::trace::patterns::is_query;
use crate::trace::service_graph::is_caller_side;

/// Calls in the faulty and in the normal part that have to be seen.
const ENOUGH: (usize, usize) = (20, 8);
/// Least growth of the wait that is looked at, microseconds.
const LEAST_US: f64 = 5_000.0;
/// Share of the wait's growth that the work, or the time after it, may have grown.
const BESIDE: f64 = 0.3;

/// One wait: when it began and when what was waited for was done, how long it was, the work, and what came after.
struct Wait {
    from: i64,
    to: i64,
    wait: f64,
    work: f64,
    after: f64,
}

#[derive(Default)]
struct Place {
    waits: [Vec<Wait>; 2],
    longest: f64,
    example: u32,
}

/// A queue at a component.
pub(super) struct Queue {
    pub owner: u32,
    shift: Shift,
    /// Calls at a time in the calmer and in the busier third, and their waits.
    few: (usize, f64),
    many: (usize, f64),
    example: u32,
    /// What is waited for.
    cause: &'static str,
}

pub(super) fn find(view: &View<'_>) -> Vec<Queue> {
    let f = &view.forest;
    let mut places: BTreeMap<(u32, &'static str), Place> = BTreeMap::new();
    for &i in &f.order {
        // What fails or hangs waits for nothing.
        let Some(part) = view.part[i as usize].filter(|_| !f.span(i).error) else { continue };
        let mut push = |owner: u32, cause: &'static str, wait: Wait| {
            let place = places.entry((owner, cause)).or_default();
            if part == Part::Fault && (wait.wait > place.longest || place.waits[1].is_empty()) {
                place.longest = wait.wait;
                place.example = i;
            }
            place.waits[part as usize].push(wait);
        };
        if let Some(p) =
            view.parent(i).filter(|p| view.is_entry(i) && is_caller_side(f, *p, i) && !f.span(*p).error)
        {
            let (from, to) = (f.start[p as usize], f.end(p));
            push(
                view.owner_of(i),
                "saturation.queue",
                Wait {
                    from,
                    to,
                    wait: (f.start[i as usize] - from).max(0) as f64,
                    work: f.duration[i as usize] as f64,
                    after: (to - f.end(i)).max(0) as f64,
                },
            );
        }
        if let Some(wait) = before_first(view, f, i) {
            let query = f.kids(i).first().is_some_and(|k| is_query(f.span(*k)));
            push(
                view.owner_of(i),
                if query { "saturation.connection_pool" } else { "saturation.threads" },
                wait,
            );
        }
    }
    places.into_iter().filter_map(|((owner, cause), place)| judge_one(owner, cause, &place)).collect()
}

/// What a span that calls others does before its first call.
fn before_first(view: &View<'_>, f: &Forest<'_>, i: u32) -> Option<Wait> {
    let kids = f.kids(i);
    let (first, last) = (*kids.first()?, *kids.last()?);
    // A span that only carries a call waits for the called side, which is looked at above.
    let calls = view.owner_of(first) == view.owner_of(i)
        && (is_query(f.span(first)) || f.kids(first).iter().any(|k| view.is_entry(*k)));
    let (from, to) = (f.start[i as usize], f.end(i));
    calls.then(|| Wait {
        from,
        to: f.end(first),
        wait: (f.start[first as usize] - from).max(0) as f64,
        work: f.duration[first as usize] as f64,
        after: (to - f.end(last)).max(0) as f64,
    })
}

fn judge_one(owner: u32, cause: &'static str, place: &Place) -> Option<Queue> {
    let [base, fault] = &place.waits;
    if fault.len() < ENOUGH.0 || base.len() < ENOUGH.1 {
        return None;
    }
    let of = |waits: &[Wait], what: fn(&Wait) -> f64| waits.iter().map(what).collect::<Vec<f64>>();
    let shift = stats::shift(&of(base, |w| w.wait), &of(fault, |w| w.wait), 0.25, 1000.0)?;
    let upper =
        |waits: &[Wait], what: fn(&Wait) -> f64| stats::quantile(&stats::sorted(&of(waits, what)), 0.75);
    let grown = |what: fn(&Wait) -> f64| upper(fault, what) - upper(base, what);
    let wait = grown(|w| w.wait);
    if shift.z < 3.0
        || wait < LEAST_US
        || grown(|w| w.work) > BESIDE * wait
        || grown(|w| w.after) > BESIDE * wait
    {
        return None;
    }
    // How many were there when each came.
    let mut came: Vec<i64> = fault.iter().map(|w| w.from).collect();
    let mut went: Vec<i64> = fault.iter().map(|w| w.to).collect();
    came.sort_unstable();
    went.sort_unstable();
    let mut seen: Vec<(usize, f64)> = fault
        .iter()
        .map(|w| {
            (
                came.partition_point(|a| *a <= w.from)
                    - went.partition_point(|e| *e <= w.from).min(came.len()),
                w.wait,
            )
        })
        .collect();
    seen.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let third = seen.len() / 3;
    let side = |of: &[(usize, f64)]| stats::median(&of.iter().map(|s| s.1).collect::<Vec<f64>>());
    let few = (seen[third].0, side(&seen[..third]));
    let many = (seen[seen.len() - 1 - third].0, side(&seen[seen.len() - third..]));
    let grows = many.0 > few.0 && many.1 > 1.5 * few.1.max(1.0) + 1000.0;
    grows.then_some(Queue { owner, shift, few, many, example: place.example, cause })
}

pub(super) fn judge(case: &Case<'_>, view: &View<'_>, queues: &[Queue], out: &mut Vec<Signal>) {
    for q in queues {
        let owner = view.name(q.owner);
        let span = view.forest.span(q.example);
        let at = At { source: &span.source, component: &span.component, operation: &span.operation };
        let what = match q.cause {
            "saturation.queue" => format!("calls wait before {owner} begins"),
            "saturation.connection_pool" => format!("{owner} waits before its queries"),
            _ => format!("{owner} waits before its calls"),
        };
        let text = format!(
            "{what}: {} ms, {} before; {} ms when {} or more are there and {} ms when {} or fewer, while the work takes no longer",
            number(q.shift.after / 1e3),
            number(q.shift.before / 1e3),
            number(q.many.1 / 1e3),
            q.many.0,
            number(q.few.1 / 1e3),
            q.few.0
        );
        // Inside a component traces show that it waits, not for what: who names the lock or the pool knows better.
        let least = if q.cause == "saturation.queue" { 0.45 } else { 0.25 };
        let weight = least + 0.35 * q.shift.strength();
        out.push(signal(case, owner, q.cause, Role::Mechanism, weight, None, at, text.clone()));
        out.push(signal(case, owner, "code.slow_path", Role::Symptom, 0.7 * weight, None, at, text));
    }
}
