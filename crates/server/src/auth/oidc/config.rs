//! `[oidc]` of the configuration: the company's own sign-in, and which of its groups may what here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use firebell_integrations::settings::Secret;
use serde::Deserialize;

use crate::auth::Role;

/// How people of the company sign in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// The provider, exactly as it calls itself in its discovery document.
    pub issuer: String,
    /// Firebell's name there.
    pub client_id: String,
    /// Firebell's secret there; none for a public client.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// What is asked for, in words with spaces between.
    #[serde(default = "scopes")]
    pub scopes: String,
    /// Claim that lists a person's groups; a path with dots where claims lie in claims.
    #[serde(default = "groups_claim")]
    pub groups_claim: String,
    /// Claim with the name that the record uses; `preferred_username` and `email` stand in for it.
    #[serde(default = "name_claim")]
    pub name_claim: String,
    /// Group to role; of several the highest counts.
    #[serde(default)]
    pub roles: BTreeMap<String, Role>,
    /// Role of who is in none of these groups; none refuses them.
    #[serde(default)]
    pub default_role: Option<Role>,
    /// The button's text.
    #[serde(default)]
    pub button: Option<String>,
    /// PEM file of certificates to trust besides those of the machine.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

fn scopes() -> String {
    "openid profile email groups".to_owned()
}

fn groups_claim() -> String {
    "groups".to_owned()
}

fn name_claim() -> String {
    "name".to_owned()
}

impl OidcConfig {
    /// What is wrong with it, each with the field's name.
    pub fn problems(&self) -> Vec<String> {
        let mut out = Vec::new();
        if let Err(why) = reachable_safely(&self.issuer) {
            out.push(format!("oidc.issuer: {:?} {why}", self.issuer));
        }
        let empty = |text: &str| text.trim().is_empty();
        if empty(&self.client_id) {
            out.push(
                "oidc.client_id: is empty; give the name that the provider knows Firebell by".to_owned(),
            );
        }
        if !self.scopes.split_whitespace().any(|s| s == "openid") {
            out.push(format!("oidc.scopes: {:?} lacks openid, without which nobody is named", self.scopes));
        }
        for (field, value) in [("groups_claim", &self.groups_claim), ("name_claim", &self.name_claim)] {
            if empty(value) {
                out.push(format!("oidc.{field}: is empty; leave it out for the default"));
            }
        }
        if self.roles.keys().any(|group| empty(group)) {
            out.push("oidc.roles: a group has no name".to_owned());
        }
        if self.roles.is_empty() && self.default_role.is_none() {
            out.push(
                "oidc.roles: nobody could come in; give a group a role, or everybody one with default_role"
                    .to_owned(),
            );
        }
        if self.button.as_ref().is_some_and(|text| empty(text) || text.chars().count() > 60) {
            out.push("oidc.button: must have 1 to 60 characters".to_owned());
        }
        out
    }

    /// Host of the provider, with its port if it has one.
    pub(super) fn host(&self) -> &str {
        let (_, rest) = self.issuer.split_once("://").unwrap_or_default();
        rest.split(['/', '?', '#']).next().unwrap_or_default()
    }
}

/// Whether secrets may go to an address: by TLS, or to this machine.
pub(super) fn reachable_safely(url: &str) -> Result<(), &'static str> {
    let host = |rest: &str| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
        // An address of IP version 6 stands in brackets.
        match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name.to_owned(),
            _ => host,
        }
    };
    if url.contains(['?', '#', '@']) || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("must be an address without user, query and fragment");
    }
    match url.split_once("://") {
        Some(("https", rest)) if !host(rest).is_empty() => Ok(()),
        Some(("http", rest)) if matches!(host(rest).as_str(), "localhost" | "127.0.0.1" | "[::1]") => Ok(()),
        Some(("http", _)) => Err("must begin with https://: anybody on the way could sign in as anybody"),
        _ => Err("is not an address like https://login.example.com"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_by_tls_or_to_this_machine() {
        for good in ["https://login.example.com/realm/", "http://127.0.0.1:9000", "http://[::1]:9000/x"] {
            assert_eq!(reachable_safely(good), Ok(()), "{good}");
        }
        for bad in [
            "http://login.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@example.com",
            "https://",
            "login.example.com",
            "https://a/?b",
            "ftp://localhost",
            "",
        ] {
            assert!(reachable_safely(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_field() {
        let config: OidcConfig = serde_json::from_value(serde_json::json!({
            "issuer": "http://login.example.com", "client_id": " ", "scopes": "profile", "name_claim": "",
            "button": ""
        }))
        .expect("reads");
        insta::assert_snapshot!(config.problems().join("\n"));
    }
}
