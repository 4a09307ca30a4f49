//! bug-issue-creator: writes a backlog ticket for what has no functional impact.

mod deterministic;

use firebell_core::agent::{AgentSpec, ModelTier, Tiers};

use crate::registry::Agent;

/// Its entry.
pub(crate) const AGENT: Agent = Agent {
    spec: AgentSpec {
        name: "bug-issue-creator",
        purpose: "Writes a backlog ticket for what has no functional impact.",
        phases: &[1],
        tools: &[],
        tier: Tiers::always(ModelTier::Haiku),
    },
    act: |run| Box::pin(deterministic::act(run)),
};
