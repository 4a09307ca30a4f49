//! test-generator: writes a regression test for the cause.

mod deterministic;

use firebell_core::agent::{AgentSpec, ModelTier, Tiers};

use crate::registry::Agent;

/// Its entry.
pub(crate) const AGENT: Agent = Agent {
    spec: AgentSpec {
        name: "test-generator",
        purpose: "Writes a regression test for the cause.",
        phases: &[6],
        tools: &["list_changes"],
        tier: Tiers::always(ModelTier::Sonnet),
    },
    act: |run| Box::pin(deterministic::act(run)),
};
