//! Who somebody is here, and what they may do.

use firebell_integrations::backends::contacts_of;
use firebell_integrations::replies::Answer;
use firebell_oncall::model::{Contact, ContactKind};

use crate::auth::{Person, Role};
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
    if let Some(person) = app.state.auth.person(name) {
        return Ok(Person { scopes: None, ..person });
    }
    let on_call = app.state.oncall.people.iter().any(|p| p.name == name);
    let configured = app.state.handle.policy().people.iter().any(|p| p.name == name);
    match on_call || configured {
        true => Ok(Person::new(name, Role::Responder)),
        false => Err(format!("{name} has no account here and is in no roster: ask an administrator")),
    }
}

/// Names of the people of the roster whose account of a channel this is. Several people may share a telephone.
pub(super) fn of_account(app: &App, channel: &str, answer: &Answer) -> Vec<String> {
    let kinds = contacts_of(channel);
    let is_theirs = |contact: &Contact| kinds.contains(&contact.kind) && same(contact, answer);
    let people = app.state.oncall.people.iter();
    people.filter(|p| p.contacts.iter().any(is_theirs)).map(|p| p.name.clone()).collect()
}

/// How an account would be written into the roster.
pub(super) fn as_contact(channel: &str, account: &str) -> String {
    let kind = contacts_of(channel).first().map_or("webhook", |k| k.as_str());
    let plain: String = account.chars().filter(|c| !c.is_control() && *c != '"').take(80).collect();
    format!("{{ kind = \"{kind}\", address = \"{plain}\" }}")
}

fn same(contact: &Contact, answer: &Answer) -> bool {
    let address = contact.address.trim();
    if answer.account.is_empty() || address.is_empty() {
        return false;
    }
    match contact.kind {
        ContactKind::Sms | ContactKind::Voice => digits(address) == digits(&answer.account),
        // Names are unique on a server of one's own, and it vouches for them; elsewhere anybody may take a name.
        ContactKind::Mattermost if address.starts_with('@') => address[1..] == *answer.name,
        _ => address == answer.account,
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}
