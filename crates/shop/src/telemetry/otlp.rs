//! Turning spans, metrics and log records into OTLP's protobuf messages. Sending them is next door.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    logs::v1::{LogRecord as OtlpLog, ResourceLogs, ScopeLogs},
    metrics::v1::{
        AggregationTemporality, Exemplar as OtlpExemplar, Gauge, Histogram as OtlpHistogram,
        HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, exemplar,
        metric::Data, number_data_point,
    },
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span, status},
};

use super::{
    log::{Level, LogRecord},
    metrics::{BOUNDS, Exemplar, Histogram, Kind, Registry, Value, describe},
    trace::{SpanKind, SpanRecord, now_ns},
};

fn text(value: impl Into<String>) -> AnyValue {
    AnyValue { value: Some(any_value::Value::StringValue(value.into())) }
}

fn pair(key: &str, value: impl Into<String>) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(text(value)), ..Default::default() }
}

fn resource(service: &str, version: &str) -> Option<Resource> {
    let mut attributes = vec![pair("service.name", service), pair("service.namespace", "shop")];
    if !version.is_empty() {
        attributes.push(pair("service.version", version));
    }
    Some(Resource { attributes, ..Default::default() })
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope { name: "shop".into(), ..Default::default() })
}

/// Spans, grouped by service.
pub(crate) fn traces(spans: Vec<SpanRecord>) -> ExportTraceServiceRequest {
    let mut by_service: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for record in spans {
        let kind = match record.kind {
            SpanKind::Server => span::SpanKind::Server,
            SpanKind::Client => span::SpanKind::Client,
        };
        let status = record
            .error
            .map(|message| Status { code: status::StatusCode::Error as i32, message })
            .or(Some(Status::default()));
        by_service.entry(record.service).or_default().push(Span {
            trace_id: record.cx.trace_id.to_vec(),
            span_id: record.cx.span_id.to_vec(),
            parent_span_id: record.parent.map(|p| p.to_vec()).unwrap_or_default(),
            name: record.name,
            kind: kind as i32,
            start_time_unix_nano: record.start_ns,
            end_time_unix_nano: record.end_ns,
            attributes: record.attributes.into_iter().map(|(k, v)| pair(k, v)).collect(),
            status,
            ..Default::default()
        });
    }
    let resource_spans = by_service
        .into_iter()
        .map(|(service, spans)| ResourceSpans {
            resource: resource(service, ""),
            scope_spans: vec![ScopeSpans { scope: scope(), spans, ..Default::default() }],
            ..Default::default()
        })
        .collect();
    ExportTraceServiceRequest { resource_spans }
}

/// Log records, grouped by service.
pub(crate) fn logs(records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let mut by_service: BTreeMap<&str, Vec<OtlpLog>> = BTreeMap::new();
    for record in records {
        let (number, name) = match record.level {
            Level::Info => (9, "INFO"),
            Level::Warn => (13, "WARN"),
            Level::Error => (17, "ERROR"),
        };
        by_service.entry(record.service).or_default().push(OtlpLog {
            time_unix_nano: record.at_ns,
            observed_time_unix_nano: record.at_ns,
            severity_number: number,
            severity_text: name.to_owned(),
            body: Some(text(record.message)),
            attributes: record.fields.iter().map(|(k, v)| pair(k, v)).collect(),
            trace_id: record.cx.map(|c| c.trace_id.to_vec()).unwrap_or_default(),
            span_id: record.cx.map(|c| c.span_id.to_vec()).unwrap_or_default(),
            ..Default::default()
        });
    }
    let resource_logs = by_service
        .into_iter()
        .map(|(service, log_records)| ResourceLogs {
            resource: resource(service, ""),
            scope_logs: vec![ScopeLogs { scope: scope(), log_records, ..Default::default() }],
            ..Default::default()
        })
        .collect();
    ExportLogsServiceRequest { resource_logs }
}

/// The state of one service's metrics now.
pub(crate) fn metrics(service: &str, version: &str, registry: &Registry, start_ns: u64) -> ResourceMetrics {
    let at = now_ns();
    let metrics = registry
        .snapshot()
        .into_iter()
        .filter_map(|(name, series)| {
            let desc = describe(name)?;
            let mut numbers = Vec::new();
            let mut histograms = Vec::new();
            for (labels, value) in series {
                let attributes: Vec<KeyValue> = labels.into_iter().map(|(k, v)| pair(k, v)).collect();
                match value {
                    Value::Number(number) => numbers.push(NumberDataPoint {
                        attributes,
                        start_time_unix_nano: start_ns,
                        time_unix_nano: at,
                        value: Some(number_data_point::Value::AsDouble(number)),
                        ..Default::default()
                    }),
                    Value::Histogram(histogram) => {
                        histograms.push(point(attributes, &histogram, start_ns, at))
                    }
                }
            }
            let cumulative = AggregationTemporality::Cumulative as i32;
            let data = match desc.kind {
                Kind::Counter => Data::Sum(Sum {
                    data_points: numbers,
                    aggregation_temporality: cumulative,
                    is_monotonic: true,
                }),
                Kind::Gauge => Data::Gauge(Gauge { data_points: numbers }),
                Kind::Histogram => Data::Histogram(OtlpHistogram {
                    data_points: histograms,
                    aggregation_temporality: cumulative,
                }),
            };
            let unit = if name.contains("_seconds") {
                "s"
            } else if name.ends_with("_bytes") {
                "By"
            } else {
                ""
            };
            Some(Metric {
                name: name.to_owned(),
                description: desc.help.to_owned(),
                unit: unit.to_owned(),
                data: Some(data),
                ..Default::default()
            })
        })
        .collect();
    ResourceMetrics {
        resource: resource(service, version),
        scope_metrics: vec![ScopeMetrics { scope: scope(), metrics, ..Default::default() }],
        ..Default::default()
    }
}

/// One request for all services' metrics.
pub(crate) fn metrics_request(resource_metrics: Vec<ResourceMetrics>) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest { resource_metrics }
}

fn point(attributes: Vec<KeyValue>, histogram: &Histogram, start_ns: u64, at: u64) -> HistogramDataPoint {
    let exemplars = histogram
        .exemplars
        .values()
        .map(|Exemplar { trace_id, span_id, value, at_ns }| OtlpExemplar {
            time_unix_nano: *at_ns,
            span_id: span_id.to_vec(),
            trace_id: trace_id.to_vec(),
            value: Some(exemplar::Value::AsDouble(*value)),
            ..Default::default()
        })
        .collect();
    HistogramDataPoint {
        attributes,
        start_time_unix_nano: start_ns,
        time_unix_nano: at,
        count: histogram.count,
        sum: Some(histogram.sum),
        bucket_counts: histogram.counts.to_vec(),
        explicit_bounds: BOUNDS.to_vec(),
        exemplars,
        ..Default::default()
    }
}
