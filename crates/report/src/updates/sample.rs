//! An incident that is made up, at each moment at which people are told, for previews. It is as long as a bad day.

use std::collections::BTreeMap;

use firebell_core::agent::Recovery;
use firebell_core::comms::{Audience, UpdateReason};
use firebell_core::ids::{Fingerprint, IncidentId};
use firebell_core::incident::{
    Actor, AlertTurn, AttachedAlert, Event, EventRecord, Incident, Phase, ProposedPlan, RoomEvent, apply,
};
use firebell_core::mitigation::{Plan, Risk, Step};
use firebell_core::policy::{Policy, Service};
use firebell_core::severity::{DecidedBy, Decision, Facts, IncidentKind, Severity};
use firebell_core::verdict::{FORMAT, Hypothesis, Outcome, Stats, Verdict};
use jiff::{SignedDuration, Timestamp};

/// 14:05 on a Monday, UTC.
const OPENED_S: i64 = 1_795_442_700;
const CAUSE: &str = "saturation.connection_pool";

fn second(s: i64) -> Timestamp {
    let opened = Timestamp::from_second(OPENED_S).unwrap_or(Timestamp::UNIX_EPOCH);
    opened.checked_add(SignedDuration::from_secs(s)).unwrap_or(opened)
}

/// The incident as it stands when people are told for this reason, the policy with what the incident is about, and when
/// that is.
pub(super) fn at(policy: &Policy, reason: UpdateReason) -> (Incident, Policy, Timestamp) {
    let mut policy = policy.clone();
    let service = match policy.services.iter().find(|s| s.customer_facing) {
        Some(service) => service.name.clone(),
        None => {
            let service =
                Service { name: "checkout".to_owned(), customer_facing: true, ..Service::default() };
            policy.services.push(service);
            "checkout".to_owned()
        }
    };
    if policy.public_url.is_empty() {
        "https://firebell.example.com".clone_into(&mut policy.public_url);
    }
    let mut story = Story { incident: None };
    story.declared(&service, &policy);
    let until = match reason {
        UpdateReason::Declared => 60,
        UpdateReason::SeverityChanged => 300,
        UpdateReason::Cadence => 900,
        UpdateReason::Identified => {
            story.identified(&service);
            1000
        }
        UpdateReason::Mitigated => {
            story.mitigated(&service);
            1700
        }
        UpdateReason::AllClear => {
            story.resolved(&service);
            2401
        }
        UpdateReason::FalseAlarm => {
            story.then(500, Event::ClosedHealthy { why: "all figures are as usual".to_owned() });
            501
        }
        UpdateReason::Reopened => {
            story.resolved(&service);
            story.then(3000, Event::Reopened { why: "errors are back".to_owned(), resolve_by: None });
            3001
        }
        UpdateReason::Merged => {
            story.then(500, Event::MergedInto { into: IncidentId::numbered(2026, 41) });
            501
        }
    };
    let incident = story.incident.unwrap_or_else(|| unreachable!("it was opened"));
    (incident, policy, second(until))
}

struct Story {
    incident: Option<Incident>,
}

impl Story {
    fn then(&mut self, at: i64, event: Event) {
        let version = self.incident.as_ref().map_or(0, |i| i.version) + 1;
        let incident = IncidentId::numbered(2026, 42);
        let actor = Actor::System;
        apply(&mut self.incident, &EventRecord { incident, version, at: second(at), actor, event });
    }

    fn declared(&mut self, service: &str, policy: &Policy) {
        let severity = Decision {
            severity: Severity::Sev1,
            rule: "sev1.revenue_stopped".to_owned(),
            because: "purchases do not go through".to_owned(),
            by: DecidedBy::Policy,
        };
        let facts = Facts {
            kind: Some(IncidentKind::Availability),
            customer_facing: Some(true),
            revenue_stopped: Some(true),
            workaround: Some(false),
            ..Facts::default()
        };
        self.then(
            0,
            Event::Opened {
                title: format!("High error rate on {service}"),
                report: "Customers cannot complete purchases".to_owned(),
                severity,
                facts: facts.clone(),
                kind: IncidentKind::Availability,
                services: vec![service.to_owned()],
                customer_facing: true,
                impact_started_at: Some(second(-100)),
                first_report_at: None,
                restricted: false,
                drill: false,
                resolve_by: Some(second(3600)),
                policy_sha256: String::new(),
                why: "declared".to_owned(),
            },
        );
        self.then(0, Event::FactsMeasured { facts });
        for (role, person) in [
            ("incident_commander", "Ana Lima"),
            ("technical_lead", "Chen Wei"),
            ("communications_lead", "Mia Wong"),
        ] {
            let (role, person) = (role.to_owned(), Some(person.to_owned()));
            self.then(1, Event::RoleAssigned { role, person });
        }
        let room = format!("{}/incidents/INC-2026-0042", policy.public_url.trim_end_matches('/'));
        self.then(2, Event::WarRoomOpened { link: room });
        self.rooms();
        self.then(30, Event::ImpactDescribed { text: format!("62 % of requests to {service} fail") });
        self.then(31, Event::AlertsAttached { alerts: vec![alert(service)] });
        self.then(40, Event::PhaseEntered { phase: Phase::Investigate, deadline: second(1800) });
        for audience in Audience::ALL {
            let every_s = (audience == Audience::Internal).then_some(900);
            let due = every_s.map(|s| second(40 + s));
            self.then(40, Event::ClockSet { audience, due, every_s });
        }
    }

    /// A channel of a chat and a bridge.
    fn rooms(&mut self) {
        let (chat, name, bridge) = ("slack/ops".to_owned(), "inc-2026-0042".to_owned(), "jitsi".to_owned());
        let asked = RoomEvent::Asked {
            chat: chat.clone(),
            name: name.clone(),
            private: false,
            open_by_person: false,
            invite: Vec::new(),
            announce: Vec::new(),
        };
        let link = "https://example.slack.com/archives/C0123456789".to_owned();
        let meeting = "https://meet.jit.si/firebell-0042".to_owned();
        for event in [
            asked,
            RoomEvent::Opened { chat, id: "C0123456789".to_owned(), name, link },
            RoomEvent::BridgeAsked { bridge: bridge.clone() },
            RoomEvent::BridgeOpened { bridge, link: meeting, detail: String::new() },
        ] {
            self.then(3, Event::Room(event));
        }
    }

    fn identified(&mut self, service: &str) {
        let component = format!("service/{service}");
        let hypothesis = Hypothesis {
            rank: 1,
            component: component.clone(),
            cause: CAUSE.to_owned(),
            indicator: None,
            change: None,
            mechanism: "all connections of the pool are taken, so requests wait until they time out"
                .to_owned(),
            confidence: 0.87,
            path: Vec::new(),
            evidence: Vec::new(),
            against: Vec::new(),
            expected_but_absent: Vec::new(),
            mitigations: Vec::new(),
        };
        let verdict = Verdict {
            format: FORMAT.to_owned(),
            verdict: Outcome::Cause,
            onset: Some(second(-100)),
            hypotheses: vec![hypothesis],
            gaps: Vec::new(),
            challenge: None,
            stats: Stats::default(),
        };
        self.then(950, Event::VerdictReached { round: 1, verdict });
        let plan = Plan {
            title: format!("enlarge the connection pool of {service}"),
            steps: vec![Step {
                action: "scale_pool".to_owned(),
                target: component.clone(),
                params: serde_json::Value::Null,
                inverse: None,
            }],
            preconditions: Vec::new(),
            expected_effect: "requests no longer wait for a connection".to_owned(),
            blast_radius: vec![component.clone()],
            reversible: true,
            risk: Risk::Low,
            verification: "error ratio below 1 %".to_owned(),
            answers: format!("{CAUSE}@{component}"),
            expires_at: second(3000),
            prepared_by: "database-admin".to_owned(),
        };
        let plans = vec![ProposedPlan { plan, hash: "sample".to_owned(), approvals_needed: 1 }];
        self.then(960, Event::PlansProposed { round: 1, plans });
    }

    fn mitigated(&mut self, service: &str) {
        self.identified(service);
        let plan = || "sample".to_owned();
        let (by, reason) = ("Ana Lima".to_owned(), String::new());
        self.then(1100, Event::Decided { plan: plan(), go: true, by, reason });
        self.then(1101, Event::StepStarted { plan: plan(), step: 0, inverse: false });
        let output = "done".to_owned();
        self.then(
            1130,
            Event::StepFinished { plan: plan(), step: 0, inverse: false, ok: true, output, undo: None },
        );
        let recovery = Recovery { ok: true, reading: "error ratio 0.1 %".to_owned(), checks: Vec::new() };
        self.then(1690, Event::RecoveryWatched { plan: plan(), helped: true, recovery });
        let turns = vec![AlertTurn { fingerprint: Fingerprint("sample".to_owned()), firing: false }];
        self.then(1695, Event::AlertsTurned { turns });
    }

    fn resolved(&mut self, service: &str) {
        self.mitigated(service);
        let summary = "errors are gone and stayed away".to_owned();
        self.then(2400, Event::Resolved { verified: true, summary });
        let (due, facilitator) = (Some(second(175_200)), Some("Ben Okoro".to_owned()));
        self.then(2400, Event::PostmortemRequested { due, facilitator, meeting: None });
    }
}

fn alert(service: &str) -> AttachedAlert {
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    AttachedAlert {
        fingerprint: Fingerprint("sample".to_owned()),
        name: "HighErrorRate".to_owned(),
        service: Some(service.to_owned()),
        firing: true,
        starts_at: second(-60),
        summary: "62 % of requests fail".to_owned(),
        labels: BTreeMap::from([label("alertname", "HighErrorRate"), label("service", service)]),
        why: "its service".to_owned(),
    }
}
