//! A file of traces by itself: Jaeger's query API, OTLP in its JSON form (one document, or one a line as the
//! collector's file exporter writes them), or the bundle's `traces/*.csv`. Which of them it is, its content tells.

use std::path::Path;

use firebell_core::telemetry::Span;
use serde_json::Value;

use super::error::{Broken, Error};
use super::{files, jaeger, otlp, tables};

/// What was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TraceFile {
    /// Spans in the order of the file.
    pub spans: Vec<Span>,
    /// What could not be used.
    pub broken: Vec<Broken>,
}

/// Reads a file, or every `*.json`, `*.jsonl` and `*.csv` of a folder.
///
/// # Errors
/// If it cannot be read, or if nothing in it is of a known form.
pub fn read_traces(path: &Path) -> Result<TraceFile, Error> {
    let invalid = |path: &Path, reason: String| Error::Invalid { path: path.to_owned(), reason };
    let name = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    if !path.is_dir() {
        let bytes = files::bytes(path).map_err(|reason| invalid(path, reason))?;
        return parse_traces(&bytes, &name(path)).map_err(|reason| invalid(path, reason));
    }
    let listed = std::fs::read_dir(path).map_err(|source| Error::Io {
        path: path.to_owned(),
        what: "be listed",
        source,
    })?;
    let mut paths: Vec<_> = listed
        .filter_map(|e| e.ok().map(|e| e.path()))
        .filter(|p| {
            p.extension().and_then(|e| e.to_str()).is_some_and(|e| matches!(e, "json" | "jsonl" | "csv"))
        })
        .collect();
    paths.sort();
    if paths.is_empty() {
        return Err(invalid(path, "holds no *.json, *.jsonl or *.csv; point to a file of traces".into()));
    }
    let mut out = TraceFile::default();
    for p in paths {
        let read = files::bytes(&p).and_then(|bytes| parse_traces(&bytes, &name(&p)));
        match read {
            Ok(one) => {
                out.spans.extend(one.spans);
                out.broken.extend(one.broken);
            }
            Err(reason) => out.broken.push(Broken { file: name(&p), line: 0, reason }),
        }
    }
    Ok(out)
}

/// Reads the bytes of a file; `name` is what its spans give as their source.
///
/// # Errors
/// If it is of no known form.
pub fn parse_traces(bytes: &[u8], name: &str) -> Result<TraceFile, String> {
    let mut broken = Vec::new();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Some(first) = bytes.iter().find(|b| !b.is_ascii_whitespace()) else {
        return Err("is empty".into());
    };
    if !matches!(first, b'{' | b'[') {
        let spans = tables::spans(bytes, name, &mut broken)
            .map_err(|e| format!("is neither JSON nor a table of spans: {e}"))?;
        return Ok(TraceFile { spans, broken });
    }
    let mut spans = Vec::new();
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => document(&value, name, 0, &mut spans, &mut broken)?,
        // One document a line.
        Err(whole) => {
            let mut read = 0;
            for (i, line) in bytes.split(|b| *b == b'\n').enumerate() {
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                let number = i as u64 + 1;
                let done = serde_json::from_slice::<Value>(line)
                    .map_err(|e| format!("is not JSON: {e}"))
                    .and_then(|v| document(&v, name, number, &mut spans, &mut broken));
                match done {
                    Ok(()) => read += 1,
                    Err(_) if read == 0 => {
                        return Err(format!(
                            "is not JSON: {whole} (line {}, column {})",
                            whole.line(),
                            whole.column()
                        ));
                    }
                    Err(reason) if broken.len() < 5 => {
                        broken.push(Broken { file: name.to_owned(), line: number, reason });
                    }
                    Err(_) => {}
                }
            }
        }
    }
    Ok(TraceFile { spans, broken })
}

fn document(
    value: &Value,
    name: &str,
    line: u64,
    spans: &mut Vec<Span>,
    broken: &mut Vec<Broken>,
) -> Result<(), String> {
    let (read, there) = if value.get("resourceSpans").is_some() {
        (otlp::spans(value, name)?, count(value, &["resourceSpans", "scopeSpans", "spans"]))
    } else {
        (jaeger::spans(value, name)?, count(value.get("data").unwrap_or(value), &["spans"]))
    };
    if read.len() < there {
        let reason =
            format!("{} of {there} spans have no trace id, span id or start time", there - read.len());
        broken.push(Broken { file: name.to_owned(), line, reason });
    }
    spans.extend(read);
    Ok(())
}

/// How many values the lists hold at the end of a way through objects and lists.
fn count(value: &Value, way: &[&str]) -> usize {
    match (value, way) {
        (Value::Array(items), []) => items.len(),
        (Value::Array(items), _) => items.iter().map(|i| count(i, way)).sum(),
        (Value::Object(_), [next, rest @ ..]) => value.get(*next).map_or(0, |v| count(v, rest)),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jaeger_otlp_and_tables_are_told_by_their_content() {
        let jaeger = r#"{"data":[{"traceID":"A1","processes":{"p1":{"serviceName":"edge"}},"spans":[
            {"traceID":"A1","spanID":"B2","operationName":"GET /","processID":"p1","startTime":5,"duration":-3},
            {"operationName":"lost"}]}]}"#;
        let otlp = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"edge"}}]},
            "scopeSpans":[{"spans":[{"traceId":"a1","spanId":"b2","name":"GET /","startTimeUnixNano":"5000",
            "endTimeUnixNano":"9000"}]}]}]}"#;
        let lines =
            otlp.replace('\n', "") + "\n" + &otlp.replace('\n', "").replace("b2", "b3") + "\nnonsense\n";
        let table = "trace_id,span_id,parent_id,component,operation,start_us,duration_us,status\n\
                     a1,b2,,edge,GET /,5,4,error\na1,b3,b2,edge,x,soon,4,\n";
        let check = |text: &str, durations: &[i64], broken: usize| {
            let read = parse_traces(text.as_bytes(), "t").expect(text);
            assert!(
                read.spans.iter().all(|s| s.trace_id == "a1" && s.component == "edge" && s.start_us == 5)
            );
            assert_eq!(read.spans.iter().map(|s| s.duration_us).collect::<Vec<_>>(), durations, "{text}");
            assert_eq!(read.broken.len(), broken, "{text}: {:?}", read.broken);
        };
        check(jaeger, &[-3], 1);
        check(otlp, &[4], 0);
        check(&lines, &[4, 4], 1);
        check(table, &[4], 1);
    }

    #[test]
    fn what_is_no_traces_is_refused_with_a_reason() {
        let check = |text: &str, word: &str| {
            let e = parse_traces(text.as_bytes(), "t").expect_err(text);
            assert!(e.contains(word), "{text}: {e}");
        };
        check("", "empty");
        check("hello", "column trace_id");
        check("{\"data\": 5}", "data");
        check("{\"data\": [", "line 1");
    }
}
