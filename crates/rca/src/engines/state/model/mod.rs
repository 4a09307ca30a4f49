//! The one typed view of a cluster and its hosts that all analysers read, whatever it was printed as.

pub(super) mod host;
pub(super) mod object;
pub(super) mod pod;
pub(super) mod value;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::evidence::Cite;
use object::{Autoscaler, Bag, Claim, Disk, Ingress, Node, Policy, Quota, Service, StorageClass, Workload};
use pod::Pod;
use value::Labels;

/// What all objects have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meta {
    pub kind: String,
    /// Empty where unknown or where there is none.
    pub ns: String,
    pub name: String,
    pub labels: Labels,
    pub annotations: Labels,
    /// Kind and name of the controller.
    pub owner: Option<(String, String)>,
    /// It is being deleted.
    pub deleting: bool,
    /// Where it was read, the fullest first.
    pub cites: Vec<Cite>,
}

/// An event of the cluster.
#[derive(Debug, Clone, Default)]
pub(crate) struct Event {
    pub warning: bool,
    pub reason: String,
    pub message: String,
    /// Kind of the object, empty where unknown.
    pub kind: String,
    pub ns: String,
    pub name: String,
    /// Seconds before the newest instant that is known, where that can be told.
    pub age: Option<i64>,
    /// Unix milliseconds.
    pub at: Option<i64>,
    pub cite: Cite,
}

/// Lines that a container wrote.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// Pod or workload, without its kind.
    pub name: String,
    pub text: String,
    pub cite: Cite,
}

/// What something uses now (`kubectl top`).
#[derive(Debug, Clone)]
pub(crate) struct Usage {
    pub node: bool,
    pub ns: String,
    pub name: String,
    /// Cores.
    pub cpu: f64,
    /// Bytes.
    pub memory: f64,
    /// Share of the whole in percent, where printed (nodes).
    pub cpu_percent: Option<f64>,
    pub cite: Cite,
}

/// Everything that is known of a cluster.
#[derive(Debug, Default)]
pub(crate) struct Cluster {
    pub pods: Vec<Pod>,
    pub workloads: Vec<Workload>,
    pub services: Vec<Service>,
    /// Ready addresses by namespace and service.
    pub endpoints: BTreeMap<(String, String), Vec<String>>,
    pub nodes: Vec<Node>,
    pub claims: Vec<Claim>,
    pub disks: Vec<Disk>,
    pub classes: Vec<StorageClass>,
    pub quotas: Vec<Quota>,
    pub accounts: Vec<Bag>,
    pub configs: Vec<Bag>,
    pub secrets: Vec<Bag>,
    pub ingresses: Vec<Ingress>,
    pub ingress_classes: Vec<Meta>,
    pub autoscalers: Vec<Autoscaler>,
    pub policies: Vec<Policy>,
    pub namespaces: BTreeMap<String, Labels>,
    pub events: Vec<Event>,
    pub outputs: Vec<Output>,
    pub usage: Vec<Usage>,
    pub host: host::Host,
    /// Kinds that were listed whole, with the namespace, or for all of them.
    pub listed: BTreeSet<(String, Option<String>)>,
    /// Objects that were asked for and do not exist.
    pub absent: BTreeMap<(String, String), Cite>,
}

impl Cluster {
    /// Whether nothing at all is known.
    pub(crate) fn is_blank(&self) -> bool {
        self.pods.is_empty()
            && self.workloads.is_empty()
            && self.nodes.is_empty()
            && self.services.is_empty()
            && self.events.is_empty()
            && self.outputs.is_empty()
            && self.host.is_blank()
    }

    /// Whether all objects of a kind in a namespace are known, so that what is not among them does not exist.
    pub(crate) fn complete(&self, kind: &str, ns: &str) -> bool {
        self.listed.contains(&(kind.to_owned(), None))
            || self.listed.contains(&(kind.to_owned(), Some(ns.to_owned())))
            || (ns.is_empty() && self.listed.iter().any(|l| l.0 == kind))
    }

    /// Name of the workload that a pod belongs to.
    pub(crate) fn workload_of(&self, pod: &Meta) -> String {
        if let Some((kind, name)) = &pod.owner {
            match kind.as_str() {
                "ReplicaSet" => {
                    let set = self.workloads.iter().find(|w| {
                        w.meta.kind == "ReplicaSet" && w.meta.name == *name && same_ns(&w.meta.ns, &pod.ns)
                    });
                    if let Some((_, deployment)) = set.and_then(|s| s.meta.owner.as_ref()) {
                        return deployment.clone();
                    }
                    return strip(name, false).to_owned();
                }
                "StatefulSet" | "DaemonSet" | "Deployment" => return name.clone(),
                "Node" => return pod.name.strip_suffix(&format!("-{name}")).unwrap_or(&pod.name).to_owned(),
                "Job" => return strip_digits(name).to_owned(),
                _ => {}
            }
        }
        self.workload_named(&pod.name)
    }

    /// Name of the workload that a pod or replica set of this name belongs to.
    pub(crate) fn workload_named(&self, name: &str) -> String {
        let known = self
            .workloads
            .iter()
            .filter(|w| w.meta.kind != "ReplicaSet" && w.meta.kind != "Job")
            .map(|w| w.meta.name.as_str())
            .filter(|w| {
                name == *w || name.strip_prefix(w).is_some_and(|r| r.starts_with('-') && generated(&r[1..]))
            })
            .max_by_key(|w| w.len());
        known.unwrap_or_else(|| strip(name, true)).to_owned()
    }

    /// Pods of a workload.
    pub(crate) fn pods_of<'a>(&'a self, workload: &'a str) -> impl Iterator<Item = &'a Pod> {
        self.pods.iter().filter(move |p| self.workload_of(&p.meta) == workload)
    }

    pub(crate) fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.meta.name == name)
    }

    /// Events about an object.
    pub(crate) fn events_of<'a>(&'a self, kind: &'a str, name: &'a str) -> impl Iterator<Item = &'a Event> {
        self.events
            .iter()
            .filter(move |e| e.name == name && (e.kind.is_empty() || e.kind.eq_ignore_ascii_case(kind)))
    }

    /// The pod's spec, completed by its workload's template where the pod's own was not shown.
    pub(crate) fn spec_of<'a>(&'a self, pod: &'a Pod) -> &'a pod::PodSpec {
        if !pod.spec.containers.is_empty() {
            return &pod.spec;
        }
        let name = self.workload_of(&pod.meta);
        self.workloads
            .iter()
            .find(|w| {
                w.meta.name == name && !w.spec.containers.is_empty() && same_ns(&w.meta.ns, &pod.meta.ns)
            })
            .map_or(&pod.spec, |w| &w.spec)
    }

    /// The address list of a service, if it is known.
    pub(crate) fn endpoints_of<'a>(&'a self, s: &'a Service) -> Option<&'a Vec<String>> {
        self.endpoints
            .iter()
            .find(|((ns, name), _)| *name == s.meta.name && same_ns(ns, &s.meta.ns))
            .map(|e| e.1)
            .or(s.endpoints.as_ref())
    }
}

/// Whether two namespaces can be the same: unknown ones can.
pub(crate) fn same_ns(a: &str, b: &str) -> bool {
    a == b || a.is_empty() || b.is_empty()
}

/// Characters of generated names, as Kubernetes makes them: no vowels, no digits that look like them.
fn safe(part: &str) -> bool {
    part.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b))
}

/// Whether the rest of a name after the workload's is generated: `69876c9868-wqgrl`, `wqgrl`, `0`.
fn generated(rest: &str) -> bool {
    let hash = |p: &str| {
        p.len() >= 5 && p.len() <= 10 && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    match rest.split('-').collect::<Vec<_>>()[..] {
        [one] => (!one.is_empty() && one.bytes().all(|b| b.is_ascii_digit())) || hash(one),
        [set, pod] => hash(set) && hash(pod),
        _ => false,
    }
}

/// `checkout-69876c9868-wqgrl` belongs to `checkout`, `redis-0` to `redis`, `kube-proxy-x7k2p` to `kube-proxy`.
fn strip(name: &str, pod: bool) -> &str {
    let digits = |p: &str| p.bytes().any(|b| b.is_ascii_digit());
    let lower = |p: &str| p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let set = |p: &str| (7..=10).contains(&p.len()) && lower(p) && (digits(p) || safe(p));
    let Some((rest, last)) = name.rsplit_once('-') else { return name };
    if !pod {
        return if set(last) || (safe(last) && last.len() >= 5) { rest } else { name };
    }
    if last.len() == 5 && lower(last) {
        if let Some((stem, hash)) = rest.rsplit_once('-')
            && set(hash)
        {
            return stem;
        }
        if safe(last) && digits(last) {
            return rest;
        }
    }
    if set(last) && digits(last) {
        return rest;
    }
    strip_digits(name)
}

fn strip_digits(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((rest, last)) if !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => name,
    }
}

impl Cluster {
    /// Reads one object of the API, or what text says of one.
    pub(super) fn add(&mut self, v: &Value, meta: Meta) {
        match meta.kind.as_str() {
            "Pod" => self.pods.push(pod::pod(v, meta)),
            "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => {
                self.workloads.push(object::workload(v, meta));
            }
            "Service" => self.services.push(object::service(v, meta)),
            "Endpoints" => {
                self.endpoints.insert((meta.ns, meta.name), object::endpoints(v));
            }
            "EndpointSlice" => {
                let name = meta.labels.get("kubernetes.io/service-name").cloned().unwrap_or(meta.name);
                self.endpoints.entry((meta.ns, name)).or_default().extend(object::endpoints(v));
            }
            "Node" => self.nodes.push(object::node(v, meta)),
            "PersistentVolumeClaim" => self.claims.push(object::claim(v, meta)),
            "PersistentVolume" => self.disks.push(object::disk(v, meta)),
            "StorageClass" => {
                self.classes.push(StorageClass { provisioner: value::string(v, "/provisioner"), meta });
            }
            "ResourceQuota" => self.quotas.push(object::quota(v, meta)),
            "ServiceAccount" => self.accounts.push(object::bag(v, meta)),
            "ConfigMap" => self.configs.push(object::bag(v, meta)),
            "Secret" => {
                let mut bag = object::bag(v, meta);
                // Only which keys there are is looked at.
                for value in bag.keys.iter_mut().flat_map(|k| k.values_mut()) {
                    value.clear();
                }
                self.secrets.push(bag);
            }
            "Ingress" => self.ingresses.push(object::ingress(v, meta)),
            "IngressClass" => self.ingress_classes.push(meta),
            "HorizontalPodAutoscaler" => self.autoscalers.push(object::autoscaler(v, meta)),
            "NetworkPolicy" => self.policies.push(object::policy(v, meta)),
            "Namespace" => {
                self.namespaces.insert(meta.name, meta.labels);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_belong_to_their_workload() {
        let c = Cluster::default();
        for (pod, workload) in [
            ("checkout-69876c9868-wqgrl", "checkout"),
            ("redis-0", "redis"),
            ("kube-proxy-x7k2p", "kube-proxy"),
            ("redis-cart", "redis-cart"),
            ("cart-service", "cart-service"),
            ("payment-v2", "payment-v2"),
        ] {
            assert_eq!(c.workload_named(pod), workload);
        }
    }
}
