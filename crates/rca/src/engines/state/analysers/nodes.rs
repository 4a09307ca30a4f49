//! Node services that are dead: kubelet, container runtime, kube-proxy, scheduler. They dominate all that they bring about.

use super::super::finding::Finding;
use super::super::model::object::Node;
use super::super::view::View;
use super::quoted;

/// A node that says nothing is ill for its kubelet or its runtime, unless something tells which.
pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    for n in &v.cluster.nodes {
        not_ready(v, n, &mut out);
    }
    units(v, &mut out);
    proxies(v, &mut out);
    scheduler(v, &mut out);
    out
}

fn not_ready(v: &View<'_>, n: &Node, out: &mut Vec<Finding>) {
    if n.ready() != Some(false) {
        return;
    }
    let Some(cite) = n.meta.cites.first() else { return };
    let ready = n.conditions.get("Ready").cloned().unwrap_or_default();
    let events: String = v
        .cluster
        .events_of("Node", &n.meta.name)
        .filter(|e| e.warning)
        .map(|e| format!("{} ", e.message))
        .collect();
    let lower = format!("{} {} {events}", ready.reason, ready.message).to_lowercase();
    let place = v.node(&n.meta.name);
    let runtime = [
        "container runtime is down",
        "containerd",
        "pleg is not healthy",
        "cri-o",
        "container runtime network not ready",
    ];
    let word = if ready.message.is_empty() { n.printed.clone() } else { ready.message.clone() };
    if runtime.iter().any(|r| lower.contains(r)) {
        let reading = format!("node {} is not ready and its kubelet says: {}", n.meta.name, quoted(&word));
        out.push(Finding::new(
            place,
            "kubernetes.containerd_unavailable",
            0.92,
            "Ready=False",
            cite,
            reading,
        ));
        return;
    }
    // Whether systemd was asked is told by `units`.
    let other = |unit: &str| {
        v.cluster.host.units.iter().any(|u| {
            u.name.contains(unit)
                && !u.active
                && v.host(u.host.as_deref()).as_deref() == Some(n.meta.name.as_str())
        })
    };
    let (weight, cause) = if other("containerd") || other("docker") || other("crio") {
        (0.5, "kubernetes.kubelet_unavailable")
    } else if ready.status == "False" && !lower.contains("stopped posting") {
        // The kubelet still speaks: it is not what is dead.
        (0.6, "kubernetes.kubelet_unavailable")
    } else {
        (0.9, "kubernetes.kubelet_unavailable")
    };
    let reading = format!("node {} is NotReady: {}", n.meta.name, quoted(&word));
    out.push(Finding::new(place.clone(), cause, weight, "Ready", cite, reading.clone()));
    out.push(Finding::new(place, "kubernetes.containerd_unavailable", 0.45, "Ready", cite, reading));
}

/// Units of the system itself that come and go, and whose failure harms nobody's requests.
const HOUSEKEEPING: [&str; 12] = [
    "systemd-",
    "apt-",
    "dpkg-",
    "snap",
    "logrotate",
    "man-db",
    "fstrim",
    "e2scrub",
    "motd",
    "plymouth",
    "certbot",
    "user@",
];

fn units(v: &View<'_>, out: &mut Vec<Finding>) {
    let silent: Vec<&Node> = v.cluster.nodes.iter().filter(|n| n.ready() == Some(false)).collect();
    let runtime_down = v
        .cluster
        .host
        .units
        .iter()
        .any(|u| !u.active && (u.name.contains("containerd") || u.name == "docker" || u.name == "crio"));
    for u in v.cluster.host.units.iter().filter(|u| !u.active) {
        let cause = match u.name.as_str() {
            "kubelet" => "kubernetes.kubelet_unavailable",
            "containerd" | "docker" | "crio" | "cri-docker" | "cri-o" => "kubernetes.containerd_unavailable",
            "kube-proxy" => "kubernetes.kube_proxy_unavailable",
            "kube-scheduler" => "kubernetes.kube_scheduler_unavailable",
            n if n.starts_with("postgresql") || n == "mysql" || n == "mysqld" || n == "mariadb" => {
                "database.primary_down"
            }
            n if n.starts_with("redis") || n.starts_with("memcached") => "cache.unavailable",
            n if n.contains('.') || HOUSEKEEPING.iter().any(|h| n.starts_with(h)) => continue,
            _ => "dependency.unavailable",
        };
        let node = v
            .host(u.host.as_deref())
            .or_else(|| (silent.len() == 1).then(|| silent[0].meta.name.clone()))
            .or_else(|| u.host.clone());
        let place = match (cause.starts_with("kubernetes."), &node) {
            (true, Some(node)) => v.node(node),
            (true, None) => continue,
            (false, _) => v.service(&u.name),
        };
        // A kubelet whose runtime is gone fails after it.
        let weight = match cause {
            c if c.ends_with("kubelet_unavailable") && runtime_down => 0.7,
            // Whether it should run is known of the others by their names; a unit may have been stopped, or done its work.
            "dependency.unavailable" if u.state.starts_with("inactive") => 0.45,
            "dependency.unavailable" => 0.85,
            _ => 0.93,
        };
        let reading = format!("unit {} is {}", u.name, quoted(&u.state));
        out.push(Finding::new(place, cause, weight, &u.name, &u.cite, reading));
    }
}

/// Kube-proxy's pods: missing on a node, or not well.
fn proxies(v: &View<'_>, out: &mut Vec<Finding>) {
    let cause = "kubernetes.kube_proxy_unavailable";
    for t in v.troubled("kube-proxy") {
        let node = t.pod.and_then(|p| p.spec.node.clone());
        let silent =
            node.as_deref().and_then(|n| v.cluster.node(n)).is_some_and(|n| n.ready() == Some(false));
        if silent {
            continue;
        }
        let place = node.map_or_else(|| v.service("kube-proxy"), |n| v.node(&n));
        out.push(Finding::new(
            place,
            cause,
            0.92 * t.sure,
            "kube-proxy",
            &t.cite,
            format!("kube-proxy of the node is not up: {}", t.what),
        ));
    }
    let seen: Vec<&str> = v
        .cluster
        .pods
        .iter()
        .filter(|p| p.meta.name.starts_with("kube-proxy"))
        .filter_map(|p| p.spec.node.as_deref())
        .collect();
    // Where it runs on some nodes, a ready node without one lacks it.
    if !seen.is_empty() && v.cluster.complete("Pod", "kube-system") {
        for n in v
            .cluster
            .nodes
            .iter()
            .filter(|n| n.ready() == Some(true) && !seen.contains(&n.meta.name.as_str()))
        {
            if let Some(cite) = n.meta.cites.first() {
                let reading =
                    format!("no kube-proxy runs on {}, while it runs on {}", n.meta.name, seen.join(", "));
                out.push(Finding::new(v.node(&n.meta.name), cause, 0.85, "kube-proxy", cite, reading));
            }
        }
    }
    let set = v.cluster.workloads.iter().find(|w| w.meta.kind == "DaemonSet" && w.meta.name == "kube-proxy");
    if let Some(w) = set
        && w.desired == Some(0)
        && v.cluster.nodes.len() > 1
        && let Some(cite) = w.meta.cites.first()
    {
        for n in v.cluster.nodes.iter().filter(|n| !n.control_plane()) {
            let reading = format!(
                "daemon set kube-proxy wants no pod, while there are {} nodes",
                v.cluster.nodes.len()
            );
            out.push(Finding::new(v.node(&n.meta.name), cause, 0.8, "desiredNumberScheduled", cite, reading));
        }
    }
}

/// The scheduler is down if its pod is, or if pods wait without anybody having tried to place them.
fn scheduler(v: &View<'_>, out: &mut Vec<Finding>) {
    let cause = "kubernetes.kube_scheduler_unavailable";
    let c = v.cluster;
    let masters = || c.nodes.iter().filter(|n| n.control_plane()).map(|n| n.meta.name.as_str());
    let mut say = |node: Option<String>, weight: f64, cite, reading: String| match node {
        Some(n) => {
            out.push(Finding::new(v.node(&n), cause, weight, "kube-scheduler", cite, reading.clone()));
            out.push(Finding::new(
                "service/kube-scheduler".into(),
                cause,
                0.8 * weight,
                "kube-scheduler",
                cite,
                reading,
            ));
        }
        None => out.push(Finding::new(
            "service/kube-scheduler".into(),
            cause,
            weight,
            "kube-scheduler",
            cite,
            reading,
        )),
    };
    let pods: Vec<_> = c.pods.iter().filter(|p| p.meta.name.starts_with("kube-scheduler")).collect();
    if let Some(t) =
        v.troubles.iter().find(|t| t.pod.is_some_and(|p| p.meta.name.starts_with("kube-scheduler")))
    {
        let node = t.pod.and_then(|p| {
            p.spec.node.clone().or_else(|| p.meta.name.strip_prefix("kube-scheduler-").map(str::to_owned))
        });
        say(node, 0.93, &t.cite, format!("kube-scheduler is not up: {}", t.what));
        return;
    }
    let untouched = v.troubles.iter().find(|t| {
        t.pod.is_some_and(|p| {
            p.phase == "Pending"
                && p.spec.node.is_none()
                && !p.conditions.contains_key("PodScheduled")
                && !c
                    .events_of("Pod", &p.meta.name)
                    .any(|e| e.reason == "FailedScheduling" || e.reason == "Scheduled")
                && p.states.is_empty()
        })
    });
    let Some(t) = untouched else { return };
    let system =
        c.pods.iter().any(|p| p.meta.ns == "kube-system" && !p.meta.name.starts_with("kube-scheduler"));
    let gone = pods.is_empty() && system && c.complete("Pod", "kube-system");
    let described = t.pod.is_some_and(|p| !p.spec.containers.is_empty());
    let node = masters().next().map(str::to_owned);
    if gone {
        say(
            node,
            0.92,
            &t.cite,
            format!(
                "{} waits without an attempt to place it, and no kube-scheduler runs in kube-system",
                t.workload
            ),
        );
    } else if described && pods.is_empty() {
        say(
            node,
            0.7,
            &t.cite,
            format!(
                "{} waits without a condition PodScheduled and without any event: nobody tries to place it",
                t.workload
            ),
        );
    }
}
