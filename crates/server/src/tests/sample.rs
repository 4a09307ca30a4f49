//! An incident with something in every corner of its page, played through the real engine: the effects of the first
//! phases are answered as agents and channels would.

use firebell_core::agent::{AgentReport, AgentTask, Check, JournalStep, Recovery};
use firebell_core::comms::Update;
use firebell_core::effect::{Effect, Outcome};
use firebell_core::evidence::{EvidenceRecord, Finding, Strength, evidence_id};
use firebell_core::incident::{Command, channels_for};
use firebell_core::mitigation::{Inverse, Plan, Risk, Step};
use firebell_core::policy::{Person, Policy, Service};
use firebell_core::verdict::{
    EvidenceRef, FORMAT, Hypothesis, MitigationHint, Outcome as Verdict, PathStep, Stats, Verdict as Whole,
};
use firebell_engine::handle::Handle;
use firebell_engine::machine::{Claimed, EffectResult};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A policy with people and services.
pub(crate) fn policy() -> Policy {
    let person = |name: &str, roles: &[&str]| Person {
        name: name.to_owned(),
        email: format!("{name}@example.com"),
        roles: roles.iter().map(|r| (*r).to_owned()).collect(),
    };
    let service = |name: &str, depends_on: &[&str]| Service {
        name: name.to_owned(),
        customer_facing: true,
        revenue: name == "checkout",
        owner: "linus".to_owned(),
        slo_availability: Some(0.999),
        depends_on: depends_on.iter().map(|d| (*d).to_owned()).collect(),
        ..Service::default()
    };
    let mut policy = Policy {
        people: vec![
            person("ada", &["incident_commander", "on_call", "facilitator"]),
            person("grace", &["technical_lead", "on_call", "senior_engineer"]),
            person("linus", &["communications_lead", "scribe", "facilitator"]),
        ],
        services: vec![service("checkout", &["payments"]), service("payments", &[])],
        ..Policy::default()
    };
    policy.times.gather_s = 0;
    policy
}

/// Answers what the engine asks for until nothing is due; acts of plans are left alone. `gives` is what the outside
/// world hands back.
pub(crate) async fn play(
    handle: &Handle,
    now: &(dyn Fn() -> Timestamp + Sync),
    gives: &(dyn Fn(&Effect) -> Value + Sync),
) -> Result<(), String> {
    play_editing(handle, now, gives, &|_, _| {}).await
}

/// The same; `edits` changes what agents report.
pub(crate) async fn play_editing(
    handle: &Handle,
    now: &(dyn Fn() -> Timestamp + Sync),
    gives: &(dyn Fn(&Effect) -> Value + Sync),
    edits: &(dyn Fn(&AgentTask, &mut AgentReport) + Sync),
) -> Result<(), String> {
    for _ in 0..40 {
        let claimed = handle.claim(0, 32).await.map_err(|e| e.to_string())?;
        if claimed.is_empty() {
            return Ok(());
        }
        for claimed in claimed {
            if let Some(result) = answer(&claimed, now(), gives, edits) {
                let (key, fence) = (claimed.row.key.clone(), claimed.row.fence);
                handle.finish(&key, fence, result).await.map_err(|e| e.to_string())?;
            }
        }
    }
    Ok(())
}

fn answer(
    claimed: &Claimed,
    now: Timestamp,
    gives: &dyn Fn(&Effect) -> Value,
    edits: &dyn Fn(&AgentTask, &mut AgentReport),
) -> Option<EffectResult> {
    let commands = match &claimed.row.effect {
        Effect::RunAgent { run, task, .. } => {
            let mut report = report(claimed, task, now);
            edits(task, &mut report);
            vec![Command::ReportAgent { run: run.clone(), report }]
        }
        Effect::DraftUpdate { audience, ahead: Some(due), .. } => vec![Command::RecordDraft {
            audience: *audience,
            due: *due,
            subject: format!("{} soon", claimed.incident.title),
            body: "We go on looking into it.".to_owned(),
        }],
        Effect::DraftUpdate { audience, reason, ahead: None } => vec![Command::RecordUpdate {
            update: Update {
                audience: *audience,
                reason: *reason,
                subject: format!("{}: {}", claimed.incident.severity.severity, claimed.incident.title),
                body:
                    "We see **errors in checkout** and are looking into them.\n\nNext update in *15 minutes*."
                        .to_owned(),
                at: now,
                by: "incident-responder".to_owned(),
                channels: channels_for(&claimed.incident, *audience, &policy()),
                by_person: false,
                delivered: Vec::new(),
            },
        }],
        Effect::Act { .. } => return None,
        _ => Vec::new(),
    };
    Some(EffectResult {
        outcome: Outcome::Done { detail: "done".to_owned(), data: gives(&claimed.row.effect) },
        commands,
        held: false,
    })
}

fn report(claimed: &Claimed, task: &AgentTask, now: Timestamp) -> AgentReport {
    let sha = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned();
    let query = "sum(rate(http_errors_total{service=\"checkout\"}[1m]))";
    let id = evidence_id("prometheus/main", query, None, &sha);
    let mut report = AgentReport {
        evidence: vec![EvidenceRecord {
            id: id.clone(),
            source: "prometheus/main".to_owned(),
            query: query.to_owned(),
            window: None,
            sha256: sha.clone(),
            items: 240,
            reading: "errors of checkout rise from 0.1 % to 34 % at 10:18:40".to_owned(),
            fetched_at: now,
        }],
        findings: vec![Finding {
            claim: "Requests to checkout wait for a connection to the orders database and then fail"
                .to_owned(),
            evidence: vec![id],
            ruled_out: vec!["no release in the last 6 hours".to_owned()],
            strength: Strength::Strong,
            component: Some("service/checkout".to_owned()),
        }],
        journal: vec![JournalStep {
            step: "query_metrics".to_owned(),
            outcome: "prometheus/main: 12 series of 3 metrics <b>seen</b>".to_owned(),
            at_ms: 1250,
        }],
        ..AgentReport::default()
    };
    match task {
        AgentTask::Assess => {
            report.impact =
                Some("About a third of purchases fail; customers see an error after ten seconds.".to_owned());
        }
        AgentTask::Investigate { .. } => {
            report.gaps.push("no traces: configure `[[telemetry]] kind = \"jaeger\"`".to_owned())
        }
        AgentTask::Synthesise { .. } => report.verdict = Some(verdict(now, &sha)),
        AgentTask::Prepare { .. } => report.plans = vec![scale(now), restart(now)],
        AgentTask::WatchRecovery { .. } | AgentTask::Verify { .. } => {
            report.recovery = Some(Recovery {
                ok: true,
                reading: format!("errors of {} are back at 0.1 %", claimed.incident.id),
                checks: vec![Check {
                    name: "alerts cleared".to_owned(),
                    ok: true,
                    detail: "0 firing".to_owned(),
                }],
            });
        }
        AgentTask::Learn | AgentTask::Backlog => {}
    }
    report
}

fn verdict(now: Timestamp, sha: &str) -> Whole {
    let evidence = |id: &str, query: &str, reading: &str| EvidenceRef {
        id: id.to_owned(),
        source: "prometheus/main".to_owned(),
        query: query.to_owned(),
        window: None,
        sha256: sha.to_owned(),
        reading: reading.to_owned(),
    };
    let hypothesis = |rank, component: &str, cause: &str, confidence, mechanism: &str| Hypothesis {
        rank,
        component: component.to_owned(),
        cause: cause.to_owned(),
        indicator: Some("db_pool_waiting".to_owned()),
        change: None,
        mechanism: mechanism.to_owned(),
        confidence,
        path: vec![PathStep {
            from: component.to_owned(),
            to: "gateway/edge".to_owned(),
            at: None,
            why: "its errors follow within seconds".to_owned(),
            evidence: Vec::new(),
        }],
        evidence: vec![
            evidence(
                "e1",
                "db_pool_in_use{service=\"checkout\"}",
                "all 20 connections in use since 10:18:30",
            ),
            evidence(
                "e2",
                "db_pool_waiting{service=\"checkout\"}",
                "up to 143 requests wait, none did before",
            ),
            evidence(
                "e3",
                "logs: timed out waiting for a connection after <*> ms",
                "first seen 10:18:41, 1,204 times",
            ),
        ],
        against: Vec::new(),
        expected_but_absent: vec!["slow queries in the database's own log".into()],
        mitigations: vec![MitigationHint {
            action: "scale_pool".to_owned(),
            target: component.to_owned(),
            reversible: true,
            inverse: Some("scale_pool".to_owned()),
        }],
    };
    Whole {
        format: FORMAT.to_owned(),
        verdict: Verdict::Cause,
        onset: now.checked_sub(SignedDuration::from_mins(3)).ok(),
        hypotheses: vec![
            hypothesis(
                1,
                "service/checkout",
                "saturation.connection_pool",
                0.87,
                "Checkout holds each connection while it waits for payments, so its pool runs empty and requests time out.",
            ),
            hypothesis(
                2,
                "service/payments",
                "dependency.slow",
                0.09,
                "Payments answers more slowly than usual.",
            ),
        ],
        gaps: vec!["no access to the database's activity: grant pg_monitor to the reader".to_owned()],
        challenge: None,
        stats: Stats::default(),
    }
}

fn scale(now: Timestamp) -> Plan {
    let params = |size: u32| json!({"size": size});
    Plan {
        title: "Raise the pool of checkout from 20 to 60 connections".to_owned(),
        steps: vec![Step {
            action: "scale_pool".to_owned(),
            target: "service/checkout".to_owned(),
            params: params(60),
            inverse: Some(Inverse { action: "scale_pool".to_owned(), params: params(20) }),
        }],
        preconditions: vec!["the database takes at least 40 more connections".to_owned()],
        expected_effect: "Waiting requests get a connection; errors fall within a minute.".to_owned(),
        blast_radius: vec!["service/checkout".to_owned()],
        reversible: true,
        risk: Risk::Low,
        verification: "error ratio of checkout below 1 % for a minute".to_owned(),
        answers: "saturation.connection_pool@service/checkout".to_owned(),
        expires_at: now.checked_add(SignedDuration::from_mins(30)).unwrap_or(now),
        prepared_by: "database-admin".to_owned(),
    }
}

fn restart(now: Timestamp) -> Plan {
    Plan {
        title: "Restart checkout, one replica after the other".to_owned(),
        steps: vec![Step {
            action: "restart".to_owned(),
            target: "service/checkout".to_owned(),
            params: json!({}),
            inverse: None,
        }],
        reversible: false,
        risk: Risk::Medium,
        expected_effect: "Connections that hang are let go.".to_owned(),
        ..scale(now)
    }
}
