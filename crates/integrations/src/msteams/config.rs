//! What `[[notifiers]] kind = "msteams"` holds.

use std::path::PathBuf;

use serde::Deserialize;

use super::graph::GraphConfig;
use crate::settings::{Connection, Secret};

/// One Workflows webhook: one channel or chat.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; channels say `msteams/NAME`.
    pub name: String,
    /// Address of the workflow "When a Teams webhook request is received"; whoever knows it may post.
    pub webhook_url: Secret,
    /// Security token of an outgoing webhook: what people write to it is checked by it.
    #[serde(default)]
    pub outgoing_token: Option<Secret>,
    /// The team in which rooms of incidents are opened; without it there are none.
    #[serde(default)]
    pub rooms: Option<RoomsConfig>,
    /// PEM file of certificates to trust besides those of the machine.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

/// Where rooms are opened.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomsConfig {
    /// The app that opens them.
    pub graph: GraphConfig,
    /// Id of the team.
    pub team: String,
    /// Who owns private channels: a user's object id. Without it there are none.
    #[serde(default)]
    pub owner: Option<String>,
    /// Address of the team's site, below which files of messages lie that are kept: `https://example.sharepoint.com/sites/ops`.
    /// Without it their names and links are kept.
    #[serde(default)]
    pub files: Option<String>,
}

fn timeout() -> f64 {
    15.0
}

impl Config {
    pub(super) fn connection(&self) -> Connection {
        Connection {
            ca_file: self.ca_file.clone(),
            timeout_s: self.timeout_s,
            max_body: 64 << 10,
            ..Connection::default()
        }
    }
}
