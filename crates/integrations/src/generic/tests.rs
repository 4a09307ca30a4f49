//! Mappings, right and wrong.

use firebell_core::signal::Intake;
use serde_json::{Value, json};

use crate::registry;
use crate::source_config::SourceConfig;
use crate::testing::{Case, case, complaints, fixtures, hammer, parse, source};

const CASES: &[Case] = &[case("events.json")];

fn mapped() -> Value {
    json!({"mapping": {
        "items": "$.data.alerts",
        "name": ["$.title", "$.name", "Unnamed trouble"],
        "dedup_key": "$.id",
        "state": "$.state",
        "state_values": {"PROBLEM": "firing", "OK": "resolved"},
        "severity": "$.priority",
        "severity_values": {"5": "critical"},
        "service": "$.host.service",
        "starts_at": "$.clock",
        "ends_at": "$.ended",
        "time_format": "unix_s",
        "link": "$.url",
        "labels": {"instance": "$.host[\"name\"]", "env": "production", "first_tag": "$.tags[0]", "price": "$$5"},
        "annotations": {"tags": "$.tags"},
        "all_labels": "$.extra"
    }})
}

#[test]
fn reads_its_fixtures() {
    insta::assert_snapshot!(fixtures(&*source("generic", &mapped()), CASES));
}

#[test]
fn says_what_is_wrong() {
    let one = |item: &str| format!(r#"{{"data": {{"alerts": [{item}]}}}}"#).into_bytes();
    let text = complaints(
        &*source("generic", &mapped()),
        "",
        &[],
        &[
            ("a list", b"[]"),
            ("no list", b"{}"),
            ("half way", br#"{"data": 7}"#),
            ("no list there", br#"{"data": {"alerts": "none"}}"#),
            ("item", &one("7")),
            ("state", &one(r#"{"state": "WEIRD"}"#)),
            ("time", &one(r#"{"clock": "yesterday"}"#)),
            ("time beyond all", &one(r#"{"clock": 1e300}"#)),
            ("labels", &one(r#"{"extra": "none"}"#)),
            ("long", &one(&format!(r#"{{"title": "{}"}}"#, "x".repeat(20_000)))),
            ("number", &one(r#"{"clock": 1e999}"#)),
        ],
    );
    insta::assert_snapshot!(text);
}

#[test]
fn withstands_damage() {
    hammer(&*source("generic", &mapped()), CASES);
}

#[test]
fn says_what_is_wrong_with_a_mapping() {
    let with = |mapping: Value| {
        let config = json!({"name": "mine", "kind": "generic", "key": "not-a-real-key", "mapping": mapping});
        match serde_json::from_value::<SourceConfig>(config) {
            Ok(config) => registry::build(&config).err().map_or("fine".to_owned(), |e| e.to_string()),
            Err(e) => e.to_string(),
        }
    };
    let all: Vec<_> = [
        json!(null),
        json!({}),
        json!({"name": []}),
        json!({"name": "$title"}),
        json!({"name": "$.a..b"}),
        json!({"name": "$.a[x]"}),
        json!({"name": "$.a[\"b]"}),
        json!({"name": "x", "labels": {"l": "$["}}),
        json!({"name": "x", "titel": "$.x"}),
        json!({"name": "x", "time_format": "unix"}),
        json!({"name": "x", "state_values": {"a": "b"}}),
        json!({"name": "x", "items": "alerts"}),
    ]
    .into_iter()
    .map(|mapping| format!("{mapping}\n    {}", with(mapping.clone())))
    .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn times_are_read_in_each_format() {
    for (format, value) in [
        ("rfc3339", json!("2026-01-05T10:28:00Z")),
        ("unix_s", json!(1_767_608_880)),
        ("unix_s", json!("1767608880")),
        ("unix_s", json!(1_767_608_880.0)),
        ("unix_ms", json!(1_767_608_880_000_i64)),
        ("unix_ms", json!("1767608880000")),
    ] {
        let source =
            source("generic", &json!({"mapping": {"name": "x", "starts_at": "$.t", "time_format": format}}));
        let parsed = parse(&*source, json!({"t": value}).to_string().as_bytes(), "", &[]).expect("good");
        let [Intake::Signal(signal)] = parsed.items.as_slice() else { panic!("one signal") };
        assert_eq!(signal.starts_at.to_string(), "2026-01-05T10:28:00Z", "{format} {value}");
    }
}
