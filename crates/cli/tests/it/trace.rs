//! `firebell trace explain`: what people read, what programs read, and what is told of files that are no traces.

use crate::commands::{fails, parsed, path, run, said};
use crate::support::text;

/// Ten requests; with `slow` the shop takes longer, and one payment fails with text that would steer a terminal.
fn jaeger(slow: bool) -> String {
    let mut traces = Vec::new();
    for i in 0..10 {
        let own = if slow { 400_000 } else { 20_000 };
        let start = 1_767_600_000_000_000u64 + i * 2_000_000;
        let span = |id: &str, parent: &str, process: &str, name: &str, at: u64, took: u64, tags: &str| {
            let references = if parent.is_empty() {
                String::new()
            } else {
                format!(r#"{{"refType":"CHILD_OF","traceID":"t{i}","spanID":"{parent}"}}"#)
            };
            format!(
                r#"{{"traceID":"t{i}","spanID":"{id}","operationName":"{name}","processID":"{process}","references":[{references}],"startTime":{},"duration":{took},"tags":[{tags}]}}"#,
                start + at
            )
        };
        let failed = slow && i == 3;
        let tags = if failed {
            r#"{"key":"error","value":true},{"key":"exception.message","value":"card \u001b[31mdeclined"}"#
        } else {
            ""
        };
        let spans = [
            span(
                "1",
                "",
                "p1",
                "GET /",
                0,
                own + 90_000,
                if failed { r#"{"key":"error","value":true}"# } else { "" },
            ),
            span("2", "1", "p2", "order", 10_000, own + 60_000, ""),
            span("3", "2", "p3", "charge", 20_000, 30_000, tags),
        ];
        traces.push(format!(
            r#"{{"traceID":"t{i}","spans":[{}],"processes":{{"p1":{{"serviceName":"edge"}},"p2":{{"serviceName":"shop"}},"p3":{{"serviceName":"bank"}}}}}}"#,
            spans.join(",")
        ));
    }
    format!(r#"{{"data":[{}]}}"#, traces.join(","))
}

#[test]
fn traces_are_explained_to_people_and_to_programs() {
    let dir = tempfile::tempdir().expect("a folder");
    let (file, normal) = (dir.path().join("now.json"), dir.path().join("normal.json"));
    std::fs::write(&file, jaeger(true)).expect("written");
    std::fs::write(&normal, jaeger(false)).expect("written");
    let out = run(&["trace", "explain", path(&file), "--normal", path(&normal)]);
    let told = text(&out);
    assert_eq!(out.status.code(), Some(0), "{told}{}", said(&out));
    for words in [
        "30 spans in 10 traces, 1 of them with a failure",
        "order at shop itself takes 430 ms, 50 ms before",
        "Failing trace t3: edge GET /",
        "<- the failure begins here",
        "shop → bank",
        "━━━",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains('\u{1b}'), "{told:?}");
    let report = parsed(&run(&["trace", "explain", path(&file), "--json"]));
    assert_eq!(
        (report["spans"].as_u64(), report["origins"][0]["component"].as_str()),
        (Some(30), Some("bank"))
    );
    let one = parsed(&run(&["trace", "explain", path(&file), "--trace", "T7", "--format", "json"]));
    assert_eq!(
        (one["shown"].as_array().map(Vec::len), one["shown"][0]["trace_id"].as_str()),
        (Some(1), Some("t7"))
    );
}

#[test]
fn what_is_no_file_of_traces_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, body: &str| {
        let file = dir.path().join(name);
        std::fs::write(&file, body).expect("written");
        file
    };
    let traces = write("t.json", &jaeger(false));
    fails(&["trace", "explain", "/nonexistent.json"], 2, &["/nonexistent.json", "cannot be opened"]);
    fails(&["trace", "explain", path(&write("e.json", ""))], 2, &["is empty"]);
    fails(&["trace", "explain", path(&write("x.json", "{\"data\":[}"))], 2, &["x.json", "line 1"]);
    fails(&["trace", "explain", path(&write("x.csv", "a,b\n1,2\n"))], 2, &["x.csv", "column trace_id"]);
    fails(&["trace", "explain", path(&write("n.json", "{\"data\":[]}"))], 2, &["no spans"]);
    fails(&["trace", "explain", path(&traces), "--trace", "gone"], 4, &["no trace gone among 10 traces"]);
}
