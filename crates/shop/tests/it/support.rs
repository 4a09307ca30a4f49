//! Starting small shops, asking them, and receivers that record what comes.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use firebell_shop::{Door, Shop, ShopOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const TOKEN: &str = "platform-token";
const POLL: Duration = Duration::from_millis(100);

/// A running shop with the folder it lives in.
pub(crate) struct Lab {
    pub(crate) shop: Shop,
    pub(crate) client: reqwest::Client,
    _dir: Option<TempDir>,
}

pub(crate) fn options(dir: &std::path::Path) -> ShopOptions {
    let mut options = ShopOptions::new(dir, TOKEN);
    options.customers = 12;
    options.time_scale = 4.0;
    options
}

/// A small, fast shop, changed by `tune`.
pub(crate) async fn lab(tune: impl FnOnce(&mut ShopOptions)) -> Lab {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut options = options(dir.path());
    tune(&mut options);
    Lab::start(options, Some(dir)).await
}

impl Lab {
    pub(crate) async fn start(options: ShopOptions, dir: Option<TempDir>) -> Self {
        let shop = Shop::start(options).await.expect("the shop starts");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { shop, client, _dir: dir }
    }

    /// Asks the platform's port.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.shop.addresses().platform);
        let method = method.parse().expect("a method");
        let mut request = self.client.request(method, url).bearer_auth(TOKEN);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the platform answers");
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, None).await.1
    }

    pub(crate) async fn act(&self, key: &str, action: &str, target: &str, params: Value) -> (u16, Value) {
        let body = json!({"key": key, "action": action, "target": target, "params": params});
        self.ask("POST", "/platform/v1/actions", Some(body)).await
    }

    pub(crate) async fn inject(&self, fault: &str) -> Value {
        let (status, body) = self.ask("POST", "/control/v1/faults", Some(json!({"name": fault}))).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// The metrics of a service as text; empty while it is down.
    pub(crate) async fn metrics(&self, service: &str) -> String {
        let url = format!("{}/metrics", self.shop.addresses().services[service]);
        match self.client.get(url).send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// The sum of the series whose line starts with `name` and contains all of `parts`.
    pub(crate) async fn sum(&self, service: &str, name: &str, parts: &[&str]) -> f64 {
        let text = self.metrics(service).await;
        let lines = text
            .lines()
            .filter(|l| l.starts_with(&format!("{name}{{")) && parts.iter().all(|p| l.contains(p)));
        lines.filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// The alerts that fire now, as `rule/service`.
    pub(crate) async fn firing(&self) -> Vec<String> {
        let status = self.get("/control/v1/status").await;
        let list = status["alerts_firing"].as_array().cloned().unwrap_or_default();
        list.iter().filter_map(|a| a.as_str().map(ToOwned::to_owned)).collect()
    }

    pub(crate) async fn fires(&self, alert: &str) -> bool {
        self.firing().await.iter().any(|a| a == alert)
    }

    /// Waits until customers have made so many more requests: time as the shop knows it.
    pub(crate) async fn traffic(&self, requests: f64) {
        let start = self.sum("gateway", "http_requests_total", &[]).await;
        until("traffic", 60, || async {
            (self.sum("gateway", "http_requests_total", &[]).await >= start + requests).then_some(())
        })
        .await;
    }
}

/// Polls until there is something, or fails the test.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    seconds: u64,
    mut look: impl FnMut() -> F,
) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: did not happen in {seconds} s");
        tokio::time::sleep(POLL).await;
    }
}

/// One request that a receiver got.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) path: String,
    pub(crate) bearer: String,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

/// An HTTP server that records what it gets. The first requests are answered 503.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    got: Arc<Mutex<(u32, VecDeque<Got>)>>,
}

impl Receiver {
    pub(crate) async fn start(failures: u32) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let got = Arc::new(Mutex::new((failures, VecDeque::new())));
        let router = Router::new().fallback(take).with_state(Arc::clone(&got));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, got }
    }

    pub(crate) fn door(&self, path: &str) -> Option<Door> {
        Some(Door { url: format!("{}{path}", self.url), bearer: Some("door-key".into()) })
    }

    pub(crate) fn all(&self) -> Vec<Got> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).1.iter().cloned().collect()
    }
}

type Record = Arc<Mutex<(u32, VecDeque<Got>)>>;

async fn take(State(record): State<Record>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
    if record.0 > 0 {
        record.0 -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let bearer = headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    record.1.push_back(Got { path: uri.path().to_owned(), bearer, body: body.to_vec() });
    StatusCode::OK
}
