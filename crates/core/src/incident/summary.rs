//! The row of an incident in lists, and the proof that is written with it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::state::{Incident, Phase, Status};
use crate::comms::Audience;
use crate::ids::IncidentId;
use crate::severity::{IncidentKind, Severity};

/// What lists, filters and reports need, without loading the events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Id.
    pub id: IncidentId,
    /// Version that it was made from.
    pub version: u64,
    /// What the state was when this row was written; none in rows of older programs.
    #[serde(default)]
    pub proof: Option<Proof>,
    /// One line.
    pub title: String,
    /// Severity.
    pub severity: Severity,
    /// Rule behind it.
    pub severity_rule: String,
    /// Kind.
    pub kind: IncidentKind,
    /// Status.
    pub status: Status,
    /// Phase.
    pub phase: Phase,
    /// Services.
    pub services: Vec<String>,
    /// Leading cause: `cause@component`.
    pub cause: Option<String>,
    /// Commander or whoever is on call.
    pub commander: Option<String>,
    /// Only for its members.
    pub restricted: bool,
    /// Who they are, while it is restricted; none in rows of older programs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// An exercise.
    pub drill: bool,
    /// Not over.
    pub open: bool,
    /// Work of any kind is left (learning included).
    pub active: bool,
    /// A plan waits for approval.
    pub waits_for_approval: bool,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// First acknowledgement.
    pub acknowledged_at: Option<Timestamp>,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
    /// Last event.
    pub updated_at: Timestamp,
    /// Alerts attached.
    pub alerts: u64,
    /// Dead letters.
    pub dead_effects: u32,
    /// Resolve by.
    pub resolve_by: Option<Timestamp>,
    /// Follow-up work that is not done.
    #[serde(default)]
    pub open_items: u32,
    /// Something was posted to the public; unknown in rows of older programs.
    #[serde(default)]
    pub told_public: Option<bool>,
}

impl Summary {
    /// Makes the row, without its proof; `updated_at` is the time of the last event.
    pub fn of(incident: &Incident, updated_at: Timestamp) -> Self {
        let cause = incident
            .verdict
            .as_ref()
            .filter(|v| v.verdict == crate::verdict::Outcome::Cause)
            .and_then(|v| v.hypotheses.first())
            .map(|h| format!("{}@{}", h.cause, h.component));
        Self {
            id: incident.id.clone(),
            version: incident.version,
            proof: None,
            title: incident.title.clone(),
            severity: incident.severity.severity,
            severity_rule: incident.severity.rule.clone(),
            kind: incident.kind,
            status: incident.status,
            phase: incident.phase,
            services: incident.services.iter().cloned().collect(),
            cause,
            commander: incident.commander().map(str::to_owned),
            restricted: incident.restricted,
            members: if incident.restricted {
                incident.members().into_iter().map(str::to_owned).collect()
            } else {
                Vec::new()
            },
            drill: incident.drill,
            open: !incident.status.is_over(),
            active: incident.closed_at.is_none(),
            waits_for_approval: incident.active_plan().is_none() && incident.next_proposed().is_some(),
            opened_at: incident.opened_at,
            acknowledged_at: incident.acknowledged_at,
            resolved_at: incident.resolved_at,
            updated_at,
            alerts: incident.alerts.len() as u64 + incident.alerts_beyond,
            dead_effects: incident.dead_effects.len() as u32,
            resolve_by: incident.resolve_by,
            open_items: incident.action_items.values().filter(|a| a.done_at.is_none()).count() as u32,
            told_public: Some(incident.updates.iter().any(|u| u.audience == Audience::Public)),
        }
    }
}

/// What a replay is held against: made of the state that decisions were taken on, in the transaction that wrote its
/// last event. Folding the events again must come to the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// SHA-256 of the state as JSON, hexadecimal.
    pub state_sha256: String,
    /// SHA-256 of the policy in force, by which the timers were reckoned.
    pub policy_sha256: String,
    /// Version of the program: another one may write a state in another form.
    pub program: String,
}

impl Proof {
    /// The proof of a state under a policy, by this program.
    pub fn of(incident: &Incident, policy_sha256: &str) -> Self {
        Self {
            state_sha256: state_sha256(incident),
            policy_sha256: policy_sha256.to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// SHA-256 of a state as JSON, hexadecimal.
pub fn state_sha256(incident: &Incident) -> String {
    // Every state has a JSON form: the API answers it.
    hex::encode(Sha256::digest(serde_json::to_vec(incident).unwrap_or_default()))
}
