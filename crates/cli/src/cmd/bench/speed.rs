//! `firebell bench speed`: how long large bundles take, reading included, and how much memory. They are made up first, in a
//! folder that is removed again.

use std::time::Instant;

use firebell_integrations::bundle::{self, synthetic::Sizes, synthetic::write_synthetic};
use firebell_rca::{Settings, investigate};
use serde_json::json;

use crate::args::BenchSpeedArgs;
use crate::exit_code::{ExitCode, coded};
use crate::output;

pub(super) fn run(args: &BenchSpeedArgs) -> anyhow::Result<ExitCode> {
    let dir = std::env::temp_dir().join(format!("firebell-bench-{}", std::process::id()));
    let result = measured(args, &dir);
    // Whatever came of it, the folder is ours.
    let _ = std::fs::remove_dir_all(&dir);
    result
}

fn measured(args: &BenchSpeedArgs, dir: &std::path::Path) -> anyhow::Result<ExitCode> {
    let mut rows = Vec::new();
    for (name, sizes) in [("46 MB log", Sizes::LONG_LOG), ("large bundle", Sizes::LARGE)] {
        let to = dir.join(name.replace(' ', "-"));
        let bytes = write_synthetic(&to, args.seed, &sizes).map_err(|e| anyhow::anyhow!(e.to_string()))?;
        let started = Instant::now();
        let loaded = bundle::read(&to).map_err(|e| coded(ExitCode::Failure, e.to_string()))?;
        let read_s = started.elapsed().as_secs_f64();
        let verdict = investigate(&loaded.telemetry, &Settings::default());
        let whole_s = started.elapsed().as_secs_f64();
        let peak = firebell_agents::peak_rss();
        rows.push(json!({ "bundle": name, "megabytes": bytes / 1_000_000, "series": verdict.stats.series,
            "log_lines": verdict.stats.log_lines, "spans": verdict.stats.spans, "read_s": read_s,
            "whole_s": whole_s, "peak_rss_mib": peak / (1 << 20) }));
        if !args.json {
            output::line(&format!(
                "{name}: {} MB, {} series, {} log lines, {} spans: read {read_s:.2} s, with the investigation {whole_s:.2} s, \
                 peak {} MiB",
                bytes / 1_000_000,
                verdict.stats.series,
                verdict.stats.log_lines,
                verdict.stats.spans,
                peak / (1 << 20)
            ));
        }
    }
    if args.json {
        output::json(&json!({ "runs": rows }));
    }
    Ok(ExitCode::Ok)
}
