//! The tokens that people act with.

use super::key::KeyHash;
use super::person::Person;
use super::role::Role;

/// Who may sign in, with which role. Tokens are kept as hashes only.
#[derive(Debug, Clone, Default)]
pub struct Auth {
    tokens: Vec<Token>,
}

#[derive(Debug, Clone)]
struct Token {
    person: Person,
    hash: KeyHash,
}

impl Auth {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a person in by a token. The name is what the record says of all that is done with it.
    pub fn add(&mut self, name: &str, role: Role, token: &str) {
        let person = Person::new(name, role);
        self.tokens.push(Token { person, hash: KeyHash::of(token) });
    }

    /// The person whose token it is. Every token is compared, whichever matches.
    pub(crate) fn check(&self, token: &str) -> Option<Person> {
        let shown = KeyHash::of(token);
        let mut found = None;
        for entry in &self.tokens {
            if bool::from(entry.hash.same(&shown)) {
                found = Some(entry.person.clone());
            }
        }
        found
    }

    /// The person of that name, with the role that the configuration gives them now.
    pub(crate) fn person(&self, name: &str) -> Option<Person> {
        self.tokens.iter().find(|t| t.person.name == name).map(|t| t.person.clone())
    }
}
