//! Slow or lossy ways: measured by `ping` and timed requests, or set with `tc`. What several pods of one node share is
//! the node's.

use std::collections::BTreeMap;

use super::super::finding::Finding;
use super::super::model::host::{Failure, Link};
use super::super::view::View;
use crate::evidence::Cite;

/// Milliseconds from which a way inside a cluster is slow.
const SLOW_MS: f64 = 50.0;
/// Milliseconds from which an answer to a request is.
const SLOW_ANSWER_MS: f64 = 1_000.0;
/// Percent of packets.
const LOSSY: f64 = 3.0;

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    let links = &v.cluster.host.links;
    // Per place that is reached: worst delay and loss.
    let mut slow: BTreeMap<String, Vec<(&Link, bool)>> = BTreeMap::new();
    for l in links {
        let limit = if l.configured {
            1.0
        } else if is_ping(l) {
            SLOW_MS
        } else {
            SLOW_ANSWER_MS
        };
        let delayed = l.delay.is_some_and(|d| d >= limit);
        let lossy = l.loss.is_some_and(|p| p >= LOSSY && (p < 100.0 || l.configured));
        if !delayed && !lossy {
            continue;
        }
        let at = if l.configured {
            l.from.as_deref()
        } else {
            l.to.as_deref().filter(|t| place(v, t).is_some()).or(l.from.as_deref())
        };
        if let Some(p) = at.and_then(|a| place(v, a)) {
            slow.entry(p).or_default().push((l, lossy));
        }
    }
    // Where the slow places share a node and others do not, it is the node.
    let mut by_node: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for p in slow.keys().filter(|p| !p.starts_with("node/")) {
        if let Some(n) = node_of(v, p) {
            by_node.entry(n).or_default().push(p);
        }
    }
    let shared: Option<(String, usize)> =
        by_node.iter().map(|(n, p)| (n.clone(), p.len())).filter(|(_, n)| *n >= 2).max_by_key(|x| x.1);
    let alone = shared.as_ref().is_some_and(|(n, _)| {
        by_node.len() == 1 || by_node.iter().all(|(o, p)| o == n || p.len() < by_node[n].len())
    });
    for (p, found) in &slow {
        let lossy = found.iter().any(|f| f.1);
        let (l, _) = found[0];
        let cause = match (p.starts_with("node/"), lossy) {
            (true, true) => "kubernetes.node_network_loss",
            (true, false) => "kubernetes.node_network_delay",
            (false, true) => "network.loss",
            (false, false) => "kubernetes.pod_network_delay",
        };
        let weight = if l.configured { 0.92 } else { 0.86 };
        let weight = if shared.is_some() && alone && !p.starts_with("node/") { 0.6 } else { weight };
        out.push(Finding::new(p.clone(), cause, weight, "network", &l.cite, words(l)));
    }
    if let (Some((n, count)), true) = (&shared, alone) {
        let some: Vec<(&Link, bool)> = by_node[n].iter().flat_map(|p| slow[*p].iter().copied()).collect();
        let cause = if some.iter().any(|s| s.1) {
            "kubernetes.node_network_loss"
        } else {
            "kubernetes.node_network_delay"
        };
        let reading =
            format!("{count} services of node {n} are reached slowly, others are not: {}", words(some[0].0));
        out.push(Finding::new(v.node(n), cause, 0.89, "network", &some[0].0.cite, reading));
    }
    failures(v, &mut out);
    out
}

fn is_ping(l: &Link) -> bool {
    l.loss.is_some()
}

fn words(l: &Link) -> String {
    let mut out = Vec::new();
    if let Some(d) = l.delay {
        out.push(format!("{d:.0} ms"));
    }
    if let Some(p) = l.loss.filter(|p| *p > 0.0) {
        out.push(format!("{p:.0} % lost"));
    }
    let how = if l.configured { "a queueing rule adds" } else { "measured" };
    format!(
        "{how} {} between {} and {}",
        out.join(", "),
        l.from.as_deref().unwrap_or("here"),
        l.to.as_deref().unwrap_or("everywhere")
    )
}

/// The component at a host name, pod, service or address.
fn place(v: &View<'_>, at: &str) -> Option<String> {
    let c = v.cluster;
    let first = at.split('.').next().unwrap_or(at);
    if let Some(n) = c.nodes.iter().find(|n| n.meta.name == at) {
        return Some(v.node(&n.meta.name));
    }
    if let Some(p) = c.pods.iter().find(|p| p.meta.name == at || p.ip.as_deref() == Some(at)) {
        return Some(v.service(&c.workload_of(&p.meta)));
    }
    if let Some(s) = c.services.iter().find(|s| s.meta.name == first || s.ip.as_deref() == Some(at)) {
        return Some(v.service(&s.meta.name));
    }
    if c.workloads.iter().any(|w| w.meta.name == at) {
        return Some(v.service(at));
    }
    v.host(Some(at)).map(|n| v.node(&n))
}

/// The node on which all pods of a service run.
fn node_of(v: &View<'_>, component: &str) -> Option<String> {
    let name = crate::names::short(component);
    let mut nodes = v.cluster.pods_of(name).filter_map(|p| p.spec.node.clone());
    let first = nodes.next()?;
    nodes.all(|n| n == first).then_some(first)
}

/// Requests that failed: the way is looked at, not the application.
fn failures(v: &View<'_>, out: &mut Vec<Finding>) {
    let mut names: BTreeMap<&str, &Cite> = BTreeMap::new();
    for l in v.cluster.host.links.iter().filter(|l| l.failure == Some(Failure::NoName)) {
        if let Some(to) = l.to.as_deref() {
            names.entry(to).or_insert(&l.cite);
        }
    }
    for (name, cite) in &names {
        let first = name.split('.').next().unwrap_or(name);
        let there = v.cluster.services.iter().any(|s| s.meta.name == first);
        let outside = name.contains('.') && !name.contains(".svc") && !there;
        if there || outside {
            let dns: Vec<_> =
                v.troubles.iter().filter(|t| t.workload == "coredns" || t.workload == "kube-dns").collect();
            let reading = format!(
                "name {name} does not resolve{}",
                if there { ", and the service exists" } else { "" }
            );
            let place = dns.first().map_or_else(|| v.service("coredns"), |t| v.service(&t.workload));
            let weight = if dns.is_empty() { 0.55 } else { 0.85 };
            out.push(Finding::new(place, "network.dns", weight, "nslookup", cite, reading));
        }
    }
}
