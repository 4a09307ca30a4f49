//! A backlog ticket from the record, nothing else.

use firebell_core::agent::{AgentTask, Artifact};

use crate::agents::words::not_mine;
use crate::run::{Run, clip};

pub(super) async fn act(run: &mut Run) -> Result<(), String> {
    if run.input.task != AgentTask::Backlog {
        return not_mine(run);
    }
    let incident = run.incident();
    let services: Vec<&str> = incident.services.iter().map(String::as_str).collect();
    let mut text = format!(
        "# {}\n\n- From: {}\n- Severity: {} ({})\n- Services: {}\n- Reported: {}\n\n## What was reported\n\n{}\n",
        clip(&incident.title, 200),
        incident.id,
        incident.severity.severity,
        incident.severity.because,
        if services.is_empty() { "not named".to_owned() } else { services.join(", ") },
        incident.opened_at,
        quote(&incident.report),
    );
    for (title, body) in incident.reports.iter().take(20) {
        text.push_str(&format!("\n{}\n", quote(&format!("{title}: {body}"))));
    }
    text.push_str("\n## Expected\n\nIt looks as designed; nothing else changes.\n");
    let summary = format!("backlog ticket: {}", clip(&incident.title, 120));
    run.step("write ticket", summary.clone());
    run.report.artifacts.push(Artifact {
        name: "ticket.md".to_owned(),
        summary,
        media_type: "text/markdown".to_owned(),
        content: text,
    });
    Ok(())
}

/// Outside text as a quotation, so that it cannot pass for ours.
fn quote(text: &str) -> String {
    let lines: Vec<String> = clip_lines(text, 200).iter().map(|l| format!("> {l}")).collect();
    if lines.is_empty() { "> (nothing was written)".to_owned() } else { lines.join("\n") }
}

fn clip_lines(text: &str, most: usize) -> Vec<String> {
    text.lines().take(most).map(|l| clip(l, 500)).collect()
}
