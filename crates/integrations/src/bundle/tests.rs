//! What holds for bundles: they round-trip, and hostile or broken ones harm nothing.

use std::fs;
use std::path::Path;

use firebell_core::change::{Change, ChangeKind};
use firebell_core::telemetry::{
    AlertFact, ClusterEvent, ClusterObject, CommandRecord, Labels, LogLine, MetricKind, Series, Span,
    SpanKind, Telemetry, TopologyEdge, Window,
};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

fn write_file(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().expect("has a parent")).expect("folder");
    fs::write(path, text).expect("file");
}

fn bundle(dir: &Path) {
    write_file(dir, "bundle.json", r#"{"format": "firebell-bundle/1", "report": "slow"}"#);
}

#[test]
fn a_folder_without_the_right_bundle_json_is_refused_with_the_file_and_the_reason() {
    let dir = tempfile::tempdir().expect("dir");
    let message = read(dir.path()).expect_err("no bundle").to_string();
    assert!(message.contains("no bundle.json"), "{message}");
    for (text, part) in [
        ("{", "not JSON"),
        ("{}", "field format is missing"),
        (r#"{"format": "other/1"}"#, "field format is \"other/1\""),
        (r#"{"format": "firebell-bundle/1", "window": {"start": 1}}"#, "wrong field"),
    ] {
        write_file(dir.path(), "bundle.json", text);
        let message = read(dir.path()).expect_err("invalid").to_string();
        assert!(message.contains("bundle.json") && message.contains(part), "{text}: {message}");
    }
}

#[test]
fn broken_files_are_named_and_the_rest_is_used() {
    let dir = tempfile::tempdir().expect("dir");
    bundle(dir.path());
    write_file(dir.path(), "metrics/a.csv", "time,cpu{service=\"x\"}\n1,0.5\nnonsense,1\n2,abc\n3,0.7\n");
    write_file(dir.path(), "metrics/b.json", "{");
    write_file(dir.path(), "logs/x.jsonl", "{\"msg\":\"fine\",\"time\":\"2026-01-05T10:00:00Z\"}\n{bad\n");
    write_file(
        dir.path(),
        "changes/c.json",
        r#"[{"at":"2026-01-05T10:00:00Z","kind":"deploy"},{"kind":"deploy"}]"#,
    );
    write_file(dir.path(), "notes.md", "hello");
    let loaded = read(dir.path()).expect("readable");
    assert_eq!(loaded.telemetry.series.len(), 1);
    assert_eq!(loaded.telemetry.series[0].points, vec![(1000, 0.5), (3000, 0.7)]);
    assert_eq!(loaded.telemetry.logs.len(), 1);
    assert_eq!(loaded.telemetry.changes.len(), 1);
    assert_eq!(loaded.ignored, vec!["notes.md"]);
    let lines: Vec<(String, u64)> = loaded.broken.iter().map(|b| (b.file.clone(), b.line)).collect();
    assert!(lines.contains(&("metrics/a.csv".into(), 3)), "{lines:?}");
    assert!(lines.contains(&("metrics/a.csv".into(), 4)), "{lines:?}");
    assert!(lines.contains(&("metrics/b.json".into(), 0)), "{lines:?}");
    assert!(lines.contains(&("logs/x.jsonl".into(), 2)), "{lines:?}");
    assert!(lines.contains(&("changes/c.json".into(), 0)), "{lines:?}");
}

#[test]
fn includes_stay_inside_the_parent_folder_and_links_are_refused() {
    let root = tempfile::tempdir().expect("dir");
    let inner = root.path().join("cases");
    let case = inner.join("one");
    write_file(&inner, "normal/metrics/n.csv", "time,cpu\n1,1\n");
    write_file(root.path(), "secret/metrics/s.csv", "time,secret\n1,1\n");
    write_file(
        &case,
        "bundle.json",
        r#"{"format": "firebell-bundle/1", "include": ["../normal", "../../secret", "/etc", "../link", "..", "."]}"#,
    );
    std::os::unix::fs::symlink(root.path().join("secret"), inner.join("link")).expect("link");
    fs::create_dir_all(case.join("metrics")).expect("folder");
    std::os::unix::fs::symlink(root.path().join("secret/metrics/s.csv"), case.join("metrics/s.csv"))
        .expect("link");
    let loaded = read(&case).expect("readable");
    assert_eq!(loaded.telemetry.series.len(), 1);
    assert_eq!(loaded.telemetry.series[0].source, "../normal/metrics/n.csv");
    assert_eq!(loaded.broken.len(), 6, "{:?}", loaded.broken);
}

#[test]
fn log_lines_of_many_formats_give_their_time_and_level() {
    let check = |raw: &str, at: Option<&str>, level: Option<&str>| {
        let line = loglines::record(raw, "s", 1, Some("x"));
        assert_eq!(line.at, at.map(|t| t.parse::<Timestamp>().expect("time")), "{raw}");
        assert_eq!(line.level.as_deref(), level, "{raw}");
        line
    };
    check("2026-01-05T10:00:00.250Z ERROR boom", Some("2026-01-05T10:00:00.25Z"), Some("error"));
    check("2026-01-05 10:00:00,250 [main] WARN x - y", Some("2026-01-05T10:00:00.25Z"), Some("warn"));
    check("[05/Jan/2026:11:00:00 +0100] \"GET /\" 500", Some("2026-01-05T10:00:00Z"), None);
    check("081109 203615 148 INFO dfs.DataNode: hi", Some("2008-11-09T20:36:15Z"), Some("info"));
    check("nothing known here", None, None);
    let line = check(
        "time=2026-01-05T10:00:00Z level=error msg=\"no \\\"luck\\\" today\" code=500",
        Some("2026-01-05T10:00:00Z"),
        Some("error"),
    );
    assert_eq!(line.text, "no \"luck\" today");
    assert_eq!(line.fields.get("code").map(String::as_str), Some("500"));
    let line = check(
        r#"{"ts":1767607200.5,"lvl":"WARNING","msg":"m","a":{"b":1}}"#,
        Some("2026-01-05T10:00:00.5Z"),
        Some("warn"),
    );
    assert_eq!(line.fields.get("a.b").map(String::as_str), Some("1"));
}

#[test]
fn changes_come_in_three_forms() {
    let cd = serde_json::json!({"context": {"type": "dev.cdevents.service.deployed.0.1.1", "id": "e1", "source": "ci",
        "timestamp": "2026-01-05T10:00:00Z"}, "subject": {"id": "ns/checkout", "content": {"artifactId": "pkg:oci/checkout@1.2"}}});
    let gh = serde_json::json!({"deployment": {"id": 7, "sha": "abc", "ref": "v2", "created_at": "2026-01-05T10:00:00Z"},
        "repository": {"name": "checkout"}});
    let cd = change_from_json(&cd).expect("cdevent");
    let gh = change_from_json(&gh).expect("github");
    assert_eq!((cd.component.as_str(), cd.to.as_deref()), ("checkout", Some("1.2")));
    assert_eq!((gh.component.as_str(), gh.commit.as_deref(), gh.id.as_str()), ("checkout", Some("abc"), "7"));
}

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 _./:\"\\\\{}=é-]{0,24}"
}

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9-]{0,9}"
}

fn at() -> impl Strategy<Value = Timestamp> {
    (1_700_000_000_000i64..1_800_000_000_000)
        .prop_map(|ms| Timestamp::from_millisecond(ms).expect("in range"))
}

fn labels() -> impl Strategy<Value = Labels> {
    prop::collection::btree_map("[a-z]{1,3}_x", text(), 0..3)
}

prop_compose! {
    fn telemetry()(
        report in text(), window in prop::option::of((at(), at())), started in prop::option::of(at()),
        series in prop::collection::vec((word(), labels(), prop::option::of(word()), prop::collection::btree_map(
            1_700_000_000_000i64..1_800_000_000_000, -1e12..1e12f64, 1..5)), 0..4),
        logs in prop::collection::vec((word(), prop::option::of(at()), "[a-z]{5}", text(), labels()), 0..4),
        spans in prop::collection::vec((word(), text(), labels(), 0i64..1_800_000_000_000_000, 0i64..9_000_000, any::<bool>(), 0..5u8), 0..4),
        alerts in prop::collection::vec((word(), labels(), any::<bool>(), prop::option::of(at())), 0..3),
        changes in prop::collection::vec((word(), at(), text(), prop::option::of(text())), 0..3),
        events in prop::collection::vec((word(), at(), text()), 0..3),
        topology in prop::collection::vec((word(), word()), 0..3),
        commands in prop::collection::vec((word(), "[a-z ]{1,9}(\n[a-z ]{1,9})?"), 0..3),
    ) -> Telemetry {
        let kinds = [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer];
        Telemetry {
            report,
            window: window.map(|(start, end)| Window { start, end }),
            impact_started_at: started,
            components: Vec::new(),
            series: series.into_iter().map(|(name, labels, component, points)| Series {
                source: String::new(), name, labels, component, kind: MetricKind::Gauge,
                points: points.into_iter().collect() }).collect(),
            logs: logs.into_iter().map(|(component, at, level, text, fields)| LogLine {
                source: String::new(), line: 0, component: Some(component), at, level: Some(level),
                text: format!("m {text}"), fields, trace_id: None }).collect(),
            spans: spans.into_iter().enumerate().map(|(i, (component, operation, attributes, start_us, duration_us, error, kind))| Span {
                source: String::new(), trace_id: format!("{i:04x}"), span_id: "a1".into(), parent_id: Some("b2".into()),
                component, operation, kind: kinds[usize::from(kind)], start_us, duration_us, error, attributes }).collect(),
            alerts: alerts.into_iter().map(|(name, mut labels, firing, starts_at)| {
                labels.insert("alertname".into(), name.clone());
                AlertFact { source: String::new(), name, firing, labels, annotations: Labels::new(), starts_at, ends_at: None } }).collect(),
            changes: changes.into_iter().map(|(component, at, summary, diff)| Change {
                id: "c".into(), at, kind: ChangeKind::Config, component, from: None, to: Some("2".into()), by: None,
                source: None, commit: None, summary, diff, files: vec!["a".into()] }).collect(),
            changes_known: false,
            events: events.into_iter().map(|(component, at, message)| ClusterEvent {
                at, component, kind: "Warning".into(), reason: "BackOff".into(), message, count: 3, source: "k".into() }).collect(),
            topology: topology.into_iter().map(|(caller, callee)| TopologyEdge { caller, callee, kind: "http".into() }).collect(),
            objects: vec![ClusterObject { source: String::new(), object: serde_json::json!({"kind": "Pod"}) }],
            commands: commands.into_iter().map(|(command, output)| CommandRecord {
                source: String::new(), line: 0, command, output }).collect(),
            gaps: vec!["no traces".into()],
        }
    }
}

/// Files and line numbers are where a bundle keeps things, not what it keeps; files order logs by component.
fn without_places(mut t: Telemetry) -> Telemetry {
    t.series.iter_mut().for_each(|s| s.source.clear());
    t.spans.iter_mut().for_each(|s| s.source.clear());
    t.alerts.iter_mut().for_each(|a| a.source.clear());
    t.objects.iter_mut().for_each(|o| o.source.clear());
    t.logs.iter_mut().for_each(|l| {
        l.source.clear();
        l.line = 0;
    });
    t.commands.iter_mut().for_each(|c| {
        c.source.clear();
        c.line = 0;
    });
    t.logs.sort_by(|a, b| a.component.cmp(&b.component));
    t
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read_again(t in telemetry()) {
        let dir = tempfile::tempdir().expect("dir");
        write(dir.path(), &t, &BundleMeta::default()).expect("written");
        let loaded = read(dir.path()).expect("read");
        prop_assert_eq!(&loaded.broken, &Vec::new());
        prop_assert_eq!(&loaded.ignored, &Vec::<String>::new());
        prop_assert_eq!(without_places(loaded.telemetry), without_places(t));
    }

    #[test]
    fn no_bytes_in_a_data_file_make_reading_fail(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        let dir = tempfile::tempdir().expect("dir");
        bundle(dir.path());
        for name in ["metrics/a.csv", "metrics/a.json", "logs/a.log", "logs/a.jsonl", "traces/a.csv", "traces/a.json",
            "alerts/a.json", "changes/a.json", "events/a.json", "topology.csv", "k8s/a.yaml", "commands/a.txt"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("parent")).expect("folder");
            fs::write(path, &raw).expect("file");
        }
        prop_assert!(read(dir.path()).is_ok());
    }
}
