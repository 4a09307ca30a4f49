//! What an investigation may be told beside the telemetry.

use std::collections::BTreeMap;

use firebell_core::telemetry::TopologyEdge;

/// Hints; none is needed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// Call relations known from elsewhere.
    pub known_topology: Vec<TopologyEdge>,
    /// What similar past incidents came to.
    pub priors: Vec<Prior>,
    /// Components that the alerts name.
    pub focus: Vec<String>,
    /// Promised availability by component id, 0 to 1: what error budgets are reckoned from.
    pub slos: BTreeMap<String, f64>,
}

/// One similar incident's cause.
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    /// Component id or name.
    pub component: String,
    /// Cause id.
    pub cause: String,
    /// 0 to 1: how similar.
    pub weight: f64,
}
