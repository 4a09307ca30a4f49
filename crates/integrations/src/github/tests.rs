//! Deployments and their signatures.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use firebell_core::ports::alert_source::RequestContext;

use crate::testing::{
    Case, Headers, case, complaints, conforms, contract, fixture, fixtures, hammer, now, source,
};

const STATUS: Headers = &[("x-github-event", "deployment_status")];
const CASES: &[Case] = &[
    Case { file: "deployment-status.json", path: "", headers: STATUS },
    Case { file: "deployment-status-failure.json", path: "", headers: STATUS },
    case("deployment-status-pending.json"),
    Case { file: "ping.json", path: "", headers: &[("x-github-event", "ping")] },
];

#[test]
fn reads_its_fixtures() {
    insta::assert_snapshot!(fixtures(&*source("github", &json!({})), CASES));
}

#[test]
fn says_what_is_wrong() {
    let github = source("github", &json!({}));
    let text = complaints(
        &*github,
        "",
        STATUS,
        &[
            ("a list", b"[]"),
            ("nothing in it", b"{}"),
            ("no state", br#"{"deployment_status": {}}"#),
            ("state", br#"{"deployment_status": {"state": "great"}}"#),
            ("no time", br#"{"deployment_status": {"state": "success"}}"#),
            ("no deployment", br#"{"deployment_status": {"state": "success", "created_at": "2026-01-05T10:15:00Z"}}"#),
            ("no id", br#"{"deployment_status": {"state": "success", "created_at": "2026-01-05T10:15:00Z"}, "deployment": {}}"#),
        ],
    );
    insta::assert_snapshot!(text);
    insta::assert_snapshot!(complaints(&*github, "", &[], &[("no header", b"{}")]));
}

#[test]
fn withstands_damage() {
    hammer(&*source("github", &json!({})), CASES);
}

#[test]
fn a_configured_secret_is_checked_before_the_body_is_read() {
    let github = source("github", &json!({"secret": "It's a Secret to Everybody"}));
    let body = fixture("github", "deployment-status.json");
    let mut mac = Hmac::<Sha256>::new_from_slice(b"It's a Secret to Everybody").expect("a key");
    mac.update(&body);
    let right = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let ask = |signature: Option<&str>, body: &[u8]| {
        let mut headers = vec![("x-github-event".to_owned(), "deployment_status".to_owned())];
        headers.extend(signature.map(|s| ("x-hub-signature-256".to_owned(), s.to_owned())));
        let cx = RequestContext { source: "test", received_at: now(), path: "", headers: &headers };
        github.parse(body, &cx).map(|p| p.items.len()).map_err(|e| e.field)
    };
    assert_eq!(ask(Some(&right), &body), Ok(1));
    let refused = Err("x-hub-signature-256".to_owned());
    assert_eq!(ask(None, &body), refused);
    assert_eq!(ask(Some("sha256=zz"), &body), refused);
    assert_eq!(ask(Some(&right.replace("sha256", "sha1")), &body), refused);
    assert_eq!(ask(Some(&right[..right.len() - 2]), &body), refused);
    assert_eq!(ask(Some(&right), b"{"), refused);
    let mut other = body.clone();
    other.push(b' ');
    assert_eq!(ask(Some(&right), &other), refused);
}

#[test]
fn the_signature_is_the_one_that_github_documents() {
    // From GitHub's guide on validating webhook deliveries.
    let github = source("github", &json!({"secret": "It's a Secret to Everybody"}));
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let headers = [("x-hub-signature-256".to_owned(), signature.to_owned())];
    let cx = RequestContext { source: "test", received_at: now(), path: "", headers: &headers };
    let error = github.parse(b"Hello, World!", &cx).expect_err("not JSON");
    assert_eq!(error.field, "body", "the signature holds, so the body is what is wrong");
}

#[test]
fn fixtures_are_what_the_contract_says() {
    let Some(contract) = contract("github-webhook-deployment_status-created.schema.json") else { return };
    let value: Value = serde_json::from_slice(&fixture("github", "deployment-status.json")).expect("JSON");
    conforms(&contract, &value, "deployment-status.json");
}
