//! A realistic incident, built by folding events: checkout fails because its connection pool is exhausted.

use std::collections::BTreeMap;

use firebell_core::agent::{ActionItemDraft, AgentReport, AgentTask, Artifact, Check, Recovery};
use firebell_core::comms::{Audience, Update, UpdateReason};
use firebell_core::cx::Cx;
use firebell_core::evidence::{EvidenceRecord, Finding, Strength};
use firebell_core::ids::{EffectKey, EvidenceId, IncidentId, RunId};
use firebell_core::incident::{
    Actor, AlertTurn, AttachedAlert, Event, EventRecord, Incident, Phase, ProposedPlan, fold,
};
use firebell_core::mitigation::{Inverse, Plan, Risk, Step};
use firebell_core::policy::{Person, Policy, Service};
use firebell_core::severity::{DecidedBy, Decision, Facts, IncidentKind, Severity};
use firebell_core::verdict::{
    EvidenceRef, FORMAT, Hypothesis, MitigationHint, Outcome, PathStep, Stats, Verdict,
};
use jiff::{SignedDuration, Timestamp};

/// 14:05 on a Monday.
pub(crate) fn at(seconds: i64) -> Timestamp {
    let opened: Timestamp = "2026-11-23T14:05:00Z".parse().expect("a constant");
    opened.checked_add(SignedDuration::from_secs(seconds)).expect("in range")
}

pub(crate) fn policy() -> Policy {
    let service = |name: &str, customer_facing, revenue| Service {
        name: name.to_owned(),
        customer_facing,
        revenue,
        ..Service::default()
    };
    Policy {
        services: vec![service("checkout", true, true), service("pg-proxy", false, false)],
        people: vec![
            Person { name: "Ana Lima".into(), roles: vec!["incident_commander".into()], ..Person::default() },
            Person { name: "Ben Okoro".into(), roles: vec!["facilitator".into()], ..Person::default() },
        ],
        channels: Audience::ALL.into_iter().map(|a| (a, vec![format!("email/{}", a.as_str())])).collect(),
        public_url: "https://firebell.example".to_owned(),
        ..Policy::default()
    }
}

pub(crate) fn cx(policy: &Policy, seconds: i64) -> Cx<'_> {
    Cx::new(at(seconds), policy)
}

/// Where the story stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Declared,
    Identified,
    Mitigated,
    Resolved,
}

/// Texts that come from outside.
#[derive(Debug, Clone)]
pub(crate) struct Outside {
    pub(crate) title: String,
    pub(crate) other: String,
}

impl Default for Outside {
    fn default() -> Self {
        Self {
            title: "High error rate on checkout API, customers cannot complete purchases".to_owned(),
            other: "pool timeouts on pg-proxy".to_owned(),
        }
    }
}

pub(crate) fn incident(stage: Stage) -> Incident {
    fold(&records(stage, &Outside::default())).expect("the story begins with its opening")
}

pub(crate) fn records(until: Stage, outside: &Outside) -> Vec<EventRecord> {
    let mut all = Vec::new();
    let mut add = |stage: Stage, seconds: i64, actor: Actor, event: Event| {
        if stage <= until {
            let version = all.len() as u64 + 1;
            all.push(EventRecord {
                incident: IncidentId::numbered(2026, 42),
                version,
                at: at(seconds),
                actor,
                event,
            });
        }
    };
    declared(outside, &mut add);
    identified(outside, &mut add);
    mitigated(outside, &mut add);
    resolved(outside, &mut add);
    all
}

type Add<'a> = dyn FnMut(Stage, i64, Actor, Event) + 'a;

fn declared(outside: &Outside, add: &mut Add<'_>) {
    let decision = Decision {
        severity: Severity::Sev1,
        rule: "sev1.revenue_stopped".into(),
        because: "purchases do not go through".into(),
        by: DecidedBy::Policy,
    };
    let facts = Facts {
        kind: Some(IncidentKind::Availability),
        customer_facing: Some(true),
        revenue_stopped: Some(true),
        error_ratio: Some(0.62),
        baseline_error_ratio: Some(0.002),
        provenance: BTreeMap::from([("error_ratio".to_owned(), outside.other.clone())]),
        ..Facts::default()
    };
    let s = Stage::Declared;
    let opened = Event::Opened {
        title: outside.title.clone(),
        report: outside.other.clone(),
        severity: decision,
        facts,
        kind: IncidentKind::Availability,
        services: vec!["checkout".into(), "pg-proxy".into()],
        customer_facing: true,
        impact_started_at: Some(at(-90)),
        first_report_at: None,
        restricted: false,
        drill: false,
        resolve_by: Some(at(3600)),
        why: "alert CheckoutErrors".into(),
        policy_sha256: Default::default(),
    };
    add(s, 0, Actor::Source { name: "alertmanager".into() }, opened);
    let alert = AttachedAlert {
        fingerprint: "f1".into(),
        name: "CheckoutErrors".into(),
        service: Some("checkout".into()),
        firing: true,
        starts_at: at(-30),
        summary: outside.other.clone(),
        labels: BTreeMap::new(),
        why: outside.other.clone(),
    };
    add(s, 0, Actor::System, Event::AlertsAttached { alerts: vec![alert] });
    add(
        s,
        1,
        Actor::System,
        Event::Paged {
            person: "Ana Lima".into(),
            channels: vec!["email/page".into()],
            text: "SEV1".into(),
            contacts: Vec::new(),
        },
    );
    add(s, 40, Actor::person("Ana Lima"), Event::Acknowledged { by: "Ana Lima".into(), roles: None });
    for (role, person) in
        [("incident_commander", Some("Ana Lima")), ("technical_lead", Some("Chen Wei")), ("scribe", None)]
    {
        let event = Event::RoleAssigned { role: role.into(), person: person.map(str::to_owned) };
        add(s, 45, Actor::System, event);
    }
    add(
        s,
        46,
        Actor::System,
        Event::WarRoomOpened { link: "https://firebell.example/incidents/INC-2026-0042".into() },
    );
    let impact = "62 % of checkout requests fail; customers cannot pay".to_owned();
    add(s, 50, Actor::System, Event::ImpactDescribed { text: impact });
    add(s, 55, Actor::System, Event::PhaseEntered { phase: Phase::Command, deadline: at(600) });
    for (audience, every_s) in [
        (Audience::Internal, Some(900)),
        (Audience::Public, None),
        (Audience::Support, None),
        (Audience::Executives, None),
    ] {
        let due = every_s.map(|s| at(60 + s));
        add(s, 60, Actor::System, Event::ClockSet { audience, due, every_s });
        add(s, 60, Actor::System, Event::UpdateRequested { audience, reason: UpdateReason::Declared });
        add(
            s,
            62,
            Actor::System,
            Event::UpdatePosted { update: update(audience, UpdateReason::Declared, 62) },
        );
    }
}

fn identified(outside: &Outside, add: &mut Add<'_>) {
    let s = Stage::Identified;
    add(s, 600, Actor::System, Event::PhaseEntered { phase: Phase::Investigate, deadline: at(1800) });
    let run = RunId::new("investigate-1/devops-troubleshooter");
    let requested = Event::AgentRequested {
        run: run.clone(),
        agent: "devops-troubleshooter".into(),
        task: AgentTask::Investigate { round: 1 },
        deadline: at(720),
    };
    add(s, 600, Actor::System, requested);
    let report = AgentReport {
        findings: vec![Finding {
            claim: outside.other.clone(),
            evidence: vec![EvidenceId::new("ev-0123456789ab")],
            ruled_out: vec![
                "a deployment: none within two hours before the onset".into(),
                outside.other.clone(),
            ],
            strength: Strength::Strong,
            component: Some("service/checkout".into()),
        }],
        evidence: vec![EvidenceRecord {
            id: EvidenceId::new("ev-0123456789ab"),
            source: "prometheus/main".into(),
            query: "db_pool_waiting{service=\"checkout\"}".into(),
            window: None,
            sha256: "ab".repeat(32),
            items: 240,
            reading: outside.other.clone(),
            fetched_at: at(610),
        }],
        gaps: vec!["no traces of pg-proxy: let it send spans".into()],
        ..AgentReport::default()
    };
    add(s, 630, Actor::Agent { name: "devops-troubleshooter".into() }, Event::AgentReported { run, report });
    let late = RunId::new("investigate-1/error-detective");
    let requested = Event::AgentRequested {
        run: late.clone(),
        agent: "error-detective".into(),
        task: AgentTask::Investigate { round: 1 },
        deadline: at(720),
    };
    add(s, 600, Actor::System, requested);
    add(
        s,
        720,
        Actor::System,
        Event::AgentFailed {
            run: late,
            reason: "did not report before its deadline".into(),
            journal: Vec::new(),
            evidence: Vec::new(),
        },
    );
    add(s, 730, Actor::System, Event::VerdictReached { round: 1, verdict: verdict(outside) });
    let plan = plan(outside);
    let proposed = ProposedPlan { hash: "0011223344556677".into(), approvals_needed: 2, plan };
    add(s, 740, Actor::System, Event::PlansProposed { round: 1, plans: vec![proposed] });
    for (seconds, by) in [(800, "Ana Lima"), (830, "Chen Wei")] {
        let reason = outside.other.clone();
        let event = Event::Decided { plan: "0011223344556677".into(), go: true, by: by.into(), reason };
        add(s, seconds, Actor::person(by), event);
    }
    let missed =
        Event::DeadlineMissed { what: "update_late:public:2026-11-23T14:20:00Z".into(), due: at(900) };
    add(s, 905, Actor::System, missed);
}

fn mitigated(outside: &Outside, add: &mut Add<'_>) {
    let s = Stage::Mitigated;
    let hash = || "0011223344556677".to_owned();
    add(s, 910, Actor::System, Event::StepStarted { plan: hash(), step: 0, inverse: false });
    let finished = Event::StepFinished {
        plan: hash(),
        step: 0,
        inverse: false,
        ok: true,
        output: outside.other.clone(),
        undo: None,
    };
    add(s, 915, Actor::System, finished);
    let helped = Event::RecoveryWatched { plan: hash(), helped: true, recovery: recovery() };
    add(s, 1100, Actor::Agent { name: "observability-engineer".into() }, helped);
    add(s, 1100, Actor::System, Event::PhaseEntered { phase: Phase::Verify, deadline: at(5400) });
}

fn resolved(outside: &Outside, add: &mut Add<'_>) {
    let s = Stage::Resolved;
    let turns = vec![AlertTurn { fingerprint: "f1".into(), firing: false }];
    add(s, 1150, Actor::System, Event::AlertsTurned { turns });
    add(s, 1800, Actor::System, Event::Verified { attempt: 1, recovery: recovery() });
    add(s, 1801, Actor::System, Event::Resolved { verified: true, summary: "all checks passed".into() });
    add(s, 1802, Actor::System, Event::PhaseEntered { phase: Phase::Learn, deadline: at(174_600) });
    let requested = Event::PostmortemRequested {
        due: Some(at(174_600)),
        facilitator: Some("Ben Okoro".into()),
        meeting: Some(at(6900)),
    };
    add(s, 1803, Actor::System, requested);
    for audience in [Audience::Internal, Audience::Public] {
        let update = update(audience, UpdateReason::AllClear, 1810);
        add(s, 1810, Actor::System, Event::UpdatePosted { update });
    }
    let run = RunId::new("learn-1/test-generator");
    let asked = Event::AgentRequested {
        run: run.clone(),
        agent: "test-generator".into(),
        task: AgentTask::Learn,
        deadline: at(2000),
    };
    add(s, 1820, Actor::System, asked);
    let artifact = Artifact {
        name: "pool_test.py".into(),
        summary: "fails while the pool is too small".into(),
        media_type: "text/x-python".into(),
        content: format!("def test_pool():\n\tassert waiting() == 0  # {}\n", outside.other),
    };
    let report = AgentReport { artifacts: vec![artifact], ..AgentReport::default() };
    add(s, 1830, Actor::Agent { name: "test-generator".into() }, Event::AgentReported { run, report });
    let item = ActionItemDraft {
        title: "Alert on waiting requests of connection pools".into(),
        detail: outside.other.clone(),
        kind: "detect".into(),
        impact: 3,
        effort: 1,
        due_days: 7,
    };
    let added =
        Event::ActionItemAdded { id: 1, item, owner: "Chen Wei".into(), due: at(604_800), priority: 1 };
    add(s, 1840, Actor::System, added);
    let died = Event::EffectDied {
        key: EffectKey("INC-2026-0042:30:0".into()),
        effect: "send".into(),
        reason: "the mail server refused the recipient".into(),
        audience: None,
    };
    add(s, 1850, Actor::System, died);
    add(s, 1860, Actor::System, Event::BundleArchived { path: "bundles/INC-2026-0042".into() });
}

fn update(audience: Audience, reason: UpdateReason, seconds: i64) -> Update {
    Update {
        audience,
        reason,
        subject: "subject".into(),
        body: "body".into(),
        at: at(seconds),
        by: "incident-responder".into(),
        channels: Vec::new(),
        by_person: false,
        delivered: Vec::new(),
    }
}

fn recovery() -> Recovery {
    Recovery {
        ok: true,
        reading: "error ratio 0.1 %, p95 180 ms".into(),
        checks: vec![Check { name: "smoke: sign in and buy".into(), ok: true, detail: "3 of 3".into() }],
    }
}

fn plan(outside: &Outside) -> Plan {
    Plan {
        title: "enlarge the connection pool of checkout from 5 to 20".into(),
        steps: vec![Step {
            action: "scale_pool".into(),
            target: "service/checkout".into(),
            params: serde_json::json!({"size": 20, "note": outside.other}),
            inverse: Some(Inverse { action: "scale_pool".into(), params: serde_json::json!({"size": 5}) }),
        }],
        preconditions: vec!["the database has free connections".into()],
        expected_effect: "requests no longer wait for a connection".into(),
        blast_radius: vec!["service/checkout".into()],
        reversible: true,
        risk: Risk::Low,
        verification: "error ratio below 1 %".into(),
        answers: "saturation.connection_pool@service/checkout".into(),
        expires_at: at(3000),
        prepared_by: "database-admin".into(),
    }
}

pub(crate) fn verdict(outside: &Outside) -> Verdict {
    let cited = |id: &str, query: &str| EvidenceRef {
        id: id.into(),
        source: "prometheus/main".into(),
        query: query.into(),
        window: None,
        sha256: "cd".repeat(32),
        reading: outside.other.clone(),
    };
    let hypothesis = |rank, cause: &str, confidence| Hypothesis {
        rank,
        component: "service/checkout".into(),
        cause: cause.into(),
        indicator: Some("db_pool_waiting".into()),
        change: None,
        mechanism: "all connections of the pool are taken, so requests wait until they time out".into(),
        confidence,
        path: vec![
            PathStep {
                from: "service/checkout".into(),
                to: "gateway/edge".into(),
                at: Some(at(-100)),
                why: "calls wait for a connection".into(),
                evidence: Vec::new(),
            },
            PathStep {
                from: "gateway/edge".into(),
                to: "service/web".into(),
                at: Some(at(-95)),
                why: outside.other.clone(),
                evidence: Vec::new(),
            },
        ],
        evidence: vec![
            cited("e1", "db_pool_waiting{service=\"checkout\"}"),
            cited("e2", "timeout | waiting"),
        ],
        against: Vec::new(),
        expected_but_absent: Vec::new(),
        mitigations: vec![MitigationHint {
            action: "scale_pool".into(),
            target: "service/checkout".into(),
            reversible: true,
            inverse: Some("scale_pool".into()),
        }],
    };
    let rival = Hypothesis {
        against: vec![cited("e3", "changes")],
        expected_but_absent: vec!["a deployment shortly before the onset".into()],
        path: Vec::new(),
        ..hypothesis(2, "change.release", 0.06)
    };
    Verdict {
        format: FORMAT.into(),
        verdict: Outcome::Cause,
        onset: Some(at(-100)),
        hypotheses: vec![hypothesis(1, "saturation.connection_pool", 0.87), rival],
        gaps: vec!["no slow-query log: turn on log_min_duration_statement".into()],
        challenge: None,
        stats: Stats::default(),
    }
}
