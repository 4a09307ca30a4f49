//! code-quality-analyzer: looks for the same pattern elsewhere: in other services and in other changes.

mod deterministic;

use firebell_core::agent::{AgentSpec, ModelTier, Tiers};

use crate::registry::Agent;

/// Its entry.
pub(crate) const AGENT: Agent = Agent {
    spec: AgentSpec {
        name: "code-quality-analyzer",
        purpose: "Looks for the same pattern elsewhere: in other services and in other changes.",
        phases: &[6],
        tools: &["list_changes", "platform_state"],
        tier: Tiers::always(ModelTier::Sonnet),
    },
    act: |run| Box::pin(deterministic::act(run)),
};
