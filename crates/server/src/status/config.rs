//! What the public page is called and what it lists.

use firebell_core::policy::Policy;
use serde::Deserialize;

/// `[status]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatusConfig {
    /// Whether there is a public page at all.
    pub enabled: bool,
    /// Its title.
    pub title: String,
    /// A host name of its own: requests to that host get the page at `/`, and nothing else of this server.
    pub host: Option<String>,
    /// The channel by which subscribers are written to, as `email/NAME`; by default the first one for e-mail.
    pub email: Option<String>,
    /// What it lists, in this order; where empty, each service that customers use.
    pub components: Vec<ComponentConfig>,
}

impl Default for StatusConfig {
    fn default() -> Self {
        Self { enabled: true, title: "Status".to_owned(), host: None, email: None, components: Vec::new() }
    }
}

/// One thing that customers know by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ComponentConfig {
    /// Its name.
    pub name: String,
    /// Heading under which it is listed.
    pub group: Option<String>,
    /// A sentence about it.
    pub description: String,
    /// Services of the catalogue whose incidents are felt here.
    pub services: Vec<String>,
}

impl StatusConfig {
    /// What is wrong with it, each with the field's name.
    pub fn problems(&self, policy: &Policy) -> Vec<String> {
        let mut out = Vec::new();
        if self.title.trim().is_empty() {
            out.push("status.title: is empty; say whose status it is".to_owned());
        }
        let plain =
            |h: &str| !h.is_empty() && h.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
        if let Some(host) = self.host.as_deref().filter(|h| !plain(h)) {
            out.push(format!("status.host: {host:?} is no host name; leave out scheme, port and path"));
        }
        if let Some(name) = self.email.as_deref().filter(|n| !n.starts_with("email/")) {
            out.push(format!("status.email: {name:?} is no channel for e-mail; write email/NAME"));
        }
        let mut ids = std::collections::BTreeSet::new();
        for (at, c) in self.components.iter().enumerate() {
            let field = format!("status.components[{at}]");
            if c.name.trim().is_empty() {
                out.push(format!("{field}.name: is empty"));
            } else if !ids.insert(slug(&c.name)) {
                out.push(format!("{field}.name: {:?} is like the name of another component", c.name));
            }
            for service in c.services.iter().filter(|s| policy.service(s).is_none()) {
                out.push(format!("{field}.services: {service:?} is not in [[services]]"));
            }
        }
        out
    }

    /// What is listed.
    pub(super) fn listed(&self, policy: &Policy) -> Vec<ComponentConfig> {
        if !self.components.is_empty() {
            return self.components.clone();
        }
        let services = policy.services.iter().filter(|s| s.customer_facing);
        let known = |name: &str| ComponentConfig {
            name: crate::ui::title_case(name),
            services: vec![name.to_owned()],
            ..ComponentConfig::default()
        };
        services.map(|s| known(&s.name)).collect()
    }
}

/// A name as part of an address: `Card payments` is `card-payments`.
pub(super) fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_parts_of_addresses() {
        assert_eq!(slug("Card payments (EU)"), "card-payments-eu");
        assert_eq!(slug("  Suche – Übersicht "), "suche-übersicht");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_field() {
        let mut config =
            StatusConfig { title: " ".into(), host: Some("https://x".into()), ..Default::default() };
        config.components = vec![
            ComponentConfig { name: "Shop".into(), services: vec!["nowhere".into()], ..Default::default() },
            ComponentConfig { name: "shop!".into(), ..Default::default() },
            ComponentConfig::default(),
        ];
        insta::assert_snapshot!(config.problems(&Policy::default()).join("\n"), @r#"
        status.title: is empty; say whose status it is
        status.host: "https://x" is no host name; leave out scheme, port and path
        status.components[0].services: "nowhere" is not in [[services]]
        status.components[1].name: "shop!" is like the name of another component
        status.components[2].name: is empty
        "#);
    }
}
