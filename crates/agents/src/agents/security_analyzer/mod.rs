//! security-analyzer: confirms attack patterns, finds compromised accounts, checks for exfiltration, audits what was learnt.

mod deterministic;
mod learn;

use firebell_core::agent::{AgentSpec, ModelTier, Tiers};

use crate::registry::Agent;

/// Its entry.
pub(crate) const AGENT: Agent = Agent {
    spec: AgentSpec {
        name: "security-analyzer",
        purpose: "Confirms attack patterns, finds compromised accounts, checks for exfiltration, audits what was learnt.",
        phases: &[3, 4, 6],
        tools: &[
            "query_metrics",
            "search_logs",
            "list_changes",
            "platform_state",
            "cluster_state",
            "run_rca",
            "propose_action",
        ],
        tier: Tiers::always(ModelTier::Opus),
    },
    act: |run| Box::pin(deterministic::act(run)),
};
