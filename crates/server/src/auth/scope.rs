//! What an API token is good for: `resource:read`, `resource:write` (which includes reading), or `*:read`, `*:write`. A
//! resource is the first part of an address below `/api/v1`.

use std::collections::BTreeSet;

use axum::http::Method;
use serde::{Deserialize, Serialize};

/// What a token may be limited to.
pub(crate) const RESOURCES: [&str; 27] = [
    "*",
    "accounts",
    "agents",
    "alerts",
    "audit",
    "blobs",
    "calendar-feeds",
    "changes",
    "dead-letters",
    "events",
    "incidents",
    "maintenances",
    "me",
    "metrics",
    "now",
    "overrides",
    "postmortems",
    "push-devices",
    "reports",
    "schedules",
    "services",
    "sessions",
    "silences",
    "subscribers",
    "systems",
    "tokens",
    "webhooks",
];

/// A set of scopes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads scopes.
    ///
    /// # Errors
    /// Names the one that is none.
    pub(crate) fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut scopes = BTreeSet::new();
        for text in texts.into_iter().map(str::trim).filter(|t| !t.is_empty()) {
            let known = text.split_once(':').is_some_and(|(resource, verb)| {
                RESOURCES.contains(&resource) && matches!(verb, "read" | "write")
            });
            if !known {
                return Err(format!(
                    "{:?} is no scope: write RESOURCE:read or RESOURCE:write, RESOURCE being one of {}",
                    text.chars().take(64).collect::<String>(),
                    RESOURCES.join(", ")
                ));
            }
            scopes.insert(text.to_owned());
        }
        if scopes.is_empty() {
            return Err("give at least one scope, such as incidents:read".to_owned());
        }
        Ok(Self(scopes))
    }

    /// As texts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a scope goes no further than these.
    pub(crate) fn includes(&self, scope: &str) -> bool {
        let Some((resource, verb)) = scope.split_once(':') else { return false };
        let verbs: &[&str] = if verb == "read" { &["read", "write"] } else { &["write"] };
        verbs
            .iter()
            .any(|v| self.0.contains(&format!("{resource}:{v}")) || self.0.contains(&format!("*:{v}")))
    }

    /// The scope that a request takes, where it is not there.
    pub(crate) fn lacks(&self, method: &Method, path: &str) -> Option<String> {
        let resource = match path.strip_prefix("/api/v1/") {
            Some(rest) => rest.split('/').next().unwrap_or_default(),
            // `/metrics`, and Alertmanager's own addresses.
            None => path.trim_start_matches('/').split('/').next().unwrap_or_default(),
        };
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let has = |verb: &str| {
            self.0.contains(&format!("{resource}:{verb}")) || self.0.contains(&format!("*:{verb}"))
        };
        if has("write") || (reads && has("read")) {
            return None;
        }
        Some(format!("{resource}:{}", if reads { "read" } else { "write" }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_opens_its_resource_and_nothing_else() {
        let scopes = Scopes::parse(["incidents:read", "silences:write"]).unwrap();
        let lacks = |method: Method, path| scopes.lacks(&method, path);
        assert_eq!(lacks(Method::GET, "/api/v1/incidents"), None);
        assert_eq!(lacks(Method::GET, "/api/v1/incidents/INC-1/record"), None);
        assert_eq!(lacks(Method::POST, "/api/v1/incidents"), Some("incidents:write".to_owned()));
        assert_eq!(lacks(Method::DELETE, "/api/v1/silences/x"), None);
        assert_eq!(lacks(Method::GET, "/api/v1/silences"), None);
        assert_eq!(lacks(Method::GET, "/api/v1/alerts"), Some("alerts:read".to_owned()));
        assert_eq!(lacks(Method::GET, "/metrics"), Some("metrics:read".to_owned()));
        let all = Scopes::parse(["*:read"]).unwrap();
        assert_eq!(all.lacks(&Method::GET, "/api/v1/alerts"), None);
        assert!(all.lacks(&Method::POST, "/api/v1/alerts").is_some());
    }

    #[test]
    fn what_is_no_scope_is_named() {
        for bad in ["incidents", "incidents:delete", "incident:read", "INCIDENTS:READ"] {
            assert!(Scopes::parse([bad]).unwrap_err().contains(bad));
        }
        assert!(Scopes::parse([""]).is_err());
    }
}
