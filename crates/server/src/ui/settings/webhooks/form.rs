//! The form of a webhook: what is filled in, as fields and back.

use firebell_core::severity::Severity;
use serde::Serialize;

use super::super::{Fields, text};
use crate::post::webhooks::{FREQUENT, HookFields};

/// What a checkbox of a type of event is called: this and the type.
const ON: &str = "on.";

/// What the form shows.
#[derive(Debug, Serialize)]
pub(super) struct Values {
    name: String,
    url: String,
    all: bool,
    /// Types that are offered: name, meaning, chosen.
    events: Vec<(String, String, bool)>,
    /// Chosen types that are not offered.
    more: String,
    severities: Vec<(&'static str, bool)>,
    services: String,
    restricted: bool,
    enabled: bool,
}

impl Values {
    /// A new one.
    pub(super) fn empty() -> Self {
        Self::of(&HookFields {
            name: String::new(),
            url: String::new(),
            events: vec!["*".to_owned()],
            severities: Vec::new(),
            services: Vec::new(),
            restricted: false,
            enabled: true,
        })
    }

    pub(super) fn of(f: &HookFields) -> Self {
        let offered = |name: &str| FREQUENT.iter().any(|(offered, _)| *offered == name);
        let more = f.events.iter().filter(|e| !offered(e) && *e != "*").cloned().collect::<Vec<_>>();
        Self {
            name: f.name.clone(),
            url: f.url.clone(),
            all: f.events.iter().any(|e| e == "*"),
            events: FREQUENT
                .iter()
                .map(|(name, means)| {
                    ((*name).to_owned(), (*means).to_owned(), f.events.iter().any(|e| e == name))
                })
                .collect(),
            more: more.join(" "),
            severities: Severity::ALL.map(|s| (s.as_str(), f.severities.contains(&s))).to_vec(),
            services: f.services.join(", "),
            restricted: f.restricted,
            enabled: f.enabled,
        }
    }
}

/// What was filled in.
pub(super) fn fields(form: &Fields) -> HookFields {
    let split = |name: &str| {
        let list = text(form, name);
        let list: Vec<String> =
            list.split([',', ' ', '\n', '\r']).filter(|t| !t.is_empty()).map(str::to_owned).collect();
        list
    };
    let events = if text(form, "which") == "some" {
        let ticked = form.keys().filter_map(|name| name.strip_prefix(ON)).map(str::to_owned);
        ticked.chain(split("more")).collect()
    } else {
        vec!["*".to_owned()]
    };
    HookFields {
        name: text(form, "name"),
        url: text(form, "url"),
        events,
        severities: Severity::ALL.into_iter().filter(|s| form.contains_key(s.as_str())).collect(),
        services: split("services"),
        restricted: form.contains_key("restricted"),
        enabled: form.contains_key("enabled"),
    }
}
