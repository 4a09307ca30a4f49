//! The HTTP side of Firebell: what senders post, what Prometheus and `amtool` expect of an Alertmanager, the JSON API,
//! the live page, and the public status page. It decides nothing: writes go to the engine, reads come from the store's reader.

mod access;
mod action;
mod am;
mod api;
mod auth;
mod body;
mod download;
mod drafts;
mod follow;
mod heartbeats;
mod hooks;
mod idempotency;
mod ingest;
mod limits;
mod metrics;
mod oncall;
mod peer;
mod post;
mod problem;
mod query;
mod router;
mod serve;
mod sources;
mod state;
mod status;
mod systems;
#[cfg(test)]
mod tests;
mod ui;

pub use auth::{Auth, Oidc, OidcConfig, Role};
pub use heartbeats::{HeartbeatConfig, Heartbeats, OwnConfig, heartbeat, watch_heartbeats};
pub use hooks::Channels;
pub use limits::LimitsConfig;
pub use oncall::{Configured, RosterFiles, follow_roster, roster_in_force};
pub use post::{PostOffice, PostSettings, PushDevices, post};
pub use router::{Site, router};
pub use serve::serve;
pub use sources::{MAX_BODY, Sources};
pub use state::AppState;
pub use status::{ComponentConfig, StatusConfig};
pub use systems::Systems;
