//! Words that name nobody: those of the catalogue of causes, of metrics, logs, protocols and orchestrators. What is
//! not among them is taken for a name.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use firebell_core::cause;

/// What sort of thing a name names: kept even within names of components, since the analysis types things by it.
pub(super) const STRUCTURE: [&str; 56] = [
    "service",
    "svc",
    "database",
    "db",
    "cache",
    "queue",
    "host",
    "node",
    "namespace",
    "gateway",
    "third",
    "party",
    "postgres",
    "postgresql",
    "mysql",
    "sqlite",
    "mongo",
    "mongodb",
    "mariadb",
    "redis",
    "memcache",
    "memcached",
    "rabbitmq",
    "kafka",
    "nats",
    "pod",
    "pods",
    "container",
    "deployment",
    "statefulset",
    "daemonset",
    "replicaset",
    "job",
    "primary",
    "replica",
    "server",
    "client",
    "cluster",
    "ingress",
    "http",
    "https",
    "tcp",
    "udp",
    "dns",
    "api",
    "kube",
    "system",
    "kubelet",
    "istio",
    "envoy",
    "nginx",
    "com",
    "org",
    "net",
    "local",
    "localhost",
];

static WORDS: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| include_str!("words.txt").split_ascii_whitespace().collect());

static MECHANISM: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let of = |text: &str| -> Vec<String> {
        text.to_lowercase().split(|c: char| !c.is_alphabetic()).map(str::to_owned).collect()
    };
    cause::all().iter().flat_map(|c| c.words.iter().chain(&c.metrics)).flat_map(|w| of(w)).collect()
});

/// Whether a lower-case word is known.
pub(super) fn contains(word: &str) -> bool {
    STRUCTURE.contains(&word) || WORDS.contains(word) || mechanism(word)
}

/// Whether a word tells a mechanism of failure apart: replaced, it would change the verdict.
pub(super) fn mechanism(word: &str) -> bool {
    word.len() > 2 && MECHANISM.contains(word)
}

/// Whether a lower-case word begins names of metrics that belong to no component by their heading.
pub(super) fn of_metrics(word: &str) -> bool {
    const FIRST: [&str; 30] = [
        "process", "go", "jvm", "python", "nodejs", "request", "requests", "query", "queries", "thread",
        "threads", "lock", "locks", "flag", "feature", "login", "auth", "bytes", "load", "lag", "pool", "up",
        "total", "rate", "average", "max", "min", "p50", "p95", "p99",
    ];
    FIRST.contains(&word) || STRUCTURE.contains(&word) || mechanism(word)
}
