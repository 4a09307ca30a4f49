//! Pods that find no node: what they ask of a node against what the nodes have.

use super::super::finding::Finding;
use super::super::model::object::Node;
use super::super::model::pod::{PodSpec, Toleration};
use super::super::model::value::shown;
use super::super::view::{Kind, Trouble, View};
use super::quoted;

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    for t in v.troubles.iter().filter(|t| t.kind == Kind::Unscheduled) {
        one(v, t, &mut out);
    }
    out
}

/// `0/4 nodes are available: 1 node(s) had untolerated taint {a: b}, 3 Insufficient cpu.` as parts with their counts.
fn parts(message: &str) -> Vec<(i64, String)> {
    let Some((_, rest)) = message.split_once("nodes are available:") else { return Vec::new() };
    let rest = rest.split("preemption:").next().unwrap_or(rest);
    let mut out: Vec<(i64, String)> = Vec::new();
    for part in rest.split(", ") {
        let part = part.trim().trim_end_matches('.');
        match part.split_once(' ').and_then(|(n, text)| Some((n.parse::<i64>().ok()?, text))) {
            Some((n, text)) => out.push((n, text.to_lowercase())),
            None => {
                if let Some(last) = out.last_mut() {
                    last.1.push_str(&format!(", {}", part.to_lowercase()));
                }
            }
        }
    }
    out
}

fn one(v: &View<'_>, t: &Trouble<'_>, out: &mut Vec<Finding>) {
    let place = v.service(&t.workload);
    let message = t.says(&["nodes are available"]);
    let parts = message.map(|m| parts(&m.0)).unwrap_or_default();
    let cite = message.map_or(&t.cite, |m| &m.1);
    let spec = spec(v, t);
    let has = |needle: &str| parts.iter().find(|p| p.1.contains(needle)).map(|p| p.0);
    let workers = || v.cluster.nodes.iter().filter(|n| !n.control_plane());
    let mut say = |place: &str, cause: &'static str, weight: f64, reading: String| {
        out.push(
            Finding::new(place.to_owned(), cause, weight * t.sure, "FailedScheduling", cite, reading).also(
                Some(&t.cite),
                format!("{} of {}: {}", t.what, t.workload, message.map_or(String::new(), |m| quoted(&m.0))),
            ),
        );
    };
    let fits = |n: &Node| matches(spec, n);
    let selected = has("node affinity").is_some() || has("node selector").is_some();
    // A node that would do but takes no pods, is why nothing is found: the others never did.
    let cordoned: Vec<&Node> = workers().filter(|n| n.cordoned && fits(n)).collect();
    let unready = v.cluster.nodes.iter().filter(|n| n.ready() == Some(false)).count();
    if has("were unschedulable").is_some() || (message.is_none() && !cordoned.is_empty()) {
        let explained = cordoned.len() as i64 >= has("were unschedulable").unwrap_or(1);
        for n in &cordoned {
            let weight = if explained { 0.91 } else { 0.8 };
            let weight = if cordoned.len() > 1 { weight - 0.02 } else { weight };
            let others = parts.iter().filter(|p| p.1.contains("insufficient")).count();
            let weight = if others > 0 { weight - 0.03 } else { weight };
            say(
                &v.node(&n.meta.name),
                "kubernetes.node_cordoned",
                weight,
                format!(
                    "node {} is cordoned (SchedulingDisabled), and {} needs a node",
                    n.meta.name, t.workload
                ),
            );
        }
        say(
            &place,
            "kubernetes.node_cordoned",
            if cordoned.is_empty() { 0.85 } else { 0.6 },
            format!("{} needs a node, and nodes are cordoned", t.workload),
        );
    }
    if selected || (message.is_none() && !v.cluster.nodes.is_empty()) {
        selection(v, spec, t, selected, &mut say, &place);
    }
    if has("anti-affinity").is_some() {
        let rest = parts.iter().filter(|p| !p.1.contains("anti-affinity") && !control(&p.1)).count();
        let weight = if rest == 0 { 0.91 } else { 0.84 };
        say(
            &place,
            "kubernetes.pod_anti_affinity_conflict",
            weight,
            format!("{} keeps away from pods that are on every node left: {}", t.workload, apart(spec)),
        );
    }
    taints(v, t, spec, &parts, &mut say, &place);
    for (needle, resource, cause) in [
        ("insufficient cpu", "cpu", "kubernetes.insufficient_node_cpu"),
        ("insufficient memory", "memory", "kubernetes.insufficient_node_memory"),
        ("insufficient nvidia.com/gpu", "nvidia.com/gpu", "kubernetes.insufficient_node_gpu"),
        ("insufficient amd.com/gpu", "amd.com/gpu", "kubernetes.insufficient_node_gpu"),
    ] {
        let Some(nodes) = has(needle) else { continue };
        let asked = spec.request(resource);
        let largest = workers().filter_map(|n| n.allocatable.get(resource)).copied().fold(0.0, f64::max);
        let whole = asked > largest && largest > 0.0;
        let most = parts.iter().filter(|p| p.1.contains("insufficient")).map(|p| p.0).max().unwrap_or(0);
        let weight = if whole || nodes == most { 0.89 } else { 0.8 };
        // A cordoned or silent node takes its room with it: then that is the reason.
        let taken = !whole && (has("were unschedulable").is_some() || unready > 0);
        let weight = if taken { weight - 0.3 } else { weight };
        let left =
            workers().filter(|n| !n.cordoned).filter_map(|n| free(v, n, resource)).fold(f64::MIN, f64::max);
        let room = match (largest > 0.0, left > 0.0) {
            (true, true) => {
                format!("a node has {} at most, and {} left", shown(resource, largest), shown(resource, left))
            }
            (true, false) => format!("a node has {} at most", shown(resource, largest)),
            _ => format!("{nodes} nodes lack it"),
        };
        say(
            &place,
            cause,
            weight,
            format!("{} asks for {} of {resource}, {room}", t.workload, shown(resource, asked)),
        );
    }
    if has("insufficient ephemeral-storage").is_some() {
        say(
            &place,
            "kubernetes.ephemeral_storage_exceeded",
            0.8,
            format!("{} asks for more ephemeral storage than nodes have left", t.workload),
        );
    }
    if has("too many pods").is_some() {
        let full = workers().find(|n| {
            matches(spec, n)
                && (n.pods.is_some() && n.pods.map(|p| p as f64) >= n.allocatable.get("pods").copied())
        });
        match full {
            Some(n) => {
                let reading =
                    format!("node {} holds {} pods, as many as it takes", n.meta.name, n.pods.unwrap_or(0));
                say(&v.node(&n.meta.name), "kubernetes.too_many_pods_on_node", 0.9, reading);
                say(
                    &place,
                    "kubernetes.too_many_pods_on_node",
                    0.7,
                    format!("{} finds no node with room for one more pod", t.workload),
                );
            }
            None => say(
                &place,
                "kubernetes.too_many_pods_on_node",
                0.88,
                format!("{} finds no node with room for one more pod", t.workload),
            ),
        }
    }
}

/// What of a node's resource is not requested yet.
fn free(v: &View<'_>, n: &Node, resource: &str) -> Option<f64> {
    let used = n.allocated.get(resource).copied().unwrap_or_else(|| {
        let here = v.cluster.pods.iter().filter(|p| p.spec.node.as_deref() == Some(n.meta.name.as_str()));
        here.map(|p| v.cluster.spec_of(p).request(resource)).sum()
    });
    Some(n.allocatable.get(resource)? - used)
}

/// The template's selector and affinity: a described pod does not show its affinity.
fn spec<'a>(v: &'a View<'_>, t: &Trouble<'a>) -> &'a PodSpec {
    if t.spec.affinity.is_empty() && t.spec.apart_from.is_empty() {
        let template =
            v.cluster.workloads.iter().find(|w| w.meta.name == t.workload && !w.spec.containers.is_empty());
        if let Some(w) = template
            && (!w.spec.affinity.is_empty() || !w.spec.apart_from.is_empty())
        {
            return &w.spec;
        }
    }
    t.spec
}

fn matches(spec: &PodSpec, n: &Node) -> bool {
    if n.meta.labels.len() < 2 {
        // Its labels are not shown.
        return true;
    }
    spec.selector.iter().all(|(k, v)| n.meta.labels.get(k) == Some(v)) && affine(spec, n)
}

fn affine(spec: &PodSpec, n: &Node) -> bool {
    spec.affinity.is_empty() || spec.affinity.iter().any(|term| term.iter().all(|e| e.holds(&n.meta.labels)))
}

fn selection(
    v: &View<'_>,
    spec: &PodSpec,
    t: &Trouble<'_>,
    said: bool,
    say: &mut impl FnMut(&str, &'static str, f64, String),
    place: &str,
) {
    let labelled: Vec<&Node> = v.cluster.nodes.iter().filter(|n| n.meta.labels.len() >= 2).collect();
    let any = |f: &dyn Fn(&Node) -> bool| labelled.iter().any(|n| f(n));
    let selector_fails = !spec.selector.is_empty()
        && !labelled.is_empty()
        && !any(&|n| spec.selector.iter().all(|(k, w)| n.meta.labels.get(k) == Some(w)));
    let affinity_fails = !spec.affinity.is_empty() && !labelled.is_empty() && !any(&|n| affine(spec, n));
    let selector = spec.selector.iter().map(|(k, w)| format!("{k}={w}")).collect::<Vec<_>>().join(",");
    let affinity = spec
        .affinity
        .iter()
        .flatten()
        .map(super::super::model::pod::Expression::shown)
        .collect::<Vec<_>>()
        .join(", ");
    let there = |key: Option<&String>| {
        let values: Vec<String> = labelled
            .iter()
            .filter_map(|n| Some(format!("{}: {}", n.meta.name, n.meta.labels.get(key?)?)))
            .collect();
        if values.is_empty() {
            "no node has this label".to_owned()
        } else {
            format!("the nodes have {}", values.join(", "))
        }
    };
    let (by_selector, by_affinity) = match (selector_fails, affinity_fails, said) {
        (true, false, _) => (0.91, 0.0),
        (false, true, _) => (0.0, 0.91),
        (true, true, _) => (0.88, 0.86),
        (false, false, false) => (0.0, 0.0),
        // Nodes that match exist, but are full, cordoned or tainted; or their labels are not shown.
        (false, false, true) => {
            let shown = !labelled.is_empty() && (!spec.selector.is_empty() || !spec.affinity.is_empty());
            match (shown, spec.selector.is_empty(), spec.affinity.is_empty()) {
                (true, _, _) => (0.3, 0.3),
                (false, false, true) => (0.88, 0.4),
                (false, true, false) => (0.4, 0.88),
                (false, true, true) => (0.6, 0.74),
                (false, false, false) => (0.78, 0.76),
            }
        }
    };
    if by_selector > 0.0 {
        let key = spec.selector.keys().next();
        say(
            place,
            "kubernetes.node_selector_mismatch",
            by_selector,
            format!("{} selects nodes with {selector}; {}", t.workload, there(key)),
        );
    }
    if by_affinity > 0.0 {
        let key = spec.affinity.iter().flatten().map(|e| &e.key).next();
        say(
            place,
            "kubernetes.node_affinity_mismatch",
            by_affinity,
            format!("{} requires nodes with {affinity}; {}", t.workload, there(key)),
        );
    }
}

fn apart(spec: &PodSpec) -> String {
    let of: Vec<String> =
        spec.apart_from.iter().flatten().map(super::super::model::pod::Expression::shown).collect();
    if of.is_empty() { "anti-affinity rules".into() } else { of.join(", ") }
}

fn control(part: &str) -> bool {
    part.contains("control-plane") || part.contains("node-role.kubernetes.io/master")
}

fn tolerates(tolerations: &[Toleration], taint: &(String, String, String)) -> bool {
    tolerations.iter().any(|t| {
        (t.effect.is_empty() || t.effect == taint.2)
            && (t.key.is_empty() && t.exists || t.key == taint.0 && (t.exists || t.value == taint.1))
    })
}

/// Taints that nodes bear by themselves when they are not well or take no pods.
fn own(key: &str) -> bool {
    key.starts_with("node.kubernetes.io/") || key.starts_with("node.cloudprovider.kubernetes.io/")
}

fn taints(
    v: &View<'_>,
    t: &Trouble<'_>,
    spec: &PodSpec,
    parts: &[(i64, String)],
    say: &mut impl FnMut(&str, &'static str, f64, String),
    place: &str,
) {
    let cause = "kubernetes.taint_toleration_mismatch";
    let said: Vec<&(i64, String)> = parts
        .iter()
        .filter(|p| p.1.contains("taint") && !control(&p.1) && !p.1.contains("node.kubernetes.io/"))
        .collect();
    let bad: Vec<String> = v
        .cluster
        .nodes
        .iter()
        .filter(|n| !n.control_plane())
        .flat_map(|n| n.taints.iter().map(move |taint| (n, taint)))
        .filter(|(n, taint)| {
            matches!(taint.2.as_str(), "NoSchedule" | "NoExecute")
                && !own(&taint.0)
                && matches(spec, n)
                && !tolerates(&spec.tolerations, taint)
        })
        .map(|(n, taint)| format!("{}={}:{} on {}", taint.0, taint.1, taint.2, n.meta.name))
        .collect();
    let only_control =
        parts.iter().filter(|p| p.1.contains("taint")).all(|p| control(&p.1)) && parts.len() == 1;
    if !said.is_empty() || (parts.is_empty() && !bad.is_empty()) {
        let room = parts.iter().any(|p| p.1.contains("insufficient"));
        let weight = match (bad.is_empty(), room) {
            (false, false) => 0.9,
            (true, false) => 0.88,
            (_, true) => 0.83,
        };
        let which = if bad.is_empty() {
            quoted(&said.first().map_or(String::new(), |s| s.1.clone()))
        } else {
            bad.join("; ")
        };
        say(place, cause, weight, format!("{} does not tolerate {which}", t.workload));
    } else if only_control && v.cluster.nodes.len() == 1 {
        say(place, cause, 0.8, format!("{} does not tolerate the only node's taint", t.workload));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedulers_message_is_taken_apart() {
        let p = parts(
            "0/4 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 3 Insufficient cpu. preemption: 0/4 nodes are available: 4 No preemption victims found.",
        );
        assert_eq!(p.len(), 2);
        assert_eq!((p[1].0, p[1].1.as_str()), (3, "insufficient cpu"));
        assert!(control(&p[0].1));
    }
}
