//! Rows for tests.

use firebell_core::alert::Alert;
use firebell_core::change::{Change, ChangeKind};
use firebell_core::effect::Effect;
use firebell_core::ids::{EffectKey, Fingerprint, IncidentId};
use firebell_core::incident::{Actor, Event, EventRecord, Phase, Status, Summary};
use firebell_core::ports::store::{OutboxRow, OutboxState};
use firebell_core::severity::{IncidentKind, Severity};
use firebell_core::signal::{Intake, Signal, SignalState};
use firebell_core::silence::{Matcher, Silence};
use firebell_core::telemetry::Labels;
use jiff::{SignedDuration, Timestamp};

/// So many microseconds after the first of January 2026.
pub fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(1_767_225_600_000_000 + micros).unwrap_or(Timestamp::MAX)
}

/// So many nanoseconds after `time`.
pub fn nanos_after(time: Timestamp, nanos: i64) -> Timestamp {
    time.saturating_add(SignedDuration::from_nanos(nanos)).unwrap_or(Timestamp::MAX)
}

/// `INC-2026-000n`.
pub fn incident(number: u64) -> IncidentId {
    IncidentId::numbered(2026, number)
}

/// A note.
pub fn event(number: u64, version: u64) -> EventRecord {
    EventRecord {
        incident: incident(number),
        version,
        at: nanos_after(at(version as i64), 7),
        actor: Actor::person("Ada"),
        event: Event::NoteAdded {
            text: format!("note {version} of {number}: \u{201c}naïve\u{201d} \n\0 'quotes'"),
        },
    }
}

/// The list's row of an incident that was opened at `at(number)`.
pub fn summary(number: u64) -> Summary {
    Summary {
        id: incident(number),
        version: 1,
        proof: None,
        title: format!("Checkout fails ({number})"),
        severity: Severity::Sev2,
        severity_rule: "sev2.two_of".to_owned(),
        kind: IncidentKind::Availability,
        status: Status::Investigating,
        phase: Phase::Assess,
        services: vec!["checkout".to_owned()],
        cause: None,
        commander: None,
        restricted: false,
        members: Vec::new(),
        drill: false,
        open: true,
        active: true,
        waits_for_approval: false,
        opened_at: at(number as i64),
        acknowledged_at: None,
        resolved_at: None,
        updated_at: at(number as i64),
        alerts: 1,
        dead_effects: 0,
        resolve_by: None,
        open_items: 0,
        told_public: Some(false),
    }
}

/// An effect of an incident, waiting, due at `at(due)`.
pub fn effect(number: u64, version: u64, due: i64) -> OutboxRow {
    OutboxRow {
        key: EffectKey::of(&incident(number), version, 0),
        incident: incident(number),
        effect: Effect::Page {
            person: "Ada".to_owned(),
            channel: "email/oncall".to_owned(),
            text: "Checkout fails".to_owned(),
        },
        state: OutboxState::Waiting,
        attempts: 0,
        next_at: at(due),
        fence: 0,
        last_error: None,
        created_at: at(0),
    }
}

/// Labels as a cluster's alerts carry them.
pub fn labels(number: u64) -> Labels {
    [("alertname", "HighErrorRate"), ("severity", "critical"), ("job", "checkout"), ("cluster", "eu-1")]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain([("instance".to_owned(), format!("10.0.0.{number}:9090"))])
        .collect()
}

/// A firing signal.
pub fn signal(number: u64) -> Signal {
    let text = "5xx ratio of checkout is 12 % over 5 minutes, customers cannot pay";
    Signal {
        source: "alertmanager".to_owned(),
        fingerprint: Fingerprint(format!("{number:032x}")),
        state: SignalState::Firing,
        labels: labels(number),
        annotations: [("summary".to_owned(), text.to_owned())].into(),
        starts_at: at(number as i64),
        ends_at: None,
        generator_url: Some("http://prometheus:9090/graph?g0.expr=x".to_owned()),
        dedup_key: None,
        group_key: None,
    }
}

/// A request of signals `from..to`.
pub fn request(from: u64, to: u64) -> Vec<Intake> {
    (from..to).map(|number| Intake::Signal(signal(number))).collect()
}

/// A firing alert, seen at `at(seen)`.
pub fn alert(number: u64, seen: i64) -> Alert {
    Alert::fold(None, &signal(number), at(seen)).0
}

/// A silence over a time.
pub fn silence(id: &str, from: Timestamp, to: Timestamp) -> Silence {
    let matcher =
        Matcher { name: "job".to_owned(), value: "checkout".to_owned(), is_regex: false, is_equal: true };
    Silence {
        id: id.to_owned(),
        matchers: vec![matcher],
        starts_at: from,
        ends_at: to,
        updated_at: from,
        created_by: "Ada".to_owned(),
        comment: "planned work".to_owned(),
    }
}

/// A deploy.
pub fn change(id: &str, when: Timestamp) -> Change {
    Change {
        id: id.to_owned(),
        at: when,
        kind: ChangeKind::Deploy,
        component: "service/checkout".to_owned(),
        from: Some("v1".to_owned()),
        to: Some("v2".to_owned()),
        by: None,
        source: None,
        commit: Some("c0ffee".to_owned()),
        summary: "faster checkout".to_owned(),
        diff: None,
        files: Vec::new(),
    }
}
