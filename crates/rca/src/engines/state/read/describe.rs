//! `kubectl describe`: printed objects become partial objects of the API, so that one reader fits both.

use serde_json::{Map, Value, json};

use super::describe_pod;
use super::table;
use super::tree::Tree;

/// Objects that an output describes, and the events printed with each.
pub(super) fn objects(kind: &str, text: &str) -> Vec<(Value, Vec<Value>)> {
    let mut parts: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with("Name:") || parts.is_empty() {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push_str(line);
            part.push('\n');
        }
    }
    parts.iter().filter(|p| p.starts_with("Name:")).map(|p| object(kind, p)).collect()
}

fn object(kind: &str, text: &str) -> (Value, Vec<Value>) {
    let tree = Tree::read(text);
    let name = tree.text("Name").unwrap_or("").to_owned();
    let namespace = tree.text("Namespace").map(str::to_owned);
    let mut o = json!({"kind": kind, "metadata": {"name": name, "labels": labels(&tree, "Labels"),
        "annotations": labels(&tree, "Annotations")}});
    if let Some(ns) = &namespace {
        o["metadata"]["namespace"] = json!(ns);
    }
    if let Some((kind, name)) = tree.text("Controlled By").and_then(|c| c.split_once('/')) {
        o["metadata"]["ownerReferences"] = json!([{"kind": kind.trim(), "name": name.trim()}]);
    }
    if tree
        .kids
        .iter()
        .any(|k| k.key.starts_with("Termination Grace Period") || k.value.starts_with("Terminating"))
    {
        o["metadata"]["deletionTimestamp"] = json!("shown");
    }
    match kind {
        "Pod" => describe_pod::pod(&tree, &mut o),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => workload(&tree, &mut o),
        "Service" => service(&tree, &mut o),
        "Node" => node(&tree, text, &mut o),
        "PersistentVolumeClaim" | "PersistentVolume" => volume(kind, &tree, &mut o),
        "ResourceQuota" => o["status"] = quota(&tree),
        "Ingress" => ingress(&tree, &mut o),
        "HorizontalPodAutoscaler" => autoscaler(&tree, &mut o),
        "NetworkPolicy" => policy(&tree, &mut o),
        "ServiceAccount" => {
            let secrets: Vec<Value> =
                tree.lines("Image pull secrets").iter().map(|s| json!({"name": s})).collect();
            o["imagePullSecrets"] = json!(secrets);
        }
        "StorageClass" => {
            o["provisioner"] = json!(tree.text("Provisioner"));
            o["volumeBindingMode"] = json!(tree.text("VolumeBindingMode"));
        }
        _ => {}
    }
    let subject = json!({"kind": kind, "name": name, "namespace": namespace});
    let events = tree.kid("Events").map(|e| events(e, &subject)).unwrap_or_default();
    (o, events)
}

/// `k=v` lines below a key; `:` in annotations.
pub(super) fn labels(tree: &Tree, key: &str) -> Value {
    let mut out = Map::new();
    for line in tree.lines(key) {
        for part in line.split(',') {
            if let Some((k, v)) = part.split_once('=').or_else(|| part.split_once(": ")) {
                out.insert(k.trim().to_owned(), json!(v.trim()));
            }
        }
    }
    Value::Object(out)
}

fn events(tree: &Tree, subject: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    for line in &tree.kids {
        let cells: Vec<String> = table::cells(&line.raw).into_iter().map(|c| c.1).collect();
        let (Some(kind), Some(reason), Some(age)) = (cells.first(), cells.get(1), cells.get(2)) else {
            continue;
        };
        if !matches!(kind.as_str(), "Normal" | "Warning") {
            continue;
        }
        let message = cells.get(4..).unwrap_or(&[]).join("  ");
        let last = age.split_whitespace().next().unwrap_or("");
        let count = age.split_once("(x").and_then(|(_, r)| r.split([' ', ')']).next()?.parse::<u64>().ok());
        out.push(json!({"kind": "Event", "type": kind, "reason": reason, "message": message,
            "ageSeconds": table::age(last), "count": count.unwrap_or(1), "involvedObject": subject}));
    }
    out
}

/// Rows `TYPE STATUS …` of a table of conditions.
pub(super) fn conditions(tree: &Tree, wide: bool) -> Value {
    let Some(table) = tree.kid("Conditions") else { return json!([]) };
    let rows = table.kids.iter().filter_map(|l| {
        let cells: Vec<String> = table::cells(&l.raw).into_iter().map(|c| c.1).collect();
        let (kind, status) = (cells.first()?, cells.get(1)?);
        if !matches!(status.as_str(), "True" | "False" | "Unknown") {
            return None;
        }
        let at = if wide { 4 } else { 2 };
        Some(json!({"type": kind, "status": status, "reason": cells.get(at), "message": cells.get(at + 1..).map(|m| m.join("  "))}))
    });
    Value::Array(rows.collect())
}

fn workload(tree: &Tree, o: &mut Value) {
    let number = |text: &str, word: &str| {
        let i = text.find(word)?;
        text[..i].split(|c: char| !c.is_ascii_digit()).rfind(|p| !p.is_empty())?.parse::<i64>().ok()
    };
    let replicas = tree.text("Replicas").unwrap_or("");
    // `1 desired | 1 updated | 1 total | 0 available | 1 unavailable`.
    for part in replicas.split(['|', '/']) {
        let part = part.trim();
        let found = [
            ("desired", "/spec/replicas"),
            ("current", "/status/replicas"),
            ("total", "/status/replicas"),
            ("updated", "/status/updatedReplicas"),
        ];
        for (word, pointer) in found {
            if part.ends_with(word) {
                put(o, pointer, json!(number(part, word)));
            }
        }
        if part.ends_with(" available") {
            put(o, "/status/availableReplicas", json!(number(part, "available")));
        }
    }
    if let Some(n) = tree.text("Desired Number of Nodes Scheduled").and_then(|n| n.parse::<i64>().ok()) {
        put(o, "/status/desiredNumberScheduled", json!(n));
    }
    put(o, "/spec/selector", json!({"matchLabels": labels(tree, "Selector")}));
    put(o, "/status/conditions", conditions(tree, false));
    if let Some(template) = tree.kid("Pod Template") {
        let mut pod = json!({"metadata": {"labels": labels(template, "Labels")}});
        describe_pod::spec(template, &mut pod);
        put(o, "/spec/template", pod);
    }
}

fn service(tree: &Tree, o: &mut Value) {
    put(o, "/spec/type", json!(tree.text("Type")));
    put(o, "/spec/clusterIP", json!(tree.text("IP")));
    put(o, "/spec/selector", labels(tree, "Selector"));
    let mut ports: Vec<Value> = Vec::new();
    for k in &tree.kids {
        match k.key.as_str() {
            "Port" => {
                let cells: Vec<&str> = k.value.split_whitespace().collect();
                let Some((number, protocol)) = cells.last().and_then(|c| c.split_once('/')) else { continue };
                let name = if cells.len() > 1 { cells[0] } else { "" };
                ports.push(json!({"name": name.trim_matches(['<', '>']), "port": number.parse::<i64>().ok(), "protocol": protocol}));
            }
            "TargetPort" => {
                if let Some(last) = ports.last_mut() {
                    last["targetPort"] = json!(k.value.split('/').next());
                }
            }
            "Endpoints" => {
                let shown: Vec<&str> =
                    k.value.split(',').map(str::trim).filter(|e| !e.is_empty() && *e != "<none>").collect();
                if o.get("printedEndpoints").is_none_or(|e| e.as_array().is_none_or(Vec::is_empty)) {
                    o["printedEndpoints"] = json!(shown);
                }
            }
            _ => {}
        }
    }
    put(o, "/spec/ports", Value::Array(ports));
}

fn node(tree: &Tree, text: &str, o: &mut Value) {
    let taints: Vec<Value> = tree
        .lines("Taints")
        .iter()
        .filter_map(|t| {
            let (kv, effect) = t.rsplit_once(':')?;
            let (key, value) = kv.split_once('=').unwrap_or((kv, ""));
            Some(json!({"key": key, "value": value, "effect": effect}))
        })
        .collect();
    put(o, "/spec/taints", Value::Array(taints));
    put(o, "/spec/unschedulable", json!(tree.text("Unschedulable") == Some("true")));
    put(o, "/status/conditions", conditions(tree, true));
    for key in ["Capacity", "Allocatable"] {
        if let Some(t) = tree.kid(key) {
            let map: Map<String, Value> = t.kids.iter().map(|k| (k.key.clone(), json!(k.value))).collect();
            put(o, &format!("/status/{}", key.to_lowercase()), Value::Object(map));
        }
    }
    if let Some(t) = tree.kid("Allocated resources") {
        for k in &t.kids {
            let cells: Vec<&str> = k.raw.split_whitespace().collect();
            if let (Some(name), Some(used)) = (cells.first(), cells.get(1))
                && used.starts_with(|c: char| c.is_ascii_digit())
            {
                put(o, &format!("/status/allocated/{}", name.replace('/', "~1")), json!(used));
            }
        }
    }
    // `Non-terminated Pods:  (12 in total)`.
    let pods = text
        .lines()
        .find(|l| l.starts_with("Non-terminated Pods:"))
        .and_then(|l| l.split(['(', ' ']).find_map(|w| w.parse::<i64>().ok()));
    put(o, "/status/podCount", json!(pods));
}

fn volume(kind: &str, tree: &Tree, o: &mut Value) {
    put(o, "/status/phase", json!(tree.text("Status")));
    put(o, "/spec/storageClassName", json!(tree.text("StorageClass")));
    let modes: Vec<&str> =
        tree.text("Access Modes").unwrap_or("").split(',').map(str::trim).filter(|m| !m.is_empty()).collect();
    put(o, "/spec/accessModes", json!(modes));
    if kind == "PersistentVolume" {
        put(o, "/spec/capacity/storage", json!(tree.text("Capacity")));
        if let Some((ns, name)) = tree.text("Claim").and_then(|c| c.split_once('/')) {
            put(o, "/spec/claimRef", json!({"namespace": ns, "name": name}));
        }
    } else {
        put(o, "/spec/volumeName", json!(tree.text("Volume")));
        put(o, "/status/capacity/storage", json!(tree.text("Capacity")));
        let users = tree.lines("Used By");
        o["printedUsers"] = json!(users);
    }
}

/// `Resource Used Hard` rows.
pub(super) fn quota(tree: &Tree) -> Value {
    let (mut used, mut hard) = (Map::new(), Map::new());
    for k in &tree.kids {
        let cells: Vec<&str> = k.raw.split_whitespace().collect();
        if let [name, u, h] = cells[..]
            && u.starts_with(|c: char| c.is_ascii_digit())
        {
            used.insert(name.to_owned(), json!(u));
            hard.insert(name.to_owned(), json!(h));
        }
    }
    json!({"used": used, "hard": hard})
}

fn ingress(tree: &Tree, o: &mut Value) {
    put(o, "/spec/ingressClassName", json!(tree.text("Ingress Class")));
    if let Some(address) = tree.text("Address") {
        put(o, "/status/loadBalancer/ingress", json!([{"ip": address}]));
    }
    // `/path   service:port (10.0.0.1:80)`.
    let mut paths = Vec::new();
    if let Some(rules) = tree.kid("Rules") {
        let mut stack: Vec<&Tree> = rules.kids.iter().collect();
        while let Some(k) = stack.pop() {
            stack.extend(k.kids.iter());
            for cell in k.raw.split_whitespace() {
                if let Some((name, port)) = cell.split_once(':')
                    && !name.is_empty()
                    && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                    && !port.is_empty()
                {
                    paths.push(json!({"backend": {"service": {"name": name, "port": {"number": port.parse::<i64>().ok()}}}}));
                }
            }
        }
    }
    put(o, "/spec/rules", json!([{"http": {"paths": paths}}]));
}

fn autoscaler(tree: &Tree, o: &mut Value) {
    if let Some((kind, name)) = tree.text("Reference").and_then(|r| r.split_once('/')) {
        put(o, "/spec/scaleTargetRef", json!({"kind": kind, "name": name}));
    }
    put(o, "/status/conditions", conditions(tree, false));
    let metrics: Vec<&str> =
        tree.kid("Metrics").map(|m| m.kids.iter().map(|k| k.raw.as_str()).collect()).unwrap_or_default();
    o["printedTargets"] = json!(metrics.join("; "));
}

fn policy(tree: &Tree, o: &mut Value) {
    let spec = tree.kid("Spec").unwrap_or(tree);
    let none = Value::Object(Map::new());
    let selector = |text: &str| {
        let mut map = Map::new();
        for part in text.split(',') {
            if let Some((k, v)) = part.split_once('=') {
                map.insert(k.trim().to_owned(), json!(v.trim()));
            }
        }
        json!({"matchLabels": map})
    };
    let own = spec.text("PodSelector").filter(|s| !s.starts_with('<')).map_or(none, selector);
    put(o, "/spec/podSelector", own);
    let types: Vec<&str> = spec.text("Policy Types").unwrap_or("Ingress").split(',').map(str::trim).collect();
    put(o, "/spec/policyTypes", json!(types));
    for (key, way, peer) in
        [("Allowing ingress traffic", "ingress", "From"), ("Allowing egress traffic", "egress", "To")]
    {
        let Some(t) = spec.kid(key) else { continue };
        let mut rules: Vec<Value> = Vec::new();
        let mut rule = json!({});
        for k in &t.kids {
            if k.raw.starts_with("---") {
                rules.push(std::mem::replace(&mut rule, json!({})));
            } else if k.key == "To Port" {
                if let Some((number, protocol)) = k.value.split_once('/') {
                    append(
                        &mut rule,
                        "ports",
                        json!({"port": number.parse::<i64>().ok(), "protocol": protocol}),
                    );
                }
            } else if k.key == peer {
                for p in &k.kids {
                    match p.key.as_str() {
                        "PodSelector" => {
                            append(&mut rule, peer_key(way), json!({"podSelector": selector(&p.value)}))
                        }
                        "NamespaceSelector" => {
                            append(&mut rule, peer_key(way), json!({"namespaceSelector": selector(&p.value)}))
                        }
                        "IPBlock" => {
                            append(&mut rule, peer_key(way), json!({"ipBlock": {"cidr": p.text("CIDR")}}))
                        }
                        _ => {}
                    }
                }
            } else if k.raw.starts_with("<none>") {
                rule = Value::Null;
            }
        }
        if !rule.is_null() {
            rules.push(rule);
        }
        put(o, &format!("/spec/{way}"), Value::Array(rules));
    }
}

fn peer_key(way: &str) -> &'static str {
    if way == "ingress" { "from" } else { "to" }
}

fn append(rule: &mut Value, key: &str, item: Value) {
    match rule.get_mut(key) {
        Some(Value::Array(list)) => list.push(item),
        _ => {
            if let Some(map) = rule.as_object_mut() {
                map.insert(key.to_owned(), json!([item]));
            }
        }
    }
}

/// Sets a value at a JSON pointer, making objects on the way; null is not set.
pub(super) fn put(o: &mut Value, pointer: &str, value: Value) {
    if value.is_null() {
        return;
    }
    let mut at = o;
    for part in pointer.split('/').skip(1) {
        let key = part.replace("~1", "/");
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Some(map) = at.as_object_mut() else { return };
        at = map.entry(key).or_insert(Value::Null);
    }
    *at = value;
}
