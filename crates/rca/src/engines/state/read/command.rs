//! What a recorded command line asks for: the program, `kubectl`'s verb, resource, name, namespace and output format.

/// Kubernetes resources by any name that `kubectl` takes, and the kind that objects bear.
const KINDS: &[(&str, &[&str])] = &[
    ("Pod", &["pod", "pods", "po"]),
    ("Node", &["node", "nodes", "no"]),
    ("Service", &["service", "services", "svc"]),
    ("Endpoints", &["endpoints", "ep", "endpoint"]),
    ("EndpointSlice", &["endpointslice", "endpointslices"]),
    ("Deployment", &["deployment", "deployments", "deploy"]),
    ("ReplicaSet", &["replicaset", "replicasets", "rs"]),
    ("StatefulSet", &["statefulset", "statefulsets", "sts"]),
    ("DaemonSet", &["daemonset", "daemonsets", "ds"]),
    ("Job", &["job", "jobs"]),
    ("CronJob", &["cronjob", "cronjobs", "cj"]),
    ("PersistentVolumeClaim", &["persistentvolumeclaim", "persistentvolumeclaims", "pvc"]),
    ("PersistentVolume", &["persistentvolume", "persistentvolumes", "pv"]),
    ("StorageClass", &["storageclass", "storageclasses", "sc"]),
    ("ResourceQuota", &["resourcequota", "resourcequotas", "quota"]),
    ("LimitRange", &["limitrange", "limitranges", "limits"]),
    ("ServiceAccount", &["serviceaccount", "serviceaccounts", "sa"]),
    ("Role", &["role", "roles"]),
    ("RoleBinding", &["rolebinding", "rolebindings"]),
    ("ClusterRole", &["clusterrole", "clusterroles"]),
    ("ClusterRoleBinding", &["clusterrolebinding", "clusterrolebindings"]),
    ("ConfigMap", &["configmap", "configmaps", "cm"]),
    ("Secret", &["secret", "secrets"]),
    ("Ingress", &["ingress", "ingresses", "ing"]),
    ("IngressClass", &["ingressclass", "ingressclasses"]),
    ("HorizontalPodAutoscaler", &["horizontalpodautoscaler", "horizontalpodautoscalers", "hpa"]),
    ("NetworkPolicy", &["networkpolicy", "networkpolicies", "netpol"]),
    ("Namespace", &["namespace", "namespaces", "ns"]),
    ("Event", &["event", "events", "ev"]),
];

/// Kinds that live in no namespace.
pub(super) const CLUSTER_WIDE: &[&str] = &[
    "Node",
    "PersistentVolume",
    "StorageClass",
    "IngressClass",
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
];

/// The kind of a resource as `kubectl` names it: `svc`, `deployment.apps`.
pub(super) fn kind(resource: &str) -> Option<&'static str> {
    let lower = resource.to_ascii_lowercase();
    let plain = lower.split('.').next().unwrap_or(&lower);
    KINDS.iter().find(|(_, names)| names.contains(&plain)).map(|(kind, _)| *kind)
}

/// A command line in parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// `kubectl`, `systemctl`, `df`, … without its folder; wrappers (`sudo`, `ssh HOST`, `kubectl exec … --`) are left out.
    pub program: String,
    /// `kubectl`'s verb, or a program's first word.
    pub verb: String,
    /// Kinds asked for.
    pub kinds: Vec<&'static str>,
    /// Names asked for.
    pub names: Vec<String>,
    pub namespace: Option<String>,
    /// Over all namespaces.
    pub everywhere: bool,
    /// `json`, `yaml`, `wide` or empty.
    pub output: String,
    /// Whether a selector narrows what is listed.
    pub narrowed: bool,
    /// The host of `ssh HOST`, or the pod of `kubectl exec POD`.
    pub host: Option<String>,
    /// All words after the program.
    pub words: Vec<String>,
}

/// Takes a command line apart. Never fails: what is not understood is left empty.
pub(super) fn parse(text: &str) -> Line {
    let mut words: Vec<String> =
        text.split_whitespace().map(|w| w.trim_matches(['\'', '"']).to_owned()).collect();
    // What comes behind a pipe only narrows what was printed.
    let piped = words.iter().position(|w| w == "|");
    if let Some(at) = piped {
        words.truncate(at);
    }
    let mut line = Line { narrowed: piped.is_some(), ..Line::default() };
    let mut rest: &[String] = &words;
    loop {
        match rest.first().map(String::as_str) {
            Some("sudo" | "time" | "timeout" | "nsenter") => rest = &rest[1..],
            Some("ssh") => {
                line.host = rest[1..]
                    .iter()
                    .find(|w| !w.starts_with('-'))
                    .map(|w| w.rsplit_once('@').map_or(w.as_str(), |(_, host)| host).to_owned());
                let skip = rest[1..].iter().position(|w| !w.starts_with('-')).map_or(rest.len(), |i| i + 2);
                rest = &rest[skip.min(rest.len())..];
            }
            Some(p) if base(p) == "kubectl" && rest[1..].iter().any(|w| w == "exec") => {
                let cut = rest.iter().position(|w| w == "--");
                let (head, tail) = rest.split_at(cut.unwrap_or(rest.len()));
                kubectl(&head[1..], &mut line);
                line.host = line.names.first().or(line.words.first()).cloned().or(line.host);
                line.host = line.host.map(|h| h.rsplit('/').next().unwrap_or(&h).to_owned());
                (line.names, line.words, line.kinds) = (Vec::new(), Vec::new(), Vec::new());
                rest = tail.get(1..).unwrap_or(&[]);
                if rest.is_empty() {
                    return line;
                }
            }
            _ => break,
        }
    }
    let Some(program) = rest.first() else { return line };
    line.program = base(program).to_owned();
    if matches!(line.program.as_str(), "kubectl" | "oc" | "k") {
        line.program = "kubectl".into();
        kubectl(&rest[1..], &mut line);
    } else {
        line.words = rest[1..].to_vec();
        line.verb = line.words.iter().find(|w| !w.starts_with('-')).cloned().unwrap_or_default();
    }
    line
}

fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

fn kubectl(words: &[String], line: &mut Line) {
    let mut plain: Vec<&str> = Vec::new();
    let mut i = 0;
    while let Some(word) = words.get(i) {
        let (flag, inline) = match word.split_once('=') {
            Some((f, v)) if f.starts_with('-') => (f, Some(v)),
            _ => (word.as_str(), None),
        };
        let mut value = || {
            inline.map(str::to_owned).or_else(|| {
                i += 1;
                words.get(i).cloned()
            })
        };
        match flag {
            "-n" | "--namespace" => line.namespace = value(),
            "-o" | "--output" => line.output = value().unwrap_or_default(),
            "-A" | "--all-namespaces" => line.everywhere = true,
            "-l" | "--selector" | "--field-selector" => {
                line.narrowed = true;
                value();
            }
            "--context" | "--kubeconfig" | "-c" | "--container" | "--tail" | "--since" | "--sort-by"
            | "--cluster" => {
                value();
            }
            _ if flag.starts_with("-o") && flag.len() > 2 && !flag.starts_with("--") => {
                line.output = flag[2..].to_owned();
            }
            _ if flag.starts_with('-') => {}
            _ => plain.push(word),
        }
        i += 1;
    }
    let mut plain = plain.into_iter();
    line.verb = plain.next().unwrap_or_default().to_owned();
    if line.verb == "top" || line.verb == "describe" || line.verb == "get" {
        for word in plain {
            if let Some((resource, name)) = word.split_once('/')
                && let Some(kind) = kind(resource)
            {
                line.kinds.push(kind);
                line.names.push(name.to_owned());
            } else if line.kinds.is_empty() {
                line.kinds.extend(word.split(',').filter_map(kind));
                if word == "all" {
                    line.kinds.extend([
                        "Pod",
                        "Service",
                        "Deployment",
                        "ReplicaSet",
                        "StatefulSet",
                        "DaemonSet",
                    ]);
                }
            } else {
                line.names.push(word.to_owned());
            }
        }
    } else {
        line.words = plain.map(str::to_owned).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_taken_apart() {
        let l = parse("kubectl --context prod -n shop get po,svc -o wide");
        assert_eq!((l.verb.as_str(), l.kinds.as_slice()), ("get", &["Pod", "Service"][..]));
        assert_eq!((l.namespace.as_deref(), l.output.as_str()), (Some("shop"), "wide"));
        let l = parse("kubectl describe pod/cart-1 --namespace=shop");
        assert_eq!(
            (l.kinds[0], l.names[0].as_str(), l.namespace.as_deref()),
            ("Pod", "cart-1", Some("shop"))
        );
        let l = parse("ssh -t root@worker-2 sudo systemctl status kubelet");
        assert_eq!((l.program.as_str(), l.host.as_deref()), ("systemctl", Some("worker-2")));
        let l = parse("kubectl exec -n shop deploy/cart -- nc -zv redis 6379");
        assert_eq!((l.program.as_str(), l.host.as_deref(), l.words.len()), ("nc", Some("cart"), 3));
        let l = parse("kubectl logs cart-1 -n shop --tail=50");
        assert_eq!((l.verb.as_str(), l.words[0].as_str()), ("logs", "cart-1"));
        assert_eq!(parse(""), Line::default());
        assert!(parse("kubectl get pods -A | grep cart").narrowed);
    }
}
