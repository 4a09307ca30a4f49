//! Log files, each service in the format that its team once chose, and the queue of records for OTLP.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::trace::{TraceCx, now_ns};
use crate::Error;

/// Bytes after which a log file is rotated once.
const ROTATE: u64 = 48 * 1024 * 1024;
/// Records kept for OTLP while the receiver is away.
const MAX_QUEUE: usize = 8_000;

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Info,
    Warn,
    Error,
}

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// A record on its way to OTLP.
#[derive(Debug, Clone)]
pub(crate) struct LogRecord {
    pub(crate) service: &'static str,
    pub(crate) at_ns: u64,
    pub(crate) level: Level,
    pub(crate) message: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) cx: Option<TraceCx>,
}

#[derive(Debug, Clone, Copy)]
enum Format {
    /// One JSON object a line.
    Json,
    /// `time=… level=… msg="…"`.
    Logfmt,
    /// Like an application server's: time, level, thread, class, message, and stack traces below.
    Plain,
    /// Like a web server's access log and error log.
    Access,
    /// Like syslog.
    Syslog,
}

fn format_of(service: &str) -> Format {
    match service {
        "gateway" => Format::Access,
        "inventory" => Format::Logfmt,
        "payments" => Format::Plain,
        "notifications" => Format::Syslog,
        _ => Format::Json,
    }
}

struct Sink {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    written: u64,
}

/// All log files of the shop.
pub(crate) struct LogFiles {
    sinks: BTreeMap<String, Mutex<Sink>>,
    queue: Option<Mutex<VecDeque<LogRecord>>>,
}

fn open(path: &Path) -> Result<Sink, Error> {
    let file = OpenOptions::new().create(true).append(true).open(path).map_err(Error::file(path))?;
    let written = file.metadata().map_or(0, |m| m.len());
    Ok(Sink { path: path.to_owned(), file, buffer: Vec::new(), written })
}

impl LogFiles {
    /// Opens one file per service, and `auth.log`.
    pub(crate) fn open(dir: &Path, services: &[&str], otlp: bool) -> Result<Self, Error> {
        std::fs::create_dir_all(dir).map_err(Error::file(dir))?;
        let mut sinks = BTreeMap::new();
        for name in services.iter().copied().chain(["auth"]) {
            sinks.insert(name.to_owned(), Mutex::new(open(&dir.join(format!("{name}.log")))?));
        }
        Ok(Self { sinks, queue: otlp.then(Mutex::default) })
    }

    /// Path by service name, and `auth`.
    pub(crate) fn paths(&self) -> BTreeMap<String, PathBuf> {
        let path = |sink: &Mutex<Sink>| sink.lock().unwrap_or_else(PoisonError::into_inner).path.clone();
        self.sinks.iter().map(|(name, sink)| (name.clone(), path(sink))).collect()
    }

    /// Writes one record.
    pub(crate) fn write(
        &self,
        service: &'static str,
        level: Level,
        message: &str,
        fields: &[(&str, &str)],
        cx: Option<TraceCx>,
    ) {
        let line = line(service, Timestamp::now(), level, message, fields, cx);
        self.raw(service, &line, level == Level::Error);
        if let Some(queue) = &self.queue {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            if queue.len() >= MAX_QUEUE {
                queue.pop_front();
            }
            queue.push_back(LogRecord {
                service,
                at_ns: now_ns(),
                level,
                message: message.to_owned(),
                fields: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
                cx,
            });
        }
    }

    /// Writes a line as it is.
    pub(crate) fn raw(&self, file: &str, line: &str, flush: bool) {
        let Some(sink) = self.sinks.get(file) else { return };
        let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
        sink.buffer.extend_from_slice(line.as_bytes());
        sink.buffer.push(b'\n');
        if flush || sink.buffer.len() > 16 * 1024 {
            sink.flush();
        }
    }

    /// Writes out what is buffered.
    pub(crate) fn flush(&self) {
        for sink in self.sinks.values() {
            sink.lock().unwrap_or_else(PoisonError::into_inner).flush();
        }
    }

    /// Takes out what is to be sent over OTLP.
    pub(crate) fn take(&self, max: usize) -> Vec<LogRecord> {
        let Some(queue) = &self.queue else { return Vec::new() };
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        let count = queue.len().min(max);
        queue.drain(..count).collect()
    }
}

impl Sink {
    fn flush(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        if let Err(error) = self.file.write_all(&self.buffer) {
            tracing::warn!(path = %self.path.display(), %error, "could not write a log file of the shop");
        }
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        if self.written > ROTATE {
            let old = self.path.with_extension("log.1");
            if std::fs::rename(&self.path, &old).is_ok()
                && let Ok(fresh) = open(&self.path)
            {
                *self = fresh;
            }
        }
    }
}

fn quoted(value: &str) -> String {
    if value.is_empty() || value.contains([' ', '"', '=', '\n']) {
        format!("{value:?}")
    } else {
        value.to_owned()
    }
}

fn line(
    service: &str,
    at: Timestamp,
    level: Level,
    message: &str,
    fields: &[(&str, &str)],
    cx: Option<TraceCx>,
) -> String {
    let trace = cx.map(|cx| cx.trace_hex());
    let level = level.as_str();
    let mut tail = String::new();
    match format_of(service) {
        Format::Json => {
            let mut object = Map::new();
            object.insert("ts".into(), json!(format!("{at:.3}")));
            object.insert("level".into(), json!(level.to_lowercase()));
            object.insert("service".into(), json!(service));
            object.insert("msg".into(), json!(message));
            for (name, value) in fields {
                object.insert((*name).to_owned(), json!(value));
            }
            if let Some(trace) = trace {
                object.insert("trace_id".into(), json!(trace));
            }
            Value::Object(object).to_string()
        }
        Format::Logfmt => {
            for (name, value) in fields {
                let _ = write!(tail, " {name}={}", quoted(value));
            }
            if let Some(trace) = trace {
                let _ = write!(tail, " trace_id={trace}");
            }
            format!("time={at:.3} level={} msg={message:?}{tail}", level.to_lowercase())
        }
        Format::Plain => {
            let stack = fields.iter().find(|(name, _)| *name == "stack").map(|(_, value)| *value);
            for (name, value) in fields.iter().filter(|(name, _)| *name != "stack") {
                let _ = write!(tail, " [{name}={value}]");
            }
            if let Some(trace) = trace {
                let _ = write!(tail, " [trace={trace}]");
            }
            if let Some(stack) = stack {
                let _ = write!(tail, "\n{stack}");
            }
            let at = at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
            format!("{at} {level:<5} [worker] com.shop.{service} - {message}{tail}")
        }
        Format::Access => {
            for (name, value) in fields {
                let _ = write!(tail, " {name}={}", quoted(value));
            }
            let at = at.strftime("%d/%b/%Y:%H:%M:%S %z").to_string();
            format!(
                "[{at}] [{}] {message}{tail} rid={}",
                level.to_lowercase(),
                trace.unwrap_or_else(|| "-".into())
            )
        }
        Format::Syslog => {
            for (name, value) in fields {
                let _ = write!(tail, " {name}={}", quoted(value));
            }
            format!("{at:.3} notify-1 {service}[412]: {level}: {message}{tail}")
        }
    }
}
