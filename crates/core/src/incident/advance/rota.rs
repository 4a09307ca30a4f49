//! Who can be called, by the roster: whoever is on call, and people whom no schedule names. Nobody off call ever is.

use firebell_oncall::Rota;
use firebell_oncall::model::{Person, Target};

use super::super::oncall::policies;
use super::super::state::Incident;
use super::people::has_declined;
use crate::cx::Cx;

/// Whether a person can hold a role: by their skills, or by what the configuration's people say.
fn holds(name: &str, role: &str, roster: &Rota, cx: &Cx<'_>) -> bool {
    match roster.person(name) {
        Some(person) => can_hold(person, role, cx),
        None => cx.policy.people_for(role).any(|p| p.name == name),
    }
}

fn can_hold(person: &Person, role: &str, cx: &Cx<'_>) -> bool {
    person.skills.iter().any(|s| s == role) || cx.policy.people_for(role).any(|p| p.name == person.name)
}

/// Who knows what is affected goes first; otherwise as they were.
fn knowing(i: &Incident, roster: &Rota, mut people: Vec<String>) -> Vec<String> {
    let knows = |p: &Person| p.skills.iter().filter(|s| i.services.contains(*s)).count();
    people.sort_by_key(|name| std::cmp::Reverse(roster.person(name).map_or(0, knows)));
    people
}

/// Who is on call at this moment.
pub(super) struct OnCall<'a> {
    roster: &'a Rota,
    /// By schedule of a role.
    roles: Vec<(&'a str, Vec<String>)>,
    /// By the first step of the incident's escalation.
    first: Vec<String>,
    /// By any step of it.
    own: Vec<String>,
    /// By any schedule.
    all: Vec<String>,
}

impl<'a> OnCall<'a> {
    pub(super) fn of(i: &Incident, roster: &'a Rota, cx: &Cx<'_>) -> Self {
        let now = |schedule: &str| roster.on_call(schedule, cx.now);
        let named = roster.schedules.iter().filter(|s| !s.role.is_empty());
        let roles = named.map(|s| (s.role.as_str(), now(&s.name))).collect();
        let mut all: Vec<String> = Vec::new();
        for name in roster.schedules.iter().flat_map(|s| now(&s.name)) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        let people = |target: &Target| match target {
            Target::Schedule(name) => now(name),
            Target::Person(name) => vec![name.clone()],
            // Of a team only who may be called.
            Target::Team(name) => {
                let members = roster.team(name).map_or_else(Vec::new, |t| t.members.clone());
                members.into_iter().filter(|m| all.contains(m) || !roster.is_scheduled(m)).collect()
            }
            Target::Role(_) | Target::Channel(_) => Vec::new(),
        };
        let (mut first, mut own) = (Vec::new(), Vec::new());
        for policy in policies(i, roster) {
            for (n, step) in policy.steps.iter().enumerate() {
                for name in step.targets.iter().flat_map(people) {
                    if n == 0 && !first.contains(&name) {
                        first.push(name.clone());
                    }
                    if !own.contains(&name) {
                        own.push(name);
                    }
                }
            }
        }
        Self { roster, roles, first, own, all }
    }

    /// The people who can take a role in this incident now, best first: who is on a schedule of that role; whoever is on
    /// call by the escalation of its services; others on call; people whom no schedule names. Those who know the affected
    /// services go first among equals.
    pub(super) fn able(&self, i: &Incident, role: &str, cx: &Cx<'_>) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let mut take = |names: Vec<String>| {
            for name in names {
                if !has_declined(i, role, &name) && !all.contains(&name) {
                    all.push(name);
                }
            }
        };
        take(self.by_role(role));
        let roster = self.roster;
        let can = |name: &str| holds(name, role, roster, cx);
        if role == "on_call" {
            take(self.first.clone());
        }
        take(knowing(i, roster, self.own.iter().filter(|n| can(n)).cloned().collect()));
        take(knowing(i, roster, self.all.iter().filter(|n| can(n)).cloned().collect()));
        let configured = cx.policy.people_for(role).map(|p| p.name.as_str());
        take(roster.standing_with(role, configured).map(|p| p.name.clone()).collect());
        all
    }

    /// Everybody who can be called for this incident, in the order of its escalation; at the end whom it falls back to.
    pub(super) fn callable(&self, i: &Incident) -> Vec<String> {
        let policies = policies(i, self.roster).into_iter();
        let falls = policies.map(|p| p.fall_back.clone()).filter(|p| !p.is_empty());
        let mut all = self.own.clone();
        for name in falls {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all
    }

    fn by_role(&self, role: &str) -> Vec<String> {
        self.roles.iter().filter(|(r, _)| *r == role).flat_map(|(_, people)| people.clone()).collect()
    }
}
