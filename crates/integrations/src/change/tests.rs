//! Changes in Firebell's own form.

use firebell_core::signal::Intake;
use serde_json::json;

use crate::testing::{Case, case, complaints, fixture, fixtures, hammer, parse, source};

const CASES: &[Case] = &[case("one.json"), case("list.json"), case("wrapped.json")];

#[test]
fn reads_its_fixtures() {
    insta::assert_snapshot!(fixtures(&*source("change", &json!({"service": "shop"})), CASES));
}

#[test]
fn says_what_is_wrong() {
    let text = complaints(
        &*source("change", &json!({})),
        "",
        &[],
        &[
            ("nothing in it", b"{}"),
            ("no time", br#"{"kind": "deploy"}"#),
            ("time", br#"{"kind": "deploy", "at": 5}"#),
            ("kind", br#"{"kind": "Deploy", "at": "2026-01-05T10:15:00Z"}"#),
            ("component", br#"{"kind": "deploy", "at": "2026-01-05T10:15:00Z", "component": ["a"]}"#),
            ("no component", br#"{"kind": "deploy", "at": "2026-01-05T10:15:00Z", "summary": "something"}"#),
            (
                "files",
                br#"{"kind": "deploy", "at": "2026-01-05T10:15:00Z", "component": "a", "files": ["a", 1]}"#,
            ),
            ("changes no list", br#"{"changes": 1}"#),
        ],
    );
    insta::assert_snapshot!(text);
}

#[test]
fn withstands_damage() {
    hammer(&*source("change", &json!({})), CASES);
}

#[test]
fn the_same_change_sent_twice_has_one_id() {
    let source = source("change", &json!({}));
    let id = |body: &[u8]| match parse(&*source, body, "", &[]).expect("good").items.remove(0) {
        Intake::Change(change) => change.id,
        other => panic!("{other:?}"),
    };
    let body = fixture("change", "one.json");
    assert_eq!(id(&body), id(&body));
    let other = String::from_utf8(body.clone()).expect("text").replace("v2.4.1", "v2.4.2");
    assert_ne!(id(&body), id(other.as_bytes()));
}
