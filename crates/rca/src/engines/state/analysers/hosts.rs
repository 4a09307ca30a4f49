//! Hosts that are short of room: disks, inodes, memory, pods that were evicted for it.

use super::super::finding::Finding;
use super::super::view::{Kind, View};
use super::quoted;

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    evicted(v, &mut out);
    for f in &v.cluster.host.filesystems {
        let virtual_ =
            ["/proc", "/sys", "/dev", "/run", "/snap", "/boot"].iter().any(|p| f.mount.starts_with(p));
        if f.used < 95.0 || virtual_ {
            continue;
        }
        let what = if f.inodes { "inodes" } else { "space" };
        let reading = format!("{} has {:.0} % of its {what} used", f.mount, f.used);
        let weight = if f.used >= 99.0 { 0.9 } else { 0.65 };
        out.push(Finding::new(
            place(v, f.host.as_deref()),
            "saturation.disk",
            weight,
            "df",
            &f.cite,
            reading,
        ));
    }
    for m in &v.cluster.host.memory {
        if m.total > 0.0 && m.available < 0.03 * m.total {
            let reading = format!("{:.1} % of the memory is available", 100.0 * m.available / m.total);
            out.push(Finding::new(
                place(v, m.host.as_deref()),
                "saturation.memory",
                0.7,
                "free",
                &m.cite,
                reading,
            ));
        }
    }
    for (host, state, n, cite) in &v.cluster.host.sockets {
        let many = matches!(state.as_str(), "closewait" | "synsent" | "synrecv" | "orphaned") && *n > 500;
        if many {
            let reading = format!("{n} sockets are in state {state}");
            let cause =
                if state == "synsent" { "dependency.unavailable" } else { "saturation.file_descriptors" };
            out.push(Finding::new(place(v, host.as_deref()), cause, 0.55, "ss", cite, reading));
        }
    }
    for q in &v.cluster.host.full_queues {
        let whose = match &q.process {
            Some(process) => v.service(process),
            None => place(v, q.host.as_deref()),
        };
        let reading = format!("{} connections wait at {}, which takes {}", q.waiting, q.address, q.most);
        out.push(Finding::new(whose, "saturation.queue", 0.75, "ss", &q.cite, reading));
    }
    for n in &v.cluster.nodes {
        for (condition, cause) in [
            ("DiskPressure", "saturation.disk"),
            ("MemoryPressure", "saturation.memory"),
            ("PIDPressure", "saturation.threads"),
        ] {
            if let (Some(c), Some(cite)) =
                (n.conditions.get(condition).filter(|c| c.status == "True"), n.meta.cites.first())
            {
                let reading = format!("node {} is under {condition}: {}", n.meta.name, quoted(&c.message));
                out.push(Finding::new(v.node(&n.meta.name), cause, 0.8, condition, cite, reading));
            }
        }
    }
    out
}

fn place(v: &View<'_>, host: Option<&str>) -> String {
    match (v.host(host), host) {
        (Some(node), _) => v.node(&node),
        (None, Some(host)) if v.cluster.pods.iter().any(|p| p.meta.name == host) => {
            v.service(&v.cluster.workload_named(host))
        }
        (None, host) => format!("host/{}", host.unwrap_or("unknown")),
    }
}

fn evicted(v: &View<'_>, out: &mut Vec<Finding>) {
    let cause = "kubernetes.ephemeral_storage_exceeded";
    for t in v.troubles.iter().filter(|t| matches!(t.kind, Kind::Evicted | Kind::Crashing | Kind::NotReady)) {
        let own = t.says(&[
            "ephemeral local storage",
            "local ephemeral storage limit",
            "exceeds the limit",
            "emptydir volume",
        ]);
        let low = t.says(&["low on resource: ephemeral-storage", "ephemeral-storage"]);
        let memory = t.says(&["low on resource: memory"]);
        let place = v.service(&t.workload);
        if let Some((text, cite)) = own {
            let reading = format!("{} was evicted for what it wrote: {}", t.workload, quoted(text));
            out.push(Finding::new(place, cause, 0.91 * t.sure, "Evicted", cite, reading));
        } else if let Some((text, cite)) = low {
            let reading = format!("{} was evicted because its node ran short: {}", t.workload, quoted(text));
            out.push(Finding::new(place, cause, 0.84 * t.sure, "Evicted", cite, reading));
        } else if let Some((text, cite)) = memory {
            out.push(Finding::new(place, "saturation.memory", 0.7 * t.sure, "Evicted", cite, quoted(text)));
        }
    }
}
