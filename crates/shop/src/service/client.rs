//! Calls from one service to another: trace context, time limit, retries, metrics.

use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use rand::RngExt;
use serde_json::Value;

use super::{failure::Failure, handle::Service, middleware::Cx};
use crate::telemetry::{Level, SpanKind, SpanRecord, now_ns};

/// Pause before the first retry.
const BACKOFF: Duration = Duration::from_millis(40);

/// One call.
pub(crate) struct Call<'a> {
    /// Service or provider that is called.
    pub(crate) peer: &'a str,
    pub(crate) method: Method,
    /// With placeholders, for names of spans.
    pub(crate) route: &'static str,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    pub(crate) timeout_ms: u64,
    pub(crate) retries: u32,
    /// Another base address than the usual one.
    pub(crate) base: Option<String>,
}

impl<'a> Call<'a> {
    pub(crate) fn get(peer: &'a str, route: &'static str, path: impl Into<String>, timeout_ms: u64) -> Self {
        let path = path.into();
        Self { peer, method: Method::GET, route, path, body: None, timeout_ms, retries: 0, base: None }
    }

    pub(crate) fn post(peer: &'a str, route: &'static str, body: Value, timeout_ms: u64) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(peer, route, route, timeout_ms) }
    }

    pub(crate) fn retried(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }
}

impl Service {
    /// Makes a call. An answer below 500 is given as it is; anything else fails, after the retries.
    pub(crate) async fn call(&self, cx: &Cx, call: Call<'_>) -> Result<(StatusCode, Value), Failure> {
        let mut attempt = 0;
        loop {
            let failure = match self.attempt(cx, &call).await {
                Ok((status, body)) if !status.is_server_error() => return Ok((status, body)),
                Ok((status, body)) => {
                    let why = body.get("error").and_then(Value::as_str).unwrap_or("no reason given");
                    // The innermost cause is enough; a chain of quotes would grow with every hop.
                    let why: String = why.chars().take(160).collect();
                    Failure::new(
                        StatusCode::BAD_GATEWAY,
                        format!("{} answered {}: {why}", call.peer, status.as_u16()),
                    )
                }
                Err(failure) => failure,
            };
            if attempt >= call.retries {
                return Err(failure);
            }
            attempt += 1;
            self.metrics.inc("retries_total", &[("peer", call.peer)]);
            let attempt_text = attempt.to_string();
            let fields =
                [("peer", call.peer), ("attempt", attempt_text.as_str()), ("reason", &failure.message)];
            self.log(Level::Warn, "retrying upstream call", &fields, Some(cx));
            let jitter = rand::rng().random_range(0.5..1.5);
            tokio::time::sleep(BACKOFF.mul_f64(f64::from(attempt) * jitter)).await;
        }
    }

    async fn attempt(&self, cx: &Cx, call: &Call<'_>) -> Result<(StatusCode, Value), Failure> {
        let span = self.shared.tracer.start(Some(cx.trace));
        let base = match &call.base {
            Some(base) => base.clone(),
            None => self.shared.urls.get(call.peer).cloned().unwrap_or_default(),
        };
        let url = format!("{base}{}", call.path);
        let (begun, start_ns) = (Instant::now(), now_ns());
        let mut request = self
            .client
            .request(call.method.clone(), &url)
            .timeout(Duration::from_millis(call.timeout_ms.max(1)))
            .header("traceparent", span.header())
            .header("x-forwarded-for", &cx.client_ip)
            .header("x-caller", &cx.caller);
        if let Some(account) = &cx.account {
            request = request.header("x-account", account);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let result = match request.send().await {
            Ok(answer) => {
                let status = answer.status();
                answer
                    .bytes()
                    .await
                    .map(|bytes| (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
            }
            Err(error) => Err(error),
        };
        let took = begun.elapsed();
        let result = result.map_err(|error| {
            if error.is_timeout() {
                let message = format!("timed out after {} ms waiting for {}", took.as_millis(), call.peer);
                return Failure::new(StatusCode::GATEWAY_TIMEOUT, message);
            }
            let reason = if error.is_connect() { "connection refused" } else { "connection lost" };
            Failure::new(
                StatusCode::BAD_GATEWAY,
                format!("could not reach {} at {base}: {reason}", call.peer),
            )
        });
        let (code, error) = match &result {
            Ok((status, _)) if status.is_server_error() => {
                (status.as_str().to_owned(), Some(format!("{status}")))
            }
            Ok((status, _)) => (status.as_str().to_owned(), None),
            Err(f) if f.status == StatusCode::GATEWAY_TIMEOUT => {
                ("timeout".to_owned(), Some(f.message.clone()))
            }
            Err(f) => ("unreachable".to_owned(), Some(f.message.clone())),
        };
        self.metrics.inc("http_client_requests_total", &[("peer", call.peer), ("code", &code)]);
        let name = "http_client_request_duration_seconds";
        self.metrics.observe(name, &[("peer", call.peer)], took.as_secs_f64(), None);
        self.shared.tracer.record(SpanRecord {
            service: self.name,
            name: format!("{} {}", call.method, call.route),
            kind: SpanKind::Client,
            cx: span,
            parent: Some(cx.trace.span_id),
            start_ns,
            end_ns: now_ns(),
            attributes: vec![
                ("peer.service", call.peer.to_owned()),
                ("http.request.method", call.method.to_string()),
                ("url.full", url),
                ("http.response.status_code", code),
            ],
            error,
        });
        result
    }
}
