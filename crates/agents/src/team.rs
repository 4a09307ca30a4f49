//! The team: runs one agent to its report, within its deadline, and survives whatever it does.

use std::sync::Arc;
use std::time::Duration;

use firebell_core::agent::{AgentFailure, AgentReport};
use firebell_core::ports::BoxFuture;
use firebell_core::ports::agent::{AgentInput, AgentRunner, BlobStore};
use firebell_core::ports::platform::Platform;
use firebell_core::ports::store::Reader;
use firebell_core::ports::telemetry::TelemetrySource;
use jiff::Timestamp;
use tokio::task::JoinHandle;

use crate::registry;
use crate::run::{Run, Trail};

/// Most time kept back from a run: it is to end by then, and one that does not is stopped while it can still be told
/// what it had done, before the incident goes on without it at the deadline.
const KEPT_BACK: Duration = Duration::from_secs(1);

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The ports that agents read through.
pub struct Tools {
    /// Metrics, logs, traces, changes, cluster state.
    pub telemetry: Vec<Arc<dyn TelemetrySource>>,
    /// Platforms: their state and smoke tests; agents never act through them.
    pub platforms: Vec<Arc<dyn Platform>>,
    /// Evidence.
    pub blobs: Arc<dyn BlobStore>,
    /// Past incidents, alerts, changes.
    pub reader: Arc<dyn Reader>,
    /// Clock.
    pub clock: Clock,
}

/// Runs the agents of the catalogue in their deterministic form.
pub struct AgentTeam {
    tools: Arc<Tools>,
}

impl AgentTeam {
    /// A team over these ports.
    pub fn new(tools: Tools) -> Self {
        Self { tools: Arc::new(tools) }
    }
}

/// Ends the task when the caller stops waiting for it.
struct Stop<T>(JoinHandle<T>);

impl<T> Drop for Stop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl AgentRunner for AgentTeam {
    fn run(&self, mut input: AgentInput) -> BoxFuture<'_, Result<AgentReport, AgentFailure>> {
        let tools = Arc::clone(&self.tools);
        Box::pin(async move {
            let name = input.agent.clone();
            let Some(agent) = registry::find(&name) else {
                let reason = format!("there is no agent {name}; the catalogue lists those that exist");
                return Err(reason.into());
            };
            let left = input.deadline.duration_since((tools.clock)());
            let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
            if left.is_zero() {
                return Err(format!("{name} was not started: its deadline had passed").into());
            }
            let kept_back = (left / 20).min(KEPT_BACK);
            input.deadline = input.deadline.checked_sub(kept_back).unwrap_or(input.deadline);
            let ours = Trail::default();
            let trail = ours.clone();
            // A task of its own, so that a panic ends this run and nothing else.
            let mut task = Stop(tokio::spawn(async move {
                let mut run = Run::new(input, tools, &agent.spec, trail);
                (agent.act)(&mut run).await?;
                Ok(run.finish())
            }));
            match tokio::time::timeout(left - kept_back / 2, &mut task.0).await {
                Ok(Ok(result)) => result.map_err(|reason: String| ours.failure(reason)),
                Ok(Err(error)) if error.is_panic() => {
                    tracing::error!(agent = name, %error, "an agent panicked");
                    Err(ours.failure(format!(
                        "{name} failed by a defect of its own; its run is lost, the incident goes on"
                    )))
                }
                Ok(Err(_)) => Err(ours.failure(format!("{name} was stopped"))),
                Err(_) => {
                    let reason = format!("{name} was stopped at its deadline after {} s", left.as_secs());
                    Err(ours.failure(reason))
                }
            }
        })
    }
}
