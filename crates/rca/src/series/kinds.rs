//! What a metric means, from its name: kinds with priors for cause against symptom.

use firebell_core::telemetry::Labels;

/// Canonical kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Cpu,
    CpuLimit,
    /// Held back by a limit that is known to somebody: processor time, calls, reads.
    Throttled,
    Memory,
    MemoryLimit,
    DiskUsed,
    DiskSize,
    DiskIo,
    Network,
    Latency,
    Errors,
    Availability,
    Workload,
    PoolInUse,
    PoolSize,
    PoolWaiting,
    PoolTimeouts,
    Queue,
    QueueSize,
    Threads,
    ThreadLimit,
    FileDescriptors,
    FileDescriptorLimit,
    Queries,
    QueryTime,
    QueriesPerRequest,
    Retries,
    SignInFailures,
    SignIns,
    Flag,
    Restarts,
    Replication,
    Locks,
    Cache,
    LogErrors,
    Config,
    Other,
}

impl Kind {
    /// Whether customers or callers feel it.
    pub(crate) fn is_symptom(self) -> bool {
        matches!(self, Self::Latency | Self::Errors | Self::Availability | Self::LogErrors)
    }

    /// Whether it says how many requests fail.
    pub(crate) fn is_failure(self) -> bool {
        matches!(self, Self::Errors | Self::Availability)
    }

    /// Floors of the scale: relative to the median, and absolute.
    pub(crate) fn floors(self) -> (f64, f64) {
        match self {
            Self::Latency | Self::QueryTime => (0.12, 0.001),
            Self::Errors => (0.1, 0.004),
            Self::Availability => (0.004, 0.0),
            Self::LogErrors => (0.2, 0.3),
            Self::PoolInUse | Self::DiskUsed => (0.08, 0.02),
            Self::PoolWaiting | Self::Queue | Self::Retries | Self::Restarts | Self::PoolTimeouts => {
                (0.15, 0.3)
            }
            Self::Throttled => (0.2, 0.02),
            Self::SignInFailures => (0.3, 0.3),
            Self::Flag => (0.05, 0.02),
            Self::Memory => (0.05, 0.0),
            Self::Cpu => (0.1, 0.0),
            Self::QueriesPerRequest => (0.15, 0.2),
            _ => (0.1, 0.0),
        }
    }
}

/// Whether a series of the network counts what does not arrive.
pub(crate) fn is_loss(name: &str) -> bool {
    ["drop", "loss", "retrans", "error"].iter().any(|w| name.contains(w))
}

/// The kind by name and labels. Ratios and derived kinds are made elsewhere.
pub(crate) fn kind(name: &str, labels: &Labels) -> Kind {
    let n = name.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|p| n.contains(p));
    let word = |parts: &[&str]| n.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| parts.contains(&w));
    let pool = has(&["pool", "connection", "conns", "pg_stat_activity"]);
    let limit = has(&["max", "limit", "capacity", "quota"]);
    // One metric for all resources, told apart by a label (kube-state-metrics).
    let resource = labels.get("resource").map_or("", String::as_str);
    if has(&["flag_eval", "feature_flag"]) || labels.contains_key("flag") {
        Kind::Flag
    } else if has(&["signin", "sign_in", "login", "auth_attempt", "authentication"]) {
        Kind::SignIns
    } else if has(&["throttl", "rate_limited", "ratelimited"]) && !has(&["limit_bytes"]) {
        Kind::Throttled
    } else if has(&["resource_limits"]) && resource == "cpu" {
        Kind::CpuLimit
    } else if has(&["resource_limits"]) && resource == "memory" {
        Kind::MemoryLimit
    } else if pool && has(&["wait", "pending", "queued"]) {
        Kind::PoolWaiting
    } else if pool && has(&["timeout", "exhaust"]) {
        Kind::PoolTimeouts
    } else if pool && has(&["in_use", "inuse", "active", "used", "checked_out", "busy", "pg_stat_activity"]) {
        Kind::PoolInUse
    } else if pool && has(&["size", "max", "limit", "capacity"]) {
        Kind::PoolSize
    } else if has(&["replication", "replica_lag", "wal_lag"]) {
        Kind::Replication
    } else if has(&["deadlock", "lock_wait", "locks", "lock_time"]) {
        Kind::Locks
    } else if has(&["retry", "retries"]) {
        Kind::Retries
    } else if has(&["restart", "crash", "oom"]) {
        Kind::Restarts
    } else if has(&["file_desc", "open_fds", "_fds", "filefd"]) {
        if limit { Kind::FileDescriptorLimit } else { Kind::FileDescriptors }
    } else if has(&["thread", "goroutine", "worker_busy", "workers_busy"]) {
        if limit { Kind::ThreadLimit } else { Kind::Threads }
    } else if has(&["iops", "disk_io", "io_wait", "iowait", "io_util", "disk_read", "disk_write", "syscall"])
    {
        Kind::DiskIo
    } else if has(&["disk", "filesystem", "volume", "storage"]) {
        if has(&["size", "capacity", "limit"]) && !has(&["used"]) { Kind::DiskSize } else { Kind::DiskUsed }
    } else if has(&["memory", "rss", "heap"]) || word(&["mem"]) {
        if has(&["limit", "max"]) { Kind::MemoryLimit } else { Kind::Memory }
    } else if has(&["cpu", "load_average"]) {
        if has(&["cpu_limit", "cpu_quota", "limit_cores", "cfs_quota", "max_cpu"]) {
            Kind::CpuLimit
        } else {
            Kind::Cpu
        }
    } else if has(&["query_duration", "query_time", "queries_duration"]) {
        Kind::QueryTime
    } else if has(&["db_queries", "queries_total", "sql_queries"]) {
        Kind::Queries
    } else if has(&["availability", "success_rate", "success_ratio"]) || word(&["up"]) {
        Kind::Availability
    } else if has(&[
        "error",
        "5xx",
        "fail",
        "exception",
        "fault",
        "abort",
        "rejected",
        "timeouts",
        "panic",
        "missing",
    ]) {
        Kind::Errors
    } else if has(&["latency", "duration", "response_time", "elapsed", "_p99", "_p95", "_p90", "_p50"])
        || word(&["lat", "p99", "p95", "p90", "p50", "rt"])
    {
        Kind::Latency
    } else if has(&["cache", "hit_ratio", "hit_rate", "miss"]) {
        Kind::Cache
    } else if has(&["queue", "backlog", "consumer_lag", "lag"]) {
        if limit { Kind::QueueSize } else { Kind::Queue }
    } else if has(&[
        "network",
        "bytes_sent",
        "bytes_received",
        "packet",
        "transmit",
        "receive",
        "bandwidth",
        "retrans",
    ]) {
        Kind::Network
    } else if has(&["request", "orders", "calls", "throughput", "qps", "rps", "traffic", "invocations"])
        || word(&["lod", "load"])
    {
        Kind::Workload
    } else if has(&["config", "setting", "limit"]) {
        Kind::Config
    } else {
        Kind::Other
    }
}
