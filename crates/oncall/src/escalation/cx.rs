//! What an escalation knows of the world while it decides.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::{Roster, Target};
use crate::schedule::Plan;

/// Schedules are looked at again after a week at the latest.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Time, people and schedules.
#[derive(Debug, Clone, Copy)]
pub struct Cx<'a> {
    /// Now.
    pub now: Timestamp,
    /// People, teams, policies.
    pub roster: &'a Roster,
    /// The schedules, made ready: [`Roster::plans`].
    pub plans: &'a BTreeMap<&'a str, Plan<'a>>,
    /// Who holds which role in the incident, now.
    pub roles: &'a BTreeMap<String, Vec<String>>,
}

impl Cx<'_> {
    /// The people whom targets mean now, each once, in order.
    pub fn people(&self, targets: &[Target]) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for name in targets.iter().flat_map(|t| self.people_of(t)) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all
    }

    fn people_of(&self, target: &Target) -> Vec<String> {
        match target {
            Target::Person(name) => vec![name.clone()],
            Target::Schedule(name) => {
                self.plans.get(name.as_str()).map_or_else(Vec::new, |p| p.on_call(self.now))
            }
            Target::Team(name) => self.roster.team(name).map_or_else(Vec::new, |t| t.members.clone()),
            Target::Role(role) => self.roles.get(role).cloned().unwrap_or_default(),
            Target::Channel(_) => Vec::new(),
        }
    }

    /// When targets may mean other people than now; nothing where they cannot by themselves.
    pub(super) fn look_again(&self, targets: &[Target]) -> Option<Timestamp> {
        let plans = targets.iter().filter_map(|t| match t {
            Target::Schedule(name) => self.plans.get(name.as_str()),
            _ => None,
        });
        let latest = self.now.saturating_add(LOOK_AGAIN).unwrap_or(Timestamp::MAX);
        plans.map(|plan| plan.change_within(self.now, LOOK_AGAIN).unwrap_or(latest)).min()
    }
}
