//! What agents answer: well-behaved, or anything that an agent could say.

use firebell_core::agent::{ActionItemDraft, AgentReport, AgentTask, Recovery};
use firebell_core::evidence::{EvidenceRecord, Finding, Strength, evidence_id};
use firebell_core::ids::EvidenceId;
use firebell_core::mitigation::{Inverse, Plan, Risk, Step};
use firebell_core::severity::{Facts, IncidentKind};
use firebell_core::verdict::{self, Hypothesis, Outcome, Stats, Verdict};
use jiff::Timestamp;
use serde_json::json;

use crate::dice::Dice;
use crate::samples::plus;

/// A verdict; a cause names the connection pool of checkout.
pub fn verdict(outcome: Outcome) -> Verdict {
    let hypotheses = match outcome {
        Outcome::Cause => vec![Hypothesis {
            rank: 1,
            component: "service/checkout".to_owned(),
            cause: "saturation.connection_pool".to_owned(),
            indicator: None,
            change: None,
            mechanism: "all connections are taken".to_owned(),
            confidence: 0.9,
            path: Vec::new(),
            evidence: Vec::new(),
            against: Vec::new(),
            expected_but_absent: Vec::new(),
            mitigations: Vec::new(),
        }],
        _ => Vec::new(),
    };
    Verdict {
        format: verdict::FORMAT.to_owned(),
        verdict: outcome,
        onset: None,
        hypotheses,
        gaps: Vec::new(),
        challenge: None,
        stats: Stats::default(),
    }
}

/// A plan of `steps` steps, the first `undoable` of them with an inverse.
pub fn plan(title: &str, steps: usize, undoable: usize, now: Timestamp) -> Plan {
    Plan {
        title: title.to_owned(),
        steps: (0..steps)
            .map(|n| Step {
                action: if n == 0 { "scale_pool" } else { "restart" }.to_owned(),
                target: "service/checkout".to_owned(),
                params: json!({ "size": 40 + n }),
                inverse: (n < undoable)
                    .then(|| Inverse { action: "scale_pool".to_owned(), params: json!({ "size": 10 }) }),
            })
            .collect(),
        preconditions: Vec::new(),
        expected_effect: "connections are free again".to_owned(),
        blast_radius: Vec::new(),
        reversible: undoable >= steps,
        risk: Risk::Low,
        verification: "error rate".to_owned(),
        answers: "saturation.connection_pool@service/checkout".to_owned(),
        expires_at: plus(now, 1800),
        prepared_by: "database-admin".to_owned(),
    }
}

/// A finding with a recorded query behind it.
pub fn finding(claim: &str, now: Timestamp) -> (Finding, EvidenceRecord) {
    let sha256 = "0".repeat(64);
    let record = EvidenceRecord {
        id: evidence_id("prometheus/main", claim, None, &sha256),
        source: "prometheus/main".to_owned(),
        query: claim.to_owned(),
        window: None,
        sha256,
        items: 1,
        reading: claim.to_owned(),
        fetched_at: now,
    };
    let finding = Finding {
        claim: claim.to_owned(),
        evidence: vec![record.id.clone()],
        ruled_out: Vec::new(),
        strength: Strength::Strong,
        component: None,
    };
    (finding, record)
}

/// A recovery that went so.
pub fn recovery(ok: bool) -> Recovery {
    let reading = if ok { "error rate is back to 0.1 %" } else { "error rate is still 60 %" };
    Recovery { ok, reading: reading.to_owned(), checks: Vec::new() }
}

/// Follow-up work.
pub fn action_item(title: &str) -> ActionItemDraft {
    ActionItemDraft {
        title: title.to_owned(),
        detail: String::new(),
        kind: "prevent".to_owned(),
        impact: 3,
        effort: 1,
        due_days: 14,
    }
}

/// What a well-behaved agent reports: a cause, one plan, recovery.
pub fn good(run: &str, task: &AgentTask, now: Timestamp) -> AgentReport {
    let mut report = AgentReport::default();
    match task {
        AgentTask::Assess | AgentTask::Backlog => {}
        AgentTask::Investigate { .. } => {
            let (finding, evidence) = finding(&format!("pool of checkout is exhausted, says {run}"), now);
            report.findings.push(finding);
            report.evidence.push(evidence);
        }
        AgentTask::Synthesise { .. } => report.verdict = Some(verdict(Outcome::Cause)),
        AgentTask::Prepare { .. } => report.plans = vec![plan(&format!("larger pool ({run})"), 2, 2, now)],
        AgentTask::WatchRecovery { .. } | AgentTask::Verify { .. } => report.recovery = Some(recovery(true)),
        AgentTask::Learn => report.action_items = vec![action_item("alert on pool waits")],
    }
    report
}

/// Anything that an agent could say, contract kept or not.
pub fn random(dice: &mut Dice, run: &str, task: &AgentTask, now: Timestamp) -> Result<AgentReport, String> {
    if dice.chance(15) {
        return Err("the agent fell over".to_owned());
    }
    let mut report = good(run, task, now);
    if dice.chance(25) {
        // A claim that nothing shows.
        report.findings.push(Finding {
            claim: "it was the intern".to_owned(),
            evidence: vec![EvidenceId::new("ev-made-up")],
            ruled_out: Vec::new(),
            strength: Strength::Strong,
            component: None,
        });
    }
    if dice.chance(20) {
        report.facts = Some(random_facts(dice));
    }
    match task {
        AgentTask::Synthesise { .. } => {
            report.verdict = match dice.below(10) {
                0..=4 => Some(verdict(Outcome::Cause)),
                5 => Some(verdict(Outcome::Healthy)),
                6 => Some(verdict(Outcome::Recovered)),
                7..=8 => Some(verdict(Outcome::InsufficientEvidence)),
                _ => None,
            };
        }
        AgentTask::Prepare { .. } => {
            report.plans = (0..dice.below(4))
                .map(|n| plan(&format!("option {n} ({run})"), dice.below(3), dice.below(3), now))
                .collect();
            if dice.chance(30) {
                // The same plan twice.
                report.plans.extend(report.plans.first().cloned());
            }
        }
        AgentTask::WatchRecovery { .. } | AgentTask::Verify { .. } => {
            report.recovery = dice.chance(90).then(|| recovery(dice.chance(55)));
        }
        _ => {}
    }
    Ok(report)
}

/// Facts that move severity about.
pub fn random_facts(dice: &mut Dice) -> Facts {
    let mut facts = Facts::default();
    match dice.below(6) {
        0 => facts.error_ratio = Some(0.7),
        1 => (facts.error_ratio, facts.users_affected_ratio) = (Some(0.05), Some(0.3)),
        2 => facts.functional_impact = Some(false),
        3 => facts.kind = Some(IncidentKind::Security),
        4 => facts.customer_facing = Some(dice.chance(50)),
        _ => facts.p95_ratio = Some(12.0),
    }
    facts
}
