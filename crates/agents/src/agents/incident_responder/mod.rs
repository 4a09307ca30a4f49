//! incident-responder: leads: classifies severity and impact, puts findings together to a verdict, learns from the incident.

mod deterministic;
mod items;
mod learn;

use firebell_core::agent::{AgentSpec, ModelTier, Tiers};

use crate::registry::Agent;

/// Its entry.
pub(crate) const AGENT: Agent = Agent {
    spec: AgentSpec {
        name: "incident-responder",
        purpose: "Leads: classifies severity and impact, puts findings together to a verdict, learns from the incident.",
        phases: &[1, 2, 3, 4, 5, 6],
        tools: &["list_alerts", "run_rca"],
        // Below a major incident it coordinates lightly.
        tier: Tiers { sev1: ModelTier::Opus, sev2: ModelTier::Opus, ..Tiers::always(ModelTier::Sonnet) },
    },
    act: |run| Box::pin(deterministic::act(run)),
};
