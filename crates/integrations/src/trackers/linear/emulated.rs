//! Against the emulator `emulate`. It knows less of Linear than we ask for: no id of our own for a new issue, nothing
//! archived, no bin. What stands between takes that out of each request and keeps our ids, and nothing else.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use firebell_core::ports::tracker::{IssueStatus, Tracker};
use serde_json::{Value, json};

use super::*;
use crate::doubles::peers;
use crate::trackers::tests::wish;

/// Our ids and the emulator's.
type Ids = Arc<Mutex<Vec<(String, String)>>>;

async fn between(emulator: String, ids: Ids) -> String {
    let client =
        reqwest::Client::builder().no_proxy().tls_certs_only(std::iter::empty()).build().expect("a client");
    let pass = move |headers: HeaderMap, body: Bytes| {
        let (client, emulator, ids) = (client.clone(), emulator.clone(), Arc::clone(&ids));
        async move {
            let mut body: Value = serde_json::from_slice(&body).expect("JSON");
            let own = body
                .pointer_mut("/variables/input")
                .and_then(Value::as_object_mut)
                .and_then(|i| i.remove("id"));
            let mut text = body.to_string().replace(", includeArchived: true", "").replace(" trashed ", " ");
            for (ours, theirs) in ids.lock().expect("not poisoned").iter() {
                text = text.replace(ours, theirs);
            }
            let key = headers.get("authorization").expect("a key").clone();
            let request = client.post(format!("{emulator}/graphql")).header("authorization", key);
            let answer = request
                .header("content-type", "application/json")
                .body(text)
                .send()
                .await
                .expect("an answer");
            let mut text = answer.text().await.expect("a text");
            let value: Value = serde_json::from_str(&text).expect("JSON");
            let made = value.pointer("/data/issueCreate/issue/id").and_then(Value::as_str);
            if let (Some(Value::String(own)), Some(made)) = (own, made) {
                ids.lock().expect("not poisoned").push((own, made.to_owned()));
            }
            for (ours, theirs) in ids.lock().expect("not poisoned").iter() {
                text = text.replace(theirs, ours);
            }
            ([("content-type", "application/json")], text)
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/graphql", listener.local_addr().expect("an address"));
    let app = Router::new().route("/graphql", post(pass));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

#[tokio::test]
async fn an_issue_lives_in_the_emulator() {
    let Some(peer) = peers::emulate("linear").await else { return };
    let client =
        reqwest::Client::builder().no_proxy().tls_certs_only(std::iter::empty()).build().expect("a client");
    let query = json!({"query": "{ teams { nodes { key } } }"}).to_string();
    let teams = client
        .post(format!("{}/graphql", peer.url))
        .header("authorization", "lin_test_admin")
        .header("content-type", "application/json")
        .body(query)
        .send()
        .await
        .expect("an answer");
    let teams: Value = serde_json::from_str(&teams.text().await.expect("a text")).expect("JSON");
    let team = teams.pointer("/data/teams/nodes/0/key").and_then(Value::as_str).expect("a team");
    let url = between(peer.url.clone(), Ids::default()).await;
    let config = json!({"api_key": "lin_test_admin", "team": team, "url": url});
    let config: Config = serde_json::from_value(config).expect("a configuration");
    let linear = Linear::new("eng", &config).expect("builds");
    let health = linear.health().await;
    assert!(health.ok, "{health:?}");
    let mut wish = wish(false);
    let issue = linear.file(&wish).await.expect("is filed");
    assert!(issue.key.starts_with(team), "{issue:?}");
    // The answer was lost: it is found, and there is one.
    wish.again = true;
    assert_eq!(linear.file(&wish).await.expect("is found"), issue);
    let look = || async { linear.look(std::slice::from_ref(&issue.id)).await.expect("an answer") };
    assert_eq!(look().await, [IssueStatus::Open]);
    linear.close(&issue.id).await.expect("is closed");
    assert_eq!(look().await, [IssueStatus::Done]);
}
