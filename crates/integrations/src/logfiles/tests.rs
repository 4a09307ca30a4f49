//! Lines of every format, files of every shape, and what must not leave the machine.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use firebell_core::ports::telemetry::{Answer, LogQuery, TelemetrySource as _};
use firebell_core::secrets::Mask;
use firebell_core::telemetry::{LogLine, TelemetryPart, Window};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::parse::parse;
use super::{Config, Format, LogFiles};
use crate::backends::{TelemetryConfig, build_telemetry};
use crate::doubles::window;

/// 2026-01-05T10:00:00Z.
const T: i64 = 1_767_607_200;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

fn stamp(second: i64) -> String {
    at(second).to_string()
}

async fn read(dir: &Path, component: &str, window: Window, limit: usize, more: serde_json::Value) -> Answer {
    let mut config = json!({"name": "main", "files": [
        {"paths": [format!("{}/*.log", dir.display())], "component": "service/{stem}"}]});
    for (key, value) in more.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    let config: Config = serde_json::from_value(config).expect("a configuration");
    let source = build_telemetry(&TelemetryConfig::Logfiles(config), &Mask::keyed("k")).expect("builds");
    assert!(source.health().await.ok);
    let query = LogQuery { component: Some(component.into()), window, limit };
    source.logs(&query).expect("has logs").await.expect("answers")
}

fn lines(answer: &Answer) -> &[LogLine] {
    match &answer.part {
        TelemetryPart::Logs(lines) => lines,
        other => panic!("not logs: {other:?}"),
    }
}

#[test]
fn every_format_gives_time_level_and_text() {
    for (raw, second, level, text) in [
        (
            r#"{"time":"2026-01-05T10:00:00Z","level":"ERROR","msg":"pool exhausted","pool":{"size":20}}"#,
            T,
            "error",
            "pool exhausted",
        ),
        (r#"time=2026-01-05T10:00:00Z level=warn msg="slow query" ms=812"#, T, "warn", "slow query"),
        ("E0105 10:00:00.123456       7 pool.go:42] no connection left", T, "error", "no connection left"),
        (
            "<11>Jan  5 10:00:00 web1 sshd[311]: Failed password for ann",
            T,
            "error",
            "Failed password for ann",
        ),
        ("Jan  5 10:00:00 web1 app: ERROR disk is full", T, "error", "ERROR disk is full"),
        ("<165>1 2026-01-05T10:00:00.003Z web1 app 88 ID47 [x@1 a=\"b\"] it works", T, "info", "it works"),
        (
            r#"10.0.0.1 - ann [05/Jan/2026:11:00:00 +0100] "GET /pay?x=1 HTTP/1.1" 502 150 "-" "curl/8""#,
            T,
            "error",
            "GET /pay?x=1 HTTP/1.1 502 150",
        ),
        (
            "2026-01-05 10:00:00,500 ERROR [main] Broken pipe",
            T,
            "error",
            "2026-01-05 10:00:00,500 ERROR [main] Broken pipe",
        ),
    ] {
        let line = parse(raw, Format::Auto, "x.log", 1, "service/x", at(T + 40_000));
        assert_eq!(line.at.map(|a| a.as_second()), Some(second), "{raw}");
        assert_eq!(line.level.as_deref(), Some(level), "{raw}");
        assert_eq!(line.text, text);
    }
    let line = parse(
        "10.0.0.1 - - [05/Jan/2026:10:00:00 +0000] \"POST /a HTTP/1.1\" 404 1",
        Format::Nginx,
        "x",
        1,
        "c",
        at(T),
    );
    assert_eq!(
        (line.fields["client"].as_str(), line.fields["path"].as_str(), line.fields["status"].as_str()),
        ("10.0.0.1", "/a", "404")
    );
}

#[test]
fn a_missing_year_is_the_nearest_one() {
    let new_year = at(1_767_225_600);
    let line = parse("Dec 31 23:59:59 h app: x", Format::Syslog, "x", 1, "c", new_year);
    assert_eq!(line.at, Some(at(1_767_225_599)));
    let line = parse("I0101 00:00:01.0 1 a.go:1] x", Format::Klog, "x", 1, "c", new_year);
    assert_eq!(line.at, Some(at(1_767_225_601)));
}

#[tokio::test]
async fn stack_traces_stay_with_their_record_and_secrets_stay_here() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let text = format!(
        "{} ERROR request of ann@example.com, +49 30 1234567, failed token=abc123\njava.lang.IllegalStateException: pool\n\tat a.B.c(B.java:1)\nCaused by: x\n{} INFO ok customer-77\n",
        stamp(T),
        stamp(T + 1)
    );
    std::fs::write(dir.path().join("checkout.log"), text).expect("written");
    let answer =
        read(dir.path(), "service/checkout", window(T - 10, T + 10), 100, json!({"mask": ["customer-\\d+"]}))
            .await;
    let list = lines(&answer);
    assert_eq!(list.len(), 2);
    assert_eq!(list[0].text.lines().count(), 4);
    assert!(
        list[0].text.contains("token=[secret]") && list[0].text.ends_with("Caused by: x"),
        "{}",
        list[0].text
    );
    assert!(list[1].text.ends_with("INFO ok [secret]"), "{}", list[1].text);
    let told = &list[0].text;
    assert!(!told.contains("ann@") && told.contains("mail-") && told.contains("[phone]"), "{told}");
    assert_eq!((list[1].line, list[0].component.as_deref()), (5, Some("service/checkout")));
}

#[tokio::test]
async fn only_the_window_of_a_large_file_is_read_rotated_siblings_too() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let log = |from: i64, to: i64| {
        (from..to).fold(String::new(), |mut out, s| {
            let _ = writeln!(out, "{} INFO tick {s} {}", stamp(s), "x".repeat(80));
            out
        })
    };
    std::fs::write(dir.path().join("a.log"), log(T, T + 20_000)).expect("written");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(log(T - 50, T).as_bytes()).expect("written");
    std::fs::write(dir.path().join("a.log.1.gz"), gzip.finish().expect("compressed")).expect("written");
    for (from, to) in
        [(T - 20, T + 20), (T + 10_000, T + 10_009), (T + 19_990, T + 30_000), (T - 500, T - 400)]
    {
        let answer = read(dir.path(), "a", window(from, to), 1_000, json!({})).await;
        let seen: Vec<i64> = lines(&answer).iter().filter_map(|l| Some(l.at?.as_second())).collect();
        let expected: Vec<i64> = (from..=to).filter(|s| (T - 50..T + 20_000).contains(s)).collect();
        assert_eq!(seen, expected, "{from}..{to}");
        assert_eq!(answer.note, None);
    }
    // Two megabytes against a limit of 64 KiB a file: pieces over the whole window, and it says so.
    let answer =
        read(dir.path(), "a", window(T, T + 20_000), 1_000, json!({"max_bytes_per_file": 65_536})).await;
    let seen: Vec<i64> = lines(&answer).iter().filter_map(|l| Some(l.at?.as_second())).collect();
    assert!(
        seen.iter().any(|s| *s > T + 19_000) && seen.iter().any(|s| *s < T + 1_000),
        "spread over the window"
    );
    assert!(answer.note.is_some_and(|n| n.contains("read in pieces")));
    // More lines than the limit: an even share.
    let answer = read(dir.path(), "a", window(T, T + 20_000), 200, json!({})).await;
    assert!(lines(&answer).len() <= 200 && lines(&answer).len() > 150);
    assert!(answer.note.is_some_and(|n| n.contains("even share")));
}

#[tokio::test]
async fn odd_files_do_not_stop_the_others() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("empty.log"), "").expect("written");
    std::fs::write(dir.path().join("x.log"), format!("{} ERROR fine\n\u{0}\u{fffd}", stamp(T)))
        .expect("written");
    let mut bytes = vec![0xff, 0xfe, 0x00, b'\n'];
    bytes.extend(std::iter::repeat_n(b'y', 300_000));
    std::fs::write(dir.path().join("y.log"), bytes).expect("written");
    // A compressed file that is cut off in the middle, as while it is being rotated.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    gzip.write_all(format!("{} WARN half\n", stamp(T)).repeat(50).as_bytes()).expect("written");
    let half = gzip.finish().expect("compressed");
    std::fs::write(dir.path().join("x.log.1.gz"), &half[..half.len() / 2]).expect("written");
    std::fs::create_dir(dir.path().join("folder.log")).expect("made");
    let config: Config = serde_json::from_value(json!({"name": "main", "files": [
        {"paths": [format!("{}/*.log", dir.path().display()), "/nonexistent/firebell/*.log"], "component": "{stem}"}]}))
    .expect("a configuration");
    let source = LogFiles::new(&config).expect("builds");
    let query = LogQuery { component: None, window: window(T - 10, T + 10), limit: 1_000 };
    let answer = source.logs(&query).expect("has logs").await.expect("answers");
    assert!(lines(&answer).iter().any(|l| l.text.contains("ERROR fine")));
    assert!(lines(&answer).iter().any(|l| l.text.contains("WARN half")));
}

#[tokio::test]
async fn nothing_there_is_told() {
    let config: Config = serde_json::from_value(json!({"name": "main", "files": [
        {"paths": ["/nonexistent/firebell/*.log"], "component": "service/x"}]}))
    .expect("a configuration");
    let source = LogFiles::new(&config).expect("builds");
    let health = source.health().await;
    assert!(!health.ok && health.detail.contains("/nonexistent/firebell/*.log"), "{}", health.detail);
    let query = LogQuery { component: None, window: window(T, T + 1), limit: 10 };
    let answer = source.logs(&query).expect("has logs").await.expect("answers");
    assert!(answer.note.is_some_and(|n| n.contains("no file matches")));
    let bad: Config =
        serde_json::from_value(json!({"name": "m", "files": [], "mask": ["("]})).expect("a configuration");
    assert_eq!(LogFiles::new(&bad).err().map(|e| e.field).as_deref(), Some("mask[0]"));
}

fn format() -> impl Strategy<Value = Format> {
    prop_oneof![
        Just(Format::Auto),
        Just(Format::Json),
        Just(Format::Logfmt),
        Just(Format::Klog),
        Just(Format::Syslog),
        Just(Format::Nginx),
        Just(Format::Plain)
    ]
}

proptest! {
    #[test]
    fn any_line_is_read_without_panic(raw in "\\PC{0,200}", format in format()) {
        let mut line = parse(&raw, format, "x", 1, "c", at(T));
        Mask::default().line(&mut line);
    }

    #[test]
    fn near_misses_are_read_without_panic(
        raw in "(<[0-9]{1,4}>)?(1 )?[A-Z][a-z]{2} [0-9 ]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} h a(\\[[0-9]+\\])?: .{0,20}|[IWEF][0-9]{4} [0-9:]{8}\\.[0-9]{1,9} 1 f:[0-9]\\] .{0,9}|. - - \\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}\\] \"[^\"]{0,9}\" [0-9]{3} [0-9]",
        format in format(),
    ) {
        let _ = parse(&raw, format, "x", 1, "c", at(T));
    }

    #[test]
    fn a_password_never_gets_through(secret in "[A-Za-z0-9_+/-]{6,30}", before in "[a-z ]{0,10}", key in "password|api_key|token|client_secret|DB_PASSWD", sep in "=|: |\":\"|=\"") {
        let raw = format!("{before}{key}{sep}{secret}\" after");
        let masked = firebell_core::secrets::redact(&raw);
        prop_assert!(!masked.contains(&secret) || "after".contains(&secret) || before.contains(&secret), "{masked}");
    }
}
