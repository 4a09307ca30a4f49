//! `query_metrics`: series of every name, or of the names that matter.

use std::sync::Arc;

use firebell_core::ids::EvidenceId;
use firebell_core::ports::telemetry::MetricQuery;
use firebell_core::telemetry::{Labels, Series, TelemetryPart, Window};
use futures_util::future::join_all;

use crate::run::Run;

/// Name in the catalogue.
const TOOL: &str = "query_metrics";
/// Most series of one answer.
const MAX_SERIES: usize = 6000;
/// Most names asked for one by one.
const MAX_NAMES: usize = 24;

fn query(run: &Run, name: &str, window: Window) -> MetricQuery {
    MetricQuery {
        name: name.to_owned(),
        labels: Labels::new(),
        window,
        step_s: run.policy().times.step_s.max(1),
        max_series: MAX_SERIES,
    }
}

/// Everything that every source has.
pub(crate) async fn query_metrics(run: &mut Run, window: Window) -> Vec<EvidenceId> {
    let tools = Arc::clone(&run.tools);
    let all = query(run, "", window);
    let questions: Vec<_> =
        tools.telemetry.iter().filter_map(|s| Some((s.name().to_owned(), s.metrics(&all)?))).collect();
    if questions.is_empty() {
        run.gap("no metrics: no configured source has any; connect a Prometheus API or send OTLP");
        return Vec::new();
    }
    run.ask(TOOL, Some(window), questions).await
}

/// Series of one name with these labels, of every source; recorded.
pub(crate) async fn metrics_of(run: &mut Run, window: Window, name: &str, labels: Labels) -> Vec<EvidenceId> {
    let tools = Arc::clone(&run.tools);
    let one = MetricQuery { labels, ..query(run, name, window) };
    let questions: Vec<_> =
        tools.telemetry.iter().filter_map(|s| Some((s.name().to_owned(), s.metrics(&one)?))).collect();
    run.ask(TOOL, Some(window), questions).await
}

/// The names that `pick` picks, of every source that can list its names; recorded.
pub(crate) async fn metrics_named(
    run: &mut Run,
    window: Window,
    pick: impl Fn(&str) -> bool,
) -> Vec<EvidenceId> {
    let names = metric_names(run, window, pick).await;
    let tools = Arc::clone(&run.tools);
    let queries = queries(run, &names, window);
    let questions: Vec<_> = queries
        .iter()
        .filter_map(|(i, q)| {
            let source = tools.telemetry.get(*i)?;
            Some((source.name().to_owned(), source.metrics(q)?))
        })
        .collect();
    if questions.is_empty() {
        return Vec::new();
    }
    run.ask(TOOL, Some(window), questions).await
}

fn queries(run: &Run, names: &[(usize, String)], window: Window) -> Vec<(usize, MetricQuery)> {
    names.iter().map(|(source, name)| (*source, query(run, name, window))).collect()
}

/// Names that exist and that `pick` picks, each with the position of its source.
pub(crate) async fn metric_names(
    run: &mut Run,
    window: Window,
    pick: impl Fn(&str) -> bool,
) -> Vec<(usize, String)> {
    if !run.may(TOOL) {
        return Vec::new();
    }
    let tools = Arc::clone(&run.tools);
    let asked: Vec<_> = tools
        .telemetry
        .iter()
        .enumerate()
        .filter_map(|(i, s)| s.metric_names(window).map(|f| (i, s.name().to_owned(), f)))
        .collect();
    if asked.is_empty() {
        run.gap("no metrics: no configured source has any; connect a Prometheus API or send OTLP");
        return Vec::new();
    }
    let limit = run.left() / 2;
    let answers = join_all(
        asked.into_iter().map(|(i, n, f)| async move { (i, n, tokio::time::timeout(limit, f).await) }),
    )
    .await;
    let mut out = Vec::new();
    for (i, source, answer) in answers {
        match answer {
            Ok(Ok(mut infos)) => {
                infos.sort_by(|a, b| a.name.cmp(&b.name));
                let mut wanted: Vec<String> = infos.into_iter().map(|m| m.name).filter(|n| pick(n)).collect();
                wanted.dedup();
                if wanted.len() > MAX_NAMES {
                    run.gap(format!(
                        "{} of {} metric names of {source} were asked for",
                        MAX_NAMES,
                        wanted.len()
                    ));
                    wanted.truncate(MAX_NAMES);
                }
                out.extend(wanted.into_iter().map(|n| (i, n)));
            }
            Ok(Err(error)) => {
                run.step(TOOL, error.to_string());
                run.gap(format!("{error}; check that system and its credentials with `firebell doctor`"));
            }
            Err(_) => run.gap(format!("{source} did not list its metrics in time; check its load")),
        }
    }
    out
}

/// Series asked for and handed back without being recorded: what a poll looks at between two records.
pub(crate) async fn poll_metrics(run: &mut Run, names: &[(usize, String)], window: Window) -> Vec<Series> {
    let tools = Arc::clone(&run.tools);
    let queries = queries(run, names, window);
    let limit = run.left() / 2;
    let asked = queries.iter().filter_map(|(i, q)| tools.telemetry.get(*i)?.metrics(q));
    let answers = join_all(asked.map(|f| tokio::time::timeout(limit, f))).await;
    let mut out = Vec::new();
    for answer in answers {
        match answer {
            Ok(Ok(answer)) => {
                if let TelemetryPart::Series(series) = answer.part {
                    out.extend(series);
                }
            }
            Ok(Err(error)) => run.gap(error.to_string()),
            Err(_) => run.gap("a source of metrics did not answer in time; check its load"),
        }
    }
    out
}
