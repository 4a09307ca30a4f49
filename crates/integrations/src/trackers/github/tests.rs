//! GitHub's REST API by a double that knows what the documentation asks for, and signed webhooks.

use std::sync::Arc;

use firebell_core::ports::tracker::{IssueStatus, Tracker};
use serde_json::{Value, json};

use super::*;
use crate::doubles::provider::{Reply, Seen, all_of};
use crate::replies::ReplyError;
use crate::replies::tests::{hammer, header, request, sha256_hex};
use crate::trackers::tests::{Kind, Shelf, at, stands_everything};
use crate::trackers::{Heard, IssueHook};

const TOKEN: &str = "github_pat_not_a_real_token";
const SECRET: &str = "a-webhook-secret-of-tests";

pub(super) fn config(url: &str) -> Config {
    let config = json!({"token": TOKEN, "repo": "acme/shop", "labels": ["incident"], "url": url,
        "timeout_s": 0.4, "webhook_secret": SECRET});
    serde_json::from_value(config).expect("a configuration")
}

fn make(url: &str) -> Arc<dyn Tracker> {
    Arc::new(Github::new("shop", &config(url)).expect("builds"))
}

/// <https://docs.github.com/rest/issues/issues>.
fn documented(seen: &Seen) -> Result<(), String> {
    let known = ["state", "sort", "direction", "since", "per_page", "page"];
    all_of(&[
        (seen.header("authorization") == format!("Bearer {TOKEN}"), "the token"),
        (seen.header("accept") == "application/vnd.github+json", "what is accepted"),
        (seen.header("x-github-api-version") == "2022-11-28", "the version"),
        (seen.path == "/repos/acme/shop" || seen.path.starts_with("/repos/acme/shop/issues"), "the path"),
        (seen.query.iter().all(|(n, _)| known.contains(&n.as_str())), "the query"),
    ])?;
    let body = seen.json();
    match seen.method.as_str() {
        "GET" => all_of(&[(seen.body.is_empty(), "no body")]),
        "POST" => all_of(&[
            (body["title"].as_str().is_some_and(|t| (1..=256).contains(&t.chars().count())), "the title"),
            (body["body"].as_str().is_some_and(|t| t.chars().count() <= 65_536), "the body"),
            (body["labels"] == json!(["incident"]), "the labels"),
        ]),
        "PATCH" => all_of(&[(body == json!({"state": "closed", "state_reason": "completed"}), "the change")]),
        _ => Err("the method".to_owned()),
    }
}

fn answer(shelf: &Shelf, seen: &Seen) -> Reply {
    let mut all = shelf.all();
    if seen.path == "/repos/acme/shop" {
        return Reply::Is(200, json!({"full_name": "acme/shop", "has_issues": true}).to_string());
    }
    let number = seen.path.strip_prefix("/repos/acme/shop/issues/").and_then(|n| n.parse::<usize>().ok());
    match (seen.method.as_str(), number) {
        ("POST", _) => {
            let n = all.len() + 1;
            let mut issue = seen.json();
            issue["number"] = json!(n);
            issue["state"] = json!("open");
            issue["created_at"] = json!("2026-01-05T10:00:01Z");
            issue["html_url"] = json!(format!("https://github.com/acme/shop/issues/{n}"));
            all.push(issue.clone());
            Reply::Is(201, issue.to_string())
        }
        ("GET", None) => Reply::Is(200, Value::Array(all.clone()).to_string()),
        (method, Some(n)) => match all.get_mut(n - 1) {
            None => Reply::Is(404, json!({"message": "Not Found"}).to_string()),
            Some(issue) => {
                if method == "PATCH" {
                    issue["state"] = json!("closed");
                    issue["state_reason"] = json!("completed");
                }
                Reply::Is(200, issue.to_string())
            }
        },
        _ => Reply::Is(405, String::new()),
    }
}

#[tokio::test]
async fn github_stands_everything() {
    let limited = || {
        let body = json!({"message": "You have exceeded a secondary rate limit"}).to_string();
        Reply::With(403, vec![("retry-after", "7".to_owned())], body)
    };
    let kind = Kind {
        make,
        check: documented,
        answer,
        files: |seen| seen.method == "POST",
        limited: (limited, 7),
        revoked: || Reply::Is(401, json!({"message": "Bad credentials"}).to_string()),
        secret: TOKEN,
    };
    stands_everything(&kind).await;
}

#[tokio::test]
async fn what_is_moved_deleted_or_called_off_is_told_apart_from_what_cannot_be_seen() {
    let issue = "acme/shop#1".to_owned();
    let status = |code: u16, body: &'static str| async move {
        let provider = crate::doubles::provider::Provider::start(
            |_| Ok(()),
            move |seen, _| match seen.path.as_str() {
                "/repos/acme/shop" => Reply::Is(200, "{}".to_owned()),
                _ => Reply::Is(code, body.to_owned()),
            },
        )
        .await;
        make(&provider.url).look(&["acme/shop#1".to_owned()]).await
    };
    assert!(
        matches!(&status(301, "{}").await.expect("known")[..], [IssueStatus::Gone(why)] if why.contains("moved"))
    );
    assert!(matches!(&status(410, "{}").await.expect("known")[..], [IssueStatus::Gone(_)]));
    let not_planned = r#"{"state":"closed","state_reason":"not_planned"}"#;
    assert_eq!(status(200, not_planned).await.expect("known"), [IssueStatus::Cancelled]);
    // A token that lost its access sees nothing: that is no deleted issue.
    let blind =
        crate::doubles::provider::Provider::start(|_| Ok(()), |_, _| Reply::Is(404, "{}".to_owned())).await;
    let error = make(&blind.url).look(&[issue]).await.expect_err("not known");
    assert!(error.to_string().contains("repo"), "{error}");
}

#[test]
fn signed_webhooks_name_the_issue_and_nothing_else_is_taken() {
    let hook = Hook::new("shop", &config("https://api.github.com")).expect("builds").expect("has a secret");
    let now = at("2026-01-05T10:00:00Z");
    let body = json!({"action": "closed", "issue": {"number": 12}, "repository": {"full_name": "Acme/Shop"}});
    let take = |body: &Value, event: &str, key: &str| {
        let text = body.to_string();
        let tag = format!("sha256={}", sha256_hex(key.as_bytes(), text.as_bytes()));
        let headers = [header("X-GitHub-Event", event), header("X-Hub-Signature-256", &tag)];
        hook.receive(&request("https://firebell.example.com/hooks/github/shop", &headers, &text), now)
    };
    assert_eq!(take(&body, "issues", SECRET), Ok(Heard::Issue("acme/shop#12".to_owned())));
    assert!(matches!(take(&body, "issues", "another"), Err(ReplyError::Unauthenticated(_))));
    assert!(matches!(take(&body, "ping", SECRET), Ok(Heard::Nothing(_))));
    let mut other = body.clone();
    other["repository"]["full_name"] = json!("acme/other");
    assert!(matches!(take(&other, "issues", SECRET), Ok(Heard::Nothing(_))));
    let mut opened = body;
    opened["action"] = json!("opened");
    assert!(matches!(take(&opened, "issues", SECRET), Ok(Heard::Nothing(_))));
    hammer(|bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let tag = format!("sha256={}", sha256_hex(SECRET.as_bytes(), text.as_bytes()));
        let headers = [header("x-github-event", "issues"), header("x-hub-signature-256", &tag)];
        let _ = hook.receive(&request("https://x.example/", &headers, &text), now);
    });
}
