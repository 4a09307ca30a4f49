//! The person behind a request to the API: named by the token, never by the body.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use firebell_core::incident::Actor;

use super::key::shown_key;
use super::role::Role;
use crate::metrics::Door;
use crate::problem::Problem;
use crate::state::Shared;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) role: Role,
}

impl Person {
    /// As the record names them.
    pub(crate) fn actor(&self) -> Actor {
        Actor::person(&self.name)
    }

    /// Whether restricted incidents may be seen.
    pub(crate) fn sees_restricted(&self) -> bool {
        self.role >= Role::Responder
    }

    /// Refuses who has less than `role`.
    ///
    /// # Errors
    /// Names the role that is needed.
    pub(crate) fn need(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            return Ok(());
        }
        Err(Problem::forbidden(format!(
            "{} is a {}; this takes a {}: ask for a token with that role",
            self.name,
            self.role.as_str(),
            role.as_str()
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
        app.state.auth.check(&token).ok_or_else(|| {
            app.metrics.turned_away(Door::Token);
            Problem::unauthorized(
                "this token is not known here: `firebell token` prints the one of this server",
            )
        })
    }
}
