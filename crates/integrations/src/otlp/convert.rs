//! From the protocol's messages to the model: spans, log lines, and points of series. Each item stands for itself: a
//! bad one is counted with the reason, the others are kept.

use firebell_core::telemetry::{Labels, LogLine, MetricKind, Span, SpanKind};
use jiff::Timestamp;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::ResourceLogs;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, DataPointFlags, Metric, ResourceMetrics, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span as ProtoSpan, span, status};

use super::names;

/// Most labels or attributes kept of one item.
const MAX_ATTRIBUTES: usize = 48;
/// Longest value of a label, bytes.
const MAX_VALUE: usize = 512;
/// Longest text of a log record, bytes.
const MAX_TEXT: usize = 32 * 1024;
const SOURCE: &str = "otlp";

/// What could not be taken, counted, with the first reason.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rejects {
    pub(super) count: i64,
    pub(super) reason: Option<String>,
}

impl Rejects {
    pub(super) fn add(&mut self, n: usize, reason: impl FnOnce() -> String) {
        if n > 0 {
            self.count += n as i64;
            self.reason.get_or_insert_with(reason);
        }
    }
}

/// One value of one series on its way into the store.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) kind: MetricKind,
    pub(super) unit: &'static str,
    pub(super) at_ms: i64,
    pub(super) value: f64,
    /// The value is a difference to the one before: the store adds it up.
    pub(super) delta: bool,
}

/// Spans of a request.
pub(super) fn spans(resources: Vec<ResourceSpans>, rejects: &mut Rejects) -> Vec<Span> {
    let mut out = Vec::new();
    for resource in resources {
        let component = service(resource.resource.as_ref());
        let version = attribute(resource.resource.as_ref(), "service.version");
        for span in resource.scope_spans.into_iter().flat_map(|s| s.spans) {
            match one_span(span, &component, version.as_deref()) {
                Ok(span) => out.push(span),
                Err(reason) => rejects.add(1, || reason),
            }
        }
    }
    out
}

fn one_span(span: ProtoSpan, component: &str, version: Option<&str>) -> Result<Span, String> {
    let name = cut(&span.name, MAX_VALUE);
    let id = |bytes: &[u8], length: usize, field: &str| {
        if bytes.len() == length && bytes.iter().any(|b| *b != 0) {
            Ok(hex::encode(bytes))
        } else {
            Err(format!("span {name:?}: {field} must be {length} bytes, not all zero"))
        }
    };
    let start = i64::try_from(span.start_time_unix_nano).unwrap_or(0);
    if start == 0 {
        return Err(format!("span {name:?}: startTimeUnixNano is missing"));
    }
    let end = i64::try_from(span.end_time_unix_nano).unwrap_or(start);
    let mut attributes = attributes(&span.attributes);
    if let Some(version) = version {
        attributes.entry("service.version".into()).or_insert_with(|| version.to_owned());
    }
    for event in span.events.iter().filter(|e| e.name == "exception").take(1) {
        for (key, value) in self::attributes(&event.attributes) {
            attributes.entry(key).or_insert(value);
        }
    }
    let status = span.status.unwrap_or_default();
    let error = status.code == status::StatusCode::Error as i32;
    if error && !status.message.is_empty() {
        attributes.insert("otel.status_description".into(), cut(&status.message, MAX_VALUE));
    }
    Ok(Span {
        source: SOURCE.into(),
        trace_id: id(&span.trace_id, 16, "traceId")?,
        span_id: id(&span.span_id, 8, "spanId")?,
        parent_id: (span.parent_span_id.len() == 8).then(|| hex::encode(&span.parent_span_id)),
        component: component.to_owned(),
        operation: name.clone(),
        kind: match span::SpanKind::try_from(span.kind) {
            Ok(span::SpanKind::Server) => SpanKind::Server,
            Ok(span::SpanKind::Client) => SpanKind::Client,
            Ok(span::SpanKind::Producer) => SpanKind::Producer,
            Ok(span::SpanKind::Consumer) => SpanKind::Consumer,
            _ => SpanKind::Internal,
        },
        start_us: start / 1000,
        duration_us: end.saturating_sub(start).max(0) / 1000,
        error,
        attributes,
    })
}

/// Log lines of a request. `now` is the time of records that carry none.
pub(super) fn logs(resources: Vec<ResourceLogs>, now: Timestamp) -> Vec<LogLine> {
    let mut out = Vec::new();
    for resource in resources {
        let component = Some(service(resource.resource.as_ref())).filter(|s| !s.is_empty());
        for record in resource.scope_logs.into_iter().flat_map(|s| s.log_records) {
            let at = [record.time_unix_nano, record.observed_time_unix_nano]
                .into_iter()
                .find(|n| *n > 0)
                .and_then(|n| Timestamp::from_nanosecond(i128::from(n)).ok())
                .unwrap_or(now);
            let level = match (record.severity_number, record.severity_text.trim()) {
                (1..=4, _) => Some("trace".to_owned()),
                (5..=8, _) => Some("debug".into()),
                (9..=12, _) => Some("info".into()),
                (13..=16, _) => Some("warn".into()),
                (17..=20, _) => Some("error".into()),
                (21..=24, _) => Some("fatal".into()),
                (_, "") => None,
                (_, text) => Some(cut(text, 32).to_lowercase()),
            };
            out.push(LogLine {
                source: SOURCE.into(),
                line: 0,
                component: component.clone(),
                at: Some(at),
                level,
                text: record.body.as_ref().map(|b| cut(&any(b), MAX_TEXT)).unwrap_or_default(),
                fields: attributes(&record.attributes),
                trace_id: (record.trace_id.len() == 16).then(|| hex::encode(&record.trace_id)),
            });
        }
    }
    out
}

/// Points of a request.
pub(super) fn points(resources: Vec<ResourceMetrics>, rejects: &mut Rejects) -> Vec<Point> {
    let mut out = Vec::new();
    for resource in resources {
        let mut base = Labels::new();
        for kv in resource.resource.iter().flat_map(|r| &r.attributes) {
            if let (Some(label), Some(value)) = (names::resource_label(&kv.key), &kv.value) {
                base.insert(label.to_owned(), cut(&any(value), MAX_VALUE));
            }
        }
        for metric in resource.scope_metrics.into_iter().flat_map(|s| s.metrics) {
            one_metric(&metric, &base, &mut out, rejects);
        }
    }
    out
}

fn one_metric(metric: &Metric, base: &Labels, out: &mut Vec<Point>, rejects: &mut Rejects) {
    let shown = cut(&metric.name, 120);
    if metric.name.is_empty() {
        return rejects.add(1, || "a metric without a name".into());
    }
    let unit = names::unit_suffix(&metric.unit, true).unwrap_or("");
    let delta = |temporality: i32| temporality == AggregationTemporality::Delta as i32;
    let no_value = |flags: u32| flags & DataPointFlags::NoRecordedValueMask as u32 != 0;
    let mut push = |name: &str, kind, labels: Labels, nanos: u64, value: f64, delta: bool| {
        let at_ms = i64::try_from(nanos / 1_000_000).unwrap_or(0);
        if at_ms == 0 {
            return rejects.add(1, || format!("metric {shown:?}: timeUnixNano of a point is missing"));
        }
        // Not a number says that there is no value: as good as no point.
        if value.is_finite() {
            out.push(Point { name: name.to_owned(), labels, kind, unit, at_ms, value, delta });
        }
    };
    let labels = |attributes: &[KeyValue]| {
        let mut labels = base.clone();
        for kv in attributes.iter().take(MAX_ATTRIBUTES) {
            if let Some(value) = &kv.value {
                labels.insert(names::plain(&kv.key), cut(&any(value), MAX_VALUE));
            }
        }
        labels
    };
    match &metric.data {
        Some(Data::Gauge(gauge)) => {
            let name = names::metric(&metric.name, &metric.unit, false);
            for p in gauge.data_points.iter().filter(|p| !no_value(p.flags)) {
                if let Some(value) = number(p.value.as_ref()) {
                    push(&name, MetricKind::Gauge, labels(&p.attributes), p.time_unix_nano, value, false);
                }
            }
        }
        Some(Data::Sum(sum)) => {
            let name = names::metric(&metric.name, &metric.unit, sum.is_monotonic);
            let kind = if sum.is_monotonic { MetricKind::Counter } else { MetricKind::Gauge };
            let delta = delta(sum.aggregation_temporality);
            for p in sum.data_points.iter().filter(|p| !no_value(p.flags)) {
                if let Some(value) = number(p.value.as_ref()) {
                    push(&name, kind, labels(&p.attributes), p.time_unix_nano, value, delta);
                }
            }
        }
        Some(Data::Histogram(histogram)) => {
            let name = names::metric(&metric.name, &metric.unit, false);
            let delta = delta(histogram.aggregation_temporality);
            for p in histogram.data_points.iter().filter(|p| !no_value(p.flags)) {
                let own = labels(&p.attributes);
                let at = p.time_unix_nano;
                let mut below = 0u64;
                for (i, count) in p.bucket_counts.iter().enumerate().take(500) {
                    below = below.saturating_add(*count);
                    let le = p.explicit_bounds.get(i).map_or_else(|| "+Inf".to_owned(), |b| format!("{b}"));
                    let mut labels = own.clone();
                    labels.insert("le".into(), le);
                    push(
                        &format!("{name}_bucket"),
                        MetricKind::HistogramBucket,
                        labels,
                        at,
                        below as f64,
                        delta,
                    );
                }
                push(&format!("{name}_count"), MetricKind::Counter, own.clone(), at, p.count as f64, delta);
                if let Some(sum) = p.sum {
                    push(&format!("{name}_sum"), MetricKind::Counter, own, at, sum, delta);
                }
            }
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            let name = names::metric(&metric.name, &metric.unit, false);
            let delta = delta(histogram.aggregation_temporality);
            for p in histogram.data_points.iter().filter(|p| !no_value(p.flags)) {
                let own = labels(&p.attributes);
                let at = p.time_unix_nano;
                let negative = p
                    .negative
                    .as_ref()
                    .map_or(0, |b| b.bucket_counts.iter().fold(0, |a, c| c.saturating_add(a)));
                let mut below = negative.saturating_add(p.zero_count);
                for (power, count) in powers(p.scale, p.positive.as_ref()) {
                    below = below.saturating_add(count);
                    let mut labels = own.clone();
                    labels.insert("le".into(), format!("{}", 2f64.powi(power)));
                    push(
                        &format!("{name}_bucket"),
                        MetricKind::HistogramBucket,
                        labels,
                        at,
                        below as f64,
                        delta,
                    );
                }
                let mut labels = own.clone();
                labels.insert("le".into(), "+Inf".into());
                push(
                    &format!("{name}_bucket"),
                    MetricKind::HistogramBucket,
                    labels,
                    at,
                    p.count as f64,
                    delta,
                );
                push(&format!("{name}_count"), MetricKind::Counter, own.clone(), at, p.count as f64, delta);
                if let Some(sum) = p.sum {
                    push(&format!("{name}_sum"), MetricKind::Counter, own, at, sum, delta);
                }
            }
        }
        Some(Data::Summary(summary)) => {
            let name = names::metric(&metric.name, &metric.unit, false);
            for p in summary.data_points.iter().filter(|p| !no_value(p.flags)) {
                let own = labels(&p.attributes);
                let at = p.time_unix_nano;
                for q in p.quantile_values.iter().take(50) {
                    let mut labels = own.clone();
                    labels.insert("quantile".into(), format!("{}", q.quantile));
                    push(&name, MetricKind::Gauge, labels, at, q.value, false);
                }
                push(&format!("{name}_count"), MetricKind::Counter, own.clone(), at, p.count as f64, false);
                push(&format!("{name}_sum"), MetricKind::Counter, own, at, p.sum, false);
            }
        }
        None => rejects.add(1, || format!("metric {shown:?}: has no data of a known kind")),
    }
}

/// Counts per power of two: bucket boundaries of every scale from 0 up meet them exactly, coarser ones lie on them.
/// So points of changing scale still make one set of series. Between the first and the last none is left out.
fn powers(scale: i32, buckets: Option<&Buckets>) -> Vec<(i32, u64)> {
    let Some(buckets) = buckets else { return Vec::new() };
    let mut out: Vec<(i32, u64)> = Vec::new();
    for (i, count) in buckets.bucket_counts.iter().enumerate().take(2_000) {
        // The bucket with index n ends at 2^((n + 1) / 2^scale).
        let end = i64::from(buckets.offset) + i as i64 + 1;
        let power = if scale >= 0 {
            let unit = 1i64 << scale.min(40);
            end.div_euclid(unit) + i64::from(end.rem_euclid(unit) != 0)
        } else {
            end.saturating_mul(1i64 << scale.unsigned_abs().min(20))
        };
        let power = power.clamp(-40, 60) as i32;
        match out.last_mut() {
            Some(last) if last.0 == power => last.1 = last.1.saturating_add(*count),
            _ => {
                while scale >= 0 && out.last().is_some_and(|l| l.0 + 1 < power) {
                    let next = out.last().map_or(power, |l| l.0 + 1);
                    out.push((next, 0));
                }
                out.push((power, *count));
            }
        }
    }
    out
}

fn number(value: Option<&number_data_point::Value>) -> Option<f64> {
    Some(match value? {
        number_data_point::Value::AsDouble(v) => *v,
        number_data_point::Value::AsInt(v) => *v as f64,
    })
}

fn service(resource: Option<&Resource>) -> String {
    attribute(resource, "service.name").unwrap_or_default()
}

fn attribute(resource: Option<&Resource>, key: &str) -> Option<String> {
    let kv = resource?.attributes.iter().find(|kv| kv.key == key)?;
    Some(cut(&any(kv.value.as_ref()?), MAX_VALUE))
}

fn attributes(list: &[KeyValue]) -> Labels {
    list.iter()
        .take(MAX_ATTRIBUTES)
        .filter_map(|kv| Some((cut(&kv.key, 200), cut(&any(kv.value.as_ref()?), MAX_VALUE * 8))))
        .collect()
}

/// A value as text. Depth is bounded by the decoders.
fn any(value: &AnyValue) -> String {
    match &value.value {
        None | Some(Value::StringValueStrindex(_)) => String::new(),
        Some(Value::StringValue(s)) => s.clone(),
        Some(Value::BoolValue(b)) => b.to_string(),
        Some(Value::IntValue(i)) => i.to_string(),
        Some(Value::DoubleValue(d)) => d.to_string(),
        Some(Value::BytesValue(b)) => hex::encode(&b[..b.len().min(256)]),
        Some(Value::ArrayValue(a)) => {
            format!("[{}]", a.values.iter().map(any).collect::<Vec<_>>().join(","))
        }
        Some(Value::KvlistValue(l)) => {
            let pair =
                |kv: &KeyValue| format!("{}={}", kv.key, kv.value.as_ref().map(any).unwrap_or_default());
            format!("{{{}}}", l.values.iter().map(pair).collect::<Vec<_>>().join(","))
        }
    }
}

fn cut(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
