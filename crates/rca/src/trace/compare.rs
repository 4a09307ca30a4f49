//! What differs from normal traces of the same operations: own time, failures, calls made for each request, and what is
//! lost between the two sides of a call.

use std::collections::BTreeMap;

use serde::Serialize;

use super::forest::{Forest, NONE};
use super::patterns::span_of;
use super::service_graph::is_caller_side;
use super::times::quantile;

/// Spans of an operation that have to be known on both sides.
const MIN_SPANS: usize = 4;
/// Most differences that are given.
const MOST: usize = 40;

/// In which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The operation itself takes longer, without what it waits for.
    SlowerItself,
    /// More of its spans fail without a failing child.
    BeginsToFail,
    /// A call that normally belongs to it is missing, or made less often.
    FewerCalls,
    /// It makes more calls than usual.
    MoreCalls,
    /// More is lost between the caller's and the called side.
    Gap,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// In which way.
    pub kind: DifferenceKind,
    /// Component.
    pub component: String,
    /// Operation.
    pub operation: String,
    /// Normal figure: microseconds, share or calls for each span.
    pub normal: f64,
    /// Figure now.
    pub now: f64,
    /// Spans that it rests on.
    pub count: usize,
    /// For people.
    pub text: String,
    /// For the order: standard scales beyond what is usual, by how many spans.
    #[serde(skip)]
    weight: f64,
}

type Key<'a> = (&'a str, &'a str);

#[derive(Default)]
struct Known<'a> {
    own: Vec<i64>,
    gaps: Vec<i64>,
    origins: usize,
    /// Calls made by all of its spans, by whom and what.
    calls: BTreeMap<Key<'a>, usize>,
}

fn know<'a>(forest: &Forest<'a>, own: &[i64]) -> BTreeMap<Key<'a>, Known<'a>> {
    let key = |i: u32| -> Key<'a> {
        (
            forest.components[forest.component[i as usize] as usize],
            forest.operations[forest.operation[i as usize] as usize],
        )
    };
    let mut ids: BTreeMap<(u32, u32), Known<'a>> = BTreeMap::new();
    // The span that answers the call within which each span ran.
    let mut visit = vec![NONE; forest.spans.len()];
    for &i in &forest.order {
        let p = forest.parent[i as usize];
        visit[i as usize] = if forest.is_entry(i) { i } else { visit[p as usize] };
        let mut gap = None;
        if p != NONE && forest.is_entry(i) {
            let by = visit[p as usize];
            let slot = ids.entry((forest.component[by as usize], forest.operation[by as usize])).or_default();
            *slot.calls.entry(key(i)).or_default() += 1;
            if is_caller_side(forest, p, i) {
                gap = Some((forest.duration[p as usize] - forest.duration[i as usize]).max(0));
            }
        }
        let slot = ids.entry((forest.component[i as usize], forest.operation[i as usize])).or_default();
        // What the caller's side of a call does itself is the way to the called side, which is looked at as a gap.
        let carries = !forest.is_entry(i) && matches!(forest.kids(i), [k] if forest.is_entry(*k));
        slot.own.push(if carries { 0 } else { own[i as usize] });
        slot.gaps.extend(gap);
        slot.origins +=
            usize::from(forest.span(i).error && !forest.kids(i).iter().any(|k| forest.span(*k).error));
    }
    let name = |(c, o): (u32, u32)| (forest.components[c as usize], forest.operations[o as usize]);
    ids.into_iter()
        .map(|(k, mut v)| {
            v.own.sort_unstable();
            v.gaps.sort_unstable();
            (name(k), v)
        })
        .collect()
}

pub(crate) fn differences(
    normal: &Forest<'_>,
    normal_own: &[i64],
    now: &Forest<'_>,
    now_own: &[i64],
) -> Vec<Difference> {
    let (before, after) = (know(normal, normal_own), know(now, now_own));
    let mut out = Vec::new();
    for ((component, operation), b) in &before {
        let Some(a) = after.get(&(*component, *operation)) else { continue };
        if b.own.len() < MIN_SPANS || a.own.len() < MIN_SPANS {
            continue;
        }
        let mut add = |kind, normal: f64, now: f64, weight: f64, text: String| {
            out.push(Difference {
                kind,
                component: (*component).to_owned(),
                operation: (*operation).to_owned(),
                normal,
                now,
                count: a.own.len(),
                text,
                weight,
            });
        };
        if let Some((x, y, z)) = slower(&b.own, &a.own) {
            let text = format!(
                "{operation} at {component} itself takes {}, {} before",
                span_of(y as i64),
                span_of(x as i64)
            );
            add(DifferenceKind::SlowerItself, x, y, z * (y - x) * a.own.len() as f64, text);
        }
        if let Some((x, y, z)) = slower(&b.gaps, &a.gaps) {
            let text = format!(
                "{} are lost between callers and {component} ({operation}), {} before",
                span_of(y as i64),
                span_of(x as i64)
            );
            add(DifferenceKind::Gap, x, y, z * (y - x) * a.gaps.len() as f64, text);
        }
        let (nb, na) = (b.own.len() as f64, a.own.len() as f64);
        let usual = (b.origins as f64 + 0.5) / (nb + 1.0);
        let z = (a.origins as f64 - usual * na) / (usual * na + 1.0).sqrt();
        if z > 2.5 {
            let text = format!(
                "{} of {} calls of {operation} begin to fail at {component}, {} of {} before",
                a.origins,
                a.own.len(),
                b.origins,
                b.own.len()
            );
            add(DifferenceKind::BeginsToFail, b.origins as f64 / nb, a.origins as f64 / na, z * 1e6, text);
        }
        for ((callee, called), n) in &b.calls {
            let (x, y) = (*n as f64 / nb, a.calls.get(&(*callee, *called)).copied().unwrap_or(0) as f64 / na);
            let z = (x - y) * na / ((x * na).max(y * na) + 1.0).sqrt();
            if z > 3.0 && y < 0.7 * x {
                let text = format!(
                    "{operation} at {component} calls {callee} ({called}) {} times for each request, {} before",
                    short(y),
                    short(x)
                );
                add(DifferenceKind::FewerCalls, x, y, z * 1e6, text);
            }
        }
        for ((callee, called), n) in &a.calls {
            let (x, y) = (b.calls.get(&(*callee, *called)).copied().unwrap_or(0) as f64 / nb, *n as f64 / na);
            let z = (y - x) * na / (x * na + 1.0).sqrt();
            if z > 4.0 && y > 1.5 * x {
                let text = format!(
                    "{operation} at {component} calls {callee} ({called}) {} times for each request, {} before",
                    short(y),
                    short(x)
                );
                add(DifferenceKind::MoreCalls, x, y, z * 1e5, text);
            }
        }
    }
    out.sort_by(|a, b| {
        b.weight.total_cmp(&a.weight).then_with(|| {
            (a.kind, &a.component, &a.operation, &a.text).cmp(&(b.kind, &b.component, &b.operation, &b.text))
        })
    });
    out.truncate(MOST);
    out
}

fn short(v: f64) -> String {
    if (v - v.round()).abs() < 0.005 { format!("{v:.0}") } else { format!("{v:.2}") }
}

/// Medians of both and the shift in robust scales, if it is a clear one.
fn slower(before: &[i64], after: &[i64]) -> Option<(f64, f64, f64)> {
    if before.len() < MIN_SPANS || after.len() < MIN_SPANS {
        return None;
    }
    let q = |v: &[i64], q: f64| quantile(v, q) as f64;
    let (x, y) = (q(before, 0.5), q(after, 0.5));
    let scale = ((q(before, 0.9) - q(before, 0.1)) / 2.56).max(0.2 * x).max(500.0);
    let z = (y - x) / scale;
    (z > 2.5).then_some((x, y, z))
}
