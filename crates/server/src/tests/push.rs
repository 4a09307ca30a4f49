//! Notifications: what a browser gets to read, who gets which, and what never is in them. The push service of these
//! tests is one that looks: it has the browser's keys, and checks who sends.

use std::sync::Arc;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firebell_core::ids::IncidentId;
use firebell_core::ports::office::{Change, Deed, Expect};
use firebell_engine::effects::{Devices, Heard};
use firebell_integrations::webpush::Vapid;
use jiff::SignedDuration;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::SystemRandom;
use ring::signature::ECDSA_P256_SHA256_FIXED;
use serde_json::{Value, json};

use super::webhooks::{Outside, Post, reply};
use super::world::{Answer, World, token, world};
use crate::post::Wire;
use crate::{PostOffice, PushDevices, Role, router};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A browser that was subscribed; it can read one message.
pub(super) struct Browser {
    endpoint: String,
    private: EphemeralPrivateKey,
    public: Vec<u8>,
    auth: [u8; 16],
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive(salt: &[u8], input: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    let key = Salt::new(HKDF_SHA256, salt).extract(input);
    key.expand(&[info], Bytes(length)).and_then(|k| k.fill(&mut out)).expect("a key");
    out
}

impl Browser {
    pub(super) fn new(name: &str) -> Self {
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).expect("a key");
        let public = private.compute_public_key().expect("a key").as_ref().to_vec();
        Self { endpoint: format!("https://push.example/send/{name}"), private, public, auth: [7; 16] }
    }

    fn form(&self) -> String {
        let coded = self.endpoint.replace(':', "%3A").replace('/', "%2F");
        let [p256dh, auth] = [&self.public[..], &self.auth].map(|k| URL_SAFE_NO_PAD.encode(k));
        format!("endpoint={coded}&p256dh={p256dh}&auth={auth}")
    }

    /// What the browser's `PushSubscription.toJSON()` has.
    pub(super) fn subscription(&self) -> Value {
        let [p256dh, auth] = [&self.public[..], &self.auth].map(|k| URL_SAFE_NO_PAD.encode(k));
        json!({"endpoint": self.endpoint, "expirationTime": null, "keys": {"p256dh": p256dh, "auth": auth}})
    }

    /// Decrypts a message as RFC 8188 and 8291 say.
    fn read(self, body: &[u8]) -> Value {
        let (salt, rest) = body.split_at(16);
        assert_eq!((&rest[..4], rest[4]), (&4096u32.to_be_bytes()[..], 65));
        let (sender, sealed) = rest[5..].split_at(65);
        let shared =
            agree_ephemeral(self.private, &UnparsedPublicKey::new(&ECDH_P256, sender), <[u8]>::to_vec)
                .expect("a secret");
        let info = [b"WebPush: info\0", &self.public[..], sender].concat();
        let input = derive(&self.auth, &shared, &info, 32);
        let key = derive(salt, &input, b"Content-Encoding: aes128gcm\0", 16);
        let nonce = derive(salt, &input, b"Content-Encoding: nonce\0", 12);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).expect("a key"));
        let nonce = Nonce::try_assume_unique_for_key(&nonce).expect("12 bytes");
        let mut sealed = sealed.to_vec();
        let open = key.open_in_place(nonce, Aad::empty(), &mut sealed).expect("meant for this browser");
        let (end, message) = open.split_last().expect("not empty");
        assert_eq!(*end, 2, "the last record");
        serde_json::from_slice(message).expect("JSON")
    }
}

/// What a push service checks before it takes a message.
fn checked(post: &Post, w: &World) {
    let vapid = w.state.post.vapid.as_ref().expect("keys");
    let header = post.header("authorization").strip_prefix("vapid t=").expect("the scheme");
    let (jwt, key) = header.split_once(", k=").expect("a key");
    assert_eq!(key, vapid.public_key());
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64");
    let (signed, signature) = jwt.rsplit_once('.').expect("a signature");
    ring::signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decode(key))
        .verify(signed.as_bytes(), &decode(signature))
        .expect("signed by the key it names");
    let (header, claims) = signed.split_once('.').expect("two parts");
    let [header, claims]: [Value; 2] =
        [header, claims].map(|part| serde_json::from_slice(&decode(part)).expect("JSON"));
    assert_eq!(header, json!({"typ": "JWT", "alg": "ES256"}));
    assert_eq!(
        (&claims["aud"], &claims["sub"]),
        (&json!("https://push.example"), &json!("mailto:a@b.example"))
    );
    let left = claims["exp"].as_i64().expect("an end") - w.now().as_second();
    assert!((1..=86_400).contains(&left));
    assert_eq!(post.header("content-encoding"), "aes128gcm");
    assert!((0..=3600).contains(&post.header("ttl").parse().expect("seconds")));
    assert!(post.header("topic").len() <= 32);
}

pub(super) fn office_world() -> World {
    let mut w = world();
    let text = Vapid::generate().expect("keys");
    w.state.post.vapid = Some(Arc::new(Vapid::read(&text, "mailto:a@b.example").expect("keys")));
    w.app = router(w.state.clone());
    w
}

/// Somebody at the page.
struct Visit<'w> {
    w: &'w World,
    cookie: String,
    csrf: String,
}

impl<'w> Visit<'w> {
    async fn new(w: &'w World, token: &str) -> Self {
        let answer = w.send("GET", &format!("/login?token={token}"), &[], "").await;
        let cookie = answer.header("set-cookie").split(';').next().expect("a cookie").to_owned();
        let page = w.send("GET", "/settings/account", &[("cookie", &cookie)], "").await;
        let guard = page.text.split("name=\"csrf\" value=\"").nth(1).expect("a guard");
        Self { w, csrf: guard.split('"').next().expect("a guard").to_owned(), cookie }
    }

    async fn page(&self) -> String {
        self.w.send("GET", "/settings/account", &[("cookie", &self.cookie)], "").await.text
    }

    async fn post(&self, verb: &str, form: &str) -> Answer {
        let form = format!("csrf={}&{form}", self.csrf);
        let headers = [("cookie", self.cookie.as_str()), FORM, ("user-agent", "Firefox/140.0 (Android)")];
        self.w.send("POST", &format!("/settings/push/{verb}"), &headers, form).await
    }

    async fn subscribe(&self, browser: &Browser, more: &str) -> String {
        let answer = self.post("add", &format!("{}&{more}", browser.form())).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        crate::post::push::Device::id_of(&browser.endpoint)
    }
}

fn office(w: &World, outside: &Arc<Outside>) -> PostOffice {
    PostOffice::with(&w.state, Arc::clone(outside) as Arc<dyn Wire>)
}

const ADA: &str = "token-of-ada-0123456789";
const GRACE: &str = "token-of-grace-0123456789";

#[tokio::test]
async fn who_is_called_is_told_and_only_their_browser_can_read_it() {
    let w = office_world();
    let outside = Outside::new(201);
    let mut post = office(&w, &outside);
    post.settle().await;
    let ada = Visit::new(&w, ADA).await;
    let (phone, desk) = (Browser::new("phone"), Browser::new("desk"));
    let id = ada.subscribe(&phone, "").await;
    assert!(ada.page().await.contains("Firefox on Android"));
    ada.subscribe(&desk, "news=yes").await;
    // A viewer that hears of everything may have no device.
    let viewer = Visit::new(&w, &token(Role::Viewer)).await;
    assert_eq!(viewer.post("add", &Browser::new("viewer").form()).await.status, StatusCode::FORBIDDEN);

    let body = json!({"title": "Checkout is down", "severity": "SEV1", "report": "the secret report"});
    let made = w.api(Role::Commander, "POST", "/api/v1/incidents", body).await;
    let incident = made.json()["id"].as_str().expect("an id").to_owned();
    post.settle().await;
    let seen = outside.take();
    seen.iter().for_each(|p| checked(p, &w));
    let to = |b: &Browser| seen.iter().filter(|p| p.url == b.endpoint).cloned().collect::<Vec<_>>();
    let (phones, desks) = (to(&phone), to(&desk));
    // She holds a role, so it is a call to both, and no news on top of it.
    assert!(!phones.is_empty() && phones.len() == desks.len(), "{} {}", phones.len(), desks.len());
    let told = phone.read(&phones[0].body);
    assert_eq!(told["title"], "SEV1: you are called");
    assert_eq!(told["body"], format!("{incident} Checkout is down"));
    assert_eq!(told["url"], format!("/incidents/{incident}"));
    assert!(!told.to_string().contains("secret report"));

    ada.post("test", &format!("id={id}")).await;
    post.settle().await;
    assert_eq!(outside.take().len(), 1);
}

#[tokio::test]
async fn a_call_has_arrived_when_a_push_service_took_it() {
    for (status, heard) in [
        (201, Heard::Taken),
        // Tried again for an hour; whoever calls people goes on long before.
        (503, Heard::Waiting),
        // The subscription has ended, and with it the device.
        (404, Heard::NoDevice),
    ] {
        let w = office_world();
        let mut post = office(&w, &Outside::new(status));
        post.settle().await;
        let devices = PushDevices::new(Arc::clone(&w.state.office));
        let before = w.now();
        let far = |id: &str| devices.heard("ada", &IncidentId::new(id), before).expect("an answer");
        assert_eq!(far("INC-2026-0001"), Heard::NoDevice);
        Visit::new(&w, ADA).await.subscribe(&Browser::new("phone"), "").await;
        let body = json!({"title": "Checkout is down", "severity": "SEV1"});
        let made = w.api(Role::Commander, "POST", "/api/v1/incidents", body).await;
        let incident = made.json()["id"].as_str().expect("an id").to_owned();
        assert_eq!(far(&incident), Heard::Waiting);
        post.settle().await;
        assert_eq!(far(&incident), heard, "{status}");
        // What arrived of another call says nothing of a later one.
        if heard == Heard::Taken {
            let later = w.now() + SignedDuration::from_secs(1);
            let again = devices.heard("ada", &IncidentId::new(&incident), later);
            assert_eq!(again.expect("an answer"), Heard::Waiting);
        }
    }
    let w = office_world();
    let mut post = office(&w, &Outside::new(403));
    post.settle().await;
    Visit::new(&w, ADA).await.subscribe(&Browser::new("phone"), "").await;
    let before = w.now();
    let body = json!({"title": "Checkout is down", "severity": "SEV1"});
    let made = w.api(Role::Commander, "POST", "/api/v1/incidents", body).await;
    post.settle().await;
    let devices = PushDevices::new(Arc::clone(&w.state.office));
    let id = IncidentId::new(made.json()["id"].as_str().expect("an id"));
    let heard = devices.heard("ada", &id, before).expect("an answer");
    assert!(matches!(&heard, Heard::Refused(why) if why.starts_with("403")), "{heard:?}");
}

#[tokio::test]
async fn a_restricted_incident_is_told_to_its_members_and_without_its_title() {
    let w = office_world();
    let outside = Outside::new(201);
    let mut post = office(&w, &outside);
    post.settle().await;
    let (ada, commander) = (Visit::new(&w, ADA).await, Visit::new(&w, &token(Role::Commander)).await);
    let (mine, theirs) = (Browser::new("mine"), Browser::new("theirs"));
    ada.subscribe(&mine, "").await;
    commander.subscribe(&theirs, "news=yes").await;
    let title = "Suspicious sign-in attempts, possible credential stuffing attack";
    let body = json!({"title": title, "severity": "SEV1"});
    // By somebody else than who must not hear of it.
    let made = w.api(Role::Admin, "POST", "/api/v1/incidents", body).await;
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    assert!(w.reader.summary(&id.as_str().into()).expect("the store").expect("a row").restricted);
    post.settle().await;
    let seen = outside.take();
    assert!(!seen.is_empty() && seen.iter().all(|p| p.url == mine.endpoint));
    let told = mine.read(&seen[0].body);
    assert_eq!(told["body"], format!("{id} Restricted incident"));
    assert!(!told.to_string().contains("sign-in"));
    // What another incident tells the commander shows that the device works.
    w.api(Role::Admin, "POST", "/api/v1/incidents", json!({"title": "Search is down", "severity": "SEV2"}))
        .await;
    post.settle().await;
    let seen = outside.take();
    let news: Vec<&Post> = seen.iter().filter(|p| p.url == theirs.endpoint).collect();
    assert_eq!(news.len(), 1);
    assert_eq!(theirs.read(&news[0].body)["title"], "SEV2: new incident");
}

#[tokio::test]
async fn what_waits_for_their_go_is_told_to_who_takes_part() {
    let w = office_world();
    let outside = Outside::new(201);
    let mut post = office(&w, &outside);
    post.settle().await;
    w.declare("High error rate on the checkout API, customers cannot complete purchases").await;
    let (ada, admin) = (Visit::new(&w, ADA).await, Visit::new(&w, &token(Role::Admin)).await);
    let (mine, theirs) = (Browser::new("mine"), Browser::new("theirs"));
    ada.subscribe(&mine, "").await;
    admin.subscribe(&theirs, "").await;
    post.settle().await;
    outside.take();
    w.play().await;
    post.settle().await;
    let device = crate::post::push::Device::id_of(&mine.endpoint);
    let put_in = w.state.office.deliveries_to(&device, 100).expect("the store");
    assert!(put_in.iter().any(|d| d.about == "go"), "{put_in:#?}");
    assert!(outside.take().iter().all(|p| p.url == mine.endpoint));
}

#[tokio::test]
async fn a_subscription_that_ended_is_removed_and_who_is_gone_hears_nothing() {
    let w = office_world();
    let outside = Outside::new(410);
    let mut post = office(&w, &outside);
    post.settle().await;
    let ada = Visit::new(&w, ADA).await;
    for status in [410, 404] {
        let browser = Browser::new("old");
        let id = ada.subscribe(&browser, "").await;
        outside.answer(Ok(reply(status, None)));
        ada.post("test", &format!("id={id}")).await;
        post.settle().await;
        assert_eq!(outside.take().len(), 1);
        assert!(ada.page().await.contains("No device yet"), "{status}");
    }
    // A device whose owner may not come in any more.
    let browser = Browser::new("stranger");
    let [p256dh, auth] = [&browser.public[..], &browser.auth].map(|k| URL_SAFE_NO_PAD.encode(k));
    let body = json!({"id": "x", "person": "mallory", "endpoint": browser.endpoint, "p256dh": p256dh,
        "auth": auth, "agent": "", "news": true, "created_at": w.now()});
    let put = Change::Put { kind: "push", id: "x".to_owned(), body, expect: Expect::New };
    w.handle.perform(Deed { act: None, changes: vec![put] }).await.expect("a deed");
    outside.answer(Ok(reply(201, None)));
    w.api(Role::Admin, "POST", "/api/v1/incidents", json!({"title": "Search is down", "severity": "SEV1"}))
        .await;
    post.settle().await;
    assert!(outside.take().is_empty());
    // An hour late it is of no use.
    let phone = Browser::new("phone");
    let id = ada.subscribe(&phone, "").await;
    outside.answer(Ok(reply(503, None)));
    ada.post("test", &format!("id={id}")).await;
    post.settle().await;
    assert_eq!(outside.take().len(), 1);
    outside.answer(Ok(reply(201, None)));
    w.pass(SignedDuration::from_mins(61));
    post.settle().await;
    assert!(outside.take().is_empty());
}

#[tokio::test]
async fn devices_are_ones_own_and_their_endpoints_are_checked() {
    let w = office_world();
    let (ada, grace) = (Visit::new(&w, ADA).await, Visit::new(&w, GRACE).await);
    let browser = Browser::new("phone");
    let form = browser.form();
    for (from, to, why) in [
        ("https%3A%2F%2Fpush.example", "http%3A%2F%2Fpush.example", "must begin with https"),
        ("https%3A%2F%2Fpush.example", "https%3A%2F%2F10.0.0.1", "private network"),
        ("https%3A%2F%2Fpush.example", "https%3A%2F%2Flocalhost", "this machine"),
        ("p256dh=B", "p256dh=A", "p256dh"),
        ("auth=", "auth=AAAA", "auth"),
    ] {
        let answer = ada.post("add", &form.replace(from, to)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{to}");
        assert!(answer.text.contains(why), "{to}: {}", answer.text);
    }
    let id = ada.subscribe(&browser, "").await;
    for verb in ["remove", "test", "news"] {
        grace.post(verb, &format!("id={id}")).await;
        assert!(grace.page().await.contains("gone already"), "{verb}");
        let bare = format!("id={id}");
        let headers = [("cookie", ada.cookie.as_str()), FORM];
        let sent = w.send("POST", &format!("/settings/push/{verb}"), &headers, bare).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{verb}");
    }
    ada.post("news", &format!("id={id}&news=yes")).await;
    assert!(ada.page().await.contains("every new SEV1 and SEV2"));
    // The same browser, another person: hers now, and no longer the first one's.
    grace.subscribe(&browser, "").await;
    assert!(grace.page().await.contains(&id) && !ada.page().await.contains(&id));
    grace.post("remove", &format!("id={id}")).await;
    assert!(!grace.page().await.contains(&id));
}

#[tokio::test]
async fn it_can_be_installed() {
    let w = office_world();
    let manifest = w.send("GET", "/manifest.webmanifest", &[], "").await;
    assert_eq!(manifest.header("content-type"), "application/manifest+json");
    let icons = manifest.json()["icons"].as_array().expect("icons").clone();
    for icon in &icons {
        let answer = w.send("GET", icon["src"].as_str().expect("an address"), &[], "").await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "image/png"));
    }
    let worker = w.send("GET", "/sw.js", &[], "").await;
    assert!(worker.header("content-type").starts_with("text/javascript"));
    assert!(worker.header("content-security-policy").contains("connect-src 'self'"));
    assert!(w.send("GET", "/offline", &[], "").await.text.contains("No connection"));
    let page = Visit::new(&w, ADA).await;
    let answer = w.send("GET", "/settings/account", &[("cookie", &page.cookie)], "").await;
    assert!(answer.text.contains("rel=\"manifest\""));
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("worker-src 'self'") && policy.contains("manifest-src 'self'"));
}
