//! The person behind a request to the API: named by the token, never by the body.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use firebell_core::incident::Actor;

use super::key::shown_key;
use super::permission::Permission;
use super::role::Role;
use super::scope::Scopes;
use crate::metrics::Door;
use crate::problem::Problem;
use crate::state::Shared;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Where they come by a token that is not good for everything.
    pub(crate) scopes: Option<Scopes>,
}

impl Person {
    /// Somebody who may do all that the role may.
    pub(crate) fn new(name: &str, role: Role) -> Self {
        Self { name: name.to_owned(), role, scopes: None }
    }

    /// As the record names them.
    pub(crate) fn actor(&self) -> Actor {
        Actor::person(&self.name)
    }

    /// Whether every restricted incident may be seen, and not only those that they are a member of.
    pub(crate) fn sees_restricted(&self) -> bool {
        self.role >= Permission::SeeRestricted.least()
    }

    /// Whether they may.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.role >= permission.least()
    }

    /// Refuses who may not.
    ///
    /// # Errors
    /// Names the role that is needed.
    pub(crate) fn allowed(&self, permission: Permission) -> Result<(), Problem> {
        if self.may(permission) {
            return Ok(());
        }
        Err(Problem::forbidden(format!(
            "{} is a {}; to {} takes a {}: ask an administrator for that role",
            self.name,
            self.role.as_str(),
            permission.key(),
            permission.least().as_str()
        )))
    }
}

impl FromRequestParts<Shared> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let Some(token) = shown_key(&parts.headers) else {
            app.metrics.turned_away(Door::Token);
            return Err(Problem::unauthorized(
                "no token was shown: send `Authorization: Bearer TOKEN`; `firebell token` prints one",
            ));
        };
        let Some(person) = app.directory.check(&token, app.now()) else {
            app.metrics.turned_away(Door::Token);
            return Err(Problem::unauthorized(
                "this token is not known here, or has ended: `firebell token` prints the one of this server",
            ));
        };
        match person.scopes.as_ref().and_then(|s| s.lacks(&parts.method, parts.uri.path())) {
            None => Ok(person),
            Some(scope) => {
                Err(Problem::forbidden(format!("this token has no scope {scope}: make one that has")))
            }
        }
    }
}
