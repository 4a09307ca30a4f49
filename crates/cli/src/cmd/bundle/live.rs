//! `firebell bundle collect --config`: what the configured telemetry systems hold of a time. Each is asked a bounded
//! question of each kind, with the limits of its own adapter; what does not answer is a gap of the bundle.

use std::sync::Arc;
use std::time::Duration;

use firebell_core::ports::BoxFuture;
use firebell_core::ports::telemetry::{LogQuery, MetricQuery, QueryResult, TelemetrySource, TraceQuery};
use firebell_core::telemetry::{Labels, Telemetry, Window};
use firebell_integrations::bundle::{self, BundleMeta};
use serde_json::json;

use crate::args::CollectArgs;
use crate::exit_code::{ExitCode, coded};
use crate::{compose, config, output};

/// Longest time that one question may take.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn run(args: CollectArgs) -> anyhow::Result<ExitCode> {
    let (Some(start), Some(end)) = (args.from, args.to) else {
        return Err(coded(ExitCode::Usage, "--from and --to are needed with --config"));
    };
    if start >= end {
        return Err(coded(ExitCode::Usage, format!("--from {start} is not before --to {end}")));
    }
    let file = config::load(args.config.as_deref())?;
    let sources = compose::systems(&file, &compose::passing_mask())?.telemetry;
    if sources.is_empty() {
        return Err(coded(ExitCode::Usage, "the configuration names no telemetry system; add [[telemetry]]"));
    }
    let telemetry = gather(&sources, &args, Window { start, end }).await;
    let failed = telemetry.gaps.len();
    bundle::write(&args.out, &telemetry, &BundleMeta::default()).map_err(|e| super::refused(&e))?;
    for gap in &telemetry.gaps {
        output::note(&output::clean(gap));
    }
    let (series, lines, spans) = (telemetry.series.len(), telemetry.logs.len(), telemetry.spans.len());
    if args.server.json {
        output::json(
            &json!({ "path": args.out, "series": series, "log_lines": lines, "spans": spans, "gaps": failed }),
        );
    } else {
        let text =
            format!("{series} series, {lines} log lines, {spans} spans written to {}", args.out.display());
        output::line(&text);
    }
    let nothing = telemetry
        == Telemetry { window: telemetry.window, gaps: telemetry.gaps.clone(), ..Telemetry::default() };
    // What nobody answered is not a bundle of a quiet time.
    Ok(if nothing && failed > 0 { ExitCode::Unreachable } else { ExitCode::Ok })
}

async fn gather(sources: &[Arc<dyn TelemetrySource>], args: &CollectArgs, window: Window) -> Telemetry {
    let metrics = MetricQuery {
        name: String::new(),
        labels: Labels::new(),
        window,
        step_s: args.step,
        max_series: args.max_series,
    };
    let logs = LogQuery { component: None, window, limit: args.max_lines };
    let traces = TraceQuery { service: None, window, limit: args.max_traces };
    let mut out = Telemetry { window: Some(window), ..Telemetry::default() };
    // One question at a time: the systems are in use, and nobody waits for this as for an investigation.
    for source in sources {
        let questions: [(&str, Option<BoxFuture<'_, QueryResult>>); 7] = [
            ("metrics", source.metrics(&metrics)),
            ("logs", source.logs(&logs)),
            ("traces", source.traces(&traces)),
            ("changes", source.changes(window)),
            ("cluster state", source.cluster_state()),
            ("events", source.cluster_events(window)),
            ("calls", source.topology(window)),
        ];
        for (what, question) in questions {
            let Some(question) = question else { continue };
            match tokio::time::timeout(LIMIT, question).await {
                Ok(Ok(answer)) => {
                    if let Some(note) = answer.note {
                        out.gaps.push(format!("{} answered {what} in part: {note}", answer.source));
                    }
                    out.changes_known |= what == "changes";
                    out.absorb(answer.part);
                }
                Ok(Err(error)) => {
                    out.gaps.push(format!("{what}: {error}; `firebell doctor` checks the system"))
                }
                Err(_) => {
                    let name = source.name();
                    out.gaps.push(format!("{name} did not answer {what} within {} s", LIMIT.as_secs()));
                }
            }
        }
    }
    out
}
