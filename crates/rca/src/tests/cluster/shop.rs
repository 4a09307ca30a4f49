//! A healthy shop of ten workloads on three workers as the API holds it, with the noise that every cluster has. Faults
//! change the objects; nothing writes a verdict.

use serde_json::{Value, json};

pub(super) const NS: &str = "store";
/// Name, port, whom it calls by which variable.
type Workload = (&'static str, i64, &'static [(&'static str, &'static str)]);

const WORKLOADS: [Workload; 10] = [
    (
        "web",
        8080,
        &[
            ("CATALOG_ADDR", "catalog:3550"),
            ("CART_ADDR", "cart:7070"),
            ("CHECKOUT_ADDR", "checkout:5050"),
            ("ADS_ADDR", "ads:9555"),
        ],
    ),
    ("cart", 7070, &[("REDIS_ADDR", "redis:6379")]),
    ("catalog", 3550, &[("CURRENCY_ADDR", "currency:7000")]),
    (
        "checkout",
        5050,
        &[
            ("CART_ADDR", "cart:7070"),
            ("PAYMENT_ADDR", "payment:50051"),
            ("SHIPPING_ADDR", "shipping:50052"),
            ("MAIL_ADDR", "mail:5000"),
        ],
    ),
    ("payment", 50051, &[]),
    ("shipping", 50052, &[]),
    ("mail", 5000, &[]),
    ("currency", 7000, &[]),
    ("ads", 9555, &[]),
    ("redis", 6379, &[]),
];
pub(super) const NOW: &str = "2026-03-02T10:00:00Z";

/// The cluster.
#[derive(Clone)]
pub(super) struct Shop {
    pub objects: Vec<Value>,
    /// Pod and what it wrote.
    pub logs: Vec<(String, String)>,
    /// Other commands with their output.
    pub more: Vec<(String, String)>,
}

pub(super) fn pod_name(workload: &str) -> String {
    format!("{}-q7k2x", set_name(workload))
}

fn set_name(workload: &str) -> String {
    format!("{workload}-7d9f8c6b54")
}

impl Shop {
    pub(super) fn new() -> Self {
        let mut s = Self { objects: Vec::new(), logs: Vec::new(), more: Vec::new() };
        s.nodes();
        for (i, (name, port, calls)) in WORKLOADS.iter().enumerate() {
            s.workload(name, *port, calls, i);
        }
        s.put("ServiceAccount", NS, "default", json!({}));
        s.put("ConfigMap", NS, "web-config", json!({"data": {"CURRENCY": "EUR"}}));
        s.put("Secret", NS, "pay-keys", json!({"type": "Opaque", "data": {"token": "eA=="}}));
        s.put("IngressClass", "", "nginx", json!({"spec": {"controller": "k8s.io/ingress-nginx"}}));
        s.put("Ingress", NS, "web", json!({"spec": {"ingressClassName": "nginx", "rules": [{"host": "shop.example", "http": {"paths": [
            {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}}}));
        s.put("StorageClass", "", "standard", json!({"provisioner": "ebs.csi.aws.com"}));
        s.put("StorageClass", "", "manual", json!({"provisioner": "kubernetes.io/no-provisioner"}));
        s.put("Namespace", "", NS, json!({"metadata": {"labels": {"kubernetes.io/metadata.name": NS}}}));
        s.put("ResourceQuota", NS, "limits", json!({"status": {
            "hard": {"requests.cpu": "4", "requests.memory": "8Gi", "pods": "30", "services": "20", "requests.storage": "50Gi"},
            "used": {"requests.cpu": "1", "requests.memory": "1Gi", "pods": "10", "services": "10", "requests.storage": "5Gi"}}}));
        s.noise();
        s
    }

    fn nodes(&mut self) {
        for (name, control) in [("cp-1", true), ("worker-1", false), ("worker-2", false), ("worker-3", false)]
        {
            let mut labels =
                json!({"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "zone": "a"});
            if control {
                labels["node-role.kubernetes.io/control-plane"] = json!("");
            }
            let taints = if control {
                json!([{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}])
            } else {
                json!([])
            };
            self.put("Node", "", name, json!({"metadata": {"labels": labels}, "spec": {"taints": taints}, "status": {
                "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
                "capacity": {"cpu": "4", "memory": "8Gi", "pods": "110"},
                "conditions": [
                    {"type": "MemoryPressure", "status": "False", "reason": "KubeletHasSufficientMemory", "message": "kubelet has sufficient memory available"},
                    {"type": "DiskPressure", "status": "False", "reason": "KubeletHasNoDiskPressure", "message": "kubelet has no disk pressure"},
                    {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"}]}}));
            self.system(
                &format!(
                    "kube-proxy-{}",
                    &["abc2x", "k8d7f", "m4n5p", "z9x8w"]
                        [usize::from(name.as_bytes()[name.len() - 1] - b'0') - usize::from(control)]
                ),
                "DaemonSet",
                "kube-proxy",
                name,
            );
        }
        self.system("kube-scheduler-cp-1", "Node", "cp-1", "cp-1");
        self.system("kube-apiserver-cp-1", "Node", "cp-1", "cp-1");
    }

    fn system(&mut self, name: &str, kind: &str, owner: &str, node: &str) {
        self.put("Pod", "kube-system", name, json!({"metadata": {"ownerReferences": [{"kind": kind, "name": owner}], "labels": {"tier": "system"}},
            "spec": {"nodeName": node, "containers": [{"name": "main", "image": "registry.k8s.io/main:v1.30.2"}]},
            "status": running("main")}));
    }

    fn workload(&mut self, name: &str, port: i64, calls: &[(&str, &str)], i: usize) {
        let mut env: Vec<Value> = vec![json!({"name": "PORT", "value": port.to_string()})];
        env.extend(calls.iter().map(|(k, v)| json!({"name": k, "value": v})));
        let probe = |delay: i64| json!({"tcpSocket": {"port": port}, "initialDelaySeconds": delay, "periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3});
        let spec = json!({"serviceAccountName": "default", "containers": [{"name": "server",
            "image": format!("registry.shop.example/{name}:v1.4.2"), "env": env,
            "ports": [{"containerPort": port, "protocol": "TCP"}],
            "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}},
            "readinessProbe": probe(5), "livenessProbe": probe(15)}]});
        let labels = json!({"app": name, "pod-template-hash": "7d9f8c6b54"});
        self.put("Deployment", NS, name, json!({"spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec}},
            "status": {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1,
                "conditions": [{"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"}]}}));
        self.put(
            "ReplicaSet",
            NS,
            &set_name(name),
            json!({"metadata": {"labels": labels, "ownerReferences": [{"kind": "Deployment", "name": name}]},
            "spec": {"replicas": 1}, "status": {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1}}),
        );
        let mut pod_spec = spec;
        pod_spec["nodeName"] = json!(format!("worker-{}", i % 3 + 1));
        let mut status = running("server");
        status["podIP"] = json!(format!("10.244.{}.{}", i % 3 + 1, i + 10));
        self.put("Pod", NS, &pod_name(name), json!({"metadata": {"labels": labels, "ownerReferences": [{"kind": "ReplicaSet", "name": set_name(name)}]},
            "spec": pod_spec, "status": status}));
        let at = if name == "web" { 80 } else { port };
        self.put("Service", NS, name, json!({"spec": {"type": "ClusterIP", "clusterIP": format!("10.96.0.{}", i + 20), "selector": {"app": name},
            "ports": [{"name": "main", "port": at, "targetPort": port, "protocol": "TCP"}]}}));
        self.put("Endpoints", NS, name, json!({"subsets": [{"addresses": [{"ip": format!("10.244.{}.{}", i % 3 + 1, i + 10)}], "ports": [{"port": port}]}]}));
        self.logs.push((pod_name(name), format!("{{\"severity\":\"info\",\"message\":\"server listening on port {port}\"}}\n{{\"severity\":\"info\",\"message\":\"request served\"}}")));
    }

    /// What every cluster has and what is no fault: a job that ended, a pod that goes, one that recovered long ago, old
    /// warnings, a probe that failed while its pod started.
    fn noise(&mut self) {
        self.put("Pod", NS, "seed-28d7k-p2q4w", json!({"metadata": {"labels": {"job-name": "seed"}, "ownerReferences": [{"kind": "Job", "name": "seed-28d7k"}]},
            "spec": {"nodeName": "worker-1", "containers": [{"name": "seed", "image": "registry.shop.example/seed:v1"}]},
            "status": {"phase": "Succeeded", "containerStatuses": [{"name": "seed", "ready": false, "restartCount": 0,
                "state": {"terminated": {"reason": "Completed", "exitCode": 0}}}]}}));
        self.put("Pod", NS, "ads-5b6c7d8f9c-x2v4b", json!({"metadata": {"deletionTimestamp": NOW, "labels": {"app": "ads", "pod-template-hash": "5b6c7d8f9c"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "ads-5b6c7d8f9c"}]},
            "spec": {"nodeName": "worker-2", "containers": [{"name": "server", "image": "registry.shop.example/ads:v1.4.1"}]},
            "status": {"phase": "Running", "containerStatuses": [{"name": "server", "ready": false, "restartCount": 0, "state": {"running": {}}}]}}));
        let pod = self.pod("currency");
        pod["status"]["containerStatuses"][0]["restartCount"] = json!(1);
        pod["status"]["containerStatuses"][0]["lastState"] = json!({"terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-02-27T03:00:00Z"}});
        self.event_at(
            "Pod",
            &pod_name("mail"),
            "Unhealthy",
            "Readiness probe failed: dial tcp 10.244.1.16:5000: connect: connection refused",
            "2026-03-02T07:10:00Z",
        );
        self.event_at(
            "Pod",
            "shipping-66c9d7f5b8-l8s9d",
            "BackOff",
            "Back-off restarting failed container server in pod shipping-66c9d7f5b8-l8s9d",
            "2026-03-01T09:00:00Z",
        );
        self.put("Event", NS, "normal.1", json!({"type": "Normal", "reason": "Pulled", "message": "Container image already present on machine", "count": 1,
            "lastTimestamp": NOW, "involvedObject": {"kind": "Pod", "name": pod_name("web"), "namespace": NS}}));
    }

    pub(super) fn put(&mut self, kind: &str, ns: &str, name: &str, body: Value) {
        let mut o = body;
        o["kind"] = json!(kind);
        o["metadata"]["name"] = json!(name);
        if !ns.is_empty() {
            o["metadata"]["namespace"] = json!(ns);
        }
        self.objects.push(o);
    }

    pub(super) fn get(&mut self, kind: &str, name: &str) -> &mut Value {
        self.objects
            .iter_mut()
            .find(|o| o["kind"] == kind && o["metadata"]["name"] == name)
            .unwrap_or_else(|| panic!("{kind} {name}"))
    }

    pub(super) fn pod(&mut self, workload: &str) -> &mut Value {
        self.get("Pod", &pod_name(workload))
    }

    pub(super) fn remove(&mut self, kind: &str, name: &str) {
        self.objects.retain(|o| !(o["kind"] == kind && o["metadata"]["name"] == name));
    }

    /// Changes a workload's pod spec, in its template and in its pod.
    pub(super) fn spec(&mut self, workload: &str, change: impl Fn(&mut Value)) {
        change(&mut self.get("Deployment", workload)["spec"]["template"]["spec"]);
        change(&mut self.pod(workload)["spec"]);
    }

    pub(super) fn container(&mut self, workload: &str, change: impl Fn(&mut Value)) {
        self.spec(workload, |s| change(&mut s["containers"][0]));
    }

    pub(super) fn env(&mut self, workload: &str, variable: &str, value: &str) {
        self.container(workload, |c| {
            let env = c["env"].as_array_mut().expect("a list");
            env.retain(|e| e["name"] != variable);
            env.push(json!({"name": variable, "value": value}));
        });
    }

    pub(super) fn event(&mut self, kind: &str, name: &str, reason: &str, message: &str) {
        self.event_at(kind, name, reason, message, "2026-03-02T09:58:30Z");
    }

    fn event_at(&mut self, kind: &str, name: &str, reason: &str, message: &str, at: &str) {
        let n = self.objects.len();
        self.put(
            "Event",
            NS,
            &format!("{name}.{n}"),
            json!({"type": "Warning", "reason": reason, "message": message, "count": 4,
            "lastTimestamp": at, "involvedObject": {"kind": kind, "name": name, "namespace": NS}}),
        );
    }

    pub(super) fn log(&mut self, workload: &str, text: &str) {
        self.logs.retain(|l| l.0 != pod_name(workload));
        self.logs.push((pod_name(workload), text.to_owned()));
    }

    fn unavailable(&mut self, workload: &str) {
        let d = self.get("Deployment", workload);
        d["status"]["readyReplicas"] = json!(0);
        d["status"]["availableReplicas"] = json!(0);
        d["status"]["conditions"][0] =
            json!({"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable"});
        self.get("Endpoints", workload)["subsets"] = json!([]);
        let pod = self.pod(workload);
        for c in pod["status"]["conditions"].as_array_mut().expect("a list") {
            if c["type"] != "PodScheduled" {
                c["status"] = json!("False");
            }
        }
    }

    /// The pod's container waits for a reason.
    pub(super) fn waiting(&mut self, workload: &str, reason: &str, message: &str) {
        self.unavailable(workload);
        let pod = self.pod(workload);
        pod["status"]["phase"] = json!("Pending");
        pod["status"]["containerStatuses"][0]["ready"] = json!(false);
        pod["status"]["containerStatuses"][0]["state"] =
            json!({"waiting": {"reason": reason, "message": message}});
    }

    /// The container ends again and again.
    pub(super) fn crashing(&mut self, workload: &str, reason: &str, code: i64) {
        self.waiting(workload, "CrashLoopBackOff", "back-off 2m40s restarting failed container=server");
        let pod = self.pod(workload);
        pod["status"]["phase"] = json!("Running");
        pod["status"]["containerStatuses"][0]["restartCount"] = json!(6);
        pod["status"]["containerStatuses"][0]["lastState"] =
            json!({"terminated": {"reason": reason, "exitCode": code, "finishedAt": "2026-03-02T09:58:00Z"}});
        let name = pod_name(workload);
        self.event("Pod", &name, "BackOff", "Back-off restarting failed container server");
    }

    pub(super) fn not_ready(&mut self, workload: &str, message: &str) {
        self.unavailable(workload);
        self.pod(workload)["status"]["containerStatuses"][0]["ready"] = json!(false);
        let name = pod_name(workload);
        self.event("Pod", &name, "Unhealthy", message);
    }

    pub(super) fn unscheduled(&mut self, workload: &str, message: &str) {
        self.unavailable(workload);
        let pod = self.pod(workload);
        pod["spec"].as_object_mut().expect("an object").remove("nodeName");
        pod["status"] = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]});
        let name = pod_name(workload);
        self.event("Pod", &name, "FailedScheduling", message);
    }

    /// The replica set cannot make its pod.
    pub(super) fn not_made(&mut self, workload: &str, message: &str) {
        self.unavailable(workload);
        let name = pod_name(workload);
        self.remove("Pod", &name);
        self.logs.retain(|l| l.0 != name);
        let d = self.get("Deployment", workload);
        d["status"]["replicas"] = json!(0);
        let failure =
            json!({"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message});
        d["status"]["conditions"].as_array_mut().expect("a list").push(failure.clone());
        let set = self.get("ReplicaSet", &set_name(workload));
        set["status"] = json!({"replicas": 0, "conditions": [failure]});
        self.event("ReplicaSet", &set_name(workload), "FailedCreate", &format!("Error creating: {message}"));
    }

    /// A claim and a volume made by hand, used by a workload that waits for it.
    pub(super) fn storage(&mut self, workload: &str, claim: Value, volume: Value) {
        let mut c = json!({"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "manual", "resources": {"requests": {"storage": "5Gi"}}}, "status": {"phase": "Pending"}});
        let mut v = json!({"metadata": {"labels": {"tier": "data"}}, "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "manual", "capacity": {"storage": "10Gi"}}, "status": {"phase": "Available"}});
        merge(&mut c, claim);
        merge(&mut v, volume);
        let name = format!("{workload}-data");
        self.put("PersistentVolumeClaim", NS, &name, c);
        self.put("PersistentVolume", "", &format!("pv-{workload}"), v);
        self.spec(workload, |s| {
            s["volumes"] = json!([{"name": "data", "persistentVolumeClaim": {"claimName": name}}]);
            s["containers"][0]["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
        });
        self.unscheduled(workload, "0/4 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.");
    }
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(a), Value::Object(b)) => {
            for (k, v) in b {
                merge(a.entry(k).or_insert(Value::Null), v);
            }
        }
        (slot, v) => *slot = v,
    }
}

fn running(container: &str) -> Value {
    json!({"phase": "Running",
        "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}],
        "containerStatuses": [{"name": container, "ready": true, "restartCount": 0, "state": {"running": {"startedAt": "2026-02-25T10:00:00Z"}}}]})
}
