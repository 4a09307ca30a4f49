//! What one file, or one block of a file, becomes.

use std::path::Path;

use firebell_core::telemetry::Telemetry;
use serde_json::Value;

use super::blocks::Block;
use super::error::Broken;
use super::files::{self, Entry};
use super::loglines::{self, Context, time::Date};
use super::metrics::{self, Rows};
use super::{alerts, changes, commands, events, jaeger, k8s, otlp, prometheus, repair, tables};

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
    let mut part = Part::default();
    let Part { telemetry: into, broken, .. } = &mut part;
    let name = entry.name.as_str();
    let (folder, file) = folder_and_file(entry);
    match (folder, extension(file)) {
        ("", _) => into.topology = tables::topology(&files::text(&entry.path)?, name, broken)?,
        ("metrics", _) => into.series = prometheus::matrix(&json(entry, broken)?, name)?,
        ("logs", _) => into.logs = otlp::logs(&json(entry, broken)?, name)?,
        ("traces", "json") => {
            let value = json(entry, broken)?;
            into.spans = if value.get("resourceSpans").is_some() {
                otlp::spans(&value, name)?
            } else {
                jaeger::spans(&value, name)?
            };
        }
        ("traces", _) => into.spans = tables::spans(&files::bytes(&entry.path)?, name, broken)?,
        ("alerts", _) => {
            let value = json(entry, broken)?;
            into.alerts = alerts::alerts(&value, name, broken)?;
        }
        ("changes", _) => {
            let value = json(entry, broken)?;
            into.changes = changes::changes(&value, name, broken)?;
        }
        ("events", _) => {
            let value = json(entry, broken)?;
            into.events = events::events(&value, name, broken)?;
        }
        ("k8s", "json") => into.objects = k8s::objects(json(entry, broken)?, name),
        ("k8s", _) => into.objects = k8s::yaml(&files::text(&entry.path)?, name)?,
        ("commands", _) => into.commands = commands::parse(&files::text(&entry.path)?, name),
        _ => part.ignored = true,
    }
    Ok(part)
}

/// A file's JSON; of one that is cut off, what is whole of it.
fn json(entry: &Entry, broken: &mut Vec<Broken>) -> Result<Value, String> {
    let raw = files::bytes(&entry.path)?;
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&raw);
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
        broken.push(Broken { file: entry.name.clone(), line, reason });
        return Ok(value);
    }
    if raw.trim_ascii().is_empty() {
        return Err("is empty".into());
    }
    Err(format!("is not JSON: {error} (line {line}, column {column})"))
}
