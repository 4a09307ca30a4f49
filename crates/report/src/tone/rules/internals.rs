//! No names that only insiders use: services, components, machines, addresses.

use std::net::IpAddr;

use super::super::knows::Knows;
use super::super::words::{phrase, words};
use super::{Rule, outside};

pub(super) const RULE: Rule = Rule {
    name: "internals",
    reason: "customers do not know it, and attackers would like to; say which part of the product is affected",
    holds_for: outside,
    find,
};

/// What component ids begin with.
const KINDS: [&str; 11] = [
    "service/",
    "host/",
    "node/",
    "pod/",
    "database/",
    "db/",
    "cache/",
    "queue/",
    "topic/",
    "deployment/",
    "namespace/",
];
/// Ends of names that resolve inside only.
const INSIDE: [&str; 6] = [".internal", ".local", ".lan", ".svc", ".corp", ".intra"];

fn find(knows: &Knows, text: &str) -> Vec<String> {
    let known = knows.internals.iter().filter(|name| phrase(text, &[name.as_str()]).is_some()).cloned();
    known.chain(words(text).filter(|word| is_inside(word)).map(str::to_owned)).collect()
}

fn is_inside(word: &str) -> bool {
    let lower = word.to_lowercase();
    if lower.contains("://") {
        return false;
    }
    let (host, port) = lower.rsplit_once(':').unwrap_or((&lower, ""));
    let host = if port.bytes().all(|b| b.is_ascii_digit()) { host } else { &lower };
    KINDS.iter().any(|kind| lower.starts_with(kind))
        || INSIDE.iter().any(|end| host.ends_with(end) && host.len() > end.len())
        || host.contains(".svc.")
        || (host.parse::<IpAddr>().is_ok() && host.len() >= 7)
}
