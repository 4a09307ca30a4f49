//! Every document against Linear's own schema, requests by a double that holds them against it, and signed webhooks.

use std::sync::{Arc, OnceLock};

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use firebell_core::ports::tracker::{IssueStatus, Tracker};
use serde_json::{Value, json};

use super::*;
use crate::doubles::provider::{Provider, Reply, Seen, all_of};
use crate::replies::ReplyError;
use crate::replies::tests::{hammer, header, request, sha256_hex};
use crate::testing::shared;
use crate::trackers::tests::{Kind, Shelf, at, stands_everything};
use crate::trackers::{Heard, IssueHook};

const KEY: &str = "lin_api_not_a_real_key";
const SECRET: &str = "lin_wh_not_a_real_secret";

fn config(url: &str) -> Config {
    let config = json!({"api_key": KEY, "team": "ENG", "labels": ["incident"], "url": format!("{url}/graphql"),
        "timeout_s": 0.4, "webhook_secret": SECRET});
    serde_json::from_value(config).expect("a configuration")
}

fn make(url: &str) -> Arc<dyn Tracker> {
    // Read before anything waits for an answer: it is a megabyte.
    let _ = schema();
    Arc::new(Linear::new("eng", &config(url)).expect("builds"))
}

/// Linear's schema, if it is on this machine.
fn schema() -> Option<&'static Valid<Schema>> {
    static SCHEMA: OnceLock<Option<Valid<Schema>>> = OnceLock::new();
    let read = || {
        let path = shared("contracts")?.join("linear-schema.graphql");
        let text = std::fs::read_to_string(path).expect("the schema");
        Some(Schema::parse_and_validate(text, "linear-schema.graphql").expect("a schema"))
    };
    SCHEMA.get_or_init(read).as_ref()
}

/// The document as the schema takes it, with its variables where they are given.
fn holds(schema: &Valid<Schema>, document: &str, variables: Option<&Value>) -> Result<(), String> {
    let document = ExecutableDocument::parse_and_validate(schema, document, "document")
        .map_err(|e| e.errors.to_string())?;
    let Some(variables) = variables else { return Ok(()) };
    let operation = document.operations.iter().next().ok_or("no operation")?;
    let values = serde_json::from_value(variables.clone()).map_err(|e| e.to_string())?;
    apollo_compiler::request::coerce_variable_values(schema, operation, &values)
        .map(|_| ())
        .map_err(|e| format!("variables: {e:?}"))
}

#[test]
fn every_document_is_one_of_linears_schema() {
    let Some(schema) = schema() else { return };
    for document in documents::ALL {
        holds(schema, document, None).unwrap_or_else(|e| panic!("{document}: {e}"));
    }
    // The check is one: what is not there is found.
    assert!(holds(schema, "query V { viewer { id nickname } }", None).is_err());
    let wrong = json!({"input": {"title": "no team"}});
    assert!(holds(schema, documents::FILE, Some(&wrong)).is_err());
}

fn documented(seen: &Seen) -> Result<(), String> {
    all_of(&[
        (seen.method == "POST" && seen.path == "/graphql", "POST /graphql"),
        (seen.header("authorization") == KEY, "the key, as it is"),
        (seen.header("content-type") == "application/json", "JSON"),
    ])?;
    let body = seen.json();
    let document = body["query"].as_str().ok_or("no query")?;
    match schema() {
        Some(schema) => holds(schema, document, Some(&body["variables"])),
        None => Ok(()),
    }
}

fn data(data: &Value) -> Reply {
    Reply::Is(200, json!({ "data": data }).to_string())
}

fn refused(message: &str, code: &str) -> String {
    json!({"errors": [{"message": message, "extensions": {"code": code}}], "data": null}).to_string()
}

fn answer(shelf: &Shelf, seen: &Seen) -> Reply {
    let mut all = shelf.all();
    let body = seen.json();
    let (document, variables) = (body["query"].as_str().unwrap_or_default(), &body["variables"]);
    let of = |name: &str| document == name;
    if of(documents::VIEWER) {
        return data(&json!({"viewer": {"id": "u", "name": "Firebell"}}));
    }
    if of(documents::TEAM) {
        return data(&json!({"teams": {"nodes": [{"id": "t-1", "key": "ENG", "name": "Engineering"}]}}));
    }
    if of(documents::LABELS) {
        return data(&json!({"issueLabels": {"nodes": [{"id": "l-1", "name": "incident"}]}}));
    }
    if of(documents::FILE) {
        let mut issue = variables["input"].clone();
        if all.iter().any(|i| i["id"] == issue["id"]) {
            return Reply::Is(200, refused("Entity already exists", "INVALID_INPUT"));
        }
        let n = all.len() + 1;
        issue["identifier"] = json!(format!("ENG-{n}"));
        issue["url"] = json!(format!("https://linear.app/acme/issue/ENG-{n}"));
        issue["state"] = json!({"type": "backlog"});
        all.push(issue.clone());
        return data(&json!({"issueCreate": {"success": true, "issue": issue}}));
    }
    if of(documents::LOOK) {
        let ids = variables["filter"]["id"]["in"].as_array().cloned().unwrap_or_default();
        let nodes: Vec<Value> = all.iter().filter(|i| ids.contains(&i["id"])).cloned().collect();
        return data(&json!({"issues": {"nodes": nodes}}));
    }
    if of(documents::STATES) {
        let states = json!([{"id": "s-9", "type": "completed", "position": 9.0},
            {"id": "s-3", "type": "completed", "position": 3.5}, {"id": "s-1", "type": "started", "position": 1}]);
        return data(&json!({"issue": {"id": variables["id"], "team": {"states": {"nodes": states}}}}));
    }
    assert_eq!(variables["input"]["stateId"], "s-3", "the first of the completed states");
    all.iter_mut()
        .filter(|i| i["id"] == variables["id"])
        .for_each(|i| i["state"] = json!({"type": "completed"}));
    data(&json!({"issueUpdate": {"success": true}}))
}

#[tokio::test]
async fn linear_stands_everything() {
    let kind = Kind {
        make,
        check: documented,
        answer,
        files: |seen| seen.json()["query"] == documents::FILE,
        // Linear limits with status 400.
        limited: (|| Reply::Is(400, refused("Rate limit exceeded", "RATELIMITED")), 60),
        revoked: || Reply::Is(401, refused("Authentication required", "AUTHENTICATION_ERROR")),
        secret: KEY,
    };
    stands_everything(&kind).await;
}

#[tokio::test]
async fn an_id_that_is_taken_is_ours_though_nobody_remembers_the_attempt() {
    let shelf = Arc::new(Shelf::default());
    let kept = Arc::clone(&shelf);
    let provider = Provider::start(documented, move |seen, _| answer(&kept, seen)).await;
    let wish = crate::trackers::tests::wish(false);
    let first = make(&provider.url).file(&wish).await.expect("is filed");
    let again = make(&provider.url).file(&wish).await.expect("is found");
    assert_eq!((first, shelf.all().len()), (again, 1));
    provider.taken();
}

#[tokio::test]
async fn what_was_put_into_the_bin_is_gone_and_what_was_called_off_is_not_done() {
    let node = |extra: Value| {
        let mut node = json!({"id": "i", "identifier": "ENG-1", "url": "https://linear.app/x", "state": {"type": "canceled"}});
        node.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        node
    };
    for (extra, gone) in [(json!({}), false), (json!({"trashed": true}), true)] {
        let node = node(extra);
        let provider =
            Provider::start(|_| Ok(()), move |_, _| data(&json!({"issues": {"nodes": [node]}}))).await;
        let look = make(&provider.url).look(&["i".to_owned()]).await.expect("an answer");
        match gone {
            true => assert!(matches!(&look[..], [IssueStatus::Gone(_)])),
            false => assert_eq!(look, [IssueStatus::Cancelled]),
        }
    }
}

#[test]
fn signed_webhooks_name_the_issue_and_old_ones_are_not_taken() {
    let hook = Hook::new("eng", &config("https://api.linear.app")).expect("builds").expect("has a secret");
    let now = at("2026-01-05T10:00:00Z");
    let body = |ago: i64| {
        json!({"action": "update", "type": "Issue", "data": {"id": "i-1"}, "updatedFrom": {"stateId": "s"},
            "webhookTimestamp": now.as_millisecond() - ago * 1000})
    };
    let take = |body: &Value, key: &str| {
        let text = body.to_string();
        let headers = [header("Linear-Signature", &sha256_hex(key.as_bytes(), text.as_bytes()))];
        hook.receive(&request("https://firebell.example.com/hooks/linear/eng", &headers, &text), now)
    };
    assert_eq!(take(&body(59), SECRET), Ok(Heard::Issue("i-1".to_owned())));
    assert!(matches!(take(&body(61), SECRET), Err(ReplyError::Unauthenticated(_))));
    assert!(matches!(take(&body(-61), SECRET), Err(ReplyError::Unauthenticated(_))));
    assert!(matches!(take(&body(0), "another"), Err(ReplyError::Unauthenticated(_))));
    let mut renamed = body(0);
    renamed["updatedFrom"] = json!({"title": "before"});
    assert!(matches!(take(&renamed, SECRET), Ok(Heard::Nothing(_))));
    let mut removed = body(0);
    removed["action"] = json!("remove");
    assert_eq!(take(&removed, SECRET), Ok(Heard::Issue("i-1".to_owned())));
    hammer(|bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let headers = [header("linear-signature", &sha256_hex(SECRET.as_bytes(), text.as_bytes()))];
        let _ = hook.receive(&request("https://x.example/", &headers, &text), now);
    });
}
