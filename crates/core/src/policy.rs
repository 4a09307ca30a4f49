//! The workflow's figures as configuration: every number of the severity table is a default here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::comms::Audience;
use crate::effect::RetryPolicy;
use crate::severity::{Severity, SeverityPolicy};

/// Roles that every company has; levels and people may name others.
pub const ROLES: [&str; 9] = [
    "on_call",
    "incident_commander",
    "technical_lead",
    "communications_lead",
    "scribe",
    "senior_engineer",
    "team_lead",
    "executive",
    "facilitator",
];

/// All policy that the core decides by. Durations are seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// When is it which severity.
    pub severity: SeverityPolicy,
    /// What each severity sets; see [`Levels`].
    pub levels: Levels,
    /// Deadlines of phases, agents and checks.
    pub times: Times,
    /// Grouping of alerts to incidents.
    pub correlation: Correlation,
    /// Who approves.
    pub approval: Approval,
    /// Services, their owners, SLOs, dependencies.
    pub services: Vec<Service>,
    /// People.
    pub people: Vec<Person>,
    /// Audience to channels: `{internal = ["email/oncall"]}`. The built-in page always shows every update.
    pub channels: BTreeMap<Audience, Vec<String>>,
    /// Channels that page people.
    pub page_channels: Vec<String>,
    /// Retry of outside effects.
    pub retry: RetryPolicy,
    /// Address under which people reach this server, for links.
    pub public_url: String,
}

/// One [`Level`] a severity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Levels {
    /// Critical.
    pub sev1: Level,
    /// Major.
    pub sev2: Level,
    /// Minor.
    pub sev3: Level,
    /// Cosmetic.
    pub sev4: Level,
}

impl Levels {
    /// The level of a severity.
    pub fn of(&self, severity: Severity) -> &Level {
        match severity {
            Severity::Sev1 => &self.sev1,
            Severity::Sev2 => &self.sev2,
            Severity::Sev3 => &self.sev3,
            Severity::Sev4 => &self.sev4,
        }
    }
}

/// What a severity sets. Missing numbers mean "never".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Level {
    /// Resolve within.
    pub resolve_within_s: Option<i64>,
    /// Internal update every.
    pub internal_every_s: Option<i64>,
    /// Internal updates only where customers feel it.
    pub internal_if_customer_facing: bool,
    /// First status page post within.
    pub public_first_within_s: Option<i64>,
    /// Status page only where customers feel it.
    pub public_if_customer_facing: bool,
    /// Executives are told at once.
    pub executives_at_once: bool,
    /// … with each internal update.
    pub executives_each_update: bool,
    /// … again after so long.
    pub executives_again_after_s: Option<i64>,
    /// Support is told.
    pub support: bool,
    /// … only where customers feel it.
    pub support_if_customer_facing: bool,
    /// Roles to fill: `incident_commander`, `technical_lead`, `communications_lead`, `scribe`, `on_call`.
    pub roles: Vec<String>,
    /// Cause unclear after so long: escalate to `unclear_to`.
    pub unclear_after_s: Option<i64>,
    /// To whom.
    pub unclear_to: String,
    /// Not resolved after so long: escalate to `escalate_to`.
    pub escalate_after_s: Option<i64>,
    /// To whom.
    pub escalate_to: String,
    /// Approvals that a reversible plan needs.
    pub approvals_reversible: u8,
    /// Approvals that an irreversible plan needs.
    pub approvals_irreversible: u8,
    /// A postmortem is required within.
    pub postmortem_within_s: Option<i64>,
    /// Acknowledge within, before the page goes to the deputy.
    pub acknowledge_within_s: Option<i64>,
}

impl Default for Levels {
    fn default() -> Self {
        let roles = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        const MIN: i64 = 60;
        const HOUR: i64 = 60 * MIN;
        Self {
            sev1: Level {
                resolve_within_s: Some(HOUR),
                internal_every_s: Some(15 * MIN),
                public_first_within_s: Some(5 * MIN),
                executives_at_once: true,
                executives_each_update: true,
                support: true,
                roles: roles(&["incident_commander", "technical_lead", "communications_lead", "scribe"]),
                unclear_after_s: Some(30 * MIN),
                unclear_to: "senior_engineer".to_owned(),
                approvals_reversible: 2,
                approvals_irreversible: 2,
                postmortem_within_s: Some(48 * HOUR),
                acknowledge_within_s: Some(2 * MIN),
                ..Level::default()
            },
            sev2: Level {
                resolve_within_s: Some(4 * HOUR),
                internal_every_s: Some(30 * MIN),
                public_first_within_s: Some(15 * MIN),
                executives_at_once: true,
                executives_again_after_s: Some(2 * HOUR),
                support: true,
                roles: roles(&["incident_commander", "on_call"]),
                unclear_after_s: Some(30 * MIN),
                unclear_to: "senior_engineer".to_owned(),
                escalate_after_s: Some(2 * HOUR),
                escalate_to: "senior_engineer".to_owned(),
                approvals_reversible: 1,
                approvals_irreversible: 2,
                postmortem_within_s: Some(48 * HOUR),
                acknowledge_within_s: Some(5 * MIN),
                ..Level::default()
            },
            sev3: Level {
                resolve_within_s: Some(24 * HOUR),
                internal_every_s: Some(HOUR),
                internal_if_customer_facing: true,
                public_first_within_s: Some(HOUR),
                public_if_customer_facing: true,
                support: true,
                support_if_customer_facing: true,
                roles: roles(&["on_call"]),
                escalate_after_s: Some(8 * HOUR),
                escalate_to: "team_lead".to_owned(),
                approvals_reversible: 1,
                approvals_irreversible: 1,
                acknowledge_within_s: Some(30 * MIN),
                ..Level::default()
            },
            sev4: Level { approvals_reversible: 1, approvals_irreversible: 1, ..Level::default() },
        }
    }
}

/// Deadlines of phases, agents and checks, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Times {
    /// Phase 1 ends by (from opening).
    pub assess_by_s: i64,
    /// Phase 2 ends by.
    pub command_by_s: i64,
    /// Phase 3 ends by.
    pub investigate_by_s: i64,
    /// Phase 4 ends by.
    pub mitigate_by_s: i64,
    /// Phase 5 ends by.
    pub verify_by_s: i64,
    /// One agent run takes at most.
    pub agent_deadline_s: i64,
    /// After a plan was carried out, recovery is watched for at most.
    pub recovery_within_s: i64,
    /// Recovery counts once it has held so long.
    pub recovery_hold_s: i64,
    /// Soak between verified mitigation and all-clear.
    pub soak_s: i64,
    /// The investigation begins once the impact is so old: a few samples of it must be there to be read.
    pub gather_s: i64,
    /// Look again after so long where the evidence was insufficient, or healthy once.
    pub look_again_after_s: i64,
    /// Severity is measured again after so long, then after twice as long, and so on, until it is mitigated.
    pub reassess_after_s: i64,
    /// A plan that nobody approved lapses after.
    pub plan_expires_s: i64,
    /// How far before the first sign an investigation reads, as a baseline.
    pub baseline_s: i64,
    /// Distance of metric samples asked for.
    pub step_s: u32,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            assess_by_s: 300,
            command_by_s: 600,
            investigate_by_s: 1800,
            mitigate_by_s: 3600,
            verify_by_s: 5400,
            agent_deadline_s: 120,
            recovery_within_s: 300,
            recovery_hold_s: 60,
            soak_s: 600,
            gather_s: 45,
            look_again_after_s: 120,
            reassess_after_s: 60,
            plan_expires_s: 1800,
            baseline_s: 3600,
            step_s: 15,
        }
    }
}

/// How alerts become incidents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Correlation {
    /// An alert joins an open incident whose last alert is at most so old.
    pub window_s: i64,
    /// … if these labels agree (where both carry them), besides service and topology.
    pub shared_labels: Vec<String>,
    /// Distance in the dependency graph up to which services count as neighbours.
    pub topology_hops: usize,
    /// So many turns within `flap_window_s` make an alert flapping: it no longer opens or reopens incidents.
    pub flap_turns: usize,
    /// See `flap_turns`.
    pub flap_window_s: i64,
    /// Values of the label `severity` that open an incident; others are kept as alerts only. An alert without the label
    /// opens one.
    pub opening_severities: Vec<String>,
    /// After an incident's end, alerts of it that come within so long are taken as its late tail.
    pub late_s: i64,
    /// Inhibition rules.
    pub inhibit: Vec<InhibitRule>,
}

impl Default for Correlation {
    fn default() -> Self {
        Self {
            window_s: 1800,
            shared_labels: vec!["cluster".into(), "namespace".into(), "alertname".into()],
            topology_hops: 2,
            flap_turns: 5,
            flap_window_s: 900,
            opening_severities: ["critical", "page", "error", "high", "warning", "major", "minor"]
                .map(Into::into)
                .to_vec(),
            late_s: 300,
            inhibit: Vec::new(),
        }
    }
}

/// While an alert that meets `source` fires, alerts that meet `target` and agree on `equal` are inhibited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InhibitRule {
    /// Label texts that must be equal on the inhibiting alert.
    pub source: BTreeMap<String, String>,
    /// … on the inhibited one.
    pub target: BTreeMap<String, String>,
    /// Labels that must agree.
    #[serde(default)]
    pub equal: Vec<String>,
}

/// Who approves mitigations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Approval {
    /// Plans of risk `low` that are reversible run without asking.
    pub low_risk_without_asking: bool,
}

/// A service of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// Name as in labels: `checkout`.
    pub name: String,
    /// Component id; `service/NAME` where empty.
    pub component: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Owner: a person's name or a team.
    pub owner: String,
    /// Customers use it.
    pub customer_facing: bool,
    /// Customers pay through it: down means revenue stopped.
    pub revenue: bool,
    /// Services that it calls.
    pub depends_on: Vec<String>,
    /// SLO: share of good requests, 0.999.
    pub slo_availability: Option<f64>,
    /// SLO: 95th percentile of latency, milliseconds.
    pub slo_latency_p95_ms: Option<f64>,
}

impl Service {
    /// The component id.
    pub fn component_id(&self) -> String {
        if self.component.is_empty() { format!("service/{}", self.name) } else { self.component.clone() }
    }
}

/// A person who can hold roles and approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Person {
    /// Name.
    pub name: String,
    /// E-mail.
    pub email: String,
    /// What they can be: `on_call`, `incident_commander`, `technical_lead`, `communications_lead`, `scribe`,
    /// `senior_engineer`, `team_lead`, `executive`, `facilitator`. Order in the configuration is order of preference.
    pub roles: Vec<String>,
}

impl Policy {
    /// Canonical bytes of the policy, as it is kept for replays.
    pub fn canonical(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// SHA-256 of [`Policy::canonical`], hexadecimal.
    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(self.canonical()))
    }

    /// The service that a name, alias or component id means.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services
            .iter()
            .find(|s| s.name == name || s.aliases.iter().any(|a| a == name) || s.component_id() == name)
    }

    /// People who can hold a role, in order of preference.
    pub fn people_for<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a Person> {
        self.people.iter().filter(move |p| p.roles.iter().any(|r| r == role))
    }
}
