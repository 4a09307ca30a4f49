//! What the machine remembers between transactions. All of it can be rebuilt from the store: after a failed
//! transaction, or a crash, it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use firebell_core::alert::Alert;
use firebell_core::ids::{Fingerprint, IncidentId};
use firebell_core::incident::{Incident, fold};
use firebell_core::intake::OpenIncident;
use firebell_core::policy::Policy;
use firebell_core::ports::store::{StoreError, StoreResult, Tx};
use firebell_core::silence::Silence;
use jiff::Timestamp;

/// Folded incidents kept at hand; older ones are folded again from the store.
const CACHED_INCIDENTS: usize = 256;
/// Firing alerts remembered for inhibition, and held ones.
pub(super) const REMEMBERED_ALERTS: usize = 4096;

/// The engine's state machine.
#[derive(Debug)]
pub struct Machine {
    pub(super) policy: Arc<Policy>,
    /// Hash of the policy, which each proof names.
    pub(super) policy_sha256: String,
    pub(super) incidents: BTreeMap<IncidentId, Incident>,
    pub(super) open: BTreeMap<IncidentId, OpenIncident>,
    pub(super) silences: Vec<Silence>,
    pub(super) firing: BTreeMap<Fingerprint, Alert>,
    pub(super) recent_opens: Vec<Timestamp>,
    /// Firing alerts that a silence, an inhibition or damping keeps from their incident, until it no longer does.
    pub(super) held: BTreeSet<Fingerprint>,
    /// Where the last look at the held ones ended.
    pub(super) looked_at: Option<Fingerprint>,
    loaded: bool,
}

impl Machine {
    /// A machine that knows nothing yet.
    pub fn new(policy: Arc<Policy>) -> Self {
        Self {
            policy_sha256: policy.sha256(),
            policy,
            incidents: BTreeMap::new(),
            open: BTreeMap::new(),
            silences: Vec::new(),
            firing: BTreeMap::new(),
            recent_opens: Vec::new(),
            held: BTreeSet::new(),
            looked_at: None,
            loaded: false,
        }
    }

    /// Policy in force.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// Forgets everything; the next input loads it from the store. To be called after a transaction failed.
    pub fn forget(&mut self) {
        *self = Self::new(Arc::clone(&self.policy));
    }

    /// The folds kept at hand, on which the next commands will be decided. Each must be what its events fold to.
    pub fn cached(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values()
    }

    /// Loads what is not loaded.
    pub(super) fn ensure_loaded(&mut self, tx: &mut dyn Tx) -> StoreResult<()> {
        if self.loaded {
            return Ok(());
        }
        self.silences = tx.silences()?;
        for id in tx.open_incidents()? {
            if let Some(incident) = load(tx, &id)? {
                self.remember_open(&incident);
                self.incidents.insert(id, incident);
            }
        }
        for alert in tx.firing_alerts(REMEMBERED_ALERTS)? {
            if alert.incident.is_none() {
                self.held.insert(alert.fingerprint.clone());
            }
            self.note_firing(&alert);
        }
        self.loaded = true;
        Ok(())
    }

    /// Folds an incident, from memory where it is there.
    pub(super) fn incident(&mut self, tx: &mut dyn Tx, id: &IncidentId) -> StoreResult<Option<Incident>> {
        if let Some(incident) = self.incidents.get(id) {
            return Ok(Some(incident.clone()));
        }
        load(tx, id)
    }

    /// As [`Machine::incident`], but taken out of memory: whoever takes it puts it back, or keeps what became of it.
    /// Where neither happens the transaction has failed and all is forgotten.
    pub(super) fn take_incident(
        &mut self,
        tx: &mut dyn Tx,
        id: &IncidentId,
    ) -> StoreResult<Option<Incident>> {
        if let Some(incident) = self.incidents.remove(id) {
            return Ok(Some(incident));
        }
        load(tx, id)
    }

    /// Puts an unchanged incident back.
    pub(super) fn put_back(&mut self, incident: Option<Incident>) {
        if let Some(incident) = incident {
            self.incidents.insert(incident.id.clone(), incident);
        }
    }

    /// Keeps the fold of an incident and its row among the open ones.
    pub(super) fn keep(&mut self, incident: Incident) {
        self.remember_open(&incident);
        self.incidents.insert(incident.id.clone(), incident);
        if self.incidents.len() > CACHED_INCIDENTS {
            let closed: Vec<IncidentId> = self
                .incidents
                .values()
                .filter(|i| i.closed_at.is_some())
                .map(|i| i.id.clone())
                .take(CACHED_INCIDENTS / 4)
                .collect();
            for id in closed {
                self.incidents.remove(&id);
            }
        }
    }

    fn remember_open(&mut self, incident: &Incident) {
        if incident.status.is_over() {
            self.open.remove(&incident.id);
            return;
        }
        let policy = Arc::clone(&self.policy);
        let entry = self.open.entry(incident.id.clone()).or_insert_with(|| {
            let mut entry = OpenIncident {
                id: incident.id.clone(),
                title: incident.title.clone(),
                services: incident.services.clone(),
                labels: BTreeMap::new(),
                opened_at: incident.opened_at,
                last_signal_at: incident.last_signal_at,
                restricted: incident.restricted,
            };
            for alert in incident.alerts.values() {
                entry.remember(&alert.labels, &policy);
            }
            entry
        });
        entry.services.clone_from(&incident.services);
        entry.restricted = incident.restricted;
    }

    /// Remembers a firing alert for inhibition, or forgets one that is over.
    pub(super) fn note_firing(&mut self, alert: &Alert) {
        if self.policy.correlation.inhibit.is_empty() {
            return;
        }
        if !alert.firing {
            self.firing.remove(&alert.fingerprint);
        } else if self.firing.len() < REMEMBERED_ALERTS {
            self.firing.insert(alert.fingerprint.clone(), alert.clone());
        }
    }
}

fn load(tx: &mut dyn Tx, id: &IncidentId) -> StoreResult<Option<Incident>> {
    let records = tx.events(id)?;
    if records.is_empty() {
        return Ok(None);
    }
    fold(&records).map(Some).ok_or_else(|| StoreError::Corrupt {
        what: format!("incident {id}"),
        detail: "its first event is not its opening".to_owned(),
    })
}

impl Machine {
    /// Writes a silence; it covers alerts that come from now on.
    ///
    /// # Errors
    /// The store's.
    pub fn put_silence(&mut self, tx: &mut dyn Tx, silence: &Silence) -> StoreResult<()> {
        self.ensure_loaded(tx)?;
        tx.put_silence(silence)?;
        self.silences.retain(|s| s.id != silence.id);
        self.silences.push(silence.clone());
        Ok(())
    }
}
