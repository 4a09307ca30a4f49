//! Traces: own time against waiting, where errors begin, repeated queries, gaps between the two sides of a call.

use std::collections::BTreeMap;

use firebell_core::telemetry::{Span, SpanKind};

use crate::case::Case;
use crate::engines::metrics::number;
use crate::evidence::Cite;
use crate::graph::peer_of;
use crate::series::stats;
use crate::signal::{Modality, Role, Signal};

/// What is gathered for one place in one part of time.
#[derive(Default)]
struct Side {
    own: Vec<f64>,
    errors: usize,
    origins: usize,
    count: usize,
}

#[derive(Default)]
struct Place {
    source: String,
    base: Side,
    fault: Side,
    first_origin: Option<i64>,
}

#[derive(Default)]
struct Pair {
    source: String,
    caller: String,
    operation: String,
    base: Vec<f64>,
    fault: Vec<f64>,
    base_errors: usize,
    fault_errors: usize,
}

pub(super) fn run(case: &Case<'_>, _: &[Signal]) -> Vec<Signal> {
    let spans = &case.t.spans;
    if spans.is_empty() {
        return Vec::new();
    }
    let by_id: BTreeMap<(&str, &str), usize> =
        spans.iter().enumerate().map(|(i, s)| ((s.trace_id.as_str(), s.span_id.as_str()), i)).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); spans.len()];
    for (i, s) in spans.iter().enumerate() {
        if let Some(p) = s.parent_id.as_deref().and_then(|p| by_id.get(&(s.trace_id.as_str(), p)))
            && *p != i
        {
            children[*p].push(i);
        }
    }
    let owners: Vec<String> = {
        let mut cache: BTreeMap<&str, String> = BTreeMap::new();
        spans
            .iter()
            .map(|s| cache.entry(&s.component).or_insert_with(|| case.names.resolve(&s.component)).clone())
            .collect()
    };
    let mut places: BTreeMap<(String, String), Place> = BTreeMap::new();
    let mut gaps: BTreeMap<String, Pair> = BTreeMap::new();
    let mut leaves: BTreeMap<String, Pair> = BTreeMap::new();
    let mut fans: BTreeMap<String, Pair> = BTreeMap::new();
    for (i, s) in spans.iter().enumerate() {
        let at = s.start_us / 1000;
        let fault = case.frame.is_fault(at);
        if !fault && !case.frame.is_base(at) {
            continue;
        }
        let kids = &children[i];
        let own = own_time(s, kids.iter().map(|k| &spans[*k]));
        let peer = (s.kind == SpanKind::Client)
            .then(|| peer_of(&s.attributes))
            .flatten()
            .map(|p| case.names.resolve(p));
        let remote_child = kids.iter().find(|k| owners[**k] != owners[i]);
        let origin = s.error && !kids.iter().any(|k| spans[*k].error);
        // Waiting for a peer that records nothing is the peer's time, not the caller's.
        let waits = peer.as_ref().filter(|p| remote_child.is_none() && **p != owners[i]);
        let place = places.entry((owners[i].clone(), s.operation.clone())).or_default();
        if place.source.is_empty() {
            place.source.clone_from(&s.source);
        }
        let side = if fault { &mut place.fault } else { &mut place.base };
        side.count += 1;
        side.errors += usize::from(s.error);
        side.origins += usize::from(origin && waits.is_none());
        side.own.push(if waits.is_some() { 0.0 } else { own });
        if fault && origin {
            place.first_origin = Some(place.first_origin.map_or(at, |f: i64| f.min(at)));
        }
        if let Some(peer) = waits {
            note(
                leaves.entry(peer.clone()).or_default(),
                s,
                &owners[i],
                fault,
                s.duration_us as f64,
                s.error,
            );
        }
        if let Some(k) = remote_child {
            let child = &spans[*k];
            // Only a span that waits for this one call shows the gap of the edge.
            if kids.len() == 1 {
                let gap = (s.duration_us - child.duration_us).max(0) as f64;
                note(gaps.entry(owners[*k].clone()).or_default(), s, &owners[i], fault, gap, false);
            }
        }
        let queries = kids.iter().filter(|k| is_query(&spans[**k])).count();
        if queries > 0 || s.kind == SpanKind::Server {
            note(fans.entry(owners[i].clone()).or_default(), s, &owners[i], fault, queries as f64, false);
        }
    }
    let mut out = Vec::new();
    judge_places(case, places, &mut out);
    judge_leaves(case, leaves, &mut out);
    judge_gaps(case, gaps, &mut out);
    judge_fans(case, fans, &mut out);
    out
}

fn note(pair: &mut Pair, s: &Span, caller: &str, fault: bool, value: f64, error: bool) {
    if pair.source.is_empty() {
        s.source.clone_into(&mut pair.source);
        s.component.clone_into(&mut pair.caller);
        s.operation.clone_into(&mut pair.operation);
        let _ = caller;
    }
    if fault {
        pair.fault.push(value);
        pair.fault_errors += usize::from(error);
    } else {
        pair.base.push(value);
        pair.base_errors += usize::from(error);
    }
}

/// Duration without the time that children cover.
fn own_time<'a>(s: &Span, kids: impl Iterator<Item = &'a Span>) -> f64 {
    let (start, end) = (s.start_us, s.start_us + s.duration_us);
    let mut parts: Vec<(i64, i64)> = kids
        .map(|k| (k.start_us.clamp(start, end), (k.start_us + k.duration_us).clamp(start, end)))
        .collect();
    parts.sort_unstable();
    let (mut covered, mut reached) = (0, start);
    for (a, b) in parts {
        covered += (b - a.max(reached)).max(0);
        reached = reached.max(b);
    }
    (s.duration_us - covered).max(0) as f64
}

fn is_query(s: &Span) -> bool {
    s.attributes.keys().any(|k| k.starts_with("db."))
        || s.operation.split_whitespace().next().is_some_and(|w| {
            matches!(w.to_ascii_uppercase().as_str(), "SELECT" | "INSERT" | "UPDATE" | "DELETE")
        })
}

#[expect(clippy::too_many_arguments, reason = "the parts of a signal that differ here")]
fn signal(
    case: &Case<'_>,
    component: &str,
    cause: &'static str,
    role: Role,
    weight: f64,
    onset: Option<i64>,
    at: (&str, &str, &str),
    reading: String,
) -> Signal {
    let (from, to) = case.frame.shown();
    Signal {
        component: component.to_owned(),
        cause,
        modality: Modality::Traces,
        role,
        weight: weight.clamp(0.0, 1.0),
        onset,
        indicator: None,
        change: None,
        cite: Cite::new(at.0, format!("spans {} ~ {}", at.1, at.2)).within(from, to),
        reading,
    }
}

fn judge_places(case: &Case<'_>, places: BTreeMap<(String, String), Place>, out: &mut Vec<Signal>) {
    // Excess own time over all requests, so that a rare slow operation does not outweigh a common one.
    let excess = |p: &Place| -> f64 {
        if p.base.own.len() < 2 || p.fault.own.is_empty() {
            return 0.0;
        }
        let f = stats::sorted(&p.fault.own);
        let b = stats::sorted(&p.base.own);
        let gain = |q: f64| stats::quantile(&f, q) - stats::quantile(&b, q);
        (0.5 * gain(0.5) + 0.5 * gain(0.8)).max(0.0) * p.fault.count as f64
    };
    let total: f64 = places.values().map(excess).sum::<f64>().max(1.0);
    let origins: f64 = places.values().map(grown_origins).sum::<f64>().max(1.0);
    for ((owner, operation), p) in &places {
        let raw = case.t.spans.iter().find(|s| {
            s.source == p.source && case.names.resolve(&s.component) == *owner && s.operation == *operation
        });
        let Some(raw) = raw else { continue };
        let at = (p.source.as_str(), raw.component.as_str(), operation.as_str());
        if let Some(s) = stats::shift(&p.base.own, &p.fault.own, 0.2, 500.0)
            && s.z > 2.5
        {
            let part = excess(p) / total;
            let text = format!(
                "own time of {owner} in {operation} went from {} to {} ms",
                number(s.before / 1e3),
                number(s.after / 1e3)
            );
            out.push(signal(
                case,
                owner,
                "code.slow_path",
                Role::Symptom,
                s.strength() * (0.25 + 0.75 * part.sqrt()),
                None,
                at,
                text,
            ));
        }
        let grown = grown_origins(p);
        if grown >= 1.0 && p.fault.errors > 0 {
            let part = grown / origins;
            let text = format!(
                "{} of {} requests to {operation} begin to fail in {owner} ({} of {} before)",
                p.fault.origins, p.fault.count, p.base.origins, p.base.count
            );
            let unseen = if p.base.count < p.fault.count { 0.7 } else { 0.0 };
            let usual =
                (p.base.origins as f64 + unseen) / (p.base.count as f64).max(1.0) * p.fault.count as f64;
            let grown = (p.fault.origins as f64 - usual).max(0.0);
            let sure = (grown / (usual + 1.0).sqrt() / 4.0 - 0.2).clamp(0.0, 1.0);
            out.push(signal(
                case,
                owner,
                "code.exception",
                Role::Symptom,
                (0.3 + 0.6 * part) * sure,
                p.first_origin,
                at,
                text,
            ));
        }
    }
}

/// Failures that began here beyond what was usual.
fn grown_origins(p: &Place) -> f64 {
    let usual = p.base.origins as f64 / (p.base.count as f64).max(1.0);
    (p.fault.origins as f64 - usual * p.fault.count as f64).max(0.0)
}

fn judge_leaves(case: &Case<'_>, leaves: BTreeMap<String, Pair>, out: &mut Vec<Signal>) {
    for (peer, p) in &leaves {
        let at = (p.source.as_str(), p.caller.as_str(), "*");
        let role = if case.instrumented.contains(peer) { Role::Symptom } else { Role::Mechanism };
        let scale = if role == Role::Symptom { 0.4 } else { 0.85 };
        if let Some(s) = stats::shift(&p.base, &p.fault, 0.2, 1000.0)
            && s.z > 2.5
        {
            let text = format!(
                "waiting for {peer} went from {} to {} ms in spans of {}",
                number(s.before / 1e3),
                number(s.after / 1e3),
                p.caller
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

fn judge_gaps(case: &Case<'_>, gaps: BTreeMap<String, Pair>, out: &mut Vec<Signal>) {
    for (callee, p) in &gaps {
        if let Some(s) = stats::shift(&p.base, &p.fault, 0.25, 2000.0)
            && s.z > 3.0
        {
            let text = format!(
                "between caller and {callee} {} ms are lost, {} before",
                number(s.after / 1e3),
                number(s.before / 1e3)
            );
            let at = (p.source.as_str(), p.caller.as_str(), "*");
            out.push(signal(
                case,
                callee,
                "network.delay",
                Role::Mechanism,
                0.68 * s.strength(),
                None,
                at,
                text,
            ));
        }
    }
}

fn judge_fans(case: &Case<'_>, fans: BTreeMap<String, Pair>, out: &mut Vec<Signal>) {
    for (owner, p) in &fans {
        if p.base.len() < 5 || p.fault.len() < 5 {
            continue;
        }
        let (before, after) = (stats::mean(&p.base), stats::mean(&p.fault));
        let high = stats::quantile(&stats::sorted(&p.fault), 0.9);
        if after >= 2.0 * before.max(0.5) && high >= 5.0 {
            let text =
                format!("one request to {owner} makes {} queries, {} before", number(after), number(before));
            let at = (p.source.as_str(), p.caller.as_str(), "*");
            let weight = 0.6 + 0.35 * ((after / before.max(0.5) - 2.0) / 4.0).clamp(0.0, 1.0);
            out.push(signal(case, owner, "code.n_plus_one", Role::Mechanism, weight, None, at, text));
        }
    }
}
