//! What holds for templates of any lines.

use proptest::prelude::*;

use super::*;

fn mined(lines: &[&str]) -> Vec<(String, u64)> {
    let mut miner = Miner::default();
    for line in lines {
        miner.push(line.as_bytes());
    }
    miner.templates().templates.into_iter().map(|t| (t.text, t.seen.lines)).collect()
}

#[test]
fn masks_what_varies_by_nature_and_keeps_what_tells() {
    for (line, want) in [
        ("took 35 ms for 10.0.0.1:8080", "took <*> for <*>"),
        ("user 0f8fad5b-d9cb-469f-a165-70867728950e signed in", "user <*> signed in"),
        ("http2 stream reset id=77", "http2 stream reset id=<*>"),
        ("blk_-1608999687919862906 terminating", "<*> terminating"),
        ("timeout after 30s", "timeout after <*>"),
        ("GET /api/v1/orders/77?x=1 200", "GET <*> <*>"),
        ("see https://example.com/a?b=c&d=e, then stop", "see <*>, then stop"),
        ("loaded C:\\Windows\\winsxs\\x86_a.dll", "loaded <*>"),
        ("at Sun Jul 17 23:21:54 2005 done", "at <*> done"),
        ("size 5.2 KB, free 93.1 KB", "size <*>, free <*>"),
        ("sent 4369 bytes (4.26 KB), ok", "sent <*>, ok"),
        ("valid: True cached=false next=null", "valid: <*> cached=<*> next=<*>"),
        ("pod checkout-69876c9868-wqgrl started", "pod checkout-<*> started"),
        ("foo.java:123 in java.lang.String@1a2b3c", "foo.java:<*> in java.lang.String@<*>"),
        ("from web-3.prod.example.com to db.internal:5432", "from <*> to <*>"),
        ("mail to ann.lee@example.com", "mail to <*>"),
        ("sha256 of amd64 over tls13", "sha256 of amd64 over tls13"),
        ("\u{1b}[31mred\u{1b}[0m 7", "red <*>"),
        ("already <*> masked", "already <*> masked"),
        ("nul\0byte", "nul byte"),
        ("Ünïcödé wörds 42 €", "Ünïcödé wörds <*> €"),
        ("", ""),
    ] {
        assert_eq!(template_of(line), want, "{line}");
    }
}

#[test]
fn a_column_of_names_is_a_value_and_a_column_of_states_is_not() {
    let users = ["ann", "bob", "cleo", "dan", "eve", "finn"];
    let opened: Vec<String> = users.iter().map(|u| format!("session opened for {u} on tty")).collect();
    assert_eq!(mined(&opened.iter().map(String::as_str).collect::<Vec<_>>()).len(), 1);
    let states = ["VM Started (event)", "VM Stopped (event)", "VM Paused (event)"];
    assert_eq!(mined(&states).len(), 3);
    let keyed = [
        "lock name=com.a.b, ws=null",
        "lock name=com.c.d, ws=WorkSource{10 11}",
        "lock name=x, ws=WorkSource{7}",
    ];
    assert_eq!(mined(&keyed), [("lock name=<*>, ws=<*>".to_owned(), 3)]);
    let moved =
        ["went from NEW to RUNNING now", "went from NEW to DONE now", "went from RUNNING to DONE now"];
    assert_eq!(mined(&moved).len(), 3);
}

#[test]
fn time_and_level_are_found_whatever_the_format() {
    let at = |text: &str| text.parse::<jiff::Timestamp>().map(|t| t.as_millisecond()).ok();
    for (line, time, level, message) in [
        ("2026-01-05T10:00:00.25Z ERROR boom", "2026-01-05T10:00:00.25Z", Some(Level::Error), "boom"),
        (
            "2026-01-05 10:00:00,250 [main] INFO  a.b.C - hi",
            "2026-01-05T10:00:00.25Z",
            Some(Level::Info),
            "[main] INFO  a.b.C - hi",
        ),
        ("2026/01/05 12:00:00 +0200 WARN: hi", "2026-01-05T10:00:00Z", Some(Level::Warn), "hi"),
        ("[Mon Jan 05 10:00:00 2026] [error] hi", "2026-01-05T10:00:00Z", Some(Level::Error), "hi"),
        ("Jan  5 10:00:00 host app[12]: hi", "2026-01-05T10:00:00Z", None, "host app[12]: hi"),
        ("<11>Jan  5 10:00:00 host app: hi", "2026-01-05T10:00:00Z", Some(Level::Error), "host app: hi"),
        (
            "E0105 10:00:00.250000       1 a.go:12] hi",
            "2026-01-05T10:00:00.25Z",
            Some(Level::Error),
            "1 a.go:12] hi",
        ),
        ("260105 100000 148 INFO dfs: hi", "2026-01-05T10:00:00Z", Some(Level::Info), "148 INFO dfs: hi"),
        ("20260105-10:00:00:250|Step|3|hi", "2026-01-05T10:00:00.25Z", None, "Step|3|hi"),
        ("1767607200 hi", "2026-01-05T10:00:00Z", None, "hi"),
        (
            "01-05 10:00:00.250  1702  2395 D Power: hi",
            "2026-01-05T10:00:00.25Z",
            None,
            "1702  2395 D Power: hi",
        ),
        ("2026-01-05T10:00:00Z stderr F panic: hi", "2026-01-05T10:00:00Z", Some(Level::Fatal), "hi"),
        (
            r#"{"ts":1767607200.25,"level":"warn","msg":"hi \"there\""}"#,
            "2026-01-05T10:00:00.25Z",
            Some(Level::Warn),
            r#"hi \"there\""#,
        ),
        (
            r#"time="2026-01-05T10:00:00Z" level=error msg="hi""#,
            "2026-01-05T10:00:00Z",
            Some(Level::Error),
            "hi",
        ),
    ] {
        let head = head(line.as_bytes(), 2026);
        assert_eq!(head.at, at(time), "{line}");
        assert_eq!(head.level, level, "{line}");
        assert_eq!(&line[head.message], message, "{line}");
    }
    assert_eq!(head(b"", 2026).message, 0..0);
    assert_eq!(head(b"just words", 2026).at, None);
}

#[test]
fn levels_are_inferred_from_what_a_line_shows() {
    for (text, want) in [
        ("Traceback (most recent call last):", Some(Level::Error)),
        ("java.io.IOException: broken pipe", Some(Level::Error)),
        ("panic: runtime error", Some(Level::Fatal)),
        ("connect failed, retrying", Some(Level::Error)),
        ("WARNING disk nearly full", Some(Level::Warn)),
        ("served 10 requests", None),
        ("error_count=0", None),
    ] {
        assert_eq!(infer_level(text.as_bytes()), want, "{text}");
    }
}

/// Sentences with names and numbers in them, as programs write them.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let line = prop_oneof![
        ("[a-z]{3,6}", 0u32..5000).prop_map(|(u, n)| format!("user {u} has {n} items")),
        (0u32..9, "[A-F]{2}").prop_map(|(n, s)| format!("node {n} entered state {s} of {n}")),
        "[ -~]{0,40}",
        "[a-c]{1,2}( [a-c]{1,2}){0,4}",
        ("[a-z]{1,3}", "[a-z0-9.{}()\" ,]{0,12}").prop_map(|(k, v)| format!("set {k}={v}, done")),
    ];
    proptest::collection::vec(line, 1..60)
}

/// Words and values as they stand in logs.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z]{1,8}[:,.]?",
        "-?[0-9]{1,6}(\\.[0-9]{1,3})?(ms|KB|s|%)?",
        "[a-z]{2,6}=[a-zA-Z0-9]{1,8},?",
        "/[a-z]{1,5}(/[a-z0-9._]{1,6}){0,3}",
        "[0-9]{1,3}(\\.[0-9]{1,3}){3}(:[0-9]{2,5})?",
        "[a-z]{2,8}[-_][a-z0-9]{1,8}",
        "[\\[(][a-z0-9 ]{0,9}[\\])]",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{12}",
        Just("<*>".to_owned()),
        Just("true".to_owned()),
        Just("2026-01-05T10:00:00Z".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..40)) {
        let mut miner = Miner::new(Limits { patterns: 16, bytes: 1 << 16 });
        let numbers: Vec<u32> =
            records.iter().zip(1..).map(|(r, n)| miner.push_raw(r, n, 2026)).collect();
        let found = miner.templates();
        prop_assert_eq!(found.templates.iter().map(|t| t.seen.lines).sum::<u64>(), records.len() as u64);
        for n in numbers {
            prop_assert!((found.of[n as usize] as usize) < found.templates.len());
        }
    }

    #[test]
    fn a_line_matches_its_template(lines in lines()) {
        let mut miner = Miner::default();
        let numbers: Vec<u32> = lines.iter().map(|l| miner.push(l.as_bytes())).collect();
        let found = miner.templates();
        for (line, n) in lines.iter().zip(numbers) {
            let template = &found.templates[found.of[n as usize] as usize].text;
            prop_assert!(is_of_template(template, line), "{:?} is not of {:?}", line, template);
        }
    }

    #[test]
    fn masking_again_changes_nothing(words in proptest::collection::vec(word(), 0..12)) {
        let once = template_of(&words.join(" "));
        prop_assert_eq!(&template_of(&once), &once);
    }

    #[test]
    fn neither_order_nor_shards_change_what_comes_out(lines in lines(), cut in 0usize..60, turn in 0usize..60) {
        let whole = |lines: &[String]| {
            let mut miner = Miner::default();
            lines.iter().for_each(|l| { miner.push(l.as_bytes()); });
            miner
        };
        let one = whole(&lines).templates().templates;
        let mut turned = lines.clone();
        turned.rotate_left(turn % lines.len());
        let (a, b) = turned.split_at(cut % lines.len());
        let (mut left, right) = (whole(a), whole(b));
        let numbers = left.merge(&right);
        prop_assert_eq!(numbers.len(), right.templates().of.len());
        prop_assert_eq!(one, left.templates().templates);
    }
}

#[test]
fn memory_stays_bounded_on_endless_novelty() {
    let limits = Limits { patterns: 200, bytes: 1 << 16 };
    let mut miner = Miner::new(limits);
    let word = |mut n: u32| {
        let mut w = String::new();
        for _ in 0..5 {
            w.push(char::from(b'a' + (n % 26) as u8));
            n /= 26;
        }
        w
    };
    for n in 0..30_000u32 {
        miner.push(format!("{} {} {}", word(n), word(n * 7 + 3), word(n * 31)).as_bytes());
        miner.push(format!("user {} signed in", word(n * 13)).as_bytes());
    }
    assert_eq!(miner.lines(), 60_000);
    assert!(miner.bytes() < 1 << 20, "{}", miner.bytes());
    // What can be put together was, although it came after the table was full.
    let found = miner.templates().templates;
    let signed = found.iter().find(|t| t.text == "user <*> signed in").expect("the template");
    assert_eq!(signed.seen.lines, 30_000);
}

fn trace(message: &str, exception: &str, place: &str) -> String {
    format!(
        "{message}\n{exception}: of {message}\n\tat java.util.List.get(List.java:3)\n\tat {place}(Pay.java:40)\n"
    )
}

#[test]
fn a_record_with_a_stack_trace_is_known_by_exception_and_own_frame() {
    let messages = [
        "basket is stale",
        "payment went wrong for user 7",
        "unable to finish",
        "gave up after 3",
        "sync stopped",
    ];
    let mut miner = Miner::default();
    let mut push = |text: &str| miner.push(text.as_bytes());
    let same: Vec<u32> = messages
        .iter()
        .map(|m| push(&trace(m, "java.lang.IllegalStateException", "com.acme.Pay.run")))
        .collect();
    assert!(same.iter().all(|n| *n == same[0]), "{same:?}");
    for n in 0..30 {
        let (exception, place) = if n % 2 == 0 {
            ("com.acme.AxException", "com.acme.Foo.go")
        } else {
            ("com.acme.AyException", "com.acme.Bar.go")
        };
        push(&trace("request failed", exception, place));
    }
    push("request failed");
    let found = miner.templates().templates;
    let told: Vec<(&str, u64)> = found.iter().map(|t| (t.text.as_str(), t.seen.lines)).collect();
    assert_eq!(
        told,
        [
            ("com.acme.AxException at com.acme.Foo.go", 15),
            ("com.acme.AyException at com.acme.Bar.go", 15),
            ("java.lang.IllegalStateException at com.acme.Pay.run", 5),
            ("request failed", 1),
        ]
    );
    let line = trace("request failed", "com.acme.AxException", "com.acme.Foo.go");
    assert!(
        is_of_template(told[0].0, &line)
            && !is_of_template(told[1].0, &line)
            && !is_of_template(told[3].0, &line)
    );
    assert_eq!(template_of(&line), told[0].0);
    assert_eq!(found[0].level(), Some(Level::Error));
}

#[test]
fn a_trace_in_a_field_counts_as_one_in_the_text() {
    let mut line = firebell_core::telemetry::LogLine {
        source: "otlp".into(),
        line: 0,
        component: None,
        at: None,
        level: Some("error".into()),
        text: "order failed".into(),
        fields: [("exception.stacktrace".to_owned(), trace("x", "com.acme.AxException", "com.acme.Foo.go"))]
            .into(),
        trace_id: None,
    };
    assert_eq!(template_of(&whole(&line)), "com.acme.AxException at com.acme.Foo.go");
    line.level = Some("info".into());
    assert_eq!(whole(&line), "order failed");
}
