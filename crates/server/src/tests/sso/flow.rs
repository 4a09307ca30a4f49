//! The way to the provider and back, and everything that may go wrong on it.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::people::{cookie, csrf, get, join, post, set_up};
use super::super::world::{Answer, World, world};
use super::fake::Fake;
use super::with_sign_in;
use crate::auth::Signer;

const PERSON: &str = "Grace Lindqvist";

/// A world whose sign-in is the test's provider.
async fn start(more: Value) -> (World, Fake) {
    let fake = Fake::start().await;
    let claims = json!({"name": PERSON, "email": "grace@example.com", "groups": ["sre"]});
    fake.with(|said| said.claims = claims);
    (with_sign_in(world(), &fake.issuer(), more), fake)
}

/// Off to the provider; answers the browser's cookie and the state.
async fn begin(w: &World, fake: &Fake, next: &str) -> (String, String) {
    let answer = get(w, &format!("/login/sso?next={next}"), "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    (cookie(&answer), fake.sent(answer.header("location"), w.now()))
}

async fn back(w: &World, browser: &str, state: &str) -> Answer {
    get(w, &format!("/login/sso/callback?code=the%20code&state={state}"), browser).await
}

/// All of it.
async fn sign_in(w: &World, fake: &Fake) -> Answer {
    let (browser, state) = begin(w, fake, "/").await;
    back(w, &browser, &state).await
}

/// What the form says went wrong.
fn told(answer: &Answer) -> &str {
    let (_, rest) = answer.text.split_once("role=\"alert\">").unwrap_or_else(|| panic!("{}", answer.text));
    rest.split('<').next().expect("a text")
}

async fn is_inside(w: &World, session: &str) -> bool {
    get(w, "/settings/account", session).await.status == StatusCode::OK
}

#[tokio::test]
async fn somebody_new_comes_in_and_the_page_itself_goes_on() {
    let (w, fake) = start(json!({})).await;
    let form = get(&w, "/login?next=/incidents/INC-2026-0001", "").await;
    let host = fake.issuer().replace("http://", "");
    assert!(form.text.contains(&format!(">Sign in with {host}<")), "{}", form.text);
    assert!(
        form.text.contains("href=\"/login/sso?next=&#x2f;incidents&#x2f;INC-2026-0001\""),
        "{}",
        form.text
    );
    let off = get(&w, "/login/sso?next=/incidents/INC-2026-0001", "").await;
    let to = off.header("location");
    assert!(to.starts_with(&format!("{}/authorize?tenant=1&response_type=code&", fake.issuer())), "{to}");
    assert!(to.contains("&scope=openid%20profile%20email%20groups&"), "{to}");
    assert!(off.header("set-cookie").contains("; Path=/login/sso; HttpOnly; SameSite=Lax; Max-Age=600"));
    let state = fake.sent(to, w.now());
    let answer = back(&w, &cookie(&off), &state).await;
    // A strict cookie would not come along on a redirect from another site.
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(answer.text.contains("content=\"0;url=&#x2f;incidents&#x2f;INC-2026-0001\""), "{}", answer.text);
    assert!(answer.header("set-cookie").contains("; HttpOnly; SameSite=Strict"));
    let page = get(&w, "/settings/account", &cookie(&answer)).await;
    assert!(page.text.contains(&format!("title=\"responder\">{PERSON}<")), "{}", page.text);
    // A day later roles are asked for again.
    w.pass(SignedDuration::from_hours(25));
    assert!(!is_inside(&w, &cookie(&answer)).await);
}

#[tokio::test]
async fn a_state_is_good_once_in_its_browser_and_for_ten_minutes() {
    let (w, fake) = start(json!({})).await;
    let (browser, state) = begin(&w, &fake, "/").await;
    assert_eq!(back(&w, &browser, &state).await.status, StatusCode::OK);
    let refused = async |browser: &str, state: &str| {
        let answer = back(&w, browser, state).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
        assert_eq!(answer.header("set-cookie"), "");
        assert!(told(&answer).starts_with("This sign-in did not begin in this browser"), "{}", answer.text);
    };
    // Once more, as from the browser's history.
    refused(&browser, &state).await;
    // In the browser of somebody who was sent the address: they would be signed in as somebody else.
    for other in [String::new(), format!("firebell_oidc={}", "0".repeat(64)), "firebell_oidc=".to_owned()] {
        let (_, state) = begin(&w, &fake, "/").await;
        refused(&other, &state).await;
    }
    for state in ["", "x", &state[1..]] {
        refused(&browser, state).await;
    }
    let (browser, state) = begin(&w, &fake, "/").await;
    w.pass(SignedDuration::from_secs(601));
    refused(&browser, &state).await;
    assert_eq!(fake.with(|said| said.asked["token"]), 1, "nothing was asked for what is refused");
}

#[tokio::test]
async fn several_tabs_do_not_spoil_each_other() {
    let (w, fake) = start(json!({})).await;
    let (browser, first) = begin(&w, &fake, "/").await;
    let second = get(&w, "/login/sso", &browser).await;
    assert_eq!(cookie(&second), browser);
    let state = fake.sent(second.header("location"), w.now());
    assert_eq!(back(&w, &browser, &state).await.status, StatusCode::OK);
    // The first one's code belongs to another proof and nonce here; its state is still good.
    assert!(told(&back(&w, &browser, &first).await).contains("invalid_grant no such &lt;code&gt;"));
}

#[tokio::test]
async fn it_leads_nowhere_else() {
    let (w, fake) = start(json!({})).await;
    for bad in ["//evil.example", "https://evil.example", "/%5Cevil.example"] {
        let (browser, state) = begin(&w, &fake, bad).await;
        let answer = back(&w, &browser, &state).await;
        assert!(answer.text.contains("content=\"0;url=&#x2f;\""), "{}", answer.text);
        assert!(!answer.text.contains("evil"), "{}", answer.text);
    }
}

#[tokio::test]
async fn what_a_provider_says_wrong_is_told_and_nobody_comes_in() {
    let (w, fake) = start(json!({})).await;
    let (browser, state) = begin(&w, &fake, "/").await;
    let path = format!("/login/sso/callback?error=access_denied&error_description=%3Cb%3Eno&state={state}");
    let answer = get(&w, &path, &browser).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(told(&answer).contains("it says access_denied &lt;b&gt;no"), "{}", answer.text);
    let (browser, state) = begin(&w, &fake, "/").await;
    let path = format!("/login/sso/callback?code=the%20code&state={state}&iss=https%3A%2F%2Fevil.example");
    assert!(told(&get(&w, &path, &browser).await).contains("the answer is not its own"));
    let (browser, state) = begin(&w, &fake, "/").await;
    let path = format!("/login/sso/callback?code=wrong&state={state}");
    let text = told(&get(&w, &path, &browser).await).to_owned();
    assert!(text.contains("answers 400: invalid_grant") && !text.contains("secret"), "{text}");
    for (claims, why) in [
        (json!({"nonce": "of another"}), "its claim nonce is of another sign-in"),
        (json!({"aud": "another"}), "its claim aud names another client"),
        (json!({"exp": w.now().as_second() - 1000}), "its claim exp is past"),
    ] {
        fake.with(|said| said.claims = claims);
        let answer = sign_in(&w, &fake).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (StatusCode::FORBIDDEN, ""));
        assert!(told(&answer).contains(why), "{}", answer.text);
    }
    assert!(w.state.office.documents("account", "", 10).expect("the store").is_empty());
}

#[tokio::test]
async fn another_providers_document_is_refused() {
    let (w, fake) = start(json!({})).await;
    fake.with(|said| said.called = "https://evil.example".to_owned());
    let answer = get(&w, "/login/sso", "").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(told(&answer).contains("it calls itself"), "{}", answer.text);
    // Mended, and asked again after a moment.
    fake.with(|said| said.called = said.issuer.clone());
    assert_eq!(get(&w, "/login/sso", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
    w.pass(SignedDuration::from_secs(12));
    assert_eq!(sign_in(&w, &fake).await.status, StatusCode::OK);
    let nowhere = with_sign_in(world(), "http://127.0.0.1:9", json!({}));
    assert!(told(&get(&nowhere, "/login/sso", "").await).contains("cannot connect"));
}

#[tokio::test]
async fn keys_that_changed_are_asked_for_once_more() {
    let (w, fake) = start(json!({})).await;
    sign_in(&w, &fake).await;
    sign_in(&w, &fake).await;
    assert_eq!(fake.with(|said| said.asked["keys"]), 1, "they are kept");
    fake.with(|said| said.signer = Signer::named("new"));
    assert_eq!(sign_in(&w, &fake).await.status, StatusCode::OK);
    assert_eq!(fake.with(|said| said.asked["keys"]), 2);
    // A wrong signature by a key that is known is no reason to ask.
    fake.with(|said| said.signer = Signer::named("new"));
    assert!(told(&sign_in(&w, &fake).await).contains("its signature is wrong"));
    assert_eq!(fake.with(|said| said.asked["keys"]), 2);
}

#[tokio::test]
async fn userinfo_is_asked_for_what_is_missing_and_speaks_of_the_same_person_only() {
    let (w, fake) = start(json!({})).await;
    sign_in(&w, &fake).await;
    assert_eq!(fake.with(|said| said.asked.get("userinfo").copied()), None);
    fake.with(|said| {
        said.claims = json!({"sub": "u-2"});
        said.userinfo = json!({"sub": "u-2", "name": "Linus", "groups": ["incident-leads"], "iss": "x"});
    });
    let answer = sign_in(&w, &fake).await;
    assert!(get(&w, "/settings/account", &cookie(&answer)).await.text.contains("title=\"commander\">Linus<"));
    for info in [json!({"sub": "u-3", "groups": ["incident-leads"]}), json!({"groups": ["incident-leads"]})] {
        fake.with(|said| said.userinfo = info);
        let answer = sign_in(&w, &fake).await;
        assert!(told(&answer).contains("speaks of somebody else"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_linked_by_an_administrator_and_by_nobody_else() {
    let (w, fake) = start(json!({})).await;
    let admin = set_up(&w).await;
    join(&w, &admin, PERSON, "admin").await;
    let answer = sign_in(&w, &fake).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(
        told(&answer).contains("Settings, People, Grace Lindqvist, with the subject u-1"),
        "{}",
        answer.text
    );
    // Neither by a name of the configuration, nor by an address.
    fake.with(|said| said.claims = json!({"sub": "u-7", "name": "ada", "groups": ["sre"]}));
    assert_eq!(sign_in(&w, &fake).await.status, StatusCode::CONFLICT);

    let guard = csrf(&get(&w, "/settings/people", &admin).await);
    let link = async |name: &str, subject: &str| {
        let fields = [("csrf", guard.as_str()), ("name", name), ("subject", subject)];
        assert_eq!(post(&w, "/settings/people/subject", &admin, &fields).await.status, StatusCode::SEE_OTHER);
        get(&w, "/settings/people", &admin).await.text
    };
    let page = link(PERSON, "u-1").await;
    assert!(page.contains("name=\"subject\" value=\"u-1\""), "{page}");
    assert!(link("Ada Okafor", "u-1").await.contains("is Grace Lindqvist&#x27;s already"));
    fake.with(|said| {
        said.claims = json!({"name": "Another Name", "email": "g@example.com", "groups": ["sre"]})
    });
    let answer = sign_in(&w, &fake).await;
    let session = cookie(&answer);
    // Their account, with the role of their groups; the name stays.
    assert!(
        get(&w, "/settings/account", &session).await.text.contains("title=\"responder\">Grace Lindqvist<")
    );

    // An address that is another account's.
    fake.with(|said| {
        said.claims = json!({"sub": "u-8", "name": "Eve", "email": "x@example.com", "groups": ["sre"]});
    });
    assert_eq!(sign_in(&w, &fake).await.status, StatusCode::OK);
    fake.with(|said| {
        said.claims = json!({"sub": "u-9", "name": "Mallory", "email": "X@example.com", "groups": ["sre"]});
    });
    assert!(told(&sign_in(&w, &fake).await).starts_with("Eve has an account here already"));
    let page = link(PERSON, "").await;
    assert!(page.contains("is linked with nobody"), "{page}");
    fake.with(|said| said.claims = json!({"name": PERSON, "groups": ["sre"]}));
    assert_eq!(sign_in(&w, &fake).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn roles_follow_the_groups_and_who_is_shut_out_stays_out() {
    let (w, fake) = start(json!({"button": "Example Corp"})).await;
    let admin = set_up(&w).await;
    let first = cookie(&sign_in(&w, &fake).await);
    fake.with(|said| said.claims = json!({"name": PERSON, "groups": ["sre", "incident-leads"]}));
    sign_in(&w, &fake).await;
    // At once, in the older session too.
    assert!(get(&w, "/settings/account", &first).await.text.contains("title=\"commander\">"));
    fake.with(|said| said.claims = json!({"name": PERSON, "groups": ["everybody"]}));
    let answer = sign_in(&w, &fake).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.text.contains(">Example Corp<"), "another try is at hand: {}", answer.text);
    insta::assert_snapshot!(told(&answer), @"Grace Lindqvist may not come in. None of your groups (everybody) has a role here: ask an administrator of Firebell to add one of them to [oidc.roles].");
    assert!(!is_inside(&w, &first).await, "their sessions have ended");

    fake.with(|said| said.claims = json!({"name": PERSON, "groups": ["sre"]}));
    let again = cookie(&sign_in(&w, &fake).await);
    assert!(is_inside(&w, &again).await);
    let guard = csrf(&get(&w, "/settings/people", &admin).await);
    let fields = [("csrf", guard.as_str()), ("name", PERSON), ("role", "responder"), ("disabled", "yes")];
    post(&w, "/settings/people/change", &admin, &fields).await;
    let answer = sign_in(&w, &fake).await;
    assert!(told(&answer).contains("is shut out"), "{}", answer.text);

    let log = w.state.office.audit_after(0, 1000).expect("the log");
    let lines: Vec<String> = log
        .iter()
        .filter(|e| e.act.target == PERSON || e.act.action == "session.refused")
        .map(|e| format!("{} {} {} {}", e.act.actor, e.act.action, e.act.target, e.act.detail))
        .collect();
    insta::assert_snapshot!(lines.join("\n").replace(&fake.issuer(), "ISSUER"));
}

#[tokio::test]
async fn without_a_configuration_there_is_no_such_sign_in() {
    let w = world();
    for path in ["/login/sso", "/login/sso/callback?state=x&code=y"] {
        assert_eq!(get(&w, path, "").await.status, StatusCode::NOT_FOUND);
    }
    assert!(!get(&w, "/login", "").await.text.contains("/login/sso"));
}
