//! The assessment of this run's evidence by the analysis: since when, how many requests and users, what it takes of the error
//! budget. It is stated beside what the counters of the last seconds say, and stands in where there are none.

use std::sync::Arc;

use firebell_core::evidence::Strength;
use firebell_core::severity::Facts;
use firebell_core::verdict::Verdict;

use super::measure::Measured;
use crate::case::{self, Recorded};
use crate::run::{Run, clip};
use crate::tools::records_of;

/// States the impact, and gives the facts that count for severity: what was measured, or where nothing could be, what the
/// analysis counted in traces and other metrics.
pub(crate) async fn assess_impact(run: &mut Run, measured: Measured, verdict: Option<Verdict>) -> Facts {
    let recorded: Vec<Recorded> =
        run.held.iter().map(|h| Recorded { record: h.record.clone(), part: h.part.clone() }).collect();
    if recorded.iter().all(|r| r.part.is_empty()) {
        return measured.facts;
    }
    let input = Arc::clone(&run.input);
    let work = tokio::task::spawn_blocking(move || {
        let telemetry = case::assemble(&input.incident, &input.policy, recorded);
        let settings = case::settings(&input.incident, &input.policy, &telemetry, &[]);
        firebell_rca::impact::assess(&telemetry, &settings, verdict.as_ref())
    });
    let impact = match work.await {
        Ok(impact) => impact,
        Err(error) => {
            run.gap(format!("the assessment of the impact failed by a defect of its own: {error}"));
            return measured.facts;
        }
    };
    let sentence = impact.sentence();
    run.step("assess impact", clip(&sentence, 300));
    if impact.share.is_some_and(|share| share >= 0.01) {
        let ids = records_of(&run.held, &impact.evidence);
        let at = impact.edge.first().map(|h| h.component.clone());
        run.claim(clip(&sentence, 400), ids, Strength::Moderate, at);
    }
    if measured.blind.is_none() {
        return measured.facts;
    }
    let mut facts = impact.facts();
    facts.absorb(&measured.facts);
    facts
}
