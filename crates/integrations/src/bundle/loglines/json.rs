//! Structured records: JSON objects as loggers, container runtimes and journald write them, and what logfmt gives.
//! Nested objects are flattened with dots while they are parsed; nothing is built that is not kept.

use std::borrow::Cow;
use std::fmt;

use firebell_core::telemetry::Labels;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::line::{Context, Parsed, inner, set_time};
use super::{MAX_FIELDS, MAX_TEXT, cut, level, time};

pub(super) const TIME_KEYS: [&str; 18] = [
    "time",
    "timestamp",
    "@timestamp",
    "ts",
    "at",
    "date",
    "datetime",
    "@t",
    "Timestamp",
    "eventTime",
    "asctime",
    "timeMillis",
    "timestamp_ms",
    "t",
    "T",
    "instant.epochSecond",
    "_SOURCE_REALTIME_TIMESTAMP",
    "__REALTIME_TIMESTAMP",
];
pub(super) const LEVEL_KEYS: [&str; 13] = [
    "level",
    "severity",
    "severity_text",
    "lvl",
    "loglevel",
    "log.level",
    "@l",
    "Level",
    "levelname",
    "LogLevel",
    "logLevel",
    "L",
    "PRIORITY",
];
pub(super) const TEXT_KEYS: [&str; 14] = [
    "message",
    "msg",
    "body",
    "log",
    "event",
    "@m",
    "@mt",
    "RenderedMessage",
    "MessageTemplate",
    "Message",
    "MESSAGE",
    "M",
    "textPayload",
    "short_message",
];
const TRACE_KEYS: [&str; 9] =
    ["trace_id", "traceid", "traceId", "trace.id", "traceID", "TraceId", "@tr", "otelTraceID", "dd.trace_id"];
/// Where loggers put a stack trace; it belongs to the message.
const STACK_KEYS: [&str; 11] = [
    "@x",
    "Exception",
    "exception",
    "stack_trace",
    "stacktrace",
    "stackTrace",
    "error.stack_trace",
    "exc_info",
    "exception.stacktrace",
    "err.stack",
    "error.stack",
];

/// Reads a line if it is a JSON object.
pub(super) fn line(text: &str, cx: &Context<'_>, out: &mut Parsed<'_>) -> bool {
    into(text, cx, out).is_ok()
}

/// Reads a JSON object.
pub(super) fn into(text: &str, cx: &Context<'_>, out: &mut Parsed<'_>) -> Result<(), serde_json::Error> {
    let fields = object(text)?;
    out.begins = true;
    if !runtime(&fields, cx, out) {
        take(fields, text, cx, out);
    }
    Ok(())
}

/// The fields of a JSON object, flattened.
fn object(text: &str) -> Result<Labels, serde_json::Error> {
    let mut fields = Labels::new();
    let mut parser = serde_json::Deserializer::from_str(text);
    Object { prefix: "", into: &mut fields }.deserialize(&mut parser)?;
    parser.end()?;
    Ok(fields)
}

/// Docker's json-file: `{"log":"text\n","stream":"stderr","time":"…"}`, the text being a line of its own.
fn runtime(fields: &Labels, cx: &Context<'_>, out: &mut Parsed<'_>) -> bool {
    let (Some(log), Some(stream), Some(at)) = (fields.get("log"), fields.get("stream"), fields.get("time"))
    else {
        return false;
    };
    if !matches!(stream.as_str(), "stdout" | "stderr") || log.is_empty() {
        return false;
    }
    let found = time::value(at, cx.around);
    let text = log.strip_suffix('\n').unwrap_or(log);
    out.stream = Some(if stream == "stderr" { "stderr" } else { "stdout" });
    out.begins = false;
    inner(text, cx, out);
    // The runtime breaks long lines; the last piece ends with the line's end.
    out.partial = text.len() == log.len();
    if found.is_some() {
        set_time(out, found);
    }
    true
}

/// Puts a record together from its fields; `whole` is its text where no field is a message.
pub(super) fn take(mut fields: Labels, whole: &str, cx: &Context<'_>, out: &mut Parsed<'_>) {
    for key in TIME_KEYS {
        let found = fields.get(key).and_then(|v| time::value(v, cx.around));
        if found.is_some() {
            set_time(out, found);
            fields.remove(key);
            break;
        }
    }
    let mut first = |keys: &[&str]| keys.iter().find_map(|k| fields.remove(*k));
    let level = first(&LEVEL_KEYS).map(|l| level::name(&l));
    let text = first(&TEXT_KEYS);
    let trace = first(&TRACE_KEYS).filter(|t| !t.is_empty());
    let own = first(&["component"]);
    let mut stack = None;
    for key in STACK_KEYS {
        if fields.get(key).is_some_and(|v| v.contains('\n')) {
            stack = fields.remove(key);
            break;
        }
    }
    let mut text = text.unwrap_or_else(|| cut(whole).to_owned());
    if out.line.at.is_none() {
        set_time(out, time::find(&text, cx.around));
    }
    out.line.level = level.or_else(|| level::leading(&text).map(str::to_owned));
    if let Some(stack) = stack
        && !text.contains(stack.trim())
    {
        if out.line.level.is_none() {
            out.line.level = Some("error".into());
        }
        text.push('\n');
        text.push_str(stack.trim_end());
        text.truncate(text.floor_char_boundary(MAX_TEXT));
    }
    out.line.text = text;
    // Google's logs name a trace by its path.
    out.line.trace_id = trace.map(|t| t.rsplit('/').next().unwrap_or(&t).to_lowercase());
    if own.is_some() {
        out.line.component = own;
    }
    out.line.fields = fields;
}

struct Object<'a> {
    prefix: &'a str,
    into: &'a mut Labels,
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key<'de>>()? {
            let key =
                if self.prefix.is_empty() { key.0 } else { Cow::Owned(format!("{}.{}", self.prefix, key.0)) };
            map.next_value_seed(Field { key, into: self.into })?;
        }
        Ok(())
    }
}

/// A key that borrows where nothing in it is escaped.
struct Key<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(v.to_owned())))
            }
        }
        d.deserialize_str(Text)
    }
}

struct Field<'a, 'k> {
    key: Cow<'k, str>,
    into: &'a mut Labels,
}

impl Field<'_, '_> {
    fn put(self, value: String) {
        let known = || {
            [&TIME_KEYS[..], &LEVEL_KEYS, &TEXT_KEYS, &TRACE_KEYS, &STACK_KEYS]
                .iter()
                .any(|keys| keys.contains(&&*self.key))
        };
        if self.into.len() < MAX_FIELDS || known() {
            self.into.insert(self.key.into_owned(), value);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Field<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Field<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, v: bool) -> Result<(), E> {
        self.put(v.to_string());
        Ok(())
    }
    fn visit_i64<E>(self, v: i64) -> Result<(), E> {
        self.put(v.to_string());
        Ok(())
    }
    fn visit_u64<E>(self, v: u64) -> Result<(), E> {
        self.put(v.to_string());
        Ok(())
    }
    fn visit_f64<E>(self, v: f64) -> Result<(), E> {
        self.put(Value::from(v).to_string());
        Ok(())
    }
    fn visit_str<E>(self, v: &str) -> Result<(), E> {
        self.put(cut(v).to_owned());
        Ok(())
    }
    fn visit_string<E>(self, v: String) -> Result<(), E> {
        let v = if v.len() > MAX_TEXT { cut(&v).to_owned() } else { v };
        self.put(v);
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut all = Vec::new();
        while let Some(v) = seq.next_element::<Value>()? {
            all.push(v);
        }
        let text = serde_json::to_string(&all).map_err(A::Error::custom)?;
        self.put(cut(&text).to_owned());
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        Object { prefix: &self.key, into: self.into }.visit_map(map)
    }
}
