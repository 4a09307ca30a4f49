//! Jaeger's query API: `{"data": [{"traceID", "processes", "spans": […]}]}` to spans.

use firebell_core::telemetry::{Labels, Span, SpanKind};
use serde_json::Value;

/// Decodes an answer of `/api/traces` or `/api/traces/{id}`.
///
/// # Errors
/// If there is no `data` list.
pub fn spans(value: &Value, source: &str) -> Result<Vec<Span>, String> {
    let data = value.get("data").unwrap_or(value);
    let Some(traces) = data.as_array() else {
        return Err("field data is not a list of traces".into());
    };
    let mut out = Vec::new();
    for trace in traces {
        let processes = trace.get("processes");
        for span in trace.get("spans").and_then(Value::as_array).into_iter().flatten() {
            if let Some(s) = one(span, processes, source) {
                out.push(s);
            }
        }
    }
    Ok(out)
}

fn one(span: &Value, processes: Option<&Value>, source: &str) -> Option<Span> {
    let text = |key: &str| span.get(key).and_then(Value::as_str);
    let process =
        span.get("process").or_else(|| processes.and_then(|p| p.get(text("processID").unwrap_or("p1"))));
    let mut attributes = Labels::new();
    let mut kind = SpanKind::Internal;
    let mut error = false;
    tags(span.get("tags"), |key, value| match key {
        "span.kind" => kind = kind_of(value),
        "error" => error |= value == "true",
        "otel.status_code" => {
            error |= value.eq_ignore_ascii_case("error");
            attributes.insert(key.to_owned(), value.to_owned());
        }
        _ => {
            attributes.insert(key.to_owned(), value.to_owned());
        }
    });
    tags(process.and_then(|p| p.get("tags")), |key, value| {
        attributes.entry(key.to_owned()).or_insert_with(|| value.to_owned());
    });
    let parent_id = span
        .get("references")
        .and_then(Value::as_array)
        .and_then(|refs| {
            refs.iter()
                .find(|r| r.get("refType").and_then(Value::as_str) == Some("CHILD_OF"))
                .or_else(|| refs.first())
        })
        .and_then(|r| r.get("spanID"))
        .and_then(Value::as_str)
        .or_else(|| text("parentSpanID"))
        .filter(|p| !p.is_empty())
        .map(str::to_lowercase);
    Some(Span {
        source: source.to_owned(),
        trace_id: text("traceID")?.to_lowercase(),
        span_id: text("spanID")?.to_lowercase(),
        parent_id,
        component: process
            .and_then(|p| p.get("serviceName"))
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned(),
        operation: text("operationName").unwrap_or("").to_owned(),
        kind,
        start_us: span.get("startTime").and_then(Value::as_i64)?,
        duration_us: span.get("duration").and_then(Value::as_i64).unwrap_or(0),
        error,
        attributes,
    })
}

fn tags(list: Option<&Value>, mut each: impl FnMut(&str, &str)) {
    for tag in list.and_then(Value::as_array).into_iter().flatten() {
        let (Some(key), Some(value)) = (tag.get("key").and_then(Value::as_str), tag.get("value")) else {
            continue;
        };
        match value.as_str() {
            Some(text) => each(key, text),
            None => each(key, &value.to_string()),
        }
    }
}

/// `server`, `SPAN_KIND_SERVER` or the number of OTLP.
pub(super) fn kind_of(text: &str) -> SpanKind {
    match text.trim_start_matches("SPAN_KIND_").to_ascii_lowercase().as_str() {
        "server" | "2" => SpanKind::Server,
        "client" | "3" => SpanKind::Client,
        "producer" | "4" => SpanKind::Producer,
        "consumer" | "5" => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}
