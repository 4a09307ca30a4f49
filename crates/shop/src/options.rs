//! What a caller decides about a shop, and what it learns back: where everything listens.

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// An HTTP receiver outside the shop.
#[derive(Clone, Serialize, Deserialize)]
pub struct Door {
    /// Base address or full address; see the field of [`ShopOptions`] that holds it.
    pub url: String,
    /// Sent as `Authorization: Bearer`.
    #[serde(default)]
    pub bearer: Option<String>,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token stays out of logs.
        f.debug_struct("Door").field("url", &self.url).field("bearer", &self.bearer.is_some()).finish()
    }
}

/// How a shop runs.
#[derive(Debug, Clone)]
pub struct ShopOptions {
    /// Decides victims, magnitudes, timing, decoys, customers' habits.
    pub seed: u64,
    /// Address that everything listens on.
    pub ip: IpAddr,
    /// Holds state, databases, volumes and `addresses.json`; a shop started on the same folder continues.
    pub state_dir: PathBuf,
    /// Log files of the services and `auth.log`.
    pub log_dir: PathBuf,
    /// Fixed ports by service name (`gateway`, …, `platform`); others are free ones, kept in the state.
    pub ports: BTreeMap<String, u16>,
    /// Bearer token of the platform and control API.
    pub platform_token: String,
    /// OTLP/HTTP base address; `/v1/traces`, `/v1/metrics` and `/v1/logs` are appended.
    pub otlp: Option<Door>,
    /// Full address that takes change events.
    pub changes: Option<Door>,
    /// Base address of an Alertmanager API; `/api/v2/alerts` is appended. `None` turns the alerts of the shop's own
    /// monitor off, for when a real Prometheus watches.
    pub alerts: Option<Door>,
    /// Full address that takes reports by people.
    pub reports: Option<Door>,
    /// How much faster than the demo's pace slow things go (leaks, growing logs, alert windows). 1 is the demo.
    pub time_scale: f64,
    /// Customers at the same time; each makes a little under one request a second.
    pub customers: usize,
    /// How often metrics are pushed over OTLP.
    pub metric_interval: Duration,
}

impl ShopOptions {
    /// Defaults on loopback, with state below `state_dir`.
    pub fn new(state_dir: impl Into<PathBuf>, platform_token: impl Into<String>) -> Self {
        let state_dir = state_dir.into();
        Self {
            seed: 1,
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            log_dir: state_dir.join("logs"),
            state_dir,
            ports: BTreeMap::new(),
            platform_token: platform_token.into(),
            otlp: None,
            changes: None,
            alerts: None,
            reports: None,
            time_scale: 1.0,
            customers: 95,
            metric_interval: Duration::from_secs(1),
        }
    }
}

/// Where everything listens; also written to `addresses.json` in the state folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// Base address by service name; each serves `/metrics` and `/healthz`.
    pub services: BTreeMap<String, String>,
    /// Base addresses of the payment providers, which belong to somebody else and show no metrics.
    pub third_parties: BTreeMap<String, String>,
    /// Base address of the platform and control API.
    pub platform: String,
    /// `host:port` of every service, as a scrape configuration wants them.
    pub scrape_targets: Vec<String>,
    /// Log file by service name, and `auth`.
    pub logs: BTreeMap<String, PathBuf>,
}
