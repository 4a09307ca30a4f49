//! An alert: signals with one fingerprint, folded.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::{Fingerprint, IncidentId};
use crate::signal::{Signal, SignalState};
use crate::telemetry::Labels;

/// How many changes of state an alert remembers for flap damping.
const REMEMBERED_TURNS: usize = 16;

/// The fold of an alert's signals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Identity.
    pub fingerprint: Fingerprint,
    /// Configured source.
    pub source: String,
    /// Labels.
    pub labels: Labels,
    /// Texts; the latest.
    pub annotations: Labels,
    /// Fires now.
    pub firing: bool,
    /// Somebody acknowledged it at the sender's side.
    #[serde(default)]
    pub acknowledged: bool,
    /// Since when it has fired, by the sender.
    pub starts_at: Timestamp,
    /// When it ended, or lapses without a repeat.
    pub ends_at: Option<Timestamp>,
    /// First signal ever.
    pub first_seen: Timestamp,
    /// Last signal.
    pub last_seen: Timestamp,
    /// Signals.
    pub count: u64,
    /// When it turned from firing to resolved or back, newest last.
    #[serde(default)]
    pub turns: Vec<Timestamp>,
    /// Link back.
    #[serde(default)]
    pub generator_url: Option<String>,
    /// Service it was routed to.
    #[serde(default)]
    pub service: Option<String>,
    /// Incident it belongs to.
    #[serde(default)]
    pub incident: Option<IncidentId>,
    /// Silences that cover it.
    #[serde(default)]
    pub silenced_by: Vec<String>,
    /// Fingerprints of alerts that inhibit it.
    #[serde(default)]
    pub inhibited_by: Vec<String>,
}

/// What a signal did to its alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// New and firing, or firing again after it was resolved.
    Fired,
    /// Resolved just now.
    Resolved,
    /// Acknowledged at the sender's side just now.
    Acknowledged,
    /// A repeat.
    Repeat,
}

impl Alert {
    /// Folds a signal in.
    pub fn fold(before: Option<Self>, signal: &Signal, received_at: Timestamp) -> (Self, Turn) {
        let firing =
            signal.state != SignalState::Resolved && signal.ends_at.is_none_or(|end| end > received_at);
        let Some(mut alert) = before else {
            let alert = Self {
                fingerprint: signal.fingerprint.clone(),
                source: signal.source.clone(),
                labels: signal.labels.clone(),
                annotations: signal.annotations.clone(),
                firing,
                acknowledged: signal.state == SignalState::Acknowledged,
                starts_at: signal.starts_at,
                ends_at: signal.ends_at,
                first_seen: received_at,
                last_seen: received_at,
                count: 1,
                turns: vec![received_at],
                generator_url: signal.generator_url.clone(),
                service: None,
                incident: None,
                silenced_by: Vec::new(),
                inhibited_by: Vec::new(),
            };
            let turn = if firing { Turn::Fired } else { Turn::Repeat };
            return (alert, turn);
        };
        let turn = match (alert.firing, firing) {
            (false, true) => Turn::Fired,
            (true, false) => Turn::Resolved,
            _ if signal.state == SignalState::Acknowledged && !alert.acknowledged => Turn::Acknowledged,
            _ => Turn::Repeat,
        };
        if matches!(turn, Turn::Fired | Turn::Resolved) {
            alert.turns.push(received_at);
            if alert.turns.len() > REMEMBERED_TURNS {
                alert.turns.remove(0);
            }
        }
        if turn == Turn::Fired {
            alert.starts_at = signal.starts_at;
            alert.acknowledged = false;
        }
        alert.acknowledged |= signal.state == SignalState::Acknowledged;
        alert.firing = firing;
        alert.ends_at = if firing { signal.ends_at } else { Some(signal.ends_at.unwrap_or(received_at)) };
        alert.last_seen = received_at;
        alert.count += 1;
        // A resolve or acknowledge without texts must not wipe what the alert said.
        if !signal.annotations.is_empty() {
            alert.annotations = signal.annotations.clone();
        }
        if signal.generator_url.is_some() {
            alert.generator_url = signal.generator_url.clone();
        }
        (alert, turn)
    }

    /// How often it turned within `window` before `now`.
    pub fn turns_within(&self, window: SignedDuration, now: Timestamp) -> usize {
        self.turns.iter().filter(|t| now.duration_since(**t) <= window).count()
    }

    /// `alertname`, or a placeholder.
    pub fn name(&self) -> &str {
        self.labels.get("alertname").map_or("(unnamed alert)", String::as_str)
    }
}
