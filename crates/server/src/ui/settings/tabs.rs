//! The pages of the settings, and who sees which.

use serde::Serialize;

use crate::auth::{Permission, Person};

/// A page.
#[derive(Debug, Serialize)]
pub(super) struct Tab {
    path: &'static str,
    title: &'static str,
    here: bool,
}

const TABS: &[(&str, &str, Permission)] = &[
    ("/settings", "Systems", Permission::Settings),
    ("/settings/heartbeats", "Heartbeats", Permission::Settings),
    ("/settings/account", "Your account", Permission::OwnAccount),
    ("/settings/people", "People", Permission::People),
    ("/settings/maintenance", "Maintenance", Permission::Maintenance),
    ("/settings/webhooks", "Webhooks", Permission::Webhooks),
    ("/settings/subscribers", "Subscribers", Permission::Subscribers),
    ("/settings/templates", "Templates", Permission::PostUpdate),
    ("/settings/audit", "Audit log", Permission::Audit),
];

/// Those that a person sees.
pub(super) fn tabs(person: &Person, here: &str) -> Vec<Tab> {
    TABS.iter()
        .filter(|(.., permission)| person.may(*permission))
        .map(|(path, title, _)| Tab { path, title, here: *path == here })
        .collect()
}
