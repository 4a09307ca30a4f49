//! Phase 6: what the record teaches, and the work that follows.

use firebell_core::agent::ActionItemDraft;
use firebell_core::evidence::Strength;

use super::items::items;
use crate::agents::words::leader;
use crate::run::{Run, clip};

/// The action items that come of the record. The five whys are the postmortem's: it asks them of the whole record.
pub(super) async fn learn(run: &mut Run) -> Result<(), String> {
    let found = items(run.incident());
    run.step("learn", format!("{} action items from the cause and the course", found.len()));
    run.report.action_items.extend(found);
    run.report.action_items.extend(slow_steps(run));
    let known = leader(run.incident()).map(|h| h.mechanism.clone());
    let ids = run
        .incident()
        .verdict
        .as_ref()
        .map(|_| ())
        .and_then(|()| run.incident().evidence.last().map(|e| vec![e.id.clone()]));
    if let Some(mechanism) = known {
        let text = format!("learnt: {}", clip(&mechanism, 400));
        run.claim(text, ids.unwrap_or_default(), Strength::Moderate, None);
    }
    Ok(())
}

/// Work on the response itself, from what the record shows.
fn slow_steps(run: &Run) -> Vec<ActionItemDraft> {
    let incident = run.incident();
    let mut out = Vec::new();
    let failed = incident.plans.iter().filter(|p| {
        use firebell_core::incident::PlanStatus::{Failed, Undone};
        matches!(p.status, Undone | Failed)
    });
    for plan in failed.take(2) {
        out.push(ActionItemDraft {
            title: clip(&format!("Find out why “{}” did not help", plan.plan.title), 160),
            detail: plan.recovery.as_ref().map_or_else(String::new, |r| r.reading.clone()),
            kind: "process".to_owned(),
            impact: 2,
            effort: 1,
            due_days: 14,
        });
    }
    if let Some(gap) = incident.gaps.first() {
        out.push(ActionItemDraft {
            title: format!("Close {} gaps that the investigation met", incident.gaps.len()),
            detail: clip(gap, 300),
            kind: "detect".to_owned(),
            impact: 2,
            effort: 2,
            due_days: 30,
        });
    }
    out
}
