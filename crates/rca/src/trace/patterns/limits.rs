//! Time limits: failing calls whose durations pile up at a round figure, and called sides that work on after their
//! caller has given up.

use std::collections::BTreeMap;

use super::{Pattern, PatternKind, names, span_of};
use crate::trace::forest::{Forest, NONE};
use crate::trace::times::middle;

/// Failing calls that make a pile.
const PILE: usize = 3;

/// The round figure, in microseconds, that a duration lies just above: a limit fires a little late and never early.
fn limit_near(us: i64) -> Option<i64> {
    if us < 45_000 {
        return None;
    }
    let mut unit = 10_000i64;
    while unit <= 1_000_000_000 {
        for tens in [10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 80, 90] {
            let limit = unit / 10 * tens;
            if us >= limit - limit / 100 && us <= limit + (limit / 25).max(8_000).min(limit / 8) {
                return Some(limit);
            }
        }
        unit *= 10;
    }
    None
}

/// The limit at which failing calls end: more than half of them within a few percent of each other, near a round
/// figure. Sorts.
pub(crate) fn reached(failed_us: &mut [i64]) -> Option<(i64, usize)> {
    if failed_us.len() < PILE {
        return None;
    }
    let limit = limit_near(middle(failed_us))?;
    let there = failed_us.iter().filter(|d| limit_near(**d) == Some(limit)).count();
    (there * 2 > failed_us.len() && there >= PILE).then_some((limit, there))
}

pub(super) fn find(forest: &Forest<'_>) -> Vec<Pattern> {
    let mut failed: BTreeMap<(u32, u32), (Vec<i64>, u32)> = BTreeMap::new();
    let mut left: BTreeMap<(u32, u32), (usize, i64, i64, u32)> = BTreeMap::new();
    for &i in &forest.order {
        let s = forest.span(i);
        if s.error {
            let key = (forest.component[i as usize], forest.operation[i as usize]);
            failed.entry(key).or_insert((Vec::new(), i)).0.push(forest.duration[i as usize]);
        }
        let p = forest.parent[i as usize];
        if p == NONE || forest.is_async(i) || !forest.span(p).error {
            continue;
        }
        let over = forest.end(i) - forest.end(p);
        if over > (forest.duration[p as usize] / 20).max(5_000) {
            let key = (forest.component[i as usize], forest.operation[i as usize]);
            let slot = left.entry(key).or_insert((0, 0, 0, i));
            slot.0 += 1;
            slot.2 += over;
            if over > slot.1 {
                slot.1 = over;
                slot.3 = i;
            }
        }
    }
    let mut out = Vec::new();
    for (_, (mut durations, example)) in failed {
        let Some((limit, there)) = reached(&mut durations) else { continue };
        let (component, operation) = names(forest, example);
        out.push(Pattern {
            kind: PatternKind::TimeLimit,
            text: format!(
                "{there} of {} failing calls of {operation} at {component} end at about {}: a time limit is reached",
                durations.len(),
                span_of(limit)
            ),
            component,
            operation,
            count: there,
            cost_us: limit.saturating_mul(there as i64),
            example: forest.span(example).trace_id.clone(),
        });
    }
    for (_, (count, most, cost, example)) in left {
        let (component, operation) = names(forest, example);
        let caller = names(forest, forest.parent[example as usize]).0;
        out.push(Pattern {
            kind: PatternKind::DeadlineMismatch,
            text: format!(
                "{component} works on {operation} for up to {} after {caller} has given up, {count} times",
                span_of(most)
            ),
            component,
            operation,
            count,
            cost_us: cost,
            example: forest.span(example).trace_id.clone(),
        });
    }
    out
}
