//! What is not well now: pods that should serve and do not, workloads that lack pods. A warning counts only if it still
//! holds: what is being deleted, has completed, has recovered or is gone is no trouble.

use std::collections::BTreeSet;

use super::model::pod::{Pod, PodSpec};
use super::model::{Cluster, Event, Meta, same_ns};
use crate::case::Case;
use crate::evidence::Cite;
use crate::names::{self, Names};

/// Seconds after which a warning without an object is history.
const STALE_S: i64 = 5_400;
/// Seconds that a restart counts as recent.
const RECENT_S: i64 = 900;
/// Seconds in which a new pod may be starting.
const STARTING_S: i64 = 45;

/// In which way something is not well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// No node was found.
    Unscheduled,
    /// Waits for its image.
    Image,
    /// Waits for volumes or configuration, or its container cannot be made.
    Starting,
    /// Ends and is started again.
    Crashing,
    /// Runs and is not ready.
    NotReady,
    /// Was evicted or has failed.
    Evicted,
    /// Its pods are not even made.
    Missing,
}

/// One of them.
pub(super) struct Trouble<'a> {
    pub kind: Kind,
    pub pod: Option<&'a Pod>,
    pub spec: &'a PodSpec,
    pub workload: String,
    pub ns: String,
    /// `0/1 ready, CrashLoopBackOff`.
    pub what: String,
    pub cite: Cite,
    /// What is said of it: text and where.
    pub said: Vec<(String, Cite)>,
    /// 1, or less where it is not sure that it still holds.
    pub sure: f64,
}

impl Trouble<'_> {
    /// The first thing said that contains any of the phrases (lower case).
    pub(super) fn says(&self, phrases: &[&str]) -> Option<&(String, Cite)> {
        self.said.iter().find(|(text, _)| {
            let lower = text.to_lowercase();
            phrases.iter().any(|p| lower.contains(p))
        })
    }
}

/// The cluster with its troubles.
pub(super) struct View<'a> {
    pub cluster: &'a Cluster,
    pub troubles: Vec<Trouble<'a>>,
    /// Lines that say that nobody listened, and where they stand.
    pub refused: Vec<(String, Cite)>,
    /// Error lines of pods that are well: text, where, workload.
    pub complaints: Vec<(String, Cite, String)>,
    names: &'a Names,
    declared: Vec<(&'a str, &'a str)>,
}

static NO_SPEC: std::sync::LazyLock<PodSpec> = std::sync::LazyLock::new(PodSpec::default);

impl<'a> View<'a> {
    pub(super) fn new(case: &'a Case<'_>) -> Self {
        let declared = case
            .t
            .components
            .iter()
            .flat_map(|c| {
                std::iter::once(c.id.as_str())
                    .chain(c.aliases.iter().map(String::as_str))
                    .map(|n| (n, c.id.as_str()))
            })
            .collect();
        let cluster = &case.cluster;
        let lines = |phrases: &'static [&'static str]| {
            cluster.outputs.iter().flat_map(move |o| {
                let mut hits = o.text.lines().rev().filter(move |l| {
                    let lower = l.to_lowercase();
                    phrases.iter().any(|p| lower.contains(p))
                });
                hits.next().map(|l| (l.to_owned(), o.cite.clone(), cluster.workload_named(&o.name)))
            })
        };
        Self {
            troubles: troubles(cluster),
            refused: lines(&["connection refused", "econnrefused"]).map(|(l, c, _)| (l, c)).collect(),
            complaints: lines(&["error", "fail", "fatal", "panic", "exception", "refused", "timeout"])
                .collect(),
            cluster,
            names: &case.names,
            declared,
        }
    }

    /// The database that is declared, if one is.
    pub(super) fn database(&self) -> String {
        let found = self.declared.iter().find(|d| d.1.starts_with("database/"));
        found.map_or_else(|| "database/postgres".to_owned(), |d| d.1.to_owned())
    }

    /// The component of a workload.
    pub(super) fn service(&self, workload: &str) -> String {
        let found = self.names.resolve(workload);
        // A pod of the control plane may be called like a node.
        if found.starts_with("node/") || found.starts_with("namespace/") {
            format!("service/{workload}")
        } else {
            found
        }
    }

    pub(super) fn node(&self, name: &str) -> String {
        self.declared_as(name, &["node/", "host/"]).unwrap_or_else(|| format!("node/{name}"))
    }

    pub(super) fn namespace(&self, name: &str) -> String {
        let name = if name.is_empty() { "default" } else { name };
        self.declared_as(name, &["namespace/"]).unwrap_or_else(|| format!("namespace/{name}"))
    }

    fn declared_as(&self, name: &str, kinds: &[&str]) -> Option<String> {
        self.declared
            .iter()
            .find(|(n, id)| {
                names::short(n).eq_ignore_ascii_case(name) && kinds.iter().any(|k| id.starts_with(k))
            })
            .map(|d| d.1.to_owned())
    }

    /// The node that a host's name means: itself, or the one whose name stands in the text.
    pub(super) fn host(&self, text: Option<&str>) -> Option<String> {
        let text = text?;
        let nodes = || self.cluster.nodes.iter().map(|n| n.meta.name.as_str());
        nodes()
            .find(|n| *n == text)
            .or_else(|| nodes().filter(|n| text.contains(n)).max_by_key(|n| n.len()))
            .or_else(|| {
                // A pod's place, where a command ran inside one.
                let pod = self.cluster.pods.iter().find(|p| p.meta.name == text)?;
                pod.spec.node.as_deref()
            })
            .map(str::to_owned)
    }

    /// Troubles of one workload.
    pub(super) fn troubled(&self, workload: &str) -> impl Iterator<Item = &Trouble<'a>> {
        self.troubles.iter().filter(move |t| t.workload == workload)
    }

    /// Every template of a pod that is known, once for each workload: name, namespace, spec, labels, where it was read.
    pub(super) fn specs(&self) -> Vec<(String, String, &'a PodSpec, &'a Meta)> {
        let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
        let mut out = Vec::new();
        for p in self.cluster.pods.iter().filter(|p| !p.meta.deleting && p.phase != "Succeeded") {
            let name = self.cluster.workload_of(&p.meta);
            let spec = self.cluster.spec_of(p);
            if !spec.containers.is_empty() && seen.insert((name.clone(), p.meta.ns.clone())) {
                out.push((name, p.meta.ns.clone(), spec, &p.meta));
            }
        }
        for w in &self.cluster.workloads {
            let shown = !w.spec.containers.is_empty() && w.meta.kind != "Job" && w.meta.kind != "ReplicaSet";
            let new = !seen.iter().any(|(n, ns)| *n == w.meta.name && same_ns(ns, &w.meta.ns));
            if shown && new && w.desired != Some(0) {
                seen.insert((w.meta.name.clone(), w.meta.ns.clone()));
                out.push((w.meta.name.clone(), w.meta.ns.clone(), &w.spec, &w.meta));
            }
        }
        out
    }

    /// What containers of a workload wrote.
    pub(super) fn outputs(&self, workload: &str) -> impl Iterator<Item = &'a super::model::Output> {
        self.cluster
            .outputs
            .iter()
            .filter(move |o| o.name == workload || self.cluster.workload_named(&o.name) == workload)
    }
}

fn troubles(c: &Cluster) -> Vec<Trouble<'_>> {
    let mut out: Vec<Trouble<'_>> = Vec::new();
    let now = newest(c);
    for p in &c.pods {
        let workload = c.workload_of(&p.meta);
        if p.meta.deleting || p.phase == "Succeeded" || of_job(c, p) || superseded(c, p) {
            continue;
        }
        if let Some((kind, what, sure)) = judge(c, p, &workload, now) {
            out.push(Trouble {
                kind,
                spec: c.spec_of(p),
                ns: p.meta.ns.clone(),
                what,
                cite: p.meta.cites.first().cloned().unwrap_or_default(),
                said: said(c, p, &workload),
                pod: Some(p),
                workload,
                sure,
            });
        }
    }
    lacking(c, &mut out);
    loose(c, &mut out);
    out
}

fn newest(c: &Cluster) -> Option<i64> {
    let ends =
        c.pods.iter().flat_map(|p| &p.states).filter_map(|s| s.before.as_ref().or(s.ended.as_ref())?.at);
    c.events.iter().filter_map(|e| e.at).chain(ends).max()
}

fn of_job(c: &Cluster, p: &Pod) -> bool {
    p.meta.owner.as_ref().is_some_and(|o| o.0 == "Job")
        || c.workloads.iter().any(|w| {
            w.meta.kind == "Job"
                && p.meta.name.strip_prefix(w.meta.name.as_str()).is_some_and(|r| r.starts_with('-'))
        })
}

/// A pod of a replica set that is scaled to nothing.
fn superseded(c: &Cluster, p: &Pod) -> bool {
    let Some(("ReplicaSet", set)) = p.meta.owner.as_ref().map(|o| (o.0.as_str(), &o.1)) else { return false };
    c.workloads.iter().any(|w| w.meta.kind == "ReplicaSet" && w.meta.name == *set && w.desired == Some(0))
}

fn judge(c: &Cluster, p: &Pod, workload: &str, now: Option<i64>) -> Option<(Kind, String, f64)> {
    let ready = p.ready.map_or(String::new(), |(a, b)| format!("{a}/{b} ready, "));
    let what = |reason: &str| format!("{ready}{reason}");
    let waiting = p.states.iter().find_map(|s| s.waiting.as_ref()).filter(|w| !w.0.is_empty());
    let printed = p.printed.strip_prefix("Init:").unwrap_or(&p.printed);
    let reason = waiting.map_or(printed, |w| w.0.as_str());
    let full = p.ready.is_some_and(|(a, b)| a == b && b > 0);
    if p.phase == "Failed" || p.reason == "Evicted" || reason == "Evicted" {
        // What was evicted stays listed; it is over where others of its kind serve and none was evicted beside it.
        let mates = || c.pods_of(workload).filter(|o| !o.meta.deleting);
        let served = mates().any(|o| o.ready.is_some_and(|(a, b)| a == b && b > 0));
        let evicted = mates().filter(|o| o.phase == "Failed").count();
        return match (served, evicted) {
            (false, _) => Some((Kind::Evicted, what("Failed"), 1.0)),
            (true, 3..) => Some((Kind::Evicted, what("Failed"), 0.8)),
            _ => None,
        };
    }
    let image = [
        "ImagePullBackOff",
        "ErrImagePull",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
    ];
    let making = [
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "ContainerCreating",
        "PodInitializing",
    ];
    let young = p.age.is_some_and(|a| a < STARTING_S);
    let warned = c.events_of("Pod", &p.meta.name).any(|e| e.warning);
    if image.contains(&reason) {
        return Some((Kind::Image, what(reason), 1.0));
    }
    if matches!(
        reason,
        "CrashLoopBackOff"
            | "Error"
            | "OOMKilled"
            | "RunContainerError"
            | "StartError"
            | "ContainerCannotRun"
    ) {
        return Some((Kind::Crashing, what(reason), 1.0));
    }
    if p.conditions.get("PodScheduled").is_some_and(|s| s.status == "False") {
        return Some((Kind::Unscheduled, what("Pending, not scheduled"), 1.0));
    }
    if making.contains(&reason) {
        return (!young || warned).then(|| (Kind::Starting, what(reason), 1.0));
    }
    if p.phase == "Pending" {
        let mounts = c
            .events_of("Pod", &p.meta.name)
            .any(|e| e.reason.contains("Mount") || e.reason.contains("Attach"));
        let kind = if p.spec.node.is_some() || mounts { Kind::Starting } else { Kind::Unscheduled };
        return (!young || warned).then(|| (kind, what("Pending"), 1.0));
    }
    let ago = p.restarted_ago.or_else(|| {
        let at = p.states.iter().filter_map(|s| s.before.as_ref()?.at).max()?;
        now.map(|n| (n - at) / 1000)
    });
    let often = match (ago, p.age) {
        (Some(ago), _) => ago <= RECENT_S && p.restarts >= 2,
        (None, Some(age)) => p.restarts >= 3 && age / p.restarts.max(1) < RECENT_S,
        (None, None) => p.restarts >= 3,
    };
    let down =
        p.ready.is_some_and(|(a, b)| a < b) || p.conditions.get("Ready").is_some_and(|r| r.status == "False");
    if often {
        return Some((
            Kind::Crashing,
            what(&format!("{} restarts", p.restarts)),
            if full { 0.9 } else { 1.0 },
        ));
    }
    if down && (!young || warned) {
        return Some((Kind::NotReady, what("not ready"), 1.0));
    }
    None
}

/// What conditions, states and events say of a pod and of those that made it.
fn said(c: &Cluster, p: &Pod, workload: &str) -> Vec<(String, Cite)> {
    let cite = p.meta.cites.first().cloned().unwrap_or_default();
    let mut out: Vec<(String, Cite)> = Vec::new();
    let mut say = |text: String, cite: &Cite| {
        if !text.trim().is_empty() {
            out.push((text, cite.clone()));
        }
    };
    say(format!("{} {}", p.reason, p.message), &cite);
    for s in &p.states {
        if let Some((reason, message)) = &s.waiting {
            say(format!("{reason} {message}"), &cite);
        }
        for e in s.ended.iter().chain(&s.before) {
            let code = e.code.map_or(String::new(), |c| format!("exit code {c}"));
            say(format!("{} {code} {}", e.reason, e.message), &cite);
        }
    }
    for condition in p.conditions.values().filter(|c| c.status == "False") {
        say(format!("{} {}", condition.reason, condition.message), &cite);
    }
    let mut events: Vec<&Event> = c
        .events
        .iter()
        .filter(|e| e.warning && (e.name == p.meta.name || (e.name == workload && e.kind != "Node")))
        .filter(|e| e.age.is_none_or(|a| a < STALE_S))
        .collect();
    events.sort_by_key(|e| e.age.unwrap_or(0));
    for e in events {
        say(format!("{} {}", e.reason, e.message), &e.cite);
    }
    out
}

/// Workloads whose pods are not made.
fn lacking<'a>(c: &'a Cluster, out: &mut Vec<Trouble<'a>>) {
    for w in &c.workloads {
        if w.meta.deleting || w.meta.kind == "Job" {
            continue;
        }
        let set = w.meta.kind == "ReplicaSet";
        let name = if set { c.workload_of(&w.meta).trim().to_owned() } else { w.meta.name.clone() };
        let name = if set {
            w.meta.owner.as_ref().map_or_else(|| c.workload_named(&w.meta.name), |o| o.1.clone())
        } else {
            name
        };
        let desired = w.desired.unwrap_or(if w.available.is_some() { 1 } else { 0 });
        let failure = w.conditions.get("ReplicaFailure").filter(|f| f.status == "True");
        let events: Vec<&Event> = c
            .events
            .iter()
            .filter(|e| e.warning && e.reason.starts_with("Failed") && e.reason.contains("Create"))
            .filter(|e| e.name == w.meta.name || c.workload_named(&e.name) == name)
            .filter(|e| e.age.is_none_or(|a| a < STALE_S))
            .collect();
        let alive = c.pods_of(&name).filter(|p| !p.meta.deleting && p.phase != "Failed").count() as i64;
        let short = w.available.is_some_and(|a| a < desired) || (w.available.is_none() && alive < desired);
        let current = w.current.unwrap_or(alive).max(alive);
        let listed = c.complete("Pod", &w.meta.ns);
        let lacks = desired > current && (w.current.is_some() || listed);
        if !(short && desired > 0 && (failure.is_some() || lacks || !events.is_empty())) {
            continue;
        }
        let cite = w.meta.cites.first().cloned().unwrap_or_default();
        let mut said: Vec<(String, Cite)> =
            failure.iter().map(|f| (format!("{} {}", f.reason, f.message), cite.clone())).collect();
        said.extend(events.iter().map(|e| (format!("{} {}", e.reason, e.message), e.cite.clone())));
        let what = format!("{current} of {desired} pods exist");
        match out.iter_mut().find(|t| t.kind == Kind::Missing && t.workload == name) {
            Some(known) => {
                known.said.extend(said);
                if known.spec.containers.is_empty() {
                    known.spec = &w.spec;
                }
            }
            None => out.push(Trouble {
                kind: Kind::Missing,
                pod: None,
                spec: &w.spec,
                workload: name,
                ns: w.meta.ns.clone(),
                what,
                cite,
                said,
                sure: 1.0,
            }),
        }
    }
}

/// Warnings about pods of which nothing else is known.
fn loose<'a>(c: &'a Cluster, out: &mut Vec<Trouble<'a>>) {
    for e in c.events.iter().filter(|e| e.warning && e.age.is_none_or(|a| a < STALE_S)) {
        let kind = match e.reason.as_str() {
            "FailedScheduling" => Kind::Unscheduled,
            "Failed" | "ErrImagePull" | "InspectFailed" => Kind::Image,
            "BackOff" if e.message.contains("image") => Kind::Image,
            "BackOff" => Kind::Crashing,
            "FailedMount" | "FailedAttachVolume" | "FailedCreatePodSandBox" => Kind::Starting,
            "FailedCreate" => Kind::Missing,
            "Unhealthy" => Kind::NotReady,
            "Evicted" => Kind::Evicted,
            _ => continue,
        };
        let about_pod =
            matches!(e.kind.as_str(), "" | "Pod" | "ReplicaSet" | "StatefulSet" | "Deployment" | "DaemonSet");
        let workload = c.workload_named(&e.name);
        let known = c.pods.iter().any(|p| p.meta.name == e.name)
            // All pods were listed, or the workload's present pods are known: this one is gone.
            || c.complete("Pod", &e.ns)
            || c.pods_of(&workload).next().is_some()
            || c.workloads.iter().any(|w| w.meta.name == workload && w.available >= w.desired.or(Some(1)));
        if !about_pod || known {
            continue;
        }
        let text = (format!("{} {}", e.reason, e.message), e.cite.clone());
        let spec = c
            .workloads
            .iter()
            .find(|w| w.meta.name == workload && !w.spec.containers.is_empty())
            .map_or(&*NO_SPEC, |w| &w.spec);
        match out.iter_mut().find(|t| t.workload == workload) {
            Some(t) => t.said.push(text),
            None => out.push(Trouble {
                kind,
                pod: None,
                spec,
                workload,
                ns: e.ns.clone(),
                what: format!("event {}", e.reason),
                cite: e.cite.clone(),
                said: vec![text],
                sure: 0.85,
            }),
        }
    }
}
