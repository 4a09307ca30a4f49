//! Changing a production system: the typed actions of `docs/platform-api.md`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::telemetry::QueryError;
use super::{BoxFuture, Health};
use crate::effect::Outcome;

/// One service as the platform sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceState {
    /// Name.
    pub name: String,
    /// Component id.
    pub component: String,
    /// Answers its readiness probe.
    pub ready: bool,
    /// What runs.
    pub version: String,
    /// What can be rolled back to, oldest first.
    pub versions: Vec<String>,
    /// Copies.
    pub replicas: u32,
    /// Configuration, flat.
    pub config: serde_json::Map<String, Value>,
    /// Flags: name to `{enabled, percent}`.
    pub flags: serde_json::Map<String, Value>,
    /// Actions that it supports.
    pub actions: Vec<String>,
}

impl Default for ServiceState {
    fn default() -> Self {
        Self {
            name: String::new(),
            component: String::new(),
            ready: true,
            version: String::new(),
            versions: Vec::new(),
            replicas: 1,
            config: serde_json::Map::new(),
            flags: serde_json::Map::new(),
            actions: Vec::new(),
        }
    }
}

/// What a platform stands in front of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// What customers use.
    #[default]
    Production,
    /// A copy of it where plans are tried first.
    Staging,
}

/// One action on its way out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionRequest {
    /// Idempotency key.
    pub key: String,
    /// `rollback`, …
    pub action: String,
    /// Component id.
    pub target: String,
    /// Parameters.
    pub params: Value,
    /// Check only.
    pub dry_run: bool,
}

/// One smoke test's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SmokeCheck {
    /// The path that was walked.
    pub name: String,
    /// Component it enters by.
    #[serde(default)]
    pub component: String,
    /// Passed.
    pub ok: bool,
    /// What happened.
    #[serde(default)]
    pub detail: String,
    /// How long it took.
    #[serde(default)]
    pub duration_ms: u64,
}

/// A configured platform.
pub trait Platform: Send + Sync {
    /// `platform/shop`.
    fn name(&self) -> &str;

    /// What it stands in front of.
    fn stage(&self) -> Stage {
        Stage::Production
    }

    /// One cheap call.
    fn health(&self) -> BoxFuture<'_, Health>;

    /// What runs now.
    fn services(&self) -> BoxFuture<'_, Result<Vec<ServiceState>, QueryError>>;

    /// Carries an action out. `Outcome::Done.detail` is the platform's output; `Outcome::Done.data` its `inverse`.
    fn act<'a>(&'a self, request: &'a ActionRequest) -> BoxFuture<'a, Outcome>;

    /// Runs the smoke tests.
    fn smoke(&self) -> BoxFuture<'_, Result<Vec<SmokeCheck>, QueryError>>;
}
