//! error-detective: looks for similar past incidents, correlates errors across services, finds the direction of a cascade.

mod deterministic;

use firebell_core::agent::{AgentSpec, ModelTier, Tiers};

use crate::registry::Agent;

/// Its entry.
pub(crate) const AGENT: Agent = Agent {
    spec: AgentSpec {
        name: "error-detective",
        purpose: "Looks for similar past incidents, correlates errors across services, finds the direction of a cascade.",
        phases: &[3],
        tools: &["similar_incidents", "get_traces", "read_topology", "run_rca"],
        tier: Tiers::always(ModelTier::Sonnet),
    },
    act: |run| Box::pin(deterministic::act(run)),
};
