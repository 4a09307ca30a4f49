//! How many calls a request makes: repeated queries, and calls that are made again because they failed.

use std::collections::BTreeMap;

use firebell_core::telemetry::SpanKind;

use super::view::View;
use super::{At, signal};
use crate::case::Case;
use crate::engines::metrics::number;
use crate::series::stats;
use crate::signal::{Role, Signal};
use crate::trace::patterns::{is_query, reached, retries};

#[derive(Default)]
struct Fan {
    example: u32,
    /// Queries of each request.
    queries: [Vec<f64>; 2],
    /// Repetitions of failed calls, and calls.
    again: [usize; 2],
    calls: [usize; 2],
}

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
        if kids.len() > 1 {
            let mut by_call: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
            for &k in kids {
                by_call.entry((f.component[k as usize], f.operation[k as usize])).or_default().push(k);
            }
            fan.again[part as usize] += by_call.values().map(|calls| retries(f, calls)).sum::<usize>();
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
