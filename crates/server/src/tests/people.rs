//! Accounts, sessions, tokens: who comes in, and who is shut out.

use axum::http::StatusCode;
use firebell_core::audit::Chain;
use jiff::SignedDuration;
use serde_json::json;

use super::world::{Answer, SETUP_KEY, World, bearer, world};
use crate::Role;

const PASSWORD: &str = "three small words";

pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let coded = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    };
    fields.iter().map(|(n, v)| format!("{}={}", coded(n), coded(v))).collect::<Vec<_>>().join("&")
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub(super) async fn post(w: &World, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    w.send("POST", path, &[FORM, ("cookie", cookie)], form(fields)).await
}

pub(super) async fn get(w: &World, path: &str, cookie: &str) -> Answer {
    w.send("GET", path, &[("cookie", cookie)], "").await
}

/// The session cookie that an answer sets, as a browser sends it back.
pub(super) fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

/// The guard of the forms on a page.
pub(super) fn csrf(answer: &Answer) -> String {
    let (_, rest) = answer.text.split_once("name=\"csrf\" value=\"").expect("a form");
    rest.split('"').next().expect("a value").to_owned()
}

/// Makes the first administrator; answers their cookie.
pub(super) async fn set_up(w: &World) -> String {
    let fields = [("key", SETUP_KEY), ("name", "Ada Okafor"), ("password", PASSWORD), ("again", PASSWORD)];
    let answer = post(w, "/setup", "", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    cookie(&answer)
}

async fn sign_in(w: &World, name: &str, password: &str) -> Answer {
    post(w, "/login", "", &[("name", name), ("password", password)]).await
}

/// Invites somebody and sets their password; answers their cookie.
pub(super) async fn join(w: &World, admin: &str, name: &str, role: &str) -> String {
    let page = get(w, "/settings/people", admin).await;
    let fields = [("csrf", csrf(&page).as_str()), ("name", name), ("role", role), ("email", "")]
        .map(|(a, b)| (a, b.to_owned()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (*a, b.as_str())).collect();
    let page = post(w, "/settings/people/invite", admin, &fields).await;
    let key = page.text.split("welcome?key=").nth(1).expect("a link").split('<').next().expect("a key");
    let fields = [("key", key), ("password", PASSWORD), ("again", PASSWORD)];
    let answer = post(w, "/welcome", "", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    // Used up.
    assert_eq!(post(w, "/welcome", "", &fields).await.status, StatusCode::FORBIDDEN);
    cookie(&answer)
}

#[tokio::test]
async fn the_first_administrator_sets_up_once_and_only_by_the_link() {
    let w = world();
    for bad in ["", "wrong", &SETUP_KEY[..SETUP_KEY.len() - 1]] {
        assert_eq!(get(&w, &format!("/setup?key={bad}"), "").await.status, StatusCode::FORBIDDEN);
        let fields = [("key", bad), ("name", "Eve"), ("password", PASSWORD), ("again", PASSWORD)];
        assert_eq!(post(&w, "/setup", "", &fields).await.status, StatusCode::FORBIDDEN);
    }
    for (name, password, again, what) in [
        ("Ada", "short", "short", "at least 12"),
        ("Ada", PASSWORD, "three small wordz", "not the same"),
        ("admin", PASSWORD, PASSWORD, "taken by Firebell"),
        ("", PASSWORD, PASSWORD, "1 to 64"),
    ] {
        let fields = [("key", SETUP_KEY), ("name", name), ("password", password), ("again", again)];
        let answer = post(&w, "/setup", "", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains(what), "{what}: {}", answer.text);
    }
    let admin = set_up(&w).await;
    assert!(get(&w, "/settings/people", &admin).await.text.contains("Ada Okafor"));
    assert_eq!(get(&w, &format!("/setup?key={SETUP_KEY}"), "").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_password_lets_in_and_a_wrong_one_slows_down() {
    let w = world();
    set_up(&w).await;
    let inside = sign_in(&w, "ada okafor", PASSWORD).await;
    assert_eq!(inside.status, StatusCode::SEE_OTHER);
    assert!(inside.header("set-cookie").contains("HttpOnly; SameSite=Strict"));
    for _ in 0..5 {
        let answer = sign_in(&w, "Ada Okafor", "another password").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.text.contains("Name or password is wrong"));
    }
    // One more, and even the right one has to wait; nobody else does.
    sign_in(&w, "Ada Okafor", "another password").await;
    let answer = sign_in(&w, "Ada Okafor", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.header("retry-after").parse::<u32>().expect("seconds") <= 16);
    assert_eq!(sign_in(&w, "nobody here", "another password").await.status, StatusCode::UNAUTHORIZED);
    w.pass(SignedDuration::from_secs(20));
    assert_eq!(sign_in(&w, "Ada Okafor", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_and_outlive_the_process() {
    let w = world();
    let first = set_up(&w).await;
    let second = cookie(&sign_in(&w, "Ada Okafor", PASSWORD).await);
    let page = get(&w, "/settings/account", &first).await;
    assert_eq!(page.text.matches("action=\"/settings/account/end-session\"").count(), 1);
    // The same store, another process.
    let mut again = w;
    again.app = crate::router(again.state.clone());
    assert_eq!(get(&again, "/settings/account", &second).await.status, StatusCode::OK);
    let page = get(&again, "/settings/account", &first).await;
    let guard = csrf(&page);
    let ended = post(&again, "/settings/account/end-others", &first, &[("csrf", &guard)]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    assert_eq!(get(&again, "/settings/account", &second).await.status, StatusCode::SEE_OTHER);
    assert_eq!(get(&again, "/settings/account", &first).await.status, StatusCode::OK);
    // Not used for a week.
    again.pass(SignedDuration::from_hours(7 * 24 + 1));
    assert_eq!(get(&again, "/settings/account", &first).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_is_shut_out_is_out_at_once_and_the_last_administrator_stays() {
    let w = world();
    let admin = set_up(&w).await;
    let grace = join(&w, &admin, "Grace", "commander").await;
    assert_eq!(get(&w, "/settings/account", &grace).await.status, StatusCode::OK);
    // Not for her.
    for path in ["/settings/people", "/settings/audit"] {
        assert_eq!(get(&w, path, &grace).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let own = csrf(&get(&w, "/settings/account", &grace).await);
    let fields = [("csrf", own.as_str()), ("name", "Grace"), ("role", "admin")];
    assert_eq!(post(&w, "/settings/people/change", &grace, &fields).await.status, StatusCode::FORBIDDEN);

    let guard = csrf(&get(&w, "/settings/people", &admin).await);
    let fields = [("csrf", guard.as_str()), ("name", "Ada Okafor"), ("role", "viewer")];
    post(&w, "/settings/people/change", &admin, &fields).await;
    let page = get(&w, "/settings/people", &admin).await;
    assert!(page.text.contains("is the only administrator"), "{}", page.text);

    let fields = [("csrf", guard.as_str()), ("name", "Grace"), ("role", "commander"), ("disabled", "yes")];
    post(&w, "/settings/people/change", &admin, &fields).await;
    assert_eq!(get(&w, "/settings/account", &grace).await.status, StatusCode::SEE_OTHER);
    assert_eq!(sign_in(&w, "Grace", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_does_what_its_scopes_and_its_owner_may_until_it_ends() {
    let w = world();
    let admin = set_up(&w).await;
    let grace = join(&w, &admin, "Grace", "responder").await;
    let page = get(&w, "/settings/account", &grace).await;
    let guard = csrf(&page);
    let fields = [
        ("csrf", guard.as_str()),
        ("name", "pipeline"),
        ("resource", "incidents"),
        ("verb", "write"),
        ("days", "30"),
    ];
    let made = post(&w, "/settings/account/make-token", &grace, &fields).await;
    let secret =
        made.text.split("class=\"secret\">").nth(1).expect("a secret").split('<').next().expect("it");
    assert!(secret.starts_with("firebell_"));
    assert!(!get(&w, "/settings/account", &grace).await.text.contains(secret), "shown once");
    let key = bearer(secret);
    let headers = [("authorization", key.as_str())];
    let declared =
        w.send("POST", "/api/v1/incidents", &headers, json!({"title": "It burns"}).to_string()).await;
    assert_eq!(declared.status, StatusCode::CREATED, "{}", declared.text);
    let id = declared.json()["id"].as_str().expect("an id").to_owned();
    // Neither what is out of scope nor what the owner may not.
    let alerts = w.send("GET", "/api/v1/alerts", &headers, "").await;
    assert_eq!(alerts.status, StatusCode::FORBIDDEN);
    assert!(alerts.text.contains("alerts:read"), "{}", alerts.text);
    let path = format!("/api/v1/incidents/{id}/resolve");
    let resolve = w.send("POST", &path, &headers, json!({"summary": "over"}).to_string()).await;
    assert_eq!(resolve.status, StatusCode::FORBIDDEN, "{}", resolve.text);
    w.pass(SignedDuration::from_hours(31 * 24));
    assert_eq!(w.send("GET", "/api/v1/incidents", &headers, "").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_form_from_elsewhere_does_nothing() {
    let w = world();
    let admin = set_up(&w).await;
    let guard = csrf(&get(&w, "/settings/people", &admin).await);
    let fields = [("csrf", guard.as_str()), ("name", "Eve"), ("role", "admin")];
    let headers = [FORM, ("cookie", admin.as_str()), ("sec-fetch-site", "cross-site")];
    let forged = w.send("POST", "/settings/people/invite", &headers, form(&fields)).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let fields = [("csrf", "guessed"), ("name", "Eve"), ("role", "admin")];
    assert_eq!(post(&w, "/settings/people/invite", &admin, &fields).await.status, StatusCode::FORBIDDEN);
    assert!(!get(&w, "/settings/people", &admin).await.text.contains("Eve"));
}

#[tokio::test]
async fn what_people_do_is_in_the_audit_log_and_no_secret_is() {
    let w = world();
    let admin = set_up(&w).await;
    join(&w, &admin, "Grace", "responder").await;
    sign_in(&w, "Grace", "a wrong password").await;
    let id = w.declare("It burns").await;
    w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/ack"), json!({})).await;
    let entries = w.state.office.audit_after(0, 1000).expect("the log");
    let mut chain = Chain::default();
    entries.iter().for_each(|e| chain.follow(e).expect("whole"));
    let told: Vec<String> = entries.iter().map(|e| format!("{} {}", e.act.actor, e.act.action)).collect();
    for expected in [
        "Ada Okafor account.set_up",
        "Ada Okafor account.create",
        "Grace account.set_password",
        "Grace session.begin",
        "nobody session.refused",
        "commander incident.open",
        "commander incident.acknowledge",
    ] {
        assert!(told.iter().any(|t| t == expected), "{expected} is missing: {told:#?}");
    }
    let text = serde_json::to_string(&entries).expect("JSON");
    assert!(!text.contains(PASSWORD) && !text.contains("argon2") && !text.contains("a wrong password"));
    let page = get(&w, "/settings/audit?q=grace", &admin).await;
    assert!(page.text.contains("account.set_password") && !page.text.contains("account.set_up"));
}
