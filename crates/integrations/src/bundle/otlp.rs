//! OTLP in its JSON form: spans and log records.

use std::fmt::Write as _;

use firebell_core::telemetry::{Labels, LogLine, Span};
use jiff::Timestamp;
use serde_json::Value;

use super::jaeger::kind_of;

/// Decodes `{"resourceSpans": […]}`.
///
/// # Errors
/// If there is no `resourceSpans` list.
pub fn spans(value: &Value, source: &str) -> Result<Vec<Span>, String> {
    let resources =
        value.get("resourceSpans").and_then(Value::as_array).ok_or("field resourceSpans is not a list")?;
    let mut out = Vec::new();
    for resource in resources {
        let about = attributes(resource.pointer("/resource/attributes"));
        let component = about.get("service.name").cloned().unwrap_or_default();
        for span in scoped(resource, "scopeSpans", "instrumentationLibrarySpans", "spans") {
            let text = |key: &str| span.get(key).and_then(Value::as_str);
            let (Some(trace_id), Some(span_id), Some(start)) =
                (text("traceId"), text("spanId"), nanos(span.get("startTimeUnixNano")))
            else {
                continue;
            };
            let end = nanos(span.get("endTimeUnixNano")).unwrap_or(start);
            let code = span.pointer("/status/code").map(plain).unwrap_or_default();
            out.push(Span {
                source: source.to_owned(),
                trace_id: trace_id.to_lowercase(),
                span_id: span_id.to_lowercase(),
                parent_id: text("parentSpanId").filter(|p| !p.is_empty()).map(str::to_lowercase),
                component: component.clone(),
                operation: text("name").unwrap_or("").to_owned(),
                kind: span.get("kind").map(|k| kind_of(&plain(k))).unwrap_or_default(),
                start_us: start / 1000,
                duration_us: end.saturating_sub(start) / 1000,
                error: code == "2" || code == "STATUS_CODE_ERROR",
                attributes: attributes(span.get("attributes")),
            });
        }
    }
    Ok(out)
}

/// Decodes `{"resourceLogs": […]}`.
///
/// # Errors
/// If there is no `resourceLogs` list.
pub fn logs(value: &Value, source: &str) -> Result<Vec<LogLine>, String> {
    let resources =
        value.get("resourceLogs").and_then(Value::as_array).ok_or("field resourceLogs is not a list")?;
    let mut out = Vec::new();
    for resource in resources {
        let about = attributes(resource.pointer("/resource/attributes"));
        for record in scoped(resource, "scopeLogs", "instrumentationLibraryLogs", "logRecords") {
            let at = nanos(record.get("timeUnixNano"))
                .filter(|n| *n > 0)
                .or_else(|| nanos(record.get("observedTimeUnixNano")))
                .and_then(|n| Timestamp::from_nanosecond(i128::from(n)).ok());
            out.push(LogLine {
                source: source.to_owned(),
                line: 0,
                component: about.get("service.name").cloned(),
                at,
                level: record
                    .get("severityText")
                    .and_then(Value::as_str)
                    .filter(|s| !s.is_empty())
                    .map(str::to_lowercase)
                    .or_else(|| record.get("severityNumber").and_then(Value::as_u64).map(severity)),
                text: record.get("body").map(any_value).unwrap_or_default(),
                fields: attributes(record.get("attributes")),
                trace_id: record
                    .get("traceId")
                    .and_then(Value::as_str)
                    .filter(|t| !t.is_empty())
                    .map(str::to_lowercase),
            });
        }
    }
    Ok(out)
}

fn severity(number: u64) -> String {
    match number {
        0..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warn",
        17..=20 => "error",
        _ => "fatal",
    }
    .to_owned()
}

fn scoped<'a>(resource: &'a Value, new: &str, old: &str, items: &'a str) -> impl Iterator<Item = &'a Value> {
    resource
        .get(new)
        .or_else(|| resource.get(old))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(move |scope| scope.get(items).and_then(Value::as_array))
        .flatten()
}

fn nanos(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_str().map_or_else(|| value.as_i64(), |s| s.parse().ok())
}

fn attributes(list: Option<&Value>) -> Labels {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|a| Some((a.get("key")?.as_str()?.to_owned(), any_value(a.get("value")?))))
        .collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// OTLP's `AnyValue` as text.
fn any_value(value: &Value) -> String {
    for key in ["stringValue", "intValue", "boolValue", "doubleValue", "bytesValue"] {
        if let Some(v) = value.get(key) {
            return plain(v);
        }
    }
    if let Some(values) = value.pointer("/arrayValue/values").and_then(Value::as_array) {
        let mut out = String::from("[");
        for (i, v) in values.iter().enumerate() {
            let _ = write!(out, "{}{}", if i > 0 { "," } else { "" }, any_value(v));
        }
        out.push(']');
        return out;
    }
    plain(value)
}
