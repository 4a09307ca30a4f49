//! CDEvents, bare, structured, batched and binary.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::testing::{
    Case, Headers, case, complaints, conforms, contract, fixture, fixtures, hammer, parse, source,
};

const RESOLVED: Headers = &[
    ("ce-type", "dev.cdevents.incident.resolved.0.2.0"),
    ("ce-id", "b7"),
    ("ce-source", "/watcher"),
    ("ce-time", "2026-01-05T10:29:00Z"),
];
const CASES: &[Case] = &[
    case("service-deployed.json"),
    case("incident-detected-structured.json"),
    case("batch.json"),
    Case { file: "incident-resolved-binary.json", path: "", headers: RESOLVED },
];

#[test]
fn reads_its_fixtures() {
    insta::assert_snapshot!(fixtures(&*source("cdevents", &json!({})), CASES));
}

#[test]
fn says_what_is_wrong() {
    let text = complaints(
        &*source("cdevents", &json!({})),
        "",
        &[],
        &[
            ("nothing in it", b"{}"),
            ("no type", br#"{"context": {}}"#),
            ("CloudEvent without data", br#"{"specversion": "1.0", "type": "dev.cdevents.service.deployed.0.1.0"}"#),
            ("other events", br#"{"context": {"type": "com.example.x"}}"#),
            ("no time", br#"{"context": {"type": "dev.cdevents.service.deployed.0.1.0"}}"#),
            ("time", br#"{"context": {"type": "dev.cdevents.service.deployed.0.1.0", "timestamp": "noon"}}"#),
            ("no subject", br#"{"context": {"type": "dev.cdevents.service.deployed.0.1.0", "timestamp": "2026-01-05T10:00:00Z"}}"#),
            ("no id", br#"{"context": {"type": "dev.cdevents.service.deployed.0.1.0", "timestamp": "2026-01-05T10:00:00Z"}, "subject": {}}"#),
            ("environment", br#"{"context": {"type": "dev.cdevents.service.deployed.0.1.0", "timestamp": "2026-01-05T10:00:00Z"}, "subject": {"id": "x", "content": {"environment": "prod"}}}"#),
            ("no base64", br#"{"specversion": "1.0", "type": "t", "data_base64": "%"}"#),
        ],
    );
    insta::assert_snapshot!(text);
}

#[test]
fn withstands_damage() {
    hammer(&*source("cdevents", &json!({})), CASES);
}

#[test]
fn data_in_base64_is_the_same_event() {
    let source = source("cdevents", &json!({}));
    let mut event: Value =
        serde_json::from_slice(&fixture("cdevents", "incident-detected-structured.json")).expect("JSON");
    let plain = parse(&*source, event.to_string().as_bytes(), "", &[]).expect("good");
    let data = event.as_object_mut().expect("an object").remove("data").expect("data").to_string();
    event["data_base64"] = json!(base64::engine::general_purpose::STANDARD.encode(data));
    assert_eq!(parse(&*source, event.to_string().as_bytes(), "", &[]).expect("good"), plain);
}

#[test]
fn fixtures_are_what_the_contract_says() {
    let (Some(deployed), Some(detected), Some(cloud)) = (
        contract("cdevents-servicedeployed-0.1.0.schema.json"),
        contract("cdevents-incidentdetected-0.2.0.schema.json"),
        contract("cloudevents-spec.schema.json"),
    ) else {
        return;
    };
    let read = |file| -> Value { serde_json::from_slice(&fixture("cdevents", file)).expect("JSON") };
    conforms(&deployed, &read("service-deployed.json"), "service-deployed.json");
    let structured = read("incident-detected-structured.json");
    conforms(&cloud, &structured, "incident-detected-structured.json");
    conforms(&detected, &structured["data"], "incident-detected-structured.json, data");
    for event in read("batch.json").as_array().expect("a list") {
        conforms(&cloud, event, "batch.json");
    }
}
