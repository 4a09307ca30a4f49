//! Bundles as people send them: exported by spreadsheets, cut off, with clocks of several zones. What is wrong is told
//! with file and line, the rest is used.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;

fn bundle(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Loaded) {
    let dir = tempfile::tempdir().expect("dir");
    put(dir.path(), "bundle.json", b"{\"format\": \"firebell-bundle/1\"}");
    for (name, bytes) in files {
        put(dir.path(), name, bytes);
    }
    let loaded = read(dir.path()).expect("readable");
    (dir, loaded)
}

fn put(dir: &Path, name: &str, bytes: &[u8]) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().expect("has a parent")).expect("folder");
    fs::write(path, bytes).expect("file");
}

fn told(loaded: &Loaded) -> Vec<(&str, u64)> {
    loaded.broken.iter().map(|b| (b.file.as_str(), b.line)).collect()
}

#[test]
fn tables_of_spreadsheets_are_read_and_their_damage_is_told() {
    let check = |table: &[u8], points: &[(&str, &[(i64, f64)])], lines: &[u64]| {
        let (_dir, loaded) = bundle(&[("metrics/m.csv", table)]);
        let have: Vec<_> =
            loaded.telemetry.series.iter().map(|s| (s.name.as_str(), s.points.as_slice())).collect();
        let shown = String::from_utf8_lossy(table);
        assert_eq!(have, points, "{shown}");
        assert_eq!(
            loaded.broken.iter().map(|b| b.line).collect::<Vec<_>>(),
            lines,
            "{shown}: {:?}",
            loaded.broken
        );
    };
    // A byte order mark, line ends of Windows, empty and non-finite cells.
    check(
        b"\xef\xbb\xbftime,a,b\r\n1,1,\r\n2,NaN,Inf\r\n3,null,2\r\n",
        &[("a", &[(1000, 1.0)]), ("b", &[(3000, 2.0)])],
        &[],
    );
    // Semicolons, decimal commas, dots between thousands; tabs.
    check(b"Time;a\n1;0,5\n2;1.234,5\n3;7\n", &[("a", &[(1000, 0.5), (2000, 1234.5), (3000, 7.0)])], &[]);
    check(b"timestamp\ta\n1\t5\n", &[("a", &[(1000, 5.0)])], &[]);
    // Quotes, thousands separators.
    check(
        b"time,\"a{x=\"\"1\"\"}\"\n1,\"1,234,567.5\"\n2,\"8\"\n",
        &[("a", &[(1000, 1_234_567.5), (2000, 8.0)])],
        &[],
    );
    // Ragged rows, an open quote, a wrong cell, a wrong time, a bad byte.
    check(
        b"time,a,b\n1,1\n2,1,2,3\n3,\"1,2\n4,x,4\nlater,5,5\n6,\xff,6\n\n7,7,7\n",
        &[
            ("a", &[(1000, 1.0), (2000, 1.0), (7000, 7.0)]),
            ("b", &[(2000, 2.0), (4000, 4.0), (6000, 6.0), (7000, 7.0)]),
        ],
        &[2, 3, 4, 4, 5, 0],
    );
    // Columns twice, times unsorted and twice.
    check(b"time,a,a\n3,3,9\n1,1,9\n3,4,9\n", &[("a", &[(1000, 1.0), (3000, 4.0)])], &[1, 0]);
    // No header, nothing at all, another encoding.
    check(b"", &[], &[0]);
    check(b"1,2\n", &[], &[0]);
    check(b"\xff\xfet\0i\0", &[], &[0]);
    check(b"time,a\n1,1e999\n2,99999999999999999999999\n", &[("a", &[(2000, 1e23)])], &[]);
}

#[test]
fn times_of_all_clocks_mean_the_same_instant() {
    let ms = 1_767_607_200_000i64;
    for (cell, note) in [
        ("1767607200", None),
        ("1767607200.0", None),
        ("1767607200000", Some("milliseconds")),
        ("1767607200000000", Some("microseconds")),
        ("1767607200000000000", Some("nanoseconds")),
        ("2026-01-05T10:00:00Z", None),
        ("2026-01-05T12:00:00+02:00", None),
        ("2026-01-05 10:00:00", Some("UTC")),
        ("2026/01/05 10:00:00.000", Some("UTC")),
    ] {
        let (_dir, loaded) = bundle(&[("metrics/m.csv", format!("time,a\n{cell},1\n").as_bytes())]);
        assert_eq!(loaded.telemetry.series[0].points, [(ms, 1.0)], "{cell}");
        assert_eq!(loaded.broken, [], "{cell}");
        match note {
            Some(word) => assert!(loaded.notes[0].reason.contains(word), "{cell}: {:?}", loaded.notes),
            None => assert_eq!(loaded.notes, [], "{cell}"),
        }
    }
}

/// A table of one hour in minutes from `start` on.
fn hour(column: &str, start: i64) -> String {
    let rows: Vec<String> = (0..=60).map(|i| format!("{},{i}\n", start + i * 60)).collect();
    format!("time,{column}\n{}", rows.concat())
}

#[test]
fn a_source_that_is_off_by_whole_hours_is_put_right_where_that_is_safe() {
    let ten = 1_767_607_200;
    let (a, b) = (hour("a_cpu", ten), hour("b_cpu", ten));
    let log: String =
        (0..=60).map(|i| format!("2026-01-05 {:02}:{:02}:00 INFO x\n", 12 + i / 60, i % 60)).collect();
    let files: [(&str, &[u8]); 3] =
        [("metrics/a.csv", a.as_bytes()), ("metrics/b.csv", b.as_bytes()), ("logs/c.log", log.as_bytes())];
    let (_dir, loaded) = bundle(&files);
    assert_eq!(loaded.telemetry.logs[0].at.map(|t| t.as_second()), Some(ten));
    let note = loaded.notes.last().expect("a note");
    assert!(
        note.file == "logs/c.log" && note.reason.contains("2 h ahead") && note.reason.ends_with("put right")
    );
    assert_eq!(loaded.telemetry.gaps.len(), 1);

    // Another period of the same series is no wrong clock.
    let later = hour("a_cpu", ten + 7200);
    let (_dir, loaded) = bundle(&[
        ("metrics/a.csv", a.as_bytes()),
        ("metrics/b.csv", b.as_bytes()),
        ("metrics/later.csv", later.as_bytes()),
    ]);
    assert!(loaded.notes.iter().any(|n| n.reason.contains("left as they are")), "{:?}", loaded.notes);
    let last = loaded.telemetry.series.iter().find(|s| s.source == "metrics/later.csv").expect("there");
    assert_eq!(last.points[0].0, (ten + 7200) * 1000);

    // Of two that differ nobody knows which is off.
    let (_dir, loaded) = bundle(&[("metrics/a.csv", a.as_bytes()), ("logs/c.log", log.as_bytes())]);
    assert_eq!(loaded.telemetry.logs[0].at.map(|t| t.as_second()), Some(ten + 7200));
}

#[test]
fn lines_without_a_year_lie_where_the_other_telemetry_is() {
    let metrics = hour("a_cpu", 1_767_607_200);
    let (_dir, loaded) = bundle(&[
        ("metrics/a.csv", metrics.as_bytes()),
        (
            "logs/h.log",
            b"Jan  5 10:00:00 h app[1]: one\n  more\nJan  5 10:00:01 h app[1]: two\n10:00:02 three\nfour\n",
        ),
    ]);
    let at: Vec<_> =
        loaded.telemetry.logs.iter().map(|l| l.at.map(|t| t.as_second() - 1_767_607_200)).collect();
    assert_eq!(at, [Some(0), Some(1), Some(2), Some(2)]);
    assert!(loaded.notes.iter().any(|n| n.reason.contains("name no date or no year")), "{:?}", loaded.notes);
}

#[test]
fn json_that_ends_in_the_middle_gives_what_is_whole() {
    let whole = r#"{"data":[{"traceID":"a","processes":{},"spans":[{"traceID":"a","spanID":"1","operationName":"x","startTime":1,"duration":1,"process":{"serviceName":"s"}}]},{"traceID":"b","spans":[{"trac"#;
    let deep = "[".repeat(100_000);
    let (_dir, loaded) = bundle(&[
        ("traces/cut.json", whole.as_bytes()),
        ("traces/deep.json", deep.as_bytes()),
        ("alerts/huge.json", b"[{\"labels\":{\"a\":\"b\"},\"x\":1e99999}]"),
        ("changes/empty.json", b""),
        ("events/list.json", b"[{\"at\":\"2026-01-05T10:00:00Z\",\"component\":\"x\"},\n3]"),
        ("k8s/a.yaml", b"a: [\n"),
    ]);
    assert_eq!(loaded.telemetry.spans.len(), 1);
    assert_eq!(loaded.telemetry.events.len(), 1);
    let files: Vec<&str> = loaded.broken.iter().map(|b| b.file.as_str()).collect();
    for file in [
        "traces/cut.json",
        "traces/deep.json",
        "alerts/huge.json",
        "changes/empty.json",
        "events/list.json",
        "k8s/a.yaml",
    ] {
        assert!(files.contains(&file), "{file}: {:?}", loaded.broken);
    }
}

#[test]
fn spans_without_parents_or_names_are_kept_and_counted() {
    let table = "trace_id,span_id,parent_id,component,operation,start_us,duration_us\na,1,,web,GET,1000000,5\na,2,gone,cart,GET,1000001,4\na,3,1,db,q,x,4\n";
    let (_dir, loaded) = bundle(&[("traces/t.csv", table.as_bytes())]);
    assert_eq!(loaded.telemetry.spans.len(), 2);
    assert_eq!(told(&loaded), [("traces/t.csv", 4)]);
    let nameless =
        br#"{"data":[{"spans":[{"spanID":"1","startTime":1},{"traceID":"a","spanID":"2","startTime":1}]}]}"#;
    let (_other, other) = bundle(&[("traces/t.json", nameless)]);
    assert_eq!(other.telemetry.spans.len(), 1);
    assert!(other.broken[0].reason.starts_with("1 spans lack"), "{:?}", other.broken);
    let summary = Summary::of(&loaded);
    assert_eq!(summary.orphan_spans, 1);
    assert!(!summary.whole());
}

#[test]
fn an_empty_bundle_is_one_and_says_so() {
    let (dir, loaded) = bundle(&[]);
    assert!(loaded.notes[0].reason.contains("holds no telemetry"));
    assert!(!Summary::of(&loaded).whole());
    fs::create_dir(dir.path().join("metrics")).expect("folder");
    put(dir.path(), "logs/empty.log", b"");
    let loaded = read(dir.path()).expect("readable");
    assert_eq!((loaded.broken.len(), loaded.ignored.len()), (0, 0));
}

#[test]
fn blocks_of_a_large_log_are_the_same_for_any_number_of_threads() {
    let dir = tempfile::tempdir().expect("dir");
    put(dir.path(), "bundle.json", b"{\"format\": \"firebell-bundle/1\"}");
    let mut log = Vec::new();
    let mut lines = 0u64;
    // Traces across the borders of blocks, and one line that is longer than several of them.
    while (log.len() as u64) < 2 * blocks::BLOCK + 1000 {
        log.extend_from_slice(
            format!("2026-01-05 10:00:00 ERROR failed {lines}\n\tat a.B({lines})\n").as_bytes(),
        );
        lines += 2;
    }
    log.extend_from_slice(&vec![b'x'; 3 * blocks::BLOCK as usize]);
    log.extend_from_slice(b"\n2026-01-05 10:00:01 INFO after\n");
    put(dir.path(), "logs/a.log", &log);
    let one = read::read_by(dir.path(), 1).expect("readable");
    let three = read::read_by(dir.path(), 3).expect("readable");
    assert_eq!(one, three);
    let logs = &one.telemetry.logs;
    assert_eq!(logs.len() as u64, lines / 2 + 2);
    assert!(logs[..logs.len() - 2].iter().all(|l| l.text.contains("\n\tat a.B(")));
    assert_eq!(
        logs.last().map(|l| (l.line, l.text.as_str())),
        Some((lines + 2, "2026-01-05 10:00:01 INFO after"))
    );
    assert_eq!(told(&one), [("logs/a.log", lines + 1)]);
}

#[test]
fn a_table_in_several_blocks_is_one_table() {
    let dir = tempfile::tempdir().expect("dir");
    put(dir.path(), "bundle.json", b"{\"format\": \"firebell-bundle/1\"}");
    let mut table = String::from("time,a,b\n");
    let mut rows = 0;
    while (table.len() as u64) < 2 * blocks::BLOCK + 100 {
        table.push_str(&format!("{rows},{rows},1.0000000000000000000\n"));
        rows += 1;
    }
    table.push_str("x,1,1\n");
    put(dir.path(), "metrics/m.csv", table.as_bytes());
    let loaded = read::read_by(dir.path(), 3).expect("readable");
    assert!(loaded.telemetry.series.iter().all(|s| s.points.len() == rows));
    assert_eq!(told(&loaded), [("metrics/m.csv", rows as u64 + 2)]);
}

#[test]
fn a_made_up_bundle_is_read_whole() {
    let sizes =
        synthetic::Sizes { services: 3, series: 30, points: 20, log_lines: 100, json_lines: 30, spans: 23 };
    let dir = tempfile::tempdir().expect("dir");
    let bytes = synthetic::write_synthetic(dir.path(), 7, &sizes).expect("written");
    let other = tempfile::tempdir().expect("dir");
    assert_eq!(synthetic::write_synthetic(other.path(), 7, &sizes).expect("written"), bytes);
    let loaded = read(dir.path()).expect("readable");
    assert_eq!((&loaded.broken, &loaded.ignored, &loaded.notes), (&vec![], &vec![], &vec![]));
    let t = &loaded.telemetry;
    assert_eq!((t.series.len(), t.logs.len(), t.spans.len()), (30, 100, 23));
    assert!(t.series.iter().all(|s| s.points.len() == 20));
    let summary = Summary::of(&loaded);
    assert!(summary.whole() && summary.orphan_spans == 0 && summary.components.len() == 3, "{summary:?}");
    assert_eq!(read(other.path()).expect("readable"), loaded);
}

/// One file of each kind that a reader exists for.
const FILES: [&str; 16] = [
    "topology.csv",
    "metrics/a.csv",
    "metrics/a.json",
    "logs/a.log",
    "logs/a.jsonl",
    "logs/a.json",
    "traces/a.csv",
    "traces/a.json",
    "alerts/a.json",
    "changes/a.json",
    "events/a.json",
    "k8s/a.json",
    "k8s/a.yaml",
    "commands/a.txt",
    "bundle.json",
    "notes.md",
];

/// Most memory that this process has held so far, bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
}

#[test]
fn a_line_of_two_gigabytes_is_told_and_the_rest_is_used() {
    use std::io::{Seek as _, SeekFrom, Write as _};
    const LENGTH: u64 = 2 << 30;
    let (dir, _) =
        bundle(&[("logs/a.log", b"2026-01-05T10:00:00Z INFO before\n2026-01-05T10:00:01Z INFO long ")]);
    // A hole takes no room on the disk, and reads as NUL bytes.
    let mut file = fs::OpenOptions::new().append(true).open(dir.path().join("logs/a.log")).expect("opened");
    file.set_len(LENGTH).expect("sparse");
    file.seek(SeekFrom::End(0)).expect("its end");
    file.write_all(b"\n2026-01-05T10:00:02Z ERROR after\n").expect("written");
    let before = peak();
    let loaded = read(dir.path()).expect("readable");
    let grown = peak().saturating_sub(before);
    assert!(grown < 200 << 20, "{grown} bytes for a line of {LENGTH}");
    let long = loaded.broken.iter().find(|b| b.reason.contains("is longer than a megabyte"));
    assert_eq!(long.map(|b| (b.file.as_str(), b.line)), Some(("logs/a.log", 2)), "{:?}", loaded.broken);
    let logs = &loaded.telemetry.logs;
    assert_eq!(logs.len(), 3, "{:?}", logs.iter().map(|l| l.text.len()).collect::<Vec<_>>());
    assert_eq!((logs[0].line, logs[2].line, logs[2].level.as_deref()), (1, 3, Some("error")));
    assert!(logs[0].text.contains("before") && logs[2].text.contains("after"));
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "time",
        "trace_id,span_id,parent_id,component,operation,start_us,duration_us",
        "caller,callee",
        ",",
        ";",
        "\n",
        "\"",
        "{",
        "}",
        "[",
        "]",
        ":",
        "1",
        "-1e308",
        "1e999",
        "99999999999999999999",
        "2026-01-05T10:00:00Z",
        "null",
        "\"data\"",
        "\"result\"",
        "\"metric\"",
        "\"values\"",
        "\"spans\"",
        "\"traceID\"",
        "\"startTime\"",
        "\"duration\"",
        "\"resourceSpans\"",
        "\"startTimeUnixNano\"",
        "\"labels\"",
        "\"alerts\"",
        "\"at\"",
        "\"kind\"",
        "\"items\"",
        "$ kubectl get",
        "- a: b",
        "&a [*a]",
        "\t",
        "\0",
        "é",
        "\"x\"",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|v| v.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_file_makes_its_reader_fail(text in pieces(), cut in 0usize..400, other in prop::collection::vec(any::<u8>(), 0..100)) {
        let whole = r#"{"data":{"result":[{"metric":{"__name__":"x"},"values":[[1,"2"],[3,"4"]]}]}}"#;
        for file in FILES {
            for bytes in [text.as_bytes(), &other, &whole.as_bytes()[..cut.min(whole.len())]] {
                if let Ok((t, broken)) = decode_file(file, bytes) {
                    prop_assert!(t.series.iter().all(|s| s.points.windows(2).all(|w| w[0].0 < w[1].0)));
                    prop_assert!(t.spans.iter().all(|s| s.duration_us >= 0));
                    prop_assert!(broken.iter().all(|b| b.file == file && !b.reason.is_empty()));
                }
            }
        }
    }
}
