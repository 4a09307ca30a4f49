//! Query parameters, read one by one so that a wrong one is named.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::problem::Problem;
use crate::state::Shared;

/// Decoded pairs in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pairs(pub(crate) Vec<(String, String)>);

impl Pairs {
    /// As borrowed pairs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// The first filled value of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, v)| *n == name && !v.is_empty()).map(|(_, v)| v)
    }

    /// That value, read.
    ///
    /// # Errors
    /// Names the parameter and says what would be right.
    pub(crate) fn read<T: FromStr>(&self, name: &str, right: &str) -> Result<Option<T>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(text) => {
                text.parse().map(Some).map_err(|_| Problem::bad_request(name, format!("is not {right}")))
            }
        }
    }
}

impl FromRequestParts<Shared> for Pairs {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        match Query::<Vec<(String, String)>>::from_request_parts(parts, app).await {
            Ok(Query(pairs)) => Ok(Self(pairs)),
            Err(_) => Err(Problem::bad_request("query", "is not made of name=value pairs")),
        }
    }
}
