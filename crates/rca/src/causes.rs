//! What the analysis knows about causes beyond the catalogue: which explain which, and what each predicts.

/// Whether a cause means that something takes longer, and no more.
pub(crate) fn is_slowness(cause: &str) -> bool {
    matches!(cause, "code.slow_path" | "dependency.slow" | "database.slow_query" | "network.delay")
}

/// Whether a cause means that requests fail, and no more.
pub(crate) fn is_failure(cause: &str) -> bool {
    matches!(cause, "code.exception" | "dependency.errors" | "dependency.unavailable")
}

/// How much the base rate of a cause counts: a category is a weak hint at one component of many.
const TEMPER: f64 = 0.15;

/// What is known of a cause at a component before anything is seen, nats: how often operators name causes of this sort, as a
/// logarithm around their geometric mean, tempered. Counts: causes disclosed on status pages (StackGen, State of
/// Reliability 2026: code defects 3,609, capacity 1,690, network 1,804, third parties 4,271). Sorts that they do not count
/// are neutral, and so are names for mere harm; changes have a prior of their own, by time and place.
pub(crate) fn prior(cause: &str, component: &str) -> f64 {
    const USUAL: f64 = 2_619.0;
    let count: f64 = match cause.split_once('.') {
        Some(("dependency", _)) if component.starts_with("third_party/") => 4_271.0,
        _ if !specific(cause) => USUAL,
        Some(("code", _)) => 3_609.0,
        Some(("saturation" | "traffic", _)) => 1_690.0,
        Some(("network", _)) => 1_804.0,
        _ => USUAL,
    };
    TEMPER * (count / USUAL).ln()
}

/// Whether `a` at a component explains `b` at the same one, so that `b` is its consequence.
pub(crate) fn explains(a: &str, b: &str) -> bool {
    let generic = [
        "code.exception",
        "code.slow_path",
        "dependency.errors",
        "dependency.slow",
        "dependency.unavailable",
    ];
    let b_change = b.starts_with("change.");
    match a {
        "code.n_plus_one" => {
            generic.contains(&b)
                || b_change
                || [
                    "saturation.connection_pool",
                    "database.slow_query",
                    "saturation.cpu",
                    "saturation.queue",
                    "traffic.surge",
                ]
                .contains(&b)
        }
        "saturation.disk" => {
            generic.contains(&b) || b_change || ["saturation.disk_io", "code.memory_leak"].contains(&b)
        }
        // Whoever sends far too much, or what breaks things, brings load and failures.
        // Data that is carried off is traffic, and breaks nothing.
        "security.exfiltration" => b.starts_with("traffic.") || b == "saturation.network_io",
        "security.credential_stuffing" | "security.injection" | "traffic.abuse" => {
            generic.contains(&b) || b_change || b.starts_with("traffic.") || b.starts_with("saturation.")
        }
        "saturation.memory" => generic.contains(&b) || b == "saturation.cpu",
        "code.memory_leak" => {
            generic.contains(&b)
                || b_change
                || ["saturation.memory", "saturation.cpu", "kubernetes.oom_killed"].contains(&b)
        }
        // A process that was ended answers nobody.
        "kubernetes.oom_killed" => generic.contains(&b),
        "saturation.connection_pool" => {
            generic.contains(&b)
                || b_change
                || ["saturation.queue", "saturation.threads", "database.slow_query"].contains(&b)
        }
        "network.delay" | "network.tls_expired" | "network.dns" | "network.loss" => generic.contains(&b),
        "saturation.cpu" => generic.contains(&b) || b == "network.delay",
        // What hangs answers late, with errors or not at all, and whatever comes waits.
        "code.deadlock" => {
            generic.contains(&b)
                || ["saturation.connection_pool", "saturation.threads", "saturation.queue"].contains(&b)
        }
        _ if a.starts_with("change.") => {
            generic.contains(&b) || b == "code.retry_storm" || b == "saturation.cpu"
        }
        // What is down throws, is slow and piles up requests; its queries were slow because it was going down.
        "dependency.unavailable" => [
            "code.exception",
            "code.slow_path",
            "code.retry_storm",
            "dependency.errors",
            "dependency.slow",
            "database.slow_query",
            "traffic.surge",
        ]
        .contains(&b),
        // Slow queries make slow answers, not silence.
        "database.slow_query" | "database.replication_lag" => {
            generic.contains(&b) && b != "dependency.unavailable"
        }
        _ if a.starts_with("saturation.") || a.starts_with("database.") || a.starts_with("cache.") => {
            generic.contains(&b)
        }
        _ => false,
    }
}

/// Whether the cause is a mechanism of its own rather than a name for harm.
pub(crate) fn specific(cause: &str) -> bool {
    !(cause.starts_with("change.")
        || [
            "code.exception",
            "code.slow_path",
            "code.retry_storm",
            "dependency.errors",
            "dependency.slow",
            "dependency.unavailable",
            "traffic.surge",
        ]
        .contains(&cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_rates_break_ties_and_no_more() {
        assert_eq!(prior("cache.evictions", "service/cart"), 0.0);
        assert!(prior("dependency.slow", "third_party/acquirer") > prior("network.delay", "service/cart"));
        assert_eq!(prior("dependency.slow", "service/cart"), 0.0);
        assert_eq!(prior("code.exception", "service/cart"), prior("change.flag", "service/cart"));
        for c in firebell_core::cause::all() {
            assert!(prior(&c.id, "third_party/x").abs() < 0.1, "{}", c.id);
        }
    }
}
