//! The open incidents, found by what an alert could have in common with them: in a storm there are thousands, and nearly
//! all of them have nothing to do with the next alert.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::correlate::{OpenIncident, Ties};
use crate::alert::Alert;
use crate::ids::IncidentId;
use crate::policy::Policy;

type Ids = BTreeSet<IncidentId>;

/// All open incidents. What finds them may name one too many (a service that an incident no longer has), never one too
/// few: [`super::place_alert`] has the last word.
#[derive(Debug, Default)]
pub struct OpenIncidents {
    all: BTreeMap<IncidentId, OpenIncident>,
    services: BTreeMap<String, Ids>,
    groups: BTreeMap<String, Ids>,
    /// By name, then value.
    labels: BTreeMap<String, BTreeMap<String, Ids>>,
    /// Services by which an incident was ever found, to be forgotten with it.
    had: BTreeMap<IncidentId, BTreeSet<String>>,
}

impl OpenIncidents {
    /// Whether it is open.
    pub fn contains(&self, id: &IncidentId) -> bool {
        self.all.contains_key(id)
    }

    /// All, by id.
    pub fn values(&self) -> impl Iterator<Item = &OpenIncident> {
        self.all.values()
    }

    /// Their ids.
    pub fn ids(&self) -> impl Iterator<Item = &IncidentId> {
        self.all.keys()
    }

    /// Adds one.
    pub fn put(&mut self, incident: OpenIncident) {
        let id = incident.id.clone();
        self.all.insert(id.clone(), incident);
        self.change(&id, |_| {});
    }

    /// Changes one, if it is there.
    pub fn change(&mut self, id: &IncidentId, change: impl FnOnce(&mut OpenIncident)) {
        let Some(incident) = self.all.get_mut(id) else { return };
        change(incident);
        let had = self.had.entry(id.clone()).or_default();
        for service in &incident.services {
            if !had.contains(service) {
                had.insert(service.clone());
                self.services.entry(service.clone()).or_default().insert(id.clone());
            }
        }
        for group in &incident.groups {
            note(&mut self.groups, group, id);
        }
        for (name, values) in &incident.labels {
            if !self.labels.contains_key(name) {
                self.labels.insert(name.clone(), BTreeMap::new());
            }
            let Some(by_value) = self.labels.get_mut(name) else { continue };
            for value in values {
                note(by_value, value, id);
            }
        }
    }

    /// Something came for one just now.
    pub fn heard(&mut self, id: &IncidentId, now: Timestamp) {
        if let Some(incident) = self.all.get_mut(id) {
            incident.last_signal_at = now;
        }
    }

    /// Takes one away; answers whether it was there.
    pub fn remove(&mut self, id: &IncidentId) -> bool {
        let Some(incident) = self.all.remove(id) else { return false };
        for service in self.had.remove(id).unwrap_or_default() {
            forget(&mut self.services, &service, id);
        }
        for group in &incident.groups {
            forget(&mut self.groups, group, id);
        }
        for (name, values) in &incident.labels {
            let Some(by_value) = self.labels.get_mut(name) else { continue };
            for value in values {
                forget(by_value, value, id);
            }
        }
        true
    }

    /// Those that an alert may belong to.
    pub fn near<'a>(&'a self, alert: &Alert, policy: &Policy) -> impl Iterator<Item = &'a OpenIncident> {
        let mut found: BTreeSet<&IncidentId> = BTreeSet::new();
        if !self.all.is_empty() {
            let ties = Ties::of(alert, policy);
            let services = ties.service.into_iter().chain(ties.near.iter().map(|(name, _)| *name));
            found.extend(services.filter_map(|s| self.services.get(s)).flatten());
            found.extend(ties.group.and_then(|g| self.groups.get(g)).into_iter().flatten());
            // What has a service shares more than its name, or nothing.
            let shared =
                ties.shared.iter().filter(|(name, _)| ties.service.is_none() || *name == "alertname");
            for (name, value) in ties.machine.iter().chain(shared) {
                let by_value = self.labels.get(*name);
                found.extend(by_value.and_then(|all| all.get(*value)).into_iter().flatten());
            }
        }
        found.into_iter().filter_map(|id| self.all.get(id))
    }
}

fn note(index: &mut BTreeMap<String, Ids>, key: &str, id: &IncidentId) {
    match index.get_mut(key) {
        Some(ids) if ids.contains(id) => {}
        Some(ids) => drop(ids.insert(id.clone())),
        None => drop(index.insert(key.to_owned(), Ids::from([id.clone()]))),
    }
}

fn forget(index: &mut BTreeMap<String, Ids>, key: &str, id: &IncidentId) {
    if let Some(ids) = index.get_mut(key) {
        ids.remove(id);
        if ids.is_empty() {
            index.remove(key);
        }
    }
}
