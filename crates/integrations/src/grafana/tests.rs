//! Grafana's alert webhook.

use serde_json::{Value, json};

use crate::testing::{Case, case, complaints, conforms, contract, fixture, fixtures, hammer, parse, source};

const CASES: &[Case] = &[case("firing-and-resolved.json")];

#[test]
fn reads_its_fixtures() {
    insta::assert_snapshot!(fixtures(&*source("grafana", &json!({})), CASES));
}

#[test]
fn says_what_is_wrong() {
    let text = complaints(
        &*source("grafana", &json!({})),
        "",
        &[],
        &[
            ("a list", b"[]"),
            ("Alertmanager's", br#"{"version": "4", "alerts": []}"#),
            ("no alerts", br#"{"version": "1"}"#),
            ("no status", br#"{"alerts": [{"labels": {"a": "b"}}]}"#),
            ("status", br#"{"alerts": [{"labels": {"a": "b"}, "status": "alerting"}]}"#),
            ("values", br#"{"alerts": [{"labels": {"a": "b"}, "status": "firing", "values": [1]}]}"#),
            ("link", br#"{"alerts": [{"labels": {"a": "b"}, "status": "firing", "panelURL": {}}]}"#),
        ],
    );
    insta::assert_snapshot!(text);
}

#[test]
fn withstands_damage() {
    hammer(&*source("grafana", &json!({})), CASES);
}

#[test]
fn fixtures_are_what_the_contract_says() {
    let Some(contract) = contract("derived-grafana-alerting-webhook-v1.schema.json") else { return };
    for case in CASES {
        let value: Value = serde_json::from_slice(&fixture("grafana", case.file)).expect("JSON");
        conforms(&contract, &value, case.file);
    }
}

#[test]
fn the_button_test_of_a_contact_point_is_marked_as_a_trial() {
    let source = source("grafana", &json!({}));
    let labels = |labels: serde_json::Value| {
        let body = json!({"receiver": "test", "status": "firing", "version": "1", "groupKey": "{alertname=\"TestAlert\"}",
            "groupLabels": {"alertname": "TestAlert"}, "alerts": [{"status": "firing", "labels": labels}]});
        match parse(&*source, body.to_string().as_bytes(), "", &[]).expect("good").items.remove(0) {
            firebell_core::signal::Intake::Signal(signal) => signal.labels,
            other => panic!("{other:?}"),
        }
    };
    let trial = labels(json!({"alertname": "TestAlert", "instance": "Grafana"}));
    assert_eq!(trial.get(firebell_core::intake::TRIAL_LABEL).map(String::as_str), Some("true"));
    let real = labels(json!({"alertname": "TestAlert", "instance": "db-1"}));
    assert!(!real.contains_key(firebell_core::intake::TRIAL_LABEL));
}
