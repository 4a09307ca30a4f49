//! Takes secrets and personal data out of what came, before it is held or kept on disk: names and attributes of spans,
//! bodies and attributes of log records, attributes of metrics' points as labels.

use std::borrow::Cow;

use firebell_core::secrets::Mask;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::Exemplar;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;

/// Whole numbers from here on may be those of cards.
const LONG: i64 = 1_000_000_000_000;

pub(super) fn traces(request: &mut ExportTraceServiceRequest, mask: &Mask) {
    for resource in &mut request.resource_spans {
        resource.resource.iter_mut().for_each(|r| attributes(&mut r.attributes, mask));
        for span in resource.scope_spans.iter_mut().flat_map(|s| &mut s.spans) {
            text(&mut span.name, mask);
            attributes(&mut span.attributes, mask);
            span.status.iter_mut().for_each(|s| text(&mut s.message, mask));
            for event in &mut span.events {
                text(&mut event.name, mask);
                attributes(&mut event.attributes, mask);
            }
            span.links.iter_mut().for_each(|l| attributes(&mut l.attributes, mask));
        }
    }
}

pub(super) fn logs(request: &mut ExportLogsServiceRequest, mask: &Mask) {
    for resource in &mut request.resource_logs {
        resource.resource.iter_mut().for_each(|r| attributes(&mut r.attributes, mask));
        for record in resource.scope_logs.iter_mut().flat_map(|s| &mut s.log_records) {
            record.body.iter_mut().for_each(|b| any("", b, mask));
            attributes(&mut record.attributes, mask);
        }
    }
}

/// Whether it held any: most hold none, and are kept as they came.
pub(super) fn metrics(request: &mut ExportMetricsServiceRequest, mask: &Mask) -> bool {
    let mut any = false;
    for resource in &mut request.resource_metrics {
        resource.resource.iter_mut().for_each(|r| any |= labels(&mut r.attributes, mask));
        for metric in resource.scope_metrics.iter_mut().flat_map(|s| &mut s.metrics) {
            let mut point = |of: &mut [KeyValue], exemplars: &mut [Exemplar]| {
                any |= labels(of, mask);
                exemplars.iter_mut().for_each(|e| any |= labels(&mut e.filtered_attributes, mask));
            };
            match &mut metric.data {
                Some(Data::Gauge(d)) => {
                    d.data_points.iter_mut().for_each(|p| point(&mut p.attributes, &mut p.exemplars));
                }
                Some(Data::Sum(d)) => {
                    d.data_points.iter_mut().for_each(|p| point(&mut p.attributes, &mut p.exemplars));
                }
                Some(Data::Histogram(d)) => {
                    d.data_points.iter_mut().for_each(|p| point(&mut p.attributes, &mut p.exemplars));
                }
                Some(Data::ExponentialHistogram(d)) => {
                    d.data_points.iter_mut().for_each(|p| point(&mut p.attributes, &mut p.exemplars));
                }
                Some(Data::Summary(d)) => {
                    d.data_points.iter_mut().for_each(|p| point(&mut p.attributes, &mut []));
                }
                None => {}
            }
        }
    }
    any
}

fn labels(list: &mut [KeyValue], mask: &Mask) -> bool {
    let mut any = false;
    for kv in list {
        if let Some(Value::StringValue(s)) = kv.value.as_mut().and_then(|v| v.value.as_mut())
            && let Cow::Owned(masked) = mask.label(&kv.key, s)
        {
            *s = masked;
            any = true;
        }
    }
    any
}

fn attributes(list: &mut [KeyValue], mask: &Mask) {
    for kv in list {
        if let Some(value) = &mut kv.value {
            any(&kv.key, value, mask);
        }
    }
}

/// Depth is bounded by the decoders.
fn any(name: &str, value: &mut AnyValue, mask: &Mask) {
    match &mut value.value {
        Some(Value::StringValue(s)) => {
            let masked = mask.value(name, s);
            if masked != s.as_str() {
                *s = masked.into_owned();
            }
        }
        Some(Value::IntValue(n)) if *n >= LONG => {
            let shown = n.to_string();
            let masked = mask.value(name, &shown);
            if masked != shown.as_str() {
                value.value = Some(Value::StringValue(masked.into_owned()));
            }
        }
        Some(Value::ArrayValue(a)) => a.values.iter_mut().for_each(|v| any(name, v, mask)),
        Some(Value::KvlistValue(l)) => attributes(&mut l.values, mask),
        _ => {}
    }
}

fn text(text: &mut String, mask: &Mask) {
    if let Cow::Owned(masked) = mask.text(text) {
        *text = masked;
    }
}
