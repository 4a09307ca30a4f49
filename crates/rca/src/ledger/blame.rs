//! From excess volumes to blame.

use std::collections::{BTreeMap, BTreeSet};

use super::excess::{self, Excess};
use super::place::{self, Places, Sample, Sort};
use crate::frame::Frame;
use crate::graph::Graph;
use crate::names;
use crate::series::features::Feature;

/// What a component that the complaint does not reach down to is blamed at most.
const OUT_OF_REACH: f64 = 0.25;
/// Share of the complaint's volume that leaves a component half to blame.
const HALF: f64 = 0.35;
/// What only hands requests on shows the harm of what stands behind it before its own.
const RELAY: f64 = 0.75;
/// Slowness explains failures (time-outs) and failures slowness (repeats) only so far.
const ACROSS: f64 = 0.5;

/// One component's account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Account {
    /// Volume that counts.
    pub harm: f64,
    /// Part of it that no callee accounts for.
    pub own: f64,
    /// 0 to 1.
    pub blame: f64,
    /// Sort of harm.
    pub sort: Sort,
}

/// The accounts of all components that have one.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    of: BTreeMap<String, Account>,
    /// Whether what is complained of stands out and some component accounts for most of it.
    pub conclusive: bool,
}

impl Ledger {
    /// `focus` and `complaint` (slowness, failures) are what people and alerts speak of.
    pub(crate) fn build(
        frame: &Frame,
        graph: &Graph,
        features: &[Feature],
        focus: &BTreeSet<String>,
        complaint: (bool, bool),
    ) -> Self {
        let places = place::gather(features);
        let mut ledger = Self::default();
        if graph.is_empty() {
            return ledger;
        }
        let sorts: &[Sort] = match complaint {
            (true, false) => &[Sort::Slow],
            (false, true) => &[Sort::Failing],
            _ => &[Sort::Slow, Sort::Failing],
        };
        for sort in sorts {
            for (component, account) in accounts(frame, graph, &places, focus, *sort) {
                let slot = ledger.of.entry(component).or_insert(account);
                if account.blame > slot.blame {
                    *slot = account;
                }
            }
        }
        ledger.conclusive = ledger.of.values().any(|a| a.blame > 0.4);
        ledger
    }

    pub(crate) fn account(&self, component: &str) -> Option<&Account> {
        self.of.get(component)
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = (&str, &Account)> {
        self.of.iter().map(|(c, a)| (c.as_str(), a))
    }

    pub(crate) fn most(&self) -> f64 {
        self.of.values().map(|a| a.blame).fold(0.0, f64::max)
    }
}

/// Series of one component, one for each of its names.
type Books<'a> = BTreeMap<&'a str, Vec<Vec<Sample>>>;

fn books<'a>(places: &Places<'a>, sort: Sort) -> Books<'a> {
    let mut out: Books<'a> = BTreeMap::new();
    for ((component, _), place) in places {
        out.entry(component).or_default().extend(place.samples(sort));
    }
    out.retain(|_, b| !b.is_empty());
    out
}

fn accounts(
    frame: &Frame,
    graph: &Graph,
    places: &Places<'_>,
    focus: &BTreeSet<String>,
    sort: Sort,
) -> BTreeMap<String, Account> {
    let books_here = books(places, sort);
    let Some(target) = target(frame, graph, &books_here, focus, sort) else { return BTreeMap::new() };
    let Some(shape) = books_here.get(target).and_then(|b| b.first()) else { return BTreeMap::new() };
    let profile = excess::profile(frame, shape);
    let sums = |books: &Books<'_>, sort: Sort| -> BTreeMap<String, Excess> {
        books
            .iter()
            .filter_map(|(c, all)| {
                let found = all.iter().filter_map(|s| excess::of(frame, &profile, s, sort));
                let sum = found.reduce(|a, b| Excess { volume: a.volume + b.volume, z: a.z.max(b.z) })?;
                Some(((*c).to_owned(), sum))
            })
            .collect()
    };
    let found = sums(&books_here, sort);
    let complained = found.get(target).map_or(0.0, |e| e.counted());
    let within = below(graph, target);
    let mut out = blamed(graph, &found, &within, complained, sort);
    // What the target's callees do not account for in kind they may in the other: time-outs, repeats.
    let unexplained = out.get(target).is_some_and(|a| a.own > 0.5 * complained) && complained > 0.0;
    if unexplained {
        let other = if sort == Sort::Slow { Sort::Failing } else { Sort::Slow };
        let across = sums(&books(places, other), other);
        let most = across
            .iter()
            .filter(|(c, _)| within.contains(*c) && *c != target)
            .map(|(_, e)| e.counted())
            .fold(0.0, f64::max);
        for (component, mut account) in blamed(graph, &across, &within, most, other) {
            account.blame *= ACROSS;
            if component != target && account.blame > out.get(&component).map_or(0.0, |a| a.blame) {
                out.insert(component, account);
            }
        }
    }
    out
}

fn blamed(
    graph: &Graph,
    found: &BTreeMap<String, Excess>,
    within: &BTreeSet<String>,
    complained: f64,
    sort: Sort,
) -> BTreeMap<String, Account> {
    found
        .iter()
        .map(|(c, e)| {
            let harm = e.counted();
            // Who calls each other in a circle explains nothing.
            let circle = graph.upstream(c);
            let received: f64 = graph
                .callees(c)
                .filter(|d| *d != c && !circle.contains_key(*d))
                .filter_map(|d| found.get(d))
                .map(|d| d.accounts_for())
                .sum();
            let own = (harm - received).max(0.0);
            let mut reach = if within.contains(c) { 1.0 } else { OUT_OF_REACH };
            if names::relays(c) {
                reach *= RELAY;
            }
            let blame = if own > 0.0 { reach * e.sure() * own / (own + HALF * complained) } else { 0.0 };
            (c.clone(), Account { harm, own, blame, sort })
        })
        .collect()
}

/// What people complain of, or else whom nobody of the harmed calls: the place where most of it arrives.
fn target<'a>(
    frame: &Frame,
    graph: &Graph,
    books: &Books<'a>,
    focus: &BTreeSet<String>,
    sort: Sort,
) -> Option<&'a str> {
    let ill = |c: &str| {
        let samples = books.get(c)?.first()?;
        let e = excess::of(frame, &excess::profile(frame, samples), samples, sort)?;
        (e.z > 2.0).then_some(e.counted())
    };
    let best = |among: Vec<&'a str>| {
        among
            .into_iter()
            .filter_map(|c| Some((ill(c)?, c)))
            .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
            .map(|p| p.1)
    };
    let named: Vec<&str> = books.keys().copied().filter(|c| focus.contains(*c)).collect();
    best(named).or_else(|| {
        let harmed: BTreeSet<&str> =
            books.keys().copied().filter(|c| graph.has(c) && ill(c).is_some()).collect();
        best(harmed.iter().copied().filter(|c| graph.callers(c).all(|p| !harmed.contains(p))).collect())
    })
}

/// The component and all that it calls, directly or not.
fn below(graph: &Graph, from: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::from([from.to_owned()]);
    let mut front = vec![from.to_owned()];
    while let Some(at) = front.pop() {
        for next in graph.callees(&at) {
            if out.insert(next.to_owned()) {
                front.push(next.to_owned());
            }
        }
    }
    out
}
