//! On call, as people and programs see it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use firebell_oncall::Roster;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::page::Browser;
use super::people::form;
use super::world::{World, bearer, token, world};
use crate::{Role, RosterFiles, follow_roster};

/// It is Monday, 2026-01-05, 10:30.
pub(super) fn roster() -> Roster {
    let text = r#"
        people = [
          { name = "ada", full_name = "Ada <b>L.</b>", contacts = [{ kind = "push" }] },
          { name = "grace", contacts = [{ kind = "email", address = "grace@example.org" }] },
        ]
        [[schedules]]
        name = "payments"
        time_zone = "Europe/Berlin"
        layers = [
          { name = "weekly", participants = ["ada", "grace"], rotation = { every = "week", start = "2026-01-05" } },
          { name = "learning", shadow = true, participants = ["grace"], windows = [{ from = "09:00", to = "17:00" }] },
        ]
    "#;
    Roster::from_toml(text).expect("a roster")
}

async fn ask(w: &World, role: Role, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let token = bearer(&token(role));
    let answer = w.send(method, path, &[("authorization", &token)], body.to_owned()).await;
    let value = answer.json();
    (answer.status, value)
}

fn cover(until: &str) -> String {
    json!({
        "schedule": "payments", "kind": "cover", "person": "grace", "instead_of": "ada",
        "from": "2026-01-05T12:00", "until": until, "reason": "dentist",
    })
    .to_string()
}

#[tokio::test]
async fn who_is_on_call_is_told_and_covered_for() {
    let w = world();
    let (_, all) = ask(&w, Role::Viewer, "GET", "/api/v1/schedules", "").await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&all).expect("JSON"));

    let (status, made) =
        ask(&w, Role::Responder, "POST", "/api/v1/overrides", &cover("2026-01-05T14:00")).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let id = made["override"]["id"].as_str().expect("an id").to_owned();
    let path = "/api/v1/schedules/payments?from=2026-01-05T10:00:00Z&until=2026-01-05T20:00:00Z";
    let (_, shown) = ask(&w, Role::Viewer, "GET", path, "").await;
    let shifts = shown["schedule"]["shifts"].as_array().expect("shifts");
    let covered: Vec<_> = shifts.iter().filter(|s| s["source"] == "covers ada").collect();
    assert_eq!(covered.len(), 1);
    assert_eq!(covered[0]["from"], "2026-01-05T11:00:00Z", "the clock is Berlin's");
    w.pass(SignedDuration::from_mins(45));
    let (_, all) = ask(&w, Role::Viewer, "GET", "/api/v1/schedules", "").await;
    assert_eq!(all["schedules"][0]["on_call"][0]["person"], "grace");

    let (status, _) = ask(&w, Role::Responder, "DELETE", &format!("/api/v1/overrides/{id}"), "").await;
    assert_eq!(status, StatusCode::OK);
    let (_, all) = ask(&w, Role::Viewer, "GET", "/api/v1/schedules", "").await;
    assert_eq!(all["schedules"][0]["on_call"][0]["person"], "ada");
    let (status, _) = ask(&w, Role::Responder, "DELETE", &format!("/api/v1/overrides/{id}"), "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, audit) = ask(&w, Role::Admin, "GET", "/api/v1/audit", "").await;
    let told = audit.to_string();
    assert!(told.contains("oncall.override") && told.contains("oncall.override_removed"), "{told}");
}

#[tokio::test]
async fn home_tells_who_is_on_call_by_each_schedule_and_what_leads_nowhere_is_found() {
    let w = world();
    let (_, now) = ask(&w, Role::Viewer, "GET", "/api/v1/now", "").await;
    let first = &now["on_call"][0];
    assert_eq!(first["schedule"], "payments", "{now}");
    let people: Vec<&Value> =
        first["people"].as_array().expect("people").iter().map(|p| &p["name"]).collect();
    assert_eq!(people, ["ada"], "whoever goes along is not called");
    let b = Browser::sign_in(&w, &token(Role::Viewer)).await;
    let home = b.get("/").await.text;
    assert!(home.contains("On call: payments"), "{home}");
    // Nothing sends mail here, and nobody has a device.
    let page = b.get("/oncall").await.text;
    for part in [
        "grace is paged, and no contact of theirs leads anywhere",
        "nothing that is configured sends to it",
        "no device of theirs takes notifications",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_override_is_named() {
    let w = world();
    let bad = [
        (
            "schedule",
            json!({"schedule": "none", "kind": "override", "people": ["ada"], "from": "2026-01-06", "until": "2026-01-07"}),
        ),
        ("kind", json!({"schedule": "payments", "kind": "holiday"})),
        (
            "instead_of",
            json!({"schedule": "payments", "kind": "cover", "person": "ada", "from": "2026-01-06", "until": "2026-01-07"}),
        ),
        (
            "until",
            json!({"schedule": "payments", "kind": "override", "people": ["ada"], "from": "2026-01-07", "until": "2026-01-06"}),
        ),
        (
            "until",
            json!({"schedule": "payments", "kind": "override", "people": ["ada"], "from": "2025-01-06", "until": "2025-01-07"}),
        ),
        (
            "schedule",
            json!({"schedule": "payments", "kind": "override", "people": ["eve"], "from": "2026-01-06", "until": "2026-01-07"}),
        ),
        (
            "of",
            json!({"schedule": "payments", "kind": "override", "people": ["ada"], "of": "ada", "from": "2026-01-06", "until": "2026-01-07"}),
        ),
        ("colour", json!({"schedule": "payments", "kind": "override", "colour": "red"})),
    ];
    for (field, body) in bad {
        let (status, said) = ask(&w, Role::Responder, "POST", "/api/v1/overrides", &body.to_string()).await;
        assert!(status.is_client_error(), "{body}: {said}");
        assert_eq!(said["field"], field, "{body}: {said}");
    }
    let (status, _) = ask(&w, Role::Viewer, "POST", "/api/v1/overrides", &cover("2026-01-05T14:00")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (_, all) = ask(&w, Role::Viewer, "GET", "/api/v1/overrides", "").await;
    assert_eq!(all["overrides"], json!([]));
}

#[tokio::test]
async fn the_page_shows_a_month_and_its_forms_work_without_scripts() {
    let w = world();
    let b = Browser::sign_in(&w, "token-of-ada-0123456789").await;
    let page = b.get("/oncall").await.text;
    for words in ["payments, January 2026", "weekly", "learning", "Final", "Ada &lt;b&gt;L.&lt;&#x2f;b&gt;"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("<b>L."), "{page}");
    let csrf = b.csrf().await;
    let fields = [
        ("csrf", csrf.as_str()),
        ("schedule", "payments"),
        ("month", "2026-01"),
        ("kind", "cover"),
        ("person", "grace"),
        ("other", "ada"),
        ("from", "2026-01-06T12:00"),
        ("until", "2026-01-06T14:00"),
        ("reason", "dentist"),
    ];
    let answer = b.post("/oncall/overrides", &form(&fields)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let page = b.get("/oncall?schedule=payments&month=2026-01").await.text;
    for words in ["The cover counts from now on.", "Take back", "dentist", "covers ada", "12:00"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let viewer = Browser::sign_in(&w, &token(Role::Viewer)).await;
    assert!(!viewer.get("/oncall").await.text.contains("Take back"));
}

#[tokio::test]
async fn the_pages_forms_swap_shadow_and_override() {
    let w = world();
    let b = Browser::sign_in(&w, &token(Role::Responder)).await;
    let csrf = b.csrf().await;
    let times = [("from", "2026-01-06T12:00"), ("until", "2026-01-06T14:00")];
    let back = [("second_from", "2026-01-13T12:00"), ("second_until", "2026-01-13T14:00")];
    for (kind, more, said) in [
        ("swap", &[("person", "grace"), ("other", "ada")][..], "swap"),
        ("shadow", &[("person", "grace"), ("other", "ada")], "shadow"),
        ("override", &[("person", "grace")], "override"),
    ] {
        let own = [("csrf", csrf.as_str()), ("schedule", "payments"), ("month", "2026-01"), ("kind", kind)];
        let mut fields = [&own[..], more, &times].concat();
        if kind == "swap" {
            fields.extend(back);
        }
        let answer = b.post("/oncall/overrides", &form(&fields)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let page = b.get("/oncall?schedule=payments&month=2026-01").await.text;
        assert!(page.contains(&format!("The {said} counts from now on.")), "{kind}: {page}");
    }
    let (_, all) = ask(&w, Role::Viewer, "GET", "/api/v1/overrides", "").await;
    let mut kinds: Vec<&str> =
        all["overrides"].as_array().expect("a list").iter().filter_map(|o| o["kind"].as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["override", "shadow", "swap"], "{all}");
    let swap = all["overrides"].as_array().expect("a list").iter().find(|o| o["kind"] == "swap").cloned();
    let swap = swap.expect("is there");
    assert_eq!((&swap["first"], &swap["second"]), (&json!("ada"), &json!("grace")), "{swap}");
    let bad = [
        ("csrf", csrf.as_str()),
        ("schedule", "payments"),
        ("kind", "swap"),
        ("person", "grace"),
        ("other", "ada"),
    ];
    b.post("/oncall/overrides", &form(&[&bad[..], &times].concat())).await;
    let page = b.get("/oncall?schedule=payments").await.text;
    assert!(page.contains("second_from"), "what is missing is named: {page}");
}

#[tokio::test]
async fn a_calendar_is_served_to_who_has_its_address_until_it_is_ended() {
    let w = world();
    let body = json!({"person": "ada"}).to_string();
    let (status, made) = ask(&w, Role::Viewer, "POST", "/api/v1/calendar-feeds", &body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let url = made["url"].as_str().expect("an address");
    let path = url.strip_prefix("http://127.0.0.1:7300").expect("ours").to_owned();
    let feed = w.send("GET", &path, &[], "").await;
    assert_eq!(feed.status, StatusCode::OK);
    assert!(feed.text.starts_with("BEGIN:VCALENDAR\r\n"), "{}", feed.text);
    assert!(feed.text.contains("UID:20260105T080000Z.oncall.payments.ada@firebell"), "{}", feed.text);
    assert!(!feed.text.contains("grace"), "{}", feed.text);
    // Shifts keep their ids while time passes.
    w.pass(SignedDuration::from_hours(30));
    let later = w.send("GET", &path, &[], "").await.text;
    let ids =
        |text: &str| text.lines().filter(|l| l.starts_with("UID:")).map(str::to_owned).collect::<Vec<_>>();
    assert!(ids(&feed.text).iter().all(|id| later.contains(id)), "{later}");

    let (_, all) = ask(&w, Role::Viewer, "GET", "/api/v1/calendar-feeds", "").await;
    assert!(!all.to_string().contains(path.trim_start_matches("/oncall/feed/").trim_end_matches(".ics")));
    let id = made["feed"]["id"].as_str().expect("an id");
    let (status, _) = ask(&w, Role::Admin, "DELETE", &format!("/api/v1/calendar-feeds/{id}"), "").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "it is somebody else's");
    let (status, _) = ask(&w, Role::Viewer, "DELETE", &format!("/api/v1/calendar-feeds/{id}"), "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(w.send("GET", &path, &[], "").await.status, StatusCode::NOT_FOUND);
    for none in ["/oncall/feed/", "/oncall/feed/x", "/oncall/feed/x.ics"] {
        assert_eq!(w.send("GET", none, &[], "").await.status, StatusCode::NOT_FOUND, "{none}");
    }
}

/// Files that a test edits.
struct Edited(Mutex<Result<Roster, String>>);

impl RosterFiles for Edited {
    fn stamp(&self) -> String {
        format!("{:?}", self.0.lock().expect("not poisoned"))
    }

    fn read(&self) -> Result<Roster, String> {
        self.0.lock().expect("not poisoned").clone()
    }
}

async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !so().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn files_are_edited_while_it_runs_and_a_broken_one_changes_nothing_and_is_told() {
    let w = world();
    let on = async || {
        let (_, all) = ask(&w, Role::Viewer, "GET", "/api/v1/schedules", "").await;
        all["schedules"][0]["on_call"][0]["person"].clone()
    };
    let (status, _) = ask(&w, Role::Responder, "POST", "/api/v1/overrides", &cover("2026-01-05T14:00")).await;
    assert_eq!((status, on().await), (StatusCode::CREATED, json!("ada")));
    let files = Arc::new(Edited(Mutex::new(Ok(roster()))));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let following = tokio::spawn(follow_roster(w.state.clone(), files.clone(), files.stamp(), stopped));

    let mut swapped = roster();
    swapped.schedules[0].layers[0].participants.reverse();
    *files.0.lock().expect("not poisoned") = Ok(swapped);
    until("an edit counts", async || on().await == "grace").await;
    let kept = ask(&w, Role::Viewer, "GET", "/api/v1/overrides", "").await.1;
    assert_eq!(kept["overrides"].as_array().map(Vec::len), Some(1), "what was entered stays");

    *files.0.lock().expect("not poisoned") =
        Err("payments.toml: people[0].name: <b>3</b> is no name (line 2)".to_owned());
    until("it is told", async || w.state.oncall.trouble().is_some()).await;
    assert_eq!(on().await, "grace", "the last good one is in force");
    let page = async |role| {
        let browser = Browser::sign_in(&w, &token(role)).await;
        browser.get("/oncall").await.text
    };
    let shown = page(Role::Admin).await;
    assert!(shown.contains("people[0].name: &lt;b&gt;3"), "{shown}");
    assert!(!page(Role::Viewer).await.contains("payments.toml"), "files are nobody else's business");

    *files.0.lock().expect("not poisoned") = Ok(roster());
    until("mended", async || on().await == "ada").await;
    assert_eq!(w.state.oncall.trouble(), None);
    stop.send(true).expect("is followed");
    following.await.expect("ends");
}
