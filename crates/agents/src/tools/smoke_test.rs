//! `smoke_test`: the critical paths as a customer walks them.

use std::sync::Arc;
use std::time::Duration;

use firebell_core::ids::EvidenceId;
use firebell_core::ports::platform::SmokeCheck;
use firebell_core::telemetry::{CommandRecord, TelemetryPart};
use futures_util::future::join_all;

use crate::run::Run;

const TOOL: &str = "smoke_test";
const LIMIT: Duration = Duration::from_secs(60);

/// Runs the smoke tests of all platforms; none where no platform could be asked.
pub(crate) async fn smoke_test(run: &mut Run) -> (Option<Vec<SmokeCheck>>, Vec<EvidenceId>) {
    if !run.may(TOOL) {
        return (None, Vec::new());
    }
    let tools = Arc::clone(&run.tools);
    if tools.platforms.is_empty() {
        run.gap("no smoke tests: no platform is configured ([[platforms]], see docs/platform-api.md)");
        return (None, Vec::new());
    }
    let limit = LIMIT.min(run.left() / 2);
    let asked = tools
        .platforms
        .iter()
        .map(|p| async move { (p.name().to_owned(), tokio::time::timeout(limit, p.smoke()).await) });
    let mut all = None;
    let mut ids = Vec::new();
    for (name, answer) in join_all(asked).await {
        match answer {
            Ok(Ok(checks)) => {
                let part = TelemetryPart::Commands(vec![record(&name, &checks)]);
                ids.extend(run.keep_own(TOOL, &name, "POST /platform/v1/smoke", None, part).await);
                all.get_or_insert_with(Vec::new).extend(checks);
            }
            Ok(Err(error)) => run.gap(format!("{error}; the smoke tests of {name} were not run")),
            Err(_) => {
                run.gap(format!("the smoke tests of {name} were not through after {} s", limit.as_secs()));
            }
        }
    }
    (all, ids)
}

fn record(platform: &str, checks: &[SmokeCheck]) -> CommandRecord {
    let lines: Vec<String> = checks
        .iter()
        .map(|c| {
            let word = if c.ok { "ok" } else { "FAILED" };
            format!("{word} {} ({}): {} [{} ms]", c.name, c.component, c.detail, c.duration_ms)
        })
        .collect();
    CommandRecord {
        source: platform.to_owned(),
        line: 1,
        command: "POST /platform/v1/smoke".to_owned(),
        output: lines.join("\n"),
    }
}
