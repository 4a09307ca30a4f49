//! One fault for each cause: what the API would hold and what its parts would say.

use serde_json::json;

use super::shop::{NS, Shop, pod_name};

/// A fault and what is right to say of it.
pub(super) struct Fault {
    pub name: &'static str,
    pub component: &'static str,
    pub cause: &'static str,
    /// Whether the pod's description tells it by itself.
    pub described: bool,
    pub apply: fn(&mut Shop),
}

const fn fault(
    name: &'static str,
    component: &'static str,
    cause: &'static str,
    apply: fn(&mut Shop),
) -> Fault {
    Fault { name, component, cause, described: false, apply }
}

const fn plain(
    name: &'static str,
    component: &'static str,
    cause: &'static str,
    apply: fn(&mut Shop),
) -> Fault {
    Fault { name, component, cause, described: true, apply }
}

const CONTROL: &str = "1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }";
const END: &str = "preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.";

fn over(s: &mut Shop, what: &str, hard: &str, used: &str, asked: &str) {
    let q = s.get("ResourceQuota", "limits");
    q["status"]["hard"][what] = json!(hard);
    q["status"]["used"][what] = json!(used);
    s.not_made("cart", &format!("pods \"cart-7d9f8c6b54-\" is forbidden: exceeded quota: limits, requested: {what}={asked}, used: {what}={used}, limited: {what}={hard}"));
}

fn unit(s: &mut Shop, node: &str, name: &str, state: &str) {
    s.more.push((format!("ssh {node} systemctl status {name}"), format!("● {name}.service - {name}\n     Loaded: loaded (/lib/systemd/system/{name}.service; enabled)\n     Active: {state} since Mon 2026-03-02 09:40:00 UTC; 20min ago\n   Main PID: 812 (code=killed, signal=KILL)")));
}

fn not_ready(s: &mut Shop, node: &str, status: &str, message: &str) {
    for c in s.get("Node", node)["status"]["conditions"].as_array_mut().expect("a list") {
        if c["type"] == "Ready" {
            *c = json!({"type": "Ready", "status": status, "reason": if status == "False" { "KubeletNotReady" } else { "NodeStatusUnknown" }, "message": message});
        }
    }
    for w in ["web", "checkout", "currency", "redis"] {
        let pod = s.pod(w);
        for c in pod["status"]["conditions"].as_array_mut().expect("a list") {
            if c["type"] == "Ready" {
                c["status"] = json!("False");
            }
        }
    }
}

fn registry(s: &mut Shop, reason: &str, message: &str) {
    s.waiting("payment", reason, &format!("Back-off pulling image: {message}"));
    s.event("Pod", &pod_name("payment"), "Failed", &format!("Failed to pull image \"registry.shop.example/payment:v1.4.2\": rpc error: code = Unknown desc = {message}"));
}

fn killed(s: &mut Shop, workload: &str, message: &str) {
    s.crashing(workload, "Error", 137);
    s.event("Pod", &pod_name(workload), "Unhealthy", message);
    s.event(
        "Pod",
        &pod_name(workload),
        "Killing",
        "Container server failed liveness probe, will be restarted",
    );
}

pub(super) const FAULTS: &[Fault] = &[
    fault("cpu quota", "namespace/store", "kubernetes.namespace_cpu_quota_exceeded", |s| {
        over(s, "requests.cpu", "1", "950m", "100m")
    }),
    fault("memory quota", "namespace/store", "kubernetes.namespace_memory_quota_exceeded", |s| {
        over(s, "requests.memory", "1Gi", "1000Mi", "64Mi")
    }),
    fault("pod quota", "namespace/store", "kubernetes.namespace_pod_quota_exceeded", |s| {
        over(s, "pods", "9", "9", "1")
    }),
    fault("service quota", "namespace/store", "kubernetes.namespace_service_quota_exceeded", |s| {
        let q = s.get("ResourceQuota", "limits");
        q["status"]["hard"]["services"] = json!("9");
        q["status"]["used"]["services"] = json!("9");
        s.remove("Service", "payment");
        s.remove("Endpoints", "payment");
        s.log("checkout", "level=error msg=\"charge failed\" err=\"dial tcp: lookup payment: no such host\"");
    }),
    fault("storage quota", "namespace/store", "kubernetes.namespace_storage_quota_exceeded", |s| {
        let message = "persistentvolumeclaims \"redis-data\" is forbidden: exceeded quota: limits, requested: requests.storage=10Gi, used: requests.storage=45Gi, limited: requests.storage=50Gi";
        s.get("ResourceQuota", "limits")["status"]["used"]["requests.storage"] = json!("45Gi");
        s.not_made("redis", message);
    }),
    fault("account", "service/mail", "kubernetes.missing_service_account", |s| {
        s.get("Deployment", "mail")["spec"]["template"]["spec"]["serviceAccountName"] = json!("mailer");
        s.not_made("mail", "pods \"mail-7d9f8c6b54-\" is forbidden: error looking up service account store/mailer: serviceaccount \"mailer\" not found");
    }),
    plain("rbac", "service/catalog", "kubernetes.rbac_denied", |s| {
        s.crashing("catalog", "Error", 1);
        s.log("catalog", "fatal: failed to watch: configmaps is forbidden: User \"system:serviceaccount:store:default\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"store\"");
    }),
    fault("cordon", "node/worker-2", "kubernetes.node_cordoned", |s| {
        s.get("Node", "worker-2")["spec"]["unschedulable"] = json!(true);
        s.spec("ads", |p| p["nodeSelector"] = json!({"kubernetes.io/hostname": "worker-2"}));
        s.unscheduled("ads", &format!("0/4 nodes are available: {CONTROL}, 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector. {END}"));
    }),
    fault("affinity", "service/ads", "kubernetes.node_affinity_mismatch", |s| {
        s.spec("ads", |p| p["affinity"] = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["z"]}]}]}}}));
        s.unscheduled("ads", &format!("0/4 nodes are available: {CONTROL}, 3 node(s) didn't match Pod's node affinity/selector. {END}"));
    }),
    plain("node selector", "service/ads", "kubernetes.node_selector_mismatch", |s| {
        s.spec("ads", |p| p["nodeSelector"] = json!({"disktype": "ssd"}));
        s.unscheduled("ads", &format!("0/4 nodes are available: {CONTROL}, 3 node(s) didn't match Pod's node affinity/selector. {END}"));
    }),
    plain("anti-affinity", "service/redis", "kubernetes.pod_anti_affinity_conflict", |s| {
        s.spec("redis", |p| p["affinity"] = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "cart"}}}]}}));
        s.unscheduled(
            "redis",
            &format!(
                "0/4 nodes are available: {CONTROL}, 3 node(s) didn't match pod anti-affinity rules. {END}"
            ),
        );
    }),
    plain("taint", "service/redis", "kubernetes.taint_toleration_mismatch", |s| {
        for n in ["worker-1", "worker-2", "worker-3"] {
            s.get("Node", n)["spec"]["taints"] =
                json!([{"key": "dedicated", "value": "batch", "effect": "NoSchedule"}]);
        }
        s.unscheduled("redis", &format!("0/4 nodes are available: {CONTROL}, 3 node(s) had untolerated taint {{dedicated: batch}}. {END}"));
    }),
    plain("node cpu", "service/cart", "kubernetes.insufficient_node_cpu", |s| {
        s.container("cart", |c| c["resources"]["requests"]["cpu"] = json!("16"));
        s.unscheduled("cart", &format!("0/4 nodes are available: {CONTROL}, 3 Insufficient cpu. {END}"));
    }),
    plain("node memory", "service/cart", "kubernetes.insufficient_node_memory", |s| {
        s.container("cart", |c| c["resources"]["requests"]["memory"] = json!("64Gi"));
        s.unscheduled("cart", &format!("0/4 nodes are available: {CONTROL}, 3 Insufficient memory. {END}"));
    }),
    plain("node gpu", "service/ads", "kubernetes.insufficient_node_gpu", |s| {
        s.container("ads", |c| c["resources"]["limits"]["nvidia.com/gpu"] = json!("1"));
        s.unscheduled(
            "ads",
            &format!("0/4 nodes are available: {CONTROL}, 3 Insufficient nvidia.com/gpu. {END}"),
        );
    }),
    fault("node delay", "node/worker-1", "kubernetes.node_network_delay", |s| {
        s.more.push((
            "ssh worker-1 tc qdisc show dev eth0".into(),
            "qdisc netem 8001: root refcnt 2 limit 1000 delay 400ms  50ms".into(),
        ));
    }),
    fault("node delay measured", "node/worker-1", "kubernetes.node_network_delay", |s| {
        for w in ["web", "checkout", "currency", "redis"] {
            s.more.push((format!("kubectl exec -n store {} -- curl -s -o /dev/null -w \"time_total: %{{time_total}}\" http://{w}:8080/", pod_name("cart")), "time_total: 3.208s".into()));
        }
        for w in ["mail", "ads", "payment"] {
            s.more.push((format!("kubectl exec -n store {} -- curl -s -o /dev/null -w \"time_total: %{{time_total}}\" http://{w}:8080/", pod_name("cart")), "time_total: 0.004s".into()));
        }
    }),
    fault("node loss", "node/worker-3", "kubernetes.node_network_loss", |s| {
        s.more.push(("ping -c 20 worker-3".into(), "--- worker-3 ping statistics ---\n20 packets transmitted, 13 received, 35% packet loss, time 19012ms\nrtt min/avg/max/mdev = 0.3/0.4/0.9/0.1 ms".into()));
    }),
    fault("containerd", "node/worker-1", "kubernetes.containerd_unavailable", |s| {
        not_ready(
            s,
            "worker-1",
            "False",
            "container runtime is down, [PLEG is not healthy: pleg was last seen active 5m ago]",
        );
        unit(s, "worker-1", "containerd", "inactive (dead)");
        unit(s, "worker-1", "kubelet", "active (running)");
    }),
    fault("kubelet", "node/worker-1", "kubernetes.kubelet_unavailable", |s| {
        not_ready(s, "worker-1", "Unknown", "Kubelet stopped posting node status.")
    }),
    fault("kubelet unit", "node/worker-2", "kubernetes.kubelet_unavailable", |s| {
        not_ready(s, "worker-2", "Unknown", "Kubelet stopped posting node status.");
        unit(s, "worker-2", "kubelet", "failed (Result: exit-code)");
    }),
    fault("kube-proxy", "node/worker-2", "kubernetes.kube_proxy_unavailable", |s| {
        let pod = s
            .objects
            .iter_mut()
            .find(|o| {
                o["kind"] == "Pod"
                    && o["metadata"]["ownerReferences"][0]["name"] == "kube-proxy"
                    && o["spec"]["nodeName"] == "worker-2"
            })
            .expect("a pod");
        pod["status"]["containerStatuses"][0] = json!({"name": "main", "ready": false, "restartCount": 9, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}});
    }),
    fault("scheduler", "node/cp-1", "kubernetes.kube_scheduler_unavailable", |s| {
        s.remove("Pod", "kube-scheduler-cp-1");
        s.unscheduled("mail", "");
        s.pod("mail")["status"] = json!({"phase": "Pending"});
        let name = pod_name("mail");
        s.objects.retain(|o| !(o["kind"] == "Event" && o["involvedObject"]["name"] == name.as_str()));
    }),
    plain("registry name", "service/payment", "kubernetes.image_registry_dns_failure", |s| {
        registry(
            s,
            "ImagePullBackOff",
            "failed to resolve reference: failed to do request: Head \"https://registry.shop.example/v2/payment/manifests/v1.4.2\": dial tcp: lookup registry.shop.example on 10.96.0.10:53: no such host",
        );
    }),
    plain("image", "service/payment", "kubernetes.incorrect_image_reference", |s| {
        s.container("payment", |c| c["image"] = json!("registry.shop.example/payment:v1.4.3-typo"));
        registry(
            s,
            "ErrImagePull",
            "failed to resolve reference \"registry.shop.example/payment:v1.4.3-typo\": registry.shop.example/payment:v1.4.3-typo: not found",
        );
    }),
    plain("pull secret", "service/payment", "kubernetes.missing_image_pull_secret", |s| {
        registry(
            s,
            "ImagePullBackOff",
            "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized: unauthorized: authentication required",
        );
    }),
    fault("claim selector", "service/redis", "kubernetes.pvc_selector_mismatch", |s| {
        s.storage("redis", json!({"spec": {"selector": {"matchLabels": {"tier": "gold"}}}}), json!({}));
    }),
    fault("claim class", "service/redis", "kubernetes.pvc_storage_class_mismatch", |s| {
        s.storage("redis", json!({"spec": {"storageClassName": "fast-ssd"}}), json!({}));
        s.event(
            "PersistentVolumeClaim",
            "redis-data",
            "ProvisioningFailed",
            "storageclass.storage.k8s.io \"fast-ssd\" not found",
        );
    }),
    fault("claim mode", "service/redis", "kubernetes.pvc_access_mode_mismatch", |s| {
        s.storage("redis", json!({"spec": {"accessModes": ["ReadWriteMany"]}}), json!({}))
    }),
    fault("claim size", "service/redis", "kubernetes.pvc_capacity_mismatch", |s| {
        s.storage("redis", json!({"spec": {"resources": {"requests": {"storage": "100Gi"}}}}), json!({}))
    }),
    fault("claim held", "service/redis", "kubernetes.pv_binding_occupied", |s| {
        s.storage("redis", json!({"spec": {"volumeName": "pv-redis"}}), json!({"spec": {"claimRef": {"namespace": "store", "name": "old-data"}}, "status": {"phase": "Bound"}}));
    }),
    plain("mount", "service/redis", "kubernetes.volume_mount_permission_denied", |s| {
        s.spec("redis", |p| {
            p["volumes"] = json!([{"name": "data", "persistentVolumeClaim": {"claimName": "redis-d"}}]);
            p["containers"][0]["volumeMounts"] = json!([{"name": "data", "mountPath": "/var/lib/redis"}]);
        });
        s.crashing("redis", "Error", 1);
        s.log(
            "redis",
            "starting\nCan't open the append-only file /var/lib/redis/appendonly.aof: Permission denied",
        );
    }),
    plain("oom", "service/cart", "kubernetes.oom_killed", |s| {
        s.container("cart", |c| c["resources"]["limits"]["memory"] = json!("16Mi"));
        s.crashing("cart", "OOMKilled", 137);
    }),
    plain("liveness protocol", "service/shipping", "kubernetes.liveness_probe_incorrect_protocol", |s| {
        s.container("shipping", |c| c["livenessProbe"] = json!({"httpGet": {"port": 50052, "path": "/healthz", "scheme": "HTTP"}, "initialDelaySeconds": 15, "periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3}));
        killed(
            s,
            "shipping",
            "Liveness probe failed: Get \"http://10.244.3.15:50052/healthz\": net/http: HTTP/1.x transport connection broken: malformed HTTP response \"\\x00\\x00\\x06\\x04\"",
        );
    }),
    plain("liveness port", "service/shipping", "kubernetes.liveness_probe_incorrect_port", |s| {
        s.container("shipping", |c| c["livenessProbe"]["tcpSocket"]["port"] = json!(59999));
        killed(
            s,
            "shipping",
            "Liveness probe failed: dial tcp 10.244.3.15:59999: connect: connection refused",
        );
    }),
    plain("liveness timing", "service/shipping", "kubernetes.liveness_probe_incorrect_timing", |s| {
        s.container("shipping", |c| {
            c["livenessProbe"]["initialDelaySeconds"] = json!(1);
            c["livenessProbe"]["periodSeconds"] = json!(1);
            c["livenessProbe"]["failureThreshold"] = json!(1);
        });
        killed(s, "shipping", "Liveness probe failed: dial tcp 10.244.3.15:50052: i/o timeout");
    }),
    plain("readiness protocol", "service/currency", "kubernetes.readiness_probe_incorrect_protocol", |s| {
        s.container("currency", |c| c["readinessProbe"] = json!({"httpGet": {"port": 7000, "path": "/", "scheme": "HTTPS"}, "initialDelaySeconds": 5, "periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3}));
        s.not_ready("currency", "Readiness probe failed: Get \"https://10.244.2.17:7000/\": http: server gave HTTP response to HTTPS client");
    }),
    plain("readiness port", "service/currency", "kubernetes.readiness_probe_incorrect_port", |s| {
        s.container("currency", |c| c["readinessProbe"]["tcpSocket"]["port"] = json!(8099));
        s.not_ready(
            "currency",
            "Readiness probe failed: dial tcp 10.244.2.17:8099: connect: connection refused",
        );
    }),
    fault("selector", "service/cart", "kubernetes.service_selector_mismatch", |s| {
        s.get("Service", "cart")["spec"]["selector"] = json!({"app": "cart-v2"});
        s.get("Endpoints", "cart")["subsets"] = json!([]);
    }),
    fault("target port", "service/cart", "kubernetes.service_port_mapping_mismatch", |s| {
        s.get("Service", "cart")["spec"]["ports"][0]["targetPort"] = json!(7171);
        s.log("web", "level=error msg=\"could not retrieve cart\" err=\"dial tcp 10.96.0.21:7070: connect: connection refused\"");
    }),
    fault("protocol", "service/cart", "kubernetes.service_protocol_mismatch", |s| {
        s.get("Service", "cart")["spec"]["ports"][0]["protocol"] = json!("UDP")
    }),
    fault("address", "service/checkout", "kubernetes.service_env_var_address_mismatch", |s| {
        s.env("checkout", "PAYMENT_ADDR", "payments:50051");
        s.log("checkout", "level=error msg=\"charge failed\" err=\"dial tcp: lookup payments on 10.96.0.10:53: no such host\"");
    }),
    fault("address port", "service/checkout", "kubernetes.service_env_var_address_mismatch", |s| {
        s.env("checkout", "SHIPPING_ADDR", "shipping:50099")
    }),
    fault("policy", "service/redis", "kubernetes.network_policy_blocked", |s| {
        s.put("NetworkPolicy", NS, "lock-redis", json!({"spec": {"podSelector": {"matchLabels": {"app": "redis"}}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "admin"}}}]}]}}));
        s.log("cart", "level=error msg=\"redis: dial tcp 10.96.0.29:6379: i/o timeout\"");
    }),
    fault("policy for all", "namespace/store", "kubernetes.network_policy_blocked", |s| {
        s.put(
            "NetworkPolicy",
            NS,
            "deny-all",
            json!({"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}),
        );
    }),
    plain("configmap", "service/web", "kubernetes.configmap_missing", |s| {
        s.container("web", |c| c["envFrom"] = json!([{"configMapRef": {"name": "web-settings"}}]));
        s.waiting("web", "CreateContainerConfigError", "configmap \"web-settings\" not found");
    }),
    plain("secret", "service/payment", "kubernetes.secret_missing", |s| {
        s.container("payment", |c| {
            c["env"].as_array_mut().expect("a list").push(
                json!({"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "pay-token", "key": "t"}}}),
            )
        });
        s.waiting("payment", "CreateContainerConfigError", "secret \"pay-token\" not found");
    }),
    fault("ingress class", "service/web", "kubernetes.ingress_class_mismatch", |s| {
        let i = s.get("Ingress", "web");
        i["spec"]["ingressClassName"] = json!("traefik");
        i["status"] = json!({});
    }),
    fault("autoscaler", "service/catalog", "kubernetes.hpa_without_requests", |s| {
        s.container("catalog", |c| c["resources"] = json!({}));
        s.put("HorizontalPodAutoscaler", NS, "catalog", json!({"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "catalog"}, "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 70}}}]},
            "status": {"conditions": [{"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric", "message": "the HPA was unable to compute the replica count: failed to get cpu utilization: missing request for cpu in container server of Pod catalog"}]}}));
    }),
    plain("variable", "service/checkout", "kubernetes.crash_on_missing_env", |s| {
        s.container("checkout", |c| {
            c["env"].as_array_mut().expect("a list").retain(|e| e["name"] != "MAIL_ADDR")
        });
        s.crashing("checkout", "Error", 2);
        s.log("checkout", "panic: environment variable \"MAIL_ADDR\" not set\n\ngoroutine 1 [running]:\nmain.mustMapEnv(...)");
    }),
    plain("command", "service/ads", "kubernetes.incorrect_command", |s| {
        s.container("ads", |c| c["command"] = json!(["/app/start-ads.sh"]));
        s.waiting("ads", "RunContainerError", "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"/app/start-ads.sh\": stat /app/start-ads.sh: no such file or directory: unknown");
        s.pod("ads")["status"]["containerStatuses"][0]["lastState"] = json!({"terminated": {"reason": "StartError", "exitCode": 128, "finishedAt": "2026-03-02T09:58:00Z"}});
    }),
    fault("namespace", "service/web", "kubernetes.wrong_namespace", |s| {
        s.put("ConfigMap", "staging", "web-settings", json!({"data": {"A": "b"}}));
        s.container("web", |c| c["envFrom"] = json!([{"configMapRef": {"name": "web-settings"}}]));
        s.waiting("web", "CreateContainerConfigError", "configmap \"web-settings\" not found");
    }),
    fault("pods on node", "node/worker-1", "kubernetes.too_many_pods_on_node", |s| {
        s.get("Node", "worker-1")["status"]["podCount"] = json!(110);
        s.spec("mail", |p| p["nodeSelector"] = json!({"kubernetes.io/hostname": "worker-1"}));
        s.unscheduled("mail", &format!("0/4 nodes are available: {CONTROL}, 1 Too many pods, 2 node(s) didn't match Pod's node affinity/selector. {END}"));
    }),
    plain("ephemeral", "service/catalog", "kubernetes.ephemeral_storage_exceeded", |s| {
        s.waiting("catalog", "", "");
        let pod = s.pod("catalog");
        pod["status"] = json!({"phase": "Failed", "reason": "Evicted", "message": "Pod ephemeral local storage usage exceeds the total limit of containers 50Mi. "});
        s.event(
            "Pod",
            &pod_name("catalog"),
            "Evicted",
            "Pod ephemeral local storage usage exceeds the total limit of containers 50Mi. ",
        );
    }),
    fault("pod cpu", "service/currency", "kubernetes.pod_cpu_overload", |s| {
        s.more.push(("kubectl top pods -n store".into(), format!("NAME                        CPU(cores)   MEMORY(bytes)\n{:<28}199m         60Mi\n{:<28}12m          40Mi\n{:<28}9m           41Mi", pod_name("currency"), pod_name("cart"), pod_name("web"))));
    }),
    fault("pod delay", "service/payment", "kubernetes.pod_network_delay", |s| {
        s.more.push((
            format!("kubectl exec -n store {} -- tc qdisc show", pod_name("payment")),
            "qdisc netem 8002: dev eth0 root refcnt 2 limit 1000 delay 2s".into(),
        ));
    }),
    fault("sessions", "database/postgres", "database.connection_limit", |s| {
        s.more.push((
            "psql -c 'SHOW max_connections'".into(),
            " max_connections \n-----------------\n 100\n(1 row)".into(),
        ));
        s.more.push((
            "psql -c 'select count(*) from pg_stat_activity'".into(),
            " count \n-------\n    99\n(1 row)".into(),
        ));
    }),
    fault("sessions by state", "database/postgres", "database.connection_limit", |s| {
        s.more.push((
            "psql -c 'SHOW max_connections'".into(),
            " max_connections \n-----------------\n 100\n(1 row)".into(),
        ));
        s.more.push((
            "psql -c 'select state, count(*) from pg_stat_activity group by 1'".into(),
            " state  | count \n--------+-------\n active |    95\n idle   |     4\n(2 rows)".into(),
        ));
    }),
    fault("a unit that nobody knows", "service/nginx", "dependency.unavailable", |s| {
        s.more.push(("systemctl status nginx".into(), "× nginx.service - A high performance web server\n     Loaded: loaded (/lib/systemd/system/nginx.service; enabled)\n     Active: failed (Result: exit-code) since Mon 2026-03-02 09:41:00 UTC; 19min ago".into()));
    }),
    fault("a full disk", "node/worker-1", "saturation.disk", |s| {
        s.more.push(("ssh worker-1 df -h".into(), "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        40G   40G     0 100% /\ntmpfs           3.9G  1.1M  3.9G   1% /run".into()));
    }),
    fault("no inodes", "node/worker-1", "saturation.disk", |s| {
        s.more.push(("ssh worker-1 df -i".into(), "Filesystem      Inodes   IUsed   IFree IUse% Mounted on\n/dev/sda1      2621440 2621440       0  100% /var".into()));
    }),
    fault("no memory", "node/worker-1", "saturation.memory", |s| {
        s.more.push(("ssh worker-1 free -m".into(), "               total        used        free      shared  buff/cache   available\nMem:           15884       15500         102         210         282         120\nSwap:              0           0           0".into()));
    }),
    fault("sockets that nobody closes", "node/worker-1", "saturation.file_descriptors", |s| {
        let mut text = String::from("State      Recv-Q Send-Q Local Address:Port  Peer Address:Port\n");
        for i in 0..600 {
            text.push_str(&format!("CLOSE-WAIT 1      0      10.0.0.4:8080       10.0.1.9:{}\n", 20_000 + i));
        }
        s.more.push(("ssh worker-1 ss -tan".into(), text));
    }),
    fault("a queue of connections that is full", "service/catalog", "saturation.queue", |s| {
        s.more.push(("ssh worker-1 ss -ltnp".into(), "State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process\nLISTEN 129    128    0.0.0.0:8080       0.0.0.0:*         users:((\"catalog\",pid=812,fd=6))\nLISTEN 0      4096   127.0.0.53:53      0.0.0.0:*         users:((\"systemd-resolve\",pid=600,fd=13))".into()));
    }),
    fault("locks", "database/postgres", "database.lock_contention", |s| {
        s.more.push(("psql -c 'select pid, state, wait_event_type, query from pg_stat_activity'".into(), " pid | state               | wait_event_type | query\n-----+---------------------+-----------------+-------\n 11  | idle in transaction | Client          | update orders set a = 1\n 12  | active              | Lock            | update orders set a = 2\n 13  | active              | Lock            | update orders set a = 3\n(3 rows)".into()));
    }),
    fault("slow statements", "database/postgres", "database.slow_query", |s| {
        s.more.push(("psql -c 'select pid, state, now() - query_start as duration, query from pg_stat_activity'".into(), " pid | state  | duration        | query\n-----+--------+-----------------+-------\n 11  | active | 00:01:42.101    | select * from orders\n 12  | active | 00:00:51.2      | select * from orders\n(2 rows)".into()));
    }),
    fault("replica", "database/postgres", "database.replication_lag", |s| {
        s.more.push(("psql -x -c 'select * from pg_stat_replication'".into(), "-[ RECORD 1 ]----+------------------\npid              | 77\napplication_name | replica1\nstate            | streaming\nreplay_lag       | 00:07:31.4".into()));
    }),
    fault("primary", "service/postgresql", "database.primary_down", |s| {
        s.more.push(("systemctl status postgresql".into(), "× postgresql.service - PostgreSQL database server\n     Loaded: loaded\n     Active: failed (Result: exit-code) since Mon 2026-03-02 09:41:00 UTC; 19min ago".into()));
    }),
];
