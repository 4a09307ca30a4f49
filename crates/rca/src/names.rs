//! Which component a name means: ids, aliases, pods of a deployment, peers of a call, headings of plain metrics.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::{LogLine, Series, Telemetry};

use crate::series::kinds::{self, Kind};
use crate::settings::Settings;

/// Kinds of component ids.
pub(crate) const KINDS: [&str; 9] =
    ["service", "database", "cache", "queue", "host", "node", "namespace", "gateway", "third_party"];

const LABELS: [&str; 11] = [
    "component",
    "service",
    "service_name",
    "app",
    "deployment",
    "container",
    "pod",
    "instance",
    "node",
    "namespace",
    "job",
];

/// How the names of series begin that hosts tell of themselves.
const HOSTS: [&str; 3] = ["node_", "windows_", "host_"];

/// `10.0.3.7:9090` or `localhost:9090`: a place, and no name.
fn is_address(instance: &str) -> bool {
    let host = instance.rsplit_once(':').map_or(instance, |(host, _)| host);
    host == "localhost" || host.trim_matches(['[', ']']).parse::<core::net::IpAddr>().is_ok()
}

/// Names to ids.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: BTreeMap<String, String>,
    /// Names by falling length, for headings.
    long: Vec<(String, String)>,
}

/// A component id's part after its kind.
pub(crate) fn short(id: &str) -> &str {
    match id.split_once('/') {
        Some((kind, rest)) if KINDS.contains(&kind) => rest,
        _ => id,
    }
}

/// The component that a log line names. Many programs call a part of themselves `component` and themselves `service`: the
/// part is no component.
pub(crate) fn of_line(line: &LogLine) -> Option<&str> {
    let own = line.component.as_deref();
    let service = ["service", "service.name", "service_name"].iter().find_map(|k| line.fields.get(*k));
    match (own, service) {
        (Some(c), Some(s)) if short(c) == c && !s.is_empty() => Some(s),
        (None, Some(s)) if !s.is_empty() => Some(s),
        _ => own,
    }
}

/// Whether two names mean the same component: by id or by the part after the kind.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || short(a).eq_ignore_ascii_case(short(b))
}

impl Names {
    pub(crate) fn build(t: &Telemetry, settings: &Settings) -> Self {
        let mut names = Self::default();
        for c in &t.components {
            names.learn(&c.id, &c.id);
            for alias in &c.aliases {
                names.learn(alias, &c.id);
            }
        }
        // Names that come with a kind say more than the same names without one.
        let with_kind = t
            .changes
            .iter()
            .map(|c| c.component.as_str())
            .chain(
                t.topology
                    .iter()
                    .chain(&settings.known_topology)
                    .flat_map(|e| [e.caller.as_str(), e.callee.as_str()]),
            )
            .chain(t.logs.iter().filter_map(of_line))
            .chain(t.spans.iter().map(|s| s.component.as_str()))
            .chain(t.events.iter().map(|e| e.component.as_str()))
            .chain(t.series.iter().filter_map(|s| s.component.as_deref()))
            .chain(
                t.series
                    .iter()
                    .flat_map(|s| LABELS.iter().filter_map(|l| s.labels.get(*l)).map(String::as_str)),
            )
            .chain(settings.focus.iter().map(String::as_str));
        let mut plain = BTreeSet::new();
        let machines = machines(t);
        for name in with_kind {
            if short(name) != name {
                names.learn(name, name);
            } else if !name.is_empty() {
                plain.insert(name.to_owned());
            }
        }
        for name in machines {
            names.learn(name, &format!("node/{name}"));
        }
        for s in &t.series {
            let labelled = LABELS.iter().any(|l| s.labels.contains_key(*l)) || s.component.is_some();
            if !labelled && let Some(head) = heading(&s.name) {
                plain.insert(head.to_owned());
            }
        }
        // A called side that reports nothing itself and that nobody declared is somebody else's.
        let peers = t
            .series
            .iter()
            .filter_map(|s| s.labels.get("peer").or_else(|| s.labels.get("peer_service")))
            .chain(t.spans.iter().filter_map(|s| s.attributes.get("peer.service")));
        for peer in peers {
            if short(peer) != peer {
                names.learn(peer, peer);
            } else if !peer.is_empty() && !plain.contains(peer) && guess_kind(peer) == "service" {
                names.learn(peer, &format!("third_party/{peer}"));
            }
        }
        for name in &plain {
            if !names.known.contains_key(&name.to_lowercase()) {
                let id = format!("{}/{}", guess_kind(name), unhash(name));
                names.learn(name, &id);
            }
        }
        names.long = names.known.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        names.long.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.cmp(b)));
        names
    }

    /// All ids, each once.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.known.values().cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn learn(&mut self, name: &str, id: &str) {
        let id = id.to_owned();
        self.known.entry(name.to_lowercase()).or_insert_with(|| id.clone());
        self.known.entry(short(name).to_lowercase()).or_insert(id);
    }

    /// The id that a name means; a name never seen becomes a service.
    pub(crate) fn resolve(&self, raw: &str) -> String {
        let raw = raw.trim();
        let lower = raw.to_lowercase();
        if let Some(id) = self.known.get(&lower).or_else(|| self.known.get(short(&lower))) {
            return id.clone();
        }
        let stem = unhash(raw);
        if let Some(id) = self.known.get(&stem.to_lowercase()) {
            return id.clone();
        }
        if short(raw) != raw { raw.to_owned() } else { format!("{}/{stem}", guess_kind(raw)) }
    }

    /// The id of a machine of this name: as declared, or a node.
    pub(crate) fn machine(&self, raw: &str) -> String {
        let id = self.resolve(raw);
        match id.split_once('/') {
            Some(("node" | "host", _)) => id,
            // A service that is called like its machine is not the machine.
            _ => format!("node/{}", short(raw.trim())),
        }
    }

    /// All names that are known, in lower case, without their kinds.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(|k| short(k))
    }

    /// The component of a series.
    pub(crate) fn of_series(&self, s: &Series) -> Option<String> {
        if let Some(c) = &s.component {
            return Some(self.resolve(c));
        }
        for label in LABELS {
            if let Some(v) = s.labels.get(label).filter(|v| !v.is_empty()) {
                // One of several replicas is known by its address; the job is what they are replicas of. What a host
                // tells of itself is the host's.
                let job = s.labels.get("job").filter(|j| !j.is_empty());
                let of_host = HOSTS.iter().any(|h| s.name.starts_with(h));
                if label == "instance"
                    && is_address(v)
                    && !of_host
                    && let Some(job) = job
                {
                    return Some(self.resolve(job));
                }
                return Some(self.resolve(v));
            }
        }
        let lower = s.name.to_lowercase();
        if let Some((_, id)) = self.long.iter().find(|(k, _)| {
            lower
                .strip_prefix(k.as_str())
                .is_some_and(|r| r.starts_with(|c: char| !c.is_alphanumeric() && c != '-'))
        }) {
            return Some(id.clone());
        }
        None
    }

    /// Components whose own name stands as a word in the text.
    pub(crate) fn mentioned(&self, text: &str) -> BTreeSet<String> {
        let lower = text.to_lowercase();
        let words: BTreeSet<&str> = lower
            .split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_' || c == '/'))
            .filter(|w| w.len() >= 3)
            .flat_map(|w| [w, w.trim_matches('/'), w.rsplit('/').next().unwrap_or(w)])
            .collect();
        let mut out: BTreeSet<String> = words.iter().filter_map(|w| self.known.get(*w).cloned()).collect();
        // Names with other punctuation are no single word.
        for (name, id) in &self.long {
            if name.len() > 3
                && name.contains(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
                && lower.contains(name.as_str())
            {
                out.insert(id.clone());
            }
        }
        out
    }
}

/// Whether a name is a load balancer's: it hands requests on and does nothing itself.
pub(crate) fn relays(name: &str) -> bool {
    let n = name.to_lowercase();
    ["loadbalancer", "load-balancer", "load_balancer", "haproxy"].iter().any(|w| n.contains(w))
        || n.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| matches!(w, "elb" | "alb" | "nlb" | "lb"))
}

/// Values of the label `node` that no other label uses for a component.
fn machines(t: &Telemetry) -> BTreeSet<&str> {
    let mut out: BTreeSet<&str> =
        t.series.iter().filter_map(|s| s.labels.get("node")).map(String::as_str).collect();
    if out.is_empty() {
        return out;
    }
    let others = t.series.iter().flat_map(|s| {
        LABELS.iter().filter(|l| **l != "node" && **l != "instance").filter_map(|l| s.labels.get(*l))
    });
    for other in others {
        out.remove(other.as_str());
    }
    let spans = t.spans.iter().map(|s| s.component.as_str());
    for name in spans.chain(t.logs.iter().filter_map(of_line)) {
        out.remove(name);
    }
    out.retain(|n| !n.is_empty() && short(n) == *n);
    out
}

fn heading(name: &str) -> Option<&str> {
    let (head, rest) = name.split_once(['_', ' '])?;
    let tail = kinds::kind(rest, &Default::default());
    let of_head = kinds::kind(head, &Default::default());
    // `orders` is a fine name for a service; `cpu` or `latency` is not.
    let nameable =
        matches!(of_head, Kind::Other | Kind::Workload | Kind::Queue | Kind::Cache | Kind::Network);
    (!head.is_empty() && tail != Kind::Other && nameable).then_some(head)
}

/// Whether a name tells by itself what it is the name of, as `orders-postgres` does.
pub(crate) fn told_by_name(name: &str) -> bool {
    guess_kind(name) != "service"
}

fn guess_kind(name: &str) -> &'static str {
    let n = name.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|p| n.contains(p));
    if has(&["postgres", "mysql", "sqlite", "mongo", "mariadb"]) || n.ends_with("-db") || n.ends_with("_db") {
        "database"
    } else if has(&["redis", "memcache"]) {
        "cache"
    } else if has(&["rabbitmq", "kafka", "nats"]) {
        "queue"
    } else {
        "service"
    }
}

/// `checkout-69876c9868-wqgrl` is a pod of `checkout`.
fn unhash(name: &str) -> &str {
    let generated = |part: &str, min: usize| {
        part.len() >= min
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            && part.bytes().any(|b| b.is_ascii_digit())
    };
    if let Some((rest, last)) = name.rsplit_once('-')
        && last.len() == 5
        && last.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && let Some((stem, hash)) = rest.rsplit_once('-')
        && generated(hash, 8)
    {
        return stem;
    }
    name
}

#[cfg(test)]
mod tests {
    use firebell_core::telemetry::Labels;

    use super::*;

    #[test]
    fn a_replica_known_by_its_address_belongs_to_its_job() {
        let names = Names::default();
        let of = |name: &str, instance: &str, job: &str| {
            let labels: Labels =
                [("instance", instance), ("job", job)].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
            names.of_series(&Series {
                source: String::new(),
                name: name.to_owned(),
                labels,
                component: None,
                kind: Default::default(),
                points: Vec::new(),
            })
        };
        assert_eq!(of("http_requests_total", "10.0.3.7:8080", "orders").as_deref(), Some("service/orders"));
        assert_eq!(of("http_requests_total", "[::1]:8080", "orders").as_deref(), Some("service/orders"));
        assert_eq!(
            of("node_cpu_seconds_total", "10.0.3.7:9100", "node").as_deref(),
            Some("service/10.0.3.7:9100")
        );
        assert_eq!(of("http_requests_total", "orders-a", "orders").as_deref(), Some("service/orders-a"));
        assert_eq!(of("http_requests_total", "10.0.3.7:8080", "").as_deref(), Some("service/10.0.3.7:8080"));
    }
}
