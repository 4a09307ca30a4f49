//! Pods that use all the processor time that they may, and nodes that are full of work.

use super::super::finding::Finding;
use super::super::model::same_ns;
use super::super::model::value::shown;
use super::super::view::View;

/// Share of its limit from which a pod is taken to be held back.
const HELD_BACK: f64 = 0.9;

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    for u in &v.cluster.usage {
        let found = |component, cause, weight, reading| {
            Finding::new(component, cause, weight, "kubectl top", &u.cite, reading)
        };
        if u.node {
            if let Some(p) = u.cpu_percent.filter(|p| *p >= 92.0) {
                let reading = format!("node {} uses {p:.0} % of its processors", u.name);
                out.push(found(v.node(&u.name), "saturation.cpu", 0.6, reading));
            }
            continue;
        }
        let pod = v.cluster.pods.iter().find(|p| p.meta.name == u.name && same_ns(&p.meta.ns, &u.ns));
        let workload =
            pod.map_or_else(|| v.cluster.workload_named(&u.name), |p| v.cluster.workload_of(&p.meta));
        let spec = pod
            .map(|p| v.cluster.spec_of(p))
            .or_else(|| v.specs().into_iter().find(|s| s.0 == workload).map(|s| s.2));
        let limit = |r: &str| -> Option<f64> {
            let of: Option<Vec<f64>> = spec?.containers.iter().map(|c| c.limits.get(r).copied()).collect();
            of.filter(|l| !l.is_empty()).map(|l| l.iter().sum())
        };
        if let Some(l) = limit("cpu")
            && u.cpu >= HELD_BACK * l
            && l > 0.0
        {
            let reading = format!(
                "{} uses {} of the {} cores that it may",
                u.name,
                shown("cpu", u.cpu),
                shown("cpu", l)
            );
            out.push(found(v.service(&workload), "kubernetes.pod_cpu_overload", 0.88, reading));
        } else if limit("cpu").is_none() {
            // Without a limit the neighbours tell what is usual.
            let mut others: Vec<f64> =
                v.cluster.usage.iter().filter(|o| !o.node && o.name != u.name).map(|o| o.cpu).collect();
            others.sort_by(f64::total_cmp);
            let usual = others.get(others.len() / 2).copied().unwrap_or(u.cpu);
            if others.len() >= 3 && u.cpu > 0.8 && u.cpu > 8.0 * usual {
                let reading = format!(
                    "{} uses {} cores, the others {} as a rule",
                    u.name,
                    shown("cpu", u.cpu),
                    shown("cpu", usual)
                );
                out.push(found(v.service(&workload), "kubernetes.pod_cpu_overload", 0.8, reading));
            }
        }
        if let Some(l) = limit("memory")
            && u.memory >= 0.95 * l
            && l > 0.0
        {
            let reading = format!(
                "{} uses {} of the {} of memory that it may",
                u.name,
                shown("memory", u.memory),
                shown("memory", l)
            );
            out.push(found(v.service(&workload), "saturation.memory", 0.6, reading));
        }
    }
    out
}
