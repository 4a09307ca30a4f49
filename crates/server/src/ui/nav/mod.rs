//! Where one can go: an entry is one line.

use serde::Serialize;

/// An entry of the navigation.
struct Entry {
    path: &'static str,
    title: &'static str,
    /// After `g`, this key leads there.
    key: &'static str,
    /// Name of its picture in `base.html`.
    icon: &'static str,
    /// Templates that belong to it.
    pages: &'static [&'static str],
}

const ENTRIES: [Entry; 7] = [
    Entry {
        path: "/",
        title: "Home",
        key: "h",
        icon: "home",
        pages: &["home.html", "incidents.html", "incident.html"],
    },
    Entry {
        path: "/alerts",
        title: "Alerts",
        key: "a",
        icon: "alerts",
        pages: &["alerts.html", "silence.html"],
    },
    Entry {
        path: "/services",
        title: "Services",
        key: "s",
        icon: "services",
        pages: &["services.html", "service.html"],
    },
    Entry { path: "/oncall", title: "On call", key: "o", icon: "oncall", pages: &["oncall.html"] },
    Entry {
        path: "/postmortems",
        title: "Postmortems",
        key: "p",
        icon: "past",
        pages: &["postmortems.html"],
    },
    Entry { path: "/reports", title: "Reports", key: "r", icon: "reports", pages: &["reports.html"] },
    Entry { path: "/settings", title: "Settings", key: "t", icon: "settings", pages: &["settings.html"] },
];

/// An entry as a page shows it.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    path: &'static str,
    title: &'static str,
    key: &'static str,
    icon: &'static str,
    current: bool,
}

/// All entries; the one that a template belongs to is marked.
pub(super) fn items(template: &str) -> Vec<Item> {
    ENTRIES
        .iter()
        .map(|e| Item {
            path: e.path,
            title: e.title,
            key: e.key,
            icon: e.icon,
            current: e.pages.contains(&template),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_entry_has_a_key_of_its_own_and_one_is_current() {
        let keys: BTreeSet<_> = ENTRIES.iter().map(|e| e.key).collect();
        assert_eq!(keys.len(), ENTRIES.len());
        let current = |t| items(t).into_iter().filter(|i| i.current).map(|i| i.path).collect::<Vec<_>>();
        assert_eq!(current("service.html"), ["/services"]);
        assert_eq!(current("login.html"), [""; 0]);
    }
}
