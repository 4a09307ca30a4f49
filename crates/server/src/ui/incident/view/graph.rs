//! The services around an incident, with the way of the harm: what evidence and the catalogue say of who calls whom.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::incident::Incident;
use firebell_core::policy::Policy;
use firebell_core::telemetry::TopologyEdge;
use firebell_core::verdict::{Hypothesis, Outcome};
use minijinja::Value;
use serde::Serialize;

use firebell_report::draw::{self, Edge, Graph, Node, Step};

/// Nodes of one picture.
const MOST: usize = 24;

/// The picture and the same as text.
#[derive(Debug, Serialize)]
pub(super) struct GraphView {
    svg: Value,
    /// From, to, why.
    path: Vec<(String, String, String)>,
    /// Caller and whom it calls.
    calls: Vec<(String, String)>,
    affected: Vec<String>,
    cause: Option<String>,
    cut: usize,
}

/// `None` where nothing is known of who calls whom and no component is named.
pub(super) fn of(i: &Incident, edges: &[TopologyEdge], policy: &Policy) -> Option<GraphView> {
    let leader =
        i.verdict.as_ref().filter(|v| v.verdict == Outcome::Cause).and_then(|v| v.hypotheses.first());
    let mut names = Names::default();
    let mut calls: BTreeSet<(String, String)> = BTreeSet::new();
    let path: Vec<(String, String, String)> = leader
        .map(|h| h.path.iter().map(|p| (names.id(&p.from), names.id(&p.to), p.why.clone())).collect())
        .unwrap_or_default();
    let cause = leader.map(|h: &Hypothesis| names.id(&h.component));
    for edge in edges {
        calls.insert((names.id(&edge.caller), names.id(&edge.callee)));
    }
    for service in &policy.services {
        for callee in &service.depends_on {
            calls.insert((names.id(&service.name), names.id(callee)));
        }
    }
    // A step without a known call: harm mostly goes from who is called to who calls.
    for (from, to, _) in &path {
        if !calls.contains(&(to.clone(), from.clone())) && !calls.contains(&(from.clone(), to.clone())) {
            calls.insert((to.clone(), from.clone()));
        }
    }
    let affected: BTreeSet<String> = i
        .services
        .iter()
        .map(|s| names.id(s))
        .chain(path.iter().flat_map(|(from, to, _)| [from.clone(), to.clone()]))
        .collect();
    let all: BTreeSet<String> = calls
        .iter()
        .flat_map(|(a, b)| [a.clone(), b.clone()])
        .chain(affected.iter().cloned())
        .chain(cause.clone())
        .collect();
    if all.is_empty() || (calls.is_empty() && path.is_empty()) {
        return None;
    }
    let (kept, cut) = nearest(&all, &calls, &affected, cause.as_ref());
    let index: BTreeMap<&String, usize> = kept.iter().enumerate().map(|(n, id)| (id, n)).collect();
    let nodes: Vec<Node> = kept.iter().map(|id| node(i, id, &affected, cause.as_ref())).collect();
    let drawn = Edge::between(&index, &calls);
    let steps = Step::between(&index, &path);
    let desc = match &cause {
        Some(cause) => format!("The cause is in {cause}. {} steps from there to what is felt.", steps.len()),
        None => "No cause is found yet.".to_owned(),
    };
    let svg = draw::graph(&Graph {
        title: "Who calls whom, and the way of the harm",
        desc: &desc,
        nodes: &nodes,
        edges: &drawn,
        path: &steps,
    })?;
    let short = |id: &String| last_part(id).to_owned();
    Some(GraphView {
        // Drawn by code that escapes what it is given.
        svg: Value::from_safe_string(svg),
        path: path.iter().map(|(a, b, why)| (short(a), short(b), why.clone())).collect(),
        calls: calls
            .iter()
            .filter(|(a, b)| index.contains_key(a) && index.contains_key(b))
            .map(|(a, b)| (short(a), short(b)))
            .collect(),
        affected: affected.iter().map(short).collect(),
        cause: cause.as_ref().map(short),
        cut,
    })
}

fn node(i: &Incident, id: &str, affected: &BTreeSet<String>, cause: Option<&String>) -> Node {
    let (kind, name) = id.split_once('/').unwrap_or(("", id));
    Node {
        name: name.to_owned(),
        kind: kind.replace('_', " "),
        cause: cause.is_some_and(|c| c == id),
        ill: affected.contains(id),
        // Alerts are routed to services: a database of the same name is another thing.
        alerts: i.alerts.values().filter(|a| kind == "service" && a.service.as_deref() == Some(name)).count(),
    }
}

/// Where there are too many: the cause and what is affected, then their neighbours, then others; with how many are left
/// out.
fn nearest(
    all: &BTreeSet<String>,
    calls: &BTreeSet<(String, String)>,
    affected: &BTreeSet<String>,
    cause: Option<&String>,
) -> (Vec<String>, usize) {
    let near = |id: &String| affected.contains(id) || cause == Some(id);
    let beside = |id: &String| calls.iter().any(|(a, b)| (a == id && near(b)) || (b == id && near(a)));
    let mut ranked: Vec<&String> = all.iter().collect();
    ranked.sort_by_key(|id| (!near(id), !beside(id)));
    let cut = ranked.len().saturating_sub(MOST);
    ranked.truncate(MOST);
    let mut kept: Vec<String> = ranked.into_iter().cloned().collect();
    kept.sort();
    (kept, cut)
}

/// One id for the names that sources use: `checkout` is `service/checkout`.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    fn id(&mut self, name: &str) -> String {
        if name.contains('/') {
            self.0.entry(last_part(name).to_owned()).or_insert_with(|| name.to_owned());
            return name.to_owned();
        }
        self.0.entry(name.to_owned()).or_insert_with(|| format!("service/{name}")).clone()
    }
}

fn last_part(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}
