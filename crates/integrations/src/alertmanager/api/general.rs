//! Status and receivers.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// The one receiver: Firebell itself.
pub const RECEIVER: &str = "firebell";

/// Firebell as an Alertmanager configuration, which `amtool config` reads: one route, one receiver, grouped as
/// [`GROUP_BY`] says. Firebell's own configuration is not shown here: it holds keys.
const CONFIG: &str =
    "route:\n  receiver: firebell\n  group_by:\n  - alertname\n  - service\nreceivers:\n- name: firebell\n";

/// The labels that `GET /api/v2/alerts/groups` groups by.
pub const GROUP_BY: &[&str] = &["alertname", "service"];

/// What `GET /api/v2/status` needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Status<'a> {
    /// Of Firebell.
    pub version: &'a str,
    /// When the server started.
    pub started_at: Timestamp,
}

/// The answer of `GET /api/v2/status`: no cluster, and Firebell's version where Alertmanager has its own.
pub fn status(status: &Status<'_>) -> Value {
    json!({
        "cluster": {"peers": [], "status": "disabled"},
        "config": {"original": CONFIG},
        "uptime": status.started_at,
        "versionInfo": {
            "branch": "firebell",
            "buildDate": "",
            "buildUser": "",
            "goVersion": "",
            "revision": status.version,
            "version": status.version,
        },
    })
}

/// An entry of `GET /api/v2/receivers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receiver {
    /// Name.
    pub name: String,
}

/// The answer of `GET /api/v2/receivers`.
pub fn receivers() -> Vec<Receiver> {
    vec![Receiver { name: RECEIVER.to_owned() }]
}
