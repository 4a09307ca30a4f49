//! The service graph around the blame.

use std::collections::{BTreeMap, BTreeSet};

use crate::draw::{self, Edge, Graph, Node, Step};
use crate::investigation::path::{calls, last};
use crate::investigation::{Investigation, facts};

/// Nodes of one picture.
const MOST: usize = 24;

/// The picture and how many components were left out, or `None` where nobody is known to call anybody.
pub(super) fn graph(i: &Investigation<'_>) -> Option<(String, usize)> {
    let leader = i.verdict.hypotheses.first().filter(|_| facts::blames(i.verdict));
    let mut calls = calls(i.telemetry);
    let path: Vec<(String, String, String)> = leader
        .map(|h| h.path.iter().map(|s| (last(&s.from), last(&s.to), s.why.clone())).collect())
        .unwrap_or_default();
    // A step without a known call: harm mostly goes from who is called to who calls.
    for (from, to, _) in &path {
        if !calls.contains(&(to.clone(), from.clone())) && !calls.contains(&(from.clone(), to.clone())) {
            calls.insert((to.clone(), from.clone()));
        }
    }
    if calls.is_empty() {
        return None;
    }
    let cause = leader.map(|h| last(&h.component));
    let ill: BTreeSet<String> =
        path.iter().flat_map(|(a, b, _)| [a.clone(), b.clone()]).chain(cause.clone()).collect();
    let all: BTreeSet<String> =
        calls.iter().flat_map(|(a, b)| [a.clone(), b.clone()]).chain(ill.iter().cloned()).collect();
    let beside =
        |id: &String| calls.iter().any(|(a, b)| (a == id && ill.contains(b)) || (b == id && ill.contains(a)));
    let mut ranked: Vec<&String> = all.iter().collect();
    ranked.sort_by_key(|id| (!ill.contains(*id), !beside(id)));
    let cut = ranked.len().saturating_sub(MOST);
    ranked.truncate(MOST);
    ranked.sort();
    let index: BTreeMap<&String, usize> = ranked.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    let kinds = kinds(i);
    let nodes: Vec<Node> = ranked
        .iter()
        .map(|id| Node {
            name: (*id).clone(),
            kind: kinds.get(*id).cloned().unwrap_or_default(),
            cause: cause.as_ref() == Some(*id),
            ill: ill.contains(*id),
            alerts: alerts(i, id),
        })
        .collect();
    let edges = Edge::between(&index, &calls);
    let steps = Step::between(&index, &path);
    let desc = match &cause {
        Some(c) => format!("The cause is in {c}; {} steps from there to what is felt.", steps.len()),
        None => "No component is blamed.".to_owned(),
    };
    let title = "Who calls whom, and the way of the harm";
    let svg = draw::graph(&Graph { title, desc: &desc, nodes: &nodes, edges: &edges, path: &steps })?;
    Some((svg, cut))
}

/// Kinds of components by their name without it.
fn kinds(i: &Investigation<'_>) -> BTreeMap<String, String> {
    let h = i
        .verdict
        .hypotheses
        .iter()
        .flat_map(|h| std::iter::once(&h.component).chain(h.path.iter().flat_map(|s| [&s.from, &s.to])));
    let t = i.telemetry;
    let known = t.components.iter().map(|c| &c.id);
    let calls = t.topology.iter().flat_map(|e| [&e.caller, &e.callee]);
    h.chain(known)
        .chain(calls)
        .filter_map(|id| id.split_once('/').map(|(kind, _)| (last(id), kind.replace('_', " "))))
        .collect()
}

fn alerts(i: &Investigation<'_>, name: &str) -> usize {
    let of = |labels: &firebell_core::telemetry::Labels| {
        ["component", "service", "app"].iter().find_map(|l| labels.get(*l)).is_some_and(|v| last(v) == name)
    };
    i.telemetry.alerts.iter().filter(|a| of(&a.labels)).count()
}
