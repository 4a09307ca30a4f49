//! Own time of operations against what it was, and failures that begin at them.

use std::collections::BTreeMap;

use super::edges::silent_peer;
use super::view::{Part, View};
use super::{At, signal};
use crate::case::Case;
use crate::engines::metrics::number;
use crate::series::stats;
use crate::signal::{Role, Signal};

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
    example: u32,
    sides: [Side; 2],
    first_origin: Option<i64>,
}

impl Place {
    fn base(&self) -> &Side {
        &self.sides[Part::Base as usize]
    }

    fn fault(&self) -> &Side {
        &self.sides[Part::Fault as usize]
    }

    /// Excess own time over all requests, so that a rare slow operation does not outweigh a common one.
    fn excess(&self) -> f64 {
        if self.base().own.len() < 2 || self.fault().own.is_empty() {
            return 0.0;
        }
        let f = stats::sorted(&self.fault().own);
        let b = stats::sorted(&self.base().own);
        let gain = |q: f64| stats::quantile(&f, q) - stats::quantile(&b, q);
        (0.5 * gain(0.5) + 0.5 * gain(0.8)).max(0.0) * self.fault().count as f64
    }

    /// Failures that began here beyond what was usual.
    fn grown_origins(&self) -> f64 {
        let usual = self.base().origins as f64 / (self.base().count as f64).max(1.0);
        (self.fault().origins as f64 - usual * self.fault().count as f64).max(0.0)
    }
}

pub(super) fn judge(case: &Case<'_>, view: &View<'_>, out: &mut Vec<Signal>) {
    let f = &view.forest;
    let mut places: BTreeMap<(u32, u32), Place> = BTreeMap::new();
    for &i in &f.order {
        let Some(part) = view.part[i as usize] else { continue };
        let s = f.span(i);
        let kids = f.kids(i);
        // What is asked again because it failed fails once: else whoever repeats would make the called side fail more
        // often.
        if s.error && is_repeated(view, i) {
            continue;
        }
        let origin = s.error && !kids.iter().any(|k| f.span(*k).error);
        let waits = silent_peer(case, view, i).is_some();
        // The caller's side of a call holds the way to the called side, which is looked at by itself.
        let carries = !view.is_entry(i) && kids.len() == 1 && kids.iter().any(|k| view.is_entry(*k));
        let place = places
            .entry((view.owner_of(i), f.operation[i as usize]))
            .or_insert_with(|| Place { example: i, ..Place::default() });
        let side = &mut place.sides[part as usize];
        side.count += 1;
        side.errors += usize::from(s.error);
        side.origins += usize::from(origin && !waits);
        side.own.push(if waits || carries { 0.0 } else { view.own[i as usize] as f64 });
        if part == Part::Fault && origin {
            let at = s.start_us / 1000;
            place.first_origin = Some(place.first_origin.map_or(at, |f: i64| f.min(at)));
        }
    }
    let total: f64 = places.values().map(Place::excess).sum::<f64>().max(1.0);
    let origins: f64 = places.values().map(Place::grown_origins).sum::<f64>().max(1.0);
    for ((owner, _), p) in &places {
        let owner = view.name(*owner);
        let span = f.span(p.example);
        let operation = &span.operation;
        let at = At { source: &span.source, component: &span.component, operation };
        if let Some(s) = stats::shift(&p.base().own, &p.fault().own, 0.2, 500.0)
            && s.z > 2.5
        {
            let part = p.excess() / total;
            let text = format!(
                "own time of {owner} in {operation} went from {} to {} ms",
                number(s.before / 1e3),
                number(s.after / 1e3)
            );
            let weight = s.strength() * (0.25 + 0.75 * part.sqrt());
            out.push(signal(case, owner, "code.slow_path", Role::Symptom, weight, None, at, text));
        }
        let grown = p.grown_origins();
        if grown >= 1.0 && p.fault().errors > 0 {
            let part = grown / origins;
            let (b, a) = (p.base(), p.fault());
            let text = format!(
                "{} of {} requests to {operation} begin to fail in {owner} ({} of {} before)",
                a.origins, a.count, b.origins, b.count
            );
            let unseen = if b.count < a.count { 0.7 } else { 0.0 };
            let usual = (b.origins as f64 + unseen) / (b.count as f64).max(1.0) * a.count as f64;
            let grown = (a.origins as f64 - usual).max(0.0);
            let sure = (grown / (usual + 1.0).sqrt() / 4.0 - 0.2).clamp(0.0, 1.0);
            let weight = (0.3 + 0.6 * part) * sure;
            out.push(signal(case, owner, "code.exception", Role::Symptom, weight, p.first_origin, at, text));
        }
    }
}

/// Calls of one parent among which a repetition is looked for, at most.
const SIBLINGS: usize = 64;

/// Whether a call is made again after an equal one of the same parent failed.
fn is_repeated(view: &View<'_>, span: u32) -> bool {
    let f = &view.forest;
    // The caller's side of the call, where it was recorded.
    let call = view.parent(span).filter(|p| f.kids(*p).len() == 1 && view.is_entry(span)).unwrap_or(span);
    let Some(parent) = view.parent(call) else { return false };
    let begun = f.span(call).start_us;
    let same = |k: u32| {
        f.component[k as usize] == f.component[call as usize]
            && f.operation[k as usize] == f.operation[call as usize]
    };
    f.kids(parent).iter().take(SIBLINGS).any(|&k| {
        let s = f.span(k);
        k != call && s.error && same(k) && s.start_us + f.duration[k as usize] <= begun
    })
}
