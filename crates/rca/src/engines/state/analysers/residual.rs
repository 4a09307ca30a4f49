//! What is not well and nothing explains: by the words of its output and events, weakly.

use std::collections::BTreeSet;

use super::super::finding::Finding;
use super::super::view::{Kind, View};
use super::quoted;

/// Phrases of output and what they speak for; the callee is named by them as often as not.
const WORDS: &[(&str, &str)] = &[
    ("too many connections", "database.connection_limit"),
    ("too many clients already", "database.connection_limit"),
    ("deadlock detected", "database.lock_contention"),
    ("no space left on device", "saturation.disk"),
    ("too many open files", "saturation.file_descriptors"),
    ("outofmemoryerror", "code.memory_leak"),
    ("certificate has expired", "network.tls_expired"),
    ("no such host", "kubernetes.service_env_var_address_mismatch"),
    ("name or service not known", "kubernetes.service_env_var_address_mismatch"),
    ("getaddrinfo", "kubernetes.service_env_var_address_mismatch"),
    ("connection refused", "dependency.unavailable"),
    ("i/o timeout", "kubernetes.network_policy_blocked"),
    ("context deadline exceeded", "dependency.slow"),
    ("panic:", "code.exception"),
    ("traceback", "code.exception"),
    ("exception", "code.exception"),
];

pub(in super::super) fn run(v: &View<'_>, explained: &BTreeSet<String>) -> Vec<Finding> {
    let mut out = Vec::new();
    for t in &v.troubles {
        let place = v.service(&t.workload);
        // A silent node's pods are not well because of it.
        let node_gone = t
            .pod
            .and_then(|p| p.spec.node.as_deref())
            .and_then(|n| v.cluster.node(n))
            .is_some_and(|n| n.ready() == Some(false));
        if explained.contains(&place) || node_gone {
            continue;
        }
        let texts = v
            .outputs(&t.workload)
            .map(|o| (o.text.as_str(), &o.cite))
            .chain(t.said.iter().map(|s| (s.0.as_str(), &s.1)));
        let mut found = None;
        for (text, cite) in texts {
            let tail: Vec<&str> = text.lines().rev().take(30).collect();
            found = WORDS.iter().find_map(|(phrase, cause)| {
                let line = tail.iter().find(|l| l.to_lowercase().contains(phrase))?;
                Some((*cause, cite, quoted(line)))
            });
            if found.is_some() {
                break;
            }
        }
        let (cause, cite, line) = found.unwrap_or_else(|| {
            let cause = match t.kind {
                Kind::Crashing => "code.exception",
                Kind::Evicted => "saturation.memory",
                _ => "dependency.unavailable",
            };
            (cause, &t.cite, String::new())
        });
        let reading = format!("{} is not well ({}) {line}", t.workload, t.what);
        out.push(
            Finding::new(place, cause, 0.5 * t.sure, "status", cite, reading.trim().to_owned())
                .also(Some(&t.cite), t.what.clone()),
        );
    }
    // Callers that are well and complain of a name, where nothing else is wrong.
    if explained.is_empty() && out.is_empty() {
        for (line, cite, workload) in &v.complaints {
            let lower = line.to_lowercase();
            if let Some((_, cause)) = WORDS.iter().find(|w| lower.contains(w.0)) {
                out.push(Finding::new(
                    v.service(workload),
                    cause,
                    0.4,
                    "log",
                    cite,
                    format!("{workload}: {}", quoted(line)),
                ));
            }
        }
    }
    out
}
