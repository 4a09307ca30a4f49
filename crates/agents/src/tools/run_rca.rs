//! `run_rca`: the analysis over what this run has gathered, and its hypotheses as findings.

use std::collections::BTreeSet;
use std::sync::Arc;

use firebell_core::evidence::Strength;
use firebell_core::ids::EvidenceId;
use firebell_core::next_query::NextQuery;
use firebell_core::telemetry::TelemetryPart;
use firebell_core::verdict::{EvidenceRef, Hypothesis, Outcome, Verdict};

use super::next_best::ask_next;
use crate::case::{self, Recorded};
use crate::live;
use crate::run::{Held, Run, clip};

const TOOL: &str = "run_rca";
/// Most hypotheses stated as findings.
const MAX_STATED: usize = 3;

/// Times that the next best question is asked and the analysis repeated.
const MAX_ROUNDS: usize = 2;

/// Runs the analysis on this run's own evidence, asks what would tell its hypotheses apart as far as this agent may, and
/// states what it comes to. `field` says what was looked at.
pub(crate) async fn run_rca(run: &mut Run, field: &str) -> Option<Verdict> {
    if !run.may(TOOL) {
        return None;
    }
    if run.held.iter().all(|h| h.part.is_empty()) {
        run.claim(format!("{field}: nothing to look at"), Vec::new(), Strength::Inconclusive, None);
        return None;
    }
    let (mut verdict, mut next) = analyse(run, field).await?;
    let mut done = Vec::new();
    for _ in 0..MAX_ROUNDS {
        if live::settled(&verdict) || !ask_next(run, &next, &mut done).await {
            break;
        }
        (verdict, next) = analyse(run, field).await?;
    }
    state(run, field, &verdict);
    Some(verdict)
}

async fn analyse(run: &mut Run, field: &str) -> Option<(Verdict, Vec<NextQuery>)> {
    let recorded: Vec<Recorded> =
        run.held.iter().map(|h| Recorded { record: h.record.clone(), part: h.part.clone() }).collect();
    let input = Arc::clone(&run.input);
    let analysis = tokio::task::spawn_blocking(move || {
        let telemetry = case::assemble(&input.incident, &input.policy, recorded);
        let settings = case::settings(&input.incident, &input.policy, &telemetry, &[]);
        let verdict = firebell_rca::investigate(&telemetry, &settings);
        let next = firebell_rca::next_queries(&telemetry, &verdict, &settings);
        (verdict, next)
    });
    let (verdict, next) = match analysis.await {
        Ok(done) => done,
        Err(error) => {
            run.gap(format!("the analysis of {field} failed by a defect of its own: {error}"));
            return None;
        }
    };
    let lead = verdict.hypotheses.first().map_or("no hypothesis".to_owned(), |h| {
        format!("{}@{} at {:.2}", h.cause, h.component, h.confidence)
    });
    run.step(TOOL, format!("{field}: {:?}, {lead}", verdict.verdict));
    Some((verdict, next))
}

fn state(run: &mut Run, field: &str, verdict: &Verdict) {
    if verdict.verdict != Outcome::Cause {
        let text = match verdict.verdict {
            Outcome::Healthy => format!("{field}: nothing is out of the ordinary"),
            Outcome::Recovered => format!("{field}: something moved and is back to normal"),
            _ => format!("{field}: nothing here tells what is wrong"),
        };
        let ids = run.ids_of(|_| true);
        run.claim(text, ids, Strength::Inconclusive, None);
        return;
    }
    for hypothesis in verdict.hypotheses.iter().take(MAX_STATED) {
        let ids = records_of(&run.held, &hypothesis.evidence);
        let ruled_out = ruled_out(verdict, hypothesis);
        let finding = run.claim(
            clip(&format!("{field}: {}", hypothesis.mechanism), 400),
            ids,
            strength(hypothesis),
            Some(hypothesis.component.clone()),
        );
        finding.ruled_out = ruled_out;
    }
}

fn strength(h: &Hypothesis) -> Strength {
    match h.confidence {
        c if c >= 0.7 && h.rank == 1 => Strength::Strong,
        c if c >= 0.4 => Strength::Moderate,
        _ => Strength::Weak,
    }
}

/// What speaks against a hypothesis, and changes that were looked at and found innocent.
fn ruled_out(verdict: &Verdict, h: &Hypothesis) -> Vec<String> {
    let mut out: Vec<String> = h.against.iter().map(|e| clip(&e.reading, 200)).collect();
    if h.rank == 1 {
        let rivals = verdict.hypotheses.iter().skip(1).filter(|r| !r.against.is_empty()).take(2);
        out.extend(rivals.map(|r| {
            let why = r.against.first().map_or("", |e| e.reading.as_str());
            clip(&format!("{} at {}: {why}", r.cause, r.component), 200)
        }));
    }
    out
}

/// The recorded queries that hold what the analysis cites.
pub(crate) fn records_of(held: &[Held], cited: &[EvidenceRef]) -> Vec<EvidenceId> {
    let mut ids = BTreeSet::new();
    for evidence in cited {
        let verb = evidence.query.split(' ').next().unwrap_or("");
        let fits = |h: &&Held| sort(&h.part) == verb && !h.part.is_empty();
        let exact: Vec<_> = held.iter().filter(fits).filter(|h| h.record.source == evidence.source).collect();
        let any = if exact.is_empty() { held.iter().filter(fits).collect() } else { exact };
        ids.extend(any.into_iter().map(|h| h.record.id.clone()));
    }
    ids.into_iter().collect()
}

fn sort(part: &TelemetryPart) -> &'static str {
    match part {
        TelemetryPart::Series(_) => "metric",
        TelemetryPart::Logs(_) => "logs",
        TelemetryPart::Spans(_) => "spans",
        TelemetryPart::Alerts(_) => "alert",
        TelemetryPart::Changes(_) => "change",
        TelemetryPart::Events(_) => "event",
        TelemetryPart::Commands(_) => "command",
        TelemetryPart::Topology(_) => "topology",
        TelemetryPart::Objects(_) => "object",
    }
}
