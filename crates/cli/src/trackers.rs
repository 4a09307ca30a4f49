//! Wires trackers of action items: which is used, what is wrong with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use firebell_core::policy::ItemTracker;
use firebell_core::ports::tracker::Tracker;
use firebell_integrations::trackers::{self, IssueHook};

use crate::config::File;

/// The one that gets new issues: the default, else the first by name.
pub(crate) fn policy(file: &File) -> ItemTracker {
    let marked = file.trackers.iter().find(|(_, config)| config.is_default());
    match marked.or_else(|| file.trackers.iter().next()) {
        Some((name, config)) => {
            ItemTracker { name: config.full_name(name), restricted: config.takes_restricted() }
        }
        None => ItemTracker::default(),
    }
}

/// All of them, by their full names: issues that went to one before another became the default are still followed.
pub(crate) fn built(file: &File) -> anyhow::Result<BTreeMap<String, Arc<dyn Tracker>>> {
    let mut all = BTreeMap::new();
    for (name, config) in &file.trackers {
        let tracker = trackers::build(name, config)?;
        all.insert(tracker.name().to_owned(), tracker);
    }
    Ok(all)
}

/// Those that can be built, to be asked how they are. What cannot is among the configuration's problems.
pub(crate) fn built_of(file: &File) -> Vec<Arc<dyn Tracker>> {
    file.trackers.iter().filter_map(|(name, config)| trackers::build(name, config).ok()).collect()
}

/// What reads their webhooks.
pub(crate) fn hooks(file: &File) -> anyhow::Result<Vec<Arc<dyn IssueHook>>> {
    let mut all = Vec::new();
    for (name, config) in &file.trackers {
        all.extend(trackers::build_hook(name, config)?);
    }
    Ok(all)
}

/// All complaints; each begins with its field.
pub(crate) fn problems(file: &File) -> Vec<String> {
    let mut all = Vec::new();
    for (name, config) in &file.trackers {
        all.extend(trackers::build(name, config).err().map(|error| format!("trackers: {error}")));
        all.extend(trackers::build_hook(name, config).err().map(|error| format!("trackers: {error}")));
    }
    all.dedup();
    let defaults: Vec<&str> =
        file.trackers.iter().filter(|(_, c)| c.is_default()).map(|(name, _)| name.as_str()).collect();
    if defaults.len() > 1 {
        all.push(format!("trackers: {} are all `default`: one can be", defaults.join(", ")));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        toml::from_str(text).expect("a configuration")
    }

    #[test]
    fn the_default_gets_new_issues_else_the_first_by_name() {
        let (a, b) = (
            "[trackers.a]\nkind = \"github\"\ntoken = \"t\"\nrepo = \"acme/shop\"\n",
            "[trackers.b]\nkind = \"linear\"\napi_key = \"k\"\nteam = \"ENG\"\n",
        );
        assert!(policy(&file("")).is_none());
        assert_eq!(policy(&file(&format!("{a}{b}"))).name, "github/a");
        let chosen = policy(&file(&format!("{a}{b}default = true\nrestricted = true\n")));
        assert_eq!((chosen.name.as_str(), chosen.restricted), ("linear/b", true));
        let both = built(&file(&format!("{a}{b}"))).expect("builds");
        assert_eq!(both.keys().collect::<Vec<_>>(), ["github/a", "linear/b"]);
    }

    #[test]
    fn what_cannot_be_used_is_named_by_its_field() {
        let bad = file(
            "[trackers.a]\nkind = \"github\"\ntoken = \"t\"\nrepo = \"shop\"\ndefault = true\n\
             [trackers.b]\nkind = \"linear\"\napi_key = { env = \"NO_SUCH_KEY_HERE\" }\nteam = \"ENG\"\ndefault = true\n",
        );
        let all = problems(&bad);
        assert!(all[0].starts_with("trackers: github/a: repo:"), "{all:?}");
        assert!(all.iter().any(|p| p.starts_with("trackers: linear/b: api_key:")), "{all:?}");
        assert!(all.iter().any(|p| p.contains("`default`")), "{all:?}");
        let typo =
            toml::from_str::<File>("[trackers.a]\nkind = \"linear\"\napi_kee = \"k\"\nteam = \"ENG\"\n");
        assert!(typo.is_err_and(|e| e.to_string().contains("api_kee")));
    }
}
