//! Writing a bundle: each kind of telemetry in the richest form that the format has for it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use firebell_core::telemetry::{LogLine, Series, Span, SpanKind, Telemetry};
use serde_json::{Map, Value, json};

use super::error::Error;
use super::meta::{BundleMeta, FORMAT};

/// Writes `telemetry` as a bundle into `dir`, which is made if it is missing. Fields of `meta` that are empty are
/// taken from the telemetry.
///
/// # Errors
/// If the file system refuses.
pub fn write(dir: &Path, telemetry: &Telemetry, meta: &BundleMeta) -> Result<(), Error> {
    let mut meta = meta.clone();
    meta.format = FORMAT.to_owned();
    if meta.report.is_empty() {
        meta.report.clone_from(&telemetry.report);
    }
    meta.window = meta.window.or(telemetry.window);
    meta.impact_started_at = meta.impact_started_at.or(telemetry.impact_started_at);
    if meta.components.is_empty() {
        meta.components.clone_from(&telemetry.components);
    }
    if meta.gaps.is_empty() {
        meta.gaps.clone_from(&telemetry.gaps);
    }
    folder(dir)?;
    series(dir, &telemetry.series)?;
    logs(dir, &telemetry.logs)?;
    spans(dir, &telemetry.spans)?;
    let list = |sub: &str, file: &str, items: Vec<Value>| {
        if items.is_empty() { Ok(()) } else { put_json(dir, sub, file, &Value::Array(items)) }
    };
    let alerts: Vec<Value> = telemetry
        .alerts
        .iter()
        .map(|a| {
            let mut labels = a.labels.clone();
            labels.entry("alertname".into()).or_insert_with(|| a.name.clone());
            let mut o = json!({"status": if a.firing { "firing" } else { "resolved" },
                "labels": labels, "annotations": a.annotations});
            for (key, at) in [("startsAt", a.starts_at), ("endsAt", a.ends_at)] {
                if let Some(at) = at {
                    o[key] = json!(at.to_string());
                }
            }
            o
        })
        .collect();
    if !alerts.is_empty() {
        put_json(dir, "alerts", "alerts.json", &json!({"version": "4", "alerts": alerts}))?;
    }
    list("changes", "changes.json", telemetry.changes.iter().map(to_json).collect())?;
    list("events", "events.json", telemetry.events.iter().map(to_json).collect())?;
    list("k8s", "objects.json", telemetry.objects.iter().map(|o| o.object.clone()).collect())?;
    if !telemetry.topology.is_empty() {
        let mut out = csv::Writer::from_writer(Vec::new());
        let rows = std::iter::once(("caller", "callee", "kind")).chain(
            telemetry.topology.iter().map(|e| (e.caller.as_str(), e.callee.as_str(), e.kind.as_str())),
        );
        for row in rows {
            // Writing to memory cannot fail; a refusal would only drop the row.
            let _ = out.write_record([row.0, row.1, row.2]);
        }
        put(dir, "", "topology.csv", &out.into_inner().unwrap_or_default())?;
    }
    if !telemetry.commands.is_empty() {
        let mut text = String::new();
        for c in &telemetry.commands {
            let _ = writeln!(text, "$ {}\n{}", c.command, c.output);
        }
        put(dir, "commands", "commands.txt", text.as_bytes())?;
    }
    // Last: a folder without it is no bundle, so a half-written one is never taken for whole.
    put_json(dir, "", "bundle.json", &to_json(&meta))
}

fn series(dir: &Path, series: &[Series]) -> Result<(), Error> {
    if series.is_empty() {
        return Ok(());
    }
    let result: Vec<Value> = series
        .iter()
        .map(|s| {
            let mut metric = Map::new();
            metric.insert("__name__".into(), json!(s.name));
            for (k, v) in &s.labels {
                metric.insert(k.clone(), json!(v));
            }
            let values: Vec<Value> =
                s.points.iter().map(|(t, v)| json!([*t as f64 / 1000.0, v.to_string()])).collect();
            let mut item = json!({"metric": metric, "values": values, "firebell_kind": s.kind});
            if let Some(c) = &s.component {
                item["firebell_component"] = json!(c);
            }
            item
        })
        .collect();
    let body = json!({"status": "success", "data": {"resultType": "matrix", "result": result}});
    put_json(dir, "metrics", "series.json", &body)
}

fn logs(dir: &Path, lines: &[LogLine]) -> Result<(), Error> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for line in lines {
        let component = line.component.as_deref().unwrap_or("unknown");
        let mut o = Map::new();
        if let Some(at) = line.at {
            o.insert("time".into(), json!(at.to_string()));
        }
        if let Some(level) = &line.level {
            o.insert("level".into(), json!(level));
        }
        o.insert("component".into(), json!(component));
        o.insert("message".into(), json!(line.text));
        if let Some(trace) = &line.trace_id {
            o.insert("trace_id".into(), json!(trace));
        }
        for (k, v) in &line.fields {
            o.entry(k.clone()).or_insert_with(|| json!(v));
        }
        let text = files.entry(file_name(component)).or_default();
        let _ = writeln!(text, "{}", Value::Object(o));
    }
    for (name, text) in files {
        put(dir, "logs", &format!("{name}.jsonl"), text.as_bytes())?;
    }
    Ok(())
}

fn spans(dir: &Path, spans: &[Span]) -> Result<(), Error> {
    if spans.is_empty() {
        return Ok(());
    }
    let mut traces: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for s in spans {
        let mut tags: Vec<Value> =
            s.attributes.iter().map(|(k, v)| json!({"key": k, "type": "string", "value": v})).collect();
        let kind = match s.kind {
            SpanKind::Internal => None,
            SpanKind::Server => Some("server"),
            SpanKind::Client => Some("client"),
            SpanKind::Producer => Some("producer"),
            SpanKind::Consumer => Some("consumer"),
        };
        if let Some(kind) = kind {
            tags.push(json!({"key": "span.kind", "type": "string", "value": kind}));
        }
        if s.error {
            tags.push(json!({"key": "error", "type": "bool", "value": true}));
        }
        let references: Vec<Value> = s
            .parent_id
            .iter()
            .map(|p| json!({"refType": "CHILD_OF", "traceID": s.trace_id, "spanID": p}))
            .collect();
        traces.entry(&s.trace_id).or_default().push(json!({
            "traceID": s.trace_id, "spanID": s.span_id, "operationName": s.operation,
            "references": references, "startTime": s.start_us, "duration": s.duration_us, "tags": tags,
            "logs": [], "process": {"serviceName": s.component, "tags": []}}));
    }
    let data: Vec<Value> = traces
        .into_iter()
        .map(|(id, spans)| json!({"traceID": id, "spans": spans, "processes": {}}))
        .collect();
    put_json(dir, "traces", "traces.json", &json!({"data": data}))
}

/// A component's name as a file name: nothing that a file system or a reader could take for a path.
fn file_name(component: &str) -> String {
    let name: String = component
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '_' })
        .take(120)
        .collect();
    if name.trim_matches('.').is_empty() { "unknown".to_owned() } else { name }
}

fn to_json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

fn folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|source| Error::Io {
        path: path.to_owned(),
        what: "make the folder",
        source,
    })
}

fn put_json(dir: &Path, sub: &str, file: &str, value: &Value) -> Result<(), Error> {
    let mut text = serde_json::to_vec(value).unwrap_or_default();
    text.push(b'\n');
    put(dir, sub, file, &text)
}

fn put(dir: &Path, sub: &str, file: &str, bytes: &[u8]) -> Result<(), Error> {
    let folder_path = if sub.is_empty() { dir.to_owned() } else { dir.join(sub) };
    folder(&folder_path)?;
    let path = folder_path.join(file);
    fs::write(&path, bytes).map_err(|source| Error::Io { path, what: "write", source })
}
