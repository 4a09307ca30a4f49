//! What people write to customers, held against the rules of tone; drafts that wait for their time; the page of templates.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::page::Browser;
use super::world::{World, token, world};
use crate::Role;

const BAD: &str = "It is human error. It will be fixed by 15:00.";

fn posted(list: &Value, audience: &str) -> usize {
    let all = list["incident"]["updates"].as_array().expect("updates");
    all.iter().filter(|u| u["audience"] == audience).count()
}

async fn shown(w: &World, id: &str) -> Value {
    w.api(Role::Admin, "GET", &format!("/api/v1/incidents/{id}"), Value::Null).await.json()
}

#[tokio::test]
async fn what_breaks_a_rule_of_tone_reaches_customers_on_a_persons_word_only() {
    let w = world();
    let id = w.declare("Checkout is down").await;
    let path = format!("/api/v1/incidents/{id}/updates");
    let mut text = json!({"audience": "public", "subject": "News", "body": BAD});
    let answer = w.api(Role::Commander, "POST", &path, text.clone()).await;
    assert_eq!((answer.status, &answer.json()["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("body")));
    let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
    assert!(["zone", "blames", "promise", "confirm"].iter().all(|w| detail.contains(w)), "{detail}");
    let before = posted(&shown(&w, &id).await, "public");
    text["confirm"] = json!(true);
    assert_eq!(w.api(Role::Commander, "POST", &path, text).await.status, StatusCode::OK);
    assert_eq!(posted(&shown(&w, &id).await, "public"), before + 1);
    let inside = json!({"audience": "internal", "subject": "News", "body": BAD});
    let answer = w.api(Role::Commander, "POST", &path, inside).await;
    assert_eq!(answer.status, StatusCode::OK, "colleagues may hear it");
    let remarks = answer.json()["remarks"].to_string();
    assert!(
        remarks.contains("15:00") && remarks.contains("zone") && !remarks.contains("promise"),
        "{remarks}"
    );

    let b = Browser::sign_in(&w, &token(Role::Commander)).await;
    let form =
        format!("csrf={}&audience=public&subject=Again&body=It+is+human+error.+%3Cb%3E", b.csrf().await);
    let path = format!("/incidents/{id}/do/update");
    let page = b.post(&path, &form).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.text.contains("Before customers read it") && page.text.contains("human error. &lt;b&gt;"),
        "{}",
        page.text
    );
    assert_eq!(posted(&shown(&w, &id).await, "public"), before + 1, "nothing was sent yet");
    assert_eq!(b.post(&path, &format!("{form}&confirm=yes")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(posted(&shown(&w, &id).await, "public"), before + 2);
}

#[tokio::test]
async fn who_tells_colleagues_what_breaks_a_rule_of_tone_hears_of_it_afterwards_and_so_does_the_incident() {
    let w = world();
    let id = w.declare("Checkout is down").await;
    let b = Browser::sign_in(&w, &token(Role::Commander)).await;
    let path = format!("/incidents/{id}");
    for (body, remark) in [("We+look+again+at+14%3A30.", true), ("We+look+again+at+14%3A30+UTC.", false)] {
        let form = format!("csrf={}&audience=internal&subject=News&body={body}", b.csrf().await);
        assert_eq!(b.post(&format!("{path}/do/update"), &form).await.status, StatusCode::SEE_OTHER);
        let page = b.get(&path).await.text;
        let told = page.contains("The update is posted. Tone: &quot;14:30&quot;: whoever reads it");
        assert_eq!(told, remark, "{page}");
        let last = page.split("id=\"last-internal\"").nth(1).and_then(|t| t.split("</details>").next());
        let last = last.expect("what was sent");
        assert!(last.contains("14:30") && last.contains("Tone: ") == remark, "{last}");
    }
    let all = b.get(&path).await.text;
    let all =
        all.split("id=\"all-updates\"").nth(1).and_then(|t| t.split("</section>").next()).expect("updates");
    assert_eq!(all.matches("Tone: ").count(), 1, "beside the one of both: {all}");
}

/// Waits until the drafts of an incident say so.
async fn drafts(w: &World, id: &str, ready: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        w.play().await;
        let answer =
            w.api(Role::Commander, "GET", &format!("/api/v1/incidents/{id}/drafts"), Value::Null).await;
        let internal = answer.json()["drafts"][0].clone();
        if ready(&internal) {
            return internal;
        }
        assert!(Instant::now() < end, "{}", answer.text);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_draft_waits_for_its_time_and_is_changed_until_then() {
    let w = world();
    let id = w.declare("Checkout is down, revenue has stopped: customers cannot complete purchases").await;
    w.play().await;
    let draft = drafts(&w, &id, |d| d["subject"].is_string()).await;
    assert_eq!(draft["goes_out_at"], Value::Null, "{draft}");
    let path = format!("/api/v1/incidents/{id}/drafts");
    let ours =
        json!({"audience": "internal", "subject": "In our words", "body": "The vendor is on the phone."});
    assert_eq!(w.api(Role::Commander, "POST", &path, ours.clone()).await.status, StatusCode::CONFLICT);
    w.pass(SignedDuration::from_secs(15 * 60 - 110));
    let draft = drafts(&w, &id, |d| {
        d["goes_out_at"].is_string() && d["subject"].as_str().is_some_and(|s| s.ends_with("soon"))
    })
    .await;
    assert_eq!(draft["edited_by"], Value::Null);
    let b = Browser::sign_in(&w, &token(Role::Commander)).await;
    let page = b.get(&format!("/incidents/{id}")).await.text;
    assert!(page.contains("Draft ready, goes out at"), "{page}");
    assert_eq!(w.api(Role::Viewer, "POST", &path, ours.clone()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(w.api(Role::Commander, "POST", &path, ours).await.json()["remarks"], json!([]));
    let page = b.get(&format!("/incidents/{id}")).await.text;
    assert!(page.contains("Edited by commander") && page.contains("The vendor is on the phone."));
    w.pass(SignedDuration::from_secs(120));
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let all = shown(&w, &id).await;
        let updates = all["incident"]["updates"].as_array().expect("updates").clone();
        if let Some(update) = updates.iter().find(|u| u["subject"] == "In our words") {
            assert_eq!((&update["by"], &update["by_person"]), (&json!("commander"), &json!(true)));
            break;
        }
        assert!(Instant::now() < end, "{updates:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn templates_and_heartbeats_have_their_pages() {
    let w = world();
    let b = Browser::sign_in(&w, &token(Role::Admin)).await;
    for (path, says) in [
        ("/settings/templates", "Nothing: each says what its audience needs."),
        ("/settings/templates?audience=public&moment=all_clear", "public.all_clear.md"),
        ("/settings/templates?audience=nobody&moment=never", "internal.declared.md"),
        ("/settings/heartbeats", "nobody outside hears of it when Firebell itself dies"),
    ] {
        let page = b.get(path).await;
        assert!(page.status == StatusCode::OK && page.text.contains(says), "{path}: {}", page.text);
    }
    let commander = Browser::sign_in(&w, &token(Role::Commander)).await;
    assert_eq!(commander.get("/settings/templates").await.status, StatusCode::OK);
    assert_eq!(commander.get("/settings/heartbeats").await.status, StatusCode::FORBIDDEN);
}
