//! Everything non-deterministic that a decision may use, as data.

use firebell_oncall::Roster;
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
    pub roster: Option<&'a Roster>,
}

impl<'a> Cx<'a> {
    /// A context without a roster.
    pub fn new(now: Timestamp, policy: &'a Policy) -> Self {
        Self { now, policy, roster: None }
    }

    /// Names of everybody whom the configuration or the roster knows, each once.
    pub fn people(&self) -> Vec<&'a str> {
        let mut all: Vec<&str> = self.policy.people.iter().map(|p| p.name.as_str()).collect();
        for person in self.roster.into_iter().flat_map(|r| &r.people) {
            if !all.contains(&person.name.as_str()) {
                all.push(&person.name);
            }
        }
        all
    }

    /// With a roster; one without people is none.
    pub fn with_roster(self, roster: &'a Roster) -> Self {
        Self { roster: Some(roster).filter(|r| !r.people.is_empty()), ..self }
    }
}
