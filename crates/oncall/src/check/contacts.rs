//! People who cannot be reached.

use std::collections::BTreeSet;

use super::{Finding, Weight, finding};
use crate::model::{Roster, Target, Urgency};

pub(super) fn check(roster: &Roster) -> Vec<Finding> {
    let paged = paged(roster);
    let mut all = Vec::new();
    for person in &roster.people {
        let field = format!("people.{}", person.name);
        for contact in person.contacts.iter().filter(|c| c.enabled) {
            if let Some(problem) = contact.problem() {
                let field = format!("{field}.contacts.{}", contact.name());
                all.push(finding(
                    Weight::Error,
                    field,
                    problem,
                    "correct the address, or take the contact out",
                ));
            }
        }
        let mut names: Vec<&str> = person.contacts.iter().map(|c| c.name()).collect();
        names.sort_unstable();
        for pair in names.windows(2).filter(|pair| pair.first() == pair.last()) {
            let name = pair.first().copied().unwrap_or_default();
            let field = format!("{field}.contacts.{name}");
            let problem = format!("there are two contacts of the name `{name}`");
            all.push(finding(Weight::Error, field, problem, "give each a name of its own"));
        }
        for (rules, list) in [("high", &person.notify.high), ("low", &person.notify.low)] {
            for (number, rule) in list.iter().enumerate() {
                let field = format!("{field}.notify.{rules}[{number}]");
                match person.contact(&rule.contact) {
                    None => {
                        let problem = format!("`{}` is no contact of theirs", rule.contact);
                        all.push(finding(
                            Weight::Error,
                            field,
                            problem,
                            "add the contact, or correct the name",
                        ));
                    }
                    Some(contact) if !contact.enabled => {
                        let problem = format!("the contact `{}` is switched off", rule.contact);
                        all.push(finding(Weight::Warning, field, problem, "switch it on, or use another"));
                    }
                    Some(_) if rule.after_s < 0 => {
                        all.push(finding(Weight::Error, field, "after_s is negative", "write 0 or more"));
                    }
                    Some(_) => {}
                }
            }
        }
        if person.attempts(Urgency::High).is_empty() {
            let on = paged.contains(person.name.as_str());
            let (weight, so) = if on { (Weight::Error, ", and is paged") } else { (Weight::Note, "") };
            let problem = format!("{} has no contact that works{so}", person.name);
            all.push(finding(weight, format!("{field}.contacts"), problem, "add a contact and switch it on"));
        }
    }
    all
}

/// All whom a schedule or a policy may page.
pub(super) fn paged(roster: &Roster) -> BTreeSet<&str> {
    let mut all = BTreeSet::new();
    for schedule in &roster.schedules {
        for layer in schedule.layers.iter().filter(|l| !l.shadow) {
            all.extend(layer.participants.iter().chain(layer.by_weekday.values()).flat_map(|t| &t.0));
        }
        all.extend(
            schedule
                .replacements
                .iter()
                .flat_map(|r| r.what.people())
                .map(|p| p as &str)
                .filter_map(|p| roster.person(p).map(|p| &p.name)),
        );
    }
    for policy in &roster.escalations {
        all.insert(&policy.fall_back);
        for target in policy.steps.iter().flat_map(|s| &s.targets) {
            match target {
                Target::Person(name) => {
                    all.insert(name);
                }
                Target::Team(name) => all.extend(roster.team(name).iter().flat_map(|t| &t.members)),
                _ => {}
            }
        }
    }
    all.into_iter().map(String::as_str).collect()
}
