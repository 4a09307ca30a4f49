//! What happens to every request around its handler: replica, limits, memory pauses, metrics, span, log.

use std::{
    future::Future,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{failure::Failure, handle::Service};
use crate::telemetry::{Level, SpanKind, SpanRecord, TraceCx, now_ns};

/// Header values longer than this are not taken over.
const MAX_HEADER: usize = 120;

/// What a handler knows about its request.
#[derive(Debug, Clone)]
pub(crate) struct Cx {
    pub(crate) trace: TraceCx,
    pub(crate) client_ip: String,
    /// Who calls by its own account: a partner's name, `web` for customers.
    pub(crate) caller: String,
    pub(crate) account: Option<String>,
}

/// Routes that a rate limit of a service applies to.
pub(crate) struct Guarded;

impl Guarded {
    /// Whether a limit on `service` covers a route: where there is something to abuse, else everything.
    pub(crate) fn covers(service: &str, route: &str) -> bool {
        match service {
            "gateway" => matches!(route, "/signin" | "/partner/orders"),
            "accounts" => route == "/sessions",
            "checkout" => matches!(route, "/orders" | "/bulk-orders"),
            _ => true,
        }
    }

    /// The routes in words.
    pub(crate) fn words(service: &str) -> &'static str {
        match service {
            "gateway" => "POST /signin and POST /partner/orders",
            "accounts" => "POST /sessions",
            "checkout" => "POST /orders and POST /bulk-orders",
            _ => "all routes",
        }
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|v| v.to_str().ok()).filter(|v| v.len() <= MAX_HEADER).map(ToOwned::to_owned)
}

/// Measures the processor's time that a future takes, whatever else the machine is doing.
struct Busy<'a, F> {
    inner: F,
    service: &'a Service,
}

impl<F: Future + Unpin> Future for Busy<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let begun = thread_cpu();
        let result = Pin::new(&mut self.inner).poll(cx);
        let spent = u64::try_from(thread_cpu().saturating_sub(begun).as_nanos()).unwrap_or(u64::MAX);
        self.service.busy_ns.fetch_add(spent, Ordering::Relaxed);
        result
    }
}

/// Processor time that the calling thread has taken so far. A poll stays on one thread.
fn thread_cpu() -> Duration {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(t.tv_sec).unwrap_or(0), u32::try_from(t.tv_nsec).unwrap_or(0))
}

/// Books a request when it ends, even if the client goes away first.
struct Ledger {
    service: Arc<Service>,
    route: String,
    method: String,
    cx: Cx,
    parent: Option<[u8; 8]>,
    begun: Instant,
    start_ns: u64,
    outcome: Option<(StatusCode, Option<Failure>)>,
}

impl Drop for Ledger {
    fn drop(&mut self) {
        let service = &self.service;
        service.in_flight.fetch_sub(1, Ordering::SeqCst);
        let took = self.begun.elapsed();
        let (code, failure) = match self.outcome.take() {
            Some((status, failure)) => (status.as_u16(), failure),
            // nginx's number for a client that closed the connection.
            None => (499, None),
        };
        let text = code.to_string();
        let (route, method) = (self.route.as_str(), self.method.as_str());
        let labels = [("route", route), ("method", method), ("code", text.as_str())];
        service.metrics.inc("http_requests_total", &labels);
        let exemplar = crate::telemetry::exemplar(self.cx.trace, took);
        let name = "http_request_duration_seconds";
        service.metrics.observe(name, &labels[..2], took.as_secs_f64(), Some(exemplar));
        let error = match (&failure, code) {
            (Some(f), 500..) => Some(f.message.clone()),
            (None, 500..) => Some("server error".to_owned()),
            (_, 499) => Some("the client closed the connection".to_owned()),
            _ => None,
        };
        let millis = took.as_millis().to_string();
        if let Some(error) = &error {
            let mut fields =
                vec![("method", method), ("route", route), ("status", &text), ("duration_ms", &millis)];
            if let Some(stack) = failure.as_ref().and_then(|f| f.stack.as_deref()) {
                fields.push(("stack", stack));
            }
            let level = if code == 499 { Level::Warn } else { Level::Error };
            service.log(level, error, &fields, Some(&self.cx));
        } else if service.name == "gateway" {
            let line = format!("{} \"{method} {route} HTTP/1.1\" {code} {millis}ms", self.cx.client_ip);
            service.log(Level::Info, &line, &[], Some(&self.cx));
        }
        let mut attributes = vec![
            ("http.request.method", self.method.clone()),
            ("http.route", self.route.clone()),
            ("http.response.status_code", text),
            ("client.address", self.cx.client_ip.clone()),
        ];
        if let Some(stack) = failure.and_then(|f| f.stack) {
            attributes.push(("exception.stacktrace", stack));
        }
        service.shared.tracer.record(SpanRecord {
            service: service.name,
            name: format!("{method} {route}"),
            kind: SpanKind::Server,
            cx: self.cx.trace,
            parent: self.parent,
            start_ns: self.start_ns,
            end_ns: now_ns(),
            attributes,
            error,
        });
    }
}

/// The middleware.
pub(crate) async fn serve_request(
    State(service): State<Arc<Service>>,
    matched: MatchedPath,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let parent = header(headers, "traceparent").and_then(|h| TraceCx::parse(&h));
    let client_ip = header(headers, "x-forwarded-for")
        .filter(|ip| ip.parse::<IpAddr>().is_ok())
        .unwrap_or_else(|| "127.0.0.1".to_owned());
    let cx = Cx {
        trace: service.shared.tracer.start(parent),
        client_ip,
        caller: header(headers, "x-caller").unwrap_or_else(|| "web".to_owned()),
        account: header(headers, "x-account"),
    };
    request.extensions_mut().insert(cx.clone());
    let busy = service.in_flight.fetch_add(1, Ordering::SeqCst);
    let mut ledger = Ledger {
        service: Arc::clone(&service),
        route: matched.as_str().to_owned(),
        method: request.method().to_string(),
        cx,
        parent: parent.map(|p| p.span_id),
        begun: Instant::now(),
        start_ns: now_ns(),
        outcome: None,
    };
    let response = match admit(&service, &ledger, busy) {
        Err(failure) => failure.into_response(),
        Ok(mut stopped) => {
            let work = Box::pin(async {
                drop(service.heap.gate.read().await);
                next.run(request).await
            });
            tokio::select! {
                response = Busy { inner: work, service: &service } => response,
                _ = stopped.changed() => Failure::unavailable("the replica stopped").into_response(),
            }
        }
    };
    ledger.outcome = Some((response.status(), response.extensions().get::<Failure>().cloned()));
    response
}

fn admit(
    service: &Service,
    ledger: &Ledger,
    busy: usize,
) -> Result<tokio::sync::watch::Receiver<u64>, Failure> {
    let Some(replica) = service.fleet.pick() else {
        return Err(Failure::unavailable(format!("no replica of {} is ready", service.name)));
    };
    let most = service.config("max_in_flight", 200) * service.fleet.ready() as u64;
    if busy as u64 >= most {
        return Err(Failure::unavailable(format!("overloaded: {busy} requests in flight, at most {most}")));
    }
    let limit = service.shared.service(service.name, |s| s.rate_limit.clone()).flatten();
    if let Some(limit) = limit
        && (ledger.method == "POST" || !matches!(service.name, "gateway" | "accounts" | "checkout"))
        && Guarded::covers(service.name, &ledger.route)
    {
        let key = match limit.per.as_str() {
            "caller" => ledger.cx.caller.clone(),
            "account" => ledger.cx.account.clone().unwrap_or_else(|| ledger.cx.client_ip.clone()),
            _ => ledger.cx.client_ip.clone(),
        };
        if !service.limiter.allow(&key, limit.per_minute, Instant::now()) {
            service.metrics.inc("rate_limited_total", &[("per", &limit.per)]);
            return Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, "rate limit exceeded; slow down"));
        }
    }
    Ok(replica)
}
