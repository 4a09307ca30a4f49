//! What the tests of all alert sources share: fixtures, complaints, hammering, public contracts.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use firebell_core::ports::alert_source::{AlertSource, ParseError, RequestContext};
use firebell_core::signal::{Intake, Parsed};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::body::limits;
use crate::registry;
use crate::source_config::SourceConfig;

/// When every test request is received.
pub(crate) const RECEIVED_AT: &str = "2026-01-05T10:30:00Z";

pub(crate) type Headers = &'static [(&'static str, &'static str)];

/// A fixture and the request that carries it.
pub(crate) struct Case {
    pub(crate) file: &'static str,
    pub(crate) path: &'static str,
    pub(crate) headers: Headers,
}

/// A fixture that needs nothing but its body.
pub(crate) const fn case(file: &'static str) -> Case {
    Case { file, path: "", headers: &[] }
}

pub(crate) fn now() -> Timestamp {
    RECEIVED_AT.parse().expect("a time")
}

/// A source of `kind`, with further settings.
pub(crate) fn source(kind: &str, more: &Value) -> Box<dyn AlertSource> {
    let mut config = json!({"name": "test", "kind": kind, "key": "not-a-real-key"});
    for (name, value) in more.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    let config: SourceConfig = serde_json::from_value(config).expect("a configuration");
    registry::build(&config).expect("a source")
}

pub(crate) fn parse(
    source: &dyn AlertSource,
    body: &[u8],
    path: &str,
    headers: Headers,
) -> Result<Parsed, ParseError> {
    let headers: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    source.parse(body, &RequestContext { source: "test", received_at: now(), path, headers: &headers })
}

pub(crate) fn folder(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(kind)
}

pub(crate) fn fixture(kind: &str, file: &str) -> Vec<u8> {
    std::fs::read(folder(kind).join("fixtures").join(file)).expect("a fixture")
}

/// What every fixture becomes, as text for a snapshot. Each file of the folder must be in `cases`.
pub(crate) fn fixtures(source: &dyn AlertSource, cases: &[Case]) -> String {
    let mut files: Vec<_> = std::fs::read_dir(folder(source.kind()).join("fixtures"))
        .expect("a folder of fixtures")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    files.sort();
    let mut named: Vec<_> = cases.iter().map(|c| c.file.to_owned()).collect();
    named.sort();
    assert_eq!(files, named, "each fixture is a case, each case a fixture");
    let mut out = String::new();
    for case in cases {
        let parsed = parse(source, &fixture(source.kind(), case.file), case.path, case.headers);
        let shown = match parsed {
            Ok(parsed) => serde_json::to_string_pretty(&parsed).expect("JSON"),
            Err(e) => format!("refused: {e}"),
        };
        let _ = writeln!(out, "# {}\n{shown}\n", case.file);
    }
    out
}

/// What is said about bad bodies, one line each, for a snapshot.
pub(crate) fn complaints(
    source: &dyn AlertSource,
    path: &str,
    headers: Headers,
    bodies: &[(&str, &[u8])],
) -> String {
    let mut out = String::new();
    for (what, body) in bodies {
        match parse(source, body, path, headers) {
            Err(e) => {
                let _ = writeln!(out, "{what}\n    {e}");
            }
            Ok(parsed) => {
                assert!(!parsed.rejected.is_empty(), "{what}: taken without complaint");
                let _ = writeln!(out, "{what} ({} taken)", parsed.items.len());
                for r in parsed.rejected {
                    let _ = writeln!(out, "    {}: {}", r.field, r.reason);
                }
            }
        }
    }
    out
}

/// Arbitrary bytes and arbitrary damage to good bodies: never a panic, and whatever is taken keeps the promises that the
/// rest of the product builds on.
pub(crate) fn hammer(source: &dyn AlertSource, cases: &[Case]) {
    let corpus: Vec<_> = cases.iter().map(|c| (fixture(source.kind(), c.file), c.path, c.headers)).collect();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    let edits = proptest::collection::vec((any::<prop::sample::Index>(), 0..6_u8, any::<u8>()), 0..6);
    let swap = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    let strategy = (any::<prop::sample::Index>(), bytes, edits, swap);
    runner
        .run(&strategy, |(pick, bytes, edits, (node, replacement))| {
            let (good, path, headers) = &corpus[pick.index(corpus.len())];
            check(source, &bytes, path, headers);
            let mut damaged = good.clone();
            for (at, how, byte) in &edits {
                let at = at.index(damaged.len().max(1));
                damage(&mut damaged, at, *how, *byte);
            }
            check(source, &damaged, path, headers);
            let mut value: Value = serde_json::from_slice(good).expect("a good fixture");
            let mut nodes = count(&value);
            nodes = node.index(nodes);
            let others = odd_values();
            put(&mut value, &mut nodes, &others[replacement.index(others.len())]);
            check(source, value.to_string().as_bytes(), path, headers);
            Ok(())
        })
        .expect("holds");
}

fn check(source: &dyn AlertSource, body: &[u8], path: &str, headers: Headers) {
    let first = parse(source, body, path, headers);
    assert_eq!(first, parse(source, body, path, headers), "the same body means the same");
    let parsed = match first {
        Ok(parsed) => parsed,
        Err(e) => {
            assert!(!e.field.is_empty() && !e.reason.is_empty());
            assert!(e.to_string().len() < 1000, "a message, not the body: {e}");
            return;
        }
    };
    for rejected in &parsed.rejected {
        assert!(rejected.field.contains(&format!("[{}]", rejected.index)), "{rejected:?}");
        assert!(rejected.field.len() + rejected.reason.len() < 1000);
    }
    for item in &parsed.items {
        match item {
            Intake::Signal(signal) => {
                assert!(!signal.labels["alertname"].is_empty());
                for set in [&signal.labels, &signal.annotations] {
                    // A default service and a name may come on top.
                    assert!(set.len() <= limits::LABELS + 2);
                    assert!(
                        set.iter().all(|(n, v)| n.len() <= limits::LABEL_NAME && v.len() <= limits::TEXT)
                    );
                }
                assert!(signal.starts_at.duration_since(now()).as_mins() <= 10);
                assert!(signal.ends_at.is_none_or(
                    |e| e > now() || signal.state == firebell_core::signal::SignalState::Resolved
                ));
            }
            Intake::Change(change) => assert!(!change.id.is_empty()),
            Intake::Report(report) => assert!(!report.title.is_empty()),
        }
    }
}

fn damage(body: &mut Vec<u8>, at: usize, how: u8, byte: u8) {
    let at = at.min(body.len());
    match how {
        0 => body.truncate(at),
        1 => body.insert(at, byte),
        2 if at < body.len() => body[at] = byte,
        3 if at < body.len() => {
            body.remove(at);
        }
        4 => {
            let piece = body[at..(at + usize::from(byte)).min(body.len())].to_vec();
            body.splice(at..at, piece);
        }
        _ => body.insert(at, b"{}[]\",:\\0"[usize::from(byte) % 9]),
    }
}

fn odd_values() -> Vec<Value> {
    let many: serde_json::Map<_, _> = (0..1000).map(|i| (format!("l{i}"), json!("x"))).collect();
    vec![
        Value::Null,
        json!(true),
        json!(-0.5),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("x".repeat(20_000)),
        json!("\u{FFFF}\u{0}\n"),
        json!("yesterday"),
        json!("9999-12-31T23:59:59Z"),
        json!("-009999-01-02T01:59:59Z"),
        json!([]),
        json!({}),
        json!([[[]], {"a": null}]),
        Value::Object(many),
        serde_json::from_str(&format!("{}{}", "[".repeat(60), "]".repeat(60))).expect("JSON"),
    ]
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Puts `new` in the place of the `left`-th node.
fn put(value: &mut Value, left: &mut usize, new: &Value) -> bool {
    if *left == 0 {
        *value = new.clone();
        return true;
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|v| put(v, left, new)),
        Value::Object(fields) => fields.values_mut().any(|v| put(v, left, new)),
        _ => false,
    }
}

/// The folder of shared contracts and recorded traffic, or the reason why a test is skipped.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var("FIREBELL_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let path = Path::new(&root).join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there, set FIREBELL_SHARED", path.display());
    None
}

/// A public contract as a validator; references to files that are not there allow anything.
pub(crate) fn contract(file: &str) -> Option<jsonschema::Validator> {
    let text = std::fs::read_to_string(shared("contracts")?.join(file)).expect("a contract");
    let mut schema: Value = serde_json::from_str(&text).expect("JSON");
    loosen(&mut schema);
    Some(validator(&schema))
}

/// One definition of Alertmanager's OpenAPI document.
pub(crate) fn openapi(definition: &str) -> Option<jsonschema::Validator> {
    let text = std::fs::read_to_string(shared("contracts")?.join("alertmanager-openapi-v2.yaml"))
        .expect("a contract");
    let document: Value = serde_yaml_ng::from_str(&text).expect("YAML");
    let schema =
        json!({"$ref": format!("#/definitions/{definition}"), "definitions": document["definitions"]});
    Some(validator(&schema))
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft7)
        .should_validate_formats(true)
        .build(schema)
        .expect("a schema")
}

fn loosen(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(loosen),
        Value::Object(fields) => {
            fields.retain(|name, value| {
                name != "$id"
                    && name != "$schema"
                    && !(name == "$ref" && value.as_str().is_some_and(|r| !r.starts_with('#')))
            });
            fields.values_mut().for_each(loosen);
        }
        _ => {}
    }
}

/// Asserts that `value` is what the contract says.
pub(crate) fn conforms(contract: &jsonschema::Validator, value: &Value, what: &str) {
    let errors: Vec<_> = contract.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{what} breaks the contract: {errors:#?}");
}
