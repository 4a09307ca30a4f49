//! Reading a whole bundle into [`Telemetry`].

use std::path::Path;

use firebell_core::telemetry::Telemetry;
use serde_json::Value;

use super::error::{Broken, Error};
use super::files::{self, Entry};
use super::meta::{BundleMeta, FORMAT};
use super::{alerts, changes, commands, events, jaeger, k8s, loglines, metrics, otlp, prometheus, tables};

/// A bundle in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Everything that an investigation may see.
    pub telemetry: Telemetry,
    /// Files that no reader knows.
    pub ignored: Vec<String>,
    /// Files or lines that were left out, with the reason.
    pub broken: Vec<Broken>,
}

/// Reads the bundle in `dir`; never opens `answer.json`.
///
/// # Errors
/// If there is no usable `bundle.json` or the folder is past the caps. One broken data file is no error.
pub fn read(dir: &Path) -> Result<Loaded, Error> {
    let meta = read_meta(dir)?;
    let mut broken = Vec::new();
    let mut entries = files::list(dir, "", &mut broken)?;
    for include in files::distinct(&meta.include) {
        match files::resolve_include(dir, include) {
            Ok(folder) => {
                let prefix = format!("{}/", include.trim_end_matches('/'));
                entries.extend(files::list(&folder, &prefix, &mut broken)?);
            }
            Err(reason) => broken.push(Broken { file: "bundle.json".into(), line: 0, reason }),
        }
    }
    let mut telemetry = Telemetry {
        report: meta.report,
        window: meta.window,
        impact_started_at: meta.impact_started_at,
        components: meta.components,
        gaps: meta.gaps,
        ..Telemetry::default()
    };
    let mut ignored = Vec::new();
    for entry in &entries {
        match one(entry, &mut telemetry, &mut broken) {
            Ok(true) => {}
            Ok(false) => ignored.push(entry.name.clone()),
            Err(reason) => broken.push(Broken { file: entry.name.clone(), line: 0, reason }),
        }
    }
    Ok(Loaded { telemetry, ignored, broken })
}

/// The benchmark's answer, where the bundle has one.
///
/// # Errors
/// If it is there and is not JSON.
pub fn answer(dir: &Path) -> Result<Option<Value>, Error> {
    let path = dir.join("answer.json");
    if !path.is_file() {
        return Ok(None);
    }
    let text = files::text(&path).map_err(|reason| Error::Invalid { path: path.clone(), reason })?;
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|e| Error::Invalid { path, reason: format!("is not JSON: {e}") })
}

fn read_meta(dir: &Path) -> Result<BundleMeta, Error> {
    let path = dir.join("bundle.json");
    if !path.is_file() {
        return Err(Error::NotABundle { path: dir.to_owned() });
    }
    let invalid = |reason: String| Error::Invalid { path: path.clone(), reason };
    let text = files::text(&path).map_err(invalid)?;
    let value: Value = serde_json::from_str(&text).map_err(|e| invalid(format!("is not JSON: {e}")))?;
    match value.get("format").and_then(Value::as_str) {
        Some(FORMAT) => {}
        Some(other) => {
            return Err(invalid(format!("field format is {other:?}; this version reads {FORMAT:?}")));
        }
        None => return Err(invalid(format!("field format is missing; it must be {FORMAT:?}"))),
    }
    serde_json::from_value(value).map_err(|e| invalid(format!("has a wrong field: {e}")))
}

fn one(entry: &Entry, into: &mut Telemetry, broken: &mut Vec<Broken>) -> Result<bool, String> {
    let name = entry.name.as_str();
    let (folder, file) = entry.local.split_once('/').unwrap_or(("", entry.local.as_str()));
    let extension = file.rsplit_once('.').map_or("", |(_, e)| e);
    match (folder, extension) {
        ("", _) if file == "bundle.json" || file == "answer.json" => {}
        ("", _) if file == "topology.csv" => {
            into.topology.extend(tables::topology(&files::text(&entry.path)?, name, broken)?);
        }
        ("metrics", "csv") => {
            into.series.extend(metrics::wide_csv(&files::bytes(&entry.path)?, name, broken)?)
        }
        ("metrics", "json") => into.series.extend(prometheus::matrix(&json(entry)?, name)?),
        ("logs", "log" | "txt") => {
            into.logs.extend(loglines::plain(&files::text(&entry.path)?, name, stem(file)));
        }
        ("logs", "jsonl" | "ndjson") => {
            into.logs.extend(loglines::jsonl(&files::text(&entry.path)?, name, stem(file), broken));
        }
        ("logs", "json") => into.logs.extend(otlp::logs(&json(entry)?, name)?),
        ("traces", "json") => {
            let value = json(entry)?;
            if value.get("resourceSpans").is_some() {
                into.spans.extend(otlp::spans(&value, name)?);
            } else {
                into.spans.extend(jaeger::spans(&value, name)?);
            }
        }
        ("traces", "csv") => into.spans.extend(tables::spans(&files::bytes(&entry.path)?, name, broken)?),
        ("alerts", "json") => into.alerts.extend(alerts::alerts(&json(entry)?, name, broken)?),
        ("changes", "json") => into.changes.extend(changes::changes(&json(entry)?, name, broken)?),
        ("events", "json") => into.events.extend(events::events(&json(entry)?, name, broken)?),
        ("k8s", "json") => into.objects.extend(k8s::objects(json(entry)?, name)),
        ("k8s", "yaml" | "yml") => into.objects.extend(k8s::yaml(&files::text(&entry.path)?, name)?),
        ("commands", "txt") => into.commands.extend(commands::parse(&files::text(&entry.path)?, name)),
        _ => return Ok(false),
    }
    Ok(true)
}

fn stem(file: &str) -> &str {
    file.rsplit_once('.').map_or(file, |(s, _)| s)
}

fn json(entry: &Entry) -> Result<Value, String> {
    serde_json::from_slice(&files::bytes(&entry.path)?)
        .map_err(|e| format!("is not JSON: {e} (line {}, column {})", e.line(), e.column()))
}
