//! The workflow's figures as configuration: every number of the severity table is a default here.

mod changed;
mod checklists;
mod levels;
#[cfg(test)]
mod tests;
mod tracker;
mod war_room;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::comms::Audience;
use crate::effect::RetryPolicy;
use crate::severity::{Severity, SeverityPolicy};
use crate::telemetry::{Component, TopologyEdge};

pub use checklists::Checklists;
pub use levels::{Level, Levels};
pub use tracker::ItemTracker;
pub use war_room::{RestrictedRooms, RoomChat, WarRoom};

/// Roles that every company has; see [`Policy::roles`].
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
    /// Rooms outside, by severity.
    pub war_room: WarRoom,
    /// What whoever takes a role sees to first.
    pub checklists: Checklists,
    /// Where action items get an issue.
    #[serde(skip_serializing_if = "ItemTracker::is_none")]
    pub tracker: ItemTracker,
    /// Retry of outside effects.
    pub retry: RetryPolicy,
    /// Address under which people reach this server, for links.
    pub public_url: String,
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
    /// Phase 6 takes at most; a postmortem that severity does not require is due after as long.
    pub learn_within_s: i64,
    /// What goes to the backlog is due within: the next sprint.
    pub backlog_within_s: i64,
    /// One agent run takes at most.
    pub agent_deadline_s: i64,
    /// After a plan was carried out, recovery is watched for at most. Longer than alerts take to clear: Alertmanager
    /// tells of a group only every five minutes.
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
    /// Who leads for so long is told that somebody else could take over.
    pub handover_suggest_s: i64,
    /// … and is told that somebody else must, and who could is called.
    pub handover_insist_s: i64,
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
            learn_within_s: 172_800,
            backlog_within_s: 1_209_600,
            agent_deadline_s: 120,
            recovery_within_s: 600,
            recovery_hold_s: 60,
            soak_s: 600,
            gather_s: 45,
            look_again_after_s: 120,
            reassess_after_s: 60,
            plan_expires_s: 1800,
            handover_suggest_s: 3600,
            handover_insist_s: 10_800,
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
    /// … if two of these labels agree (where both carry them), besides service and topology.
    pub shared_labels: Vec<String>,
    /// … or one of these, which name the machine that it is about.
    pub binding_labels: Vec<String>,
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
    /// After an incident was called off or found healthy, an alert of it that fires on unbroken is left alone for so
    /// long; then it is news. One that resolves and fires again is news after `late_s`.
    pub cancelled_s: i64,
    /// Opening so many incidents by alerts and reports within `storm_window_s` is a storm: what comes then and has no
    /// other place joins the newest of them.
    pub storm_opens: usize,
    /// See `storm_opens`.
    pub storm_window_s: i64,
    /// Inhibition rules.
    pub inhibit: Vec<InhibitRule>,
}

impl Default for Correlation {
    fn default() -> Self {
        Self {
            window_s: 1800,
            shared_labels: vec!["cluster".into(), "namespace".into(), "alertname".into()],
            binding_labels: ["instance", "node", "host", "hostname", "pod"].map(Into::into).to_vec(),
            topology_hops: 2,
            flap_turns: 5,
            flap_window_s: 900,
            opening_severities: ["critical", "page", "error", "high", "warning", "major", "minor"]
                .map(Into::into)
                .to_vec(),
            late_s: 300,
            cancelled_s: 3600,
            storm_opens: 10,
            storm_window_s: 60,
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

    /// Whether that is its component id. Asked for every alert, so nothing is put together for it.
    fn is_component(&self, id: &str) -> bool {
        if self.component.is_empty() {
            id.strip_prefix("service/").is_some_and(|name| name == self.name)
        } else {
            self.component == id
        }
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
            .find(|s| s.name == name || s.aliases.iter().any(|a| a == name) || s.is_component(name))
    }

    /// The component id that a service's name means; any other name means itself.
    pub fn id_of(&self, name: &str) -> String {
        self.service(name).map_or_else(|| name.to_owned(), Service::component_id)
    }

    /// The services as components, with the other names that telemetry may use for them.
    pub fn components(&self) -> Vec<Component> {
        let of = |s: &Service| {
            let aliases = std::iter::once(s.name.clone()).chain(s.aliases.iter().cloned()).collect();
            Component { id: s.component_id(), aliases }
        };
        self.services.iter().map(of).collect()
    }

    /// The calls that the services declare.
    pub fn topology(&self) -> Vec<TopologyEdge> {
        self.services
            .iter()
            .flat_map(|s| s.depends_on.iter().map(move |d| (s.component_id(), d)))
            .map(|(caller, callee)| TopologyEdge { caller, callee: self.id_of(callee), kind: String::new() })
            .collect()
    }

    /// All roles that there are: the workflow's, and those that levels and people name.
    pub fn roles(&self) -> BTreeSet<&str> {
        let levels = Severity::ALL.into_iter().flat_map(|s| &self.levels.of(s).roles);
        let people = self.people.iter().flat_map(|p| &p.roles);
        ROLES.into_iter().chain(levels.chain(people).map(String::as_str)).collect()
    }

    /// People who can hold a role, in order of preference.
    pub fn people_for<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a Person> {
        self.people.iter().filter(move |p| p.roles.iter().any(|r| r == role))
    }
}
