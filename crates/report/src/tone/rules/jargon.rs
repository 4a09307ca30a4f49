//! Executives read words.

use firebell_core::comms::Audience;

use super::super::knows::Knows;
use super::super::words::words;
use super::Rule;

pub(super) const RULE: Rule = Rule {
    name: "jargon",
    reason: "whoever answers for the whole need not know it; say what it means for customers and for the business",
    holds_for: |audience| audience == Audience::Executives,
    find,
};

const TERMS: [&str; 50] = [
    "api",
    "apis",
    "cdn",
    "cpu",
    "cron",
    "db",
    "deploy",
    "dns",
    "etl",
    "failover",
    "gc",
    "grpc",
    "heap",
    "http",
    "https",
    "i/o",
    "iops",
    "jvm",
    "k8s",
    "kafka",
    "kubectl",
    "kubernetes",
    "latency",
    "lb",
    "mttr",
    "mutex",
    "nginx",
    "oom",
    "otlp",
    "p50",
    "p90",
    "p95",
    "p99",
    "postgres",
    "qps",
    "redis",
    "replica",
    "rollback",
    "rpc",
    "rps",
    "sli",
    "slo",
    "slos",
    "sql",
    "ssl",
    "tcp",
    "tls",
    "ttl",
    "vm",
    "5xx",
];

fn find(knows: &Knows, text: &str) -> Vec<String> {
    words(text).filter(|word| is_jargon(knows, word)).map(str::to_owned).collect()
}

fn is_jargon(knows: &Knows, word: &str) -> bool {
    let lower = word.to_lowercase();
    if knows.known.contains(&lower) || lower.contains("://") {
        return false;
    }
    let letters = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    // `saturation.connection_pool`
    let code = word.split_once('.').is_some_and(|(a, b)| letters(a) && letters(b) && b.contains('_'));
    let named = word.contains('_') && word.chars().any(char::is_alphabetic);
    code || named || knows.internals.contains(&lower) || TERMS.contains(&lower.as_str())
}
