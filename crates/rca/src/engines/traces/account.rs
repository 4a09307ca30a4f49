//! Whose time it is: by how much the calls that a component answers have become slower, and how much of that is its own
//! work, the way to it, or waiting for those whom it calls. The self time of profilers, on the call graph. Of each sort
//! of call (component and entry operation) the middle and the upper part of the durations are compared with normal
//! time, and what each call gained is summed over all of them. Metrics say that a component is slow; only this says
//! whether it has itself to thank for it. Cost: one pass over the spans and a sort of the durations.

use std::collections::BTreeMap;

use super::edges::{self, silent_peer};
use super::view::View;
use crate::case::Case;
use crate::series::stats;
use crate::trace::forest::NONE;

/// Calls of a component in the faulty part from which on it can be judged.
const ENOUGH: usize = 3;
/// Calls of a sort in the normal part that make a comparison.
const KNOWN: usize = 3;
/// Gains below this share of what the calls took are noise.
const NOTABLE: f64 = 0.15;
/// And so are gains of less than this for each call, microseconds.
const LEAST_US: f64 = 2_000.0;
/// Growth of the share of failed calls from which on the harm is failures.
const FAILING: f64 = 0.1;

/// One component's gained time, microseconds over all calls.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Gained {
    /// In its own work and on ways that are laid to it.
    pub own: f64,
    /// In waiting for others.
    pub waiting: f64,
    /// What the compared calls would have taken.
    usual: f64,
    calls: usize,
    /// Calls that failed in the normal and in the faulty part, and how many there were.
    failed: [(usize, usize); 2],
}

impl Gained {
    /// Whether its calls have become slower beyond noise, and do not fail instead: what fails is repeated, logged and cut
    /// off, and its durations tell nothing of where the harm comes from.
    pub(crate) fn slower(&self) -> bool {
        let all = self.own + self.waiting;
        let [base, fault] = self.failed.map(|(failed, of)| failed as f64 / of.max(1) as f64);
        fault <= base + FAILING && all > NOTABLE * self.usual && all > LEAST_US * self.calls as f64
    }

    /// Share of what its calls gained that is its own, 0 to 1.
    pub(crate) fn share(&self) -> f64 {
        self.own / (self.own + self.waiting).max(1e-9)
    }
}

/// By component.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Account {
    by: BTreeMap<String, Gained>,
    /// Of those who answer too few calls for a comparison: all the time that they took. They gained no more than that.
    at_most: BTreeMap<String, f64>,
    most: f64,
}

impl Account {
    /// What is known of a component; none where it answers too few calls for a comparison.
    pub(crate) fn of(&self, component: &str) -> Option<&Gained> {
        self.by.get(component)
    }

    /// A component's own gains beside those of the one that gained most, 0 to 1, or an upper bound of it; `None` where
    /// nothing became slower or none of its calls were recorded.
    pub(crate) fn part(&self, component: &str) -> Option<f64> {
        let own = self.of(component).map(|g| g.own).or_else(|| self.at_most.get(component).copied())?;
        (self.most > 0.0).then(|| (own / self.most).min(1.0))
    }
}

/// Own time and waiting of one sort of call in one part of time.
#[derive(Default)]
struct Side {
    own: Vec<f64>,
    waiting: Vec<f64>,
    failed: usize,
}

pub(super) fn build(case: &Case<'_>, view: &View<'_>) -> Account {
    let f = &view.forest;
    let mut visit = vec![NONE; f.spans.len()];
    let mut entries: Vec<(u32, f64)> = Vec::new();
    for &i in &f.order {
        let parent = view.parent(i);
        let at = match parent {
            Some(p) if !view.is_entry(i) => visit[p as usize],
            _ => {
                entries.push((i, 0.0));
                entries.len() as u32 - 1
            }
        };
        visit[i as usize] = at;
        let kids = f.kids(i);
        let carries = !view.is_entry(i) && kids.len() == 1 && kids.iter().any(|k| view.is_entry(*k));
        if !carries && silent_peer(case, view, i).is_none() {
            entries[at as usize].1 += view.own[i as usize] as f64;
        }
    }
    let mut sorts: BTreeMap<(u32, u32), [Side; 2]> = BTreeMap::new();
    for (entry, own) in entries {
        let Some(part) = view.part[entry as usize] else { continue };
        let side =
            &mut sorts.entry((view.owner_of(entry), f.operation[entry as usize])).or_default()[part as usize];
        side.own.push(own);
        side.failed += usize::from(f.span(entry).error);
        side.waiting.push((f.duration[entry as usize] as f64 - own).max(0.0));
    }
    let mut by: BTreeMap<u32, Gained> = BTreeMap::new();
    let mut took: BTreeMap<u32, f64> = BTreeMap::new();
    for ((owner, _), [base, fault]) in sorts {
        *took.entry(owner).or_default() += fault.own.iter().sum::<f64>();
        if base.own.len() < KNOWN || fault.own.is_empty() {
            continue;
        }
        let n = fault.own.len() as f64;
        let g = by.entry(owner).or_default();
        g.calls += fault.own.len();
        for (sum, side) in g.failed.iter_mut().zip([&base, &fault]) {
            sum.0 += side.failed;
            sum.1 += side.own.len();
        }
        g.usual += (stats::mean(&base.own) + stats::mean(&base.waiting)) * n;
        g.own += gain(base.own, fault.own) * n;
        g.waiting += gain(base.waiting, fault.waiting) * n;
    }
    // A way that is laid to the caller's side is no waiting of the caller's.
    for way in edges::ways(view) {
        *took.entry(way.owner).or_default() += way.lost;
        if let Some(g) = by.get_mut(&way.owner) {
            g.own += way.lost;
            g.waiting = (g.waiting - way.outward).max(0.0);
        }
    }
    by.retain(|_, g| g.calls >= ENOUGH);
    let most = by.values().filter(|g| g.slower()).map(|g| g.own).fold(0.0, f64::max);
    took.retain(|owner, _| !by.contains_key(owner));
    Account {
        by: by.into_iter().map(|(owner, g)| (view.name(owner).to_owned(), g)).collect(),
        at_most: took.into_iter().map(|(owner, us)| (view.name(owner).to_owned(), us)).collect(),
        most,
    }
}

/// What one call gained, by the middle and by the upper part of the calls.
fn gain(base: Vec<f64>, fault: Vec<f64>) -> f64 {
    let (base, fault) = (stats::sorted(&base), stats::sorted(&fault));
    let at = |q: f64| stats::quantile(&fault, q) - stats::quantile(&base, q);
    (0.5 * at(0.5) + 0.5 * at(0.8)).max(0.0)
}
