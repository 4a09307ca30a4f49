//! The named parts of an address.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::problem::Problem;
use crate::state::Shared;

/// Decoded, by name.
#[derive(Debug, Clone)]
pub(crate) struct Segments(Vec<(String, String)>);

impl Segments {
    /// One part; the router has made sure that it is there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str())
    }

    /// A number that is counted within an incident.
    ///
    /// # Errors
    /// Names the part.
    pub(crate) fn number(&self, name: &str) -> Result<u32, Problem> {
        let digits = self.get(name);
        let is_plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|_| is_plain).ok_or_else(|| Problem::bad_request(name, "is not a number"))
    }
}

impl FromRequestParts<Shared> for Segments {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        match RawPathParams::from_request_parts(parts, app).await {
            Ok(all) => Ok(Self(all.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect())),
            Err(_) => Err(Problem::bad_request("path", "is not UTF-8 where it is decoded")),
        }
    }
}
