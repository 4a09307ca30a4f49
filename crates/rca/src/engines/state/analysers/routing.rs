//! From a service to its pods: selector against labels, target port against container ports, protocol; and from a caller's
//! environment to the service.

use super::super::addresses::Address;
use super::super::finding::Finding;
use super::super::model::object::Service;
use super::super::model::pod::{Container, PodSpec};
use super::super::model::value::Labels;
use super::super::model::{Meta, same_ns};
use super::super::view::View;
use super::listened;

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    let addresses = v.addresses();
    for s in v.cluster.services.iter().filter(|s| !s.selector.is_empty() && s.kind != "ExternalName") {
        selector(v, s, &addresses, &mut out);
        ports(v, s, &addresses, &mut out);
    }
    for s in v.cluster.services.iter().filter(|s| s.selector.is_empty()) {
        unselected(v, s, &mut out);
    }
    environment(v, &addresses, &mut out);
    out
}

/// Pods and templates with their labels: name, namespace, labels, spec, where.
fn labelled<'a>(v: &'a View<'_>) -> Vec<(String, &'a str, &'a Labels, &'a PodSpec, &'a Meta)> {
    let c = v.cluster;
    let mut out: Vec<(String, &str, &Labels, &PodSpec, &Meta)> = Vec::new();
    for p in c.pods.iter().filter(|p| !p.meta.deleting && !p.meta.labels.is_empty() && p.phase != "Succeeded")
    {
        out.push((c.workload_of(&p.meta), p.meta.ns.as_str(), &p.meta.labels, c.spec_of(p), &p.meta));
    }
    for w in
        c.workloads.iter().filter(|w| w.meta.kind != "Job" && !w.labels.is_empty() && w.desired != Some(0))
    {
        if !out.iter().any(|o| o.0 == w.meta.name) {
            out.push((w.meta.name.clone(), w.meta.ns.as_str(), &w.labels, &w.spec, &w.meta));
        }
    }
    out
}

fn selects(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(k, v)| labels.get(k) == Some(v))
}

fn shown(labels: &Labels) -> String {
    labels
        .iter()
        .filter(|(k, _)| !k.contains("pod-template-hash") && !k.contains("controller-revision"))
        .map(|(k, v)| format!("{k}={v}"))
        .collect::<Vec<_>>()
        .join(",")
}

/// The workload that a service is meant for, by its name or by most of its labels.
fn meant(v: &View<'_>, s: &Service) -> Option<(String, String)> {
    let all = labelled(v);
    let mates = || all.iter().filter(|l| same_ns(l.1, &s.meta.ns));
    let plain = |n: &str| n.trim_end_matches("-service").trim_end_matches("-svc").to_owned();
    mates()
        .find(|l| l.0 == s.meta.name)
        .or_else(|| mates().find(|l| plain(&l.0) == plain(&s.meta.name)))
        .or_else(|| {
            mates()
                .filter(|l| s.selector.iter().any(|(k, w)| l.2.get(k) == Some(w)))
                .max_by_key(|l| s.selector.iter().filter(|(k, w)| l.2.get(*k) == Some(w)).count())
        })
        .map(|l| (l.0.clone(), shown(l.2)))
        .or_else(|| {
            v.cluster
                .pods
                .iter()
                .map(|p| v.cluster.workload_of(&p.meta))
                .find(|w| *w == s.meta.name)
                .map(|w| (w, String::new()))
        })
}

fn called(s: &Service, addresses: &[Address]) -> bool {
    addresses.iter().any(|a| a.name == s.meta.name)
}

fn selector(v: &View<'_>, s: &Service, addresses: &[Address], out: &mut Vec<Finding>) {
    let Some(cite) = s.meta.cites.first() else { return };
    let all = labelled(v);
    let mates: Vec<_> = all.iter().filter(|l| same_ns(l.1, &s.meta.ns)).collect();
    if mates.iter().any(|l| selects(&s.selector, l.2)) {
        return;
    }
    let none = v.cluster.endpoints_of(s).map(Vec::is_empty);
    if none == Some(false) {
        return;
    }
    let target = meant(v, s);
    let wanted = shown(&s.selector);
    // Only where the labels of pods are shown can it be said that none has these.
    let (weight, reading) = match (&target, mates.is_empty(), none) {
        (Some((w, labels)), false, _) if !labels.is_empty() => {
            let weight = if none == Some(true) { 0.91 } else { 0.86 };
            (
                weight,
                format!("service {} selects pods with {wanted}; the pods of {w} have {labels}", s.meta.name),
            )
        }
        (Some((w, _)), _, Some(true)) => {
            // Pods that are not ready leave a service without addresses too.
            if v.troubled(w).next().is_some() {
                return;
            }
            (
                0.85,
                format!(
                    "service {} selects pods with {wanted} and has no address, while {w} runs",
                    s.meta.name
                ),
            )
        }
        (None, false, Some(true)) => {
            (0.6, format!("service {} selects pods with {wanted}, and no pod has that", s.meta.name))
        }
        _ => return,
    };
    let weight = if target.is_none() && !called(s, addresses) { 0.35 } else { weight };
    let gone = target
        .as_ref()
        .is_some_and(|(w, _)| v.cluster.workloads.iter().any(|x| x.meta.name == *w && x.desired == Some(0)));
    if gone {
        return;
    }
    let place = v.service(target.as_ref().map_or(&s.meta.name, |t| &t.0));
    out.push(Finding::new(
        place,
        "kubernetes.service_selector_mismatch",
        weight,
        "spec.selector",
        cite,
        reading,
    ));
}

/// A service of a table, whose selector is not shown: no address behind it though the pods of its name are well.
fn unselected(v: &View<'_>, s: &Service, out: &mut Vec<Finding>) {
    let known = v.cluster.endpoints.iter().find(|e| e.0.1 == s.meta.name && same_ns(&e.0.0, &s.meta.ns));
    if !known.is_some_and(|e| e.1.is_empty()) || s.meta.ns == "kube-system" {
        return;
    }
    let pods: Vec<_> = v.cluster.pods_of(&s.meta.name).filter(|p| !p.meta.deleting).collect();
    let well = !pods.is_empty() && v.troubled(&s.meta.name).next().is_none();
    if let (true, Some(cite)) = (well, s.meta.cites.first()) {
        let reading = format!(
            "service {} has no address, while {} pods of that name are ready",
            s.meta.name,
            pods.len()
        );
        out.push(Finding::new(
            v.service(&s.meta.name),
            "kubernetes.service_selector_mismatch",
            0.82,
            "endpoints",
            cite,
            reading,
        ));
    }
}

fn ports(v: &View<'_>, s: &Service, addresses: &[Address], out: &mut Vec<Finding>) {
    let Some(cite) = s.meta.cites.first() else { return };
    let all = labelled(v);
    let behind: Vec<_> =
        all.iter().filter(|l| same_ns(l.1, &s.meta.ns) && selects(&s.selector, l.2)).collect();
    let Some((workload, _, _, spec, _)) = behind.into_iter().find(|l| !l.3.containers.is_empty()) else {
        return;
    };
    let place = v.service(workload);
    let declared: Vec<_> = spec.containers.iter().flat_map(|c: &Container| &c.ports).collect();
    let open: Vec<i64> = spec.containers.iter().flat_map(|c| listened(v, workload, c)).collect();
    for p in &s.ports {
        let target = p.target.clone().unwrap_or_else(|| p.number.to_string());
        let number: Option<i64> =
            target.parse().ok().or_else(|| declared.iter().find(|d| d.name == target).map(|d| d.number));
        let named = target.parse::<i64>().is_err();
        let miss = match number {
            Some(n) => !open.is_empty() && !open.contains(&n),
            None => named && !declared.is_empty(),
        };
        let refused = refusals(v, &s.meta.name);
        if miss {
            let ports: Vec<String> = open.iter().map(i64::to_string).collect();
            let lone = s.ports.len() == 1;
            let base = if lone { 0.86 } else { 0.72 };
            let weight = if refused.is_some() { 0.91 } else { base };
            let reading = format!(
                "service {} sends port {} to target port {target}, the container of {workload} listens on {}",
                s.meta.name,
                p.number,
                ports.join(", ")
            );
            out.push(
                Finding::new(
                    place.clone(),
                    "kubernetes.service_port_mapping_mismatch",
                    weight,
                    "targetPort",
                    cite,
                    reading,
                )
                .also(refused.map(|r| &r.1), refused.map_or(String::new(), |r| r.0.clone())),
            );
            continue;
        }
        // The same number by another protocol; DNS and the like declare both.
        let here: Vec<&str> =
            declared.iter().filter(|d| Some(d.number) == number).map(|d| d.protocol.as_str()).collect();
        if !here.is_empty() && !here.contains(&p.protocol.as_str()) {
            let reading = format!(
                "service {} offers port {} by {}, the container of {workload} by {}",
                s.meta.name,
                p.number,
                p.protocol,
                here.join(",")
            );
            out.push(Finding::new(
                place.clone(),
                "kubernetes.service_protocol_mismatch",
                0.9,
                "protocol",
                cite,
                reading,
            ));
        } else if p.protocol == "UDP"
            && declared.is_empty()
            && (called(s, addresses) || s.meta.name != "kube-dns")
            && s.ports.len() == 1
            && s.meta.ns != "kube-system"
        {
            let reading = format!("service {} offers its only port {} by UDP", s.meta.name, p.number);
            out.push(Finding::new(
                place.clone(),
                "kubernetes.service_protocol_mismatch",
                0.6,
                "protocol",
                cite,
                reading,
            ));
        }
    }
}

/// A caller's output that names the service and says that nobody listens.
fn refusals<'a>(v: &'a View<'_>, service: &str) -> Option<&'a (String, crate::evidence::Cite)> {
    v.refused.iter().find(|r| r.0.contains(service))
}

fn environment(v: &View<'_>, addresses: &[Address], out: &mut Vec<Finding>) {
    let cause = "kubernetes.service_env_var_address_mismatch";
    for a in addresses.iter().filter(|a| v.services_known(a)) {
        let ill = v.troubled(&a.workload).next().is_some()
            || v.outputs(&a.workload).any(|o| o.text.contains(&a.name));
        let place = v.service(&a.workload);
        let Some(s) = v.service_at(a) else {
            // A bare word may be no address at all, unless it looks like a service that is there.
            let near = v.near(a);
            let elsewhere =
                v.cluster.services.iter().find(|s| s.meta.name == a.name && !s.meta.ns.is_empty());
            if !a.sure && near.is_none() && !ill {
                continue;
            }
            let weight = match (near, a.sure, ill) {
                (Some(_), _, true) | (None, true, true) => 0.9,
                (Some(_), _, false) => 0.85,
                (None, true, false) => 0.7,
                _ => 0.5,
            };
            // What could not be made for the quota is missing for the quota's sake.
            let weight = if near.is_none() && v.services_full(&a.ns) { 0.6 * weight } else { weight };
            let hint = near.map_or(String::new(), |n| format!("; there is {n}"));
            let reading = format!(
                "{} is given {}={}, and no service is called {}{hint}",
                a.workload, a.variable, a.value, a.name
            );
            let mut f = Finding::new(place.clone(), cause, weight, &a.variable, &a.cite, reading);
            if let Some(s) = elsewhere {
                f.weight = if a.there.is_some() { 0.84 } else { 0.72 };
                let weight = if a.there.is_some() { 0.8 } else { 0.86 };
                let reading = format!(
                    "{} of namespace {} is given {}={}; service {} is in namespace {}",
                    a.workload, a.ns, a.variable, a.value, a.name, s.meta.ns
                );
                out.push(Finding::new(
                    place,
                    "kubernetes.wrong_namespace",
                    weight,
                    &a.variable,
                    &a.cite,
                    reading,
                ));
            }
            out.push(f);
            continue;
        };
        if let Some(port) = a.port
            && !s.ports.is_empty()
            && !s.ports.iter().any(|p| p.number == port)
            && s.ip.as_deref() != Some("None")
        {
            let offered: Vec<String> = s.ports.iter().map(|p| p.number.to_string()).collect();
            // Where several callers agree on a port, it is the service that moved.
            let callers: Vec<&Address> =
                addresses.iter().filter(|b| b.name == a.name && b.port == a.port).collect();
            let others: std::collections::BTreeSet<&str> =
                callers.iter().map(|b| b.workload.as_str()).collect();
            let right = addresses
                .iter()
                .any(|b| b.name == a.name && b.port.is_some_and(|p| s.ports.iter().any(|q| q.number == p)));
            let reading = format!(
                "{} is given {}={}, service {} offers port {}",
                a.workload,
                a.variable,
                a.value,
                s.meta.name,
                offered.join(", ")
            );
            if others.len() >= 2 && !right {
                let place = v.service(&meant(v, s).map_or(s.meta.name.clone(), |m| m.0));
                out.push(Finding::new(
                    place,
                    "kubernetes.service_port_mapping_mismatch",
                    0.88,
                    "port",
                    &a.cite,
                    reading.clone(),
                ));
                out.push(Finding::new(v.service(&a.workload), cause, 0.7, &a.variable, &a.cite, reading));
            } else {
                out.push(Finding::new(
                    place,
                    cause,
                    if ill { 0.9 } else { 0.87 },
                    &a.variable,
                    &a.cite,
                    reading,
                ));
            }
        }
    }
}
