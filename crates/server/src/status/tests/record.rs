//! Records, event by event.

use firebell_core::comms::{Audience, Update, UpdateReason};
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Actor, Event, EventRecord};
use firebell_core::severity::{DecidedBy, Decision, Facts, IncidentKind, Severity};

use super::at;

fn decision(severity: Severity) -> Decision {
    Decision { severity, rule: "rule".into(), because: "of it".into(), by: DecidedBy::Policy }
}

pub(super) fn opened(severity: Severity, impact: Option<&str>) -> Event {
    Event::Opened {
        title: "db-7 is full".into(),
        report: String::new(),
        severity: decision(severity),
        facts: Facts::default(),
        kind: IncidentKind::Availability,
        services: vec!["checkout".into()],
        customer_facing: true,
        impact_started_at: impact.map(at),
        first_report_at: None,
        restricted: false,
        drill: false,
        resolve_by: None,
        policy_sha256: String::new(),
        why: "an alert fires".into(),
    }
}

pub(super) fn severity(from: Severity, to: Severity) -> Event {
    Event::SeverityChanged { from: decision(from), to: decision(to), resolve_by: None }
}

pub(super) fn told(when: &str) -> Event {
    let update = Update {
        audience: Audience::Public,
        reason: UpdateReason::Declared,
        subject: "We look into errors".into(),
        body: "Some of you may see errors.".into(),
        at: at(when),
        by: "ada".into(),
        channels: Vec::new(),
        by_person: false,
        delivered: Vec::new(),
    };
    Event::UpdatePosted { update }
}

pub(super) fn resolved() -> Event {
    Event::Resolved { verified: true, summary: "mended".into() }
}

pub(super) fn reopened() -> Event {
    Event::Reopened { why: "it is back".into(), resolve_by: None }
}

/// The record of incident number `n`: each event with its time.
pub(super) fn record(n: u32, events: &[(&str, Event)]) -> Vec<EventRecord> {
    events
        .iter()
        .enumerate()
        .map(|(index, (when, event))| EventRecord {
            incident: IncidentId::new(format!("INC-2026-{n:04}")),
            version: index as u64 + 1,
            at: at(when),
            actor: Actor::System,
            event: event.clone(),
        })
        .collect()
}
