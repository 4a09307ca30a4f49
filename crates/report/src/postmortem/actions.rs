//! What was done: plans, approvals, steps, outcomes.

use firebell_core::incident::PlanState;

use super::write::Record;
use crate::{text, words};

/// Plans that are told of.
const MAX_PLANS: usize = 20;

pub(super) fn actions(record: &Record<'_>) -> String {
    let plans = &record.incident.plans;
    if plans.is_empty() {
        return "No mitigation was proposed.".to_owned();
    }
    let mut out = String::new();
    for (n, plan) in plans.iter().take(MAX_PLANS).enumerate() {
        out.push_str(&one(n + 1, plan));
    }
    if plans.len() > MAX_PLANS {
        out.push_str(&format!("{} more options are in the record.\n", plans.len() - MAX_PLANS));
    }
    out
}

fn one(number: usize, p: &PlanState) -> String {
    let plan = &p.plan;
    let mut out = format!("### {number}. {}: {}\n\n", text::markdown(&plan.title, 200), p.status.as_str());
    let mut say = |line: String| out.push_str(&format!("- {line}\n"));
    say(format!(
        "Plan {} of round {}, prepared by {}, answers {}; {}, risk {}",
        text::code(&p.hash, 40),
        p.round,
        text::markdown(&plan.prepared_by, 60),
        text::code(&plan.answers, 120),
        if plan.reversible { "reversible" } else { "not reversible" },
        format!("{:?}", plan.risk).to_lowercase()
    ));
    for (n, step) in plan.steps.iter().enumerate() {
        let params = serde_json::to_string(&step.params).unwrap_or_default();
        let state = if n < p.steps_done { "done" } else { "not done" };
        let undo = p.undo.get(&n).or(step.inverse.as_ref());
        let undo = undo
            .map_or_else(|| "no inverse".to_owned(), |u| format!("inverse {}", text::code(&u.action, 60)));
        say(format!(
            "Step {}: {} on {} with {}: {state}; {undo}",
            n + 1,
            text::code(&step.action, 60),
            text::code(&step.target, 100),
            text::code(&params, 200)
        ));
    }
    if p.steps_undone > 0 {
        say(format!("{} of {} steps were undone", p.steps_undone, p.steps_done));
    }
    if !plan.expected_effect.is_empty() {
        say(format!("Expected: {}", text::markdown(&plan.expected_effect, 300)));
    }
    for a in &p.approvals {
        let reason =
            if a.reason.is_empty() { String::new() } else { format!(": {}", text::markdown(&a.reason, 200)) };
        let word = if a.go { "Go" } else { "No-go" };
        say(format!("{word} by {} at {}{reason}", text::markdown(&a.by, 80), words::second(a.at)));
    }
    let gos = p.approvals.iter().filter(|a| a.go).count();
    say(format!("Approvals: {gos} given, {} needed", p.approvals_needed));
    for output in p.outputs.iter().take(10) {
        say(format!("The platform said: {}", text::markdown(output, 240)));
    }
    if let Some(recovery) = &p.recovery {
        let word = if recovery.ok { "Recovery was seen" } else { "Recovery was not seen" };
        say(format!("{word}: {}", text::markdown(&recovery.reading, 300)));
        for check in recovery.checks.iter().take(20) {
            let mark = if check.ok { "passed" } else { "did not pass" };
            say(format!(
                "Check {mark}: {} ({})",
                text::markdown(&check.name, 120),
                text::markdown(&check.detail, 200)
            ));
        }
    }
    out.push('\n');
    out
}
