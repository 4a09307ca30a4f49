//! Who a person is by what the provider says of them, and what they may here. Pure.

use serde_json::{Map, Value};

use super::config::OidcConfig;
use crate::auth::Role;
use crate::ui::clean;

/// Longest name, in characters; as accounts have it.
const LONGEST: usize = 64;

/// Somebody whom the provider vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// `ISSUER SUBJECT`: stays the same whatever else changes, and is nobody else's.
    pub(crate) subject: String,
    /// As the record will name them.
    pub(crate) name: String,
    /// An address that the provider has not called unverified.
    pub(crate) email: Option<String>,
    /// By their groups, or the default; none: they may not come in.
    pub(crate) role: Option<Role>,
    /// Their groups.
    pub(crate) groups: Vec<String>,
}

/// Whether the claims leave something open that the userinfo endpoint may know.
pub(super) fn wants_more(claims: &Map<String, Value>, config: &OidcConfig) -> bool {
    find(claims, &config.groups_claim).is_none() || find(claims, &config.name_claim).is_none()
}

/// Reads checked claims.
pub(super) fn identity(claims: &Map<String, Value>, config: &OidcConfig) -> Identity {
    let text =
        |name: &str| find(claims, name).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty());
    let subject = text("sub").unwrap_or_default();
    let email = text("email")
        .filter(|_| claims.get("email_verified").is_none_or(|v| *v == true || *v == "true"))
        .map(str::to_owned);
    let names = [text(&config.name_claim), text("preferred_username"), email.as_deref(), Some(subject)];
    let name = names.into_iter().flatten().map(plain).find(|n| !n.is_empty()).unwrap_or_default();
    let groups = groups(find(claims, &config.groups_claim));
    Identity {
        subject: format!("{} {subject}", config.issuer),
        name,
        role: groups.iter().filter_map(|g| config.roles.get(g)).copied().max().or(config.default_role),
        email,
        groups,
    }
}

/// A claim by its name, or by its path where it lies in others (`realm_access.roles`).
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        find(claims.get(first)?.as_object()?, rest)
    })
}

fn groups(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// A name without what no account's name has: `EXAMPLE\ada` becomes `EXAMPLE ada`.
fn plain(text: &str) -> String {
    let kept: String = clean(text)
        .chars()
        .map(|c| if c.is_control() || matches!(c, '<' | '>' | '"' | '/' | '\\') { ' ' } else { c })
        .collect();
    let short: String = kept.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
    short.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(more: Value) -> OidcConfig {
        let mut all = json!({
            "issuer": "https://login.example.com", "client_id": "firebell",
            "roles": {"sre": "responder", "leads": "commander", "https://example.com/x": "viewer"}
        });
        for (name, value) in more.as_object().expect("an object") {
            all[name] = value.clone();
        }
        serde_json::from_value(all).expect("a configuration")
    }

    fn identity_of(claims: Value, more: Value) -> Identity {
        identity(claims.as_object().expect("claims"), &config(more))
    }

    #[test]
    fn the_highest_role_of_the_groups_counts() {
        let role = |groups: Value, more: Value| identity_of(json!({"sub": "1", "groups": groups}), more).role;
        assert_eq!(role(json!(["leads", "sre", "x"]), json!({})), Some(Role::Commander));
        assert_eq!(role(json!("sre"), json!({})), Some(Role::Responder));
        for none in [json!([]), json!(["SRE"]), json!(["x", 7, null]), json!(null), json!({"sre": true})] {
            assert_eq!(role(none.clone(), json!({})), None, "{none}");
            assert_eq!(role(none, json!({"default_role": "viewer"})), Some(Role::Viewer));
        }
        // The default is for who is in no group, and lowers nobody; nor does it lift.
        assert_eq!(role(json!(["sre"]), json!({"default_role": "admin"})), Some(Role::Responder));
    }

    #[test]
    fn groups_may_lie_deeper_or_have_dots_in_their_name() {
        let deep = json!({"sub": "1", "realm": {"access": {"roles": ["leads"]}}});
        assert_eq!(
            identity_of(deep, json!({"groups_claim": "realm.access.roles"})).role,
            Some(Role::Commander)
        );
        let dotted = json!({"sub": "1", "https://example.com/groups": ["sre"]});
        assert_eq!(
            identity_of(dotted, json!({"groups_claim": "https://example.com/groups"})).role,
            Some(Role::Responder)
        );
    }

    #[test]
    fn a_name_is_found_and_made_plain() {
        let name = |claims: Value, more: Value| identity_of(claims, more).name;
        let all =
            json!({"sub": "1", "name": "Ada  Okafor", "preferred_username": "EX\\ada", "email": "a@b.c"});
        assert_eq!(name(all.clone(), json!({})), "Ada Okafor");
        assert_eq!(name(all.clone(), json!({"name_claim": "preferred_username"})), "EX ada");
        assert_eq!(name(all, json!({"name_claim": "nickname"})), "EX ada");
        assert_eq!(name(json!({"sub": "1", "name": " <> ", "email": "a@b.c"}), json!({})), "a@b.c");
        assert_eq!(name(json!({"sub": "u-1"}), json!({})), "u-1");
        assert_eq!(name(json!({"sub": "1", "name": "x".repeat(100)}), json!({})).len(), LONGEST);
        // What turns text around on a page is no part of a name.
        assert!(!name(json!({"sub": "1", "name": "Ada\u{202e}rofakO"}), json!({})).contains('\u{202e}'));
    }

    #[test]
    fn an_address_that_is_not_verified_is_nobodys() {
        let email = |verified: Value| {
            identity_of(json!({"sub": "1", "email": "a@b.c", "email_verified": verified}), json!({})).email
        };
        assert_eq!(email(json!(true)).as_deref(), Some("a@b.c"));
        assert_eq!(email(json!(false)), None);
        assert_eq!(identity_of(json!({"sub": "1"}), json!({})).subject, "https://login.example.com 1");
    }
}
