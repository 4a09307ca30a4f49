//! database-admin: validates causes in databases and connection pools, and prepares mitigations.

mod deterministic;

use firebell_core::agent::{AgentSpec, ModelTier, Tiers};

use crate::registry::Agent;

/// Its entry.
pub(crate) const AGENT: Agent = Agent {
    spec: AgentSpec {
        name: "database-admin",
        purpose: "Validates causes in databases and connection pools, and prepares mitigations.",
        phases: &[3, 4],
        tools: &[
            "query_metrics",
            "search_logs",
            "list_changes",
            "cluster_state",
            "platform_state",
            "propose_action",
        ],
        tier: Tiers::always(ModelTier::Sonnet),
    },
    act: |run| Box::pin(deterministic::act(run)),
};
