//! Grafana's alert webhook.

use serde_json::{Value, json};

use crate::testing::{Case, case, complaints, conforms, contract, fixture, fixtures, hammer, source};

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
