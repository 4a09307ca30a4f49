//! What one file, or one block of a file, becomes.

use std::path::Path;

use firebell_core::telemetry::Telemetry;
use serde_json::Value;

use super::blocks::Block;
use super::error::Broken;
use super::files::{self, Entry};
use super::loglines::{self, Context, time::Date};
use super::metrics::{self, Rows};
use super::{alerts, changes, commands, events, jaeger, k8s, otlp, prometheus, repair, tables, typed};

/// Telemetry of one piece and what is to be told of it.
#[derive(Default)]
pub(super) struct Part {
    pub telemetry: Telemetry,
    pub broken: Vec<Broken>,
    pub ignored: bool,
    /// Rows of a wide table; they are put together with the other blocks of it.
    pub rows: Option<Rows>,
    /// Lines that begin in this block.
    pub lines: u64,
    /// Records or rows whose time names no zone.
    pub naive: usize,
    /// Log records whose date is not known yet, by place.
    pub undated: Vec<(usize, Date)>,
}

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Names the bundle or its answer; not telemetry.
    Meta,
    /// Log lines, in blocks.
    Lines(loglines::file::Form),
    /// A wide table, in blocks.
    Table,
    /// Anything else that is known, at once.
    Whole,
    /// Nothing reads it.
    Unknown,
}

pub(super) fn kind(entry: &Entry) -> Kind {
    use loglines::file::Form;
    let (folder, file) = folder_and_file(entry);
    match (folder, extension(file)) {
        ("", _) if file == "bundle.json" || file == "answer.json" => Kind::Meta,
        ("", _) if file == "topology.csv" => Kind::Whole,
        ("metrics", "csv") => Kind::Table,
        ("logs", "log" | "txt" | "out" | "err") => Kind::Lines(Form::Any),
        ("logs", "jsonl" | "ndjson") => Kind::Lines(Form::Json),
        ("traces", "csv" | "json")
        | ("metrics" | "logs" | "alerts" | "changes" | "events" | "k8s", "json")
        | ("k8s", "yaml" | "yml")
        | ("commands", "txt") => Kind::Whole,
        _ => Kind::Unknown,
    }
}

fn folder_and_file(entry: &Entry) -> (&str, &str) {
    entry.local.split_once('/').unwrap_or(("", entry.local.as_str()))
}

fn extension(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, e)| e)
}

/// The component that a file's name says: without folders below `logs/`, without endings.
fn stem(file: &str) -> &str {
    let file = file.rsplit_once('/').map_or(file, |(_, f)| f);
    file.rsplit_once('.').map_or(file, |(s, _)| s)
}

/// Reads a block of log lines.
pub(super) fn lines(entry: &Entry, form: loglines::file::Form, index: u64) -> Result<Part, String> {
    let block = Block::read(&entry.path, index, &loglines::file::begins)?;
    let cx = Context { source: &entry.name, component: Some(stem(folder_and_file(entry).1)), around: None };
    let bytes = block.bytes();
    if index == 0 && (bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")) {
        return Err("is UTF-16; save it as UTF-8".into());
    }
    let mut read = loglines::file::read(bytes, form, &cx);
    if block.cut {
        let reason = "is longer than a megabyte; its end is left out".to_owned();
        read.broken.push(Broken { file: entry.name.clone(), line: block.lines(), reason });
    }
    let telemetry = Telemetry { logs: read.records, ..Telemetry::default() };
    Ok(Part {
        telemetry,
        broken: read.broken,
        lines: block.lines(),
        naive: read.naive,
        undated: read.undated,
        ..Part::default()
    })
}

/// Reads a block of a wide table.
pub(super) fn table(path: &Path, name: &str, header: &metrics::Header, index: u64) -> Result<Part, String> {
    let block = Block::read(path, index, &|_| true)?;
    let mut bytes = block.bytes();
    let mut line = 1;
    if index == 0 {
        let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |i| i + 1);
        bytes = &bytes[end..];
        line = 2;
    }
    let rows = metrics::rows(bytes, line, name, header);
    Ok(Part { naive: rows.naive, rows: Some(rows), lines: block.lines(), ..Part::default() })
}

/// Reads a file that is small enough to be read at once.
pub(super) fn whole(entry: &Entry) -> Result<Part, String> {
    decode(&entry.local, &entry.name, files::bytes(&entry.path)?)
}

/// What a file holds, by its place in the bundle; `name` is what it is called in what is told.
fn decode(local: &str, name: &str, bytes: Vec<u8>) -> Result<Part, String> {
    let mut part = Part::default();
    let Part { telemetry: into, broken, .. } = &mut part;
    let (folder, file) = local.split_once('/').unwrap_or(("", local));
    let json = |broken: &mut Vec<Broken>| json(&bytes, name, broken);
    match (folder, extension(file)) {
        ("", _) => into.topology = tables::topology(&files::as_text(bytes), name, broken)?,
        ("metrics", _) => {
            into.series = match typed::matrix(&bytes, name) {
                Some(series) => series,
                None => prometheus::matrix(&json(broken)?, name)?,
            };
        }
        ("logs", _) => into.logs = otlp::logs(&json(broken)?, name)?,
        ("traces", "json") => {
            into.spans = match typed::jaeger(&bytes, name) {
                Some(spans) => spans,
                None => {
                    let value = json(broken)?;
                    let spans = if value.get("resourceSpans").is_some() {
                        otlp::spans(&value, name)?
                    } else {
                        jaeger::spans(&value, name)?
                    };
                    let lost = listed(&value).saturating_sub(spans.len());
                    if lost > 0 {
                        let reason = format!("{lost} spans lack their trace, their id or their start");
                        broken.push(Broken { file: name.to_owned(), line: 0, reason });
                    }
                    spans
                }
            };
        }
        ("traces", _) => into.spans = tables::spans(&bytes, name, broken)?,
        ("alerts", _) => {
            let value = json(broken)?;
            into.alerts = alerts::alerts(&value, name, broken)?;
        }
        ("changes", _) => {
            let value = json(broken)?;
            into.changes = changes::changes(&value, name, broken)?;
        }
        ("events", _) => {
            let value = json(broken)?;
            into.events = events::events(&value, name, broken)?;
        }
        ("k8s", "json") => into.objects = k8s::objects(json(broken)?, name),
        ("k8s", _) => into.objects = k8s::yaml(&files::as_text(bytes), name)?,
        ("commands", _) => into.commands = commands::parse(&files::as_text(bytes), name),
        _ => part.ignored = true,
    }
    Ok(part)
}

/// What one file of a bundle holds, from memory: `local` is its path in the bundle and says how it is read. Answers the
/// telemetry and what was left out of it.
///
/// # Errors
/// If nothing of it can be used, with the reason.
pub fn decode_file(local: &str, bytes: &[u8]) -> Result<(Telemetry, Vec<Broken>), String> {
    let entry =
        Entry { path: local.into(), name: local.into(), local: local.into(), size: bytes.len() as u64 };
    let part = match kind(&entry) {
        Kind::Lines(form) => {
            let cx =
                Context { source: local, component: Some(stem(folder_and_file(&entry).1)), around: None };
            let read = loglines::file::read(bytes, form, &cx);
            let telemetry = Telemetry { logs: read.records, ..Telemetry::default() };
            Part { telemetry, broken: read.broken, ..Part::default() }
        }
        Kind::Table => {
            let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
            let header = metrics::header(&bytes[..end], local)?;
            let rows = metrics::rows(bytes.get(end + 1..).unwrap_or(&[]), 2, local, &header);
            let mut broken = Vec::new();
            let series = metrics::finish(header, vec![rows], &mut broken, local);
            Part { telemetry: Telemetry { series, ..Telemetry::default() }, broken, ..Part::default() }
        }
        Kind::Whole => decode(local, local, bytes.to_vec())?,
        Kind::Meta | Kind::Unknown => Part::default(),
    };
    Ok((part.telemetry, part.broken))
}

/// How many entries lists named `spans` have.
fn listed(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(listed).sum(),
        Value::Object(o) => o
            .iter()
            .map(|(k, v)| match v {
                Value::Array(spans) if k == "spans" => spans.len(),
                v => listed(v),
            })
            .sum(),
        _ => 0,
    }
}

/// A file's JSON; of one that is cut off, what is whole of it.
fn json(raw: &[u8], name: &str, broken: &mut Vec<Broken>) -> Result<Value, String> {
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let error = match serde_json::from_slice(raw) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let line = error.line() as u64;
    let column = error.column();
    if error.is_eof()
        && let Some(value) = repair::truncated(raw)
    {
        let reason = format!("ends in the middle (column {column}): what is whole before it is used");
        broken.push(Broken { file: name.to_owned(), line, reason });
        return Ok(value);
    }
    if raw.trim_ascii().is_empty() {
        return Err("is empty".into());
    }
    Err(format!("is not JSON: {error} (line {line}, column {column})"))
}
