//! Phase 6: what the record teaches, and the work that follows.

use firebell_core::agent::{ActionItemDraft, Artifact};
use firebell_core::evidence::Strength;

use super::items::items;
use crate::agents::words::{helped, leader, title_of};
use crate::run::{Run, clip};

/// Five whys and the action items that come of them.
pub(super) async fn learn(run: &mut Run) -> Result<(), String> {
    let whys = whys(run);
    let mut text = format!("# Five whys: {}\n\n", clip(&run.incident().title, 200));
    for (n, (question, answer)) in whys.iter().enumerate() {
        text.push_str(&format!("{}. **{question}** {answer}\n", n + 1));
    }
    run.report.artifacts.push(Artifact {
        name: "five-whys.md".to_owned(),
        summary: "from the symptom to what let it happen".to_owned(),
        media_type: "text/markdown".to_owned(),
        content: text,
    });
    let found = items(run.incident());
    run.step("five whys", format!("{} questions, {} action items", whys.len(), found.len()));
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

fn whys(run: &Run) -> Vec<(String, String)> {
    let incident = run.incident();
    let impact = incident.impact.clone().unwrap_or_else(|| "Something was reported as wrong.".to_owned());
    let mut out = vec![("What did customers feel?".to_owned(), impact)];
    let Some(h) = leader(incident) else {
        let gaps = incident.verdict.as_ref().map_or(0, |v| v.gaps.len());
        out.push(("Why?".to_owned(), format!("The cause was not settled; {gaps} things could not be seen.")));
        return out;
    };
    if let Some(last) = h.path.last() {
        let hops: Vec<&str> = h.path.iter().map(|p| p.from.as_str()).chain([last.to.as_str()]).collect();
        out.push(("Why there?".to_owned(), format!("Harm travelled {}.", hops.join(" → "))));
    }
    out.push((
        format!("Why was {} ill?", h.component),
        format!("{}: {}.", title_of(h), clip(&h.mechanism, 300)),
    ));
    let brought = match &h.change {
        Some(change) => format!("Change {change} brought it, and nothing before production showed it."),
        None => "No change brought it: the load or the surroundings changed, and no limit held.".to_owned(),
    };
    out.push(("Why did it happen now?".to_owned(), brought));
    let began = incident.impact_started_at.unwrap_or(incident.opened_at);
    let detect = incident.opened_at.duration_since(began).as_secs().max(0);
    let end = incident.mitigated_at.or(incident.resolved_at);
    let length = end.map_or(0, |t| t.duration_since(incident.opened_at).as_secs());
    let by = helped(incident).map_or("no mitigation of ours".to_owned(), |p| format!("“{}”", p.plan.title));
    out.push((
        "Why did it last so long?".to_owned(),
        format!("{detect} s passed until it was noticed and {length} s until {by} ended it."),
    ));
    out
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
