//! What the rules know of an incident.

use std::collections::BTreeSet;

use firebell_core::comms::Audience;
use firebell_core::incident::Incident;
use firebell_core::policy::Policy;

use crate::words;

/// Labels that name machines.
const MACHINES: [&str; 6] = ["instance", "node", "host", "hostname", "pod", "container"];

/// What the rules know.
#[derive(Debug, Clone)]
pub struct Knows {
    pub(super) audience: Audience,
    /// A mitigation has confirmed the cause.
    pub(super) confirmed: bool,
    /// Names of people.
    pub(super) people: BTreeSet<String>,
    /// What only insiders call so, in small letters: services that customers do not use, components, machines.
    pub(super) internals: BTreeSet<String>,
    /// Services that customers know by name, in small letters.
    pub(super) known: BTreeSet<String>,
}

impl Knows {
    /// Of an incident; `people` are further names, of the roster and of accounts.
    pub fn of<'a>(
        i: &'a Incident,
        audience: Audience,
        policy: &'a Policy,
        people: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let lower = |text: &str| text.to_lowercase();
        let known: BTreeSet<String> = policy
            .services
            .iter()
            .filter(|s| s.customer_facing)
            .flat_map(|s| std::iter::once(&s.name).chain(&s.aliases))
            .map(|name| lower(name))
            .collect();
        let mut internals = BTreeSet::new();
        for service in &policy.services {
            internals.insert(lower(&service.component_id()));
            internals.insert(lower(&service.name));
            internals.extend(service.aliases.iter().map(|a| lower(a)));
        }
        internals.extend(i.services.iter().map(|s| lower(s)));
        let labels = i.alerts.values().flat_map(|a| &a.labels);
        internals.extend(
            labels.filter(|(name, _)| MACHINES.contains(&name.as_str())).map(|(_, value)| lower(value)),
        );
        // A plain word cannot be told from the language: that something is wrong with a "cache" harms nobody.
        internals.retain(|name| {
            let marked = name.chars().any(|c| !c.is_alphabetic());
            marked && name.chars().count() >= 3 && !known.contains(name)
        });
        let people = i
            .members()
            .into_iter()
            .chain(policy.people.iter().map(|p| p.name.as_str()))
            .chain(people)
            .map(|name| name.trim().to_owned())
            .filter(|name| name.chars().count() >= 3)
            .collect();
        Self { audience, confirmed: words::confirmed(i), people, internals, known }
    }
}
