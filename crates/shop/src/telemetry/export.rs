//! Pushing over OTLP/HTTP. A receiver that is away costs a bounded queue and nothing else.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use prost::Message;
use tokio::time::Instant;

use super::otlp;
use crate::{options::Door, service::Service, shared::Shared};

/// Requests kept while the receiver is away; the oldest go first.
const MAX_REQUESTS: usize = 40;
const MAX_SPANS: usize = 4_000;
const MAX_LOGS: usize = 2_000;

/// What the exporter reads and where it sends.
pub(crate) struct Exporter {
    pub(crate) shared: Arc<Shared>,
    pub(crate) services: Vec<Arc<Service>>,
    pub(crate) door: Door,
    pub(crate) client: reqwest::Client,
    pub(crate) interval: Duration,
}

/// Sends until the task is dropped.
pub(crate) async fn run_exporter(exporter: Exporter) {
    let mut queue: VecDeque<(&'static str, Vec<u8>)> = VecDeque::new();
    let mut next_metrics = Instant::now();
    let mut down_since: Option<Instant> = None;
    let mut ticks = tokio::time::interval(Duration::from_millis(250));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        exporter.shared.tracer.decide(std::time::Instant::now());
        let spans = exporter.shared.tracer.take(MAX_SPANS);
        if !spans.is_empty() {
            queue.push_back(("/v1/traces", otlp::traces(spans).encode_to_vec()));
        }
        let records = exporter.shared.logs.take(MAX_LOGS);
        if !records.is_empty() {
            queue.push_back(("/v1/logs", otlp::logs(records).encode_to_vec()));
        }
        if Instant::now() >= next_metrics {
            next_metrics = Instant::now() + exporter.interval;
            let metrics = exporter.services.iter().filter(|s| s.fleet.ready() > 0).map(|s| {
                s.collect();
                otlp::metrics(s.name, &s.version(), &s.metrics, s.started_ns())
            });
            queue.push_back(("/v1/metrics", otlp::metrics_request(metrics.collect()).encode_to_vec()));
        }
        while queue.len() > MAX_REQUESTS {
            queue.pop_front();
        }
        while let Some((path, body)) = queue.front() {
            match send(&exporter, path, body.clone()).await {
                Ok(()) => {
                    queue.pop_front();
                    down_since = None;
                }
                Err(error) => {
                    if down_since.is_none() {
                        tracing::warn!(%error, "could not push telemetry; will keep trying");
                    }
                    down_since.get_or_insert_with(Instant::now);
                    break;
                }
            }
        }
    }
}

async fn send(exporter: &Exporter, path: &str, body: Vec<u8>) -> Result<(), String> {
    let url = format!("{}{path}", exporter.door.url.trim_end_matches('/'));
    let mut request = exporter
        .client
        .post(url)
        .header("content-type", "application/x-protobuf")
        .timeout(Duration::from_secs(2))
        .body(body);
    if let Some(bearer) = &exporter.door.bearer {
        request = request.bearer_auth(bearer);
    }
    let answer = request.send().await.map_err(|e| e.to_string())?;
    let status = answer.status();
    // A request that the receiver calls wrong will not become right.
    if status.is_success() || (status.is_client_error() && status.as_u16() != 429) {
        return Ok(());
    }
    Err(format!("the receiver answered {status}"))
}
