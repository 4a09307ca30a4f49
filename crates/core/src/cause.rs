//! The catalogue of causes, as data: what each is called, what typically shows it, what typically helps and which
//! specialist it calls for. Adding a cause is adding an entry to `causes.json`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// One cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// `saturation.connection_pool`: group and name.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Phrases that logs, events and commands typically show, lower case.
    pub words: Vec<String>,
    /// Kinds of metrics that typically move.
    pub metrics: Vec<String>,
    /// Actions of the platform API that typically help, best first.
    pub mitigations: Vec<String>,
    /// The specialist agent that it calls for.
    pub agent: String,
}

impl Cause {
    /// The part of the id before the dot.
    pub fn group(&self) -> &str {
        self.id.split('.').next().unwrap_or(&self.id)
    }
}

static CATALOGUE: LazyLock<(Vec<Cause>, BTreeMap<String, usize>)> = LazyLock::new(|| {
    // The text is part of the program and a test reads it, so the empty catalogue is never seen.
    let all: Vec<Cause> = serde_json::from_str(include_str!("causes.json")).unwrap_or_default();
    let index = all.iter().enumerate().map(|(i, c)| (c.id.clone(), i)).collect();
    (all, index)
});

/// Every cause, in the order of the catalogue.
pub fn all() -> &'static [Cause] {
    &CATALOGUE.0
}

/// The cause with this id.
pub fn find(id: &str) -> Option<&'static Cause> {
    CATALOGUE.1.get(id).and_then(|i| CATALOGUE.0.get(*i))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_entry_is_whole_and_named_once() {
        let parsed: Vec<Cause> =
            serde_json::from_str(include_str!("causes.json")).expect("the catalogue is JSON");
        assert!(parsed.len() > 90, "{}", parsed.len());
        let ids: BTreeSet<&str> = parsed.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(ids.len(), parsed.len());
        let actions = [
            "rollback",
            "restart",
            "scale_pool",
            "scale_replicas",
            "set_flag",
            "set_config",
            "rate_limit",
            "rotate_credentials",
            "revoke_sessions",
            "free_disk",
            "fail_over",
        ];
        let agents = [
            "database-admin",
            "backend-architect",
            "network-engineer",
            "performance-engineer",
            "security-analyzer",
        ];
        for cause in &parsed {
            assert!(cause.id.contains('.') && !cause.title.is_empty(), "{}", cause.id);
            assert!(!cause.mitigations.is_empty(), "{}", cause.id);
            assert!(cause.mitigations.iter().all(|m| actions.contains(&m.as_str())), "{}", cause.id);
            assert!(agents.contains(&cause.agent.as_str()), "{}", cause.id);
            assert!(cause.words.iter().all(|w| *w == w.to_lowercase()), "{}", cause.id);
            assert_eq!(find(&cause.id), Some(cause));
        }
    }
}
