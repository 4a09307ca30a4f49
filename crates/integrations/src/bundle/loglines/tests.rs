//! Golden lines of each format, traces of each language, and that nothing makes the readers fail.

use jiff::Timestamp;
use proptest::prelude::*;

use super::file::{Form, begins, read};
use super::*;

const AROUND: &str = "2026-01-05T12:00:00Z";

fn cx(component: &str) -> Context<'_> {
    Context { source: "s", component: Some(component), around: AROUND.parse().ok() }
}

/// One line in one format: time, level, text, and fields that must be there.
struct Golden {
    raw: &'static str,
    at: Option<&'static str>,
    level: Option<&'static str>,
    text: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

#[test]
fn each_format_gives_time_level_text_and_fields() {
    let ten = Some("2026-01-05T10:00:00Z");
    let whole = "";
    let golden = [
        // JSON of zap, zerolog, logback, pino, Serilog, journald, log4j 2, GCP.
        Golden {
            raw: r#"{"level":"error","ts":1767607200.0,"caller":"x.go:1","msg":"boom"}"#,
            at: ten,
            level: Some("error"),
            text: "boom",
            fields: &[("caller", "x.go:1")],
        },
        Golden {
            raw: r#"{"level":"warn","time":"2026-01-05T11:00:00+01:00","message":"slow"}"#,
            at: ten,
            level: Some("warn"),
            text: "slow",
            fields: &[],
        },
        Golden {
            raw: r#"{"@timestamp":"2026-01-05T10:00:00.000Z","log.level":"ERROR","message":"failed","error.stack_trace":"java.lang.X: y\n\tat a.B.c(B.java:1)"}"#,
            at: ten,
            level: Some("error"),
            text: "failed\njava.lang.X: y\n\tat a.B.c(B.java:1)",
            fields: &[],
        },
        Golden {
            raw: r#"{"level":50,"time":1767607200000,"pid":7,"msg":"down"}"#,
            at: ten,
            level: Some("error"),
            text: "down",
            fields: &[("pid", "7")],
        },
        Golden {
            raw: r#"{"@t":"2026-01-05T10:00:00.0000000Z","@mt":"Order {Id} failed","@l":"Fatal","Id":7}"#,
            at: ten,
            level: Some("fatal"),
            text: "Order {Id} failed",
            fields: &[("Id", "7")],
        },
        Golden {
            raw: r#"{"__REALTIME_TIMESTAMP":"1767607200000000","PRIORITY":"3","MESSAGE":"no space","_SYSTEMD_UNIT":"db.service"}"#,
            at: ten,
            level: Some("error"),
            text: "no space",
            fields: &[("_SYSTEMD_UNIT", "db.service")],
        },
        Golden {
            raw: r#"{"instant":{"epochSecond":1767607200,"nanoOfSecond":0},"level":"INFO","message":"hi"}"#,
            at: ten,
            level: Some("info"),
            text: "hi",
            fields: &[],
        },
        Golden {
            raw: r#"{"severity":"WARNING","textPayload":"hm","timestamp":"2026-01-05T10:00:00Z","labels":{"a":{"b":true}}}"#,
            at: ten,
            level: Some("warn"),
            text: "hm",
            fields: &[("labels.a.b", "true")],
        },
        // logfmt.
        Golden {
            raw: r#"time=2026-01-05T10:00:00Z level=error msg="no \"luck\" today" code=500"#,
            at: ten,
            level: Some("error"),
            text: "no \"luck\" today",
            fields: &[("code", "500")],
        },
        Golden {
            raw: "ts=1767607200 lvl=info msg=ready",
            at: ten,
            level: Some("info"),
            text: "ready",
            fields: &[],
        },
        // klog, syslog.
        Golden {
            raw: "E0105 10:00:00.000000   12 sync.go:42] cannot sync",
            at: ten,
            level: Some("error"),
            text: "cannot sync",
            fields: &[("file", "sync.go:42")],
        },
        Golden {
            raw: "Jan  5 10:00:00 host1 sshd[24200]: Failed password for root",
            at: ten,
            level: None,
            text: "Failed password for root",
            fields: &[("host", "host1"), ("app", "sshd"), ("pid", "24200")],
        },
        Golden {
            raw: "<11>Jan  5 10:00:00 host1 app: oops",
            at: ten,
            level: Some("error"),
            text: "oops",
            fields: &[("app", "app")],
        },
        Golden {
            raw: r#"<165>1 2026-01-05T10:00:00.000Z web evntslog 8710 ID47 [x@1 a="b\]c"][y@1 d="e"] An event"#,
            at: ten,
            level: Some("info"),
            text: "An event",
            fields: &[("host", "web"), ("app", "evntslog"), ("pid", "8710")],
        },
        // Web servers.
        Golden {
            raw: r#"203.0.113.7 - bob [05/Jan/2026:11:00:00 +0100] "GET /a?b HTTP/1.1" 503 12 "http://r/" "curl/8""#,
            at: ten,
            level: Some("error"),
            text: "GET /a?b HTTP/1.1 503 12",
            fields: &[
                ("client", "203.0.113.7"),
                ("user", "bob"),
                ("status", "503"),
                ("method", "GET"),
                ("path", "/a?b"),
                ("agent", "curl/8"),
            ],
        },
        Golden {
            raw: r#"::1 - - [05/Jan/2026:10:00:00 +0000] "-" 408 -"#,
            at: ten,
            level: Some("warn"),
            text: "- 408 -",
            fields: &[("client", "::1")],
        },
        Golden {
            raw: r#"2026/01/05 10:00:00 [error] 31#31: *7 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.7, server: x, request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "x""#,
            at: ten,
            level: Some("error"),
            text: r#"connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.7, server: x, request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "x""#,
            fields: &[("client", "203.0.113.7"), ("upstream", "http://10.0.0.1:80/")],
        },
        Golden {
            raw: "[Mon Jan 05 10:00:00.000000 2026] [core:error] [pid 7] AH00126: Invalid URI",
            at: ten,
            level: Some("error"),
            text: whole,
            fields: &[],
        },
        // Plain text: log4j, logback, Python, .NET, PostgreSQL, Tomcat, java.util.logging, Serilog, zerolog, Rust.
        Golden {
            raw: "2026-01-05 10:00:00,000 [main] WARN  c.x.Y - slow",
            at: ten,
            level: Some("warn"),
            text: whole,
            fields: &[],
        },
        Golden {
            raw: "2026-01-05 10:00:00.000  INFO 1 --- [nio-8080-exec-1] c.x.Y : hi",
            at: ten,
            level: Some("info"),
            text: whole,
            fields: &[],
        },
        Golden {
            raw: "05 Jan 2026 10:00:00,000 ERROR Main - x",
            at: ten,
            level: Some("error"),
            text: whole,
            fields: &[],
        },
        Golden {
            raw: "05-Jan-2026 10:00:00.000 SEVERE [main] org.apache.X",
            at: ten,
            level: Some("error"),
            text: whole,
            fields: &[],
        },
        Golden {
            raw: "Jan 05, 2026 10:00:00 AM com.example.Main run",
            at: ten,
            level: None,
            text: whole,
            fields: &[],
        },
        Golden {
            raw: "2026-01-05 10:00:00.000 UTC [99] FATAL:  too many connections",
            at: ten,
            level: Some("fatal"),
            text: whole,
            fields: &[],
        },
        Golden {
            raw: "2026-01-05 10:00:00 +0000 [warn]: buffer full",
            at: ten,
            level: Some("warn"),
            text: whole,
            fields: &[],
        },
        Golden { raw: "[10:00:00 ERR] Failed", at: ten, level: Some("error"), text: whole, fields: &[] },
        Golden {
            raw: "2026-01-05T10:00:00Z INF started",
            at: ten,
            level: Some("info"),
            text: whole,
            fields: &[],
        },
        Golden {
            raw: "[2026-01-05T10:00:00Z ERROR app::db] lost",
            at: ten,
            level: Some("error"),
            text: whole,
            fields: &[],
        },
        Golden {
            raw: "\u{1b}[2m2026-01-05T10:00:00Z\u{1b}[0m \u{1b}[31mERROR\u{1b}[0m app: lost",
            at: ten,
            level: Some("error"),
            text: "2026-01-05T10:00:00Z ERROR app: lost",
            fields: &[],
        },
        Golden { raw: "ERROR:root:boom", at: None, level: Some("error"), text: whole, fields: &[] },
        Golden {
            raw: "fail: Microsoft.AspNetCore[13]",
            at: None,
            level: Some("error"),
            text: whole,
            fields: &[],
        },
        Golden {
            raw: "Error: connect ECONNREFUSED 10.0.0.1:5432",
            at: None,
            level: Some("error"),
            text: whole,
            fields: &[],
        },
        // Other shapes of time.
        Golden {
            raw: "260105 100000 148 INFO dfs.DataNode: hi",
            at: ten,
            level: Some("info"),
            text: whole,
            fields: &[],
        },
        Golden {
            raw: "26/01/05 10:00:00 INFO executor.X: hi",
            at: ten,
            level: Some("info"),
            text: whole,
            fields: &[],
        },
        Golden { raw: "1/5/2026 10:00:00 AM Warning: hm", at: ten, level: None, text: whole, fields: &[] },
        Golden { raw: "20260105-10:00:00:000|Step|x", at: ten, level: None, text: whole, fields: &[] },
        Golden {
            raw: "- 1767607200 2026.01.05 R02-M1 RAS KERNEL INFO cache",
            at: ten,
            level: Some("info"),
            text: whole,
            fields: &[],
        },
        Golden { raw: "[01.05 10:00:00] chrome.exe - open", at: ten, level: None, text: whole, fields: &[] },
        Golden {
            raw: "01-05 10:00:00.000  1702  2395 D WindowManager: x",
            at: ten,
            level: None,
            text: whole,
            fields: &[],
        },
        Golden { raw: "1767607200.000000 [0] x", at: ten, level: None, text: whole, fields: &[] },
        Golden { raw: "2026-01-05T05:00:00-05:00 x", at: ten, level: None, text: whole, fields: &[] },
        Golden { raw: "2026-01-05 10:00:00+00 x", at: ten, level: None, text: whole, fields: &[] },
        Golden { raw: "2026-13-45 10:00:00 x", at: None, level: None, text: whole, fields: &[] },
        Golden { raw: "took 1767607200 bytes", at: None, level: None, text: whole, fields: &[] },
        // What runtimes put in front.
        Golden {
            raw: "2026-01-05T10:00:00.000000000Z stderr F ERROR boom",
            at: ten,
            level: Some("error"),
            text: "ERROR boom",
            fields: &[],
        },
        Golden {
            raw: r#"{"log":"{\"level\":\"warn\",\"msg\":\"x\"}\n","stream":"stdout","time":"2026-01-05T10:00:00Z"}"#,
            at: ten,
            level: Some("warn"),
            text: "x",
            fields: &[],
        },
        Golden {
            raw: "cart-1  | 2026-01-05T10:00:00Z INFO up",
            at: ten,
            level: Some("info"),
            text: "2026-01-05T10:00:00Z INFO up",
            fields: &[("container", "cart-1")],
        },
        Golden {
            raw: "[pod/cart-7d9f6b5c4-x2x8z/app] 2026-01-05T10:00:00Z INFO up",
            at: ten,
            level: Some("info"),
            text: "2026-01-05T10:00:00Z INFO up",
            fields: &[("container", "cart-7d9f6b5c4-x2x8z")],
        },
        Golden { raw: "a | b | c", at: None, level: None, text: whole, fields: &[] },
    ];
    for g in golden {
        let line = parse(g.raw, 1, &cx("cart")).line;
        assert_eq!(line.at, g.at.map(|t| t.parse::<Timestamp>().expect("a time")), "{}", g.raw);
        assert_eq!(line.level.as_deref(), g.level, "{}", g.raw);
        assert_eq!(line.text, if g.text.is_empty() { g.raw } else { g.text }, "{}", g.raw);
        for (key, value) in g.fields {
            assert_eq!(line.fields.get(*key).map(String::as_str), Some(*value), "{key} of {}", g.raw);
        }
        assert_eq!(line.component.as_deref(), Some("cart"), "{}", g.raw);
    }
}

#[test]
fn a_time_without_zone_or_year_says_so() {
    let at = |raw: &'static str| parse(raw, 1, &cx("x"));
    assert!(at("2026-01-05 10:00:00 x").naive && !at("2026-01-05 10:00:00Z x").naive);
    assert_eq!(at("Jan  5 10:00:00 h a: x").date, time::Date::NoYear);
    assert_eq!(at("10:00:00 x").date, time::Date::None);
    // Around the turn of the year the nearest one is meant.
    let turn = Context { around: "2026-01-01T00:10:00Z".parse().ok(), ..cx("x") };
    let line = parse("Dec 31 23:59:00 h a: x", 1, &turn).line;
    assert_eq!(line.at.map(|t| t.to_string()).as_deref(), Some("2025-12-31T23:59:00Z"));
    let line = parse("23:59:00 x", 1, &turn).line;
    assert_eq!(line.at.map(|t| t.to_string()).as_deref(), Some("2025-12-31T23:59:00Z"));
    // What was read without knowing it is put right later.
    let blind = parse("Dec 31 23:59:00 h a: x", 1, &Context { around: None, ..cx("x") });
    let fixed = blind.line.at.and_then(|t| time::near(t, blind.date, turn.around?));
    assert_eq!(fixed.map(|t| t.to_string()).as_deref(), Some("2025-12-31T23:59:00Z"));
}

#[test]
fn whose_line_it_is_comes_from_the_container_where_a_file_holds_several() {
    let of = |raw: &str| parse(raw, 1, &cx("all")).line.component;
    assert_eq!(of("cart_1 | x").as_deref(), Some("cart"));
    assert_eq!(of("[pod/cart-7d9f6b5c4-x2x8z/app] x").as_deref(), Some("cart"));
    assert_eq!(of("[pod/db-0/postgres] x").as_deref(), Some("db"));
    assert_eq!(of("[pod/ts-order-service-66646bdb5b-fw7x9/a] x").as_deref(), Some("ts-order-service"));
    assert_eq!(of(r#"{"component":"web","msg":"x"}"#).as_deref(), Some("web"));
}

#[test]
fn the_lines_of_a_trace_are_one_record() {
    let check = |file: &str, expect: &[(Option<&str>, &str, &str)]| {
        let lines = read(file.as_bytes(), Form::Any, &cx("x"));
        let have: Vec<_> = lines
            .records
            .iter()
            .map(|l| {
                let (first, last) =
                    (l.text.lines().next().unwrap_or(""), l.text.lines().last().unwrap_or(""));
                (l.level.as_deref(), first, last)
            })
            .collect();
        assert_eq!(have, expect, "{file}");
        assert!(lines.records.iter().all(|l| l.at.is_some()), "{file}");
        assert_eq!(lines.broken, []);
    };
    // Java.
    check(
        "2026-01-05 10:00:00,000 ERROR a.B - failed\njava.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: x\n\t... 12 more\n2026-01-05 10:00:01,000 INFO a.B - on\n",
        &[
            (Some("error"), "2026-01-05 10:00:00,000 ERROR a.B - failed", "\t... 12 more"),
            (Some("info"), "2026-01-05 10:00:01,000 INFO a.B - on", "2026-01-05 10:00:01,000 INFO a.B - on"),
        ],
    );
    check(
        "2026-01-05 10:00:00 INFO up\nException in thread \"main\" java.lang.Error: x\n\tat a.B.c(B.java:1)\n",
        &[
            (Some("info"), "2026-01-05 10:00:00 INFO up", "2026-01-05 10:00:00 INFO up"),
            (Some("error"), "Exception in thread \"main\" java.lang.Error: x", "\tat a.B.c(B.java:1)"),
        ],
    );
    // Python: the exception stands last.
    check(
        "2026-01-05 10:00:00,000 ERROR root: failed\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nValueError: bad\n2026-01-05 10:00:01,000 INFO root: on\nTraceback (most recent call last):\n  File \"a.py\", line 2, in h\nKeyError: 'x'\nplain line\n",
        &[
            (Some("error"), "2026-01-05 10:00:00,000 ERROR root: failed", "ValueError: bad"),
            (Some("info"), "2026-01-05 10:00:01,000 INFO root: on", "2026-01-05 10:00:01,000 INFO root: on"),
            (Some("error"), "Traceback (most recent call last):", "KeyError: 'x'"),
            (None, "plain line", "plain line"),
        ],
    );
    // Go.
    check(
        "2026/01/05 10:00:00 listening\npanic: runtime error: index out of range\n\ngoroutine 1 [running]:\nmain.run(0xc000)\n\t/a/main.go:12 +0x1d\ncreated by main.main\n\t/a/main.go:5 +0x1\nexit status 2\n",
        &[
            (None, "2026/01/05 10:00:00 listening", "2026/01/05 10:00:00 listening"),
            (Some("fatal"), "panic: runtime error: index out of range", "exit status 2"),
        ],
    );
    // Rust.
    check(
        "2026-01-05T10:00:00Z INFO up\nthread 'main' panicked at src/main.rs:2:5:\nboom\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
        &[
            (Some("info"), "2026-01-05T10:00:00Z INFO up", "2026-01-05T10:00:00Z INFO up"),
            (
                Some("error"),
                "thread 'main' panicked at src/main.rs:2:5:",
                "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
            ),
        ],
    );
    // Node and .NET.
    check(
        "[2026-01-05T10:00:00Z] up\nTypeError: x is undefined\n    at f (/a.js:1:2)\n    at g (/a.js:3:4)\n",
        &[
            (None, "[2026-01-05T10:00:00Z] up", "[2026-01-05T10:00:00Z] up"),
            (Some("error"), "TypeError: x is undefined", "    at g (/a.js:3:4)"),
        ],
    );
    check(
        "2026-01-05 10:00:00.000 +00:00 [ERR] Failed\nSystem.InvalidOperationException: no\n   at A.B() in /a.cs:line 3\n   --- End of inner exception stack trace ---\n",
        &[(
            Some("error"),
            "2026-01-05 10:00:00.000 +00:00 [ERR] Failed",
            "   --- End of inner exception stack trace ---",
        )],
    );
}

#[test]
fn interleaved_containers_keep_their_traces_apart() {
    let file = "cart-1 | 2026-01-05T10:00:00Z ERROR cart failed\nweb-1 | 2026-01-05T10:00:00Z ERROR web failed\ncart-1 | \tat a.B.c(B.java:1)\nweb-1 | \tat d.E.f(E.java:2)\n";
    let lines = read(file.as_bytes(), Form::Any, &cx("all")).records;
    let texts: Vec<_> = lines.iter().map(|l| (l.component.as_deref(), l.text.lines().last())).collect();
    assert_eq!(
        texts,
        [(Some("cart"), Some("\tat a.B.c(B.java:1)")), (Some("web"), Some("\tat d.E.f(E.java:2)"))]
    );
    // The runtime breaks a long line into pieces.
    let file = "2026-01-05T10:00:00.000000001Z stdout P {\"level\":\"warn\",\n2026-01-05T10:00:00.000000002Z stderr F oops\n2026-01-05T10:00:00.000000003Z stdout F \"msg\":\"x\"}\n";
    let lines = read(file.as_bytes(), Form::Any, &cx("all")).records;
    assert_eq!(lines[0].text, "{\"level\":\"warn\",\"msg\":\"x\"}");
    assert_eq!(lines.len(), 2);
}

#[test]
fn the_journals_export_is_read_by_record() {
    let mut file = b"__CURSOR=a\n__REALTIME_TIMESTAMP=1767607200000000\nPRIORITY=3\nMESSAGE=one\n\n__CURSOR=b\n__REALTIME_TIMESTAMP=1767607201000000\nMESSAGE\n".to_vec();
    file.extend_from_slice(&7u64.to_le_bytes());
    file.extend_from_slice(b"two\nmor\nPRIORITY=6\n\n");
    let lines = read(&file, Form::Any, &cx("x")).records;
    let have: Vec<_> = lines.iter().map(|l| (l.line, l.level.as_deref(), l.text.as_str())).collect();
    assert_eq!(have, [(1, Some("error"), "one"), (6, Some("info"), "two\nmor")]);
}

#[test]
fn damage_is_told_with_its_line_and_the_rest_is_kept() {
    let lines = read(b"2026-01-05 10:00:00 a\r\n\xff\xfe b\n\0\0\0c\n\n", Form::Any, &cx("x"));
    let texts: Vec<_> = lines.records.iter().map(|l| l.text.as_str()).collect();
    assert_eq!(texts, ["2026-01-05 10:00:00 a", "\u{fffd}\u{fffd} b", "c"]);
    let told: Vec<_> = lines.broken.iter().map(|b| b.line).collect();
    assert_eq!(told, [2, 3]);
    let many = "{\"msg\":\"x\"}\nnope\n".repeat(9);
    let lines = read(many.as_bytes(), Form::Json, &cx("x"));
    assert_eq!((lines.records.len(), lines.broken.len()), (9, 6));
    assert!(lines.broken[5].reason.contains("9 lines in all"), "{:?}", lines.broken[5]);
    let deep = format!("{}{}", "{\"a\":".repeat(5000), "}".repeat(5000));
    let lines = read(deep.as_bytes(), Form::Json, &cx("x"));
    assert!(lines.broken[0].reason.contains("recursion"), "{:?}", lines.broken);
}

fn noise() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "2026-01-05",
        "T",
        " ",
        "10:00:00",
        ",",
        ".5",
        "Z",
        "+01:00",
        "Jan",
        " 5",
        "/",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\\",
        "a=b",
        "level=",
        "<11>",
        "1 ",
        "ERROR",
        "\n",
        "\tat ",
        "Caused by: ",
        "panic: ",
        "stdout F ",
        " | ",
        "cart-1",
        "[pod/",
        "E0105",
        "é",
        "\u{1b}[",
        "0",
        "99999999999999999999",
        "-",
        "\0",
        "Traceback (most recent call last):",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|v| v.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_line_makes_reading_fail(text in noise(), other in any::<Vec<u8>>()) {
        for form in [Form::Any, Form::Json] {
            for bytes in [text.as_bytes(), &other] {
                let lines = read(bytes, form, &cx("x"));
                prop_assert!(lines.records.iter().all(|l| l.line >= 1 && l.text.len() <= MAX_TEXT + 16 * 1024));
                prop_assert!(lines.undated.iter().all(|(i, _)| *i < lines.records.len()));
            }
        }
        begins(&other);
        time::find(&text, None);
        level::leading(&text);
    }

    #[test]
    fn every_time_is_found_as_it_was_written(second in 0i64..4_000_000_000, nanos in 0i32..1_000_000_000) {
        let at = Timestamp::new(second, nanos).expect("a time");
        let found = time::find(&at.to_string(), None).expect("found");
        prop_assert_eq!((found.at, found.zoned, found.date), (at, true, time::Date::Full));
        let civil = jiff::tz::TimeZone::UTC.to_datetime(at);
        let found = time::find(&civil.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(), None).expect("found");
        prop_assert_eq!(found.at.as_second(), second);
        let found = time::find(&civil.strftime("%b %e %H:%M:%S").to_string(), Some(at)).expect("found");
        prop_assert_eq!((found.at.as_second(), found.date), (second, time::Date::NoYear));
    }
}
