//! The caps and the isolation of bad items, on the source that is used most.

use firebell_core::signal::Intake;
use serde_json::{Value, json};

use crate::testing::{complaints, parse, source};

fn alert(i: usize) -> Value {
    json!({"status": "firing", "labels": {"alertname": "A", "n": i.to_string()}, "startsAt": "2026-01-05T10:28:00Z"})
}

fn webhook(alerts: Vec<Value>) -> Vec<u8> {
    json!({"version": "4", "alerts": alerts}).to_string().into_bytes()
}

#[test]
fn one_bad_alert_of_a_hundred_loses_only_itself() {
    let source = source("alertmanager", &json!({}));
    for (bad, field) in [
        (json!(null), "alerts[41]"),
        (json!({"labels": {"alertname": "A"}, "startsAt": 5}), "alerts[41].startsAt"),
        (json!({"labels": {"alertname": ["A"]}}), "alerts[41].labels.alertname"),
    ] {
        let mut alerts: Vec<_> = (0..100).map(alert).collect();
        alerts[41] = bad;
        let parsed = parse(&*source, &webhook(alerts), "", &[]).expect("ninety-nine are good");
        assert_eq!(parsed.items.len(), 99);
        assert_eq!(parsed.rejected.len(), 1);
        assert_eq!((parsed.rejected[0].index, parsed.rejected[0].field.as_str()), (41, field));
    }
}

#[test]
fn bytes_that_are_not_utf8_lose_only_the_alert_that_holds_them() {
    let source = source("alertmanager", &json!({}));
    let mut alerts: Vec<_> = (0..100).map(alert).collect();
    alerts[7]["annotations"] = json!({"summary": "caf@"});
    let mut body = webhook(alerts);
    let at = body.iter().position(|b| *b == b'@').expect("the mark");
    body[at] = 0xE9;
    let parsed = parse(&*source, &body, "", &[]).expect("ninety-nine are good");
    assert_eq!(parsed.items.len(), 99);
    assert_eq!(parsed.rejected[0].field, "alerts[7].annotations.summary");
    assert!(parsed.rejected[0].reason.contains("UTF-8"));
}

#[test]
fn a_noncharacter_in_honest_text_is_kept() {
    let source = source("alertmanager", &json!({}));
    let body = webhook(vec![json!({"labels": {"alertname": "A", "odd": "\u{FFFF}"}})]);
    let parsed = parse(&*source, &body, "", &[]).expect("good");
    let [Intake::Signal(signal)] = parsed.items.as_slice() else { panic!("one signal") };
    assert_eq!(signal.labels["odd"], "\u{FFFF}");
}

#[test]
fn says_what_is_wrong_with_a_body_and_where() {
    let source = source("alertmanager", &json!({}));
    let labels = |n: usize| (0..n).map(|i| (format!("l{i}"), json!("x"))).collect::<serde_json::Map<_, _>>();
    let with = |labels: Value| webhook(vec![json!({"status": "firing", "labels": labels})]);
    let deep = format!(
        r#"{{"alerts": [{{"labels": {{"a": "b"}}, "x": {}{}}}]}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let too_many = webhook((0..10_001).map(alert).collect());
    let ten_thousand_labels = with(Value::Object(labels(10_000)));
    let one_too_many = with(Value::Object(labels(257)));
    let long_name = with(json!({ "n".repeat(1025): "x" }));
    let long_value = with(json!({"alertname": "v".repeat(16 * 1024 + 1)}));
    let text = complaints(
        &*source,
        "",
        &[],
        &[
            ("nothing", b""),
            ("blanks", b" \n "),
            ("cut off", br#"{"alerts": [{"labels""#),
            ("two values", br#"{"alerts": []} {}"#),
            ("a number", b"7"),
            ("NaN", br#"{"alerts": NaN}"#),
            ("not UTF-8 outside a text", b"{\"alerts\": \xFF}"),
            ("UTF-16", b"\xFF\xFE{\0}\0"),
            ("field twice", br#"{"alerts": [], "alerts": []}"#),
            ("label twice", br#"{"alerts": [{"labels": {"a": "1", "a": "2"}}]}"#),
            ("label field twice", br#"{"alerts": [{"labels": {"a": "1"}, "labels": {"a": "2"}}]}"#),
            ("half a character", br#"{"alerts": [{"labels": {"a": "\ud800"}}]}"#),
            ("huge number", br#"{"alerts": [{"labels": {"a": 1e999}}]}"#),
            ("deep nesting", deep.as_bytes()),
            ("too many alerts", &too_many),
            ("ten thousand labels", &ten_thousand_labels),
            ("one label too many", &one_too_many),
            ("long label name", &long_name),
            ("long label value", &long_value),
            ("empty label name", br#"{"alerts": [{"labels": {"": "x"}}]}"#),
            (
                "long text in a message",
                format!(r#"{{"alerts": [{{"labels": {{"a": "b"}}, "startsAt": "{}"}}]}}"#, "é".repeat(500))
                    .as_bytes(),
            ),
        ],
    );
    insta::assert_snapshot!(text);
}

#[test]
fn exactly_at_the_caps_is_taken() {
    let source = source("alertmanager", &json!({}));
    let mut labels: serde_json::Map<_, _> = (0..254).map(|i| (format!("l{i}"), json!("x"))).collect();
    labels.insert("n".repeat(1024), json!("x"));
    labels.insert("alertname".to_owned(), json!("v".repeat(16 * 1024)));
    let mut alerts: Vec<_> = (0..9_999).map(alert).collect();
    alerts.push(json!({"status": "firing", "labels": labels}));
    let parsed = parse(&*source, &webhook(alerts), "", &[]).expect("good");
    assert_eq!((parsed.items.len(), parsed.rejected.len()), (10_000, 0));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let source = source("alertmanager", &json!({}));
    let mut body = b"\xEF\xBB\xBF".to_vec();
    body.extend(webhook(vec![alert(0)]));
    assert_eq!(parse(&*source, &body, "", &[]).expect("good").items.len(), 1);
}
