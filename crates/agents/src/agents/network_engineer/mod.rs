//! network-engineer: validates causes in networks, names and certificates, and prepares mitigations.

mod deterministic;

use firebell_core::agent::{AgentSpec, ModelTier, Tiers};

use crate::registry::Agent;

/// Its entry.
pub(crate) const AGENT: Agent = Agent {
    spec: AgentSpec {
        name: "network-engineer",
        purpose: "Validates causes in networks, names and certificates, and prepares mitigations.",
        phases: &[3, 4],
        tools: &[
            "query_metrics",
            "get_traces",
            "search_logs",
            "list_changes",
            "platform_state",
            "cluster_state",
            "propose_action",
        ],
        tier: Tiers::always(ModelTier::Sonnet),
    },
    act: |run| Box::pin(deterministic::act(run)),
};
