//! Settings: what a name sets, and what comes of setting it higher or lower.

use super::effect::Effect;
use super::quantity;

/// What a setting sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Knob {
    LogLevel,
    Sampling,
    CacheTtl,
    Lifetime,
    Timeout,
    Pool,
    Retries,
    Backoff,
    RateLimit,
    Memory,
    Cpu,
    Replicas,
    Threads,
    Batch,
    Queue,
    Interval,
    Payload,
    Retention,
    CacheSize,
    Address,
    Credential,
    Share,
    Encryption,
    Probe,
    Version,
    Limit,
    Switch,
    Other,
}

/// Which way a value went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Up,
    Down,
    Sideways,
}

/// What comes of a changed setting.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub knob: Knob,
    pub effects: Vec<(Effect, f64)>,
    /// The harm shows at what the component calls.
    pub below: bool,
    /// It takes a while to show.
    pub delayed: bool,
}

/// Words of a name with the words of the sections around it, in lower case.
fn kind(words: &[String], value: &str) -> Knob {
    let has = |any: &[&str]| words.iter().any(|w| any.contains(&w.as_str()));
    let level = ["trace", "debug", "info", "warn", "warning", "error", "fatal", "off"];
    let cached = has(&["cache", "cached", "redis", "memcache", "memcached", "cdn"]);
    if (has(&["level", "verbosity"]) && (has(&["log", "logging", "logger"]) || level.contains(&value)))
        || (has(&["log", "debug", "verbose"]) && level.contains(&value))
    {
        Knob::LogLevel
    } else if has(&["sample", "sampling", "sampler"]) {
        Knob::Sampling
    } else if has(&["liveness", "readiness", "probe", "livenessprobe", "readinessprobe", "healthcheck"]) {
        Knob::Probe
    } else if has(&["retention", "rotate", "rotation", "maxfiles", "keep", "wal"]) {
        Knob::Retention
    } else if has(&["ttl", "expiry", "expiration", "expire", "expires", "lifetime", "age", "maxage", "stale"])
    {
        if has(&[
            "token",
            "session",
            "jwt",
            "cert",
            "certificate",
            "connection",
            "conn",
            "key",
            "lease",
            "cookie",
        ]) {
            Knob::Lifetime
        } else {
            Knob::CacheTtl
        }
    } else if has(&["backoff", "jitter"])
        || (has(&["delay", "sleep"]) && has(&["base", "retry", "retries", "initial", "max"]))
    {
        Knob::Backoff
    } else if has(&["retry", "retries", "attempt", "attempts", "redeliver"]) && !has(&["timeout", "interval"])
    {
        Knob::Retries
    } else if has(&["timeout", "timeouts", "deadline", "patience"])
        || (has(&["wait"]) && has(&["max", "acquire"]))
    {
        Knob::Timeout
    } else if has(&["pool", "hikari", "pgbouncer"]) || has(&["conns", "connections", "connection", "idle"]) {
        Knob::Pool
    } else if has(&["rps", "qps", "throttle", "burst", "ratelimit", "quota"])
        || (has(&["rate"]) && has(&["limit", "max"]))
    {
        Knob::RateLimit
    } else if cached && has(&["size", "entries", "capacity", "max", "maxmemory", "items"]) {
        Knob::CacheSize
    } else if has(&["memory", "mem", "heap", "xmx", "maxmemory", "ram"]) {
        Knob::Memory
    } else if has(&["cpu", "cpus", "cores", "millicores"]) {
        Knob::Cpu
    } else if has(&["replica", "replicas", "instances", "desired"]) {
        Knob::Replicas
    } else if has(&[
        "thread",
        "threads",
        "worker",
        "workers",
        "concurrency",
        "parallelism",
        "processes",
        "inflight",
    ]) {
        Knob::Threads
    } else if has(&["batch", "chunk", "prefetch", "poll", "fetch", "page", "records", "bulk"]) {
        Knob::Batch
    } else if has(&["interval", "period", "frequency", "schedule", "cron", "every", "tick"]) {
        Knob::Interval
    } else if has(&["body", "payload", "message", "upload", "content", "bytes", "header", "frame"]) {
        Knob::Payload
    } else if has(&["queue", "buffer", "capacity", "backlog", "channel", "depth"]) {
        Knob::Queue
    } else if has(&[
        "url", "uri", "host", "hostname", "endpoint", "addr", "address", "port", "server", "dsn", "upstream",
        "region", "bucket", "topic",
    ]) {
        Knob::Address
    } else if has(&["tls", "ssl", "cert", "certificate", "cipher", "ciphers", "ca", "mtls"]) {
        Knob::Encryption
    } else if has(&[
        "secret",
        "password",
        "token",
        "credential",
        "credentials",
        "apikey",
        "key",
        "audience",
        "issuer",
        "role",
        "scope",
        "scopes",
    ]) {
        Knob::Credential
    } else if has(&["percent", "percentage", "rollout", "weight", "share", "ratio", "canary"]) {
        Knob::Share
    } else if has(&["version", "image", "tag"]) {
        Knob::Version
    } else if has(&["limit", "max", "min", "size", "threshold", "maximum", "minimum", "ulimit", "nofile"]) {
        Knob::Limit
    } else if matches!(
        value,
        "true" | "false" | "on" | "off" | "yes" | "no" | "enabled" | "disabled" | "True" | "False"
    ) {
        Knob::Switch
    } else {
        Knob::Other
    }
}

fn level(value: &str) -> Option<u8> {
    ["off", "fatal", "error", "warn", "info", "debug", "trace"]
        .iter()
        .position(|l| {
            value.trim_matches(['"', '\'']).eq_ignore_ascii_case(l)
                || value.eq_ignore_ascii_case("warning") && *l == "warn"
        })
        .map(|p| p as u8)
}

/// Which way a value went.
pub(crate) fn way(knob: Knob, from: &str, to: &str) -> Way {
    if knob == Knob::LogLevel
        && let (Some(a), Some(b)) = (level(from), level(to))
    {
        return if b > a { Way::Up } else { Way::Down };
    }
    let on = |v: &str| match v.trim_matches(['"', '\'']).to_lowercase().as_str() {
        "true" | "on" | "yes" | "enabled" => Some(true),
        "false" | "off" | "no" | "disabled" => Some(false),
        _ => None,
    };
    match (on(from), on(to), quantity::ratio(from, to)) {
        (Some(false), Some(true), _) => Way::Up,
        (Some(true), Some(false), _) => Way::Down,
        (_, _, Some(r)) if r > 1.0 => Way::Up,
        (_, _, Some(_)) => Way::Down,
        _ => Way::Sideways,
    }
}

/// What comes of setting `name` (with the sections around it) from one value to another. A value that is absent is
/// written as an empty text.
pub(crate) fn outcome(words: &[String], from: &str, to: &str) -> Outcome {
    use Effect::*;
    use Way::{Down, Up};
    let knob = kind(words, to.trim_matches(['"', '\'']));
    let ratio = quantity::ratio(from, to);
    let way = way(knob, from, to);
    let (mut below, mut delayed) = (false, false);
    let effects: Vec<(Effect, f64)> = match (knob, way) {
        (Knob::LogLevel | Knob::Sampling, Up) => {
            vec![(Disk, 0.9), (Cpu, 0.5), (Load, 0.5), (Slow, 0.4), (Queue, 0.4), (Memory, 0.3)]
        }
        (Knob::CacheTtl, Down) => {
            (below, delayed) = (true, true);
            vec![
                (CacheMiss, 1.0),
                (Database, 0.9),
                (Cpu, 0.6),
                (Slow, 0.5),
                (Load, 0.7),
                (RateLimit, 0.6),
                (Pool, 0.5),
                (Timeout, 0.5),
            ]
        }
        (Knob::CacheTtl, _) => {
            delayed = true;
            vec![(Stale, 0.9), (Memory, 0.7), (Wrong, 0.5)]
        }
        (Knob::Lifetime, _) => {
            delayed = true;
            vec![(Access, 0.9), (Certificate, 0.7), (Pool, 0.5), (Unreachable, 0.5), (Load, 0.3)]
        }
        (Knob::Timeout, Down) => vec![(Timeout, 0.95), (Errors, 0.5), (Retries, 0.5), (Unreachable, 0.3)],
        (Knob::Timeout, _) => {
            delayed = true;
            vec![(Threads, 0.7), (Pool, 0.7), (Slow, 0.6), (Queue, 0.5), (Timeout, 0.4)]
        }
        (Knob::Pool, Down) => vec![(Pool, 1.0), (Timeout, 0.6), (Slow, 0.5), (Queue, 0.3)],
        (Knob::Pool, _) => {
            below = true;
            vec![(Pool, 0.8), (Database, 0.5), (Descriptors, 0.4), (Memory, 0.3)]
        }
        (Knob::Retries, Down) => vec![(Retries, 0.95), (Errors, 0.5), (Timeout, 0.5), (Lock, 0.3)],
        (Knob::Retries, _) => {
            below = true;
            vec![(Retries, 0.9), (Load, 0.8), (RateLimit, 0.7), (Database, 0.5), (Cpu, 0.4)]
        }
        (Knob::Backoff, Down) => {
            below = true;
            vec![(Retries, 0.95), (Load, 0.7), (RateLimit, 0.7), (Lock, 0.4), (Cpu, 0.4)]
        }
        (Knob::Backoff, _) => vec![(Slow, 0.7), (Timeout, 0.6), (Retries, 0.6), (Queue, 0.4)],
        (Knob::RateLimit, Down) => vec![(RateLimit, 1.0), (Errors, 0.5)],
        (Knob::RateLimit, _) => {
            vec![(Load, 0.8), (RateLimit, 0.7), (Cpu, 0.5), (Queue, 0.4), (Database, 0.4)]
        }
        (Knob::Memory, Down) => vec![(Memory, 0.95), (Crash, 0.8), (Slow, 0.3)],
        (Knob::Memory, _) => vec![(Memory, 0.6), (Crash, 0.3)],
        (Knob::Cpu, Down) => vec![(Cpu, 0.95), (Slow, 0.7), (Timeout, 0.5), (Crash, 0.3)],
        (Knob::Replicas, Down) => vec![
            (Cpu, 0.8),
            (Load, 0.75),
            (Slow, 0.6),
            (Queue, 0.6),
            (Unreachable, 0.6),
            (Timeout, 0.5),
            (Threads, 0.5),
        ],
        (Knob::Replicas, _) => {
            below = true;
            vec![(Pool, 0.7), (Database, 0.5), (Load, 0.5)]
        }
        (Knob::Threads, Down) => vec![(Threads, 0.95), (Queue, 0.8), (Slow, 0.5), (Timeout, 0.5)],
        (Knob::Threads, _) => {
            below = true;
            vec![
                (Threads, 0.5),
                (Memory, 0.6),
                (Cpu, 0.6),
                (Pool, 0.7),
                (Database, 0.6),
                (RateLimit, 0.6),
                (Load, 0.6),
            ]
        }
        (Knob::Batch, Up) => vec![
            (Memory, 0.8),
            (Payload, 0.8),
            (Timeout, 0.7),
            (Queue, 0.6),
            (Lock, 0.5),
            (Database, 0.5),
            (Slow, 0.4),
        ],
        (Knob::Batch, _) => {
            below = true;
            vec![(Queue, 0.8), (Load, 0.7), (Database, 0.6), (Slow, 0.4)]
        }
        (Knob::Queue, Down) => vec![(Queue, 0.95), (Errors, 0.4), (Unreachable, 0.3)],
        (Knob::Queue, _) => {
            delayed = true;
            vec![(Memory, 0.8), (Slow, 0.5), (Queue, 0.5)]
        }
        (Knob::Interval, Down) => {
            below = true;
            vec![(Load, 0.9), (Database, 0.8), (Cpu, 0.7), (RateLimit, 0.7), (Lock, 0.4)]
        }
        (Knob::Interval, _) => {
            (below, delayed) = (true, true);
            vec![
                (Stale, 0.7),
                (Queue, 0.6),
                (Load, 0.5),
                (Database, 0.5),
                (Memory, 0.4),
                (Lock, 0.3),
                (Disk, 0.4),
            ]
        }
        (Knob::Payload, Down) => vec![(Payload, 1.0), (Parse, 0.4), (Errors, 0.4)],
        (Knob::Payload, _) => vec![(Memory, 0.6), (Payload, 0.5), (Slow, 0.3)],
        (Knob::Retention, Up) => {
            delayed = true;
            vec![(Disk, 0.95), (Memory, 0.3)]
        }
        (Knob::Retention, _) => {
            delayed = true;
            vec![(Missing, 0.6), (Disk, 0.4), (Wrong, 0.4)]
        }
        (Knob::CacheSize, Down) => {
            below = true;
            vec![(CacheMiss, 0.95), (Database, 0.7), (Memory, 0.4), (Slow, 0.4)]
        }
        (Knob::CacheSize, _) => {
            delayed = true;
            vec![(Memory, 0.9), (CacheMiss, 0.3)]
        }
        (Knob::Address, _) => vec![
            (Unreachable, 0.95),
            (Resolution, 0.94),
            (Timeout, 0.5),
            (Certificate, 0.4),
            (Missing, 0.4),
            (Access, 0.3),
            (Wrong, 0.3),
        ],
        (Knob::Credential, _) => vec![(Access, 1.0), (Certificate, 0.3)],
        (Knob::Encryption, _) => vec![(Certificate, 1.0), (Unreachable, 0.5), (Access, 0.4)],
        (Knob::Probe, Down) => vec![(Crash, 0.9), (Unreachable, 0.6)],
        (Knob::Probe, _) => vec![(Crash, 0.7), (Unreachable, 0.7)],
        (Knob::Version, _) => vec![(Version, 0.9), (Crash, 0.5), (Errors, 0.3)],
        (Knob::Share, Up) => vec![(Errors, 0.5), (Slow, 0.5), (Load, 0.6), (Database, 0.4), (Wrong, 0.4)],
        (Knob::Limit, Down) => vec![
            (RateLimit, 0.6),
            (Payload, 0.6),
            (Queue, 0.5),
            (Errors, 0.4),
            (Descriptors, 0.5),
            (Pool, 0.4),
            (Wrong, 0.4),
        ],
        (Knob::Limit, Up) => vec![(Memory, 0.6), (Load, 0.5), (Database, 0.5), (Slow, 0.4), (Payload, 0.4)],
        (Knob::Switch, _) => vec![(Errors, 0.4), (Slow, 0.3), (Wrong, 0.4), (Missing, 0.3), (Setting, 0.3)],
        (Knob::LogLevel | Knob::Sampling | Knob::Cpu | Knob::Share, _) => Vec::new(),
        (Knob::Limit | Knob::Other, _) => {
            vec![(Errors, 0.4), (Wrong, 0.4), (Setting, 0.4), (Arithmetic, 0.3)]
        }
    };
    // A setting that moved by a tenth brings less than one that moved tenfold.
    let size = match ratio {
        Some(r) if r.is_finite() && r > 0.0 => (0.55 + 0.45 * (r.ln().abs() / 1.4).min(1.0)).min(1.0),
        _ => 1.0,
    };
    let effects = effects.into_iter().map(|(e, w)| (e, w * size)).collect();
    Outcome { knob, effects, below, delayed }
}

/// Parts of a compound name in lower case: `maxOpenConns`, `MAX_OPEN_CONNS`, `max-open-conns`.
pub(crate) fn parts(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut part = String::new();
    let mut before = ' ';
    let chars: Vec<char> = name.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let next_lower = chars.get(i + 1).is_some_and(|n| n.is_lowercase());
        let begins = c.is_uppercase()
            && (before.is_lowercase() || before.is_ascii_digit() || (before.is_uppercase() && next_lower));
        if (begins || !c.is_alphanumeric()) && !part.is_empty() {
            out.push(std::mem::take(&mut part));
        }
        if c.is_alphanumeric() {
            part.extend(c.to_lowercase());
        }
        before = *c;
    }
    if !part.is_empty() {
        out.push(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, from: &str, to: &str) -> (Knob, Effect) {
        let o = outcome(&parts(name), from, to);
        let top = o.effects.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(Effect::Errors, |e| e.0);
        (o.knob, top)
    }

    #[test]
    fn settings_are_known_by_their_names_and_bring_what_they_bring() {
        for (name, from, to, knob, effect) in [
            ("DefaultTTL", "15 * time.Minute", "15 * time.Second", Knob::CacheTtl, Effect::CacheMiss),
            ("MaxAttempts", "8", "2", Knob::Retries, Effect::Retries),
            ("spring.datasource.hikari.maximum-pool-size", "40", "4", Knob::Pool, Effect::Pool),
            ("logging.level", "info", "debug", Knob::LogLevel, Effect::Disk),
            ("sample_rate", "0.1", "1.0", Knob::Sampling, Effect::Disk),
            ("resources.limits.memory", "1Gi", "256Mi", Knob::Memory, Effect::Memory),
            ("client_max_body_size", "10m", "1m", Knob::Payload, Effect::Payload),
            ("UPSTREAM_TIMEOUT_MS", "5000", "50", Knob::Timeout, Effect::Timeout),
            ("PAYMENTS_URL", "http://a", "http://b", Knob::Address, Effect::Unreachable),
            ("replicas", "6", "2", Knob::Replicas, Effect::Cpu),
            ("jwt_audience", "a", "b", Knob::Credential, Effect::Access),
            ("session_ttl", "12h", "5m", Knob::Lifetime, Effect::Access),
        ] {
            assert_eq!(of(name, from, to), (knob, effect), "{name}");
        }
        // Less logging harms nobody.
        assert!(outcome(&parts("log_level"), "debug", "info").effects.is_empty());
    }

    #[test]
    fn names_are_split_in_every_style() {
        assert_eq!(parts("maxOpenConns"), ["max", "open", "conns"]);
        assert_eq!(parts("HTTPTimeoutMs"), ["http", "timeout", "ms"]);
        assert_eq!(parts("MAX_OPEN-conns.x"), ["max", "open", "conns", "x"]);
    }
}
