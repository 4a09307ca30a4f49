//! The next best question, asked by the tools that an agent has: what comes is evidence like any other.

use std::sync::Arc;
use std::time::Duration;

use firebell_core::next_query::{Ask, NextQuery};
use firebell_core::ports::telemetry::{LogQuery, TraceQuery};

use super::{cluster_state, get_traces, list_changes, metrics_of, search_logs};
use crate::run::Run;

/// Questions of one round.
const A_ROUND: usize = 2;
/// With less time than this left, what is there has to do.
const TIME_FOR_MORE: Duration = Duration::from_secs(10);
/// Log lines and traces of one narrow look.
const LINES: usize = 20_000;
const TRACES: usize = 200;

/// Asks the best of the questions that this agent may and can ask, each once. Whether anything new came.
pub(super) async fn ask_next(run: &mut Run, next: &[NextQuery], done: &mut Vec<Ask>) -> bool {
    let mut left = A_ROUND;
    let mut learnt = false;
    for q in next {
        if left == 0 || run.left() < TIME_FOR_MORE {
            break;
        }
        if done.contains(&q.ask) || !can(run, q) {
            continue;
        }
        left -= 1;
        done.push(q.ask.clone());
        run.step("next_query", format!("{} It is expected to tell {:.2} bits", q.question, q.gain_bits));
        let before = items(run);
        match &q.ask {
            Ask::Metric { name, labels, .. } => metrics_of(run, q.window, name, labels.clone()).await,
            Ask::Logs { component } => search_logs(run, q.window, Some(plain(component)), LINES).await,
            Ask::Traces { component } => get_traces(run, q.window, Some(plain(component)), TRACES).await,
            Ask::Changes => list_changes(run, q.window).await,
            Ask::State { .. } => cluster_state(run, q.window).await,
        };
        learnt |= items(run) > before;
    }
    learnt
}

fn items(run: &Run) -> usize {
    run.held.iter().map(|h| h.part.len()).sum()
}

/// Whether the agent has the tool and any source the answer.
fn can(run: &Run, q: &NextQuery) -> bool {
    let tools = Arc::clone(&run.tools);
    let any = |has: &dyn Fn(&dyn firebell_core::ports::telemetry::TelemetrySource) -> bool| {
        tools.telemetry.iter().any(|s| has(s.as_ref()))
    };
    match &q.ask {
        // A metric whose name nobody knows was not among all that were asked for.
        Ask::Metric { name, .. } => !name.is_empty() && run.has("query_metrics"),
        Ask::Logs { component } => {
            let query = LogQuery { component: Some(plain(component)), window: q.window, limit: LINES };
            run.has("search_logs") && any(&|s| s.logs(&query).is_some())
        }
        Ask::Traces { component } => {
            let query = TraceQuery { service: Some(plain(component)), window: q.window, limit: TRACES };
            run.has("get_traces") && any(&|s| s.traces(&query).is_some())
        }
        Ask::Changes => run.has("list_changes"),
        Ask::State { .. } => run.has("cluster_state") && any(&|s| s.cluster_state().is_some()),
    }
}

/// A component's name without its kind, as sources know it.
fn plain(component: &str) -> String {
    component.split_once('/').map_or(component, |(_, name)| name).to_owned()
}
