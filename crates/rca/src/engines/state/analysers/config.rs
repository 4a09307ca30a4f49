//! Configuration that a pod refers to and that is not there: configmaps, secrets, service accounts; permissions.

use super::super::finding::Finding;
use super::super::model::object::Bag;
use super::super::model::same_ns;
use super::super::view::{Kind, Trouble, View};
use super::quoted;

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    for t in &v.troubles {
        if matches!(t.kind, Kind::Starting | Kind::Crashing | Kind::Missing | Kind::NotReady) {
            said(v, t, &mut out);
        }
        if matches!(t.kind, Kind::Starting | Kind::Missing) {
            compared(v, t, &mut out);
        }
        account(v, t, &mut out);
    }
    permissions(v, &mut out);
    out
}

fn bags<'a>(v: &'a View<'_>, kind: &str) -> &'a [Bag] {
    match kind {
        "ConfigMap" => &v.cluster.configs,
        "Secret" => &v.cluster.secrets,
        _ => &v.cluster.accounts,
    }
}

/// Another namespace that holds an object of this name, unless it holds a copy of the workload too: then each has its own.
fn elsewhere(v: &View<'_>, t: &Trouble<'_>, kind: &str, name: &str) -> Option<String> {
    bags(v, kind)
        .iter()
        .filter(|b| b.meta.name == name && !b.meta.ns.is_empty() && !same_ns(&b.meta.ns, &t.ns))
        .find(|b| !v.specs().iter().any(|s| s.0 == t.workload && s.1 == b.meta.ns))
        .map(|b| b.meta.ns.clone())
}

/// Weights of a misplaced object and of a missing one, where one of the name is elsewhere.
const MISPLACED: (f64, f64) = (0.92, 0.7);

const KINDS: [(&str, &str, &str); 3] = [
    ("configmap ", "ConfigMap", "kubernetes.configmap_missing"),
    ("secret ", "Secret", "kubernetes.secret_missing"),
    ("serviceaccount ", "ServiceAccount", "kubernetes.missing_service_account"),
];

/// `configmap "x" not found`, `couldn't find key k in ConfigMap ns/x`.
fn said(v: &View<'_>, t: &Trouble<'_>, out: &mut Vec<Finding>) {
    for (text, cite) in &t.said {
        let lower = text.to_lowercase();
        // What names no image is about configuration.
        if lower.contains("pull image") || lower.contains("image pull secret") {
            continue;
        }
        for (word, kind, cause) in KINDS {
            let Some(at) = lower.find(word) else { continue };
            let not_found = lower[at..].contains("not found") && lower[at + word.len()..].starts_with('"');
            let key = lower.contains("couldn't find key") && kind != "ServiceAccount"
                || lower.contains("references non-existent");
            if !not_found && !key {
                continue;
            }
            let name = text.get(at..).and_then(|r| r.split('"').nth(1)).unwrap_or("").to_owned();
            let place = v.service(&t.workload);
            let reading =
                format!("{} refers to {}{name}, which is not there: {}", t.workload, word, quoted(text));
            let misplaced = elsewhere(v, t, kind, &name).filter(|_| not_found);
            let weight = if kind == "ServiceAccount" { 0.92 } else { 0.9 };
            let weight = if misplaced.is_some() { MISPLACED.1 } else { weight };
            if let Some(ns) = misplaced {
                let reading = format!(
                    "{} of namespace {} refers to {word}{name}, which is in namespace {ns}",
                    t.workload, t.ns
                );
                out.push(Finding::new(
                    place.clone(),
                    "kubernetes.wrong_namespace",
                    MISPLACED.0,
                    "Failed",
                    cite,
                    reading,
                ));
            }
            out.push(
                Finding::new(place, cause, weight * t.sure, "Failed", cite, reading)
                    .also(Some(&t.cite), format!("{}: {}", t.workload, t.what)),
            );
            return;
        }
        if lower.contains("namespace") && lower.contains("not found") && lower.contains("namespaces \"") {
            out.push(Finding::new(
                v.service(&t.workload),
                "kubernetes.wrong_namespace",
                0.88,
                "Failed",
                cite,
                quoted(text),
            ));
        }
    }
}

/// What is referred to against what is listed.
fn compared(v: &View<'_>, t: &Trouble<'_>, out: &mut Vec<Finding>) {
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    for c in t.spec.all() {
        wanted.extend(c.env_from.iter().filter(|e| !e.2).map(|e| (e.0, e.1.as_str())));
        wanted.extend(
            c.env.iter().filter_map(|e| e.from.as_ref()).filter(|f| !f.3).map(|f| (f.0, f.1.as_str())),
        );
    }
    wanted.extend(
        t.spec
            .volumes
            .iter()
            .filter(|w| !w.optional && !w.refers.is_empty())
            .map(|w| (w.kind.as_str(), w.refers.as_str())),
    );
    for (kind, name) in wanted {
        let Some((_, kind, cause)) = KINDS.iter().find(|k| k.1 == kind) else { continue };
        let there = bags(v, kind).iter().any(|b| b.meta.name == name && same_ns(&b.meta.ns, &t.ns));
        let absent = v.cluster.absent.get(&((*kind).to_owned(), name.to_owned()));
        if there || !(v.cluster.complete(kind, &t.ns) || absent.is_some()) {
            continue;
        }
        let place = v.service(&t.workload);
        let reading =
            format!("{} refers to {kind} {name}; namespace {} has none of that name", t.workload, t.ns);
        let misplaced = elsewhere(v, t, kind, name);
        let weight = if misplaced.is_some() { MISPLACED.1 } else { 0.89 };
        if let Some(ns) = misplaced {
            let reading = format!(
                "{} of namespace {} refers to {kind} {name}, which is in namespace {ns}",
                t.workload, t.ns
            );
            out.push(Finding::new(
                place.clone(),
                "kubernetes.wrong_namespace",
                MISPLACED.0,
                "metadata.namespace",
                &t.cite,
                reading,
            ));
        }
        out.push(
            Finding::new(place, cause, weight * t.sure, "metadata.name", &t.cite, reading)
                .also(absent, format!("{kind} {name} was asked for and is not there")),
        );
    }
}

fn account(v: &View<'_>, t: &Trouble<'_>, out: &mut Vec<Finding>) {
    let cause = "kubernetes.missing_service_account";
    if let Some((text, cite)) = t.says(&["error looking up service account"]) {
        let name = text.split("service account ").nth(1).and_then(|r| r.split(':').next()).unwrap_or("");
        let reading =
            format!("{} runs as service account {name}, which does not exist: {}", t.workload, t.what);
        out.push(Finding::new(v.service(&t.workload), cause, 0.92, "FailedCreate", cite, reading));
        return;
    }
    let Some(name) = t.spec.account.as_deref() else { return };
    let there = v.cluster.accounts.iter().any(|a| a.meta.name == name && same_ns(&a.meta.ns, &t.ns));
    let known = v.cluster.complete("ServiceAccount", &t.ns)
        || v.cluster.absent.contains_key(&("ServiceAccount".into(), name.to_owned()));
    if t.kind == Kind::Missing && !there && known {
        let reading = format!(
            "{} runs as service account {name}; namespace {} has none of that name",
            t.workload, t.ns
        );
        out.push(Finding::new(v.service(&t.workload), cause, 0.9, "serviceAccountName", &t.cite, reading));
    }
}

/// `User "system:serviceaccount:ns:name" cannot list resource "pods"`: at the workload that runs as the account.
fn permissions(v: &View<'_>, out: &mut Vec<Finding>) {
    let cause = "kubernetes.rbac_denied";
    let texts = v
        .cluster
        .outputs
        .iter()
        .filter(|o| !o.name.starts_with("node/"))
        .map(|o| (Some(o.name.as_str()), o.text.as_str(), &o.cite))
        .chain(
            v.troubles
                .iter()
                .flat_map(|t| t.said.iter().map(|s| (Some(t.workload.as_str()), s.0.as_str(), &s.1))),
        )
        .chain(
            v.cluster
                .events
                .iter()
                .filter(|e| e.warning && e.age.is_none_or(|a| a < 3_600))
                .map(|e| (None, e.message.as_str(), &e.cite)),
        );
    let mut seen: Vec<String> = Vec::new();
    for (writer, text, cite) in texts {
        let Some(line) = text
            .lines()
            .rev()
            .find(|l| l.contains("forbidden") && l.contains("cannot ") && l.contains("resource"))
        else {
            continue;
        };
        let user = line
            .split("system:serviceaccount:")
            .nth(1)
            .map(|r| r.split(['"', '\\', ' ']).next().unwrap_or(r));
        let account = user.and_then(|u| u.split_once(':'));
        let by_account = account.and_then(|(ns, name)| {
            v.specs()
                .into_iter()
                .find(|s| s.2.account.as_deref() == Some(name) && same_ns(&s.1, ns) && name != "default")
                .map(|s| s.0)
        });
        let workload = writer.map(|w| v.cluster.workload_named(w)).or(by_account);
        let Some(workload) = workload.or_else(|| account.map(|a| a.1.to_owned())) else { continue };
        // Parts of the cluster itself retry what they were not allowed while they started.
        let own = v.cluster.pods_of(&workload).any(|p| p.meta.ns.starts_with("kube-"));
        if own || seen.contains(&workload) {
            continue;
        }
        let ill = v.troubled(&workload).next().is_some();
        let weight = if ill { 0.9 } else { 0.72 };
        let reading = format!("{workload} is refused by the API: {}", quoted(line));
        out.push(Finding::new(v.service(&workload), cause, weight, "forbidden", cite, reading));
        seen.push(workload);
    }
}
