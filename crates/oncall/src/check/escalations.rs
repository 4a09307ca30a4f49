//! Escalation policies that end with nobody, or cannot come to their end.

use super::{Finding, Weight, finding};
use crate::model::{Roster, Step, Target};

pub(super) fn check(roster: &Roster) -> Vec<Finding> {
    let mut all = Vec::new();
    for policy in &roster.escalations {
        let field = format!("escalations.{}", policy.name);
        let mut found = |weight, sub: &str, problem: &str, advice: &str| {
            all.push(finding(weight, format!("{field}.{sub}"), problem, advice));
        };
        if policy.steps.is_empty() {
            found(
                Weight::Error,
                "steps",
                "it has no step, so it pages nobody",
                "add a step with its targets",
            );
        }
        if !(1..=20).contains(&policy.rounds) {
            found(
                Weight::Error,
                "rounds",
                "it must be 1 to 20",
                "write how often the steps are gone through",
            );
        }
        if policy.fall_back.is_empty() {
            let advice = "name in fall_back a person who can always be reached";
            let problem = "after its last round it ends with nobody";
            found(Weight::Warning, "fall_back", problem, advice);
        } else if policy.fall_back_again_s < 60 {
            let advice = "write 60 or more";
            found(Weight::Error, "fall_back_again_s", "it is less than a minute", advice);
        }
        if policy.acknowledgement_holds_s.is_some_and(|s| s < 60) {
            found(Weight::Error, "acknowledgement_holds_s", "it is less than a minute", "write 60 or more");
        }
        for (number, step) in policy.steps.iter().enumerate() {
            let sub = |f: &str| format!("steps[{number}].{f}");
            if !(30..=86_400).contains(&step.delay_s) {
                let advice = "give people at least 30 seconds, and at most a day";
                found(Weight::Error, &sub("delay_s"), "it must be 30 to 86400 seconds", advice);
            }
            let people = step.targets.iter().any(|t| !matches!(t, Target::Channel(_)));
            if !people {
                let advice = "add a person, a schedule, a team or a role";
                found(Weight::Error, &sub("targets"), "it reaches nobody who could acknowledge", advice);
            }
            if step.acknowledgements == 0 {
                found(Weight::Error, &sub("acknowledgements"), "it must be 1 or more", "write 1");
            }
            if let Some(most) = most(step, roster)
                && people
                && u64::from(step.acknowledgements) > most as u64
            {
                let problem =
                    format!("it demands {} acknowledgements and pages {most} at most", step.acknowledgements);
                found(
                    Weight::Warning,
                    &sub("acknowledgements"),
                    &problem,
                    "page more people, or demand fewer",
                );
            }
        }
    }
    for team in roster.teams.iter().filter(|t| t.escalation.is_empty()) {
        let bare = |s: &&crate::model::Service| s.team == team.name && s.escalation.is_empty();
        if let Some(service) = roster.services.iter().find(bare) {
            let problem = format!("neither `{}` nor its team has an escalation policy", service.name);
            let advice = "name one in services.NAME.escalation or teams.NAME.escalation";
            all.push(finding(
                Weight::Warning,
                format!("services.{}.escalation", service.name),
                problem,
                advice,
            ));
        }
    }
    all
}

/// How many people a step pages at most; nothing where that depends on the incident.
fn most(step: &Step, roster: &Roster) -> Option<usize> {
    let mut most = 0;
    for target in &step.targets {
        most += match target {
            Target::Person(_) => 1,
            Target::Channel(_) => 0,
            Target::Team(name) => roster.team(name)?.members.len(),
            Target::Role(_) => return None,
            Target::Schedule(name) => {
                let layers = roster.schedule(name)?.layers.iter().filter(|l| !l.shadow);
                let turns = layers.flat_map(|l| l.participants.iter().chain(l.by_weekday.values()));
                turns.map(|t| t.0.len()).max().unwrap_or(0)
            }
        };
    }
    Some(most)
}
