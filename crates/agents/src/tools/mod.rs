//! The tools of the agents, one file each. A tool asks through a port, records what it was told as evidence and lists
//! what it could not see as a gap; it never fails a run.

mod cluster_state;
mod get_traces;
mod list_alerts;
mod list_changes;
mod next_best;
mod platform_state;
mod propose_action;
mod query_metrics;
mod read_reports;
mod read_topology;
mod run_rca;
mod search_logs;
mod similar_incidents;
mod smoke_test;

pub(crate) use cluster_state::cluster_state;
pub(crate) use get_traces::get_traces;
pub(crate) use list_alerts::{list_alerts, still_firing};
pub(crate) use list_changes::list_changes;
pub(crate) use platform_state::platform_state;
pub(crate) use propose_action::propose_action;
pub(crate) use query_metrics::{metric_names, metrics_named, metrics_of, poll_metrics, query_metrics};
pub(crate) use read_reports::last_report;
pub(crate) use read_topology::read_topology;
pub(crate) use run_rca::{records_of, run_rca};
pub(crate) use search_logs::search_logs;
pub(crate) use similar_incidents::{PAST_KIND, priors, similar_incidents};
pub(crate) use smoke_test::smoke_test;
