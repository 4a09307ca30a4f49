//! devops-troubleshooter: reads logs, recent changes and the state of cluster and platform: error patterns, stack traces.

mod deterministic;

use firebell_core::agent::{AgentSpec, ModelTier, Tiers};

use crate::registry::Agent;

/// Its entry.
pub(crate) const AGENT: Agent = Agent {
    spec: AgentSpec {
        name: "devops-troubleshooter",
        purpose: "Reads logs, recent changes and the state of cluster and platform: error patterns, stack traces.",
        phases: &[3],
        tools: &["search_logs", "list_changes", "cluster_state", "platform_state", "run_rca"],
        tier: Tiers::always(ModelTier::Sonnet),
    },
    act: |run| Box::pin(deterministic::act(run)),
};
