//! A small company as policy, and what it sends: alerts, reports, changes, silences.

use std::collections::BTreeMap;

use firebell_core::alert::Alert;
use firebell_core::change::{Change, ChangeKind};
use firebell_core::comms::Audience;
use firebell_core::policy::{InhibitRule, Person, Policy, Service};
use firebell_core::signal::{Intake, Report, Signal, SignalState, fingerprint};
use firebell_core::silence::{Matcher, Silence};
use firebell_core::telemetry::Labels;
use jiff::{SignedDuration, Timestamp};

use crate::dice::Dice;

/// When every simulation begins.
pub const START_S: i64 = 1_800_000_000;

/// Service names of the company.
pub const SERVICES: [&str; 7] =
    ["gateway", "checkout", "payments", "catalog", "accounts", "reports", "warehouse"];

/// People of the company.
pub const PEOPLE: [&str; 6] = ["ada", "grace", "linus", "margaret", "edsger", "barbara"];

/// The start of virtual time.
pub fn start() -> Timestamp {
    Timestamp::from_second(START_S).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// `at` plus so many seconds.
pub fn plus(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(at)
}

/// The company's policy: all figures are defaults.
pub fn policy() -> Policy {
    let service = |name: &str, depends_on: &[&str], facing: bool| Service {
        name: name.to_owned(),
        owner: "ada".to_owned(),
        customer_facing: facing,
        depends_on: depends_on.iter().map(|s| (*s).to_owned()).collect(),
        ..Service::default()
    };
    let person = |name: &str, roles: &[&str]| Person {
        name: name.to_owned(),
        email: format!("{name}@example.org"),
        roles: roles.iter().map(|r| (*r).to_owned()).collect(),
    };
    let channel = |name: &str| vec![name.to_owned()];
    let mut policy = Policy {
        services: vec![
            service("gateway", &["checkout"], true),
            service("checkout", &["payments"], true),
            service("payments", &[], true),
            service("catalog", &[], true),
            service("accounts", &[], true),
            service("reports", &[], false),
            service("warehouse", &[], false),
        ],
        people: vec![
            person("ada", &["on_call", "incident_commander", "technical_lead"]),
            person("grace", &["on_call", "incident_commander", "communications_lead"]),
            person("linus", &["technical_lead", "scribe"]),
            person("margaret", &["communications_lead", "scribe", "facilitator"]),
            person("edsger", &["senior_engineer", "facilitator"]),
            person("barbara", &["team_lead", "executive"]),
        ],
        channels: BTreeMap::from([
            (Audience::Internal, channel("chat/internal")),
            (Audience::Public, channel("page/status")),
            (Audience::Support, channel("mail/support")),
            (Audience::Executives, channel("mail/executives")),
        ]),
        page_channels: vec!["phone/pager".to_owned()],
        public_url: "http://127.0.0.1:7070".to_owned(),
        ..Policy::default()
    };
    policy.correlation.inhibit = vec![InhibitRule {
        source: BTreeMap::from([("alertname".to_owned(), "ClusterDown".to_owned())]),
        target: BTreeMap::from([("severity".to_owned(), "warning".to_owned())]),
        equal: vec!["cluster".to_owned()],
    }];
    policy
}

/// Labels from pairs.
pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

/// A signal of an alert with these labels.
pub fn signal(labels: Labels, summary: &str, state: SignalState, starts_at: Timestamp) -> Signal {
    Signal {
        source: "am".to_owned(),
        fingerprint: fingerprint("am", None, &labels),
        state,
        labels,
        annotations: Labels::from([("summary".to_owned(), summary.to_owned())]),
        starts_at,
        ends_at: None,
        generator_url: None,
        dedup_key: None,
        group_key: None,
    }
}

/// The signal that ends an alert.
pub fn end_of(alert: &Alert, ends_at: Option<Timestamp>) -> Signal {
    Signal {
        source: alert.source.clone(),
        fingerprint: alert.fingerprint.clone(),
        state: SignalState::Resolved,
        labels: alert.labels.clone(),
        annotations: alert.annotations.clone(),
        starts_at: alert.starts_at,
        ends_at,
        generator_url: None,
        dedup_key: None,
        group_key: None,
    }
}

/// A random signal: new, repeated, resolved, late, with an end of its own.
pub fn random_signal(dice: &mut Dice, now: Timestamp) -> Signal {
    let names = ["HighErrorRate", "HighLatency", "ClusterDown", "DiskFull", "LoginFailures"];
    let severities = ["critical", "warning", "warning", "info"];
    let summaries = [
        "error rate on checkout is 62 %",
        "p95 latency from 200 ms to 2 s, 30 % of users",
        "disk is nearly full",
        "suspicious authentication attempts, possible credential stuffing",
        "the logo is misaligned, cosmetic only",
        "",
    ];
    let name = names[dice.below(names.len())];
    let mut all = labels(&[("alertname", name), ("cluster", ["eu", "us"][dice.below(2)])]);
    all.insert("severity".to_owned(), severities[dice.below(severities.len())].to_owned());
    if dice.chance(80) {
        all.insert("service".to_owned(), SERVICES[dice.below(SERVICES.len())].to_owned());
    } else {
        all.insert("instance".to_owned(), format!("n{}", dice.below(3)));
    }
    let state = match dice.below(20) {
        0..=12 => SignalState::Firing,
        13..=18 => SignalState::Resolved,
        _ => SignalState::Acknowledged,
    };
    let summary = summaries[dice.below(summaries.len())];
    let mut signal = signal(all, summary, state, plus(now, -(dice.below(900) as i64)));
    if state == SignalState::Resolved {
        signal.ends_at = Some(now);
    } else if dice.chance(30) {
        signal.ends_at = Some(plus(now, dice.below(900) as i64 - 60));
    }
    signal
}

/// A random report; `token` is in its words, so that it can be found again.
pub fn random_report(dice: &mut Dice, now: Timestamp, token: &str) -> Report {
    let words = ["cannot buy anything", "search is empty", "", "pages load slowly for everybody"];
    let long = "x".repeat(600);
    let title = match dice.below(8) {
        0 => String::new(),
        1 => format!("{token} {long}"),
        _ => format!("{token} {}", words[dice.below(words.len())]),
    };
    Report {
        source: "support".to_owned(),
        title,
        text: format!("{token}: {}", words[dice.below(words.len())]),
        reporter: "a customer".to_owned(),
        at: plus(now, -(dice.below(300) as i64)),
        service: dice.chance(50).then(|| SERVICES[dice.below(SERVICES.len())].to_owned()),
        dedup_key: Some(token.to_owned()),
    }
}

/// A change with an id of its own.
pub fn change(id: &str, now: Timestamp) -> Intake {
    Intake::Change(Change {
        id: id.to_owned(),
        at: now,
        kind: ChangeKind::Deploy,
        component: "service/checkout".to_owned(),
        from: None,
        to: Some("1.2.3".to_owned()),
        by: None,
        source: Some("ci".to_owned()),
        commit: None,
        summary: String::new(),
        diff: None,
        files: Vec::new(),
    })
}

/// A random silence.
pub fn random_silence(dice: &mut Dice, now: Timestamp, id: &str) -> Silence {
    Silence {
        id: id.to_owned(),
        matchers: vec![Matcher {
            name: "service".to_owned(),
            value: SERVICES[dice.below(SERVICES.len())].to_owned(),
            is_regex: false,
            is_equal: true,
        }],
        starts_at: now,
        ends_at: plus(now, 60 + dice.below(1800) as i64),
        updated_at: now,
        created_by: "ada".to_owned(),
        comment: "known".to_owned(),
    }
}
