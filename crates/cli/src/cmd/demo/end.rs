//! The end of a run: what it came to, in words and as `firebell-demo/1`.

use std::path::Path;

use firebell_core::cx::Cx;
use firebell_core::incident::{Incident, PlanState, PlanStatus, Status};
use serde_json::{Value, json};

use super::state::State;
use crate::compose::Running;
use crate::exit_code::ExitCode;
use crate::output::{self, Tone, paint};

/// Tells the outcome and writes the summary.
pub(super) async fn tell(
    state: &State,
    running: &Running,
    incident: &Incident,
    file: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let times = firebell_report::measured(incident);
    let well = match incident.status {
        Status::Resolved => incident.verified,
        // Only the fault behind which nothing is wrong is rightly closed so.
        Status::ClosedHealthy => state.fault == "flapping-alert",
        _ => false,
    };
    let summary = json!({
        "format": "firebell-demo/1",
        "incident": {
            "id": incident.id,
            "severity": incident.severity.severity,
            "severity_rule": incident.severity.rule,
            "kind": incident.kind,
            "status": incident.status,
        },
        "verdict": incident.verdict,
        "mitigations": mitigations(incident),
        "times": {
            "detect_s": times.detect_s,
            "acknowledge_s": times.acknowledge_s,
            "mitigate_s": times.mitigate_s,
            "recover_s": times.recover_s,
            "customer_impact_s": times.customer_impact_s,
            "communication_latency_s": times.communication_latency_s,
        },
        "postmortem": incident.postmortem.as_ref().map(|(markdown, _)| running.data.join(markdown)),
        "bundle": incident.bundle.as_ref().map(|path| running.data.join(path)),
    });
    if let Some(file) = file {
        let text = serde_json::to_string_pretty(&summary)?;
        if file.as_os_str() == "-" {
            output::line(&text);
        } else {
            std::fs::write(file, text + "\n")
                .map_err(|e| anyhow::anyhow!("--json: {} cannot be written: {e}", file.display()))?;
        }
    }
    words(state, running, incident, &summary, well);
    Ok(if well { ExitCode::Ok } else { ExitCode::Wanting })
}

fn words(state: &State, running: &Running, incident: &Incident, summary: &Value, well: bool) {
    let cx = Cx::new(jiff::Timestamp::now(), running.policy());
    let tone = if well { Tone::Good } else { Tone::Bad };
    output::line(&format!(
        "\n{} {}",
        paint(tone, incident.status.as_str()),
        output::clean(&firebell_report::one_line(incident, &cx))
    ));
    for (name, label) in [
        ("detect_s", "time to detect"),
        ("acknowledge_s", "time to acknowledge"),
        ("mitigate_s", "time to mitigate"),
        ("recover_s", "time to recovery"),
        ("customer_impact_s", "customer impact"),
        ("communication_latency_s", "communication latency"),
    ] {
        let value = summary["times"][name]
            .as_f64()
            .map_or_else(|| "not measured".to_owned(), |s| format!("{s:.1} s"));
        output::line(&format!("  {label:<22} {value}"));
    }
    if let (Some(broken), Some(well)) = (state.injected_at, incident.resolved_at) {
        let took = well.duration_since(broken).as_secs_f64();
        output::line(&format!("  {:<22} {took:.1} s", "fault to resolved"));
    }
    output::line(&format!(
        "  incident   {}",
        paint(Tone::Link, &format!("{}/incidents/{}", running.url, incident.id))
    ));
    if let Some((markdown, html)) = &incident.postmortem {
        let place = |path: &str| running.data.join(path).display().to_string();
        output::line(&format!("  postmortem {}\n             {}", place(markdown), place(html)));
    }
    if let Some(bundle) = &incident.bundle {
        output::line(&format!("  evidence   {}", running.data.join(bundle).display()));
    }
}

/// One line for each step that was carried out.
fn mitigations(incident: &Incident) -> Vec<Value> {
    let carried = incident.plans.iter().filter(|p| !p.outputs.is_empty());
    carried
        .flat_map(|p| {
            let outcome = outcome(p);
            p.plan
                .steps
                .iter()
                .map(move |s| json!({ "action": s.action, "target": s.target, "outcome": outcome }))
        })
        .collect()
}

fn outcome(plan: &PlanState) -> &'static str {
    match plan.status {
        PlanStatus::Helped => "helped",
        PlanStatus::Undone => "did_not_help_undone",
        PlanStatus::Failed => "failed",
        other => other.as_str(),
    }
}
