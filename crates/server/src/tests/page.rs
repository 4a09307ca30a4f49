//! The page: sign-in, forms with their guard, everything from outside escaped, each template filled.

use axum::http::StatusCode;
use firebell_core::incident::{Actor, Command, Opening};
use serde_json::{Value, json};

use super::world::{AM_KEY, Answer, World, bearer, token, world};
use crate::Role;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub(crate) struct Browser<'w> {
    w: &'w World,
    cookie: String,
}

impl<'w> Browser<'w> {
    pub(crate) async fn sign_in(w: &'w World, token: &str) -> Self {
        let answer = w.send("GET", &format!("/login?token={token}"), &[], "").await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
        let cookie = answer.header("set-cookie").to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        Self { w, cookie: cookie.split(';').next().unwrap_or_default().to_owned() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.w.send("GET", path, &[("cookie", &self.cookie)], "").await
    }

    pub(crate) async fn csrf(&self) -> String {
        let page = self.get("/").await.text;
        let at = page.split("name=\"csrf\" value=\"").nth(1).expect("a guard");
        at.split('"').next().unwrap_or_default().to_owned()
    }

    pub(crate) async fn post(&self, path: &str, form: &str) -> Answer {
        self.w.send("POST", path, &[("cookie", &self.cookie), FORM], form.to_owned()).await
    }
}

#[tokio::test]
async fn a_token_signs_in_and_a_wrong_one_does_not() {
    let w = world();
    let wrong = w.send("POST", "/login", &[FORM], "token=nonsense").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text.contains("not known here") && wrong.header("set-cookie").is_empty());
    assert_eq!(w.send("GET", "/login?token=nonsense", &[], "").await.status, StatusCode::UNAUTHORIZED);
    let right = w
        .send(
            "POST",
            "/login",
            &[FORM],
            format!("token={}&next=/incidents/INC-2026-0001", token(Role::Viewer)),
        )
        .await;
    assert_eq!((right.status, right.header("location")), (StatusCode::SEE_OTHER, "/incidents/INC-2026-0001"));
    let away =
        w.send("POST", "/login", &[FORM], format!("token={}&next=//evil.example", token(Role::Viewer))).await;
    assert_eq!(away.header("location"), "/");
    let foreign = [FORM, ("sec-fetch-site", "cross-site")];
    assert_eq!(
        w.send("POST", "/login", &foreign, format!("token={}", token(Role::Viewer))).await.status,
        403
    );
    // From a link on another site the cookie would be lost along a redirect.
    let link = format!("/login?token={}", token(Role::Viewer));
    let clicked = w.send("GET", &link, &[("sec-fetch-site", "cross-site")], "").await;
    assert_eq!(clicked.status, StatusCode::OK);
    assert!(clicked.text.contains("http-equiv=\"refresh\"") && !clicked.header("set-cookie").is_empty());
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let w = world();
    let b = Browser::sign_in(&w, &token(Role::Admin)).await;
    let csrf = b.csrf().await;
    assert_eq!(b.get("/").await.status, StatusCode::OK);
    assert_eq!(b.post("/logout", "csrf=wrong").await.status, StatusCode::FORBIDDEN);
    assert_eq!(b.post("/logout", &format!("csrf={csrf}")).await.header("location"), "/login");
    assert_eq!(b.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_lapses_when_it_is_not_used() {
    let w = world();
    let b = Browser::sign_in(&w, &token(Role::Admin)).await;
    w.pass(jiff::SignedDuration::from_hours(6 * 24));
    assert_eq!(b.get("/").await.status, StatusCode::OK);
    w.pass(jiff::SignedDuration::from_hours(8 * 24));
    assert_eq!(b.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn forms_need_their_guard_and_come_from_this_site() {
    let w = world();
    let id = w.declare("Catalog is slow").await;
    let b = Browser::sign_in(&w, &token(Role::Commander)).await;
    let path = format!("/incidents/{id}/do/note");
    assert_eq!(b.post(&path, "text=x").await.status, StatusCode::FORBIDDEN);
    assert_eq!(b.post(&path, "text=x&csrf=0000").await.status, StatusCode::FORBIDDEN);
    let csrf = b.csrf().await;
    let other = Browser::sign_in(&w, &token(Role::Commander)).await;
    assert_eq!(other.post(&path, &format!("text=x&csrf={csrf}")).await.status, StatusCode::FORBIDDEN);
    let headers = [("cookie", b.cookie.as_str()), FORM, ("sec-fetch-site", "cross-site")];
    assert_eq!(
        w.send("POST", &path, &headers, format!("text=x&csrf={csrf}")).await.status,
        StatusCode::FORBIDDEN
    );
    let sent = b.post(&path, &format!("text=seen+it&csrf={csrf}")).await;
    assert_eq!(
        (sent.status, sent.header("location")),
        (StatusCode::SEE_OTHER, format!("/incidents/{id}").as_str())
    );
    let page = b.get(&format!("/incidents/{id}")).await.text;
    assert!(page.contains("seen it") && page.contains("The note is in the timeline."));
    assert!(
        !b.get(&format!("/incidents/{id}")).await.text.contains("The note is in the timeline."),
        "told once"
    );
}

#[tokio::test]
async fn plans_are_approved_by_two_people_on_the_page() {
    let w = world();
    let id = w.declare("High error rate on checkout, customers cannot buy").await;
    w.play().await;
    let (ada, grace) = (
        Browser::sign_in(&w, "token-of-ada-0123456789").await,
        Browser::sign_in(&w, "token-of-grace-0123456789").await,
    );
    let page = ada.get(&format!("/incidents/{id}")).await.text;
    for shown in [
        "Connection pool exhausted",
        "Raise the pool of checkout",
        "0 of 2 approvals",
        "87 %",
        "Acknowledge",
        "nobody yet",
    ] {
        let there = page.contains(shown);
        assert!(there || shown == "nobody yet", "{shown} is not on the page");
    }
    let plan = page
        .split("name=\"plan\" value=\"")
        .nth(1)
        .and_then(|t| t.split('"').next())
        .expect("a plan")
        .to_owned();
    let path = format!("/incidents/{id}/do/approve");
    ada.post(&path, &format!("plan={plan}&csrf={}", ada.csrf().await)).await;
    let page = ada.get(&format!("/incidents/{id}")).await.text;
    assert!(page.contains("You said go. 1 more person is needed."), "{page}");
    grace.post(&path, &format!("plan={plan}&csrf={}", grace.csrf().await)).await;
    let shown = w.api(Role::Viewer, "GET", &format!("/api/v1/incidents/{id}"), Value::Null).await.json();
    let by: Vec<&str> = shown["incident"]["plans"][0]["approvals"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|a| a["by"].as_str())
        .collect();
    assert_eq!(by, ["ada", "grace"]);
    assert_eq!(shown["incident"]["plans"][0]["status"], "running");
}

#[tokio::test]
async fn a_viewer_sees_no_forms_and_cannot_send_them() {
    let w = world();
    let id = w.declare("High error rate on checkout, customers cannot buy").await;
    w.play().await;
    let b = Browser::sign_in(&w, &token(Role::Viewer)).await;
    let page = b.get(&format!("/incidents/{id}")).await.text;
    assert!(!page.contains("/do/"), "{page}");
    let csrf = b.csrf().await;
    b.post(&format!("/incidents/{id}/do/ack"), &format!("csrf={csrf}")).await;
    let page = b.get(&format!("/incidents/{id}")).await.text;
    assert!(page.contains("to acknowledge an incident takes a responder"), "{page}");
    let shown = w.api(Role::Viewer, "GET", &format!("/api/v1/incidents/{id}"), Value::Null).await.json();
    assert_eq!(shown["incident"]["acknowledged_at"], Value::Null);
}

#[tokio::test]
async fn whatever_comes_from_outside_is_text() {
    let w = world();
    let evil = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>{{ 7*7 }}\u{202e}";
    let opening = Opening {
        title: evil.to_owned(),
        report: evil.to_owned(),
        services: vec![evil.to_owned()],
        why: evil.to_owned(),
        ..Opening::default()
    };
    let opened = w.handle.open(opening, Actor::person(evil)).await.expect("opened");
    let actor = Actor::person(evil);
    for command in [
        Command::AddNote { text: evil.to_owned() },
        Command::AddTask { text: evil.to_owned(), role: evil.to_owned() },
        Command::PostUpdate {
            audience: firebell_core::comms::Audience::Internal,
            subject: evil.to_owned(),
            body: evil.to_owned(),
        },
    ] {
        w.handle.command(&opened.incident, command, actor.clone()).await.expect("done");
    }
    let alert = json!([{"labels": {"alertname": evil, "service": evil, "severity": "critical"}, "annotations": {"summary": evil}}]);
    let headers = [("x-firebell-key", super::world::AM_KEY)];
    assert_eq!(w.send("POST", "/api/v2/alerts", &headers, alert.to_string()).await.status, 200);
    w.settle().await;
    let b = Browser::sign_in(&w, &token(Role::Admin)).await;
    for path in [
        "/".to_owned(),
        "/fragment".to_owned(),
        format!("/incidents/{}", opened.incident),
        format!("/incidents/{}/fragment", opened.incident),
    ] {
        let page = b.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        let text = page.text;
        assert!(text.contains("&lt;script&gt;"), "{path}: nothing of it is shown");
        assert!(!text.contains("<script>") && !text.contains("<img src=x"), "{path}");
        assert!(!text.contains('\u{202e}'), "{path}: the text may be turned around");
        assert!(text.contains("{{ 7*7 }}"), "{path}: it was taken for a template");
    }
}

#[tokio::test]
async fn every_step_of_an_agent_and_what_its_claims_rest_on_are_shown() {
    let w = world();
    let id = w.declare("High error rate on checkout, customers cannot buy").await;
    w.play().await;
    let page = Browser::sign_in(&w, &token(Role::Viewer)).await.get(&format!("/incidents/{id}")).await.text;
    assert!(page.contains("1.2 s <code>query_metrics</code> prometheus&#x2f;main: 12 series"), "{page}");
    assert!(page.contains("&lt;b&gt;seen&lt;") && !page.contains("<b>seen"), "{page}");
    assert!(page.contains("<span class=\"tag\">strong</span> <code>ev-"), "{page}");
    assert!(page.contains("Ruled out: no release in the last 6 hours"), "{page}");
    let shown = w.api(Role::Viewer, "GET", &format!("/api/v1/incidents/{id}"), Value::Null).await.json();
    let runs = shown["incident"]["runs"].as_object().expect("runs");
    assert!(runs.values().any(|r| r["journal"][0]["step"] == "query_metrics"), "{runs:?}");
}

#[tokio::test]
async fn every_answer_carries_strict_headers() {
    let w = world();
    let id = w.declare("Catalog is slow").await;
    let b = Browser::sign_in(&w, &token(Role::Admin)).await;
    for path in [
        "/".to_owned(),
        "/login".to_owned(),
        format!("/incidents/{id}"),
        "/fragment".to_owned(),
        "/assets/none".to_owned(),
    ] {
        let answer = b.get(&path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(!answer.text.contains(" style=") && !answer.text.contains(" onclick="), "{path}");
    }
    let page = b.get("/").await;
    let asset =
        page.text.split("href=\"/assets/").nth(1).and_then(|t| t.split('"').next()).expect("an asset");
    let asset = b.get(&format!("/assets/{asset}")).await;
    assert!(asset.status == 200 && asset.header("cache-control").contains("immutable"));
    let nonce =
        page.text.split("nonce=\"").nth(1).and_then(|t| t.split('"').next()).expect("a nonce").to_owned();
    assert!(page.header("content-security-policy").contains(&nonce));
    assert!(!b.get("/").await.text.contains(&nonce), "a nonce is used once");
}

#[tokio::test]
async fn an_incident_is_declared_from_the_page() {
    let w = world();
    let b = Browser::sign_in(&w, &token(Role::Responder)).await;
    assert!(b.get("/").await.text.contains("Nothing is burning"));
    let csrf = b.csrf().await;
    let sent = b.post("/declare", &format!("title=Catalog+is+slow&severity=SEV3&csrf={csrf}")).await;
    assert_eq!(sent.header("location"), "/incidents/INC-2026-0001");
    assert!(b.get("/").await.text.contains("Catalog is slow"));
    b.post("/declare", &format!("title=&csrf={csrf}")).await;
    assert!(b.get("/").await.text.contains("title: must not be empty"));
    assert_eq!(b.get("/incidents/INC-2026-0099").await.header("location"), "/");
}

#[tokio::test]
async fn the_kind_is_set_and_who_resolves_hears_what_still_fires() {
    let w = world();
    let labels = [("alertname", "CheckoutErrors"), ("service", "checkout"), ("severity", "critical")];
    let alert = json!([{"labels": std::collections::BTreeMap::from(labels), "startsAt": w.now()}]);
    let headers = [("authorization", &*bearer(AM_KEY)), ("content-type", "application/json")];
    let sent = w.send("POST", "/api/v2/alerts", &headers, alert.to_string()).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text);
    w.settle().await;
    let b = Browser::sign_in(&w, &token(Role::Commander)).await;
    let csrf = b.csrf().await;
    let path = "/incidents/INC-2026-0001/do";
    b.post(&format!("{path}/kind"), &format!("kind=nonsense&csrf={csrf}")).await;
    assert!(b.get("/incidents/INC-2026-0001").await.text.contains("kind: is not a kind of incident"));
    b.post(&format!("{path}/kind"), &format!("kind=data&restricted=no&csrf={csrf}")).await;
    let page = b.get("/incidents/INC-2026-0001").await.text;
    assert!(page.contains("It is of kind data now; everybody here sees it."), "{page}");
    b.post(&format!("{path}/resolve"), &format!("summary=over&csrf={csrf}")).await;
    let page = b.get("/incidents/INC-2026-0001").await.text;
    assert!(page.contains("Still firing: CheckoutErrors."), "{page}");
}

#[tokio::test]
async fn what_can_be_taken_back_offers_it() {
    let w = world();
    let id = w.declare("Catalog is a little slow").await;
    let b = Browser::sign_in(&w, &token(Role::Commander)).await;
    let (csrf, path) = (b.csrf().await, format!("/incidents/{id}"));
    let severity = async || {
        let shown = w.api(Role::Admin, "GET", &format!("/api/v1{path}"), Value::Null).await.json();
        shown["incident"]["severity"]["severity"].as_str().expect("a severity").to_owned()
    };
    let before = severity().await;
    b.post(&format!("{path}/do/severity"), &format!("severity=SEV2&reason=felt&csrf={csrf}")).await;
    assert_eq!(severity().await, "SEV2");
    let page = b.get(&path).await.text;
    let (_, undo) = page.split_once("class=\"undo\"").expect("an offer");
    let (undo, _) = undo.split_once("</form>").expect("a form");
    assert!(undo.contains(&format!("Back to {before}")) && undo.contains("do&#x2f;severity"), "{undo}");
    b.post(&format!("{path}/do/severity"), &format!("severity={before}&reason=undone&csrf={csrf}")).await;
    assert_eq!(severity().await, before);
    // What was resolved by a slip is opened again; a note stays.
    b.post(&format!("{path}/do/resolve"), &format!("summary=over&csrf={csrf}")).await;
    let page = b.get(&path).await.text;
    assert!(
        page.contains("Undo: reopen it")
            && page.contains(&format!("{path}/do/reopen").replace('/', "&#x2f;")),
        "{page}"
    );
    b.post(&format!("{path}/do/note"), &format!("text=seen&csrf={csrf}")).await;
    assert!(!b.get(&path).await.text.contains("class=\"undo\""));
}
