//! The agents, one folder each: `mod.rs` says what the agent is, `deterministic.rs` what it does without a model.

pub(crate) mod backend_architect;
pub(crate) mod bug_issue_creator;
pub(crate) mod code_quality_analyzer;
pub(crate) mod database_admin;
pub(crate) mod devops_troubleshooter;
pub(crate) mod error_detective;
pub(crate) mod incident_responder;
pub(crate) mod network_engineer;
pub(crate) mod observability_engineer;
pub(crate) mod performance_engineer;
mod prepare;
pub(crate) mod security_analyzer;
pub(crate) mod test_generator;
mod words;
