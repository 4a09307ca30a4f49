//! Events of PagerDuty's Events API v2.

use firebell_core::signal::Intake;
use serde_json::json;

use super::routing_key;
use crate::testing::{Case, case, complaints, fixture, fixtures, hammer, parse, source};

const EVENTS: &str = "/v2/enqueue";
const CHANGES: &str = "/v2/change/enqueue";
const CASES: &[Case] = &[
    Case { file: "trigger.json", path: EVENTS, headers: &[] },
    Case { file: "trigger-without-key.json", path: EVENTS, headers: &[] },
    Case { file: "acknowledge.json", path: EVENTS, headers: &[] },
    case("resolve.json"),
    Case { file: "change.json", path: CHANGES, headers: &[] },
];

#[test]
fn reads_its_fixtures() {
    insta::assert_snapshot!(fixtures(&*source("pagerduty", &json!({})), CASES));
}

#[test]
fn says_what_is_wrong() {
    let source = source("pagerduty", &json!({}));
    let events = complaints(
        &*source,
        EVENTS,
        &[],
        &[
            ("a list", b"[]"),
            ("no action", br#"{"payload": {}}"#),
            ("action", br#"{"event_action": "snooze"}"#),
            ("resolve without key", br#"{"event_action": "resolve"}"#),
            ("no payload", br#"{"event_action": "trigger"}"#),
            ("no summary", br#"{"event_action": "trigger", "payload": {"source": "x", "severity": "info"}}"#),
            ("no source", br#"{"event_action": "trigger", "payload": {"summary": "x", "severity": "info"}}"#),
            ("severity", br#"{"event_action": "trigger", "payload": {"summary": "x", "source": "y", "severity": "fatal"}}"#),
            ("timestamp", br#"{"event_action": "trigger", "payload": {"summary": "x", "source": "y", "severity": "info", "timestamp": "now"}}"#),
            ("link", br#"{"event_action": "trigger", "payload": {"summary": "x", "source": "y", "severity": "info"}, "links": [{"href": 7}]}"#),
        ],
    );
    insta::assert_snapshot!(events);
    insta::assert_snapshot!(complaints(
        &*source,
        CHANGES,
        &[],
        &[("no summary", br#"{"payload": {"source": "x"}}"#)]
    ));
}

#[test]
fn withstands_damage() {
    hammer(&*source("pagerduty", &json!({})), CASES);
}

#[test]
fn all_actions_on_one_key_are_one_alert() {
    let source = source("pagerduty", &json!({}));
    let prints: std::collections::BTreeSet<_> = ["trigger.json", "acknowledge.json", "resolve.json"]
        .into_iter()
        .map(|file| {
            match parse(&*source, &fixture("pagerduty", file), EVENTS, &[]).expect("good").items.remove(0) {
                Intake::Signal(signal) => signal.fingerprint,
                other => panic!("{other:?}"),
            }
        })
        .collect();
    assert_eq!(prints.len(), 1);
}

#[test]
fn finds_the_routing_key_before_anything_else() {
    let key = routing_key(&fixture("pagerduty", "trigger.json"));
    assert_eq!(key.as_deref(), Ok("0123456789abcdef0123456789abcdef"));
    for (body, field) in [
        (&b""[..], "body"),
        (b"[]", "body"),
        (b"{\"routing_key\"", "body"),
        (b"\xFF", "body"),
        (b"{}", "routing_key"),
        (br#"{"routing_key": 5}"#, "routing_key"),
        (br#"{"routing_key": " "}"#, "routing_key"),
    ] {
        assert_eq!(routing_key(body).expect_err("no key").field, field);
    }
}
