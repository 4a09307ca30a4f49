//! Everything non-deterministic that a decision may use, as data.

use std::collections::BTreeSet;

use firebell_oncall::{Roster, Rota};
use jiff::Timestamp;

use crate::policy::Policy;

/// The context of a decision.
#[derive(Debug, Clone, Copy)]
pub struct Cx<'a> {
    /// The time, by the one clock of the node.
    pub now: Timestamp,
    /// Policy.
    pub policy: &'a Policy,
    /// People, schedules and escalation policies, where such are configured: then who is on call holds roles and is
    /// paged, by their own rules. Without them it is the policy's people, over its `page_channels`.
    pub roster: Option<&'a Rota>,
    /// SHA-256 of the policy, where the caller has it at hand: it takes a while.
    pub policy_sha256: Option<&'a str>,
}

impl<'a> Cx<'a> {
    /// A context without a roster.
    pub fn new(now: Timestamp, policy: &'a Policy) -> Self {
        Self { now, policy, roster: None, policy_sha256: None }
    }

    /// With the hash of the policy, which was made before.
    #[must_use]
    pub fn with_policy_sha256(self, sha256: &'a str) -> Self {
        Self { policy_sha256: Some(sha256), ..self }
    }

    /// SHA-256 of the policy, hexadecimal.
    pub fn policy_sha256(&self) -> String {
        self.policy_sha256.map_or_else(|| self.policy.sha256(), str::to_owned)
    }

    /// Names of everybody whom the configuration or the roster knows, each once.
    pub fn people(&self) -> Vec<&'a str> {
        people(self.policy, self.roster.map(|rota| rota.roster().as_ref()))
    }

    /// With a roster; one without people is none.
    pub fn with_roster(self, roster: &'a Rota) -> Self {
        Self { roster: Some(roster).filter(|r| !r.people.is_empty()), ..self }
    }
}

/// Names of everybody whom the configuration or a roster knows, each once.
pub fn people<'a>(policy: &'a Policy, roster: Option<&'a Roster>) -> Vec<&'a str> {
    let listed = roster.into_iter().flat_map(|r| &r.people).map(|p| p.name.as_str());
    let mut seen = BTreeSet::new();
    let all = policy.people.iter().map(|p| p.name.as_str()).chain(listed);
    all.filter(|name| seen.insert(*name)).collect()
}
