//! An action item's issue, from the opening to a tracker's signed webhook, through the binary: GitHub is a double.

use std::sync::atomic::{AtomicBool, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::receiver::{Receiver, Request};
use crate::support::{Server, curl, firebell, output, text, until};

const SECRET: &str = "a-webhook-secret-of-tests";
const ISSUE: &str = "https://github.com/acme/shop/issues/12";

/// Whether somebody has closed the issue there.
static CLOSED: AtomicBool = AtomicBool::new(false);

fn github(request: &Request) -> Value {
    let state = if CLOSED.load(Ordering::SeqCst) { "closed" } else { "open" };
    match request.path.as_str() {
        // The look for what may be there already.
        path if path.contains("/issues?") => json!([]),
        _ => json!({"number": 12, "html_url": ISSUE, "state": state}),
    }
}

/// Posts a webhook; the status that it is answered with.
fn post(server: &Server, key: &str) -> String {
    let body = json!({"action": "closed", "issue": {"number": 12}, "repository": {"full_name": "acme/shop"}});
    let body = body.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any key");
    mac.update(body.as_bytes());
    let signature = format!("x-hub-signature-256: sha256={}", hex::encode(mac.finalize().into_bytes()));
    let out = curl(&[
        "-o/dev/null",
        "-w%{http_code}",
        "-Hcontent-type: application/json",
        "-Hx-github-event: issues",
        &format!("-H{signature}"),
        &format!("-d{body}"),
        &format!("{}/hooks/github/shop", server.url),
    ]);
    text(&out)
}

#[test]
fn a_signed_webhook_of_a_tracker_closes_the_item_whose_issue_is_shown_everywhere() {
    let github = Receiver::start(github);
    let dir = tempfile::tempdir().expect("a folder");
    let config = format!(
        "[trackers.shop]\nkind = \"github\"\ntoken = \"t\"\nrepo = \"acme/shop\"\n\
         url = \"http://127.0.0.1:{}\"\nwebhook_secret = \"{SECRET}\"\n",
        github.port
    );
    let server = Server::start(dir.path(), &config);
    let declared = server.json(&["incident", "declare", "The logo is blue", "--severity", "sev4"]);
    let id = declared["id"].as_str().expect("an id").to_owned();
    let item = || server.json(&["incident", "show", &id])["incident"]["action_items"]["1"].clone();
    until("the issue is filed", 60, || (item()["tracking"]["issue"]["url"] == ISSUE).then_some(()));
    assert_eq!(item()["done_at"], Value::Null);
    let shown = output(firebell().args(["incident", "show", &id, "--data"]).arg(&server.data));
    assert!(text(&shown).contains(&format!("(acme/shop#12 {ISSUE})")), "{}", text(&shown));

    CLOSED.store(true, Ordering::SeqCst);
    let looks = || github.seen().iter().filter(|r| r.path.ends_with("/issues/12")).count();
    let before = looks();
    assert_eq!(post(&server, "another"), "401");
    assert_eq!(post(&server, SECRET), "200");
    // Long before the look of every five minutes.
    until("the item is done", 60, || item()["done_at"].is_string().then_some(()));
    let filed = github.seen().iter().filter(|r| r.path.ends_with("/repos/acme/shop/issues")).count();
    assert_eq!(filed, 1);
    assert!(looks() > before);

    server.json(&["incident", "postmortem", &id]);
    until("there is a postmortem", 60, || {
        let incident = server.json(&["incident", "show", &id]);
        if incident["incident"]["status"] == "open" {
            let _ = server.asked(&["incident", "resolve", &id, "--summary", "it is green again"]);
        }
        incident["incident"]["postmortem"].is_array().then_some(())
    });
    let token = server.json(&["token"])["token"].as_str().expect("a token").to_owned();
    let bearer = format!("-Hauthorization: Bearer {token}");
    let markdown = curl(&[&bearer, &format!("{}/api/v1/incidents/{id}/postmortem.md", server.url)]);
    assert!(text(&markdown).contains(&format!(", [acme/shop#12]({ISSUE})")), "{}", text(&markdown));
}
