//! Where the nodes of a call graph stand: callers above whom they call. Deterministic: equal input, equal places.

use std::collections::{BTreeMap, BTreeSet};

/// Nodes side by side, as many as a phone shows in a size that reads; a layer with more wraps.
const ACROSS: usize = 3;

/// Rows of node indexes, top to bottom. `edges` are (caller, callee); circles are cut where they close.
pub(super) fn layers(nodes: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut out: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (caller, callee) in edges {
        if caller != callee {
            out.entry(*caller).or_default().insert(*callee);
        }
    }
    let forward = acyclic(nodes, &out);
    // The longest way from the top; nodes are few, so as many rounds as nodes are cheap.
    let mut depth = vec![0usize; nodes];
    for _ in 0..nodes {
        let mut moved = false;
        for (caller, callee) in &forward {
            if depth[*callee] < depth[*caller] + 1 {
                depth[*callee] = depth[*caller] + 1;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let deepest = depth.iter().copied().max().unwrap_or(0);
    let mut rows: Vec<Vec<usize>> = (0..=deepest)
        .map(|d| (0..nodes).filter(|n| depth[*n] == d).collect::<Vec<_>>())
        .filter(|row| !row.is_empty())
        .collect();
    for _ in 0..4 {
        for at in 1..rows.len() {
            order(&mut rows, at, at - 1, &forward, false);
        }
        for at in (0..rows.len().saturating_sub(1)).rev() {
            order(&mut rows, at, at + 1, &forward, true);
        }
    }
    rows.into_iter().flat_map(|row| row.chunks(ACROSS).map(<[usize]>::to_vec).collect::<Vec<_>>()).collect()
}

/// The edges without those that lead back to a node on the way.
fn acyclic(nodes: usize, out: &BTreeMap<usize, BTreeSet<usize>>) -> Vec<(usize, usize)> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        OnTheWay,
        Done,
    }
    let mut seen = vec![Seen::Not; nodes];
    let mut kept = Vec::new();
    let called: BTreeSet<usize> = out.values().flatten().copied().collect();
    let starts = (0..nodes).filter(|n| !called.contains(n)).chain(0..nodes);
    for start in starts {
        if seen[start] != Seen::Not {
            continue;
        }
        // (node, callees not yet looked at)
        let callees = |n: usize| out.get(&n).into_iter().flatten().copied().collect::<Vec<_>>().into_iter();
        seen[start] = Seen::OnTheWay;
        let mut stack = vec![(start, callees(start))];
        while let Some((node, left)) = stack.last_mut() {
            let node = *node;
            match left.next() {
                Some(next) => {
                    if seen[next] != Seen::OnTheWay {
                        kept.push((node, next));
                    }
                    if seen[next] == Seen::Not {
                        seen[next] = Seen::OnTheWay;
                        stack.push((next, callees(next)));
                    }
                }
                None => {
                    seen[node] = Seen::Done;
                    stack.pop();
                }
            }
        }
    }
    kept
}

/// Sorts a row by the middle of its neighbours in another row: fewer lines cross.
fn order(rows: &mut [Vec<usize>], at: usize, by: usize, edges: &[(usize, usize)], down: bool) {
    let place: BTreeMap<usize, usize> = rows[by].iter().enumerate().map(|(n, node)| (*node, n)).collect();
    let mut keyed: Vec<(f64, usize)> = rows[at]
        .iter()
        .enumerate()
        .map(|(n, node)| {
            let near: Vec<f64> = edges
                .iter()
                .filter_map(|(caller, callee)| {
                    let (own, other) = if down { (caller, callee) } else { (callee, caller) };
                    (own == node).then(|| place.get(other)).flatten().map(|p| *p as f64)
                })
                .collect();
            let mean = if near.is_empty() { n as f64 } else { near.iter().sum::<f64>() / near.len() as f64 };
            (mean, *node)
        })
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows[at] = keyed.into_iter().map(|(_, node)| node).collect();
}
