//! What whoever takes a role sees to first.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// Most tasks of one list.
const MOST: usize = 20;
/// Longest task, characters.
const LONGEST: usize = 300;

/// `[checklists]`: tasks by role. What a file says of a role goes in place of what is shipped for it; an empty list is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Checklists(BTreeMap<String, Vec<String>>);

impl Default for Checklists {
    fn default() -> Self {
        let list =
            |role: &str, tasks: &[&str]| (role.to_owned(), tasks.iter().map(|t| (*t).to_owned()).collect());
        Self(BTreeMap::from([
            list(
                "incident_commander",
                &[
                    "Confirm severity and impact, and say so in the room",
                    "Decide go or no-go on each mitigation that is proposed",
                    "Name a deputy who takes over while you are away",
                ],
            ),
            list(
                "technical_lead",
                &[
                    "Check the leading hypothesis against what you know of the system",
                    "Say in the room what is tried, and by what it will be seen that it helps",
                ],
            ),
            list(
                "communications_lead",
                &["Read the first updates to each audience and correct them where needed"],
            ),
            list("scribe", &["Note decisions and observations that the timeline does not hold yet"]),
            list("on_call", &["Acknowledge, then check the leading hypothesis"]),
        ]))
    }
}

impl<'de> Deserialize<'de> for Checklists {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all = Self::default();
        all.0.extend(BTreeMap::<String, Vec<String>>::deserialize(deserializer)?);
        Ok(all)
    }
}

impl Checklists {
    /// The tasks of a role, in order.
    pub fn of(&self, role: &str) -> &[String] {
        self.0.get(role).map_or(&[], Vec::as_slice)
    }

    /// The roles that have a list.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What is wrong with it, by role.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for (role, tasks) in &self.0 {
            let mut bad = |why: String| all.push((role.clone(), why));
            if tasks.len() > MOST {
                bad(format!("has {} tasks; nobody does more than {MOST}", tasks.len()));
            }
            for (n, task) in tasks.iter().enumerate() {
                let place = n + 1;
                if task.trim().is_empty() {
                    bad(format!("task {place} is empty: write what is to be done, or leave it out"));
                } else if task.chars().count() > LONGEST {
                    bad(format!(
                        "task {place} is longer than {LONGEST} characters: put the details into a runbook"
                    ));
                }
                if tasks.iter().take(n).any(|t| t == task) {
                    bad(format!("task {place} is there twice"));
                }
            }
        }
        all
    }
}
