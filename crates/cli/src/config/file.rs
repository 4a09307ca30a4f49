//! What `firebell.toml` may hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use firebell_core::comms::Audience;
use firebell_core::effect::RetryPolicy;
use firebell_core::policy::{
    Approval, Checklists, Correlation, Levels, Person, Policy, Service, Times, WarRoom,
};
use firebell_core::severity::SeverityPolicy;
use firebell_integrations::backends::{NotifierConfig, PlatformConfig, TelemetryConfig};
use firebell_integrations::bridge::BridgeConfig;
use firebell_integrations::otlp;
use firebell_integrations::settings::Secret;
use firebell_integrations::source_config::SourceConfig;
use firebell_integrations::trackers::TrackerConfig;
use firebell_oncall::Roster;
use firebell_server::{HeartbeatConfig, LimitsConfig, OidcConfig, OwnConfig, StatusConfig};
use serde::Deserialize;

use super::oncall::{OnCall, RosterFolder};

/// The whole file; every part may be missing.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct File {
    /// The server itself.
    pub(crate) server: Server,
    /// Who may sign in.
    pub(crate) tokens: Vec<Token>,
    /// The company's own sign-in.
    pub(crate) oidc: Option<OidcConfig>,
    /// Senders of alerts, changes and reports.
    pub(crate) sources: Vec<SourceConfig>,
    /// What must be heard of regularly.
    pub(crate) heartbeats: Vec<HeartbeatConfig>,
    /// Our own heartbeat.
    pub(crate) heartbeat: Option<OwnConfig>,
    /// Systems that investigations query.
    pub(crate) telemetry: Vec<TelemetryConfig>,
    /// The embedded OTLP receiver.
    pub(crate) otlp: Option<Otlp>,
    /// Channels to people.
    pub(crate) notifiers: Vec<NotifierConfig>,
    /// Systems that mitigations act on.
    pub(crate) platforms: Vec<PlatformConfig>,
    /// Templates of updates.
    pub(crate) templates: Templates,
    /// When is it which severity.
    pub(crate) severity: SeverityPolicy,
    /// What each severity sets.
    pub(crate) levels: Levels,
    /// Deadlines.
    pub(crate) times: Times,
    /// Grouping of alerts.
    pub(crate) correlation: Correlation,
    /// Who approves.
    pub(crate) approval: Approval,
    /// The service catalogue.
    pub(crate) services: Vec<Service>,
    /// People.
    pub(crate) people: Vec<Person>,
    /// Audience to channels.
    pub(crate) channels: BTreeMap<Audience, Vec<String>>,
    /// Channels that page people.
    pub(crate) page_channels: Vec<String>,
    /// Rooms outside, by severity.
    pub(crate) war_room: WarRoom,
    /// Tasks of roles.
    pub(crate) checklists: Checklists,
    /// Video bridges.
    pub(crate) bridges: Vec<BridgeConfig>,
    /// Where action items get an issue, by name.
    pub(crate) trackers: BTreeMap<String, TrackerConfig>,
    /// Retry of outside effects.
    pub(crate) retry: RetryPolicy,
    /// The public status page.
    pub(crate) status: StatusConfig,
    /// How much one caller may ask of the API.
    pub(crate) limits: LimitsConfig,
    /// What is sent to those who asked to be told.
    pub(crate) webhooks: Webhooks,
    /// Where schedules are.
    pub(crate) oncall: OnCall,
    /// What is there; read with the file by [`super::load`].
    #[serde(skip)]
    pub(crate) roster: Roster,
    /// Where it was read from, and how its files were then.
    #[serde(skip)]
    pub(crate) roster_files: Option<(Arc<RosterFolder>, String)>,
}

/// Outgoing webhooks and notifications.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Webhooks {
    /// Receivers may be on this machine and in private networks.
    pub(crate) allow_private: bool,
    /// Whom push services may complain to: `mailto:` or `https:`.
    pub(crate) contact: Option<String>,
}

/// The server itself.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    /// Address to listen on; loopback unless told otherwise.
    pub(crate) listen: Option<String>,
    /// Data folder.
    pub(crate) data: Option<std::path::PathBuf>,
    /// Address under which people reach it, for links.
    pub(crate) public_url: Option<String>,
}

/// One person's token.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    /// Who acts with it: a name of `[[people]]`, or any other.
    pub(crate) name: String,
    /// The token: at least 16 characters.
    pub(crate) token: Secret,
    /// `viewer`, `responder`, `commander` or `admin`.
    #[serde(default = "responder")]
    pub(crate) role: String,
}

fn responder() -> String {
    "responder".to_owned()
}

/// The embedded OTLP receiver; the key is sent as `Authorization: Bearer`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Otlp {
    /// Integration key of exporters.
    pub(crate) key: Secret,
    /// Bounds of the store.
    #[serde(default)]
    pub(crate) store: otlp::Config,
}

/// Templates of updates.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Templates {
    /// Folder whose files replace the built-in ones by name.
    pub(crate) dir: Option<std::path::PathBuf>,
}

impl File {
    /// The policy part.
    pub(crate) fn policy(&self, public_url: &str) -> Policy {
        Policy {
            severity: self.severity.clone(),
            levels: self.levels.clone(),
            times: self.times.clone(),
            correlation: self.correlation.clone(),
            approval: self.approval.clone(),
            services: self.services.clone(),
            people: self.people.clone(),
            channels: self.channels.clone(),
            page_channels: self.page_channels.clone(),
            war_room: self.war_room.clone(),
            checklists: self.checklists.clone(),
            tracker: crate::trackers::policy(self),
            retry: self.retry,
            public_url: public_url.to_owned(),
        }
    }
}
