//! Assesses from words, comes to the verdict, learns.

use std::sync::Arc;

use firebell_core::agent::AgentTask;
use firebell_core::evidence::Strength;
use firebell_core::incident::{self, Event, EventRecord, Incident};
use firebell_core::verdict::{Challenge, Outcome};

use super::learn::learn;
use crate::agents::words::{impact, list, not_mine};
use crate::case::{Recorded, evidence_of_round, judge};
use crate::facts::facts_of_record;
use crate::run::{Held, Run, clip};
use crate::tools::{list_alerts, records_of};

pub(super) async fn act(run: &mut Run) -> Result<(), String> {
    match run.input.task.clone() {
        AgentTask::Assess => assess(run).await,
        AgentTask::Synthesise { round } => synthesise(run, round).await,
        AgentTask::Learn => learn(run).await,
        _ => not_mine(run),
    }
}

async fn assess(run: &mut Run) -> Result<(), String> {
    let alerts = list_alerts(run).await;
    let mut facts = facts_of_record(run.incident());
    let named = mentioned(run);
    for name in &named {
        if !facts.services.contains(name) {
            facts.services.push(name.clone());
        }
    }
    run.step("read the record", format!("{} facts, services: {}", facts.provenance.len(), named.join(", ")));
    let services = list(named.iter().map(String::as_str));
    let firing = run.incident().alerts.values().filter(|a| a.firing).count();
    let text = format!(
        "{firing} of {} attached alerts fire, {} reports; affected by name: {}",
        run.incident().alerts.len(),
        run.incident().reports.len(),
        if services.is_empty() { "none" } else { &services }
    );
    run.claim(text, alerts.into_iter().collect(), Strength::Moderate, None);
    if run.incident().impact.is_none() {
        run.report.impact = impact(&facts, &services);
    }
    run.report.facts = Some(facts);
    Ok(())
}

/// Services of the catalogue that alerts carry or that the record's words name.
fn mentioned(run: &Run) -> Vec<String> {
    let incident = run.incident();
    let mut text = format!("{} {}", incident.title, incident.report);
    for (title, body) in &incident.reports {
        text.push_str(&format!(" {title} {body}"));
    }
    let lower = text.to_lowercase();
    let words: std::collections::BTreeSet<&str> =
        lower.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_')).collect();
    let routed: Vec<&String> = incident.alerts.values().filter_map(|a| a.service.as_ref()).collect();
    run.policy()
        .services
        .iter()
        .filter(|s| {
            incident.services.contains(&s.name)
                || routed.contains(&&s.name)
                || std::iter::once(&s.name)
                    .chain(&s.aliases)
                    .any(|n| words.contains(n.to_lowercase().as_str()))
        })
        .map(|s| s.name.clone())
        .collect()
}

async fn synthesise(run: &mut Run, round: u32) -> Result<(), String> {
    let begun = run.now();
    let asked = as_asked(run).await;
    let records = evidence_of_round(&asked, round);
    let mut recorded = Vec::new();
    for record in records {
        let blob = run.tools.blobs.get(&record.sha256).await;
        match blob {
            Ok(Some(bytes)) => match Recorded::decode(record, &bytes) {
                Ok(part) => recorded.push(part),
                Err(why) => run.gap(why),
            },
            Ok(None) => run.gap(format!("the result of evidence {} is not in the store", record.id)),
            Err(why) => run.gap(format!("evidence {} could not be read: {why}", record.id)),
        }
    }
    run.step("read evidence", format!("{} recorded queries of round {round}", recorded.len()));
    let input = Arc::clone(&run.input);
    let held: Vec<Held> =
        recorded.iter().map(|r| Held { record: r.record.clone(), part: r.part.clone() }).collect();
    let task = tokio::task::spawn_blocking(move || judge(&asked, &input.policy, recorded));
    let mut verdict =
        task.await.map_err(|error| format!("the analysis failed by a defect of its own: {error}"))?;
    verdict.stats.wall_ms = u64::try_from(run.now().duration_since(begun).as_millis()).unwrap_or(0);
    verdict.stats.peak_rss_bytes = crate::run::peak_rss();
    state(run, &verdict, &held);
    run.report.verdict = Some(verdict);
    Ok(())
}

/// The incident as it stood when this verdict was asked for. What joined since then is for the next round: a replay
/// has to come to the same verdict.
async fn as_asked(run: &mut Run) -> Incident {
    let (reader, id) = (Arc::clone(&run.tools.reader), run.incident().id.clone());
    let records = match tokio::task::spawn_blocking(move || reader.events(&id)).await {
        Ok(Ok(records)) => records,
        _ => return run.incident().clone(),
    };
    let asks =
        |r: &EventRecord| matches!(&r.event, Event::AgentRequested { run: id, .. } if *id == run.input.run);
    let Some(at) = records.iter().position(asks) else { return run.incident().clone() };
    incident::fold(&records[..=at]).unwrap_or_else(|| run.incident().clone())
}

fn state(run: &mut Run, verdict: &firebell_core::verdict::Verdict, held: &[Held]) {
    let everything = || held.iter().filter(|h| !h.part.is_empty()).map(|h| h.record.id.clone()).collect();
    let lead = verdict.hypotheses.first();
    match (verdict.verdict, lead) {
        (Outcome::Cause, Some(h)) => {
            let ids = records_of(held, &h.evidence);
            let strength = match h.confidence {
                c if c >= 0.7 => Strength::Strong,
                c if c >= 0.4 => Strength::Moderate,
                _ => Strength::Weak,
            };
            let text = format!("{} (confidence {:.2})", clip(&h.mechanism, 400), h.confidence);
            run.claim(text, ids.clone(), strength, Some(h.component.clone()));
            if let Some(Challenge { claim, why }) = verdict.challenge.clone() {
                run.step("challenge", clip(&claim, 200));
                let ids = if ids.is_empty() { everything() } else { ids };
                run.claim(claim, ids, Strength::Moderate, Some(h.component.clone())).ruled_out = why;
            }
        }
        (Outcome::Healthy, _) => {
            let text = "nothing that customers or services feel is out of the ordinary";
            run.claim(text, everything(), Strength::Moderate, None);
        }
        (Outcome::Recovered, _) => {
            let text = "something was wrong and has passed without a mitigation";
            run.claim(text, everything(), Strength::Moderate, None);
        }
        _ => {
            let text = format!("the evidence does not settle the cause; {} gaps", verdict.gaps.len());
            run.claim(text, everything(), Strength::Inconclusive, None);
            if let Some(Challenge { claim, why }) = verdict.challenge.clone() {
                run.step("challenge", clip(&claim, 200));
                run.claim(claim, everything(), Strength::Moderate, None).ruled_out = why;
            }
        }
    }
    run.step("verdict", format!("{:?}, {} hypotheses", verdict.verdict, verdict.hypotheses.len()));
}
