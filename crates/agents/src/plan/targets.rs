//! What plans are made of: the platform's services, the changes, the accounts.

use std::collections::BTreeSet;

use firebell_core::change::Change;
use firebell_core::incident::Incident;
use firebell_core::policy::Policy;
use firebell_core::ports::platform::ServiceState;
use firebell_core::telemetry::TopologyEdge;
use firebell_core::verdict::{Hypothesis, Verdict};
use jiff::Timestamp;
use serde_json::Value;

/// Everything that planning reads.
pub(crate) struct Situation<'a> {
    pub(crate) incident: &'a Incident,
    pub(crate) policy: &'a Policy,
    pub(crate) verdict: &'a Verdict,
    pub(crate) services: &'a [ServiceState],
    /// The same as the platforms write it, with what the typed state does not hold.
    pub(crate) raw: &'a [Value],
    pub(crate) changes: &'a [Change],
    pub(crate) topology: &'a [TopologyEdge],
    /// Accounts that an attacker entered.
    pub(crate) compromised: &'a BTreeSet<String>,
    pub(crate) agent: &'a str,
    pub(crate) now: Timestamp,
}

/// The part of a component id after its kind.
pub(crate) fn short(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

impl Situation<'_> {
    /// The service that a component means, if a platform runs it.
    pub(crate) fn service(&self, component: &str) -> Option<&ServiceState> {
        let exact = self.services.iter().find(|s| s.component == component || s.name == component);
        let name = self.policy.service(component).map_or(short(component), |s| s.name.as_str());
        exact.or_else(|| self.services.iter().find(|s| s.name == name || short(&s.component) == name))
    }

    /// The change that a hypothesis names.
    pub(crate) fn change(&self, hypothesis: &Hypothesis) -> Option<&Change> {
        let key = hypothesis.change.as_deref()?;
        let named = |c: &&Change| c.id == key || c.commit.as_deref() == Some(key);
        let here = |c: &&Change| short(&c.component) == short(&hypothesis.component);
        let mut all: Vec<&Change> = self.changes.iter().filter(named).collect();
        // A commit and its deployment share a name: what took effect says from what to what.
        all.sort_by_key(|c| (!here(c), c.from.is_none()));
        all.first().copied()
    }

    /// Who calls a component, directly or not.
    pub(crate) fn callers(&self, component: &str) -> BTreeSet<String> {
        let mut out: BTreeSet<String> = BTreeSet::new();
        let mut next = vec![short(component).to_owned()];
        while let Some(name) = next.pop() {
            let from_traces =
                self.topology.iter().filter(|e| short(&e.callee) == name).map(|e| short(&e.caller));
            let from_catalogue = self
                .policy
                .services
                .iter()
                .filter(|s| s.depends_on.iter().any(|d| short(d) == name))
                .map(|s| s.name.as_str());
            for caller in from_traces.chain(from_catalogue) {
                if caller != short(component) && out.insert(caller.to_owned()) {
                    next.push(caller.to_owned());
                }
            }
        }
        out
    }
}

/// Where a service can fail over to, and what is active, as the platform says.
pub(crate) fn failover(s: &Situation<'_>, state: &ServiceState) -> (Option<String>, Vec<String>) {
    let mine = s.raw.iter().filter(|v| v.get("name").and_then(Value::as_str) == Some(state.name.as_str()));
    let mut out: (Option<String>, Vec<String>) = (None, Vec::new());
    for raw in mine {
        if let Some(active) = raw.get("active").and_then(Value::as_str) {
            out.0 = Some(active.to_owned());
        }
        if let Some(list) = raw.get("failover_targets").and_then(Value::as_array).filter(|l| !l.is_empty()) {
            out.1 = list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect();
        }
    }
    out
}
