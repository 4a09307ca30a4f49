//! Pods and pod templates as `kubectl describe` prints them.

use serde_json::{Map, Value, json};

use super::describe::{conditions, labels, put};
use super::tree::Tree;

pub(super) fn pod(tree: &Tree, o: &mut Value) {
    spec(tree, o);
    if let Some(node) = tree.text("Node") {
        put(o, "/spec/nodeName", json!(node.split('/').next()));
    }
    let status = tree.text("Status").unwrap_or("");
    put(o, "/status/phase", json!(status.split_whitespace().next()));
    put(o, "/status/reason", json!(tree.text("Reason")));
    put(o, "/status/message", json!(tree.text("Message")));
    put(o, "/status/podIP", json!(tree.text("IP")));
    put(o, "/status/conditions", conditions(tree, false));
    for (section, key) in [("Init Containers", "initContainerStatuses"), ("Containers", "containerStatuses")]
    {
        let Some(list) = tree.kid(section) else { continue };
        let states: Vec<Value> = list.kids.iter().filter(|c| c.kid("State").is_some()).map(state).collect();
        put(o, &format!("/status/{key}"), Value::Array(states));
    }
}

/// Containers, volumes and where the pod may run.
pub(super) fn spec(tree: &Tree, o: &mut Value) {
    put(o, "/spec/serviceAccountName", json!(tree.text("Service Account")));
    put(o, "/spec/nodeSelector", labels(tree, "Node-Selectors"));
    let tolerations: Vec<Value> = tree.lines("Tolerations").iter().map(|t| toleration(t)).collect();
    put(o, "/spec/tolerations", Value::Array(tolerations));
    for (section, key) in [("Init Containers", "initContainers"), ("Containers", "containers")] {
        let Some(list) = tree.kid(section) else { continue };
        let containers: Vec<Value> = list.kids.iter().filter(|c| !c.key.is_empty()).map(container).collect();
        put(o, &format!("/spec/{key}"), Value::Array(containers));
    }
    if let Some(list) = tree.kid("Volumes") {
        let volumes: Vec<Value> = list.kids.iter().filter(|v| !v.key.is_empty()).map(volume).collect();
        put(o, "/spec/volumes", Value::Array(volumes));
    }
}

fn toleration(text: &str) -> Value {
    let text = text.split(" for ").next().unwrap_or(text);
    let (text, exists) = match text.split_once(" op=") {
        Some((t, op)) => (t, op.starts_with("Exists")),
        None => (text, !text.contains('=')),
    };
    let (kv, effect) = text.rsplit_once(':').unwrap_or((text, ""));
    let (key, value) = kv.split_once('=').unwrap_or((kv, ""));
    json!({"key": key, "value": value, "effect": effect, "operator": if exists { "Exists" } else { "Equal" }})
}

fn container(tree: &Tree) -> Value {
    let words = |key: &str| -> Vec<String> { tree.lines(key).iter().map(|l| (*l).to_owned()).collect() };
    let mut out = json!({"name": tree.key, "image": tree.text("Image"), "command": words("Command"), "args": words("Args")});
    let mut ports: Vec<Value> = Vec::new();
    for key in ["Port", "Ports"] {
        for part in tree.text(key).unwrap_or("").split(',') {
            let part = part.trim();
            // `8080/TCP (http)` in newer versions.
            let (number, rest) = part.split_once('/').unwrap_or((part, "TCP"));
            let (protocol, name) = rest.split_once(' ').unwrap_or((rest, ""));
            if let Ok(n) = number.parse::<i64>() {
                ports.push(
                    json!({"containerPort": n, "protocol": protocol, "name": name.trim_matches(['(', ')'])}),
                );
            }
        }
    }
    out["ports"] = Value::Array(ports);
    for (section, key) in [("Limits", "limits"), ("Requests", "requests")] {
        if let Some(t) = tree.kid(section) {
            let map: Map<String, Value> = t.kids.iter().map(|k| (k.key.clone(), json!(k.value))).collect();
            put(&mut out, &format!("/resources/{key}"), Value::Object(map));
        }
    }
    for (section, key) in
        [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
    {
        if let Some(text) = tree.text(section) {
            put(&mut out, &format!("/{key}"), probe(text));
        }
    }
    let mut env: Vec<Value> = Vec::new();
    for e in tree.kid("Environment").map(|e| e.kids.as_slice()).unwrap_or_default() {
        let key = e.key.as_str();
        if key.is_empty() {
            continue;
        }
        env.push(match reference(&e.value) {
            Some((kind, name, item)) => {
                json!({"name": key, "valueFrom": {kind: {"name": name, "key": item, "optional": e.value.contains("Optional: true")}}})
            }
            None => json!({"name": key, "value": e.value}),
        });
    }
    out["env"] = Value::Array(env);
    let from: Vec<Value> = tree
        .kid("Environment Variables from")
        .map(|t| t.kids.as_slice())
        .unwrap_or_default()
        .iter()
        .filter_map(|k| {
            let cells: Vec<&str> = k.raw.split_whitespace().collect();
            let kind = if *cells.get(1)? == "Secret" { "secretRef" } else { "configMapRef" };
            Some(json!({kind: {"name": cells[0], "optional": k.raw.contains("Optional: true")}}))
        })
        .collect();
    out["envFrom"] = Value::Array(from);
    let mounts: Vec<Value> = tree
        .lines("Mounts")
        .iter()
        .filter_map(|m| {
            let (path, rest) = m.split_once(" from ")?;
            let (name, how) = rest.split_once(' ').unwrap_or((rest, ""));
            Some(json!({"mountPath": path, "name": name, "readOnly": how.contains("ro")}))
        })
        .collect();
    out["volumeMounts"] = Value::Array(mounts);
    out
}

/// `<set to the key 'k' in secret 's'>`, `<set to the key 'k' of config map 'c'>`.
fn reference(text: &str) -> Option<(&'static str, String, String)> {
    let quoted: Vec<&str> = text.strip_prefix("<set to the key ")?.split('\'').collect();
    let (item, name) = (quoted.get(1)?, quoted.get(3)?);
    let kind = if text.contains("in secret") { "secretKeyRef" } else { "configMapKeyRef" };
    Some((kind, (*name).to_owned(), (*item).to_owned()))
}

/// `http-get http://:8080/healthz delay=10s timeout=1s period=10s #success=1 #failure=3`.
fn probe(text: &str) -> Value {
    let mut out = json!({});
    for word in text.split_whitespace() {
        let Some((key, value)) = word.split_once('=') else { continue };
        let number = value.trim_end_matches('s').parse::<i64>().ok();
        let field = match key {
            "delay" => "initialDelaySeconds",
            "timeout" => "timeoutSeconds",
            "period" => "periodSeconds",
            "#failure" => "failureThreshold",
            _ => continue,
        };
        out[field] = json!(number);
    }
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    let target = rest.split(" delay=").next().unwrap_or("").trim();
    match verb {
        "http-get" => {
            let (scheme, at) = target.split_once("://").unwrap_or(("http", target));
            let (host, path) = at.split_once('/').unwrap_or((at, ""));
            let port = host.rsplit(':').next().unwrap_or("");
            out["httpGet"] =
                json!({"scheme": scheme.to_uppercase(), "port": port, "path": format!("/{path}")});
        }
        "tcp-socket" => out["tcpSocket"] = json!({"port": target.rsplit(':').next()}),
        "grpc" => {
            let port = target.rsplit(':').next().unwrap_or("").split_whitespace().next().unwrap_or("");
            out["grpc"] = json!({"port": port});
        }
        "exec" => {
            let words: Vec<&str> = target.trim_matches(['[', ']']).split_whitespace().collect();
            out["exec"] = json!({"command": words});
        }
        _ => {}
    }
    out
}

fn volume(tree: &Tree) -> Value {
    let kind = tree.text("Type").unwrap_or("").split_whitespace().next().unwrap_or("").to_owned();
    let optional = tree.text("Optional") == Some("true");
    let mut out = json!({"name": tree.key});
    match kind.as_str() {
        "PersistentVolumeClaim" => {
            out["persistentVolumeClaim"] = json!({"claimName": tree.text("ClaimName")})
        }
        "ConfigMap" => out["configMap"] = json!({"name": tree.text("Name"), "optional": optional}),
        "Secret" => out["secret"] = json!({"secretName": tree.text("SecretName"), "optional": optional}),
        "HostPath" => out["hostPath"] = json!({"path": tree.text("Path")}),
        "EmptyDir" => out["emptyDir"] = json!({"sizeLimit": tree.text("SizeLimit")}),
        _ => {}
    }
    out
}

fn state(tree: &Tree) -> Value {
    let one = |key: &str| -> Option<Value> {
        let t = tree.kid(key)?;
        let detail = json!({"reason": t.text("Reason"), "message": t.text("Message"),
            "exitCode": t.text("Exit Code").and_then(|c| c.parse::<i64>().ok()),
            "startedAt": t.text("Started"), "finishedAt": t.text("Finished")});
        Some(json!({t.value.to_lowercase(): detail}))
    };
    let mut out = json!({"name": tree.key, "image": tree.text("Image"),
        "ready": tree.text("Ready") == Some("True"),
        "restartCount": tree.text("Restart Count").and_then(|c| c.parse::<i64>().ok())});
    if let Some(state) = one("State") {
        out["state"] = state;
    }
    if let Some(last) = one("Last State") {
        out["lastState"] = last;
    }
    out
}
