//! Against the emulator `emulate`, which keeps issues as GitHub does.

use firebell_core::ports::tracker::{IssueStatus, Tracker};
use serde_json::json;

use super::*;
use crate::doubles::peers;
use crate::trackers::tests::wish;

#[tokio::test]
async fn an_issue_lives_in_the_emulator() {
    let Some(peer) = peers::emulate("github").await else { return };
    let client =
        reqwest::Client::builder().no_proxy().tls_certs_only(std::iter::empty()).build().expect("a client");
    let token = "test_token_admin";
    let made = client
        .post(format!("{}/user/repos", peer.url))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(json!({"name": "shop"}).to_string())
        .send()
        .await
        .expect("an answer");
    assert!(made.status().is_success(), "{}", made.status());
    let config = json!({"token": token, "repo": "admin/shop", "url": peer.url, "labels": ["incident"]});
    let config: Config = serde_json::from_value(config).expect("a configuration");
    let github = Github::new("shop", &config).expect("builds");
    let health = github.health().await;
    assert!(health.ok, "{health:?}");
    let mut wish = wish(false);
    wish.asked_at = jiff::Timestamp::now();
    let issue = github.file(&wish).await.expect("is filed");
    assert_eq!(issue.key, "admin/shop#1");
    // The answer was lost: it is found, and there is one.
    wish.again = true;
    assert_eq!(github.file(&wish).await.expect("is found"), issue);
    let look = || async { github.look(std::slice::from_ref(&issue.id)).await.expect("an answer") };
    assert_eq!(look().await, [IssueStatus::Open]);
    github.close(&issue.id).await.expect("is closed");
    assert_eq!(look().await, [IssueStatus::Done]);
    let missing = github.look(&["admin/shop#99".to_owned()]).await.expect("an answer");
    assert!(matches!(&missing[..], [IssueStatus::Gone(_)]), "{missing:?}");
}
