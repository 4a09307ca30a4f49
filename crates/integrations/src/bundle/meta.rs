//! `bundle.json`: the one file that makes a folder a bundle.

use firebell_core::telemetry::{Component, Window};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The format's name.
pub const FORMAT: &str = "firebell-bundle/1";

/// What `bundle.json` says beyond the telemetry itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BundleMeta {
    /// [`FORMAT`]; empty when a writer leaves it to the library.
    pub format: String,
    /// What the reporter wrote.
    pub report: String,
    /// The span to explain.
    pub window: Option<Window>,
    /// When impact began, if somebody says so.
    pub impact_started_at: Option<Timestamp>,
    /// Known components.
    pub components: Vec<Component>,
    /// Folders of the same layout that are read as part of this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// What could not be seen when the bundle was collected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
}
