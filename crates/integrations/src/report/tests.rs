//! Reports by people.

use serde_json::json;

use crate::testing::{Case, case, complaints, fixtures, hammer, source};

const CASES: &[Case] = &[case("report.json"), case("list.json")];

#[test]
fn reads_its_fixtures() {
    insta::assert_snapshot!(fixtures(&*source("report", &json!({"service": "shop"})), CASES));
}

#[test]
fn says_what_is_wrong() {
    let text = complaints(
        &*source("report", &json!({})),
        "",
        &[],
        &[
            ("nothing in it", b"{}"),
            ("blank", br#"{"title": " ", "text": "\n"}"#),
            ("title", br#"{"title": {"en": "x"}}"#),
            ("time", br#"{"title": "x", "at": "just now"}"#),
            ("plain words", b"the shop is down"),
        ],
    );
    insta::assert_snapshot!(text);
}

#[test]
fn withstands_damage() {
    hammer(&*source("report", &json!({})), CASES);
}
