//! The traces port over Jaeger's query API.

use std::collections::BTreeSet;

use firebell_core::ports::telemetry::{Answer, QueryError, QueryResult, TelemetrySource, TraceQuery};
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::telemetry::{Span, TelemetryPart, TopologyEdge, Window};
use serde_json::Value;

use super::config::Config;
use crate::answers::{error_text, malformed, no_answer, success};
use crate::http::{Http, Redirects};
use crate::limits::Limiter;
use crate::settings::{ConfigError, adapter_name, seconds};
use crate::spans::{Kept, plain_name, sample_traces, topology};

/// Services asked one by one when none is named.
const MAX_SERVICES: usize = 30;
/// Traces read to see who calls whom, where the server cannot tell.
const TOPOLOGY_TRACES: usize = 200;
/// Calls that begin in one second, whoever asks.
const CALLS_A_SECOND: u32 = 20;
const FAILED: &str = r#"{"error":"true"}"#;

/// A configured Jaeger.
pub struct Jaeger {
    name: String,
    http: Http,
    limiter: Limiter,
}

/// What came of several calls, each span once.
struct Fetched {
    spans: Vec<Span>,
    /// Traces that the server gave without being asked for failed or slow ones.
    any: BTreeSet<String>,
}

impl Jaeger {
    /// Builds the source; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("jaeger", &config.name)?;
        let http = Http::new(&name, &config.connection(), Redirects::SameOrigin)?;
        let limit = seconds(&name, "timeout_s", config.timeout_s)?;
        let limiter = Limiter::new(&name, config.max_concurrent, limit * 2).at_most(CALLS_A_SECOND);
        Ok(Self { name, http, limiter })
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, QueryError> {
        self.limiter
            .run_patiently(|| async {
                let reply = self.http.get(path, query).await;
                let reply = reply.map_err(|e| no_answer(&self.name, &self.http.address(), &e))?;
                let reply = success(&self.name, reply)?;
                let value: Value = serde_json::from_slice(&reply.body).map_err(|e| {
                    malformed(&self.name, format!("{e}; the answer begins: {}", reply.excerpt()))
                })?;
                let failed = value.get("errors").and_then(Value::as_array).is_some_and(|e| !e.is_empty());
                if failed && value.get("data").is_none_or(Value::is_null) {
                    return Err(crate::answers::refused(&self.name, error_text(&reply)));
                }
                Ok(value)
            })
            .await
    }

    async fn services(&self) -> Result<Vec<String>, QueryError> {
        let value = self.get("api/services", &[]).await?;
        match value.get("data") {
            // A store without any trace answers null.
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(list)) => {
                Ok(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            Some(_) => Err(malformed(&self.name, "field data of api/services is not a list")),
        }
    }

    /// One call for traces: of a service, with more conditions.
    async fn fetch(
        &self,
        service: &str,
        window: Window,
        limit: usize,
        more: &[(&str, &str)],
    ) -> Result<Vec<Span>, QueryError> {
        let start = window.start.as_microsecond().to_string();
        let end = window.end.as_microsecond().to_string();
        let limit = limit.to_string();
        let mut query = vec![("service", service), ("start", &start), ("end", &end), ("limit", &limit)];
        query.extend_from_slice(more);
        let value = self.get("api/traces", &query).await?;
        if value.get("data").is_none_or(Value::is_null) {
            return Ok(Vec::new());
        }
        crate::bundle::jaeger::spans(&value, &self.name).map_err(|e| malformed(&self.name, e))
    }

    /// Failed traces; whichever the server gives; and if it had more, those that took long.
    async fn of_service(&self, service: &str, window: Window, limit: usize) -> Result<Fetched, QueryError> {
        let limit = limit.max(1);
        let mut spans = self.fetch(service, window, limit, &[("tags", FAILED)]).await?;
        let general = self.fetch(service, window, limit, &[]).await?;
        let any: BTreeSet<String> = general.iter().map(|s| s.trace_id.clone()).collect();
        let cut = any.len() >= limit;
        let slow_from = cut.then(|| slow_limit(&general)).flatten();
        spans.extend(general);
        if let Some(us) = slow_from {
            let text = format!("{us}us");
            spans.extend(self.fetch(service, window, limit, &[("minDuration", &text)]).await?);
        }
        let mut seen = BTreeSet::new();
        spans.retain(|s| seen.insert((s.trace_id.clone(), s.span_id.clone())));
        Ok(Fetched { spans, any })
    }

    async fn ask(&self, query: &TraceQuery) -> QueryResult {
        let mut notes = Vec::new();
        let Fetched { spans, any } = match &query.service {
            Some(service) => self.of_service(plain_name(service), query.window, query.limit).await?,
            None => self.of_all(query.window, query.limit, &mut notes).await?,
        };
        let Kept { spans, total, note } = sample_traces(spans, query.limit, |id| any.contains(id));
        if let Some(note) = note {
            notes.push(note);
        } else if total > 0 && total == query.limit {
            notes.push(format!("the limit of {total} traces was reached: there may be more"));
        }
        Ok(Answer {
            source: self.name.clone(),
            query: format!(
                "/api/traces?service={}&start={}&end={}&limit={}",
                query.service.as_deref().unwrap_or("*"),
                query.window.start,
                query.window.end,
                query.limit
            ),
            part: TelemetryPart::Spans(spans),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        })
    }

    async fn of_all(
        &self,
        window: Window,
        limit: usize,
        notes: &mut Vec<String>,
    ) -> Result<Fetched, QueryError> {
        let services = self.services().await?;
        if services.len() > MAX_SERVICES {
            notes.push(format!("{MAX_SERVICES} of {} services asked", services.len()));
        }
        let asked = services.len().clamp(1, MAX_SERVICES);
        // A trace shows up under each of its services, so an even share would leave too few.
        let share = (limit * 3).div_ceil(asked).clamp(1, limit.max(1));
        let (mut spans, mut any) = (Vec::new(), BTreeSet::new());
        let mut seen = BTreeSet::new();
        let mut failed = None;
        for service in services.iter().take(MAX_SERVICES) {
            match self.of_service(service, window, share).await {
                Ok(more) => {
                    any.extend(more.any);
                    spans.extend(
                        more.spans
                            .into_iter()
                            .filter(|s| seen.insert((s.trace_id.clone(), s.span_id.clone()))),
                    );
                }
                Err(error) => {
                    notes.push(format!("traces of {service} are missing: {error}"));
                    failed = Some(error);
                }
            }
        }
        match failed {
            Some(error) if spans.is_empty() => Err(error),
            _ => Ok(Fetched { spans, any }),
        }
    }

    async fn relations(&self, window: Window) -> QueryResult {
        let end = window.end.as_millisecond().to_string();
        let lookback = ((window.seconds() * 1000.0) as i64).max(1).to_string();
        let answered = self.get("api/dependencies", &[("endTs", &end), ("lookback", &lookback)]).await;
        let known = answered.ok().map(|v| dependencies(&v)).filter(|edges| !edges.is_empty());
        let (edges, query, note) = match known {
            Some(edges) => (edges, format!("/api/dependencies?endTs={end}&lookback={lookback}"), None),
            // Compatible systems may not know them: the spans do.
            None => {
                let mut notes = vec!["read off the spans: the server does not list dependencies".to_owned()];
                let Fetched { spans, .. } = self.of_all(window, TOPOLOGY_TRACES, &mut notes).await?;
                (
                    topology(&spans),
                    "/api/traces (call relations of the spans)".to_owned(),
                    Some(notes.join("; ")),
                )
            }
        };
        Ok(Answer { source: self.name.clone(), query, part: TelemetryPart::Topology(edges), note })
    }

    async fn check(&self) -> Health {
        let name = self.name.clone();
        match self.services().await {
            Ok(list) => {
                let detail = format!("Jaeger query API at {}, {} services", self.http.address(), list.len());
                Health { name, ok: true, detail }
            }
            Err(error) => Health { name, ok: false, detail: error.to_string() },
        }
    }
}

/// The ninth decile of the root spans' durations.
fn slow_limit(spans: &[Span]) -> Option<i64> {
    let mut roots: Vec<i64> = spans.iter().filter(|s| s.parent_id.is_none()).map(|s| s.duration_us).collect();
    roots.sort_unstable();
    roots.get(roots.len().checked_sub(1)? * 9 / 10).copied().filter(|us| *us > 0)
}

fn dependencies(value: &Value) -> Vec<TopologyEdge> {
    let mut edges: Vec<TopologyEdge> = value
        .get("data")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|d| {
            let text =
                |key: &str| d.get(key).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
            Some(TopologyEdge { caller: text("parent")?, callee: text("child")?, kind: String::new() })
        })
        .filter(|e| e.caller != e.callee)
        .collect();
    edges.sort();
    edges.dedup();
    edges
}

impl TelemetrySource for Jaeger {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.check())
    }

    fn traces<'a>(&'a self, query: &'a TraceQuery) -> Option<BoxFuture<'a, QueryResult>> {
        Some(Box::pin(self.ask(query)))
    }

    fn topology(&self, window: Window) -> Option<BoxFuture<'_, QueryResult>> {
        Some(Box::pin(self.relations(window)))
    }
}
