//! Who is on it.

use firebell_core::cx;
use firebell_core::incident::Incident;
use firebell_core::policy::Policy;
use firebell_oncall::Roster;
use serde::Serialize;

use crate::auth::{LEAD, Person};
use crate::ui::words;

/// Roles, responders, and who could take a role.
#[derive(Debug, Serialize)]
pub(super) struct People {
    roles: Vec<(String, Option<String>)>,
    responders: Vec<String>,
    choices: Vec<(String, String)>,
    known: Vec<String>,
    /// Role and its title: those that somebody holds.
    held: Vec<(String, String)>,
    /// Those that whoever looks at it holds.
    mine: Vec<(String, String)>,
    /// Those that nobody has accepted: whoever looks at it may take them.
    free: Vec<(String, String)>,
    /// Whoever looks at it.
    me: String,
    /// Names of schedules and teams that can be called.
    schedules: Vec<String>,
    teams: Vec<String>,
    /// Names of escalation policies.
    policies: Vec<String>,
    deputies: Vec<(String, String)>,
}

const ROLES: [&str; 6] =
    ["incident_commander", "technical_lead", "communications_lead", "scribe", "on_call", "facilitator"];

pub(super) fn of(i: &Incident, policy: &Policy, roster: &Roster, me: &Person) -> People {
    let wanted = &policy.levels.of(i.severity.severity).roles;
    let mut roles: Vec<(String, Option<String>)> = Vec::new();
    for role in wanted.iter().chain(i.roles.keys().filter(|r| !wanted.contains(r))) {
        let holder = i.roles.get(role).and_then(|h| h.person.clone());
        roles.push((words::title_case(role), holder));
    }
    if let Some(facilitator) = &i.facilitator
        && !i.roles.contains_key("facilitator")
    {
        roles.push(("Facilitator".to_owned(), Some(facilitator.clone())));
    }
    let titled = |role: &str| (role.to_owned(), words::title_case(role));
    let mine = |role: &str| i.holder(role) == Some(me.name.as_str());
    let offered = ROLES.iter().filter(|role| **role == LEAD || i.roles.contains_key(**role));
    People {
        mine: i.roles.keys().filter(|role| mine(role)).map(|role| titled(role)).collect(),
        free: offered.filter(|role| !i.is_accepted(role)).map(|role| titled(role)).collect(),
        me: me.name.clone(),
        roles,
        responders: i.responders.clone(),
        choices: ROLES.iter().map(|r| ((*r).to_owned(), words::title_case(r))).collect(),
        known: cx::people(policy, Some(roster)).into_iter().map(str::to_owned).collect(),
        held: i.roles.keys().map(|role| (role.clone(), words::title_case(role))).collect(),
        schedules: roster.schedules.iter().map(|s| s.name.clone()).collect(),
        teams: roster.teams.iter().map(|t| t.name.clone()).collect(),
        policies: roster.escalations.iter().map(|p| p.name.clone()).collect(),
        deputies: i.deputies.iter().map(|(role, p)| (words::title_case(role), p.clone())).collect(),
    }
}
