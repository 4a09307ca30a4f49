//! The telemetry ports over the embedded store.

use std::collections::BTreeSet;

use firebell_core::ports::telemetry::{
    Answer, LogQuery, MetricInfo, MetricQuery, QueryError, QueryResult, TelemetrySource, TraceQuery,
};
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::telemetry::{Series, Span, TelemetryPart, Window};

use super::metrics::Stored;
use super::store::{Held, OtlpStore};
use crate::answers::malformed;
use crate::sample::Sampler;
use crate::spans::{Kept, plain_name, sample_traces, topology};

pub(super) const NAME: &str = "otlp/embedded";
/// Points a series at most, as the metric systems have it.
const MAX_POINTS: usize = 11_000;

impl OtlpStore {
    /// Reads on a thread that may wait for the lock and copy a lot, within the limits.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Held) -> T + Send + 'static,
    ) -> Result<T, QueryError> {
        let held = self.held.clone();
        self.limiter
            .run(async move {
                let read = tokio::task::spawn_blocking(move || work(&held)).await;
                read.map_err(|_| malformed(NAME, "reading the store panicked"))
            })
            .await
    }

    fn read_health(&self) -> Health {
        let fill = self.fill();
        let percent = fill.bytes as f64 * 100.0 / fill.max_bytes as f64;
        let refused = match fill.rejected {
            0 => String::new(),
            n => format!("; {n} items were refused: the exporters' partial_success says why"),
        };
        Health {
            name: NAME.into(),
            ok: true,
            detail: format!(
                "{percent:.0} % of {} MiB in use: {} series with {} points, {} spans, {} log lines{refused}",
                self.config.max_mib, fill.series, fill.points, fill.spans, fill.logs
            ),
        }
    }
}

impl Held {
    fn read_metrics(&self, query: &MetricQuery) -> Answer {
        let inner = self.lock();
        let matching = inner.metrics.matching(&query.name, &query.labels);
        let mut total = 0;
        let mut series = Vec::new();
        for one in matching {
            let points = within(one, query);
            if points.is_empty() {
                continue;
            }
            total += 1;
            if series.len() < query.max_series {
                series.push(Series {
                    source: NAME.into(),
                    name: one.name.to_string(),
                    labels: one.labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
                    component: None,
                    kind: one.kind,
                    points,
                });
            }
        }
        let note = (total > series.len()).then(|| format!("{} of {total} series kept", series.len()));
        let labels: Vec<String> = query.labels.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
        answer(
            format!(
                "{}{{{}}} from {} to {}",
                query.name,
                labels.join(","),
                query.window.start,
                query.window.end
            ),
            TelemetryPart::Series(series),
            note,
        )
    }

    fn read_logs(&self, query: &LogQuery) -> Answer {
        let mut sampler = Sampler::new(query.window, query.limit);
        let wanted = query.component.as_deref().map(plain_name);
        {
            let inner = self.lock();
            for line in inner.logs.iter() {
                let same =
                    wanted.is_none_or(|w| line.component.as_deref().is_some_and(|c| plain_name(c) == w));
                if same && line.at.is_some_and(|at| query.window.contains(at)) {
                    sampler.push(line.clone());
                }
            }
        }
        let (lines, note) = sampler.finish();
        let of = query.component.as_deref().unwrap_or("all services");
        answer(
            format!("logs of {of} from {} to {}", query.window.start, query.window.end),
            TelemetryPart::Logs(lines),
            note,
        )
    }

    fn read_traces(&self, query: &TraceQuery) -> Answer {
        let wanted = query.service.as_deref().map(plain_name);
        let spans: Vec<Span> = {
            let inner = self.lock();
            let ids: BTreeSet<&str> = inner
                .spans
                .iter()
                .filter(|s| overlaps(s, query.window))
                .filter(|s| wanted.is_none_or(|w| plain_name(&s.component) == w))
                .map(|s| s.trace_id.as_str())
                .collect();
            inner.spans.iter().filter(|s| ids.contains(s.trace_id.as_str())).cloned().collect()
        };
        let Kept { spans, note, .. } = sample_traces(spans, query.limit, |_| true);
        let of = query.service.as_deref().unwrap_or("all services");
        answer(
            format!("traces of {of} from {} to {}", query.window.start, query.window.end),
            TelemetryPart::Spans(spans),
            note,
        )
    }

    fn read_topology(&self, window: Window) -> Answer {
        let inner = self.lock();
        let edges = topology(inner.spans.iter().filter(|s| overlaps(s, window)));
        answer(
            format!("call relations of the spans from {} to {}", window.start, window.end),
            TelemetryPart::Topology(edges),
            None,
        )
    }

    fn read_names(&self, window: Window) -> Vec<MetricInfo> {
        let names = self.lock().metrics.names(window.start.as_millisecond(), window.end.as_millisecond());
        names
            .into_iter()
            .map(|(name, (kind, unit))| MetricInfo { name: name.to_string(), kind, unit: unit.to_owned() })
            .collect()
    }
}

fn answer(query: String, part: TelemetryPart, note: Option<String>) -> Answer {
    Answer { source: NAME.into(), query, part, note }
}

fn overlaps(span: &Span, window: Window) -> bool {
    span.start_us <= window.end.as_microsecond()
        && span.start_us.saturating_add(span.duration_us) >= window.start.as_microsecond()
}

/// The points in the window, the last of each step.
fn within(stored: &Stored, query: &MetricQuery) -> Vec<(i64, f64)> {
    let (from, to) = (query.window.start.as_millisecond(), query.window.end.as_millisecond());
    let all = &stored.points;
    let first = all.partition_point(|p| p.0 < from);
    let last = all.partition_point(|p| p.0 <= to);
    let span = (to - from).max(0) as usize;
    let step =
        (query.step_s as usize * 1000).max(span / MAX_POINTS + usize::from(last - first > MAX_POINTS)).max(1);
    let mut out: Vec<(i64, f64)> = Vec::new();
    for point in all.range(first..last.max(first)) {
        let slot = |at: i64| (at - from) / step as i64;
        match out.last_mut() {
            Some(previous) if slot(previous.0) == slot(point.0) => *previous = *point,
            _ => out.push(*point),
        }
    }
    out
}

impl TelemetrySource for OtlpStore {
    fn name(&self) -> &str {
        NAME
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { self.read_health() })
    }

    fn metric_names(&self, window: Window) -> Option<BoxFuture<'_, Result<Vec<MetricInfo>, QueryError>>> {
        Some(Box::pin(self.read(move |held| held.read_names(window))))
    }

    fn metrics<'a>(&'a self, query: &'a MetricQuery) -> Option<BoxFuture<'a, QueryResult>> {
        let query = query.clone();
        Some(Box::pin(self.read(move |held| held.read_metrics(&query))))
    }

    fn logs<'a>(&'a self, query: &'a LogQuery) -> Option<BoxFuture<'a, QueryResult>> {
        let query = query.clone();
        Some(Box::pin(self.read(move |held| held.read_logs(&query))))
    }

    fn traces<'a>(&'a self, query: &'a TraceQuery) -> Option<BoxFuture<'a, QueryResult>> {
        let query = query.clone();
        Some(Box::pin(self.read(move |held| held.read_traces(&query))))
    }

    fn topology(&self, window: Window) -> Option<BoxFuture<'_, QueryResult>> {
        Some(Box::pin(self.read(move |held| held.read_topology(window))))
    }
}
