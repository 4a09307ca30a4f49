//! Rows of `kubectl get` and `kubectl top` as partial objects.

use serde_json::{Value, json};

use super::command::{self, Line};
use super::describe::put;
use super::table::{self, Row};
use super::{Gathered, Piece, default_namespace, documents, piece};
use crate::engines::state::model::Usage;
use crate::engines::state::model::value::quantity;
use crate::evidence::Cite;

/// What `kubectl get` printed.
pub(super) fn get(g: &mut Gathered, line: &Line, text: &str, cite: &Cite) {
    missing(g, text, cite);
    if matches!(line.output.as_str(), "yaml" | "json") {
        for mut o in documents(text) {
            default_namespace(&mut o, line.namespace.as_deref());
            piece(g, o, 3, cite.clone());
        }
    } else {
        for rows in table::tables(text) {
            for row in rows {
                if let Some(kind) = kind_of(line, &row) {
                    one(g, line, kind, row, cite);
                }
            }
        }
    }
    let failed = text.trim_start().starts_with("Error") || text.trim_start().starts_with("error:");
    let shown = !text.trim().is_empty() && !failed;
    if line.names.is_empty() && !line.narrowed && shown {
        for kind in &line.kinds {
            let ns = if line.everywhere || command::CLUSTER_WIDE.contains(kind) {
                None
            } else {
                Some(line.namespace.clone().unwrap_or_default())
            };
            g.listed.push(((*kind).to_owned(), ns));
        }
    }
}

/// `Error from server (NotFound): secrets "x" not found`.
pub(super) fn missing(g: &mut Gathered, text: &str, cite: &Cite) {
    for line in text.lines() {
        if let Some(rest) = line.trim().strip_prefix("Error from server (NotFound): ")
            && let Some((resource, name)) = rest.split_once(' ')
            && let Some(kind) = command::kind(resource)
            && let Some(name) = name.split('"').nth(1)
        {
            g.absent.insert((kind.to_owned(), name.to_owned()), cite.clone());
        }
    }
}

fn kind_of(line: &Line, row: &Row) -> Option<&'static str> {
    if row.contains_key("REASON") && row.contains_key("OBJECT") {
        return Some("Event");
    }
    let name = row.get("NAME")?;
    if let Some((resource, _)) = name.split_once('/') {
        return command::kind(resource);
    }
    (line.kinds.len() == 1).then(|| line.kinds[0])
}

fn one(g: &mut Gathered, line: &Line, kind: &'static str, row: Row, cite: &Cite) {
    let get = |k: &str| {
        row.get(k).map(String::as_str).filter(|v| !v.is_empty() && *v != "<none>" && *v != "<unset>")
    };
    let ns = get("NAMESPACE").map(str::to_owned).or_else(|| line.namespace.clone());
    if kind == "Event" {
        let (resource, name) = get("OBJECT").and_then(|o| o.split_once('/')).unwrap_or(("", ""));
        let last = get("LAST SEEN").unwrap_or("").split_whitespace().next().unwrap_or("");
        let value = json!({"kind": "Event", "type": get("TYPE"), "reason": get("REASON"), "message": get("MESSAGE"),
            "ageSeconds": table::age(last), "count": get("COUNT").and_then(|c| c.parse::<i64>().ok()).unwrap_or(1),
            "involvedObject": {"kind": command::kind(resource).unwrap_or(""), "name": name, "namespace": ns}});
        g.events.push(Piece { value, rank: 1, cite: cite.clone() });
        return;
    }
    let Some(name) = get("NAME") else { return };
    let name = name.rsplit('/').next().unwrap_or(name).split_whitespace().next().unwrap_or("");
    let mut o = json!({"kind": kind, "metadata": {"name": name}});
    let mut set = |pointer: &str, value: Value| put(&mut o, pointer, value);
    if let Some(l) = get("LABELS") {
        let map: serde_json::Map<String, Value> =
            l.split(',').filter_map(|p| p.split_once('=')).map(|(k, v)| (k.to_owned(), json!(v))).collect();
        set("/metadata/labels", Value::Object(map));
    }
    let age = get("AGE").and_then(table::age);
    match kind {
        "Pod" => {
            set("/status/printed", json!(get("STATUS")));
            set("/status/printedReady", json!(get("READY")));
            set("/status/printedAge", json!(age));
            let restarts = get("RESTARTS").unwrap_or("");
            let (n, ago) = restarts.split_once(" (").unwrap_or((restarts, ""));
            set("/status/printedRestarts", json!(n.trim().parse::<i64>().ok()));
            set(
                "/status/printedRestartAge",
                json!(table::age(ago.trim_end_matches([')', ' ']).trim_end_matches("ago").trim())),
            );
            set("/spec/nodeName", json!(get("NODE")));
            set("/status/podIP", json!(get("IP")));
            if get("STATUS") == Some("Terminating") {
                set("/metadata/deletionTimestamp", json!("shown"));
            }
        }
        "Deployment" | "StatefulSet" => {
            set("/status/printedReady", json!(get("READY")));
            set("/status/updatedReplicas", json!(get("UP-TO-DATE").and_then(|n| n.parse::<i64>().ok())));
        }
        "ReplicaSet" | "DaemonSet" => {
            let number = |k: &str| json!(get(k).and_then(|n| n.parse::<i64>().ok()));
            set("/spec/replicas", number("DESIRED"));
            set("/status/replicas", number("CURRENT"));
            set("/status/availableReplicas", number("READY"));
        }
        "Service" => {
            set("/spec/type", json!(get("TYPE")));
            set("/spec/clusterIP", json!(get("CLUSTER-IP")));
            let ports: Vec<Value> = get("PORT(S)").unwrap_or("").split(',').filter_map(port).collect();
            set("/spec/ports", Value::Array(ports));
            if let Some(s) = get("SELECTOR") {
                let map: serde_json::Map<String, Value> = s
                    .split(',')
                    .filter_map(|p| p.split_once('='))
                    .map(|(k, v)| (k.to_owned(), json!(v)))
                    .collect();
                set("/spec/selector", Value::Object(map));
            }
        }
        "Endpoints" => {
            let shown = row.get("ENDPOINTS").map(String::as_str).unwrap_or("<none>");
            let list: Vec<&str> =
                shown.split(',').map(str::trim).filter(|e| !e.is_empty() && *e != "<none>").collect();
            set("/printedEndpoints", json!(list));
        }
        "EndpointSlice" => {
            let list: Vec<&str> = get("ENDPOINTS")
                .unwrap_or("")
                .split(',')
                .filter(|e| !e.is_empty() && *e != "<unset>")
                .collect();
            set("/printedEndpoints", json!(list));
            let stem = name.rsplit_once('-').map_or(name, |(stem, _)| stem);
            put(&mut o, "/metadata/labels", json!({"kubernetes.io/service-name": stem}));
        }
        "Node" => {
            set("/status/printed", json!(get("STATUS")));
            let roles = get("ROLES").unwrap_or("");
            if roles.contains("control-plane") || roles.contains("master") {
                set("/metadata/labels/node-role.kubernetes.io~1control-plane", json!(""));
            }
        }
        "PersistentVolumeClaim" | "PersistentVolume" => {
            set("/status/phase", json!(get("STATUS")));
            set("/spec/storageClassName", json!(get("STORAGECLASS")));
            let modes: Vec<&str> =
                get("ACCESS MODES").unwrap_or("").split(',').filter(|m| !m.is_empty()).collect();
            set("/spec/accessModes", json!(modes));
            if kind == "PersistentVolume" {
                set("/spec/capacity/storage", json!(get("CAPACITY")));
                if let Some((ns, name)) = get("CLAIM").and_then(|c| c.split_once('/')) {
                    set("/spec/claimRef", json!({"namespace": ns, "name": name}));
                }
            } else {
                set("/spec/volumeName", json!(get("VOLUME")));
            }
        }
        "ResourceQuota" => {
            for part in [get("REQUEST"), get("LIMIT")].into_iter().flatten().flat_map(|t| t.split(", ")) {
                if let Some((key, share)) = part.split_once(": ")
                    && let Some((used, hard)) = share.split_once('/')
                {
                    let key = key.replace('/', "~1");
                    set(&format!("/status/used/{key}"), json!(used));
                    set(&format!("/status/hard/{key}"), json!(hard));
                }
            }
        }
        "Ingress" => {
            set("/spec/ingressClassName", json!(row.get("CLASS")));
            if let Some(a) = get("ADDRESS") {
                set("/status/loadBalancer/ingress", json!([{"ip": a}]));
            }
        }
        "HorizontalPodAutoscaler" => {
            if let Some((kind, name)) = get("REFERENCE").and_then(|r| r.split_once('/')) {
                set("/spec/scaleTargetRef", json!({"kind": kind, "name": name}));
            }
            set("/printedTargets", json!(get("TARGETS")));
        }
        "StorageClass" => set("/provisioner", json!(get("PROVISIONER"))),
        _ => {}
    }
    default_namespace(&mut o, ns.as_deref());
    piece(g, o, 1, cite.clone());
}

/// `80/TCP`, `80:30080/TCP`.
fn port(text: &str) -> Option<Value> {
    let (numbers, protocol) = text.trim().split_once('/')?;
    let number: i64 = numbers.split(':').next()?.parse().ok()?;
    Some(json!({"port": number, "protocol": protocol}))
}

/// What `kubectl top` printed.
pub(super) fn top(g: &mut Gathered, line: &Line, text: &str, cite: &Cite) {
    let node = line.kinds.first() == Some(&"Node") || line.words.first().is_some_and(|w| w.starts_with("no"));
    for row in table::tables(text).into_iter().flatten() {
        let quantity_of = |k: &str| row.get(k).and_then(|v| quantity(v));
        let (Some(name), Some(cpu)) = (row.get("NAME"), quantity_of("CPU(cores)")) else { continue };
        let percent = |k: &str| row.get(k).and_then(|v| v.trim_end_matches('%').parse().ok());
        g.usage.push(Usage {
            node,
            ns: row.get("NAMESPACE").cloned().or_else(|| line.namespace.clone()).unwrap_or_default(),
            name: row.get("POD").unwrap_or(name).clone(),
            cpu,
            memory: quantity_of("MEMORY(bytes)").unwrap_or(0.0),
            cpu_percent: percent("CPU%").or_else(|| percent("CPU(%)")),
            cite: cite.clone(),
        });
    }
}
