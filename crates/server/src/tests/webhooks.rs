//! Outgoing webhooks: what is put in, what arrives and is repeated, what never leaves, and the pages.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use firebell_core::ports::BoxFuture;
use firebell_core::ports::office::{Change, Deed, Delivery};
use firebell_core::ports::store::OutboxState;
use firebell_integrations::http::{HttpError, Reply};
use firebell_integrations::webhook::standard;
use firebell_store::Fault;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{Answer, World, token, world};
use crate::post::{Wire, delivery};
use crate::{PostOffice, Role};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A post as the receiver sees it.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Post {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    fn kind(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }
}

/// The world outside: keeps what arrives, and answers as it is told to.
pub(crate) struct Outside {
    seen: Mutex<Vec<Post>>,
    answer: Mutex<Result<Reply, HttpError>>,
}

impl Outside {
    pub(crate) fn new(status: u16) -> Arc<Self> {
        Arc::new(Self { seen: Mutex::default(), answer: Mutex::new(Ok(reply(status, None))) })
    }

    pub(super) fn answer(&self, answer: Result<Reply, HttpError>) {
        *self.answer.lock().expect("a lock") = answer;
    }

    pub(crate) fn take(&self) -> Vec<Post> {
        std::mem::take(&mut self.seen.lock().expect("a lock"))
    }
}

pub(super) fn reply(status: u16, retry_after_s: Option<u32>) -> Reply {
    Reply { status, retry_after_s, scopes: None, body: b"the receiver's \x1b[31mwords".to_vec() }
}

impl Wire for Outside {
    fn post<'a>(
        &'a self,
        url: &'a str,
        body: Vec<u8>,
        headers: &'a [(&'a str, &'a str)],
        _: Duration,
    ) -> BoxFuture<'a, Result<Reply, HttpError>> {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        self.seen.lock().expect("a lock").push(Post { url: url.to_owned(), headers, body });
        let answer = self.answer.lock().expect("a lock").clone();
        Box::pin(async move { answer })
    }
}

struct Admin<'w> {
    w: &'w World,
    cookie: String,
    csrf: String,
}

impl<'w> Admin<'w> {
    async fn new(w: &'w World) -> Self {
        let answer = w.send("GET", &format!("/login?token={}", token(Role::Admin)), &[], "").await;
        let cookie = answer.header("set-cookie").split(';').next().expect("a cookie").to_owned();
        let page = w.send("GET", "/settings/webhooks", &[("cookie", &cookie)], "").await;
        let guard = page.text.split("name=\"csrf\" value=\"").nth(1).expect("a guard");
        let csrf = guard.split('"').next().expect("a guard").to_owned();
        Self { w, cookie, csrf }
    }

    async fn get(&self, path: &str) -> Answer {
        self.w.send("GET", path, &[("cookie", &self.cookie)], "").await
    }

    async fn post(&self, path: &str, form: &str) -> Answer {
        let form = format!("csrf={}&{form}", self.csrf);
        self.w.send("POST", path, &[("cookie", &self.cookie), FORM], form).await
    }

    /// Makes a webhook; answers its id and its secret.
    async fn hook(&self, more: &str) -> (String, String) {
        let form = format!("name=Bot&url=https%3A%2F%2Fbot.example%2Fhook%3Fkey%3Dabc&enabled=yes&{more}");
        let page = self.post("/settings/webhooks", &form).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let part = |before: &str| {
            let rest = page.text.split(before).nth(1).expect(before);
            rest.split(['<', '/']).next().expect("a value").to_owned()
        };
        // Base64 may hold a slash, which the page writes as an entity or as it is.
        let secret = page.text.split("class=\"secret\">").nth(1).expect("a secret");
        let secret = secret.split("</code>").next().expect("a secret").replace("&#x2f;", "/");
        (part("action=\"/settings/webhooks/"), secret)
    }
}

fn log(w: &World, id: &str) -> Vec<Delivery> {
    w.state.office.deliveries_to(id, 1000).expect("the store")
}

fn office(w: &World, outside: &Arc<Outside>) -> PostOffice {
    PostOffice::with(&w.state, Arc::clone(outside) as Arc<dyn Wire>)
}

#[tokio::test]
async fn what_happens_arrives_signed_and_in_order() {
    let w = world();
    let admin = Admin::new(&w).await;
    let outside = Outside::new(204);
    let mut post = office(&w, &outside);
    w.declare("Before there was a webhook").await;
    post.settle().await;
    w.pass(SignedDuration::from_secs(1));
    let (id, secret) = admin.hook("which=all").await;
    w.pass(SignedDuration::from_secs(1));
    let incident = w.declare("Checkout is down").await;
    w.play().await;
    // Timers that are due at once fire by themselves.
    tokio::time::sleep(Duration::from_millis(500)).await;
    post.settle().await;
    let (seen, before): (Vec<Post>, Vec<Post>) =
        outside.take().into_iter().partition(|p| p.json()["data"]["incident"]["id"] == incident.as_str());
    // What happens later to the incident of before is news; that it was opened is not.
    assert!(before.iter().all(|p| p.kind() != "incident.opened"));
    let events = w.reader.events(&incident.as_str().into()).expect("the store");
    assert_eq!(seen.len(), events.len(), "each event once, none of the incident before");
    let mut last = 0;
    for sent in &seen {
        assert_eq!(sent.url, "https://bot.example/hook?key=abc");
        let (key, at) = (sent.header("webhook-id"), sent.header("webhook-timestamp"));
        assert!(standard::verify(&secret, key, at, sent.header("webhook-signature"), &sent.body, w.now(), 0));
        let body = sent.json();
        assert_eq!(body["data"]["incident"]["id"], incident);
        assert!(body["data"]["incident"]["link"].as_str().expect("a link").ends_with(&incident));
        assert!(body["data"]["incident"].get("proof").is_none());
        let position = body["data"]["position"].as_u64().expect("a position");
        assert!(position > last);
        assert_eq!(key, format!("{id}-{position:012}"));
        last = position;
    }
    assert_eq!(seen[0].kind(), "incident.opened");
    assert!(seen[0].json()["data"]["entry"]["text"].as_str().expect("a text").contains("Checkout is down"));
    assert!(log(&w, &id).iter().all(|d| d.state == OutboxState::Done && d.attempts == 1));
    // Nothing is due any more.
    post.settle().await;
    assert!(outside.take().is_empty());
}

#[tokio::test]
async fn filters_hold() {
    let w = world();
    let admin = Admin::new(&w).await;
    let outside = Outside::new(200);
    let mut post = office(&w, &outside);
    post.settle().await;
    let (few, _) = admin.hook("which=some&on.incident.opened=yes&more=incident.note_added").await;
    let (worst, _) = admin.hook("which=all&SEV1=yes").await;
    let (elsewhere, _) = admin.hook("which=all&services=search").await;
    let (off, _) = admin.hook("which=all").await;
    let form = "name=Bot&url=https%3A%2F%2Fbot.example%2F&which=all";
    assert_eq!(admin.post(&format!("/settings/webhooks/{off}/change"), form).await.status, 303);
    let body = json!({"title": "Checkout is slow", "services": ["checkout"], "severity": "SEV3"});
    let made = w.api(Role::Commander, "POST", "/api/v1/incidents", body).await;
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let note = json!({"text": "a note"});
    w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/notes"), note).await;
    post.settle().await;
    let kinds: Vec<String> = log(&w, &few).into_iter().map(|d| d.about).collect();
    assert_eq!(kinds, ["incident.note_added", "incident.opened"]);
    for none in [&worst, &elsewhere, &off] {
        assert!(log(&w, none).is_empty());
    }
}

#[tokio::test]
async fn what_is_restricted_leaves_by_no_webhook_that_was_not_made_for_it() {
    let w = world();
    let admin = Admin::new(&w).await;
    let outside = Outside::new(500);
    let mut post = office(&w, &outside);
    post.settle().await;
    let (open, _) = admin.hook("which=all").await;
    let secret = json!({"title": "Suspicious sign-in attempts, possible credential stuffing attack"});
    let made = w.api(Role::Commander, "POST", "/api/v1/incidents", secret).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let row = w.reader.summary(&id.as_str().into()).expect("the store").expect("a row");
    assert!(row.restricted);
    post.settle().await;
    assert!(log(&w, &open).is_empty() && outside.take().is_empty());

    // Put in while it was open to all, and restricted before it could be delivered.
    let later = w.declare("Odd requests to the login").await;
    post.settle().await;
    assert!(!outside.take().is_empty(), "it failed, and waits");
    let kind = json!({"kind": "security"});
    let changed = w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{later}/kind"), kind).await;
    assert!(changed.status.is_success(), "{}", changed.text);
    assert!(w.reader.summary(&later.as_str().into()).expect("the store").expect("a row").restricted);
    outside.answer(Ok(reply(200, None)));
    for _ in 0..20 {
        w.pass(SignedDuration::from_hours(5));
        post.settle().await;
    }
    assert!(outside.take().is_empty());
    let log = log(&w, &open);
    assert!(log.iter().all(|d| d.state == OutboxState::Dead), "{log:#?}");
    assert!(log.iter().all(|d| d.answer.as_deref() == Some("not sent: the incident is restricted")));

    let (made_for_it, _) = admin.hook("which=all&restricted=yes").await;
    let note = json!({"text": "found it"});
    w.api(Role::Admin, "POST", &format!("/api/v1/incidents/{id}/notes"), note).await;
    post.settle().await;
    assert!(outside.take().iter().any(|p| p.kind() == "incident.note_added"));
    assert_eq!(self::log(&w, &made_for_it)[0].state, OutboxState::Done);
}

#[tokio::test]
async fn what_fails_is_repeated_later_and_later_and_given_up() {
    let w = world();
    let admin = Admin::new(&w).await;
    let outside = Outside::new(503);
    let mut post = office(&w, &outside);
    post.settle().await;
    let (id, secret) = admin.hook("which=some&on.incident.opened=yes").await;
    w.declare("Checkout is down").await;
    let mut waits = Vec::new();
    for attempt in 1..=14 {
        post.settle().await;
        assert_eq!(outside.take().len(), 1, "attempt {attempt}");
        let d = log(&w, &id).remove(0);
        assert_eq!(d.attempts, attempt);
        assert_eq!(d.answer.as_deref(), Some("503: the receiver's [31mwords"), "no control characters");
        if attempt == 14 {
            assert!(d.state == OutboxState::Dead && d.ended_at.is_some());
            break;
        }
        let wait = d.next_at.duration_since(w.now());
        let plain = (5.0 * 2f64.powi(attempt as i32 - 1)).min(14_400.0);
        assert!((plain * 0.74..=plain * 1.001).contains(&wait.as_secs_f64()), "{attempt}: {wait:?}");
        waits.push(wait);
        // Not a moment earlier.
        w.pass(wait - SignedDuration::from_millis(1));
        post.settle().await;
        assert!(outside.take().is_empty());
        w.pass(SignedDuration::from_millis(1));
    }
    let total: f64 = waits.iter().map(|w| w.as_secs_f64()).sum();
    assert!((7.0 * 3600.0..11.0 * 3600.0).contains(&total), "{total}");

    // A person sends it again: the same key, at once although the receiver rests, and with all attempts.
    outside.answer(Ok(reply(200, None)));
    let d = log(&w, &id).remove(0);
    let form = format!("delivery={}", d.id);
    assert_eq!(admin.post(&format!("/settings/webhooks/{id}/again"), &form).await.status, 303);
    post.settle().await;
    let seen = outside.take();
    assert_eq!(seen.len(), 1);
    let at = seen[0].header("webhook-timestamp");
    assert_eq!((seen[0].header("webhook-id"), at), (d.id.as_str(), w.now().as_second().to_string().as_str()));
    assert!(standard::verify(
        &secret,
        &d.id,
        at,
        seen[0].header("webhook-signature"),
        &seen[0].body,
        w.now(),
        0
    ));
    assert_eq!(log(&w, &id)[0].state, OutboxState::Done);
}

#[tokio::test]
async fn a_receiver_says_when_and_others_do_not_wait_for_it() {
    let w = world();
    let admin = Admin::new(&w).await;
    let outside = Outside::new(429);
    outside.answer(Ok(reply(429, Some(3600))));
    let mut post = office(&w, &outside);
    post.settle().await;
    let (id, _) = admin.hook("which=all").await;
    w.declare("Checkout is down").await;
    post.settle().await;
    // One attempt; what else waits for it waits as long.
    assert_eq!(outside.take().len(), 1);
    let waiting = log(&w, &id);
    assert!(waiting.len() > 1);
    for d in &waiting {
        assert_eq!(d.next_at.duration_since(w.now()).as_secs(), 3600);
    }
    assert_eq!(waiting.iter().map(|d| d.attempts).sum::<u32>(), 1);
    outside.answer(Ok(reply(200, None)));
    let (other, _) = admin.hook("which=all").await;
    w.pass(SignedDuration::from_secs(1));
    w.declare("Search is down").await;
    post.settle().await;
    assert!(log(&w, &other).iter().all(|d| d.state == OutboxState::Done));
    assert!(log(&w, &id).iter().all(|d| d.state == OutboxState::Waiting));
    w.pass(SignedDuration::from_secs(3600));
    post.settle().await;
    assert!(log(&w, &id).iter().all(|d| d.state == OutboxState::Done));
}

#[tokio::test]
async fn three_days_of_failures_and_a_410_switch_it_off() {
    let w = world();
    let admin = Admin::new(&w).await;
    let outside = Outside::new(500);
    let mut post = office(&w, &outside);
    post.settle().await;
    let incident = w.declare("Checkout is down").await;
    post.settle().await;
    let (id, _) = admin.hook("which=some&on.incident.opened=yes").await;
    // Put in by hand: eight incidents that go on for three days would do the same, and much more.
    let put = async |n: u32| {
        let payload = json!({"type": "incident.opened", "data": {"incident": {"id": incident}}});
        let d = delivery("webhook", &id, &format!("by-hand-{n}"), "incident.opened", payload, w.now());
        let deed = Deed { act: None, changes: vec![Change::Deliver(Box::new(d))] };
        w.handle.perform(deed).await.expect("a deed");
    };
    for hour in 0..72 {
        if hour % 9 == 0 {
            put(hour).await;
        }
        post.settle().await;
        w.pass(SignedDuration::from_hours(1));
    }
    let page = admin.get(&format!("/settings/webhooks/{id}")).await;
    assert!(page.text.contains("It has failed since") && !page.text.contains("switched off on"));
    put(72).await;
    // Until the next attempt after three days.
    w.pass(SignedDuration::from_hours(5));
    post.settle().await;
    let page = admin.get(&format!("/settings/webhooks/{id}")).await;
    assert!(page.text.contains("switched off on") && page.text.contains("nothing was taken for 3 days"));
    outside.take();
    // What waited is not sent; nothing is put in.
    w.declare("Another one").await;
    w.pass(SignedDuration::from_hours(5));
    post.settle().await;
    assert!(outside.take().is_empty());
    let left = log(&w, &id).into_iter().filter(|d| d.state != OutboxState::Dead).count();
    assert_eq!(left, 0);
    let audit = w.state.office.audit_before(u64::MAX, 100).expect("the store");
    assert!(audit.iter().any(|e| e.act.actor == "system" && e.act.action == "webhook.disable"));
    // Switched on again, it is as good as new.
    let form = "name=Bot&url=https%3A%2F%2Fbot.example%2F&which=all&enabled=yes";
    admin.post(&format!("/settings/webhooks/{id}/change"), form).await;
    outside.answer(Ok(reply(200, None)));
    w.declare("One more").await;
    post.settle().await;
    assert!(!outside.take().is_empty());
    outside.answer(Ok(reply(410, None)));
    w.declare("And one more").await;
    post.settle().await;
    assert_eq!(outside.take().len(), 1);
    let page = admin.get(&format!("/settings/webhooks/{id}")).await;
    assert!(page.text.contains("it said that it is gone"), "{}", page.text);
}

#[tokio::test]
async fn a_crash_between_putting_in_and_sending_loses_nothing_and_puts_nothing_in_twice() {
    let w = world();
    let admin = Admin::new(&w).await;
    let outside = Outside::new(200);
    let mut first = office(&w, &outside);
    first.settle().await;
    let (id, _) = admin.hook("which=all").await;
    let incident = w.declare("Checkout is down").await;
    first.collect().await.expect("the record");
    let put_in = log(&w, &id);
    assert!(put_in.iter().all(|d| d.state == OutboxState::Waiting));
    drop(first);
    // The process dies while one is sent: it arrived, and nobody wrote it down.
    w.declare("Search is down, while nobody followed the record").await;
    let mut second = office(&w, &outside);
    second.settle().await;
    let keys: Vec<String> = outside.take().iter().map(|p| p.header("webhook-id").to_owned()).collect();
    let mut unique = keys.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), keys.len());
    assert_eq!(keys.len() as u64, w.reader.position().expect("the store"));
    assert!(put_in.iter().all(|d| keys.contains(&d.id)));
    // Of two that follow the record, each event is put in by one.
    let (mut a, mut b) = (office(&w, &outside), office(&w, &outside));
    a.collect().await.expect("the record");
    b.collect().await.expect("the record");
    let note = json!({"text": "a note"});
    w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{incident}/notes"), note).await;
    a.settle().await;
    assert!(b.collect().await.is_err(), "somebody else was there first");
    b.settle().await;
    assert_eq!(outside.take().len(), 1);
}

#[tokio::test]
async fn a_store_that_fails_loses_no_delivery() {
    let w = world();
    let admin = Admin::new(&w).await;
    let outside = Outside::new(200);
    let mut post = office(&w, &outside);
    post.settle().await;
    let (id, _) = admin.hook("which=some&on.incident.opened=yes").await;
    w.declare("Checkout is down").await;
    w.faults.next(Fault::BeforeCommit);
    assert!(post.collect().await.is_err());
    assert!(log(&w, &id).is_empty());
    post.settle().await;
    assert_eq!((outside.take().len(), log(&w, &id).len()), (1, 1));
}

#[tokio::test]
async fn secrets_are_shown_once_and_rotate() {
    let w = world();
    let admin = Admin::new(&w).await;
    let outside = Outside::new(200);
    let mut post = office(&w, &outside);
    post.settle().await;
    let (id, old) = admin.hook("which=all").await;
    let path = format!("/settings/webhooks/{id}");
    for page in [&path, "/settings/webhooks", "/settings/audit"] {
        let text = admin.get(page).await.text;
        assert!(!text.contains(&old[..20]) && (*page == path || !text.contains("key=abc")), "{page}");
    }
    let page = admin.post(&format!("{path}/rotate"), "").await.text;
    let new = page.split("class=\"secret\">").nth(1).expect("a secret").split("</code>").next().expect("one");
    let new = new.replace("&#x2f;", "/");
    assert_ne!(old, new);
    let mut sent = async |secrets: &[(&str, bool)]| {
        assert_eq!(admin.post(&format!("{path}/test"), "").await.status, 303);
        post.settle().await;
        let test = outside.take().remove(0);
        assert_eq!(test.kind(), "test");
        let (key, at, sig) =
            (test.header("webhook-id"), test.header("webhook-timestamp"), test.header("webhook-signature"));
        for (secret, good) in secrets {
            assert_eq!(standard::verify(secret, key, at, sig, &test.body, w.now(), 0), *good);
        }
    };
    sent(&[(&old, true), (&new, true)]).await;
    w.pass(SignedDuration::from_hours(25));
    let admin = Admin::new(&w).await;
    assert_eq!(admin.post(&format!("{path}/test"), "").await.status, 303);
    post.settle().await;
    let test = outside.take().remove(0);
    let (key, at, sig) =
        (test.header("webhook-id"), test.header("webhook-timestamp"), test.header("webhook-signature"));
    assert!(standard::verify(&new, key, at, sig, &test.body, w.now(), 0));
    assert!(!standard::verify(&old, key, at, sig, &test.body, w.now(), 0));
}

#[tokio::test]
async fn the_pages_are_for_administrators_with_their_guard_and_refuse_bad_addresses() {
    let w = world();
    let admin = Admin::new(&w).await;
    let (id, _) = admin.hook("which=all").await;
    let path = format!("/settings/webhooks/{id}");
    for (url, why) in [
        ("http://169.254.169.254/latest", "link-local"),
        ("http://127.0.0.1:7300/", "is this machine"),
        ("http://10.0.0.8/", "private network"),
        ("https://u:p@example.com/", "user or password"),
        ("file:///etc/passwd", "must begin with"),
    ] {
        let coded: String = url.bytes().map(|b| format!("%{b:02X}")).collect();
        let page = admin.post("/settings/webhooks", &format!("name=x&url={coded}&which=all")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text.contains(why), "{url}: {}", page.text);
        let page = admin.post(&format!("{path}/change"), &format!("name=x&url={coded}&which=all")).await;
        assert!(page.status == 422 && page.text.contains(why));
    }
    let none = admin.post("/settings/webhooks", "name=x&url=https%3A%2F%2Fx.example&which=some").await;
    assert!(none.text.contains("events") && none.status == 422);
    // Without the guard, and by somebody else.
    for verb in ["", "/test", "/rotate", "/remove", "/change", "/again"] {
        let to = if verb.is_empty() { "/settings/webhooks".to_owned() } else { format!("{path}{verb}") };
        let form = "name=x&url=https%3A%2F%2Fx.example&which=all".to_owned();
        let bare = w.send("POST", &to, &[("cookie", &admin.cookie), FORM], form.clone()).await;
        assert_eq!(bare.status, StatusCode::FORBIDDEN, "{verb}");
        let foreign = [("cookie", admin.cookie.as_str()), FORM, ("sec-fetch-site", "cross-site")];
        let sent = w.send("POST", &to, &foreign, format!("csrf={}&{form}", admin.csrf)).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{verb}");
        let signed_out = w.send("POST", &to, &[FORM], form).await;
        assert!(!signed_out.status.is_success(), "{verb}");
    }
    for role in [Role::Viewer, Role::Responder, Role::Commander] {
        let answer = w.send("GET", &format!("/login?token={}", token(role)), &[], "").await;
        let cookie = answer.header("set-cookie").split(';').next().expect("a cookie").to_owned();
        for page in ["/settings/webhooks", &path] {
            assert_eq!(w.send("GET", page, &[("cookie", &cookie)], "").await.status, 403);
        }
    }
    // Whatever is in a name is text.
    let form = "name=%3Cscript%3Ealert(1)%3C%2Fscript%3E&url=https%3A%2F%2Fx.example&which=all";
    admin.post(&format!("{path}/change"), form).await;
    for page in ["/settings/webhooks", &path] {
        let text = admin.get(page).await.text;
        assert!(text.contains("&lt;script&gt;") && !text.contains("<script>alert"), "{text}");
    }
    assert_eq!(admin.post(&format!("{path}/remove"), "").await.status, 303);
    assert_eq!(admin.get(&path).await.header("location"), "/settings/webhooks");
}
