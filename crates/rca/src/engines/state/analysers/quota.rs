//! Namespaces whose quota is used up.

use super::super::finding::Finding;
use super::super::model::value::{quantity, shown};
use super::super::view::{Kind, View};
use super::quoted;

/// The cause that a quota's resource stands for.
fn cause(resource: &str) -> Option<&'static str> {
    let r = resource.trim();
    Some(match r {
        _ if r.contains("storage") && !r.contains("ephemeral") || r.contains("persistentvolumeclaims") => {
            "kubernetes.namespace_storage_quota_exceeded"
        }
        _ if r.starts_with("services") || r.ends_with("/services") => {
            "kubernetes.namespace_service_quota_exceeded"
        }
        _ if r.ends_with("cpu") => "kubernetes.namespace_cpu_quota_exceeded",
        _ if r.ends_with("memory") => "kubernetes.namespace_memory_quota_exceeded",
        "pods" | "count/pods" | "count/deployments.apps" | "count/replicasets.apps" => {
            "kubernetes.namespace_pod_quota_exceeded"
        }
        _ => return None,
    })
}

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out: Vec<Finding> = Vec::new();
    // What the API refused, in its own words.
    let messages = v
        .troubles
        .iter()
        .flat_map(|t| t.said.iter().map(move |s| (t.ns.as_str(), s)))
        .map(|(ns, (text, cite))| (ns, text.as_str(), cite))
        .chain(
            v.cluster
                .events
                .iter()
                .filter(|e| e.warning && e.age.is_none_or(|a| a < 3_600))
                .filter(|e| {
                    // Others than pods: claims and services.
                    matches!(
                        e.kind.as_str(),
                        "StatefulSet" | "Service" | "PersistentVolumeClaim" | "Namespace"
                    )
                })
                .map(|e| (e.ns.as_str(), e.message.as_str(), &e.cite)),
        );
    for (ns, text, cite) in messages {
        let Some((_, rest)) = text.split_once("exceeded quota: ") else { continue };
        let quota = rest.split(',').next().unwrap_or("").trim();
        let field = |name: &str| {
            let part = rest.split_once(&format!("{name}: "))?.1;
            Some(part.split(", ").next().unwrap_or(part).trim().to_owned())
        };
        let asked = field("requested").unwrap_or_default();
        let (used, limited) = (field("used").unwrap_or_default(), field("limited").unwrap_or_default());
        for (i, part) in asked.split(',').enumerate() {
            let Some((resource, amount)) = part.split_once('=') else { continue };
            let Some(cause) = cause(resource) else { continue };
            let of = |list: &str| {
                list.split(',').find_map(|p| {
                    p.split_once('=').filter(|kv| kv.0.trim() == resource.trim()).map(|kv| kv.1.to_owned())
                })
            };
            let over = match (
                quantity(amount),
                of(&used).and_then(|u| quantity(&u)),
                of(&limited).and_then(|l| quantity(&l)),
            ) {
                (Some(a), Some(u), Some(l)) => (a + u) / l.max(1e-9),
                _ => 1.0,
            };
            if over < 0.999 {
                continue;
            }
            let ns = namespace(v, ns, quota);
            let reading = format!(
                "quota {quota} of namespace {ns}: {} more {resource} asked, {} of {} used",
                amount,
                of(&used).unwrap_or_default(),
                of(&limited).unwrap_or_default()
            );
            let weight = 0.92 - 0.03 * i as f64;
            out.push(Finding::new(v.namespace(&ns), cause, weight, "FailedCreate", cite, reading));
        }
    }
    for (text, t) in v.troubles.iter().filter_map(|t| Some((t.says(&["failed quota"])?, t))) {
        // A quota on a resource refuses pods that do not say how much of it they want.
        let lower = text.0.to_lowercase();
        let cause = if lower.contains("cpu") {
            "kubernetes.namespace_cpu_quota_exceeded"
        } else {
            "kubernetes.namespace_memory_quota_exceeded"
        };
        out.push(Finding::new(v.namespace(&t.ns), cause, 0.6, "FailedCreate", &text.1, quoted(&text.0)));
    }
    full(v, &mut out);
    out
}

fn namespace(v: &View<'_>, ns: &str, quota: &str) -> String {
    if !ns.is_empty() {
        return ns.to_owned();
    }
    v.cluster.quotas.iter().find(|q| q.meta.name == quota).map(|q| q.meta.ns.clone()).unwrap_or_default()
}

/// Quotas that are full, and whether anything suffers from it.
fn full(v: &View<'_>, out: &mut Vec<Finding>) {
    for q in &v.cluster.quotas {
        let Some(cite) = q.meta.cites.first() else { continue };
        for (resource, hard) in &q.hard {
            let (Some(used), Some(cause)) = (q.used.get(resource), cause(resource)) else { continue };
            let lacking =
                v.troubles.iter().find(|t| t.kind == Kind::Missing && (t.ns == q.meta.ns || t.ns.is_empty()));
            let wanted = lacking.map_or(0.0, |t| {
                let plain = resource.trim_start_matches("requests.");
                match resource.strip_prefix("limits.") {
                    Some(l) => t.spec.containers.iter().filter_map(|c| c.limits.get(l)).sum(),
                    None if resource == "pods" => 1.0,
                    None => t.spec.request(plain),
                }
            });
            let over = *used + wanted > *hard * 1.0001;
            let at_limit = *used >= *hard * 0.999;
            let service = cause.ends_with("service_quota_exceeded");
            let claims = cause.ends_with("storage_quota_exceeded");
            let weight = match (lacking, over, at_limit) {
                // Everything named by the API's refusal is more than a full quota.
                (Some(_), true, _) if !service && !claims => 0.84,
                (_, _, true) if service && v.missing_services(&q.meta.ns) => 0.88,
                (_, _, true)
                    if claims
                        && v.cluster
                            .claims
                            .iter()
                            .any(|c| c.phase == "Pending" && c.meta.ns == q.meta.ns) =>
                {
                    0.6
                }
                (_, _, true) => 0.35,
                _ => continue,
            };
            let reading = format!(
                "quota {} of namespace {}: {} of {} {resource} used{}",
                q.meta.name,
                q.meta.ns,
                shown(resource, *used),
                shown(resource, *hard),
                lacking.map_or(String::new(), |t| format!(", while of {} {}", t.workload, t.what))
            );
            out.push(Finding::new(v.namespace(&q.meta.ns), cause, weight, resource, cite, reading));
        }
    }
}
