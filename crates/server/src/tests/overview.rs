//! The API's views over many incidents: services, past incidents, trends, what is now; and one's own devices.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::pages::alert;
use super::push::{Browser, office_world};
use super::webhooks::Outside;
use super::world::{Answer, World, bearer, token, world};
use crate::{PostOffice, Role};

const ADA: &str = "token-of-ada-0123456789";
const GRACE: &str = "token-of-grace-0123456789";

async fn get(w: &World, role: Role, path: &str) -> Value {
    let answer = w.api(role, "GET", path, Value::Null).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    answer.json()
}

async fn by(w: &World, token: &str, method: &str, path: &str, body: Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    w.send(method, path, &[("authorization", &bearer(token))], body).await
}

/// Texts of a field of rows.
fn texts<'a>(rows: &'a Value, field: &str) -> Vec<&'a str> {
    let rows = rows.as_array().unwrap_or_else(|| panic!("no rows: {rows}"));
    rows.iter().filter_map(|row| row[field].as_str()).collect()
}

async fn resolved(w: &World, title: &str, summary: &str) -> String {
    let id = w.declare(title).await;
    let path = format!("/api/v1/incidents/{id}/resolve");
    let answer = w.api(Role::Commander, "POST", &path, json!({"summary": summary})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    id
}

#[tokio::test]
async fn services_tell_in_figures_how_they_do() {
    let w = world();
    let body = json!({"title": "High error rate on checkout, customers cannot buy", "services": ["checkout"],
        "severity": "SEV1"});
    let declared = w.api(Role::Commander, "POST", "/api/v1/incidents", body).await.json();
    let id = declared["id"].as_str().expect("an id");
    alert(&w, json!({"alertname": "CacheCold", "service": "cache"}), "cold").await;
    // While it fires; nobody repeats it later.
    let cache = get(&w, Role::Viewer, "/api/v1/services/cache").await;
    assert_eq!(
        (&cache["firing_alerts"], &cache["alerts"][0]["labels"]["alertname"]),
        (&json!(1), &json!("CacheCold"))
    );
    w.pass(SignedDuration::from_mins(30));
    let all = get(&w, Role::Viewer, "/api/v1/services").await;
    assert_eq!(texts(&all["services"], "name"), ["cache", "checkout", "payments"]);
    let [cache, checkout, payments] = [0, 1, 2].map(|n| &all["services"][n]);
    assert_eq!((&checkout["state"], &checkout["open_incidents"]), (&json!("critical"), &json!([id])));
    assert_eq!((&checkout["owner"], &checkout["depends_on"]), (&json!("linus"), &json!(["payments"])));
    assert_eq!(checkout["revenue"], json!(true));
    let slo = &checkout["slo"];
    // 99.9 % of 30 days allow 2592 s; half an hour of a SEV1 is one.
    let near = |value: &Value, wanted: f64| (value.as_f64().expect("a number") - wanted).abs() < 0.01;
    assert!(near(&slo["allowed_s"], 2592.0) && near(&slo["spent_s"], 1800.0), "{slo}");
    assert!(near(&slo["left"], 1.0 - 1800.0 / 2592.0) && slo["estimated"] == json!(true), "{slo}");
    let rate = &slo["burn"][0];
    assert!(rate["hours"] == 1 && near(&rate["rate"], 500.0), "{slo}");
    assert_eq!((&payments["state"], &payments["slo"]["left"]), (&json!("well"), &json!(1.0)));
    assert_eq!(
        (&cache["catalogued"], &cache["owner"], &cache["slo"]),
        (&json!(false), &Value::Null, &Value::Null)
    );

    let first = get(&w, Role::Viewer, "/api/v1/services?limit=2").await;
    let next = first["next_cursor"].as_str().expect("a cursor");
    let second = get(&w, Role::Viewer, &format!("/api/v1/services?limit=2&cursor={next}")).await;
    assert_eq!(
        (texts(&second["services"], "name"), &second["next_cursor"]),
        (vec!["payments"], &Value::Null)
    );
    let bad = get(&w, Role::Viewer, "/api/v1/services?state=critical").await;
    assert_eq!(texts(&bad["services"], "name"), ["checkout"]);
    let owned = get(&w, Role::Viewer, "/api/v1/services?q=LINUS").await;
    assert_eq!(texts(&owned["services"], "name"), ["checkout", "payments"]);
    let wrong = w.api(Role::Viewer, "GET", "/api/v1/services?state=ill", Value::Null).await;
    assert_eq!((wrong.status, &wrong.json()["field"]), (StatusCode::BAD_REQUEST, &json!("state")));

    let one = get(&w, Role::Viewer, "/api/v1/services/service%2Fpayments").await;
    assert_eq!((&one["name"], &one["depended_on_by"]), (&json!("payments"), &json!(["checkout"])));
    let one = get(&w, Role::Viewer, "/api/v1/services/checkout").await;
    assert_eq!(one["recent_incidents"][0]["id"], json!(id));
    let none = w.api(Role::Viewer, "GET", "/api/v1/services/nothing-like-it", Value::Null).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn past_incidents_are_searched_page_by_page() {
    let w = world();
    let in_text = resolved(&w, "Search is down", "The warehouse job was stopped").await;
    w.pass(SignedDuration::from_mins(1));
    let in_title = resolved(&w, "The warehouse is slow, and the warehouse job with it", "It went away").await;
    w.pass(SignedDuration::from_hours(1));
    let later = w.now();
    w.pass(SignedDuration::from_mins(1));
    let other = resolved(&w, "Login fails", "A certificate was renewed").await;
    let open = w.declare("The warehouse burns").await;
    let find = async |query: &str| get(&w, Role::Viewer, &format!("/api/v1/postmortems?{query}")).await;
    let ids = |found: &Value| {
        let rows = found["postmortems"].as_array().expect("rows").iter();
        rows.map(|r| r["incident"]["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    let found = find("q=ware+JOB").await;
    let hits = ids(&found);
    assert!(hits.len() == 2 && hits.contains(&in_text) && !hits.contains(&open), "{found}");
    let row =
        found["postmortems"].as_array().expect("rows").iter().find(|r| r["incident"]["id"] == json!(in_text));
    let row = row.expect("a row");
    assert_eq!(
        (&row["snippet"], &row["hits"]),
        (&json!("The warehouse job was stopped"), &json!(["warehouse", "job"]))
    );
    assert!(row["score"].as_u64() > Some(0) && row["postmortem"] == json!(false), "{row}");
    // Page by page the same, each once.
    let whole = ids(&find("").await);
    assert_eq!(whole, [&*other, &*in_title, &*in_text], "newest first");
    for query in ["", "q=ware"] {
        let (whole, mut paged, mut cursor) = (ids(&find(query).await), Vec::new(), String::new());
        loop {
            let page = find(&format!("{query}&limit=1{cursor}")).await;
            paged.extend(ids(&page));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, whole, "{query:?}");
    }
    assert_eq!(ids(&find(&format!("from={later}")).await), [&*other]);
    assert_eq!(ids(&find(&format!("to={later}&limit=1")).await), [&*in_title]);
    assert!(
        ids(&find("written=true").await).is_empty() && ids(&find("severity=SEV1&q=login").await).is_empty()
    );
    for (query, field) in [("severity=loud", "severity"), ("from=soon", "from"), ("written=yes", "written")] {
        let wrong = w.api(Role::Viewer, "GET", &format!("/api/v1/postmortems?{query}"), Value::Null).await;
        assert_eq!((wrong.status, &wrong.json()["field"]), (StatusCode::BAD_REQUEST, &json!(field)));
    }
}

#[tokio::test]
async fn trends_count_week_by_week() {
    let w = world();
    let id = w.declare("High error rate on checkout, customers cannot buy").await;
    w.play().await;
    w.pass(SignedDuration::from_mins(40));
    w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/resolve"), json!({"summary": "over"}))
        .await;
    let trends = get(&w, Role::Viewer, "/api/v1/reports/trends").await;
    let weeks = trends["weeks"].as_array().expect("weeks");
    assert_eq!(
        (weeks.len(), &weeks[0]["week"], &weeks[11]["week"]),
        (12, &json!("2025-W43"), &json!("2026-W02"))
    );
    let last = &weeks[11];
    assert_eq!((&last["incidents"], &last["recover_s"]), (&json!(1), &json!(2400.0)));
    assert_eq!((&weeks[10]["incidents"], &weeks[10]["recover_s"]), (&json!(0), &Value::Null));
    let counted: u64 =
        last["by_severity"].as_object().expect("counts").values().filter_map(Value::as_u64).sum();
    assert_eq!(counted, 1);
    let cause = &trends["by_cause"][0];
    assert_eq!((&cause["title"], &cause["incidents"]), (&json!("Connection pool exhausted"), &json!(1)));
    assert_eq!(trends["by_service"][0]["recover_s"], json!(2400.0));
    assert_eq!(trends["by_service"][0]["customer_impact_s"], last["customer_impact_s"]);
    // 10:30 on a Monday: a call, by day.
    let called = trends["on_call"].as_array().expect("people");
    assert!(called.iter().all(|p| p["nights"] == json!(0) && p["weekends"] == json!(0)), "{called:?}");
    let before = get(&w, Role::Viewer, "/api/v1/reports/trends?weeks=2&week=2026-W01").await;
    assert_eq!(texts(&before["weeks"], "week"), ["2025-W52", "2026-W01"]);
    assert_eq!((&before["by_service"], &before["on_call"]), (&json!([]), &json!([])));
    for (query, field) in [("weeks=0", "weeks"), ("weeks=99", "weeks"), ("week=soon", "week")] {
        let wrong = w.api(Role::Viewer, "GET", &format!("/api/v1/reports/trends?{query}"), Value::Null).await;
        assert_eq!((wrong.status, &wrong.json()["field"]), (StatusCode::BAD_REQUEST, &json!(field)));
    }
}

#[tokio::test]
async fn now_tells_what_waits_for_whom() {
    let w = world();
    let small = w.declare("Catalog is a little slow").await;
    let big = w.declare("High error rate on checkout, customers cannot buy").await;
    w.play().await;
    let task = json!({"text": "Call the bank", "role": "incident_commander"});
    w.api(Role::Responder, "POST", &format!("/api/v1/incidents/{big}/tasks"), task).await;
    let answer = by(&w, ADA, "GET", "/api/v1/now", Value::Null).await;
    let position: u64 = answer.header("firebell-position").parse().expect("a position");
    assert!(position > 0);
    let now = answer.json();
    assert_eq!((&now["you"], &now["open"]["total"]), (&json!("ada"), &json!(2)));
    assert_eq!(texts(&now["open"]["rows"], "id"), [&*big, &*small], "the worst is first");
    let kinds = texts(&now["waiting"]["rows"], "kind");
    assert_eq!(kinds[0], "answer");
    assert!(kinds.contains(&"go") && kinds.contains(&"task"), "{kinds:?}");
    assert!(texts(&now["waiting"]["rows"], "detail").contains(&"Call the bank"));
    let dues = texts(&now["clocks"]["rows"], "due");
    assert!(!dues.is_empty() && dues.is_sorted(), "{dues:?}");
    assert_eq!(now["on_call"][0]["role"], json!("on_call"));
    let first = &now["on_call"][0]["people"][0];
    assert_eq!((&first["name"], &first["you"]), (&json!("ada"), &json!(true)));
    assert!(first["leads"].as_array().expect("ids").contains(&json!(big)), "{first}");
    // What was done waits no more, at once.
    for id in [&small, &big] {
        by(&w, ADA, "POST", &format!("/api/v1/incidents/{id}/ack"), json!({})).await;
    }
    let now = by(&w, ADA, "GET", "/api/v1/now", Value::Null).await.json();
    assert!(!texts(&now["waiting"]["rows"], "kind").contains(&"answer"), "{now}");
    // A viewer is asked for nothing.
    let now = get(&w, Role::Viewer, "/api/v1/now").await;
    assert_eq!((&now["waiting"]["total"], &now["open"]["total"]), (&json!(0), &json!(2)));
}

#[tokio::test]
async fn restricted_incidents_are_in_no_answer_of_who_is_no_member() {
    let w = world();
    let open = w.declare("Suspicious sign-in attempts, possible credential stuffing attack").await;
    let over = w.declare("Suspicious sign-ins, credential stuffing attack of the other day").await;
    w.play().await;
    let path = format!("/api/v1/incidents/{over}/resolve");
    let done = w.api(Role::Admin, "POST", &path, json!({"summary": "The stuffing attack ended"})).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let labels = json!({"alertname": "StuffingSeen", "service": "vault-door", "severity": "critical"});
    alert(&w, labels, "credential stuffing attack on vault-door").await;
    let all = w.api(Role::Admin, "GET", "/api/v1/alerts", Value::Null).await.json();
    let id = all["alerts"][0]["incident"].as_str().expect("an incident").to_owned();
    let kind = json!({"kind": "security", "restricted": true});
    let set = w.api(Role::Admin, "POST", &format!("/api/v1/incidents/{id}/kind"), kind).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    let hidden = [open.as_str(), over.as_str(), id.as_str(), "tuffing", "vault-door"];
    for path in ["services", "services/vault-door", "postmortems", "postmortems?q=stuffing", "now"] {
        let path = format!("/api/v1/{path}");
        let seen = get(&w, Role::Admin, &path).await.to_string();
        assert!(hidden.iter().any(|text| seen.contains(text)), "{path} would show nothing anyway: {seen}");
        for role in [Role::Viewer, Role::Responder] {
            let answer = w.api(role, "GET", &path, Value::Null).await;
            for text in hidden {
                assert!(!answer.text.contains(text), "{path} shows {text} to {role:?}: {}", answer.text);
            }
        }
    }
    // Nor are they counted.
    let count = |trends: Value| trends["weeks"][11]["incidents"].as_u64().expect("a count");
    let path = "/api/v1/reports/trends";
    let (all, seen) = (get(&w, Role::Admin, path).await, get(&w, Role::Viewer, path).await);
    assert!(seen["by_service"] == json!([]) && seen["on_call"] == json!([]), "{seen}");
    assert_eq!((count(seen), count(all) > 0), (0, true));
}

#[tokio::test]
async fn devices_are_listed_added_tried_and_removed_by_their_owner() {
    let w = office_world();
    let outside = Outside::new(201);
    let mut post =
        PostOffice::with(&w.state, std::sync::Arc::clone(&outside) as std::sync::Arc<dyn crate::post::Wire>);
    post.settle().await;
    let path = "/api/v1/push-devices";
    let browser = Browser::new("phone");
    let mut body = browser.subscription();
    body["name"] = json!("Firefox/140.0 (Android)");
    let added = by(&w, ADA, "POST", path, body.clone()).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
    let id = added.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!((&added.json()["name"], &added.json()["news"]), (&json!("Firefox on Android"), &json!(false)));
    assert!(!added.text.contains("push.example"), "{}", added.text);
    let listed = by(&w, ADA, "GET", path, Value::Null).await;
    assert_eq!(listed.json()["push_devices"], json!([added.json()]));
    assert_eq!(listed.header("firebell-push-key"), w.state.post.vapid.as_ref().expect("keys").public_key());
    let one = format!("{path}/{id}");
    let changed = by(&w, ADA, "PATCH", &one, json!({"news": true})).await;
    assert_eq!((changed.status, &changed.json()["news"]), (StatusCode::OK, &json!(true)));
    by(&w, ADA, "POST", &format!("{one}/test"), json!({})).await;
    post.settle().await;
    let sent = outside.take();
    assert!(sent.len() == 1 && sent[0].url.ends_with("/phone"), "{}", sent.len());
    // To somebody else it does not exist.
    assert_eq!(by(&w, GRACE, "GET", path, Value::Null).await.json()["push_devices"], json!([]));
    for (method, path, body) in [
        ("DELETE", one.clone(), Value::Null),
        ("PATCH", one.clone(), json!({"news": false})),
        ("POST", format!("{one}/test"), json!({})),
    ] {
        let answer = by(&w, GRACE, method, &path, body).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}: {}", answer.text);
    }
    // Wrong parts are named.
    for (field, value, named) in [
        ("endpoint", json!("http://push.example/send/x"), "endpoint"),
        ("keys", json!({"p256dh": "AAAA"}), "keys.auth"),
        ("keys", json!({"p256dh": "AAAA", "auth": "AAAA", "more": 1}), "keys.more"),
        ("keys", Value::Null, "keys"),
        ("colour", json!("red"), "colour"),
    ] {
        let mut wrong = body.clone();
        wrong[field] = value;
        let answer = by(&w, ADA, "POST", path, wrong).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["field"]),
            (422, &json!(named)),
            "{}",
            answer.text
        );
    }
    let refused = by(&w, &token(Role::Viewer), "POST", path, body).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(by(&w, ADA, "DELETE", &one, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(by(&w, ADA, "GET", path, Value::Null).await.json()["push_devices"], json!([]));
    let log = w.api(Role::Admin, "GET", "/api/v1/audit", Value::Null).await.text;
    assert!(log.contains("device.add") && log.contains("device.remove"), "{log}");
}
