//! Network policies that keep callers from what they are told to call.

use super::super::finding::Finding;
use super::super::model::object::{Policy, Rule};
use super::super::model::pod::Expression;
use super::super::model::same_ns;
use super::super::model::value::Labels;
use super::super::view::View;

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let cause = "kubernetes.network_policy_blocked";
    let mut out: Vec<Finding> = Vec::new();
    let addresses = v.addresses();
    let labels_of = |workload: &str, ns: &str| -> Option<(Labels, String)> {
        let c = v.cluster;
        let pod = c.pods_of(workload).find(|p| same_ns(&p.meta.ns, ns) && !p.meta.labels.is_empty());
        pod.map(|p| (p.meta.labels.clone(), p.meta.ns.clone())).or_else(|| {
            let w = c
                .workloads
                .iter()
                .find(|w| w.meta.name == workload && same_ns(&w.meta.ns, ns) && !w.labels.is_empty())?;
            Some((w.labels.clone(), w.meta.ns.clone()))
        })
    };
    for p in &v.cluster.policies {
        let Some(cite) = p.meta.cites.first() else { continue };
        let mut blocked: Vec<String> = Vec::new();
        let mut targets: Vec<String> = Vec::new();
        for a in &addresses {
            let Some(s) = v.service_at(a) else { continue };
            let Some((caller, caller_ns)) = labels_of(&a.workload, &a.ns) else { continue };
            let callee = v
                .cluster
                .pods
                .iter()
                .map(|x| (v.cluster.workload_of(&x.meta), &x.meta.labels, x.meta.ns.as_str()))
                .chain(
                    v.cluster.workloads.iter().map(|w| (w.meta.name.clone(), &w.labels, w.meta.ns.as_str())),
                )
                .find(|x| {
                    !s.selector.is_empty()
                        && same_ns(x.2, &s.meta.ns)
                        && s.selector.iter().all(|(k, w)| x.1.get(k) == Some(w))
                });
            let Some((callee_name, callee_labels, callee_ns)) = callee else { continue };
            let ports: Vec<String> = s
                .ports
                .iter()
                .filter(|q| a.port.is_none_or(|n| n == q.number))
                .map(|q| q.target.clone().unwrap_or_else(|| q.number.to_string()))
                .collect();
            if let Some(rules) = &p.ingress
                && same_ns(&p.meta.ns, callee_ns)
                && holds(&p.pods, callee_labels)
                && !allowed(v, rules, &caller, &caller_ns, &p.meta.ns, &ports)
                && !other_allows(v, p, true, callee_labels, &caller, &caller_ns, &ports)
            {
                blocked.push(format!("{} -> {callee_name}", a.workload));
                targets.push(callee_name.clone());
            }
            if let Some(rules) = &p.egress
                && same_ns(&p.meta.ns, &caller_ns)
                && holds(&p.pods, &caller)
                && !allowed(v, rules, callee_labels, callee_ns, &p.meta.ns, &ports)
                && !other_allows(v, p, false, &caller, callee_labels, callee_ns, &ports)
            {
                blocked.push(format!("{} -> {callee_name}", a.workload));
                targets.push(a.workload.clone());
            }
        }
        targets.sort();
        targets.dedup();
        blocked.dedup();
        let everything = p.pods.is_empty();
        if !targets.is_empty() {
            let weight = if targets.len() == 1 || !everything { 0.9 } else { 0.8 };
            let most = blocked.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            for t in targets.iter().take(5) {
                let reading = format!("network policy {} allows no traffic {most}", p.meta.name);
                out.push(Finding::new(v.service(t), cause, weight, "NetworkPolicy", cite, reading));
            }
            if everything && targets.len() > 1 {
                let reading = format!(
                    "network policy {} selects all pods of namespace {} and allows no traffic {most}",
                    p.meta.name, p.meta.ns
                );
                out.push(Finding::new(v.namespace(&p.meta.ns), cause, 0.9, "NetworkPolicy", cite, reading));
            }
            continue;
        }
        // Nothing is known of calls: a policy that lets nothing in at pods that serve.
        let shut =
            p.ingress.as_ref().is_some_and(Vec::is_empty) || p.egress.as_ref().is_some_and(Vec::is_empty);
        let chosen = v.cluster.pods.iter().find(|x| {
            same_ns(&x.meta.ns, &p.meta.ns) && !x.meta.labels.is_empty() && holds(&p.pods, &x.meta.labels)
        });
        if shut && !everything {
            let name = chosen
                .map(|x| v.cluster.workload_of(&x.meta))
                .or_else(|| p.pods.first().and_then(|e| e.values.first().cloned()));
            if let Some(name) = name {
                let way = if p.ingress.as_ref().is_some_and(Vec::is_empty) { "into" } else { "out of" };
                let reading = format!(
                    "network policy {} allows nothing {way} pods with {}",
                    p.meta.name,
                    p.pods.iter().map(Expression::shown).collect::<Vec<_>>().join(",")
                );
                out.push(Finding::new(v.service(&name), cause, 0.84, "NetworkPolicy", cite, reading));
            }
        } else if shut {
            let lone = v.cluster.policies.iter().filter(|o| same_ns(&o.meta.ns, &p.meta.ns)).count() == 1;
            if lone && !addresses.is_empty() {
                let reading = format!(
                    "network policy {} selects all pods of namespace {} and allows nothing",
                    p.meta.name, p.meta.ns
                );
                out.push(Finding::new(v.namespace(&p.meta.ns), cause, 0.8, "NetworkPolicy", cite, reading));
            }
        }
    }
    out
}

fn holds(selector: &[Expression], labels: &Labels) -> bool {
    selector.iter().all(|e| e.holds(labels))
}

/// Whether any rule lets the peer through at one of the ports.
fn allowed(v: &View<'_>, rules: &[Rule], peer: &Labels, peer_ns: &str, ns: &str, ports: &[String]) -> bool {
    rules.iter().any(|r| {
        let port = r.ports.is_empty()
            || ports.is_empty()
            || r.ports.iter().any(|p| ports.contains(p) || p.parse::<i64>().is_err());
        let from = r.peers.is_empty()
            || r.peers.iter().any(|p| {
                if p.block.is_some() {
                    // Whether a pod's address lies inside is not looked at: it may.
                    return true;
                }
                let there = match &p.namespaces {
                    Some(selector) => {
                        v.cluster.namespaces.get(peer_ns).is_none_or(|l| l.is_empty() || holds(selector, l))
                    }
                    None => same_ns(peer_ns, ns),
                };
                there && p.pods.as_ref().is_none_or(|s| holds(s, peer))
            });
        port && from
    })
}

/// Policies add up: what one forbids another may allow.
fn other_allows(
    v: &View<'_>,
    this: &Policy,
    ingress: bool,
    chosen: &Labels,
    peer: &Labels,
    peer_ns: &str,
    ports: &[String],
) -> bool {
    v.cluster.policies.iter().any(|o| {
        let rules = if ingress { &o.ingress } else { &o.egress };
        o.meta.name != this.meta.name
            && same_ns(&o.meta.ns, &this.meta.ns)
            && holds(&o.pods, chosen)
            && rules.as_ref().is_some_and(|r| allowed(v, r, peer, peer_ns, &o.meta.ns, ports))
    })
}
