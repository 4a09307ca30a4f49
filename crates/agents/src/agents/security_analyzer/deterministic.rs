//! Attack pattern, compromised accounts, exfiltration; containment; audit.

use std::collections::BTreeSet;

use firebell_core::agent::AgentTask;
use firebell_core::evidence::Strength;
use firebell_core::telemetry::{LogLine, TelemetryPart};

use super::learn::learn;
use crate::agents::prepare::{Look, SIGN_INS, prepare, sign_ins};
use crate::agents::words::not_mine;
use crate::plan::Attempts;
use crate::run::{Run, clip};
use crate::tools::{list_changes, run_rca, search_logs};

const METRICS: &[&str] = &["signin", "sign_in", "login", "auth", "rate_limited", "session"];
/// Words of taking data out.
const TAKING: [&str; 7] = ["export", "download", "dump", "bulk", "backup", "archive", "exfil"];

pub(super) async fn act(run: &mut Run) -> Result<(), String> {
    match run.input.task.clone() {
        AgentTask::Investigate { round } => investigate(run, round).await,
        AgentTask::Prepare { .. } => {
            prepare(run, &Look { metrics: METRICS, traces: false, sign_ins: true }).await
        }
        AgentTask::Learn => learn(run).await,
        _ => not_mine(run),
    }
}

async fn investigate(run: &mut Run, round: u32) -> Result<(), String> {
    let window = run.window(round);
    search_logs(run, window, None, SIGN_INS).await;
    list_changes(run, window).await;
    let found = sign_ins(run);
    exfiltration(run, &found);
    run_rca(run, "sign-in records").await;
    Ok(())
}

/// What entered accounts did besides signing in.
pub(super) fn exfiltration(run: &mut Run, found: &Attempts) {
    let ids = run.ids_of(|p| matches!(p, TelemetryPart::Logs(_)));
    if found.compromised.is_empty() {
        return;
    }
    let lines = || {
        run.held
            .iter()
            .filter_map(|h| match &h.part {
                TelemetryPart::Logs(lines) => Some(lines.iter()),
                _ => None,
            })
            .flatten()
    };
    let taking: Vec<&LogLine> = lines().filter(|l| is_theirs(l, found) && takes_data(l)).take(50).collect();
    let text = if taking.is_empty() {
        format!(
            "no sign of exfiltration: no log line shows the {} entered accounts or the attacking addresses exporting \
             or downloading data",
            found.compromised.len()
        )
    } else {
        let accounts: BTreeSet<&str> = found
            .compromised
            .iter()
            .map(String::as_str)
            .filter(|a| taking.iter().any(|l| mentions(l, a)))
            .collect();
        format!(
            "{} log lines show data being taken out by entered accounts ({}): “{}”",
            taking.len(),
            accounts.into_iter().collect::<Vec<_>>().join(", "),
            clip(&taking[0].text, 160)
        )
    };
    let strength = if taking.is_empty() { Strength::Moderate } else { Strength::Strong };
    run.step("exfiltration", clip(&text, 200));
    run.claim(text, ids, strength, None);
}

fn mentions(line: &LogLine, what: &str) -> bool {
    line.text.contains(what) || line.fields.values().any(|v| v == what)
}

fn is_theirs(line: &LogLine, found: &Attempts) -> bool {
    found.compromised.iter().chain(&found.hostile).any(|w| mentions(line, w))
}

fn takes_data(line: &LogLine) -> bool {
    let text = line.text.to_lowercase();
    TAKING.iter().any(|w| text.contains(w))
}
