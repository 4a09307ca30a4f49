//! What an escalation knows of the world while it decides.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::Rota;
use crate::model::Target;

/// Schedules are looked at again after a week at the latest.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Time, people and schedules.
#[derive(Debug, Clone, Copy)]
pub struct Cx<'a> {
    /// Now.
    pub now: Timestamp,
    /// People, teams, policies, schedules.
    pub roster: &'a Rota,
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
            Target::Schedule(name) => self.roster.on_call(name, self.now),
            Target::Team(name) => self.roster.team(name).map_or_else(Vec::new, |t| t.members.clone()),
            Target::Role(role) => self.roles.get(role).cloned().unwrap_or_default(),
            Target::Channel(_) => Vec::new(),
        }
    }

    /// When targets may mean other people than now; nothing where they cannot by themselves.
    pub(super) fn look_again(&self, targets: &[Target]) -> Option<Timestamp> {
        let schedules = targets.iter().filter_map(|t| match t {
            Target::Schedule(name) => self.roster.schedule(name).map(|_| name),
            _ => None,
        });
        let latest = self.now.saturating_add(LOOK_AGAIN).unwrap_or(Timestamp::MAX);
        schedules.map(|name| self.roster.change_within(name, self.now, LOOK_AGAIN).unwrap_or(latest)).min()
    }
}
