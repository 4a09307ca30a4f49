//! Who somebody is here, and what they may do.

use firebell_integrations::backends::{contacts_of, people_of};
use firebell_integrations::replies::Answer;

use crate::auth::Person;
use crate::state::App;

/// The person of a name with the role of their account; who has none may do what responders do, if they can be called at
/// all: by the roster or the configuration.
///
/// # Errors
/// A sentence: why they may do nothing, and who can change that.
pub(crate) fn acting(app: &App, name: &str) -> Result<Person, String> {
    if let Some(account) = app.directory.account(name) {
        return match account.disabled {
            true => Err(format!("{name} is shut out of Firebell: ask an administrator")),
            false => Ok(Person::new(&account.name, account.role)),
        };
    }
    let known = app.state.without_account(name);
    known.ok_or_else(|| format!("{name} has no account here and is in no roster: ask an administrator"))
}

/// Names of the people of the roster whose account of a channel this is. Several people may share a telephone.
pub(super) fn of_account(app: &App, channel: &str, answer: &Answer) -> Vec<String> {
    let roster = app.state.oncall.roster();
    let people = people_of(&roster, channel, &answer.account, &answer.name);
    people.into_iter().map(|p| p.name.clone()).collect()
}

/// How an account would be written into the roster.
pub(super) fn as_contact(channel: &str, account: &str) -> String {
    let kind = contacts_of(channel).first().map_or("webhook", |k| k.as_str());
    let plain: String = account.chars().filter(|c| !c.is_control() && *c != '"').take(80).collect();
    format!("{{ kind = \"{kind}\", address = \"{plain}\" }}")
}
