//! Pods and pod templates.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Meta;
use super::value::{Labels, flag, int, labels, list, quantities, string, text, time, words};

/// What a pod asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct PodSpec {
    pub node: Option<String>,
    pub account: Option<String>,
    pub pull_secrets: Vec<String>,
    pub selector: Labels,
    /// Required node affinity: any term has to match, of it all expressions.
    pub affinity: Vec<Vec<Expression>>,
    /// Required anti-affinity: label selectors of pods to keep away from.
    pub apart_from: Vec<Vec<Expression>>,
    pub tolerations: Vec<Toleration>,
    pub volumes: Vec<Volume>,
    pub containers: Vec<Container>,
    pub inits: Vec<Container>,
}

impl PodSpec {
    /// Sum of what its containers request of a resource, in base units.
    pub(crate) fn request(&self, resource: &str) -> f64 {
        let of = |c: &Container| c.requests.get(resource).or(c.limits.get(resource)).copied().unwrap_or(0.0);
        let inits = self.inits.iter().map(of).fold(0.0, f64::max);
        self.containers.iter().map(of).sum::<f64>().max(inits)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Container> {
        self.inits.iter().chain(&self.containers)
    }
}

/// `key operator values`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expression {
    pub key: String,
    pub operator: String,
    pub values: Vec<String>,
}

impl Expression {
    pub(crate) fn holds(&self, labels: &Labels) -> bool {
        let have = labels.get(&self.key);
        match self.operator.as_str() {
            "In" => have.is_some_and(|h| self.values.contains(h)),
            "NotIn" => have.is_none_or(|h| !self.values.contains(h)),
            "Exists" => have.is_some(),
            "DoesNotExist" => have.is_none(),
            "Gt" | "Lt" => {
                let number = |s: &String| s.parse::<i64>().ok();
                match (have.and_then(number), self.values.first().and_then(number)) {
                    (Some(a), Some(b)) => (a > b) == (self.operator == "Gt") && a != b,
                    _ => false,
                }
            }
            _ => false,
        }
    }

    pub(crate) fn shown(&self) -> String {
        match self.operator.as_str() {
            "In" if self.values.len() == 1 => format!("{}={}", self.key, self.values[0]),
            _ => format!("{} {} {}", self.key, self.operator, self.values.join(",")).trim_end().to_owned(),
        }
    }
}

/// A label selector as expressions.
pub(super) fn selector(v: &Value, pointer: &str) -> Vec<Expression> {
    let mut out: Vec<Expression> = labels(v, &format!("{pointer}/matchLabels"))
        .into_iter()
        .map(|(key, value)| Expression { key, operator: "In".into(), values: vec![value] })
        .collect();
    out.extend(expressions(list(v, &format!("{pointer}/matchExpressions"))));
    out
}

fn expressions(items: &[Value]) -> impl Iterator<Item = Expression> + '_ {
    items.iter().map(|e| Expression {
        key: string(e, "/key"),
        operator: string(e, "/operator"),
        values: words(e, "/values"),
    })
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Toleration {
    pub key: String,
    pub value: String,
    pub effect: String,
    pub exists: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Volume {
    /// `ConfigMap`, `Secret`, `PersistentVolumeClaim` or another kind.
    pub kind: String,
    /// Name of what it refers to.
    pub refers: String,
    pub optional: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Container {
    pub name: String,
    pub image: String,
    pub command: Vec<String>,
    pub args: Vec<String>,
    pub ports: Vec<Port>,
    pub env: Vec<Env>,
    /// `ConfigMap` or `Secret`, name, optional.
    pub env_from: Vec<(&'static str, String, bool)>,
    pub requests: BTreeMap<String, f64>,
    pub limits: BTreeMap<String, f64>,
    pub liveness: Option<Probe>,
    pub readiness: Option<Probe>,
    pub startup: Option<Probe>,
    pub mounts: Vec<Mount>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Port {
    pub name: String,
    pub number: i64,
    pub protocol: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Env {
    pub name: String,
    pub value: Option<String>,
    /// `ConfigMap` or `Secret`, its name, the key, whether it may be missing.
    pub from: Option<(&'static str, String, String, bool)>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Mount {
    pub path: String,
}

/// How a container's health is asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Probe {
    /// `http`, `https`, `tcp`, `grpc` or `exec`.
    pub handler: String,
    /// Number or name.
    pub port: Option<String>,
    pub path: String,
    pub command: Vec<String>,
    pub delay: i64,
    pub timeout: i64,
    pub period: i64,
    pub failures: i64,
}

/// One end of a container.
#[derive(Debug, Clone, Default)]
pub(crate) struct End {
    pub reason: String,
    pub message: String,
    pub code: Option<i64>,
    /// Unix milliseconds.
    pub at: Option<i64>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub name: String,
    pub init: bool,
    pub ready: bool,
    pub restarts: i64,
    /// Why it waits: reason and message.
    pub waiting: Option<(String, String)>,
    pub ended: Option<End>,
    pub before: Option<End>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Condition {
    pub status: String,
    pub reason: String,
    pub message: String,
}

/// A pod with what became of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pod {
    pub meta: Meta,
    pub spec: PodSpec,
    pub phase: String,
    pub reason: String,
    pub message: String,
    pub ip: Option<String>,
    pub conditions: BTreeMap<String, Condition>,
    pub states: Vec<State>,
    /// The STATUS column.
    pub printed: String,
    /// Ready containers and all of them.
    pub ready: Option<(i64, i64)>,
    pub restarts: i64,
    /// Seconds since the last restart, as printed.
    pub restarted_ago: Option<i64>,
    /// Seconds since it was made, as printed.
    pub age: Option<i64>,
}

pub(super) fn conditions(v: &Value) -> BTreeMap<String, Condition> {
    list(v, "/status/conditions")
        .iter()
        .map(|c| {
            let c2 = Condition {
                status: string(c, "/status"),
                reason: string(c, "/reason"),
                message: string(c, "/message"),
            };
            (string(c, "/type"), c2)
        })
        .collect()
}

pub(super) fn pod(v: &Value, meta: Meta) -> Pod {
    let mut states: Vec<State> =
        list(v, "/status/initContainerStatuses").iter().map(|s| state(s, true)).collect();
    states.extend(list(v, "/status/containerStatuses").iter().map(|s| state(s, false)));
    let printed = string(v, "/status/printed");
    let pair = text(v, "/status/printedReady").and_then(|r| {
        let (a, b) = r.split_once('/')?;
        Some((a.parse().ok()?, b.parse().ok()?))
    });
    let own = states.iter().filter(|s| !s.init);
    let counted = (own.clone().filter(|s| s.ready).count() as i64, own.clone().count() as i64);
    Pod {
        spec: spec(v, "/spec"),
        phase: text(v, "/status/phase").unwrap_or_else(|| phase(&printed)),
        reason: string(v, "/status/reason"),
        message: string(v, "/status/message"),
        ip: text(v, "/status/podIP"),
        conditions: conditions(v),
        ready: if counted.1 > 0 { Some(counted) } else { pair },
        restarts: own
            .map(|s| s.restarts)
            .max()
            .unwrap_or(0)
            .max(int(v, "/status/printedRestarts").unwrap_or(0)),
        restarted_ago: int(v, "/status/printedRestartAge"),
        age: int(v, "/status/printedAge"),
        printed,
        states,
        meta,
    }
}

fn phase(printed: &str) -> String {
    match printed {
        "Completed" => "Succeeded",
        "Evicted" | "Failed" => "Failed",
        "Pending" | "ContainerCreating" | "PodInitializing" => "Pending",
        "Unknown" => "Unknown",
        "" => "",
        _ => "Running",
    }
    .to_owned()
}

fn state(v: &Value, init: bool) -> State {
    let end = |pointer: &str| {
        v.pointer(pointer).filter(|e| e.is_object()).map(|e| End {
            reason: string(e, "/reason"),
            message: string(e, "/message"),
            code: int(e, "/exitCode"),
            at: time(e, "/finishedAt"),
        })
    };
    State {
        name: string(v, "/name"),
        init,
        ready: flag(v, "/ready"),
        restarts: int(v, "/restartCount").unwrap_or(0),
        waiting: v
            .pointer("/state/waiting")
            .filter(|w| w.is_object())
            .map(|w| (string(w, "/reason"), string(w, "/message"))),
        ended: end("/state/terminated"),
        before: end("/lastState/terminated"),
    }
}

/// The spec of a pod or of a template at a pointer.
pub(super) fn spec(v: &Value, at: &str) -> PodSpec {
    let Some(v) = v.pointer(at) else { return PodSpec::default() };
    let affinity =
        list(v, "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms")
            .iter()
            .map(|t| expressions(list(t, "/matchExpressions")).collect())
            .collect();
    let apart_from = list(v, "/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution")
        .iter()
        .map(|t| selector(t, "/labelSelector"))
        .collect();
    PodSpec {
        node: text(v, "/nodeName"),
        account: text(v, "/serviceAccountName").or_else(|| text(v, "/serviceAccount")),
        pull_secrets: list(v, "/imagePullSecrets").iter().filter_map(|s| text(s, "/name")).collect(),
        selector: labels(v, "/nodeSelector"),
        affinity,
        apart_from,
        tolerations: list(v, "/tolerations")
            .iter()
            .map(|t| Toleration {
                key: string(t, "/key"),
                value: string(t, "/value"),
                effect: string(t, "/effect"),
                exists: string(t, "/operator") == "Exists",
            })
            .collect(),
        volumes: list(v, "/volumes").iter().map(volume).collect(),
        containers: list(v, "/containers").iter().map(container).collect(),
        inits: list(v, "/initContainers").iter().map(container).collect(),
    }
}

fn volume(v: &Value) -> Volume {
    let kinds = [
        ("configMap", "ConfigMap", "/configMap/name"),
        ("secret", "Secret", "/secret/secretName"),
        ("persistentVolumeClaim", "PersistentVolumeClaim", "/persistentVolumeClaim/claimName"),
    ];
    let found = kinds.iter().find(|k| v.get(k.0).is_some());
    Volume {
        kind: found.map_or("", |k| k.1).to_owned(),
        refers: found.map(|k| string(v, k.2)).unwrap_or_default(),
        optional: flag(v, "/configMap/optional") || flag(v, "/secret/optional"),
    }
}

fn container(v: &Value) -> Container {
    let reference = |v: &Value| {
        for (field, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")] {
            if let Some(r) = v.pointer(&format!("/valueFrom/{field}")) {
                return Some((kind, string(r, "/name"), string(r, "/key"), flag(r, "/optional")));
            }
        }
        None
    };
    Container {
        name: string(v, "/name"),
        image: string(v, "/image"),
        command: words(v, "/command"),
        args: words(v, "/args"),
        ports: list(v, "/ports")
            .iter()
            .filter_map(|p| {
                Some(Port {
                    name: string(p, "/name"),
                    number: int(p, "/containerPort")?,
                    protocol: text(p, "/protocol").unwrap_or_else(|| "TCP".into()),
                })
            })
            .collect(),
        env: list(v, "/env")
            .iter()
            .map(|e| Env { name: string(e, "/name"), value: text(e, "/value"), from: reference(e) })
            .collect(),
        env_from: list(v, "/envFrom")
            .iter()
            .filter_map(|e| {
                let found = [("configMapRef", "ConfigMap"), ("secretRef", "Secret")]
                    .into_iter()
                    .find(|f| e.get(f.0).is_some())?;
                let r = e.get(found.0)?;
                Some((found.1, string(r, "/name"), flag(r, "/optional")))
            })
            .collect(),
        requests: quantities(v, "/resources/requests"),
        limits: quantities(v, "/resources/limits"),
        liveness: v.get("livenessProbe").and_then(probe),
        readiness: v.get("readinessProbe").and_then(probe),
        startup: v.get("startupProbe").and_then(probe),
        mounts: list(v, "/volumeMounts").iter().map(|m| Mount { path: string(m, "/mountPath") }).collect(),
    }
}

fn probe(v: &Value) -> Option<Probe> {
    let (handler, at) = if v.get("httpGet").is_some() {
        (
            if string(v, "/httpGet/scheme").eq_ignore_ascii_case("HTTPS") { "https" } else { "http" },
            "/httpGet",
        )
    } else if v.get("tcpSocket").is_some() {
        ("tcp", "/tcpSocket")
    } else if v.get("grpc").is_some() {
        ("grpc", "/grpc")
    } else if v.get("exec").is_some() {
        ("exec", "/exec")
    } else {
        return None;
    };
    Some(Probe {
        handler: handler.to_owned(),
        port: text(v, &format!("{at}/port")),
        path: string(v, &format!("{at}/path")),
        command: words(v, "/exec/command"),
        // Defaults of the API.
        delay: int(v, "/initialDelaySeconds").unwrap_or(0),
        timeout: int(v, "/timeoutSeconds").unwrap_or(1),
        period: int(v, "/periodSeconds").unwrap_or(10),
        failures: int(v, "/failureThreshold").unwrap_or(3),
    })
}
