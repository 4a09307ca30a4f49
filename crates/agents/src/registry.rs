//! The catalogue: one line per agent. What an agent is lives in its folder.

use firebell_core::agent::AgentSpec;
use firebell_core::ports::BoxFuture;

use crate::agents::{
    backend_architect, bug_issue_creator, code_quality_analyzer, database_admin, devops_troubleshooter,
    error_detective, incident_responder, network_engineer, observability_engineer, performance_engineer,
    security_analyzer, test_generator,
};
use crate::run::Run;

/// What one run does to its report; an error is a sentence for the timeline.
pub(crate) type Act = for<'a> fn(&'a mut Run) -> BoxFuture<'a, Result<(), String>>;

/// An agent: its entry and its deterministic form.
pub(crate) struct Agent {
    /// Entry of the catalogue.
    pub(crate) spec: AgentSpec,
    /// Deterministic form.
    pub(crate) act: Act,
}

static AGENTS: [Agent; 12] = [
    incident_responder::AGENT,
    observability_engineer::AGENT,
    devops_troubleshooter::AGENT,
    error_detective::AGENT,
    database_admin::AGENT,
    backend_architect::AGENT,
    network_engineer::AGENT,
    performance_engineer::AGENT,
    security_analyzer::AGENT,
    test_generator::AGENT,
    code_quality_analyzer::AGENT,
    bug_issue_creator::AGENT,
];

/// All agents, in the order of the catalogue.
pub fn catalogue() -> Vec<AgentSpec> {
    AGENTS.iter().map(|a| a.spec.clone()).collect()
}

/// An agent by name.
pub(crate) fn find(name: &str) -> Option<&'static Agent> {
    AGENTS.iter().find(|a| a.spec.name == name)
}
