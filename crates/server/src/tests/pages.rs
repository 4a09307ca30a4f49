//! The pages that show many incidents: home, lists, alerts, services, postmortems, reports, the palette.

use axum::http::StatusCode;
use firebell_core::incident::{Actor, Command, Opening};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::page::Browser;
use super::world::{AM_KEY, World, bearer, token, world};
use crate::Role;

/// Every page, with what it is asked for; a person sees here what there is.
const PAGES: [&str; 14] = [
    "/",
    "/fragment",
    "/incidents",
    "/incidents?open=true",
    "/alerts",
    "/alerts?state=resolved",
    "/alerts/fragment",
    "/alerts/silences/new",
    "/services",
    "/postmortems",
    "/postmortems?q=stuffing",
    "/reports",
    "/reports/week.md",
    "/palette?q=stuffing",
];

pub(super) async fn alert(w: &World, labels: Value, summary: &str) {
    let body = json!([{"labels": labels, "annotations": {"summary": summary}, "startsAt": w.now()}]);
    let headers = [("authorization", &*bearer(AM_KEY)), ("content-type", "application/json")];
    let sent = w.send("POST", "/api/v2/alerts", &headers, body.to_string()).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text);
    w.settle().await;
}

/// A page's text; slashes as they were before they were escaped.
async fn text(b: &Browser<'_>, path: &str) -> String {
    b.get(path).await.text.replace("&#x2f;", "/")
}

#[tokio::test]
async fn home_tells_what_burns_and_what_waits_for_whom() {
    let w = world();
    let small = w.declare("Catalog is a little slow").await;
    let big = w.declare("High error rate on checkout, customers cannot buy").await;
    w.play().await;
    let task = json!({"text": "Call the bank", "role": "incident_commander"});
    w.api(Role::Responder, "POST", &format!("/api/v1/incidents/{big}/tasks"), task).await;
    let ada = Browser::sign_in(&w, "token-of-ada-0123456789").await;
    let page = ada.get("/").await.text;
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not on the page: {page}"));
    assert!(at("High error rate on checkout") < at("Catalog is a little slow"), "the worst is not first");
    for shown in [
        "A plan needs your go",
        "0 of 2 said go",
        "Your task",
        "Call the bank",
        "You are called",
        "Clocks running out",
        "Resolve:",
        "On call",
    ] {
        at(shown);
    }
    assert!(page.contains("ada (you)") && page.contains("aria-current=\"page\""), "{page}");
    // What was done waits no more, at once.
    let csrf = ada.csrf().await;
    for id in [&small, &big] {
        ada.post(&format!("/incidents/{id}/do/ack"), &format!("csrf={csrf}")).await;
    }
    let page = ada.get("/").await.text;
    assert!(!page.contains("You are called"), "{page}");
    // A viewer is asked for nothing.
    let viewer = Browser::sign_in(&w, &token(Role::Viewer)).await.get("/").await.text;
    assert!(viewer.contains("Nothing waits for you") && !viewer.contains("Call the bank"), "{viewer}");
    assert!(!viewer.contains("/declare\""), "{viewer}");
    w.handle
        .command(
            &small.as_str().into(),
            Command::Cancel { reason: "it was nothing".to_owned() },
            Actor::person("ada"),
        )
        .await
        .expect("cancelled");
    let page = ada.get("/").await.text;
    let over = page.find("Recently over").expect("a part");
    assert!(page[over..].contains("Catalog is a little slow"), "{page}");
}

#[tokio::test]
async fn restricted_incidents_are_on_no_page_of_who_is_no_member() {
    let w = world();
    w.declare("Catalog is slow").await;
    let secret = w.declare("Suspicious sign-in attempts, possible credential stuffing attack").await;
    alert(
        &w,
        json!({"alertname": "StuffingSeen", "service": "vault-door", "severity": "critical"}),
        "credential stuffing attack on vault-door",
    )
    .await;
    w.play().await;
    let all = w.api(Role::Admin, "GET", "/api/v1/alerts", Value::Null).await.json();
    let id = all["alerts"][0]["incident"].as_str().expect("an incident").to_owned();
    let kind = json!({"kind": "security", "restricted": true});
    let set = w.api(Role::Admin, "POST", &format!("/api/v1/incidents/{id}/kind"), kind).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    let outsider = Browser::sign_in(&w, &token(Role::Responder)).await;
    let (viewer, admin) =
        (Browser::sign_in(&w, &token(Role::Viewer)).await, Browser::sign_in(&w, &token(Role::Admin)).await);
    let mut seen = 0;
    for path in PAGES.iter().copied().chain(["/services/vault-door", "/services/checkout"]) {
        let page = viewer.get(path).await;
        for hidden in [secret.as_str(), id.as_str(), "tuffing attack", "StuffingSeen", "vault-door"] {
            assert!(!page.text.contains(hidden), "{path} shows {hidden}: {}", page.text);
        }
        let page = outsider.get(path).await;
        assert!(!page.text.contains(&secret) && !page.text.contains(&id), "{path}: {}", page.text);
        let page = admin.get(path).await;
        seen += usize::from(page.text.contains(&secret) || page.text.contains(&id));
    }
    assert!(seen >= 8, "nothing would have been shown anyway: {seen}");
    // It is open to all again, and there at once.
    let kind = json!({"kind": "availability", "restricted": false});
    w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{secret}/kind"), kind).await;
    assert!(viewer.get("/incidents").await.text.contains(&secret));
    assert!(viewer.get("/palette?q=stuffing").await.text.contains(&secret));
}

#[tokio::test]
async fn many_incidents_stay_a_small_page_and_all_are_reached() {
    let w = world();
    for n in 0..170 {
        let opening = Opening {
            title: format!("Trouble number {n:03}"),
            services: vec![format!("svc-{n}")],
            why: "a test".to_owned(),
            ..Opening::default()
        };
        w.handle.open(opening, Actor::person("ada")).await.expect("opened");
    }
    let b = Browser::sign_in(&w, &token(Role::Admin)).await;
    for path in PAGES {
        let page = b.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        assert!(page.text.len() < 300_000, "{path} has {} bytes", page.text.len());
    }
    let home = text(&b, "/").await;
    assert!(home.contains("140 more that are open"), "{home}");
    let (mut path, mut reached) = ("/incidents?open=true".to_owned(), std::collections::BTreeSet::new());
    for _ in 0..10 {
        let page = text(&b, &path).await;
        reached.extend(
            page.split("href=\"/incidents/INC-")
                .skip(1)
                .filter_map(|t| t.split('"').next())
                .map(str::to_owned),
        );
        let Some(next) = page.split("rel=\"next\" href=\"").nth(1).and_then(|t| t.split('"').next()) else {
            break;
        };
        path = next.replace("&amp;", "&");
    }
    assert_eq!(reached.len(), 170, "{path}");
    let page = text(&b, "/incidents?q=number+042").await;
    assert!(page.contains("Trouble number 042") && !page.contains("Trouble number 043"), "{page}");
    assert_eq!(b.get("/incidents?after=nonsense").await.json()["field"], "after");
    let found = b.get("/palette?q=trouble+07").await.json();
    assert_eq!(found["items"].as_array().map(Vec::len), Some(8), "{found}");
}

#[tokio::test]
async fn alerts_say_why_they_belong_together_or_are_alone() {
    let w = world();
    alert(
        &w,
        json!({"alertname": "CheckoutErrors", "service": "checkout", "severity": "critical"}),
        "checkout fails",
    )
    .await;
    alert(
        &w,
        json!({"alertname": "PaymentsSlow", "service": "payments", "severity": "critical"}),
        "payments is slow",
    )
    .await;
    alert(
        &w,
        json!({"alertname": "JustSaying", "service": "other", "severity": "info"}),
        "disk is half full",
    )
    .await;
    let b = Browser::sign_in(&w, &token(Role::Responder)).await;
    let page = text(&b, "/alerts").await;
    for shown in [
        "INC-2026-0001",
        "Why these belong together",
        "it opened the incident",
        "Without an incident",
        "Its severity info opens no incident",
        "3 alerts firing",
    ] {
        assert!(page.contains(shown), "{shown} is not on the page: {page}");
    }
    let page = text(&b, "/alerts?service=payments").await;
    assert!(page.contains("PaymentsSlow") && !page.contains("CheckoutErrors"), "{page}");
    let page = text(&b, "/alerts?q=half+full").await;
    assert!(page.contains("JustSaying") && page.contains("1 alert firing, filtered"), "{page}");
    assert!(text(&b, "/alerts?state=resolved").await.contains("No alert has resolved yet"));
    assert_eq!(b.get("/alerts?state=odd").await.json()["field"], "state");
}

#[tokio::test]
async fn a_silence_is_made_from_an_alert_and_expired() {
    let w = world();
    alert(
        &w,
        json!({"alertname": "NodeDown", "service": "other", "severity": "info", "instance": "a\"b"}),
        "gone",
    )
    .await;
    let b = Browser::sign_in(&w, &token(Role::Responder)).await;
    let page = text(&b, "/alerts").await;
    let link =
        page.split("/alerts/silences/new?alert=").nth(1).and_then(|t| t.split('"').next()).expect("a link");
    let form = b.get(&format!("/alerts/silences/new?alert={link}")).await.text;
    assert!(
        form.contains("alertname=&quot;NodeDown&quot;") && form.contains("<strong>1</strong> of the alerts"),
        "{form}"
    );
    let fields =
        "matchers=alertname%3D%22NodeDown%22%0D%0Aservice%3D~%22o.*%22&minutes=60&comment=is+replaced";
    // Only with the guard of this session, and only by who may.
    assert_eq!(b.post("/alerts/silences", fields).await.status, StatusCode::FORBIDDEN);
    let viewer = Browser::sign_in(&w, &token(Role::Viewer)).await;
    let theirs = viewer.csrf().await;
    assert_eq!(
        viewer.post("/alerts/silences", &format!("{fields}&csrf={theirs}")).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(viewer.get("/alerts/silences/new").await.status, StatusCode::FORBIDDEN);
    assert!(!viewer.get("/alerts").await.text.contains("/alerts/silences/new"));
    let csrf = b.csrf().await;
    assert_eq!(
        b.post("/alerts/silences", &format!("{fields}&csrf={theirs}")).await.status,
        StatusCode::FORBIDDEN
    );
    for (wrong, said) in [
        ("matchers=nonsense&minutes=60&comment=x", "matchers"),
        ("matchers=&minutes=60&comment=x", "at least one matcher is required"),
        ("matchers=a%3D~%22.*%22&minutes=60&comment=x", "would cover every alert"),
        ("matchers=a%3Db&minutes=7&comment=x", "is not one of the lengths"),
        ("matchers=a%3Db&minutes=60&comment=+", "say why"),
    ] {
        let answer = b.post("/alerts/silences", &format!("{wrong}&csrf={csrf}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(
            answer.text.contains(said) && answer.text.contains("role=\"alert\""),
            "{wrong}: {}",
            answer.text
        );
    }
    assert_eq!(w.reader.silences().expect("the store").len(), 0);
    let made = b.post("/alerts/silences", &format!("{fields}&csrf={csrf}")).await;
    assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, "/alerts#silences"));
    let silence = w.reader.silences().expect("the store").pop().expect("a silence");
    assert_eq!(
        (silence.created_by.as_str(), silence.comment.as_str(), silence.matchers.len()),
        ("responder", "is replaced", 2)
    );
    assert_eq!(silence.ends_at.duration_since(w.now()), SignedDuration::from_hours(1));
    let page = text(&b, "/alerts").await;
    assert!(page.contains("Silenced until") && page.contains("keeps 1 firing alert quiet"), "{page}");
    let path = format!("/alerts/silences/{}/expire", silence.id);
    assert_eq!(b.post(&path, "csrf=wrong").await.status, StatusCode::FORBIDDEN);
    assert_eq!(viewer.post(&path, &format!("csrf={theirs}")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(b.post(&path, &format!("csrf={csrf}")).await.header("location"), "/alerts#silences");
    let page = text(&b, "/alerts").await;
    assert!(page.contains("The silence has ended.") && !page.contains("keeps 1 firing"), "{page}");
}

#[tokio::test]
async fn services_tell_their_budget_and_what_they_depend_on() {
    let w = world();
    let body =
        json!({"title": "High error rate on checkout, customers cannot buy", "services": ["checkout"]});
    let declared = w.api(Role::Commander, "POST", "/api/v1/incidents", body).await;
    assert_eq!(declared.status, StatusCode::CREATED, "{}", declared.text);
    w.play().await;
    let b = Browser::sign_in(&w, &token(Role::Viewer)).await;
    let list = text(&b, "/services").await;
    assert!(list.contains("/services/checkout") && list.contains("/services/payments"), "{list}");
    let page = text(&b, "/services/checkout").await;
    for shown in [
        "Calls",
        "/services/payments",
        "99.9 %",
        "Burn rate",
        "INC-2026-0001",
        "Changes of the last 30 days",
        "linus",
    ] {
        assert!(page.contains(shown), "{shown} is not on the page: {page}");
    }
    let called = text(&b, "/services/payments").await;
    assert!(called.contains("Called by") && called.contains("/services/checkout"), "{called}");
    let none = b.get("/services/nothing-like-it").await;
    assert_eq!((none.status, none.header("location")), (StatusCode::SEE_OTHER, "/"));
}

#[tokio::test]
async fn past_incidents_are_found_by_the_words_of_their_postmortems() {
    let w = world();
    let id = w.declare("Checkout is slow").await;
    w.api(
        Role::Commander,
        "POST",
        &format!("/api/v1/incidents/{id}/resolve"),
        json!({"summary": "The warehouse job was stopped"}),
    )
    .await;
    let other = w.declare("Search is down").await;
    let b = Browser::sign_in(&w, &token(Role::Viewer)).await;
    let page = text(&b, "/postmortems?q=ware+JOB").await;
    assert!(page.contains(&id) && page.contains("<mark>warehouse</mark>"), "{page}");
    // What goes on is no past incident.
    assert!(!text(&b, "/postmortems").await.contains(&other));
    assert!(text(&b, "/postmortems?q=warehouse+nonsense").await.contains("Nothing was found"));
    assert!(text(&b, "/postmortems?severity=SEV1").await.contains("Nothing was found"));
    assert_eq!(b.get("/postmortems?severity=loud").await.json()["field"], "severity");
    // The text of the document itself.
    std::fs::create_dir_all(w.dir.path().join("incidents")).expect("a folder");
    std::fs::write(
        w.dir.path().join("incidents/p.md"),
        "# Postmortem\n\nThe <b>zebra</b> queue **overflowed** twice.",
    )
    .expect("a file");
    w.play_giving(&|effect| match effect {
        firebell_core::effect::Effect::WritePostmortem => {
            json!({"markdown": "incidents/p.md", "html": "incidents/p.html"})
        }
        firebell_core::effect::Effect::ArchiveBundle => json!({"path": "incidents/bundle"}),
        _ => Value::Null,
    })
    .await;
    let asked =
        w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/postmortem"), json!({})).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    w.play_giving(&|effect| match effect {
        firebell_core::effect::Effect::WritePostmortem => {
            json!({"markdown": "incidents/p.md", "html": "incidents/p.html"})
        }
        firebell_core::effect::Effect::ArchiveBundle => json!({"path": "incidents/bundle"}),
        _ => Value::Null,
    })
    .await;
    let page = text(&b, "/postmortems?q=zebra&written=yes").await;
    assert!(page.contains(&id) && page.contains("<mark>zebra</mark>"), "{page}");
    assert!(page.contains("&lt;b&gt;") || !page.contains("<b>"), "{page}");
    assert!(page.contains("Read the postmortem"), "{page}");
}

#[tokio::test]
async fn reports_count_the_week_and_the_weeks_before() {
    let w = world();
    let id = w.declare("High error rate on checkout, customers cannot buy").await;
    w.play().await;
    w.pass(SignedDuration::from_mins(40));
    w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/resolve"), json!({"summary": "over"}))
        .await;
    let b = Browser::sign_in(&w, &token(Role::Viewer)).await;
    let page = text(&b, "/reports").await;
    for shown in [
        "Week 2026-W02",
        "5 Jan 2026 to 11 Jan 2026",
        "Incidents a week",
        "<svg",
        "Connection pool exhausted",
        "40 min",
        "The week goes on",
        "rel=\"prev\"",
        &id,
    ] {
        assert!(page.contains(shown), "{shown} is not on the page: {page}");
    }
    assert!(!page.contains("style=") && !page.contains("NaN"), "{page}");
    let before = text(&b, "/reports?week=2026-W01").await;
    assert!(before.contains("Nothing was opened in this week") && !before.contains(&id), "{before}");
    assert_eq!(b.get("/reports?week=soon").await.json()["field"], "week");
    let markdown = b.get("/reports/week.md?week=2026-W02").await;
    assert_eq!(markdown.header("content-type"), "text/markdown; charset=utf-8");
    assert!(
        markdown.text.starts_with("# Incidents from 2026-01-05") && markdown.text.contains(&id),
        "{}",
        markdown.text
    );
}

#[tokio::test]
async fn outside_text_is_text_on_every_page() {
    let w = world();
    let evil = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>{{ 7*7 }}\u{202e}";
    alert(&w, json!({"alertname": evil, "service": evil, "severity": "critical"}), evil).await;
    let b = Browser::sign_in(&w, &token(Role::Admin)).await;
    let csrf = b.csrf().await;
    let fields = "matchers=a%3D%22%3Cscript%3E%22&minutes=60&comment=%3Cscript%3E";
    b.post("/alerts/silences", &format!("{fields}&csrf={csrf}")).await;
    let list = text(&b, "/services").await;
    let service = list
        .split("href=\"/services/")
        .nth(1)
        .and_then(|t| t.split('"').next())
        .expect("a service")
        .to_owned();
    let resolved = json!({"summary": evil});
    let id = "INC-2026-0001";
    for path in PAGES.iter().map(|p| (*p).to_owned()).chain([format!("/services/{service}")]) {
        let page = b.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        if path.starts_with("/palette") || path.ends_with(".md") {
            assert!(
                page.header("content-type").starts_with("application/json") || path.ends_with(".md"),
                "{path}"
            );
            continue;
        }
        for bad in ["<script>", "<img src=x", "\u{202e}", " style=", "49}}"] {
            assert!(!page.text.contains(bad), "{path} holds {bad}");
        }
    }
    w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/resolve"), resolved).await;
    let page = text(&b, "/postmortems?q=script").await;
    assert!(page.contains("<mark>script</mark>") && !page.contains("<script>"), "{page}");
}
