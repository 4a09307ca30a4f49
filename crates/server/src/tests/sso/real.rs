//! Against `oidc-provider`, a certified OpenID Connect provider, in a process of its own: crates/server/tests/oidc-provider.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use axum::http::StatusCode;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::super::people::form;
use super::super::world::{World, world};
use super::with_sign_in;
use crate::AppState;

/// A provider; it ends with the test.
struct Provider {
    issuer: String,
    _process: Child,
    /// Kept open: a process that may not print ends.
    _output: Lines<BufReader<ChildStdout>>,
}

/// Starts one, if it is installed.
async fn provider(redirect: &str, claims_in: &str) -> Option<Provider> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oidc-provider"));
    if !folder.join("node_modules/oidc-provider").is_dir() {
        eprintln!("skipped: no oidc-provider; `npm ci` in {} installs it", folder.display());
        return None;
    }
    let version = Command::new("node").arg("--version").output().await.map(|o| o.stdout).unwrap_or_default();
    let major =
        String::from_utf8_lossy(&version).trim().trim_start_matches('v').split('.').next().map(str::parse);
    if let Some(Ok(old @ 0..20u32)) = major {
        eprintln!("skipped: oidc-provider needs Node 20, and this is {old}");
        return None;
    }
    let mut command = Command::new("node");
    command.arg("provider.mjs").arg(redirect).arg(claims_in).current_dir(folder).kill_on_drop(true);
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let Ok(mut process) = spawned else {
        eprintln!("skipped: node is not installed (Debian: nodejs, npm)");
        return None;
    };
    let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
    let issuer = lines.next_line().await.expect("its output").expect("it starts");
    Some(Provider { issuer, _process: process, _output: lines })
}

/// A browser without a script.
struct Browser {
    client: reqwest::Client,
    /// By port and name.
    cookies: BTreeMap<(u16, String), String>,
}

/// Where it is, and what it sees.
struct Page {
    status: u16,
    url: reqwest::Url,
    text: String,
}

impl Browser {
    fn new() -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        Self { client: client.build().expect("a client"), cookies: BTreeMap::new() }
    }

    async fn get(&mut self, url: &str) -> Page {
        self.follow(url.parse().expect("an address"), None).await
    }

    /// Sends the only form of a page.
    async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let action = page.text.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
        let url =
            page.url.join(action.unwrap_or_else(|| panic!("no form: {}", page.text))).expect("an address");
        self.follow(url, Some(form(fields))).await
    }

    async fn follow(&mut self, mut url: reqwest::Url, mut body: Option<String>) -> Page {
        for _ in 0..12 {
            let port = url.port().expect("a port");
            let mine = self.cookies.iter().filter(|((at, _), _)| *at == port);
            let cookies: Vec<String> = mine.map(|((_, name), value)| format!("{name}={value}")).collect();
            let request = match body.take() {
                None => self.client.get(url.clone()),
                Some(body) => self
                    .client
                    .post(url.clone())
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(body),
            };
            let response = request.header("cookie", cookies.join("; ")).send().await.expect("an answer");
            for set in response.headers().get_all("set-cookie") {
                let pair = set.to_str().expect("text").split(';').next().expect("a pair");
                let (name, value) = pair.split_once('=').expect("a cookie");
                self.cookies.insert((port, name.to_owned()), value.to_owned());
            }
            let status = response.status().as_u16();
            if let Some(to) = response.headers().get("location") {
                url = url.join(to.to_str().expect("text")).expect("an address");
                continue;
            }
            return Page { status, url, text: response.text().await.expect("a text") };
        }
        panic!("too many redirects, the last to {url}");
    }

    /// Through the provider's own forms, as far as it shows them.
    async fn sign_in(&mut self, base: &str, who: &str) -> Page {
        let mut page = self.get(&format!("{base}/login/sso?next=/settings/account")).await;
        if page.text.contains("name=\"prompt\" value=\"login\"") {
            let fields = [("prompt", "login"), ("login", who), ("password", "any")];
            page = self.submit(&page, &fields).await;
        }
        if page.text.contains("name=\"prompt\" value=\"consent\"") {
            page = self.submit(&page, &[("prompt", "consent")]).await;
        }
        page
    }
}

/// A served world whose sign-in is a real provider.
struct Served {
    base: String,
    provider: Provider,
    world: World,
}

async fn serve(claims_in: &str, more: serde_json::Value) -> Option<Served> {
    firebell_integrations::http::install_tls();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let provider = provider(&format!("{base}/login/sso/callback"), claims_in).await?;
    let w = world();
    // The provider goes by the machine's clock.
    w.pass(jiff::Timestamp::now().duration_since(w.now()));
    let state = AppState { public_url: base.clone(), ..w.state.clone() };
    let world = with_sign_in(w.behind(state), &provider.issuer, more);
    tokio::spawn(crate::serve(listener, world.app.clone(), std::future::pending()));
    Some(Served { base, provider, world })
}

impl Served {
    async fn groups(&self, who: &str, groups: &[&str]) {
        let url = format!("{}/test/people/{who}", self.provider.issuer);
        let body = json!({ "groups": groups }).to_string();
        reqwest::Client::new().put(url).body(body).send().await.expect("an answer");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_come_in_by_a_real_provider_with_the_role_of_their_groups() {
    let Some(s) = serve("userinfo", json!({})).await else { return };
    let mut ada = Browser::new();
    let page = ada.sign_in(&s.base, "ada").await;
    assert!(page.text.contains("content=\"0;url=&#x2f;settings&#x2f;account\""), "{}", page.text);
    let account = format!("{}/settings/account", s.base);
    let page = ada.get(&account).await;
    assert!(page.text.contains("title=\"commander\">Ada Okafor<"), "{}", page.text);
    // The provider's answer in the history is worth nothing.
    let replayed = ada.get(&format!("{}/login/sso/callback?code=x&state=y", s.base)).await;
    assert_eq!(replayed.status, StatusCode::FORBIDDEN.as_u16());

    // Other groups, another sign-in: another role, and the same account.
    s.groups("ada", &["everybody", "sre"]).await;
    ada.sign_in(&s.base, "ada").await;
    assert!(ada.get(&account).await.text.contains("title=\"responder\">Ada Okafor<"));
    assert_eq!(s.world.state.office.documents("account", "", 10).expect("the store").len(), 1);

    // Somebody in no group that has a role.
    let page = Browser::new().sign_in(&s.base, "grace").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN.as_u16());
    assert!(page.text.contains("None of your groups (everybody) has a role here"), "{}", page.text);

    s.groups("ada", &[]).await;
    let page = ada.sign_in(&s.base, "ada").await;
    assert!(page.text.contains("names no group of yours"), "{}", page.text);
    let page = ada.get(&account).await;
    assert_eq!(page.url.path(), "/login", "{}", page.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_public_client_with_claims_in_an_es256_token_and_a_default_role() {
    let more = json!({"client_id": "firebell-public", "client_secret": null, "default_role": "viewer"});
    let Some(s) = serve("id_token", more).await else { return };
    let mut grace = Browser::new();
    grace.sign_in(&s.base, "grace").await;
    let page = grace.get(&format!("{}/settings/account", s.base)).await;
    assert!(page.text.contains("title=\"viewer\">Grace Lindqvist<"), "{}", page.text);
    let health = s.world.state.oidc.as_ref().expect("a sign-in").health().await;
    assert!(health.ok, "{health:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_secret_and_a_person_who_says_no_are_told() {
    let Some(s) = serve("userinfo", json!({"client_secret": "not the right one"})).await else { return };
    let mut ada = Browser::new();
    let page = ada.sign_in(&s.base, "ada").await;
    assert!(page.text.contains("answers 401: invalid_client"), "{}", page.text);
    assert!(!page.text.contains("not the right one"), "{}", page.text);
    let page = ada.get(&format!("{}/login/sso", s.base)).await;
    assert!(page.text.contains("invalid_client"), "{}", page.text);
    let mut grace = Browser::new();
    let page = grace.get(&format!("{}/login/sso", s.base)).await;
    let abort =
        page.text.split("href=\"").find_map(|rest| rest.split('"').next().filter(|h| h.contains("abort")));
    let url = page.url.join(abort.unwrap_or_else(|| panic!("{}", page.text))).expect("an address");
    let page = grace.get(url.as_str()).await;
    assert!(page.text.contains("it says access_denied"), "{}", page.text);
}
