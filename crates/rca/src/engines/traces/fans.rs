//! How many calls a request makes: repeated queries, and calls that are made again because they failed.

use std::collections::BTreeMap;

use firebell_core::telemetry::SpanKind;

use super::view::{Part, View};
use super::{At, signal};
use crate::case::Case;
use crate::engines::metrics::number;
use crate::series::stats;
use crate::signal::{Role, Signal};
use crate::trace::patterns::{in_turn, is_query, reached, retries};

#[derive(Default)]
struct Fan {
    example: u32,
    /// Queries of each request.
    queries: [Vec<f64>; 2],
    /// The most equal calls, one after another, of each request that calls others, and the time that they took of it.
    repeats: [Vec<f64>; 2],
    share: Vec<f64>,
    /// Repetitions of failed calls, calls that failed, and calls.
    again: [usize; 2],
    fails: [usize; 2],
    calls: [usize; 2],
}

/// Equal calls of one request from which on they are one for each row.
const MANY: f64 = 5.0;
/// Share of a request's time that repeated calls have to take: less slows nobody down.
const NOTABLE: f64 = 0.3;
/// Failed calls in each part that tell whether they are made again.
const ENOUGH: usize = 5;

/// Durations of failed calls in both parts of time, and one of the spans.
type Failures = ([Vec<i64>; 2], u32);

pub(super) fn judge(case: &Case<'_>, view: &View<'_>, out: &mut Vec<Signal>) {
    let f = &view.forest;
    let mut fans: BTreeMap<u32, Fan> = BTreeMap::new();
    let mut failed: BTreeMap<(u32, u32), Failures> = BTreeMap::new();
    for &i in &f.order {
        let Some(part) = view.part[i as usize] else { continue };
        let s = f.span(i);
        let owner = view.owner_of(i);
        if s.error && s.kind != SpanKind::Server {
            let slot = failed.entry((owner, f.operation[i as usize])).or_insert((Default::default(), i));
            slot.0[part as usize].push(f.duration[i as usize]);
        }
        let kids = f.kids(i);
        let queries = kids.iter().filter(|k| is_query(f.span(**k))).count();
        let fan = fans.entry(owner).or_insert_with(|| Fan { example: i, ..Fan::default() });
        if queries > 0 || s.kind == SpanKind::Server {
            fan.queries[part as usize].push(queries as f64);
        }
        let mut most = (0usize, 0i64);
        if kids.len() > 1 {
            let mut by_call: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
            for &k in kids {
                by_call.entry((f.component[k as usize], f.operation[k as usize])).or_default().push(k);
            }
            for calls in by_call.values() {
                let again = retries(f, calls);
                fan.again[part as usize] += again;
                let others =
                    calls.iter().any(|k| view.is_entry(*k) || f.kids(*k).iter().any(|e| view.is_entry(*e)));
                if others && again == 0 && calls.len() > most.0 {
                    most = (in_turn(f, calls), calls.iter().map(|k| f.duration[*k as usize]).sum());
                }
            }
        }
        fan.fails[part as usize] += kids.iter().filter(|k| f.span(**k).error).count();
        // The caller's side of one call makes no others.
        let carries = kids.len() == 1 && view.is_entry(kids[0]) && !view.is_entry(i);
        if !carries && kids.iter().any(|k| view.is_entry(*k) || f.kids(*k).iter().any(|e| view.is_entry(*e)))
        {
            fan.repeats[part as usize].push(most.0.max(1) as f64);
            if part == Part::Fault {
                fan.share.push(most.1 as f64 / f.duration[i as usize].max(1) as f64);
            }
        }
        fan.calls[part as usize] += kids.len();
    }
    for (owner, fan) in &fans {
        let span = f.span(fan.example);
        let owner = view.name(*owner);
        let at = At { source: &span.source, component: &span.component, operation: "*" };
        let [base, fault] = &fan.queries;
        if base.len() >= 5 && fault.len() >= 5 {
            let (before, after) = (stats::mean(base), stats::mean(fault));
            let high = stats::quantile(&stats::sorted(fault), 0.9);
            if after >= 2.0 * before.max(0.5) && high >= 5.0 {
                let text = format!(
                    "one request to {owner} makes {} queries, {} before",
                    number(after),
                    number(before)
                );
                let weight = 0.6 + 0.35 * ((after / before.max(0.5) - 2.0) / 4.0).clamp(0.0, 1.0);
                out.push(signal(case, owner, "code.n_plus_one", Role::Mechanism, weight, None, at, text));
            }
        }
        let [base, fault] = &fan.repeats;
        if base.len() >= 5 && fault.len() >= 5 && stats::mean(&fan.share) >= NOTABLE {
            let (before, after) = (stats::mean(base), stats::mean(fault));
            if after >= 2.0 * before && stats::quantile(&stats::sorted(fault), 0.9) >= MANY {
                let text = format!(
                    "one request to {owner} makes the same call {} times, one after another, {} before: {:.0} % of its time",
                    number(after),
                    number(before),
                    100.0 * stats::mean(&fan.share).min(1.0)
                );
                let weight = 0.5 + 0.35 * ((after / before - 2.0) / 4.0).clamp(0.0, 1.0);
                out.push(signal(case, owner, "code.n_plus_one", Role::Mechanism, weight, None, at, text));
            }
        }
        let rate = |p: usize| (fan.again[p] as f64 + 0.25) / (fan.fails[p] as f64 + 0.5);
        if fan.fails.iter().all(|n| *n >= ENOUGH) && rate(1) > 2.0 * rate(0) + 0.1 {
            // What fails is made again by another rule than before: that is the caller's doing, whoever fails.
            let text = format!(
                "{owner} repeats {} of {} failed calls, {} of {} before",
                fan.again[1], fan.fails[1], fan.again[0], fan.fails[0]
            );
            let weight = 0.35 + 0.3 * (rate(1) - rate(0)).min(1.0);
            out.push(signal(case, owner, "code.retry_storm", Role::Mechanism, weight, None, at, text));
        }
        let usual = (fan.again[0] as f64 + 0.5) / (fan.calls[0] as f64 + 1.0) * fan.calls[1] as f64;
        let z = (fan.again[1] as f64 - usual) / (usual + 1.0).sqrt();
        if z > 3.0 {
            let text = format!(
                "{owner} repeats failed calls: {} repetitions of {} calls, {} of {} before",
                fan.again[1], fan.calls[1], fan.again[0], fan.calls[0]
            );
            let weight = 0.3 * (z / 10.0).clamp(0.2, 1.0);
            out.push(signal(case, owner, "code.retry_storm", Role::Symptom, weight, None, at, text));
        }
    }
    for ((owner, _), (durations, example)) in &mut failed {
        let [base, fault] = durations;
        let usual = reached(base).map(|(limit, _)| limit);
        let Some((limit, there)) = reached(fault).filter(|(limit, _)| Some(*limit) != usual) else {
            continue;
        };
        // Who reaches a time limit waits for somebody: the called side, where that is known.
        let called = f.kids(*example).iter().map(|k| view.owner_of(*k)).find(|o| o != owner);
        let peer = match called {
            Some(o) => Some(view.name(o).to_owned()),
            None => super::edges::silent_peer(case, view, *example),
        };
        let Some(peer) = peer else { continue };
        let span = f.span(*example);
        let at = At { source: &span.source, component: &span.component, operation: &span.operation };
        let text = format!(
            "{there} calls from {} to {peer} fail after {} ms: a time limit is reached",
            view.name(*owner),
            number(limit as f64 / 1e3)
        );
        let weight = 0.3 * (there as f64 / 10.0).clamp(0.2, 1.0);
        out.push(signal(case, &peer, "dependency.slow", Role::Symptom, weight, None, at, text));
    }
}
