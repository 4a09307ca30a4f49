//! Contacts and channels that lead nowhere, by what is set up beside the roster.

use std::collections::BTreeSet;

use super::contacts::paged;
use super::{Finding, Weight, finding};
use crate::model::{ContactKind, Roster, Target, Urgency};

/// What is set up beside the roster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Means {
    /// Kinds of contacts that something sends to.
    pub kinds: BTreeSet<ContactKind>,
    /// Channels, `KIND/NAME`; none where nobody knows.
    pub channels: Option<BTreeSet<String>>,
    /// People with a device that takes notifications; none where nobody knows.
    pub with_device: Option<BTreeSet<String>>,
}

impl Means {
    fn reaches(&self, person: &str, kind: ContactKind) -> bool {
        match kind {
            ContactKind::Push => self.with_device.as_ref().is_none_or(|them| them.contains(person)),
            kind => self.kinds.contains(&kind),
        }
    }
}

/// Warnings, worst first: somebody who is paged and cannot be reached at all, a contact that nothing sends to, a channel
/// that is not there.
pub fn reach(roster: &Roster, means: &Means) -> Vec<Finding> {
    let mut all = Vec::new();
    let paged = paged(roster);
    for person in &roster.people {
        let field = format!("people.{}.contacts", person.name);
        let tried = person.attempts(Urgency::High);
        let dead = |kind: ContactKind| !means.reaches(&person.name, kind);
        if paged.contains(person.name.as_str())
            && !tried.is_empty()
            && tried.iter().all(|(contact, _)| dead(contact.kind))
        {
            let problem = format!("{} is paged, and no contact of theirs leads anywhere", person.name);
            all.push(finding(
                Weight::Warning,
                field.clone(),
                problem,
                "give them a contact that something sends to",
            ));
        }
        for contact in person.contacts.iter().filter(|c| c.enabled && dead(c.kind)) {
            let (problem, advice) = match contact.kind {
                ContactKind::Push => (
                    "no device of theirs takes notifications",
                    "let them open Notifications and switch it on",
                ),
                _ => (
                    "nothing that is configured sends to it",
                    "add one of [[notifiers]] that does, or take it out",
                ),
            };
            all.push(finding(Weight::Warning, format!("{field}.{}", contact.name()), problem, advice));
        }
    }
    for policy in &roster.escalations {
        for (number, step) in policy.steps.iter().enumerate() {
            for target in &step.targets {
                if let Target::Channel(name) = target
                    && means.channels.as_ref().is_some_and(|all| !all.contains(name))
                {
                    let field = format!("escalations.{}.steps[{number}].targets", policy.name);
                    let problem = format!("`{name}` is none of [[notifiers]]");
                    all.push(finding(
                        Weight::Warning,
                        field,
                        problem,
                        "correct the name, or add the notifier",
                    ));
                }
            }
        }
    }
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_paged_by_what_nobody_sends_is_told() {
        let roster = Roster::from_toml(
            r#"
people = [
    { name = "ana", contacts = [{ kind = "sms", address = "+491701234567" }] },
    { name = "cem", contacts = [{ kind = "push" }] },
    { name = "dot", contacts = [{ kind = "email", address = "dot@example.org" }, { kind = "sms", address = "+491701234568" }] },
]
[[escalations]]
name = "shop"
fall_back = "ana"
steps = [{ targets = [{ person = "ana" }, { person = "cem" }, { person = "dot" }, { channel = "slack/ops" }] }]
"#,
        )
        .expect("a roster");
        let said = |means: &Means| -> Vec<String> {
            reach(&roster, means).into_iter().map(|f| format!("{}: {}", f.field, f.problem)).collect()
        };
        let mut means =
            Means { kinds: [ContactKind::Email].into(), channels: Some(BTreeSet::new()), with_device: None };
        assert_eq!(
            said(&means),
            [
                "escalations.shop.steps[0].targets: `slack/ops` is none of [[notifiers]]",
                "people.ana.contacts: ana is paged, and no contact of theirs leads anywhere",
                "people.ana.contacts.sms: nothing that is configured sends to it",
                "people.dot.contacts.sms: nothing that is configured sends to it",
            ]
        );
        means.kinds.insert(ContactKind::Sms);
        means.channels = Some(["slack/ops".to_owned()].into());
        means.with_device = Some(BTreeSet::new());
        assert_eq!(
            said(&means),
            [
                "people.cem.contacts: cem is paged, and no contact of theirs leads anywhere",
                "people.cem.contacts.push: no device of theirs takes notifications",
            ]
        );
        means.with_device = Some(["cem".to_owned()].into());
        assert_eq!(said(&means), Vec::<String>::new());
    }
}
