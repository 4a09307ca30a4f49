//! What runs on which machine: from topology rows, labels of series and pods of the cluster.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::Telemetry;

use crate::breakdown::HOSTS;
use crate::engines::state::Cluster;
use crate::names::Names;
use crate::settings::Settings;

/// Kinds of topology rows that place something instead of calling it.
const PLACES: [&str; 8] =
    ["runs_on", "runs-on", "on", "hosted_on", "host", "node", "scheduled_on", "deployed_on"];

/// Components by machine and machines by component.
#[derive(Debug, Default)]
pub(crate) struct Placement {
    on: BTreeMap<String, BTreeSet<String>>,
    of: BTreeMap<String, BTreeSet<String>>,
}

impl Placement {
    pub(crate) fn build(t: &Telemetry, names: &Names, settings: &Settings, cluster: &Cluster) -> Self {
        let mut out = Self::default();
        for e in t.topology.iter().chain(&settings.known_topology) {
            let node = names.resolve(&e.callee);
            let places = PLACES.contains(&e.kind.to_ascii_lowercase().as_str());
            if places || machine(&node) {
                out.put(&names.resolve(&e.caller), &node);
            }
        }
        let mut seen: BTreeSet<(&str, String)> = BTreeSet::new();
        for s in &t.series {
            let Some(label) = HOSTS.iter().find_map(|l| s.labels.get(*l)).filter(|l| !l.is_empty()) else {
                continue;
            };
            if let Some(component) = names.of_series(s)
                && seen.insert((label, component.clone()))
            {
                out.put(&component, &names.machine(label));
            }
        }
        for p in cluster.pods.iter().filter(|p| !p.meta.deleting && p.phase != "Succeeded") {
            if let Some(node) = p.spec.node.as_deref().filter(|n| !n.is_empty()) {
                let component = names.resolve(&cluster.workload_of(&p.meta));
                out.put(&component, &names.machine(node));
            }
        }
        out
    }

    fn put(&mut self, component: &str, node: &str) {
        if component != node && !component.is_empty() && !machine(component) {
            self.on.entry(node.to_owned()).or_default().insert(component.to_owned());
            self.of.entry(component.to_owned()).or_default().insert(node.to_owned());
        }
    }

    pub(crate) fn machines(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.on.iter().map(|(n, r)| (n.as_str(), r))
    }

    pub(crate) fn residents(&self, machine: &str) -> impl Iterator<Item = &str> {
        self.on.get(machine).into_iter().flatten().map(String::as_str)
    }

    /// Number of machines that a component runs on.
    pub(crate) fn spread(&self, component: &str) -> usize {
        self.of.get(component).map_or(0, BTreeSet::len)
    }

    pub(crate) fn is_on(&self, component: &str, machine: &str) -> bool {
        self.of.get(component).is_some_and(|m| m.contains(machine))
    }
}

fn machine(id: &str) -> bool {
    id.starts_with("node/") || id.starts_with("host/")
}
