//! How much one caller may ask: so many requests a minute for each person, so many failures to show a valid token for
//! each address. Senders of alerts are not limited: what they say is why Firebell is there.

mod bucket;

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Deserialize;

pub(crate) use bucket::{Buckets, Taken};

/// The figures; 0 is no limit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Requests to the API a minute, of one person.
    pub requests_per_minute: u32,
    /// Requests without a valid token a minute, from one address.
    pub failures_per_minute: u32,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { requests_per_minute: 1200, failures_per_minute: 60 }
    }
}

/// What was used of them.
#[derive(Debug)]
pub(crate) struct Limits {
    people: Buckets,
    strangers: Buckets,
}

impl Limits {
    pub(crate) fn new(config: &LimitsConfig) -> Self {
        Self {
            people: Buckets::new(config.requests_per_minute),
            strangers: Buckets::new(config.failures_per_minute),
        }
    }

    /// One request of a person.
    pub(crate) fn request(&self, person: &str, now: Timestamp) -> Option<Taken> {
        self.people.take(person, now)
    }

    /// One request without a valid token. A valid one still opens from the same address: behind a proxy everybody has
    /// the same, and a token is too long to be guessed.
    pub(crate) fn failure(&self, address: IpAddr, now: Timestamp) -> Option<Taken> {
        self.strangers.take(&neighbourhood(address), now)
    }
}

/// Who has one address of a network of version 6 has all of its last 64 bits.
fn neighbourhood(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_what_is_theirs() {
        let key = |text: &str| neighbourhood(text.parse().expect("an address"));
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
