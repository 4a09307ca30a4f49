//! What the machine remembers between transactions. All of it can be rebuilt from the store: after a failed
//! transaction, or a crash, it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use firebell_core::alert::Alert;
use firebell_core::audit::Act;
use firebell_core::ids::{Fingerprint, IncidentId};
use firebell_core::incident::{Incident, Status, fold};
use firebell_core::intake::{self, OpenIncident, OpenIncidents};
use firebell_core::policy::Policy;
use firebell_core::ports::store::{StoreError, StoreResult, Tx};
use firebell_core::severity::Severity;
use firebell_core::signal::{Signal, SignalState};
use firebell_core::silence::{Silence, Silences};
use firebell_oncall::{Roster, Rota};
use jiff::Timestamp;

use super::fresh::Fresh;
use super::office::audit;

/// Folded incidents kept at hand; older ones are folded again from the store.
const CACHED_INCIDENTS: usize = 256;
/// How many incidents are remembered as over.
const REMEMBERED_ENDS: usize = 4096;
/// Firing alerts remembered for inhibition, and held ones.
pub(super) const REMEMBERED_ALERTS: usize = 4096;

/// The engine's state machine.
#[derive(Debug)]
pub struct Machine {
    pub(super) policy: Arc<Policy>,
    /// Who is on call; nobody where none is configured.
    pub(super) roster: Arc<Rota>,
    /// Hash of the policy, which each proof names.
    pub(super) policy_sha256: String,
    pub(super) incidents: BTreeMap<IncidentId, Incident>,
    pub(super) open: OpenIncidents,
    /// How incidents ended whose alerts still come.
    ended: BTreeMap<IncidentId, Ended>,
    pub(super) silences: Silences,
    /// Firing alerts that may inhibit others.
    pub(super) firing: BTreeMap<Fingerprint, Alert>,
    pub(super) recent_opens: Vec<Timestamp>,
    /// Incidents opened from the inbox by this process.
    pub(super) opened: u64,
    /// Firing alerts that a silence, an inhibition, damping or an incident that has just ended keeps from a place, until
    /// it no longer does.
    pub(super) held: BTreeSet<Fingerprint>,
    /// Where the last look at the held ones ended.
    pub(super) looked_at: Option<Fingerprint>,
    /// Accepted and not taken in yet, as far as they are kept at hand: reading them again from the store costs as much as
    /// taking them in.
    pub(super) fresh: Fresh,
    /// Items accepted and not yet taken in; counted in the store when it is first asked for.
    pub(super) waiting: Option<usize>,
    loaded: bool,
}

impl Machine {
    /// A machine that knows nothing yet.
    pub fn new(policy: Arc<Policy>) -> Self {
        Self {
            policy_sha256: policy.sha256(),
            policy,
            roster: Arc::default(),
            incidents: BTreeMap::new(),
            open: OpenIncidents::default(),
            ended: BTreeMap::new(),
            silences: Silences::default(),
            firing: BTreeMap::new(),
            recent_opens: Vec::new(),
            opened: 0,
            held: BTreeSet::new(),
            looked_at: None,
            fresh: Fresh::default(),
            waiting: None,
            loaded: false,
        }
    }

    /// Policy in force.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// Forgets everything; the next input loads it from the store. To be called after a transaction failed.
    pub fn forget(&mut self) {
        *self = Self { roster: Arc::clone(&self.roster), ..Self::new(Arc::clone(&self.policy)) };
    }

    /// Who is on call.
    pub fn roster(&self) -> &Arc<Roster> {
        self.roster.roster()
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
        self.silences = Silences::new(tx.silences()?);
        let policy = Arc::clone(&self.policy);
        for id in tx.open_incidents()? {
            let Some(incident) = load(tx, &id)? else { continue };
            self.remember_open(&incident);
            // Groups are the alerts' own; the incident's record does not repeat them.
            for fingerprint in incident.alerts.keys() {
                if let Some(alert) = tx.alert(fingerprint)? {
                    let group = alert.group_key.as_deref();
                    self.open.change(&id, |open| open.remember(&alert.labels, group, &policy));
                }
            }
            self.incidents.insert(id, incident);
        }
        for alert in tx.firing_alerts(REMEMBERED_ALERTS)? {
            if alert.incident.as_ref().is_none_or(|id| !self.open.contains(id)) {
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

    /// As [`Machine::incident`], without a copy where it is in memory.
    pub(super) fn look_at<T>(
        &mut self,
        tx: &mut dyn Tx,
        id: &IncidentId,
        look: impl FnOnce(&Incident) -> T,
    ) -> StoreResult<Option<T>> {
        match self.incidents.get(id) {
            Some(incident) => Ok(Some(look(incident))),
            None => Ok(load(tx, id)?.as_ref().map(look)),
        }
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

    /// How an incident ended; `None` where there is no such incident, or it goes on.
    pub(super) fn ended(&mut self, tx: &mut dyn Tx, id: &IncidentId) -> StoreResult<Option<Ended>> {
        if let Some(ended) = self.ended.get(id) {
            return Ok(Some(ended.clone()));
        }
        let ended = match self.incidents.get(id) {
            Some(incident) => Ended::of(incident),
            None => load(tx, id)?.as_ref().and_then(Ended::of),
        };
        self.note_ended(id, ended.clone());
        Ok(ended)
    }

    fn note_ended(&mut self, id: &IncidentId, ended: Option<Ended>) {
        match ended {
            Some(ended) => {
                // Only a memory: what is dropped is folded again.
                if self.ended.len() >= REMEMBERED_ENDS {
                    self.ended.clear();
                }
                self.ended.insert(id.clone(), ended);
            }
            None => {
                self.ended.remove(id);
            }
        }
    }

    fn remember_open(&mut self, incident: &Incident) {
        self.note_ended(&incident.id, Ended::of(incident));
        if incident.status.is_over() {
            if self.open.remove(&incident.id) {
                // What still fires has no place any more, whether or not its sender repeats it.
                let firing = incident.alerts.values().filter(|a| a.firing).map(|a| a.fingerprint.clone());
                let room = REMEMBERED_ALERTS.saturating_sub(self.held.len());
                self.held.extend(firing.take(room));
            }
            return;
        }
        if self.open.contains(&incident.id) {
            return self.open.change(&incident.id, |open| open.follow(incident));
        }
        let mut entry = OpenIncident::of(incident);
        for alert in incident.alerts.values() {
            entry.remember(&alert.labels, None, &self.policy);
        }
        entry.follow(incident);
        self.open.put(entry);
    }

    /// Remembers a firing alert that may inhibit others.
    fn note_firing(&mut self, alert: &Alert) {
        if alert.firing
            && self.firing.len() < REMEMBERED_ALERTS
            && intake::may_inhibit(&self.policy.correlation.inhibit, &alert.labels)
        {
            self.firing.insert(alert.fingerprint.clone(), alert.clone());
        }
    }

    /// What of these signals may inhibit others: known before any of them is placed, so that it does not matter which
    /// comes first in a batch.
    pub(super) fn note_inhibiting(&mut self, signals: &[Signal], now: Timestamp) {
        if self.policy.correlation.inhibit.is_empty() {
            return;
        }
        for signal in signals.iter().filter(|s| s.state != SignalState::Acknowledged) {
            self.firing.remove(&signal.fingerprint);
            if intake::may_inhibit(&self.policy.correlation.inhibit, &signal.labels) {
                self.note_firing(&Alert::fold(None, signal, now).0);
            }
        }
    }
}

/// How an incident ended.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) at: Timestamp,
    pub(super) status: Status,
    pub(super) merged_into: Option<IncidentId>,
    /// It is a ticket now.
    pub(super) filed: bool,
}

impl Ended {
    fn of(incident: &Incident) -> Option<Self> {
        incident.status.is_over().then(|| Self {
            at: incident.resolved_at.unwrap_or(incident.opened_at),
            status: incident.status,
            merged_into: incident.merged_into.clone(),
            filed: incident.status == Status::Resolved && incident.severity.severity == Severity::Sev4,
        })
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
        self.silences.put(silence.clone());
        // Who expires it is not known here; that it changed is.
        let detail = serde_json::json!({"starts_at": silence.starts_at, "ends_at": silence.ends_at});
        let act = Act::new(&silence.created_by, "silence.put", &silence.id).with(detail);
        audit(tx, act, silence.updated_at)
    }
}
