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
    /// The group that the sender put it in; see [`Signal::group_key`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_key: Option<String>,
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
    /// It fires on, and its labels say something else than before: another severity, say.
    Changed,
    /// A repeat, or what says nothing of its state.
    Repeat,
}

impl Alert {
    /// Folds a signal in.
    pub fn fold(before: Option<Self>, signal: &Signal, received_at: Timestamp) -> (Self, Turn) {
        let acknowledges = signal.state == SignalState::Acknowledged;
        // Who acknowledges says that somebody looks, not that it fires: that is the trigger's to say.
        let firing = match signal.state {
            SignalState::Firing => signal.ends_at.is_none_or(|end| end > received_at),
            SignalState::Acknowledged => before.as_ref().is_some_and(|alert| alert.firing),
            SignalState::Resolved => false,
        };
        let Some(mut alert) = before else {
            let alert = Self {
                fingerprint: signal.fingerprint.clone(),
                source: signal.source.clone(),
                labels: signal.labels.clone(),
                annotations: signal.annotations.clone(),
                firing,
                acknowledged: false,
                starts_at: signal.starts_at,
                ends_at: signal.ends_at,
                first_seen: received_at,
                last_seen: received_at,
                count: 1,
                turns: vec![received_at],
                generator_url: signal.generator_url.clone(),
                group_key: signal.group_key.clone(),
                service: None,
                incident: None,
                silenced_by: Vec::new(),
                inhibited_by: Vec::new(),
            };
            let turn = if firing { Turn::Fired } else { Turn::Repeat };
            return (alert, turn);
        };
        let mut turn = match (alert.firing, firing) {
            (false, true) => Turn::Fired,
            (true, false) => Turn::Resolved,
            (true, true) if acknowledges && !alert.acknowledged => Turn::Acknowledged,
            _ => Turn::Repeat,
        };
        // Under a key of the sender's the same alert may come back with other labels; the latest ones hold. A resolve
        // or an acknowledgement often carries few of them and replaces none.
        if signal.state == SignalState::Firing && !signal.labels.is_empty() && alert.labels != signal.labels {
            alert.labels.clone_from(&signal.labels);
            if firing && turn == Turn::Repeat {
                turn = Turn::Changed;
            }
        }
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
        if acknowledges {
            alert.acknowledged |= firing;
        } else {
            alert.ends_at = if firing { signal.ends_at } else { Some(signal.ends_at.unwrap_or(received_at)) };
        }
        alert.firing = firing;
        alert.last_seen = received_at;
        alert.count += 1;
        // A resolve or acknowledge without texts must not wipe what the alert said.
        if !signal.annotations.is_empty() && alert.annotations != signal.annotations {
            alert.annotations.clone_from(&signal.annotations);
        }
        if signal.generator_url.is_some() && alert.generator_url != signal.generator_url {
            alert.generator_url.clone_from(&signal.generator_url);
        }
        if signal.group_key.is_some() && alert.group_key != signal.group_key {
            alert.group_key.clone_from(&signal.group_key);
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

#[cfg(test)]
mod tests;
