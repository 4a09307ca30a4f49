//! The way in and the number of pods: ingress classes, autoscalers without requests.

use super::super::finding::Finding;
use super::super::model::same_ns;
use super::super::view::View;

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    ingresses(v, &mut out);
    autoscalers(v, &mut out);
    out
}

fn ingresses(v: &View<'_>, out: &mut Vec<Finding>) {
    let cause = "kubernetes.ingress_class_mismatch";
    let classes: Vec<&str> = v.cluster.ingress_classes.iter().map(|c| c.name.as_str()).collect();
    let usual = v.cluster.ingress_classes.iter().any(|c| {
        c.annotations.get("ingressclass.kubernetes.io/is-default-class").is_some_and(|d| d == "true")
    });
    for i in &v.cluster.ingresses {
        let Some(cite) = i.meta.cites.first() else { continue };
        let names = v.cluster.services.iter().map(|s| s.meta.name.as_str());
        let backend =
            i.backends.first().map(|b| b.0.clone()).or_else(|| {
                names.filter(|n| i.meta.name.contains(n)).max_by_key(|n| n.len()).map(str::to_owned)
            });
        let place = v.service(backend.as_deref().unwrap_or(&i.meta.name));
        let neighbours: Vec<&str> = v
            .cluster
            .ingresses
            .iter()
            .filter(|o| o.meta.name != i.meta.name && o.address)
            .filter_map(|o| o.class.as_deref())
            .collect();
        match &i.class {
            Some(class) if !classes.is_empty() && !classes.contains(&class.as_str()) => {
                let weight = if i.address { 0.6 } else { 0.9 };
                let reading = format!(
                    "ingress {} is of class {class}; the cluster has {}",
                    i.meta.name,
                    classes.join(", ")
                );
                out.push(Finding::new(place, cause, weight, "ingressClassName", cite, reading));
            }
            Some(class)
                if classes.is_empty()
                    && !i.address
                    && !neighbours.is_empty()
                    && !neighbours.contains(&class.as_str()) =>
            {
                let reading = format!(
                    "ingress {} is of class {class} and has no address; others that have one are of class {}",
                    i.meta.name, neighbours[0]
                );
                out.push(Finding::new(place, cause, 0.8, "ingressClassName", cite, reading));
            }
            None if !i.address && !usual && !classes.is_empty() => {
                let reading = format!(
                    "ingress {} names no class, and none of {} is the default",
                    i.meta.name,
                    classes.join(", ")
                );
                out.push(Finding::new(place, cause, 0.8, "ingressClassName", cite, reading));
            }
            Some(class) if !i.address && classes.is_empty() && v.cluster.complete("IngressClass", "") => {
                let reading = format!(
                    "ingress {} is of class {class}, and the cluster has no ingress class",
                    i.meta.name
                );
                out.push(Finding::new(place, cause, 0.82, "ingressClassName", cite, reading));
            }
            _ => {}
        }
    }
}

fn autoscalers(v: &View<'_>, out: &mut Vec<Finding>) {
    for h in &v.cluster.autoscalers {
        let Some(cite) = h.meta.cites.first() else { continue };
        let (_, target) = &h.target;
        let mut words: String = h
            .conditions
            .values()
            .filter(|c| c.status == "False")
            .map(|c| format!("{} {} ", c.reason, c.message))
            .collect();
        for e in v
            .cluster
            .events_of("HorizontalPodAutoscaler", &h.meta.name)
            .filter(|e| e.warning && e.age.is_none_or(|a| a < 3_600))
        {
            words.push_str(&e.message);
        }
        let said = words.contains("missing request for");
        let spec = v.specs().into_iter().find(|s| s.0 == *target && same_ns(&s.1, &h.meta.ns)).map(|s| s.2);
        let resource = h
            .resources
            .first()
            .map_or_else(|| if h.printed.contains("memory") { "memory" } else { "cpu" }, String::as_str);
        let lacks = spec.is_some_and(|s| {
            s.containers
                .iter()
                .any(|c| !c.requests.contains_key(resource) && !c.limits.contains_key(resource))
        });
        let unknown = h.printed.contains("<unknown>");
        let weight = match (said, lacks, unknown) {
            (true, true, _) => 0.86,
            (true, false, _) => 0.8,
            (false, true, true) => 0.82,
            (false, true, false) if h.printed.is_empty() && !h.resources.is_empty() => 0.7,
            _ => continue,
        };
        let reading = format!(
            "autoscaler {} measures {resource} as a share of what {target} requests, and {target} requests none",
            h.meta.name
        );
        out.push(Finding::new(
            v.service(target),
            "kubernetes.hpa_without_requests",
            weight,
            "FailedGetResourceMetric",
            cite,
            reading,
        ));
    }
}
