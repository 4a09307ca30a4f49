//! Addresses that environments name: `CART_ADDR=cart:7070`, `http://cart.shop.svc.cluster.local:80/v1`, `DB_HOST=db`.

use super::model::object::Service;
use super::model::{Meta, same_ns};
use super::view::View;
use crate::evidence::Cite;

/// One address of the cluster's own services.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub workload: String,
    pub ns: String,
    pub variable: String,
    pub value: String,
    /// First part of the host name.
    pub name: String,
    /// Namespace, where the host name has one.
    pub there: Option<String>,
    pub port: Option<i64>,
    /// Whether the value is an address by its form, not only by its variable's name.
    pub sure: bool,
    pub cite: Cite,
}

impl View<'_> {
    /// All addresses that workloads are given, in their own variables or through configuration.
    pub(super) fn addresses(&self) -> Vec<Address> {
        let mut out = Vec::new();
        for (workload, ns, spec, meta) in self.specs() {
            for c in &spec.containers {
                for e in &c.env {
                    let value = e.value.clone().or_else(|| {
                        let (kind, name, key, _) = e.from.as_ref()?;
                        self.config(kind, name, &ns)?.1.get(key).cloned()
                    });
                    if let Some(value) = value {
                        push(&mut out, &workload, &ns, &e.name, &value, meta);
                    }
                }
                for (kind, name, _) in &c.env_from {
                    if let Some((_, data)) = self.config(kind, name, &ns) {
                        for (key, value) in data {
                            push(&mut out, &workload, &ns, key, value, meta);
                        }
                    }
                }
            }
        }
        out
    }

    fn config(&self, kind: &str, name: &str, ns: &str) -> Option<(&Meta, &super::model::value::Labels)> {
        let found = self
            .cluster
            .configs
            .iter()
            .find(|b| kind == "ConfigMap" && b.meta.name == name && same_ns(&b.meta.ns, ns))?;
        Some((&found.meta, found.keys.as_ref()?))
    }

    /// The service that an address means: in the namespace that it names, else in its workload's.
    pub(super) fn service_at(&self, a: &Address) -> Option<&Service> {
        let ns = a.there.as_deref().unwrap_or(&a.ns);
        self.cluster.services.iter().find(|s| s.meta.name == a.name && same_ns(&s.meta.ns, ns))
    }

    /// Whether all services that an address could mean are known.
    pub(super) fn services_known(&self, a: &Address) -> bool {
        self.cluster.complete("Service", a.there.as_deref().unwrap_or(&a.ns))
            || self.cluster.absent.contains_key(&("Service".to_owned(), a.name.clone()))
    }

    /// Whether a workload of the namespace is told to speak to a service that does not exist.
    pub(super) fn missing_services(&self, ns: &str) -> bool {
        self.addresses().iter().any(|a| {
            same_ns(&a.ns, ns)
                && a.sure
                && self.services_known(a)
                && self.service_at(a).is_none()
                && self.near(a).is_none()
        })
    }

    /// A service of the namespace whose name differs from the address by a slip.
    pub(super) fn near(&self, a: &Address) -> Option<&str> {
        let mates = self.cluster.services.iter().filter(|s| same_ns(&s.meta.ns, &a.ns));
        mates.map(|s| s.meta.name.as_str()).find(|s| alike(s, &a.name))
    }

    /// Whether a namespace takes no more services.
    pub(super) fn services_full(&self, ns: &str) -> bool {
        self.cluster.quotas.iter().filter(|q| same_ns(&q.meta.ns, ns)).any(|q| {
            q.hard.iter().any(|(k, hard)| {
                matches!(k.as_str(), "services" | "count/services") && q.used.get(k) >= Some(hard)
            })
        })
    }
}

fn push(out: &mut Vec<Address>, workload: &str, ns: &str, variable: &str, value: &str, meta: &Meta) {
    let upper = variable.to_uppercase();
    let addressed = [
        "ADDR", "HOST", "URL", "URI", "ENDPOINT", "SERVICE", "SERVER", "DSN", "TARGET", "UPSTREAM", "BACKEND",
    ]
    .iter()
    .any(|w| upper.contains(w));
    for part in value.split(',').take(8) {
        let part = part.trim();
        let (scheme, rest) = part.split_once("://").map_or((None, part), |(s, r)| (Some(s), r));
        let rest = rest.rsplit_once('@').map_or(rest, |(_, r)| r);
        let host = rest.split(['/', '?']).next().unwrap_or(rest);
        let (host, port) = match host.rsplit_once(':') {
            Some((h, p)) => match p.parse::<i64>() {
                Ok(n) if (1..=65_535).contains(&n) => (h, Some(n)),
                _ => continue,
            },
            None => (host, None),
        };
        let label = |l: &str| {
            !l.is_empty()
                && l.len() < 64
                && l.starts_with(|c: char| c.is_ascii_lowercase())
                && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
        let inside = match labels[..] {
            [_] => true,
            [_, _] => scheme.is_none() && port.is_some() && false_friend(labels[1]),
            _ => labels[2] == "svc",
        };
        let form = scheme.is_some() || port.is_some();
        // A bare word is an address only if its variable says that it is a host.
        let host_variable = upper.ends_with("HOST")
            || upper.ends_with("ADDR")
            || upper.ends_with("HOSTNAME")
            || upper.ends_with("ADDRESS")
            || upper.ends_with("ENDPOINT");
        if !inside
            || !labels.iter().all(|l| label(l))
            || labels[0] == "localhost"
            || !(form && (addressed || port.is_some()) || host_variable)
        {
            continue;
        }
        out.push(Address {
            workload: workload.to_owned(),
            ns: ns.to_owned(),
            variable: variable.to_owned(),
            value: part.chars().take(80).collect(),
            name: labels[0].to_owned(),
            there: labels.get(1).map(|s| (*s).to_owned()),
            port,
            sure: form,
            cite: meta.cites.first().cloned().unwrap_or_default(),
        });
    }
}

/// Whether the second part of a two-part host name is a namespace rather than a domain of the internet.
fn false_friend(domain: &str) -> bool {
    ![
        "com", "net", "org", "io", "dev", "cloud", "app", "local", "internal", "lan", "co", "de", "ai",
        "test", "example",
    ]
    .contains(&domain)
}

/// Whether two names differ by a slip: one contains the other, or few letters differ.
fn alike(a: &str, b: &str) -> bool {
    if a == b || a.len().min(b.len()) < 4 {
        return false;
    }
    let head = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let tail = a.bytes().rev().zip(b.bytes().rev()).take_while(|(x, y)| x == y).count();
    a.starts_with(b)
        || b.starts_with(a)
        || head + tail + 2 >= a.len().max(b.len()) && head.max(tail) >= 3
        || 2 * head.max(tail) > a.len().max(b.len())
}

#[cfg(test)]
mod tests {
    use super::alike;

    #[test]
    fn slips_are_told_from_other_names() {
        assert!(
            alike("cartservice", "cartservice-v2")
                && alike("cartservice", "cartsevice")
                && alike("currency", "currencys")
        );
        assert!(!alike("cart", "checkout") && !alike("redis", "rabbit"));
    }
}
