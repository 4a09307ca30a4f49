//! Subscribers of the status page: who becomes one, what they hear, and how they are let go.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier};
use firebell_core::ports::office::Document;
use firebell_core::ports::{BoxFuture, Health};
use firebell_integrations::http::{HttpError, Reply};
use firebell_integrations::webhook::standard;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::page::Browser;
use super::people::form;
use super::world::{Answer, World, send, token, world};
use crate::post::Wire;
use crate::state::AppState;
use crate::{PostOffice, Role, router};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A mail server that keeps what it is given.
struct Mails {
    seen: Mutex<Vec<Message>>,
    answer: Mutex<Option<Outcome>>,
}

impl Notifier for Mails {
    fn name(&self) -> &str {
        "email/customers"
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health { name: "email/customers".to_owned(), ok: true, detail: String::new() } })
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Outcome> {
        let refused = self.answer.lock().expect("a lock").clone();
        if refused.is_none() {
            self.seen.lock().expect("a lock").push(message.clone());
        }
        let done = Outcome::Done { detail: "taken".to_owned(), data: Value::Null };
        Box::pin(async move { refused.unwrap_or(done) })
    }
}

/// A post: address, headers, body.
type Post = (String, Vec<(String, String)>, Vec<u8>);

/// Endpoints of others: answer with the challenge, or not.
struct Endpoints {
    seen: Mutex<Vec<Post>>,
    echoes: Mutex<bool>,
}

impl Wire for Endpoints {
    fn post<'a>(
        &'a self,
        url: &'a str,
        body: Vec<u8>,
        headers: &'a [(&'a str, &'a str)],
        _: Duration,
    ) -> BoxFuture<'a, Result<Reply, HttpError>> {
        let said: Value = serde_json::from_slice(&body).expect("JSON");
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        self.seen.lock().expect("a lock").push((url.to_owned(), headers, body));
        let code = said["data"]["challenge"].as_str().filter(|_| *self.echoes.lock().expect("a lock"));
        let answer = code.map(|c| json!({"challenge": c}).to_string()).unwrap_or_default();
        Box::pin(async move {
            Ok(Reply { status: 200, retry_after_s: None, scopes: None, body: answer.into_bytes() })
        })
    }
}

/// A status page that writes mails and posts to webhooks.
struct Street {
    w: Arc<World>,
    app: Router,
    state: AppState,
    mails: Arc<Mails>,
    endpoints: Arc<Endpoints>,
    post: PostOffice,
}

impl Street {
    async fn new() -> Self {
        let w = Arc::new(world());
        let mails = Arc::new(Mails { seen: Mutex::default(), answer: Mutex::default() });
        let endpoints = Arc::new(Endpoints { seen: Mutex::default(), echoes: Mutex::new(true) });
        let mut state = w.state.clone();
        state.systems.notifiers = vec![Arc::clone(&mails) as Arc<dyn Notifier>];
        let app = router(state.clone());
        let post = PostOffice::with(&state, Arc::clone(&endpoints) as Arc<dyn Wire>);
        let mut street = Self { w, app, state, mails, endpoints, post };
        street.post.settle().await;
        street
    }

    async fn get(&self, path: &str) -> Answer {
        send(&self.app, "GET", path, &[], "").await
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        send(&self.app, "POST", path, &[FORM], form(fields)).await
    }

    async fn ask(&mut self, address: &str, components: &[&str]) -> Answer {
        let fields: Vec<_> =
            [("email", address)].into_iter().chain(components.iter().map(|c| ("components", *c))).collect();
        let answer = self.form("/status/subscribe/email", &fields).await;
        self.post.settle().await;
        answer
    }

    /// Subscribes and confirms.
    async fn subscribe(&mut self, address: &str, components: &[&str]) {
        assert_eq!(self.ask(address, components).await.status, StatusCode::ACCEPTED);
        let mail = self.mails().pop().expect("a mail");
        let answer = self.form(&path_in(&mail.body, "/confirm?"), &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        self.w.pass(SignedDuration::from_secs(1));
    }

    fn mails(&self) -> Vec<Message> {
        std::mem::take(&mut self.mails.seen.lock().expect("a lock"))
    }

    fn posts(&self) -> Vec<Post> {
        std::mem::take(&mut self.endpoints.seen.lock().expect("a lock"))
    }

    fn subscribers(&self) -> Vec<Document> {
        self.state.office.documents("subscriber", "", 1000).expect("the store")
    }

    async fn incident(&self, service: &str) -> String {
        let body =
            json!({"title": "Kernel panic on db-7.internal", "services": [service], "severity": "SEV2"});
        let answer = self.w.api(Role::Commander, "POST", "/api/v1/incidents", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    async fn do_to(&self, id: &str, verb: &str, body: Value) {
        let answer =
            self.w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/{verb}"), body).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        self.w.pass(SignedDuration::from_secs(1));
    }

    async fn tell(&self, id: &str, audience: &str, subject: &str) {
        let update = json!({"audience": audience, "subject": subject, "body": "Some **errors**."});
        self.do_to(id, "updates", update).await;
    }
}

/// The address below the server's in a text.
fn path_in(text: &str, mark: &str) -> String {
    let link = text.split_whitespace().find(|w| w.contains(mark)).expect("a link");
    link.trim_start_matches("http://127.0.0.1:7300").to_owned()
}

#[tokio::test]
async fn nobody_is_subscribed_who_has_not_pressed_the_button() {
    let mut s = Street::new().await;
    let page = s.get("/status/subscribe").await;
    assert!(page.text.contains("name=\"email\"") && page.header("cache-control").starts_with("public"));
    assert!(page.header("content-security-policy").contains("form-action 'self'"));
    assert!(s.get("/status").await.header("content-security-policy").contains("form-action 'none'"));
    let first = s.ask("Eve@Example.com", &[]).await;
    assert_eq!(first.status, StatusCode::ACCEPTED);
    let mails = s.mails();
    assert_eq!((mails.len(), mails[0].to.as_slice()), (1, ["Eve@Example.com".to_owned()].as_slice()));
    let link = path_in(&mails[0].body, "/confirm?");
    // Whoever looks at the link confirms nothing.
    for _ in 0..3 {
        let page = s.get(&link).await;
        assert!(page.status == StatusCode::OK && page.text.contains("<button"), "{}", page.text);
        assert_eq!(page.header("referrer-policy"), "no-referrer");
    }
    let id = s.incident("checkout").await;
    s.tell(&id, "public", "Before it was confirmed").await;
    s.post.settle().await;
    assert!(s.mails().is_empty(), "nothing is sent before it is confirmed");
    // A forged link, that of somebody else, one without a token.
    let (path, good) = link.rsplit_once("&t=").expect("a token");
    for bad in
        [format!("{path}&t={}", "0".repeat(good.len())), path.to_owned(), link.replace("sub-", "sub-0")]
    {
        assert_eq!(s.form(&bad, &[]).await.status, StatusCode::FORBIDDEN, "{bad}");
        assert_eq!(s.get(&bad).await.status, StatusCode::FORBIDDEN, "{bad}");
    }
    assert_eq!(s.form(&link, &[]).await.status, StatusCode::OK);
    assert_eq!(s.form(&link, &[]).await.status, StatusCode::FORBIDDEN, "it is used up");
    s.w.pass(SignedDuration::from_secs(1));
    s.tell(&id, "public", "After it was confirmed").await;
    s.post.settle().await;
    let mails = s.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].body.contains("After it was confirmed"), "{}", mails[0].body);
    // Who asks again, for whomever, is answered the same, and floods nobody.
    for address in ["eve@example.com", "eve@example.com", "stranger@example.com"] {
        let again = s.ask(address, &[]).await;
        assert_eq!((again.status, again.text.as_str()), (first.status, first.text.as_str()), "{address}");
    }
    let to: Vec<String> = s.mails().into_iter().flat_map(|m| m.to).collect();
    assert_eq!(to, ["Eve@Example.com", "stranger@example.com"]);
    assert_eq!(s.subscribers().len(), 2);
    // A link is good for two days.
    assert_eq!(s.ask("late@example.com", &[]).await.status, StatusCode::ACCEPTED);
    let link = path_in(&s.mails()[0].body, "/confirm?");
    s.w.pass(SignedDuration::from_hours(49));
    assert_eq!(s.form(&link, &[]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn one_click_ends_it_and_a_look_does_not() {
    let mut s = Street::new().await;
    s.subscribe("ada@example.com", &[]).await;
    s.subscribe("grace@example.com", &[]).await;
    let id = s.incident("checkout").await;
    s.tell(&id, "public", "Errors in checkout").await;
    s.post.settle().await;
    let mails = s.mails();
    assert_eq!(mails.len(), 2);
    let ada = mails.iter().find(|m| m.to == ["ada@example.com"]).expect("hers");
    let header = |name: &str| ada.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let link = path_in(&ada.body, "/unsubscribe?");
    assert_eq!(header("List-Unsubscribe"), format!("<http://127.0.0.1:7300{link}>"));
    insta::assert_snapshot!(
        format!("{}\n\n{}", ada.subject, ada.body).replace(link.split_once('?').expect("a query").1, "LINK")
    );
    let page = s.get(&link).await;
    assert!(page.text.contains("<button") && s.subscribers().len() == 2, "a look ends nothing");
    let (path, good) = link.rsplit_once("&t=").expect("a token");
    let grace =
        s.subscribers().iter().map(|d| d.id.clone()).find(|id| !path.contains(id.as_str())).expect("hers");
    for bad in [
        path.to_owned(),
        format!("{path}&t={}0", &good[1..]),
        format!("/status/unsubscribe?s={grace}&t={good}"),
    ] {
        assert_eq!(s.form(&bad, &[("List-Unsubscribe", "One-Click")]).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(s.subscribers().len(), 2);
    for _ in 0..2 {
        let gone = s.form(&link, &[("List-Unsubscribe", "One-Click")]).await;
        assert_eq!(gone.status, StatusCode::OK, "{}", gone.text);
    }
    assert_eq!(s.subscribers().iter().map(|d| d.id.as_str()).collect::<Vec<_>>(), [grace.as_str()]);
    s.tell(&id, "public", "More errors").await;
    s.post.settle().await;
    assert_eq!(s.mails().into_iter().flat_map(|m| m.to).collect::<Vec<_>>(), ["grace@example.com"]);
}

#[tokio::test]
async fn they_hear_what_the_page_says_of_what_they_chose_and_never_more() {
    let mut s = Street::new().await;
    let mut few = s.state.clone();
    few.status.components = ["Checkout", "Search"]
        .map(|name| crate::ComponentConfig {
            name: name.to_owned(),
            services: vec![if name == "Checkout" { "checkout" } else { "payments" }.to_owned()],
            ..Default::default()
        })
        .to_vec();
    s.app = router(few.clone());
    s.post = PostOffice::with(&few, Arc::clone(&s.endpoints) as Arc<dyn Wire>);
    s.state = few;
    s.post.settle().await;
    s.subscribe("all@example.com", &[]).await;
    s.subscribe("some@example.com", &["search"]).await;
    assert_eq!(s.ask("x@example.com", &["nowhere"]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let heard = |s: &Street| -> Vec<(String, String)> {
        let mails = s.mails().into_iter();
        mails.map(|m| (m.to[0].clone(), m.subject.clone())).collect()
    };
    let id = s.incident("checkout").await;
    s.post.settle().await;
    s.tell(&id, "internal", "the password is in the vault").await;
    s.do_to(&id, "notes", json!({"text": "db-7 again"})).await;
    s.post.settle().await;
    assert!(heard(&s).is_empty(), "what is not for the public is not theirs");
    s.tell(&id, "public", "We look into errors").await;
    s.post.settle().await;
    let mails = s.mails();
    assert_eq!(mails.iter().map(|m| m.to[0].as_str()).collect::<Vec<_>>(), ["all@example.com"]);
    for secret in ["db-7", "Kernel", "vault", "commander"] {
        assert!(!format!("{:?}", mails[0]).contains(secret), "{secret}: {:?}", mails[0]);
    }
    let other = s.incident("payments").await;
    s.tell(&other, "public", "Search is slow").await;
    s.post.settle().await;
    assert_eq!(heard(&s).len(), 2);
    // An end that no post tells of is told after a while.
    s.do_to(&other, "resolve", json!({"summary": "a new kernel"})).await;
    s.post.settle().await;
    assert!(heard(&s).is_empty());
    s.w.pass(SignedDuration::from_mins(11));
    s.post.settle().await;
    let ends = heard(&s);
    assert!(ends.len() == 2 && ends.iter().all(|(_, subject)| subject.contains("Resolved")), "{ends:?}");
    // What becomes confidential while it waits is not sent; nor is what follows, unless a person says so.
    *s.mails.answer.lock().expect("a lock") =
        Some(Outcome::Retry { reason: "down".to_owned(), after_s: None });
    s.tell(&id, "public", "Somebody broke in").await;
    s.post.settle().await;
    s.do_to(&id, "kind", json!({"kind": "security", "restricted": true})).await;
    *s.mails.answer.lock().expect("a lock") = None;
    s.w.pass(SignedDuration::from_hours(1));
    s.post.settle().await;
    assert!(heard(&s).is_empty());
    s.tell(&id, "public", "Please sign in again").await;
    s.post.settle().await;
    let knowingly = heard(&s);
    assert_eq!(knowingly.len(), 1, "who chose components is not told that it is one of them");
    assert!(knowingly[0].1.contains("Please sign in again"), "{knowingly:?}");
}

#[tokio::test]
async fn a_webhook_answers_a_code_first_and_is_posted_signed() {
    let mut s = Street::new().await;
    *s.endpoints.echoes.lock().expect("a lock") = false;
    let url = "https://bot.example/hook?key=abc";
    let ask = |url: &'static str| [("url", url)];
    let first = s.form("/status/subscribe/webhook", &ask(url)).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text);
    s.post.settle().await;
    assert_eq!(s.posts().len(), 1);
    let id = s.incident("checkout").await;
    s.tell(&id, "public", "Errors in checkout").await;
    s.post.settle().await;
    assert!(s.posts().is_empty(), "who did not answer with the code hears nothing");
    *s.endpoints.echoes.lock().expect("a lock") = true;
    s.w.pass(SignedDuration::from_mins(20));
    let again = s.form("/status/subscribe/webhook", &ask(url)).await;
    assert_eq!(again.text, first.text);
    s.post.settle().await;
    let (_, _, challenge) = s.posts().pop().expect("a challenge");
    let challenge: Value = serde_json::from_slice(&challenge).expect("JSON");
    let secret = challenge["data"]["secret"].as_str().expect("a secret").to_owned();
    assert!(!again.text.contains(&secret), "it is told to the endpoint only");
    s.w.pass(SignedDuration::from_secs(1));
    s.tell(&id, "public", "More errors").await;
    s.post.settle().await;
    let (to, headers, body) = s.posts().pop().expect("a post");
    assert_eq!(to, url);
    let header = |name: &str| headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    let (key, at, signature) =
        (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    assert!(standard::verify(&secret, key, at, signature, &body, s.w.now(), 0));
    let said: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(said["type"], "incident.updated");
    assert_eq!(said["data"]["update"]["title"], "More errors");
    assert_eq!(said["data"]["incident"]["components"], json!(["Checkout"]));
    let link = said["data"]["unsubscribe_url"].as_str().expect("a link").to_owned();
    assert_eq!(s.form(&path_in(&link, "/unsubscribe?"), &[]).await.status, StatusCode::OK);
    assert!(s.subscribers().is_empty());
    for bad in
        ["http://bot.example/", "https://127.0.0.1/", "https://169.254.169.254/", "file:///etc/passwd", "x"]
    {
        assert_eq!(s.form("/status/subscribe/webhook", &[("url", bad)]).await.status, 422, "{bad}");
    }
}

#[tokio::test]
async fn they_hear_of_maintenance_as_it_is_planned_begins_and_ends() {
    let mut s = Street::new().await;
    s.subscribe("ada@example.com", &[]).await;
    let w = Arc::clone(&s.w);
    let b = Browser::sign_in(&w, &token(Role::Commander)).await;
    let csrf = b.csrf().await;
    let form = format!(
        "csrf={csrf}&title=New+disks&description=Slow.&components=Checkout&starts_at=2026-01-05T11:00&ends_at=2026-01-05T12:00"
    );
    assert_eq!(b.post("/settings/maintenance", &form).await.status, StatusCode::SEE_OTHER);
    let told = async |s: &mut Street| -> Vec<String> {
        s.post.settle().await;
        s.mails().into_iter().map(|m| m.subject).collect()
    };
    assert_eq!(told(&mut s).await, ["[Status] Maintenance scheduled: New disks"]);
    let id = s.state.office.documents("maintenance", "", 1).expect("the store").remove(0).id;
    // Moved by half an hour: it begins once, when it does.
    let moved = format!("csrf={csrf}&starts_at=2026-01-05T11:30&ends_at=2026-01-05T12:00");
    b.post(&format!("/settings/maintenance/{id}/times"), &moved).await;
    assert_eq!(told(&mut s).await, ["[Status] Maintenance scheduled: New disks"]);
    s.w.pass(SignedDuration::from_mins(35));
    assert!(told(&mut s).await.is_empty(), "it is past eleven");
    s.w.pass(SignedDuration::from_mins(30));
    assert_eq!(told(&mut s).await, ["[Status] Maintenance in progress: New disks"]);
    b.post(
        &format!("/settings/maintenance/{id}/update"),
        &format!("csrf={csrf}&status=verifying&body=Almost."),
    )
    .await;
    assert_eq!(told(&mut s).await, ["[Status] Maintenance verifying: New disks"]);
    s.w.pass(SignedDuration::from_mins(60));
    assert_eq!(told(&mut s).await, ["[Status] Maintenance completed: New disks"]);
    s.w.pass(SignedDuration::from_hours(24));
    assert!(told(&mut s).await.is_empty());
}

#[tokio::test]
async fn strangers_may_not_ask_without_end_nor_from_other_sites() {
    let mut s = Street::new().await;
    let foreign = [FORM, ("sec-fetch-site", "cross-site")];
    let answer = send(&s.app, "POST", "/status/subscribe/email", &foreign, "email=a%40example.com").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    for bad in [
        "",
        "a",
        "a@",
        "@example.com",
        "a@example",
        "a b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com,b@example.com",
        "\"x\"@example.com",
        "Ada <a@example.com>",
    ] {
        assert_eq!(s.ask(bad, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    assert!(s.mails().is_empty() && s.subscribers().is_empty());
    let peer = std::net::SocketAddr::from(([198, 51, 100, 7], 4711));
    let app = s.app.clone().layer(axum::Extension(axum::extract::ConnectInfo(peer)));
    let mut last = StatusCode::OK;
    for n in 0..21 {
        let answer =
            send(&app, "POST", "/status/subscribe/email", &[FORM], format!("email=a{n}%40example.com")).await;
        last = answer.status;
        if last == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(n, 20);
            assert!(answer.header("retry-after").parse::<u64>().is_ok());
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(s.ask("b@example.com", &[]).await.status, StatusCode::ACCEPTED, "others still may");
}

#[tokio::test]
async fn without_a_mail_channel_there_is_no_form_for_it() {
    let w = world();
    let page = w.send("GET", "/status/subscribe", &[], "").await;
    assert!(!page.text.contains("name=\"email\"") && page.text.contains("name=\"url\""), "{}", page.text);
    let answer = w.send("POST", "/status/subscribe/email", &[FORM], "email=a%40example.com").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn administrators_see_remove_and_retry_and_addresses_are_masked() {
    let mut s = Street::new().await;
    s.subscribe("ada.okafor@example.com", &[]).await;
    *s.mails.answer.lock().expect("a lock") =
        Some(Outcome::Permanent { reason: "no such <b>box</b>".to_owned() });
    let id = s.incident("checkout").await;
    s.tell(&id, "public", "Errors in checkout").await;
    s.post.settle().await;
    let w = Arc::clone(&s.w);
    let b = Browser::sign_in(&w, &token(Role::Commander)).await;
    assert_eq!(b.get("/settings/subscribers").await.status, StatusCode::FORBIDDEN);
    let b = Browser::sign_in(&w, &token(Role::Admin)).await;
    let page = b.get("/settings/subscribers").await.text;
    assert!(page.contains("a…@example.com") && !page.contains("ada.okafor"), "{page}");
    assert!(page.contains("no such &lt;b&gt;box"), "{page}");
    let csrf = b.csrf().await;
    let sub = s.subscribers().remove(0).id;
    *s.mails.answer.lock().expect("a lock") = None;
    b.post("/settings/subscribers/retry", &format!("csrf={csrf}&id={sub}")).await;
    s.post.settle().await;
    assert_eq!(s.mails().len(), 1);
    let csv = b.post("/settings/subscribers/export", &format!("csrf={csrf}")).await;
    assert!(csv.text.contains("email,\"ada.okafor@example.com\",\"\",2026-01-05"), "{}", csv.text);
    b.post("/settings/subscribers/remove", &format!("csrf={csrf}&id={sub}")).await;
    assert!(s.subscribers().is_empty());
    let log = s.state.office.audit_after(0, 1000).expect("the log");
    let acts: Vec<_> =
        log.iter().map(|e| e.act.action.as_str()).filter(|a| a.starts_with("subscriber.")).collect();
    assert_eq!(acts, ["subscriber.confirm", "subscriber.retry", "subscriber.export", "subscriber.remove"]);
    assert!(
        !serde_json::to_string(&log).expect("JSON").contains("ada.okafor"),
        "no address is in the audit log"
    );
}
