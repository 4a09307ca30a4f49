//! What people do to an incident: sensible things, repeated things, wrong things.

use firebell_core::comms::Audience;
use firebell_core::incident::{Actor, Command, Incident, PlanStatus};
use firebell_core::severity::{IncidentKind, Severity};

use crate::dice::Dice;
use crate::samples::PEOPLE;

/// A random command and who gives it.
pub fn random_command(dice: &mut Dice, incident: &Incident) -> (Actor, Command) {
    let person = PEOPLE[dice.below(PEOPLE.len())];
    let mut actor = Actor::person(person);
    let command = match dice.below(40) {
        0..=3 => Command::Acknowledge,
        4 => Command::AddNote { text: ["looks bad", ""][dice.below(2)].to_owned() },
        5 => Command::AddTask { text: "call the vendor".to_owned(), role: "scribe".to_owned() },
        6 => Command::CompleteTask { id: dice.below(6) as u32 },
        7 => Command::AssignRole {
            role: ["incident_commander", "scribe", "on_call"][dice.below(3)].to_owned(),
            person: if dice.chance(90) { PEOPLE[dice.below(PEOPLE.len())] } else { "nobody" }.to_owned(),
        },
        8..=10 => Command::SetSeverity {
            severity: Severity::ALL[dice.below(4)],
            reason: "seen it before".to_owned(),
        },
        11..=27 => {
            if dice.chance(8) {
                // Only people decide: this must be turned down.
                actor = match dice.below(3) {
                    0 => Actor::Agent { name: "database-admin".to_owned() },
                    1 => Actor::Source { name: "am".to_owned() },
                    _ => Actor::System,
                };
            }
            let plans: Vec<&str> = incident
                .plans
                .iter()
                .filter(|p| p.status == PlanStatus::Proposed || dice.chance(20))
                .map(|p| p.hash.as_str())
                .collect();
            let plan = dice.pick(&plans).map_or("no such plan", |p| *p).to_owned();
            Command::Decide { plan, go: dice.chance(85), reason: "as discussed".to_owned() }
        }
        28 => Command::PostUpdate {
            audience: Audience::ALL[dice.below(4)],
            subject: "a word from us".to_owned(),
            body: "We are on it.".to_owned(),
        },
        38 => Command::EditDraft {
            audience: Audience::ALL[dice.below(4)],
            subject: "what we make of it".to_owned(),
            body: "In our own words.".to_owned(),
        },
        29 => Command::Resolve { summary: "it is over".to_owned() },
        30 => Command::Reopen { reason: "it is not over".to_owned() },
        31 => Command::Cancel { reason: "false alarm".to_owned() },
        32 => Command::RequestPostmortem,
        33 => Command::CompleteActionItem { id: dice.below(3) as u32 },
        34 => incident
            .dead_effects
            .keys()
            .next()
            .map_or(Command::Acknowledge, |key| Command::ReviveEffect { key: key.clone() }),
        35 => Command::SetKind {
            kind: [IncidentKind::Availability, IncidentKind::Security][dice.below(2)],
            restricted: [None, Some(true), Some(false)][dice.below(3)],
        },
        36 => Command::EditPostmortem { text: format!("what we learnt, {}", dice.below(3)), base: 0 },
        37 => Command::AssignRole { role: "janitor".to_owned(), person: "ada".to_owned() },
        _ => Command::FireTimer { key: "look_again".to_owned() },
    };
    (actor, command)
}
