//! Running an agent, and the store of evidence that agents read and write.

use jiff::Timestamp;

use super::BoxFuture;
use crate::agent::{AgentFailure, AgentReport, AgentTask};
use crate::ids::RunId;
use crate::incident::Incident;
use crate::policy::Policy;

/// What an agent run is given. Everything non-deterministic besides the telemetry itself is here.
#[derive(Debug, Clone)]
pub struct AgentInput {
    /// Which run.
    pub run: RunId,
    /// Which agent.
    pub agent: String,
    /// What for.
    pub task: AgentTask,
    /// The incident as it stands.
    pub incident: Incident,
    /// When the run starts.
    pub now: Timestamp,
    /// To be done by then; the runner stops it at that time.
    pub deadline: Timestamp,
    /// Policy.
    pub policy: std::sync::Arc<Policy>,
}

/// Runs agents.
pub trait AgentRunner: Send + Sync {
    /// Runs one agent to its report.
    ///
    /// # Errors
    /// A sentence for the timeline, and the steps so far; the incident goes on without this agent.
    fn run(&self, input: AgentInput) -> BoxFuture<'_, Result<AgentReport, AgentFailure>>;
}

/// Results of recorded queries by content hash.
pub trait BlobStore: Send + Sync {
    /// Stores bytes under their SHA-256 (hex) and returns it; storing twice is the same as once.
    ///
    /// # Errors
    /// A sentence: what could not be stored and why.
    fn put<'a>(&'a self, bytes: Vec<u8>) -> BoxFuture<'a, Result<String, String>>;

    /// The bytes, if there.
    ///
    /// # Errors
    /// A sentence: what could not be read and why.
    fn get<'a>(&'a self, sha256: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, String>>;
}
