//! Rates conditional on being called. Of each visit it is known what visits of its kind (same operation, same caller)
//! normally do. What always happens and now does not, or fails where that never did, is a deviation; and where one
//! thing always came with another, coming without it is (invariants between log statements: Lou et al., "Mining
//! Invariants from Console Logs for System Problem Detection", USENIX ATC 2010). A fault upstream lowers counts
//! everywhere, but only what was called and acts differently deviates. Of deviating visits of one trace the deepest
//! began it: its callers act differently because of what they were told. Visits of the normal part, each held against
//! the others, tell how many deviations are usual.

use std::collections::BTreeMap;

use super::view::Part;
use super::visits::{Feature, Visits};
use crate::trace::forest::NONE;

/// Visits of a kind that have to be known before anything is usual.
const MIN_KNOWN: u32 = 5;
/// A rate below which something is not expected; fewer visits than this can tell need to have had none.
const RARE: f64 = 0.06;
/// Two things that come together by chance with more than this probability are not taken to belong together.
const BY_CHANCE: f64 = 0.01;
/// Most features of a kind that are looked at in pairs.
const MAX_PAIRS: usize = 160;
/// Most visits of one kind that are learnt from.
const MAX_LEARNT: u32 = 4_000;

/// Operation and caller of a visit: owner, operation, handler, caller's owner, caller's operation.
type Kind = (u32, u32, u32, u32, u32);
/// From the closest kind to the widest; what does not apply is left out.
type Kinds = [Option<Kind>; 4];
/// Stands for any handler and any caller.
const ANY: u32 = NONE - 1;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Deviation {
    pub feature: u32,
    /// Whether it is missing rather than new.
    pub missing: bool,
    /// What it always came with, if it is missing beside that.
    pub given: Option<u32>,
    /// How rare that is.
    p: f64,
}

/// How a visit deviates.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Judgement {
    /// Whether visits of its kind are known at all.
    pub known: bool,
    /// How probable a deviation is that was never seen: the fewer visits of its kind are known, the more.
    pub chance: f64,
    pub deviations: Vec<Deviation>,
    /// Something is missing or newly fails: it acts differently, rather than doing something more.
    pub strong: bool,
    /// It names a component that it then does not call: who cannot be reached is looked at, not who says so.
    pub unreached: Option<u32>,
    /// Whether no deeper visit deviates.
    pub origin: bool,
}

/// What is known of one kind of visit.
struct Usual {
    visits: u32,
    /// Place of a feature in the tables.
    local: BTreeMap<u32, usize>,
    count: Vec<u32>,
    /// How often two came together; empty where there are too many.
    pairs: Vec<u32>,
}

impl Usual {
    fn new() -> Self {
        Self { visits: 0, local: BTreeMap::new(), count: Vec::new(), pairs: Vec::new() }
    }

    fn learn(&mut self, features: &[u32]) {
        self.visits += 1;
        for f in features {
            let next = self.count.len();
            let at = *self.local.entry(*f).or_insert(next);
            if at == next {
                self.count.push(0);
            }
            self.count[at] += 1;
        }
    }

    fn pair(&mut self, features: &[u32]) {
        let n = self.count.len();
        if n > MAX_PAIRS {
            return;
        }
        if self.pairs.is_empty() {
            self.pairs = vec![0; n * n];
        }
        let at: Vec<usize> = features.iter().filter_map(|f| self.local.get(f).copied()).collect();
        for a in &at {
            for b in &at {
                self.pairs[a * n + b] += 1;
            }
        }
    }

    /// How a visit deviates; `one_of_them` if it is among those that were learnt from.
    fn judge(&self, features: &[u32], one_of_them: bool) -> Vec<Deviation> {
        let own = u32::from(one_of_them);
        let visits = self.visits - own;
        let rare = |of: u32| (0.5 / f64::from(of + 1)).max(RARE) + 1e-9;
        let mut out = Vec::new();
        let mut present = vec![false; self.count.len()];
        for f in features {
            let seen = match self.local.get(f) {
                Some(at) => {
                    present[*at] = true;
                    self.count[*at] - own
                }
                None => 0,
            };
            let p = (f64::from(seen) + 0.5) / f64::from(visits + 1);
            if p <= rare(visits) {
                out.push(Deviation { feature: *f, missing: false, given: None, p });
            }
        }
        let n = self.count.len();
        for (f, at) in &self.local {
            if present[*at] || self.count[*at] == 0 {
                continue;
            }
            let p = (f64::from(visits - self.count[*at]) + 0.5) / f64::from(visits + 1);
            let mut best = (p <= rare(visits)).then_some((p, None));
            if !self.pairs.is_empty() {
                for (g, beside) in &self.local {
                    let times = self.count[*beside].saturating_sub(own);
                    if !present[*beside] || times < MIN_KNOWN {
                        continue;
                    }
                    let alone = times - self.pairs[at * n + beside].min(times);
                    let p = (f64::from(alone) + 0.5) / f64::from(times + 1);
                    // Few that came together may have done so by chance.
                    let chance = (f64::from(self.count[*at]) / f64::from(visits.max(1)))
                        .min(1.0)
                        .powf(f64::from(times));
                    if chance < BY_CHANCE && p <= rare(times) && best.is_none_or(|(b, _)| p < b) {
                        best = Some((p, Some(*g)));
                    }
                }
            }
            if let Some((p, given)) = best {
                out.push(Deviation { feature: *f, missing: true, given, p });
            }
        }
        out.sort_by(|a, b| a.p.total_cmp(&b.p).then(a.feature.cmp(&b.feature)));
        out
    }
}

/// Judges each visit of both parts.
pub(super) fn judge(
    visits: &Visits,
    owner_of: impl Fn(u32) -> u32,
    operation_of: impl Fn(u32) -> u32,
) -> Vec<Judgement> {
    let all = &visits.all;
    // Handlers that each operation is known to have.
    let mut handlers: BTreeMap<(u32, u32), BTreeMap<u32, u32>> = BTreeMap::new();
    for v in all.iter().filter(|v| v.part == Part::Base && v.handler != NONE) {
        let of = handlers.entry((owner_of(v.span), operation_of(v.span))).or_default();
        *of.entry(v.handler).or_default() += 1;
    }
    let kinds: Vec<Kinds> = all
        .iter()
        .map(|v| {
            let (owner, operation) = (owner_of(v.span), operation_of(v.span));
            let caller = all.get(v.caller as usize).map(|c| c.span);
            let by = caller.map_or((NONE, NONE), |c| (owner_of(c), operation_of(c)));
            let known = handlers.get(&(owner, operation));
            let several = v.handler != NONE && known.is_some_and(|h| h.len() > 1);
            let of =
                |handler| [(owner, operation, handler, by.0, by.1), (owner, operation, handler, ANY, ANY)];
            let [close, wide] = of(ANY).map(Some);
            let [own_close, own_wide] = of(v.handler).map(|k| several.then_some(k));
            // A call that went to a handler that this operation hardly ever had is another sort of request, of which
            // nothing is known, unless it fails.
            let fails = v.features.iter().any(|f| visits.features[*f as usize].is_error());
            let strange = v.part == Part::Fault
                && v.handler != NONE
                && !fails
                && known.is_some_and(|h| h.get(&v.handler).copied().unwrap_or(0) < MIN_KNOWN);
            if strange { [None; 4] } else { [own_close, own_wide, close, wide] }
        })
        .collect();
    let mut usual: BTreeMap<Kind, Usual> = BTreeMap::new();
    // A visit is learnt from by its place among its kind, so that what was learnt is known when it is judged.
    let mut learnt: Vec<[bool; 4]> = vec![[false; 4]; all.len()];
    for (v, visit) in all.iter().enumerate().filter(|(_, v)| v.part == Part::Base) {
        for (kind, learnt) in kinds[v].iter().zip(&mut learnt[v]) {
            let Some(kind) = kind else { continue };
            let u = usual.entry(*kind).or_insert_with(Usual::new);
            if u.visits < MAX_LEARNT {
                u.learn(&visit.features);
                *learnt = true;
            }
        }
    }
    for (v, visit) in all.iter().enumerate() {
        for (kind, learnt) in kinds[v].iter().zip(&learnt[v]) {
            if let (true, Some(u)) = (*learnt, kind.and_then(|k| usual.get_mut(&k))) {
                u.pair(&visit.features);
            }
        }
    }
    let mut out: Vec<Judgement> = Vec::with_capacity(all.len());
    for (v, visit) in all.iter().enumerate() {
        let mut found = Judgement::default();
        for (kind, learnt) in kinds[v].iter().zip(&learnt[v]) {
            let Some(u) =
                kind.and_then(|k| usual.get(&k)).filter(|u| u.visits >= MIN_KNOWN + u32::from(*learnt))
            else {
                continue;
            };
            found.known = true;
            found.chance = 0.5 / f64::from(u.visits + 1);
            found.deviations = u.judge(&visit.features, *learnt);
            break;
        }
        let is_error = |f: u32| visits.features[f as usize].is_error();
        let fails = visit.features.iter().any(|f| is_error(*f));
        // Where what used to fail no longer does, all else that is different is success.
        let healed = !fails && found.deviations.iter().any(|d| d.missing && is_error(d.feature));
        if healed {
            found.deviations.clear();
        }
        found.deviations.retain(|d| !(d.missing && is_error(d.feature)));
        found.strong = found.deviations.iter().any(|d| d.missing || is_error(d.feature));
        found.unreached = visit.named.iter().copied().find(|n| {
            found.strong
                && !visit
                    .features
                    .iter()
                    .any(|f| matches!(visits.features[*f as usize], Feature::Call(c, _) if c == *n))
        });
        out.push(found);
    }
    // Callers come before whom they call.
    let mut deeper = vec![false; all.len()];
    for v in (0..all.len()).rev() {
        out[v].origin = out[v].strong && !deeper[v];
        if (out[v].strong || deeper[v]) && all[v].caller != NONE {
            deeper[all[v].caller as usize] = true;
        }
    }
    out
}
