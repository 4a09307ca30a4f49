//! Running an agent. It reads only; a run that is repeated after a crash reports again, and the first report counts.

use std::sync::Arc;
use std::time::Duration;

use firebell_core::agent::AgentTask;
use firebell_core::ids::RunId;
use firebell_core::incident::{Command, Incident, RunStatus};
use firebell_core::ports::agent::AgentInput;

use super::{Executor, done};
use crate::machine::EffectResult;

pub(super) async fn run(
    executor: &Executor,
    incident: Incident,
    run: RunId,
    agent: String,
    task: AgentTask,
) -> EffectResult {
    let now = (executor.clock)();
    let waits = incident.runs.get(&run).filter(|r| r.status == RunStatus::Running).map(|r| r.deadline);
    let Some(deadline) = waits else {
        return EffectResult {
            outcome: done("nobody waits for this run any more"),
            commands: Vec::new(),
            held: false,
        };
    };
    let left = Duration::try_from(deadline.duration_since(now)).unwrap_or(Duration::ZERO);
    let input = AgentInput {
        run: run.clone(),
        agent,
        task,
        incident,
        now,
        deadline,
        policy: Arc::clone(&executor.policy),
    };
    let command = match tokio::time::timeout(left, executor.agents.run(input)).await {
        Ok(Ok(report)) => Command::ReportAgent { run, report },
        Ok(Err(failure)) => Command::FailAgent { run, failure },
        Err(_) => Command::FailAgent {
            run,
            failure: format!("was stopped at its deadline after {} s", left.as_secs()).into(),
        },
    };
    EffectResult { outcome: done("reported"), commands: vec![command], held: false }
}
