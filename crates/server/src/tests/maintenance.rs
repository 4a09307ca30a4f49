//! Scheduled maintenance: announced on the settings page, shown to everybody, begun and ended by the clock.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::page::Browser;
use super::status::until;
use super::world::{World, token, world};
use crate::Role;

const PATH: &str = "/settings/maintenance";

fn coded(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(n, v)| format!("{n}={}", crate::ui::encoded(v))).collect::<Vec<_>>().join("&")
}

/// Announces one from 11:00 to 12:00 (it is 10:30); answers its id.
async fn announce(w: &World, b: &Browser<'_>, title: &str) -> String {
    let csrf = b.csrf().await;
    let fields = [
        ("csrf", csrf.as_str()),
        ("title", title),
        ("description", "Payments may be **slow**. <script>alert(1)</script>"),
        ("components", "Checkout"),
        ("starts_at", "2026-01-05T11:00"),
        ("ends_at", "2026-01-05T12:00"),
    ];
    let answer = b.post(PATH, &coded(&fields)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let page = b.get(PATH).await;
    assert!(page.text.contains("is announced"), "{}", page.text);
    let all = until(w, "/status/api/v2/scheduled-maintenances.json", title).await.json();
    let all = all["scheduled_maintenances"].as_array().expect("a list").clone();
    let one = all.iter().find(|m| m["name"] == title).expect("it is there");
    one["id"].as_str().expect("an id").to_owned()
}

async fn act(b: &Browser<'_>, id: &str, verb: &str, fields: &[(&str, &str)]) -> String {
    let csrf = b.csrf().await;
    let all: Vec<_> = [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
    let answer = b.post(&format!("{PATH}/{id}/{verb}"), &coded(&all)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let page = b.get(PATH).await.text;
    let told = page.split("role=\"status\">").nth(1).expect("a word").split('<').next().expect("a word");
    told.to_owned()
}

async fn document(w: &World, path: &str) -> Value {
    w.send("GET", &format!("/status/api/v2/{path}"), &[], "").await.json()
}

fn len(value: &Value) -> usize {
    value["scheduled_maintenances"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn it_is_announced_begins_and_ends_by_the_clock_in_all_documents() {
    let w = world();
    let b = Browser::sign_in(&w, &token(Role::Commander)).await;
    let id = announce(&w, &b, "New disks").await;
    let page = until(&w, "/status", "New disks").await.text;
    for words in [
        "All systems operational",
        "Planned maintenance",
        "5 Jan 2026, 11:00 to 12:00 UTC",
        "Affects Checkout",
        "<strong>slow</strong>",
        "&lt;script&gt;",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("commander"), "nobody's name is public: {page}");
    assert_eq!(len(&document(&w, "scheduled-maintenances/upcoming.json").await), 1);
    assert_eq!(len(&document(&w, "scheduled-maintenances/active.json").await), 0);
    let mut summary = document(&w, "summary.json").await;
    assert_eq!(len(&summary), 1);
    let one = summary["scheduled_maintenances"][0].take();
    insta::assert_snapshot!(serde_json::to_string_pretty(&one).expect("JSON").replace(&id, "mt-ID"));

    w.pass(SignedDuration::from_mins(40));
    let page = until(&w, "/status", "The maintenance has begun").await.text;
    assert!(page.contains("<h1 class=\"overall maintenance\">Under maintenance"), "{page}");
    assert!(page.contains("<span class=\"state under_maintenance\">Under maintenance"), "{page}");
    let summary = document(&w, "summary.json").await;
    assert_eq!(summary["status"]["indicator"], "maintenance");
    assert_eq!(summary["components"][0]["status"], "under_maintenance");
    assert_eq!(summary["scheduled_maintenances"][0]["status"], "in_progress");
    assert_eq!(len(&document(&w, "scheduled-maintenances/active.json").await), 1);
    assert_eq!(len(&document(&w, "scheduled-maintenances/upcoming.json").await), 0);
    let badge = w.send("GET", "/status/badge/checkout.svg", &[], "").await.text;
    assert!(badge.contains("Under maintenance"), "{badge}");

    w.pass(SignedDuration::from_mins(60));
    let page = until(&w, "/status", "All systems operational").await.text;
    for words in ["The maintenance is completed.", "5 Jan 2026: under maintenance for 1 h", "100 % uptime"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(len(&document(&w, "summary.json").await), 0);
    assert_eq!(len(&document(&w, "scheduled-maintenances.json").await), 1);
    for path in ["/status/history", "/status/history.atom", "/status/history.rss"] {
        let text = w.send("GET", path, &[], "").await.text;
        assert!(
            text.contains("New disks") && text.contains(&format!("/status/maintenances/{id}")),
            "{path}: {text}"
        );
    }
    let one = w.send("GET", &format!("/status/maintenances/{id}"), &[], "").await;
    assert!(one.status == StatusCode::OK && one.text.contains("Completed"), "{}", one.text);
    assert_eq!(w.send("GET", "/status/maintenances/mt-none", &[], "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_people_say_goes_before_the_clock() {
    let w = world();
    let b = Browser::sign_in(&w, &token(Role::Commander)).await;
    let id = announce(&w, &b, "New disks").await;
    let stage = async |words: &str| {
        until(
            &w,
            "/status/api/v2/scheduled-maintenances.json",
            &format!("\"status\":\"{words}\",\"impact\""),
        )
        .await;
    };
    let url = format!("/status/maintenances/{id}");
    assert!(act(&b, &id, "update", &[("body", "")]).await.contains("empty"));
    assert_eq!(
        act(&b, &id, "update", &[("body", "We begin early."), ("status", "in_progress")]).await,
        "The update is posted."
    );
    stage("in_progress").await;
    assert!(
        act(&b, &id, "times", &[("starts_at", "2026-01-05T11:30"), ("ends_at", "2026-01-05T13:00")])
            .await
            .contains("begun")
    );
    act(&b, &id, "times", &[("ends_at", "2026-01-05T13:00")]).await;
    w.pass(SignedDuration::from_mins(120));
    until(&w, &url, "It goes on until 5 Jan 2026, 13:00 UTC").await;
    act(&b, &id, "update", &[("status", "verifying")]).await;
    stage("verifying").await;
    assert_eq!(act(&b, &id, "complete", &[("body", "All is back.")]).await, "It is completed.");
    stage("completed").await;
    let page = until(&w, &url, "All is back.").await.text;
    assert!(page.contains("We begin early") && !page.contains("The maintenance has begun"), "{page}");
    assert!(act(&b, &id, "update", &[("body", "more")]).await.contains("over"));
    until(&w, "/status", "under maintenance for 2 h").await;

    // One that the clock ended goes on after all.
    let other = {
        let csrf = b.csrf().await;
        let fields = [
            ("csrf", csrf.as_str()),
            ("title", "Cables"),
            ("components", "Checkout"),
            ("starts_at", "2026-01-05T12:35"),
            ("ends_at", "2026-01-05T12:45"),
        ];
        b.post(PATH, &coded(&fields)).await;
        let all = until(&w, "/status/api/v2/scheduled-maintenances.json", "Cables").await.json();
        let all = all["scheduled_maintenances"].as_array().expect("a list").clone();
        all.iter().find(|m| m["name"] == "Cables").expect("it is there")["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    w.pass(SignedDuration::from_mins(20));
    assert!(act(&b, &other, "update", &[("status", "verifying")]).await.contains("move its end first"));
    act(&b, &other, "times", &[("ends_at", "2026-01-05T14:00")]).await;
    until(&w, "/status", "Under maintenance").await;
    assert_eq!(act(&b, &other, "cancel", &[]).await, "It is called off.");
    until(&w, "/status", "All systems operational").await;
}

#[tokio::test]
async fn it_takes_a_commander_and_what_is_wrong_is_named() {
    let w = world();
    let b = Browser::sign_in(&w, &token(Role::Responder)).await;
    assert_eq!(b.get(PATH).await.status, StatusCode::FORBIDDEN);
    let csrf = b.csrf().await;
    let good = [
        ("csrf", csrf.as_str()),
        ("title", "x"),
        ("components", "Checkout"),
        ("starts_at", "2026-01-05T11:00"),
        ("ends_at", "2026-01-05T12:00"),
    ];
    assert_eq!(b.post(PATH, &coded(&good)).await.status, StatusCode::FORBIDDEN);
    let b = Browser::sign_in(&w, &token(Role::Commander)).await;
    let csrf = b.csrf().await;
    for (name, value, told) in [
        ("title", "", "title: must have 1"),
        ("components", "Nowhere", "is not on the status page"),
        ("starts_at", "tomorrow", "is not a time"),
        ("starts_at", "2026-01-03T11:00", "more than a day ago"),
        ("ends_at", "2026-01-05T11:00", "after the start"),
        ("ends_at", "2026-09-05T11:00", "more than a month"),
    ] {
        let mut fields = good;
        fields[0].1 = csrf.as_str();
        fields.iter_mut().filter(|f| f.0 == name).for_each(|f| f.1 = value);
        b.post(PATH, &coded(&fields)).await;
        let page = b.get(PATH).await.text;
        assert!(page.contains(told), "{told}: {page}");
    }
    let mut fields = good;
    fields[0].1 = "forged";
    assert_eq!(b.post(PATH, &coded(&fields)).await.status, StatusCode::FORBIDDEN);
    let id = announce(&w, &b, "New disks").await;
    assert_eq!(act(&b, &id, "update", &[("version", "1"), ("body", "one")]).await, "The update is posted.");
    assert!(act(&b, &id, "update", &[("version", "1"), ("body", "two")]).await.contains("somebody else"));
    let page = b.get(PATH).await.text.replace("&#x2f;", "/");
    assert!(page.contains("Its alerts are not silenced"), "{page}");
    assert!(page.contains("/alerts/silences/new?matchers=service%3D%22checkout%22&amp;minutes=90"), "{page}");
    let link = page.split("/alerts/silences/new?").nth(1).expect("a link").split('"').next().expect("a link");
    let form = b.get(&format!("/alerts/silences/new?{}", link.replace("&amp;", "&"))).await.text;
    assert!(
        form.contains("service=&quot;checkout&quot;") && form.contains("Maintenance: New disks"),
        "{form}"
    );
    assert!(form.contains("<option value=\"120\" selected"), "ninety minutes at least: {form}");
    let log = w.state.office.audit_after(0, 1000).expect("the log");
    let acts: Vec<_> = log.iter().filter(|e| e.act.target == id).map(|e| e.act.action.as_str()).collect();
    assert_eq!(acts, ["maintenance.schedule", "maintenance.update"]);
}

#[tokio::test]
async fn the_api_does_what_the_page_does() {
    let w = world();
    let at = "/api/v1/maintenances";
    let plan = json!({"title": "New disks", "components": ["Checkout"],
        "starts_at": "2026-01-05T11:00:00Z", "ends_at": "2026-01-05T12:00:00Z"});
    assert_eq!(w.api(Role::Responder, "POST", at, plan.clone()).await.status, StatusCode::FORBIDDEN);
    let made = w.api(Role::Commander, "POST", at, plan).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let id = made.json()["maintenance"]["id"].as_str().expect("an id").to_owned();
    let act = async |verb: &str, body: Value| {
        w.api(Role::Commander, "POST", &format!("{at}/{id}/{verb}"), body).await
    };
    let moved =
        act("times", json!({"starts_at": "2026-01-05T10:45:00Z", "ends_at": "2026-01-05T13:00:00Z"})).await;
    assert_eq!(moved.json()["maintenance"]["ends_at"], "2026-01-05T13:00:00Z", "{}", moved.text);
    assert_eq!(act("complete", Value::Null).await.status, StatusCode::CONFLICT, "it has not begun");
    assert_eq!(act("updates", json!({"status": "completed", "body": "x"})).await.status, 422);
    let begun = act("updates", json!({"status": "in_progress"})).await;
    assert_eq!(begun.json()["maintenance"]["status"], "in_progress", "{}", begun.text);
    let list = w.api(Role::Viewer, "GET", &format!("{at}?status=in_progress"), Value::Null).await;
    assert_eq!(list.json()["maintenances"][0]["id"], id.as_str(), "{}", list.text);
    assert_eq!(act("cancel", json!({"body": "The disks did not come."})).await.status, StatusCode::OK);
    let list = w.api(Role::Viewer, "GET", &format!("{at}?status=in_progress"), Value::Null).await;
    assert_eq!(list.json()["maintenances"], json!([]));
}
