//! Names that mean nothing, or two things.

use super::{Finding, Weight, finding};
use crate::model::{Roster, Schedule, Target};

pub(super) fn check(roster: &Roster) -> Vec<Finding> {
    let mut all = Vec::new();
    let mut lists: Vec<(&str, Vec<&str>)> = vec![
        ("people", roster.people.iter().map(|p| p.name.as_str()).collect()),
        ("teams", roster.teams.iter().map(|t| t.name.as_str()).collect()),
        ("services", roster.services.iter().map(|s| s.name.as_str()).collect()),
        ("calendars", roster.calendars.iter().map(|c| c.name.as_str()).collect()),
        ("schedules", roster.schedules.iter().map(|s| s.name.as_str()).collect()),
        ("escalations", roster.escalations.iter().map(|p| p.name.as_str()).collect()),
    ];
    for (list, names) in &mut lists {
        names.sort_unstable();
        for pair in names.windows(2).filter(|pair| pair.first() == pair.last()) {
            let name = pair.first().copied().unwrap_or_default();
            let problem = format!("there are two of the name `{name}`");
            all.push(finding(Weight::Error, format!("{list}.{name}"), problem, "rename one of them"));
        }
        if names.iter().any(|n| n.trim().is_empty()) {
            all.push(finding(Weight::Error, format!("{list}.name"), "a name is empty", "give it one"));
        }
    }
    let mut person = |name: &str, field: String| {
        if roster.person(name).is_none() {
            let problem = format!("`{name}` is nobody of [[people]]");
            all.push(finding(Weight::Error, field, problem, "add the person, or correct the name"));
        }
    };
    for team in &roster.teams {
        team.members.iter().for_each(|m| person(m, format!("teams.{}.members", team.name)));
    }
    for schedule in &roster.schedules {
        people_of(schedule, &mut person);
    }
    for policy in &roster.escalations {
        if !policy.fall_back.is_empty() {
            person(&policy.fall_back, format!("escalations.{}.fall_back", policy.name));
        }
        for (number, step) in policy.steps.iter().enumerate() {
            for target in &step.targets {
                if let Target::Person(name) = target {
                    person(name, format!("escalations.{}.steps[{number}].targets", policy.name));
                }
            }
        }
    }
    all.extend(others(roster));
    all
}

fn people_of(schedule: &Schedule, person: &mut impl FnMut(&str, String)) {
    let name = &schedule.name;
    for layer in &schedule.layers {
        for turn in &layer.participants {
            turn.0
                .iter()
                .for_each(|p| person(p, format!("schedules.{name}.layers.{}.participants", layer.name)));
        }
        for turn in layer.by_weekday.values() {
            turn.0
                .iter()
                .for_each(|p| person(p, format!("schedules.{name}.layers.{}.by_weekday", layer.name)));
        }
    }
    for replacement in &schedule.replacements {
        for p in replacement.what.people() {
            person(p, format!("schedules.{name}.replacements.{}", replacement.id));
        }
    }
}

/// Names of things that are not people.
fn others(roster: &Roster) -> Vec<Finding> {
    let mut all = Vec::new();
    let mut unknown = |known: bool, field: String, what: &str, name: &str| {
        if !known {
            let problem = format!("`{name}` is no {what}");
            all.push(finding(Weight::Error, field, problem, &format!("add the {what}, or correct the name")));
        }
    };
    for team in roster.teams.iter().filter(|t| !t.escalation.is_empty()) {
        let known = roster.escalation(&team.escalation).is_some();
        unknown(known, format!("teams.{}.escalation", team.name), "escalation policy", &team.escalation);
    }
    for service in &roster.services {
        let field = |f: &str| format!("services.{}.{f}", service.name);
        unknown(roster.team(&service.team).is_some(), field("team"), "team", &service.team);
        if !service.escalation.is_empty() {
            let known = roster.escalation(&service.escalation).is_some();
            unknown(known, field("escalation"), "escalation policy", &service.escalation);
        }
    }
    for schedule in &roster.schedules {
        if !schedule.team.is_empty() {
            let field = format!("schedules.{}.team", schedule.name);
            unknown(roster.team(&schedule.team).is_some(), field, "team", &schedule.team);
        }
        for layer in &schedule.layers {
            for calendar in layer.holidays.iter().flat_map(|h| &h.calendars) {
                let known = roster.calendars.iter().any(|c| c.name == *calendar);
                let field = format!("schedules.{}.layers.{}.holidays", schedule.name, layer.name);
                unknown(known, field, "calendar", calendar);
            }
        }
    }
    for policy in &roster.escalations {
        for (number, step) in policy.steps.iter().enumerate() {
            let field = || format!("escalations.{}.steps[{number}].targets", policy.name);
            for target in &step.targets {
                match target {
                    Target::Schedule(name) => {
                        unknown(roster.schedule(name).is_some(), field(), "schedule", name);
                    }
                    Target::Team(name) => unknown(roster.team(name).is_some(), field(), "team", name),
                    Target::Person(_) | Target::Role(_) | Target::Channel(_) => {}
                }
            }
        }
    }
    all
}
