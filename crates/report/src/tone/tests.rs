//! Each rule by examples, and all of them against every draft.

use firebell_core::comms::{Audience, UpdateReason};
use firebell_core::severity::IncidentKind;
use proptest::prelude::*;

use super::{Knows, must_confirm, remarks};
use crate::tests::story::{self, Stage};
use crate::updates::{Templates, draft};

fn found(stage: Stage, audience: Audience, text: &str) -> Vec<&'static str> {
    let policy = story::policy();
    let knows = Knows::of(&story::incident(stage), audience, &policy, ["grace", "Mia Wong"]);
    remarks(&knows, "", text).into_iter().map(|r| r.rule).collect()
}

fn public(text: &str) -> Vec<&'static str> {
    found(Stage::Declared, Audience::Public, text)
}

#[test]
fn no_cause_before_it_is_confirmed() {
    for text in [
        "It was caused by a bad release.",
        "Errors due to a network problem.",
        "The root cause is our database.",
    ] {
        assert_eq!(public(text), ["cause"], "{text}");
        assert_eq!(found(Stage::Mitigated, Audience::Public, text), [""; 0], "{text}");
        assert_eq!(found(Stage::Declared, Audience::Internal, text), [""; 0], "colleagues hear hypotheses");
    }
    for text in ["The root cause is not known yet.", "We are looking for the root cause.", "Payments fail."] {
        assert_eq!(public(text), [""; 0], "{text}");
    }
}

#[test]
fn no_names_of_people() {
    for text in ["Ana Lima is on it.", "Lima is on it.", "Ask Wong", "grace is on it, with Mia."] {
        assert!(public(text).contains(&"people"), "{text}");
    }
    for text in ["We lima beans", "It is within its period of grace.", "The animal is fine"] {
        let names = public(text);
        assert!(text.contains("grace") || names.is_empty(), "{text}: {names:?}");
    }
}

#[test]
fn no_names_that_only_insiders_use() {
    for text in [
        "service/checkout is down",
        "pg-proxy is down",
        "10.0.3.17 does not answer",
        "10.0.3.17:5432 does not answer",
        "db1.internal is full",
        "api.payments.svc.cluster.local is down",
        "fe80::1ff:fe23:4567:890a is down",
    ] {
        assert_eq!(public(text).first(), Some(&"internals"), "{text}");
    }
    for text in ["checkout is slow", "See https://status.example.com/x", "Version 1.2.3 is out", "and/or"] {
        assert_eq!(public(text), [""; 0], "{text}");
    }
}

#[test]
fn times_have_their_zone() {
    for text in
        ["Next update by 14:30.", "At 3 pm we look again", "at 3pm", "from 14:00 to 15:00", "by 9:05 we know"]
    {
        assert_eq!(public(text), ["times"], "{text}");
    }
    for text in [
        "by 14:30 UTC",
        "2026-11-23 14:03 UTC to 2026-11-23 14:35 UTC",
        "from 14:00 to 15:00 CEST",
        "at 3 pm PST",
        "at 14:05 +02:00",
        "14:05 Europe/Berlin",
        "a ratio of 1:2 and 10:100",
        "http://127.0.0.1:7300/x",
    ] {
        assert!(!public(text).contains(&"times"), "{text}");
    }
}

#[test]
fn nobody_is_blamed_and_no_time_is_promised() {
    assert_eq!(public("It was human error."), ["blame"]);
    assert_eq!(public("An engineer forgot to renew it."), ["blame"]);
    for text in
        ["It will be fixed in 20 minutes.", "We will be back by 15:00 UTC.", "It'll be resolved soon."]
    {
        assert_eq!(public(text), ["promises"], "{text}");
    }
    for text in [
        "We expect that it will be fixed within the hour.",
        "We will post the next update by 15:00 UTC.",
        "We will tell you when it is over.",
        "It was fixed in 20 minutes.",
    ] {
        assert_eq!(public(text), [""; 0], "{text}");
    }
}

#[test]
fn executives_read_words() {
    let told = |text: &str| found(Stage::Declared, Audience::Executives, text);
    for text in [
        "p95 is up",
        "saturation.connection_pool",
        "pg-proxy is full",
        "http_requests_total rose",
        "The API fails",
    ] {
        assert_eq!(told(text), ["jargon"], "{text}");
    }
    assert_eq!(
        told("SEV1 INC-2026-0042: errors in checkout since 2026-11-23 14:03 UTC, led by Ana Lima."),
        [""; 0]
    );
}

#[test]
fn remarks_say_what_why_and_what_would_be_better() {
    let policy = story::policy();
    let knows = Knows::of(&story::incident(Stage::Declared), Audience::Public, &policy, []);
    let text = "pg-proxy on 10.0.0.1 fell over due to a bad release by Ana Lima, human error. It will be fixed by 15:00.";
    let all: Vec<String> =
        remarks(&knows, "Outage", text).iter().map(|r| format!("{}: {}", r.rule, r.sentence())).collect();
    insta::assert_snapshot!("remarks", all.join("\n"));
    assert!(must_confirm(Audience::Public) && !must_confirm(Audience::Internal));
}

const REASONS: [UpdateReason; 9] = [
    UpdateReason::Declared,
    UpdateReason::Cadence,
    UpdateReason::SeverityChanged,
    UpdateReason::Identified,
    UpdateReason::Mitigated,
    UpdateReason::AllClear,
    UpdateReason::FalseAlarm,
    UpdateReason::Reopened,
    UpdateReason::Merged,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever the incident, for whatever reason: no draft breaks a rule.
    #[test]
    fn no_draft_breaks_a_rule(
        stage in proptest::sample::select(vec![Stage::Declared, Stage::Identified, Stage::Mitigated, Stage::Resolved]),
        reason in proptest::sample::select(REASONS.to_vec()),
        audience in proptest::sample::select(Audience::ALL.to_vec()),
        kind in proptest::sample::select(IncidentKind::ALL.to_vec()),
        facts in any::<[Option<bool>; 4]>(),
        flags in any::<[bool; 3]>(),
        cause in proptest::sample::select(vec![
            "saturation.connection_pool", "change.release", "change.flag", "network.dns", "code.n_plus_one", "x.y_z",
            "database.lock_contention", "cache.stampede", "security.credential_stuffing", "infrastructure.disk_full",
        ]),
        seconds in 0_i64..200_000,
        name in "[A-Z][a-z]{3,8} [A-Z][a-z]{4,9}",
    ) {
        let policy = story::policy();
        let mut i = story::incident(stage);
        i.kind = kind;
        i.restricted = flags[0];
        i.drill = flags[1];
        i.reopened = u32::from(flags[2]);
        [i.facts.complete_outage, i.facts.revenue_stopped, i.facts.functional_impact, i.facts.workaround] = facts;
        i.responders.push(name);
        if let Some(verdict) = &mut i.verdict && let Some(leader) = verdict.hypotheses.first_mut() {
            cause.clone_into(&mut leader.cause);
        }
        let templates = Templates::built_in().expect("they are right");
        let cx = story::cx(&policy, 1900 + seconds);
        if let Ok(update) = draft(&templates, &i, audience, reason, &cx, "incident-responder") {
            let broken = remarks(&Knows::of(&i, audience, &policy, []), &update.subject, &update.body);
            prop_assert!(broken.is_empty(), "{:?} {:?}: {:#?}\n{}\n{}", audience, reason, broken, update.subject, update.body);
        }
    }
}
