//! observability-engineer: reads metrics, traces and alerts: facts for severity, anomalies, recovery, verification, better alerts.

mod deterministic;
mod learn;

use firebell_core::agent::{AgentSpec, ModelTier, Tiers};

use crate::registry::Agent;

/// Its entry.
pub(crate) const AGENT: Agent = Agent {
    spec: AgentSpec {
        name: "observability-engineer",
        purpose: "Reads metrics, traces and alerts: facts for severity, anomalies, recovery, verification, better alerts.",
        phases: &[1, 3, 4, 5, 6],
        tools: &[
            "query_metrics",
            "get_traces",
            "list_alerts",
            "run_rca",
            "platform_state",
            "smoke_test",
            "read_reports",
        ],
        // Deep where everything is at stake, quick otherwise.
        tier: Tiers { sev1: ModelTier::Opus, ..Tiers::always(ModelTier::Sonnet) },
    },
    act: |run| Box::pin(deterministic::act(run)),
};
