//! Who calls whom, from everything that says so, and who is reached from where.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::{SpanKind, Telemetry};

use crate::names::Names;
use crate::series::features::Feature;
use crate::settings::Settings;

/// Call relations between component ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    callees: BTreeMap<String, BTreeSet<String>>,
    callers: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    pub(crate) fn build(t: &Telemetry, names: &Names, settings: &Settings, features: &[Feature]) -> Self {
        let mut g = Self::default();
        for e in t.topology.iter().chain(&settings.known_topology) {
            g.add(&names.resolve(&e.caller), &names.resolve(&e.callee));
        }
        for f in features {
            if let Some(peer) = &f.peer {
                g.add(&f.component, peer);
            }
        }
        let by_id: BTreeMap<(&str, &str), &str> = t
            .spans
            .iter()
            .map(|s| ((s.trace_id.as_str(), s.span_id.as_str()), s.component.as_str()))
            .collect();
        let mut pairs: BTreeSet<(&str, &str)> = BTreeSet::new();
        for s in &t.spans {
            if let Some(parent) = s.parent_id.as_deref()
                && let Some(caller) = by_id.get(&(s.trace_id.as_str(), parent))
            {
                pairs.insert((caller, &s.component));
            }
            if s.kind == SpanKind::Client
                && let Some(peer) = peer_of(&s.attributes)
            {
                pairs.insert((&s.component, peer));
            }
        }
        for (a, b) in pairs {
            g.add(&names.resolve(a), &names.resolve(b));
        }
        g
    }

    pub(crate) fn add(&mut self, caller: &str, callee: &str) {
        if caller != callee && !caller.is_empty() && !callee.is_empty() {
            self.callees.entry(caller.to_owned()).or_default().insert(callee.to_owned());
            self.callers.entry(callee.to_owned()).or_default().insert(caller.to_owned());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.callees.is_empty()
    }

    pub(crate) fn callees(&self, of: &str) -> impl Iterator<Item = &str> {
        self.callees.get(of).into_iter().flatten().map(String::as_str)
    }

    pub(crate) fn callers(&self, of: &str) -> impl Iterator<Item = &str> {
        self.callers.get(of).into_iter().flatten().map(String::as_str)
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.callees.contains_key(id) || self.callers.contains_key(id)
    }

    /// Everything that calls `id`, directly or not, with its distance.
    pub(crate) fn upstream(&self, id: &str) -> BTreeMap<String, usize> {
        reach(&self.callers, id)
    }

    /// Everything that `id` calls, directly or not, with its distance.
    pub(crate) fn downstream(&self, id: &str) -> BTreeMap<String, usize> {
        reach(&self.callees, id)
    }

    /// A shortest way from `from` up to `to` along calls backwards, ends included.
    pub(crate) fn way_up(&self, from: &str, to: &str) -> Vec<String> {
        let mut came: BTreeMap<String, String> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([from.to_owned()]);
        while let Some(at) = queue.pop_front() {
            if at == to {
                let mut out = vec![at.clone()];
                let mut here = at;
                while let Some(before) = came.get(&here) {
                    out.push(before.clone());
                    here = before.clone();
                    if here == from {
                        break;
                    }
                }
                out.reverse();
                return out;
            }
            for next in self.callers(&at) {
                if next != from && !came.contains_key(next) {
                    came.insert(next.to_owned(), at.clone());
                    queue.push_back(next.to_owned());
                }
            }
        }
        vec![from.to_owned()]
    }
}

/// The called side that a client span names.
pub(crate) fn peer_of(attributes: &firebell_core::telemetry::Labels) -> Option<&str> {
    ["peer.service", "net.peer.name", "server.address", "db.name", "db.namespace"]
        .iter()
        .find_map(|k| attributes.get(*k))
        .map(String::as_str)
        .filter(|p| !p.is_empty() && *p != "127.0.0.1" && *p != "localhost" && *p != "::1")
}

fn reach(edges: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    let mut front = vec![from.to_owned()];
    let mut depth = 0;
    while !front.is_empty() {
        depth += 1;
        let mut next = Vec::new();
        for at in front {
            for n in edges.get(&at).into_iter().flatten() {
                if n != from && !out.contains_key(n) {
                    out.insert(n.clone(), depth);
                    next.push(n.clone());
                }
            }
        }
        front = next;
    }
    out
}
