//! What an incident's verdict may not say on the evidence that there is: that nothing is wrong while requests fail or
//! half of the looks were lost, and that a cause is known which is more likely wrong than right.

use firebell_core::agent::AgentTask;
use firebell_core::incident::{Incident, RunStatus};
use firebell_core::verdict::{Outcome, Verdict};

/// Confidence from which people act on a cause.
const SETTLED: f64 = 0.5;
/// Error ratios this far above their baseline are no noise.
const ERRORS_ABOVE: f64 = 0.01;

/// Turns a verdict that claims too much into insufficient evidence, with what was missing as a gap.
pub(crate) fn doubt(incident: &Incident, round: Option<u32>, verdict: &mut Verdict) {
    let why = match verdict.verdict {
        Outcome::Healthy | Outcome::Recovered => unlooked(incident, round).or_else(|| failing(incident)),
        Outcome::Cause => unsettled(verdict),
        Outcome::InsufficientEvidence => None,
    };
    if let Some(why) = why {
        verdict.verdict = Outcome::InsufficientEvidence;
        verdict.gaps.push(why);
    }
}

/// The round whose verdict was asked for last.
pub(super) fn last_asked(incident: &Incident) -> Option<u32> {
    let asked = incident.runs.values().filter_map(|r| match r.task {
        AgentTask::Synthesise { round } => Some(round),
        _ => None,
    });
    asked.max()
}

/// Runs of the round that failed: what they would have seen is not known.
fn unlooked(incident: &Incident, round: Option<u32>) -> Option<String> {
    let round = round?;
    let mut lost: Vec<&str> = incident
        .runs
        .values()
        .filter(|r| r.task == AgentTask::Investigate { round } && r.status == RunStatus::Failed)
        .map(|r| r.agent.as_str())
        .collect();
    lost.sort_unstable();
    (!lost.is_empty()).then(|| {
        format!(
            "{} did not report in round {round}: nothing can be called well without that look",
            lost.join(", ")
        )
    })
}

/// Requests that fail by the last measurement.
fn failing(incident: &Incident) -> Option<String> {
    let now = incident.facts.error_ratio?;
    let usual = incident.facts.baseline_error_ratio.unwrap_or(0.0);
    (now > usual + ERRORS_ABOVE && now > 2.0 * usual)
        .then(|| format!("{:.1} % of requests fail and nothing that was looked at shows why", now * 100.0))
}

fn unsettled(verdict: &Verdict) -> Option<String> {
    let h = verdict.hypotheses.first()?;
    (h.confidence < SETTLED).then(|| {
        format!(
            "{} at {} leads with a confidence of {:.2} only: what would tell it from its rivals was not seen",
            h.cause, h.component, h.confidence
        )
    })
}
