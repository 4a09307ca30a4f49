//! Everything but pods: workloads, services, nodes, storage, limits, configuration, routing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Meta;
use super::pod::{self, Condition, Expression, PodSpec};
use super::value::{Labels, flag, int, labels, list, quantities, quantity, string, text, words};

/// A Deployment, ReplicaSet, StatefulSet, DaemonSet or Job.
#[derive(Debug, Clone, Default)]
pub(crate) struct Workload {
    pub meta: Meta,
    pub desired: Option<i64>,
    /// Pods that exist.
    pub current: Option<i64>,
    pub available: Option<i64>,
    pub labels: Labels,
    pub spec: PodSpec,
    pub conditions: BTreeMap<String, Condition>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Service {
    pub meta: Meta,
    pub kind: String,
    pub ip: Option<String>,
    pub selector: Labels,
    pub ports: Vec<ServicePort>,
    /// Addresses behind it, where they are printed.
    pub endpoints: Option<Vec<String>>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct ServicePort {
    pub number: i64,
    /// Number or name; the port itself where it is left out.
    pub target: Option<String>,
    pub protocol: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    pub meta: Meta,
    pub taints: Vec<(String, String, String)>,
    pub cordoned: bool,
    pub conditions: BTreeMap<String, Condition>,
    pub allocatable: BTreeMap<String, f64>,
    /// What pods on it requested, where printed.
    pub allocated: BTreeMap<String, f64>,
    pub pods: Option<i64>,
    /// The STATUS column.
    pub printed: String,
}

impl Node {
    /// Whether it is ready, where that is shown.
    pub(crate) fn ready(&self) -> Option<bool> {
        match self.conditions.get("Ready") {
            Some(c) => Some(c.status == "True"),
            None if self.printed.is_empty() => None,
            None => Some(self.printed.split(',').any(|s| s == "Ready")),
        }
    }

    pub(crate) fn control_plane(&self) -> bool {
        self.meta.labels.keys().any(|k| {
            k.contains("node-role.kubernetes.io/control-plane")
                || k.contains("node-role.kubernetes.io/master")
        }) || self.taints.iter().any(|t| t.0.contains("control-plane") || t.0.ends_with("/master"))
    }
}

/// A PersistentVolumeClaim.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claim {
    pub meta: Meta,
    pub phase: String,
    /// `None`: the default class. Empty: none.
    pub class: Option<String>,
    pub modes: Vec<String>,
    pub size: Option<f64>,
    pub volume: Option<String>,
    pub selector: Vec<Expression>,
    pub users: Vec<String>,
}

/// A PersistentVolume.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    pub meta: Meta,
    pub phase: String,
    pub class: String,
    pub modes: Vec<String>,
    pub size: Option<f64>,
    /// Namespace and name of the claim that holds it.
    pub claim: Option<(String, String)>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct StorageClass {
    pub meta: Meta,
    pub provisioner: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Quota {
    pub meta: Meta,
    pub used: BTreeMap<String, f64>,
    pub hard: BTreeMap<String, f64>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Ingress {
    pub meta: Meta,
    pub class: Option<String>,
    /// Service name and port.
    pub backends: Vec<(String, Option<String>)>,
    pub address: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Autoscaler {
    pub meta: Meta,
    /// Kind and name.
    pub target: (String, String),
    /// Resources measured as a share of the request.
    pub resources: Vec<String>,
    /// The TARGETS column or the metrics that are described.
    pub printed: String,
    pub conditions: BTreeMap<String, Condition>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    pub meta: Meta,
    pub pods: Vec<Expression>,
    pub ingress: Option<Vec<Rule>>,
    pub egress: Option<Vec<Rule>>,
}

/// One rule: empty lists allow everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rule {
    pub peers: Vec<Peer>,
    /// Number or name.
    pub ports: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Peer {
    pub pods: Option<Vec<Expression>>,
    pub namespaces: Option<Vec<Expression>>,
    pub block: Option<String>,
}

/// A ConfigMap, Secret or ServiceAccount: what it is called and which keys it has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bag {
    pub meta: Meta,
    /// `None` where the keys are not shown.
    pub keys: Option<Labels>,
    /// Secrets for pulling images (service accounts).
    pub pull_secrets: Vec<String>,
}

pub(super) fn workload(v: &Value, meta: Meta) -> Workload {
    let pair = text(v, "/status/printedReady").and_then(|r| {
        let (a, b) = r.split_once('/')?;
        Some((a.parse::<i64>().ok()?, b.parse::<i64>().ok()?))
    });
    Workload {
        desired: int(v, "/status/desiredNumberScheduled")
            .or_else(|| int(v, "/spec/replicas"))
            .or(pair.map(|p| p.1)),
        current: int(v, "/status/replicas").or_else(|| int(v, "/status/currentNumberScheduled")),
        available: int(v, "/status/availableReplicas")
            .or_else(|| int(v, "/status/numberAvailable"))
            .or_else(|| int(v, "/status/readyReplicas"))
            .or(pair.map(|p| p.0))
            .or_else(|| v.pointer("/status/conditions").map(|_| 0)),
        labels: labels(v, "/spec/template/metadata/labels"),
        spec: pod::spec(v, "/spec/template/spec"),
        conditions: pod::conditions(v),
        meta,
    }
}

pub(super) fn service(v: &Value, meta: Meta) -> Service {
    Service {
        kind: text(v, "/spec/type").unwrap_or_else(|| "ClusterIP".into()),
        ip: text(v, "/spec/clusterIP"),
        selector: labels(v, "/spec/selector"),
        ports: list(v, "/spec/ports")
            .iter()
            .filter_map(|p| {
                Some(ServicePort {
                    number: int(p, "/port")?,
                    target: text(p, "/targetPort"),
                    protocol: text(p, "/protocol").unwrap_or_else(|| "TCP".into()),
                })
            })
            .collect(),
        endpoints: v.get("printedEndpoints").map(|_| words(v, "/printedEndpoints")),
        meta,
    }
}

/// Addresses of an Endpoints object or of one slice.
pub(super) fn endpoints(v: &Value) -> Vec<String> {
    let mut out = words(v, "/printedEndpoints");
    for s in list(v, "/subsets") {
        out.extend(list(s, "/addresses").iter().filter_map(|a| text(a, "/ip")));
    }
    for e in
        list(v, "/endpoints").iter().filter(|e| e.pointer("/conditions/ready") != Some(&Value::Bool(false)))
    {
        out.extend(words(e, "/addresses"));
    }
    out
}

pub(super) fn node(v: &Value, meta: Meta) -> Node {
    let printed = string(v, "/status/printed");
    Node {
        taints: list(v, "/spec/taints")
            .iter()
            .map(|t| (string(t, "/key"), string(t, "/value"), string(t, "/effect")))
            .collect(),
        cordoned: flag(v, "/spec/unschedulable") || printed.contains("SchedulingDisabled"),
        conditions: pod::conditions(v),
        allocatable: quantities(v, "/status/allocatable"),
        allocated: quantities(v, "/status/allocated"),
        pods: int(v, "/status/podCount"),
        printed,
        meta,
    }
}

pub(super) fn claim(v: &Value, meta: Meta) -> Claim {
    Claim {
        phase: string(v, "/status/phase"),
        class: v.pointer("/spec/storageClassName").and_then(Value::as_str).map(str::to_owned),
        modes: words(v, "/spec/accessModes").iter().map(|m| mode(m)).collect(),
        size: text(v, "/spec/resources/requests/storage").and_then(|s| quantity(&s)),
        volume: text(v, "/spec/volumeName"),
        selector: pod::selector(v, "/spec/selector"),
        users: words(v, "/printedUsers"),
        meta,
    }
}

pub(super) fn disk(v: &Value, meta: Meta) -> Disk {
    Disk {
        phase: string(v, "/status/phase"),
        class: string(v, "/spec/storageClassName"),
        modes: words(v, "/spec/accessModes").iter().map(|m| mode(m)).collect(),
        size: text(v, "/spec/capacity/storage").and_then(|s| quantity(&s)),
        claim: text(v, "/spec/claimRef/name").map(|n| (string(v, "/spec/claimRef/namespace"), n)),
        meta,
    }
}

/// Access modes by their short names, as tables print them.
fn mode(text: &str) -> String {
    match text {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        other => other,
    }
    .to_owned()
}

pub(super) fn quota(v: &Value, meta: Meta) -> Quota {
    let mut hard = quantities(v, "/status/hard");
    for (k, q) in quantities(v, "/spec/hard") {
        hard.entry(k).or_insert(q);
    }
    Quota { used: quantities(v, "/status/used"), hard, meta }
}

pub(super) fn ingress(v: &Value, meta: Meta) -> Ingress {
    let mut backends: Vec<(String, Option<String>)> = Vec::new();
    let mut add = |b: &Value| {
        if let Some(name) = text(b, "/service/name").or_else(|| text(b, "/serviceName")) {
            let port = text(b, "/service/port/number")
                .or_else(|| text(b, "/service/port/name"))
                .or_else(|| text(b, "/servicePort"));
            backends.push((name, port));
        }
    };
    if let Some(b) = v.pointer("/spec/defaultBackend") {
        add(b);
    }
    for p in list(v, "/spec/rules").iter().flat_map(|r| list(r, "/http/paths")) {
        add(p.get("backend").unwrap_or(&Value::Null));
    }
    Ingress {
        class: text(v, "/spec/ingressClassName")
            .or_else(|| meta.annotations.get("kubernetes.io/ingress.class").cloned())
            .filter(|c| c != "<none>"),
        backends,
        address: !list(v, "/status/loadBalancer/ingress").is_empty(),
        meta,
    }
}

pub(super) fn autoscaler(v: &Value, meta: Meta) -> Autoscaler {
    let mut resources: Vec<String> = list(v, "/spec/metrics")
        .iter()
        .filter(|m| m.pointer("/resource/target/averageUtilization").is_some())
        .filter_map(|m| text(m, "/resource/name"))
        .collect();
    if v.pointer("/spec/targetCPUUtilizationPercentage").is_some() {
        resources.push("cpu".into());
    }
    Autoscaler {
        target: (string(v, "/spec/scaleTargetRef/kind"), string(v, "/spec/scaleTargetRef/name")),
        resources,
        printed: string(v, "/printedTargets"),
        conditions: pod::conditions(v),
        meta,
    }
}

pub(super) fn policy(v: &Value, meta: Meta) -> Policy {
    let types = words(v, "/spec/policyTypes");
    let has = |t: &str, field: &str| {
        types.iter().any(|x| x == t) || (types.is_empty() && (t == "Ingress" || v.pointer(field).is_some()))
    };
    let rules = |field: &str, peers: &str| -> Vec<Rule> {
        list(v, field)
            .iter()
            .map(|r| Rule {
                peers: list(r, peers)
                    .iter()
                    .map(|p| Peer {
                        pods: p.get("podSelector").map(|_| pod::selector(p, "/podSelector")),
                        namespaces: p
                            .get("namespaceSelector")
                            .map(|_| pod::selector(p, "/namespaceSelector")),
                        block: text(p, "/ipBlock/cidr"),
                    })
                    .collect(),
                ports: list(r, "/ports").iter().filter_map(|p| text(p, "/port")).collect(),
            })
            .collect()
    };
    Policy {
        pods: pod::selector(v, "/spec/podSelector"),
        ingress: has("Ingress", "/spec/ingress").then(|| rules("/spec/ingress", "/from")),
        egress: has("Egress", "/spec/egress").then(|| rules("/spec/egress", "/to")),
        meta,
    }
}

pub(super) fn bag(v: &Value, meta: Meta) -> Bag {
    let keys = v.get("data").or_else(|| v.get("stringData")).map(|_| {
        let mut keys = labels(v, "/data");
        keys.extend(labels(v, "/stringData"));
        keys
    });
    Bag {
        keys,
        pull_secrets: list(v, "/imagePullSecrets").iter().filter_map(|s| text(s, "/name")).collect(),
        meta,
    }
}
