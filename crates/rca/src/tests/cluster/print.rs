//! The shop as `kubectl` prints it.

use std::fmt::Write as _;

use serde_json::Value;

use super::shop::{NOW, Shop};

/// Commands with their output.
pub(super) fn commands(s: &Shop) -> Vec<(String, String)> {
    let mut out = vec![
        ("kubectl get pods -A -o wide".to_owned(), pods(s)),
        ("kubectl get events -A".to_owned(), events(s)),
        ("kubectl get nodes".to_owned(), nodes(s)),
        (
            "kubectl get deployments -n store".to_owned(),
            table(s, "Deployment", &["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"], |o| {
                let n = |p: &str| int(o, p).to_string();
                vec![
                    name(o),
                    format!("{}/{}", n("/status/readyReplicas"), n("/spec/replicas")),
                    n("/status/updatedReplicas"),
                    n("/status/availableReplicas"),
                    "5d".into(),
                ]
            }),
        ),
        (
            "kubectl get endpoints -n store".to_owned(),
            table(s, "Endpoints", &["NAME", "ENDPOINTS", "AGE"], |o| {
                let ip = o.pointer("/subsets/0/addresses/0/ip").and_then(Value::as_str);
                vec![
                    name(o),
                    ip.map_or("<none>".into(), |ip| format!("{ip}:{}", int(o, "/subsets/0/ports/0/port"))),
                    "5d".into(),
                ]
            }),
        ),
        (
            "kubectl get svc -n store".to_owned(),
            table(s, "Service", &["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"], |o| {
                vec![
                    name(o),
                    text(o, "/spec/type"),
                    text(o, "/spec/clusterIP"),
                    "<none>".into(),
                    format!("{}/{}", int(o, "/spec/ports/0/port"), text(o, "/spec/ports/0/protocol")),
                    "5d".into(),
                ]
            }),
        ),
        (
            "kubectl get sa -n store".to_owned(),
            table(s, "ServiceAccount", &["NAME", "SECRETS", "AGE"], |o| {
                vec![name(o), "0".into(), "5d".into()]
            }),
        ),
        (
            "kubectl get configmaps -A".to_owned(),
            table(s, "ConfigMap", &["NAMESPACE", "NAME", "DATA", "AGE"], |o| {
                vec![text(o, "/metadata/namespace"), name(o), "1".into(), "5d".into()]
            }),
        ),
        (
            "kubectl get secrets -n store".to_owned(),
            table(s, "Secret", &["NAME", "TYPE", "DATA", "AGE"], |o| {
                vec![name(o), text(o, "/type"), "1".into(), "5d".into()]
            }),
        ),
        (
            "kubectl get ingressclass".to_owned(),
            table(s, "IngressClass", &["NAME", "CONTROLLER", "PARAMETERS", "AGE"], |o| {
                vec![name(o), text(o, "/spec/controller"), "<none>".into(), "5d".into()]
            }),
        ),
        (
            "kubectl get ingress -n store".to_owned(),
            table(s, "Ingress", &["NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"], |o| {
                vec![
                    name(o),
                    some(o, "/spec/ingressClassName"),
                    "shop.example".into(),
                    text(o, "/status/loadBalancer/ingress/0/ip"),
                    "80".into(),
                    "5d".into(),
                ]
            }),
        ),
        (
            "kubectl get sc".to_owned(),
            table(s, "StorageClass", &["NAME", "PROVISIONER", "RECLAIMPOLICY"], |o| {
                vec![name(o), text(o, "/provisioner"), "Delete".into()]
            }),
        ),
    ];
    for o in &s.objects {
        let described = match text(o, "/kind").as_str() {
            "Pod" if text(o, "/metadata/namespace") == "store" => pod(s, o),
            "Node" => node(o),
            "Service" => service(s, o),
            "ResourceQuota" => quota(o),
            "HorizontalPodAutoscaler" => autoscaler(o),
            "NetworkPolicy" => policy(o),
            "Deployment" => deployment(o),
            // What describe does not show is shown as YAML.
            "PersistentVolumeClaim" | "PersistentVolume" => {
                out.push((
                    format!("kubectl get {} {} -n store -o json", text(o, "/kind").to_lowercase(), name(o)),
                    o.to_string(),
                ));
                continue;
            }
            _ => continue,
        };
        out.push((
            format!("kubectl describe {} {} -n store", text(o, "/kind").to_lowercase(), name(o)),
            described,
        ));
        let hidden = ["/spec/template/spec/affinity", "/spec/template/spec/imagePullSecrets"];
        if hidden.iter().any(|p| o.pointer(p).is_some()) {
            out.push((
                format!("kubectl get deploy {} -n store -o yaml", name(o)),
                serde_yaml_ng::to_string(o).expect("YAML"),
            ));
        }
    }
    for (pod, log) in &s.logs {
        out.push((format!("kubectl logs {pod} -n store --tail=50"), log.clone()));
    }
    out.extend(s.more.iter().cloned());
    out
}

fn text(o: &Value, p: &str) -> String {
    match o.pointer(p) {
        Some(Value::String(s)) => s.clone(),
        Some(Value::Number(n)) => n.to_string(),
        _ => String::new(),
    }
}

fn some(o: &Value, p: &str) -> String {
    let t = text(o, p);
    if t.is_empty() { "<none>".into() } else { t }
}

fn int(o: &Value, p: &str) -> i64 {
    o.pointer(p).and_then(Value::as_i64).unwrap_or(0)
}

fn name(o: &Value) -> String {
    text(o, "/metadata/name")
}

fn list<'a>(o: &'a Value, p: &str) -> &'a [Value] {
    o.pointer(p).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn columns(rows: &[Vec<String>]) -> String {
    let n = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> =
        (0..n).map(|i| rows.iter().filter_map(|r| r.get(i)).map(String::len).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for r in rows {
        let line: String = r.iter().zip(&widths).map(|(c, w)| format!("{c:<w$}   ")).collect();
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn table(s: &Shop, kind: &str, head: &[&str], row: impl Fn(&Value) -> Vec<String>) -> String {
    let mut rows = vec![head.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>()];
    rows.extend(s.objects.iter().filter(|o| o["kind"] == kind).map(row));
    if rows.len() == 1 {
        return "No resources found in store namespace.".into();
    }
    columns(&rows)
}

fn status(o: &Value) -> String {
    if o.pointer("/metadata/deletionTimestamp").is_some() {
        return "Terminating".into();
    }
    for p in [
        "/status/reason",
        "/status/containerStatuses/0/state/waiting/reason",
        "/status/containerStatuses/0/state/terminated/reason",
    ] {
        let t = text(o, p);
        if !t.is_empty() {
            return t;
        }
    }
    text(o, "/status/phase")
}

fn pods(s: &Shop) -> String {
    table(
        s,
        "Pod",
        &[
            "NAMESPACE",
            "NAME",
            "READY",
            "STATUS",
            "RESTARTS",
            "AGE",
            "IP",
            "NODE",
            "NOMINATED NODE",
            "READINESS GATES",
        ],
        |o| {
            let states = list(o, "/status/containerStatuses");
            let ready = states.iter().filter(|c| c["ready"] == true).count();
            let n = int(o, "/status/containerStatuses/0/restartCount");
            let restarts = match n {
                0 => "0".into(),
                1 => "1 (3d7h ago)".into(),
                n => format!("{n} (2m ago)"),
            };
            vec![
                text(o, "/metadata/namespace"),
                name(o),
                format!("{ready}/{}", list(o, "/spec/containers").len()),
                status(o),
                restarts,
                "5d".into(),
                some(o, "/status/podIP"),
                some(o, "/spec/nodeName"),
                "<none>".into(),
                "<none>".into(),
            ]
        },
    )
}

fn nodes(s: &Shop) -> String {
    table(s, "Node", &["NAME", "STATUS", "ROLES", "AGE", "VERSION"], |o| {
        let ready =
            list(o, "/status/conditions").iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
        let mut status = if ready { "Ready" } else { "NotReady" }.to_owned();
        if o.pointer("/spec/unschedulable") == Some(&Value::Bool(true)) {
            status.push_str(",SchedulingDisabled");
        }
        let control = o["metadata"]["labels"].get("node-role.kubernetes.io/control-plane").is_some();
        vec![
            name(o),
            status,
            if control { "control-plane" } else { "<none>" }.into(),
            "40d".into(),
            "v1.30.2".into(),
        ]
    })
}

fn age(o: &Value) -> String {
    let at = |t: &str| t.parse::<jiff::Timestamp>().expect("a time").as_second();
    let s = at(NOW) - at(&text(o, "/lastTimestamp"));
    if s < 600 {
        format!("{}m{}s", s / 60, s % 60)
    } else if s < 86_400 {
        format!("{}m", s / 60)
    } else {
        format!("{}h", s / 3600)
    }
}

fn events(s: &Shop) -> String {
    table(s, "Event", &["NAMESPACE", "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"], |o| {
        let about =
            format!("{}/{}", text(o, "/involvedObject/kind").to_lowercase(), text(o, "/involvedObject/name"));
        vec![
            text(o, "/metadata/namespace"),
            age(o),
            text(o, "/type"),
            text(o, "/reason"),
            about,
            text(o, "/message"),
        ]
    })
}

fn map(o: &Value, p: &str) -> Vec<(String, String)> {
    let Some(m) = o.pointer(p).and_then(Value::as_object) else { return Vec::new() };
    m.iter().map(|(k, v)| (k.clone(), v.as_str().map_or(v.to_string(), str::to_owned))).collect()
}

fn pairs(head: &str, o: &Value, p: &str) -> String {
    let all: Vec<String> = map(o, p).into_iter().map(|(k, v)| format!("{k}={v}")).collect();
    let pad = " ".repeat(18);
    format!(
        "{head:<18}{}\n",
        if all.is_empty() { "<none>".to_owned() } else { all.join(&format!("\n{pad}")) }
    )
}

fn field(out: &mut String, indent: &str, key: &str, value: &str) {
    let _ = writeln!(out, "{indent}{:<16}{value}", format!("{key}:"));
}

fn containers(o: &Value, at: &str, states: &[Value], indent: &str, out: &mut String) {
    let deep = format!("{indent}  ");
    for c in list(o, &format!("{at}/containers")) {
        let _ = writeln!(out, "{indent}{}:", text(c, "/name"));
        field(out, &deep, "Image", &text(c, "/image"));
        let ports: Vec<String> = list(c, "/ports")
            .iter()
            .map(|p| format!("{}/{}", int(p, "/containerPort"), text(p, "/protocol")))
            .collect();
        field(out, &deep, "Port", &if ports.is_empty() { "<none>".into() } else { ports.join(", ") });
        for (key, at) in [("Command", "/command"), ("Args", "/args")] {
            let words = list(c, at);
            if !words.is_empty() {
                field(out, &deep, key, "");
                for w in words {
                    let _ = writeln!(out, "{deep}  {}", w.as_str().unwrap_or(""));
                }
            }
        }
        if let Some(st) = states.iter().find(|st| st["name"] == c["name"]) {
            for (key, at) in [("State", "/state"), ("Last State", "/lastState")] {
                if let Some((kind, detail)) =
                    st.pointer(at).and_then(Value::as_object).and_then(|m| m.iter().next())
                {
                    let mut kind = kind.clone();
                    kind[..1].make_ascii_uppercase();
                    field(out, &deep, key, &kind);
                    for (k, at) in
                        [("Reason", "/reason"), ("Message", "/message"), ("Exit Code", "/exitCode")]
                    {
                        let v = text(detail, at);
                        if !v.is_empty() {
                            field(out, &format!("{deep}  "), k, &v);
                        }
                    }
                }
            }
            field(out, &deep, "Ready", if st["ready"] == true { "True" } else { "False" });
            field(out, &deep, "Restart Count", &int(st, "/restartCount").to_string());
        }
        for (key, at) in [("Limits", "/resources/limits"), ("Requests", "/resources/requests")] {
            let all = map(c, at);
            if !all.is_empty() {
                field(out, &deep, key, "");
                for (k, v) in all {
                    field(out, &format!("{deep}  "), &k, &v);
                }
            }
        }
        for (key, at) in [("Liveness", "/livenessProbe"), ("Readiness", "/readinessProbe")] {
            if let Some(p) = c.pointer(at) {
                field(out, &deep, key, &probe(p));
            }
        }
        let from = list(c, "/envFrom");
        if !from.is_empty() {
            field(out, &deep, "Environment Variables from", "");
            for e in from {
                let _ =
                    writeln!(out, "{deep}  {}  ConfigMap  Optional: false", text(e, "/configMapRef/name"));
            }
        }
        field(out, &deep, "Environment", "");
        for e in list(c, "/env") {
            let value = match e.get("valueFrom") {
                Some(v) if v.get("secretKeyRef").is_some() => {
                    format!(
                        "<set to the key '{}' in secret '{}'>  Optional: false",
                        text(v, "/secretKeyRef/key"),
                        text(v, "/secretKeyRef/name")
                    )
                }
                Some(v) => format!(
                    "<set to the key '{}' of config map '{}'>  Optional: false",
                    text(v, "/configMapKeyRef/key"),
                    text(v, "/configMapKeyRef/name")
                ),
                None => text(e, "/value"),
            };
            field(out, &format!("{deep}  "), &text(e, "/name"), &value);
        }
        field(out, &deep, "Mounts", "");
        for m in list(c, "/volumeMounts") {
            let _ = writeln!(out, "{deep}  {} from {} (rw)", text(m, "/mountPath"), text(m, "/name"));
        }
    }
}

fn probe(p: &Value) -> String {
    let what = if let Some(h) = p.get("httpGet") {
        let scheme = if h["scheme"] == "HTTPS" { "https" } else { "http" };
        format!("http-get {scheme}://:{}{}", text(h, "/port"), text(h, "/path"))
    } else if let Some(t) = p.get("tcpSocket") {
        format!("tcp-socket :{}", text(t, "/port"))
    } else {
        format!("grpc <pod>:{} ", text(p, "/grpc/port"))
    };
    format!(
        "{what} delay={}s timeout={}s period={}s #success=1 #failure={}",
        int(p, "/initialDelaySeconds"),
        int(p, "/timeoutSeconds"),
        int(p, "/periodSeconds"),
        int(p, "/failureThreshold")
    )
}

fn template(o: &Value, at: &str, states: &[Value], indent: &str, out: &mut String) {
    let _ = writeln!(out, "{indent}Containers:");
    containers(o, at, states, &format!("{indent}  "), out);
}

fn volumes(o: &Value, at: &str, indent: &str, out: &mut String) {
    let all = list(o, &format!("{at}/volumes"));
    let _ = writeln!(out, "{indent}Volumes:{}", if all.is_empty() { "  <none>" } else { "" });
    for v in all {
        let _ = writeln!(out, "{indent}  {}:", text(v, "/name"));
        let (kind, key, name) = if v.get("configMap").is_some() {
            ("ConfigMap (a volume populated by a ConfigMap)", "Name", text(v, "/configMap/name"))
        } else if v.get("secret").is_some() {
            ("Secret (a volume populated by a Secret)", "SecretName", text(v, "/secret/secretName"))
        } else {
            (
                "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
                "ClaimName",
                text(v, "/persistentVolumeClaim/claimName"),
            )
        };
        let deep = format!("{indent}    ");
        field(out, &deep, "Type", kind);
        field(out, &deep, key, &name);
    }
    let selector: Vec<String> =
        map(o, &format!("{at}/nodeSelector")).into_iter().map(|(k, v)| format!("{k}={v}")).collect();
    field(
        out,
        indent,
        "Node-Selectors",
        &if selector.is_empty() { "<none>".into() } else { selector.join(",") },
    );
    field(out, indent, "Tolerations", "node.kubernetes.io/not-ready:NoExecute op=Exists for 300s");
}

fn own_events(s: &Shop, o: &Value, out: &mut String) {
    let mut rows = Vec::new();
    for e in s
        .objects
        .iter()
        .filter(|e| e["kind"] == "Event" && e["involvedObject"]["name"] == o["metadata"]["name"])
    {
        rows.push(vec![
            format!("  {}", text(e, "/type")),
            text(e, "/reason"),
            format!("{} (x4 over 20m)", age(e)),
            "kubelet".into(),
            text(e, "/message"),
        ]);
    }
    if rows.is_empty() {
        out.push_str("Events:            <none>\n");
        return;
    }
    let mut all =
        vec![vec!["  Type".to_owned(), "Reason".into(), "Age".into(), "From".into(), "Message".into()]];
    all.push(vec!["  ----".to_owned(), "------".into(), "----".into(), "----".into(), "-------".into()]);
    all.extend(rows);
    let _ = write!(out, "Events:\n{}", columns(&all));
}

fn head(o: &Value) -> String {
    format!(
        "Name:             {}\nNamespace:        {}\n{}",
        name(o),
        text(o, "/metadata/namespace"),
        pairs("Labels:", o, "/metadata/labels")
    )
}

fn pod(s: &Shop, o: &Value) -> String {
    let mut out = head(o);
    field(&mut out, "", "Service Account", &text(o, "/spec/serviceAccountName"));
    let node = some(o, "/spec/nodeName");
    field(&mut out, "", "Node", &if node == "<none>" { node } else { format!("{node}/192.168.0.9") });
    let phase = text(o, "/status/phase");
    field(
        &mut out,
        "",
        "Status",
        if o.pointer("/metadata/deletionTimestamp").is_some() { "Terminating (lasts 2m)" } else { &phase },
    );
    for (k, p) in [("Reason", "/status/reason"), ("Message", "/status/message"), ("IP", "/status/podIP")] {
        if o.pointer(p).is_some() {
            field(&mut out, "", k, &text(o, p));
        }
    }
    let owner = format!(
        "{}/{}",
        text(o, "/metadata/ownerReferences/0/kind"),
        text(o, "/metadata/ownerReferences/0/name")
    );
    field(&mut out, "", "Controlled By", &owner);
    template(o, "/spec", list(o, "/status/containerStatuses"), "", &mut out);
    out.push_str("Conditions:\n  Type              Status\n");
    for c in list(o, "/status/conditions") {
        let _ = writeln!(out, "  {:<16}  {}", text(c, "/type"), text(c, "/status"));
    }
    volumes(o, "/spec", "", &mut out);
    own_events(s, o, &mut out);
    out
}

fn deployment(o: &Value) -> String {
    let mut out = head(o);
    let n = |p: &str| int(o, p);
    out.push_str(&pairs("Selector:", o, "/spec/selector/matchLabels"));
    field(
        &mut out,
        "",
        "Replicas",
        &format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            n("/spec/replicas"),
            n("/status/updatedReplicas"),
            n("/status/replicas"),
            n("/status/availableReplicas"),
            n("/spec/replicas") - n("/status/availableReplicas")
        ),
    );
    out.push_str("Pod Template:\n");
    let _ = write!(out, "  {}", pairs("Labels:", o, "/spec/template/metadata/labels"));
    field(&mut out, "  ", "Service Account", &text(o, "/spec/template/spec/serviceAccountName"));
    template(o, "/spec/template/spec", &[], "  ", &mut out);
    volumes(o, "/spec/template/spec", "  ", &mut out);
    out.push_str("Conditions:\n  Type           Status  Reason\n  ----           ------  ------\n");
    for c in list(o, "/status/conditions") {
        let _ =
            writeln!(out, "  {:<13}  {:<6}  {}", text(c, "/type"), text(c, "/status"), text(c, "/reason"));
    }
    out.push_str("OldReplicaSets:  <none>\nEvents:          <none>\n");
    out
}

fn node(o: &Value) -> String {
    let mut out = format!(
        "Name:               {}\nRoles:              <none>\n{}",
        name(o),
        pairs("Labels:", o, "/metadata/labels")
    );
    let taints: Vec<String> = list(o, "/spec/taints")
        .iter()
        .map(|t| {
            let v = text(t, "/value");
            format!(
                "{}{}:{}",
                text(t, "/key"),
                if v.is_empty() { String::new() } else { format!("={v}") },
                text(t, "/effect")
            )
        })
        .collect();
    field(
        &mut out,
        "",
        "Taints",
        &if taints.is_empty() { "<none>".into() } else { taints.join("\n                    ") },
    );
    field(
        &mut out,
        "",
        "Unschedulable",
        if o.pointer("/spec/unschedulable") == Some(&Value::Bool(true)) { "true" } else { "false" },
    );
    let mut rows = vec![
        ["  Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for c in list(o, "/status/conditions") {
        let at = "Mon, 02 Mar 2026 09:59:00 +0000".to_owned();
        rows.push(vec![
            format!("  {}", text(c, "/type")),
            text(c, "/status"),
            at.clone(),
            at,
            text(c, "/reason"),
            text(c, "/message"),
        ]);
    }
    let _ = write!(out, "Conditions:\n{}", columns(&rows));
    for key in ["Capacity", "Allocatable"] {
        let _ = writeln!(out, "{key}:");
        for (k, v) in map(o, &format!("/status/{}", key.to_lowercase())) {
            field(&mut out, "  ", &k, &v);
        }
    }
    let pods = o.pointer("/status/podCount").and_then(Value::as_i64).unwrap_or(6);
    let _ = writeln!(out, "Non-terminated Pods:          ({pods} in total)");
    out.push_str("Allocated resources:\n  Resource  Requests    Limits\n  --------  --------    ------\n  cpu       350m (8%)   800m (20%)\nEvents:  <none>\n");
    out
}

fn service(s: &Shop, o: &Value) -> String {
    let mut out = head(o);
    out.push_str(&pairs("Selector:", o, "/spec/selector"));
    field(&mut out, "", "Type", &text(o, "/spec/type"));
    field(&mut out, "", "IP", &text(o, "/spec/clusterIP"));
    let ip = s
        .objects
        .iter()
        .find(|e| e["kind"] == "Endpoints" && e["metadata"]["name"] == o["metadata"]["name"])
        .and_then(|e| e.pointer("/subsets/0/addresses/0/ip")?.as_str());
    for p in list(o, "/spec/ports") {
        field(&mut out, "", "Port", &format!("main  {}/{}", int(p, "/port"), text(p, "/protocol")));
        field(&mut out, "", "TargetPort", &format!("{}/{}", text(p, "/targetPort"), text(p, "/protocol")));
        field(
            &mut out,
            "",
            "Endpoints",
            &ip.map_or("<none>".into(), |ip| format!("{ip}:{}", text(p, "/targetPort"))),
        );
    }
    out.push_str("Session Affinity: None\nEvents:           <none>\n");
    out
}

fn quota(o: &Value) -> String {
    let mut rows = vec![
        ["Resource", "Used", "Hard"].map(str::to_owned).to_vec(),
        ["--------", "----", "----"].map(str::to_owned).to_vec(),
    ];
    for (k, hard) in map(o, "/status/hard") {
        let used = text(&o["status"]["used"][&k], "");
        rows.push(vec![k, used, hard]);
    }
    format!("Name:       {}\nNamespace:  {}\n{}", name(o), text(o, "/metadata/namespace"), columns(&rows))
}

fn autoscaler(o: &Value) -> String {
    let mut out = head(o);
    field(
        &mut out,
        "",
        "Reference",
        &format!("{}/{}", text(o, "/spec/scaleTargetRef/kind"), text(o, "/spec/scaleTargetRef/name")),
    );
    out.push_str("Metrics:                                               ( current / target )\n  resource cpu on pods  (as a percentage of request):  <unknown> / 70%\nConditions:\n  Type           Status  Reason                   Message\n  ----           ------  ------                   -------\n");
    for c in list(o, "/status/conditions") {
        let _ = writeln!(
            out,
            "  {:<13}  {:<6}  {}  {}",
            text(c, "/type"),
            text(c, "/status"),
            text(c, "/reason"),
            text(c, "/message")
        );
    }
    out
}

fn policy(o: &Value) -> String {
    let selector = |v: &Value| {
        let all: Vec<String> =
            map(v, "/podSelector/matchLabels").into_iter().map(|(k, v)| format!("{k}={v}")).collect();
        if all.is_empty() {
            "<none> (Allowing the specific traffic to all pods in this namespace)".into()
        } else {
            all.join(",")
        }
    };
    let mut out = format!(
        "Name:         {}\nNamespace:    store\nSpec:\n  PodSelector:     {}\n",
        name(o),
        selector(&o["spec"])
    );
    for (key, way, field) in
        [("ingress", "Allowing ingress traffic:", "from"), ("egress", "Allowing egress traffic:", "to")]
    {
        let types: Vec<String> =
            list(o, "/spec/policyTypes").iter().map(|t| t.as_str().unwrap_or("").to_lowercase()).collect();
        if !types.contains(&key.to_owned()) {
            let _ = writeln!(out, "  Not affecting {key} traffic");
            continue;
        }
        let _ = writeln!(out, "  {way}");
        let rules = list(&o["spec"], &format!("/{key}"));
        if rules.is_empty() {
            let _ = writeln!(out, "    <none> (Selected pods are isolated for {key} connectivity)");
        }
        for r in rules {
            out.push_str("    To Port: <any> (traffic allowed to all ports)\n");
            let _ = writeln!(out, "    {}:", if field == "from" { "From" } else { "To" });
            for p in list(r, &format!("/{field}")) {
                let _ = writeln!(out, "      PodSelector: {}", selector(p));
            }
        }
    }
    let types: Vec<&str> = list(o, "/spec/policyTypes").iter().filter_map(Value::as_str).collect();
    let _ = writeln!(out, "  Policy Types: {}", types.join(", "));
    out
}
