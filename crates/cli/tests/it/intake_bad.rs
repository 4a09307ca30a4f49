//! Bad input against the real binary: each is refused with the field named and counted, and nothing else is harmed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Server, curl, until};

const KEY: &str = "0123456789abcdef";
const OFF: &str = "fedcba9876543210";

fn server(dir: &Path) -> Server {
    let config = format!(
        "[[sources]]\nname = \"am\"\nkind = \"alertmanager\"\nkey = \"{KEY}\"\n\
         [[sources]]\nname = \"off\"\nkind = \"alertmanager\"\nkey = \"{OFF}\"\nenabled = false\n\
         [[sources]]\nname = \"events\"\nkind = \"pagerduty\"\nkey = \"{KEY}-pagerduty\"\n"
    );
    Server::start(dir, &config)
}

/// Posts a body; the status and the answer.
fn post(server: &Server, path: &str, key: &str, headers: &[&str], body: &[u8]) -> (u16, Value) {
    let file = server.data.parent().expect("a folder").join("body");
    std::fs::write(&file, body).expect("written");
    let (auth, data, url) = (
        format!("authorization: Bearer {key}"),
        format!("@{}", file.display()),
        format!("{}{path}", server.url),
    );
    let mut args =
        vec!["-w", "\n%{http_code}", "-H", &auth, "-H", "content-type: application/json", "-H", "expect:"];
    for header in headers {
        args.extend(["-H", header]);
    }
    args.extend(["--data-binary", &data, &url]);
    let out = String::from_utf8_lossy(&curl(&args).stdout).into_owned();
    let (body, status) = out.rsplit_once('\n').expect("a status");
    (status.parse().expect("a number"), serde_json::from_str(body).unwrap_or(Value::Null))
}

fn alert(name: &str) -> Value {
    json!({"status": "firing", "labels": {"alertname": name, "service": "checkout", "severity": "critical"},
        "annotations": {"summary": "62 % of requests fail"}, "startsAt": "2026-01-05T10:29:00Z"})
}

fn webhook(alerts: &[Value]) -> Vec<u8> {
    json!({"version": "4", "status": "firing", "alerts": alerts}).to_string().into_bytes()
}

/// A counter of `/metrics` whose line begins so.
fn counter(server: &Server, begin: &str) -> u64 {
    let token = server.json(&["token"])["token"].as_str().expect("a token").to_owned();
    let out = curl(&["-H", &format!("authorization: Bearer {token}"), &format!("{}/metrics", server.url)]);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    text.lines()
        .filter(|l| l.starts_with(begin))
        .filter_map(|l| l.rsplit(' ').next()?.parse::<u64>().ok())
        .sum()
}

#[test]
fn bad_input_is_refused_by_name_and_counted_and_harms_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path());
    let many: serde_json::Map<String, Value> = (0..10_000).map(|n| (format!("l{n}"), json!("v"))).collect();
    let with = |field: &str, value: Value| {
        let mut alert = alert("Bad");
        alert[field] = value;
        webhook(&[alert])
    };
    let mut broken_text = webhook(&[alert("Bad")]);
    let at = broken_text.windows(3).position(|w| w == b"Bad").expect("the name");
    broken_text[at] = 0xff;
    let deep = [b"{\"alerts\":".to_vec(), vec![b'['; 100_000]].concat();
    let oversized = vec![b' '; (8 << 20) + 1];
    // What, path, key, headers, body, status, field.
    type Case<'a> = (&'a str, &'a str, &'a str, &'a [&'a str], Vec<u8>, u16, &'a str);
    let cases: Vec<Case<'_>> = vec![
        ("malformed JSON", "/in/am", KEY, &[], b"{\"alerts\": [".to_vec(), 400, "body"),
        ("nothing", "/in/am", KEY, &[], Vec::new(), 400, "body"),
        ("alerts is a text", "/in/am", KEY, &[], b"{\"alerts\": \"x\"}".to_vec(), 400, "alerts"),
        ("labels is a number", "/in/am", KEY, &[], with("labels", json!(7)), 400, "alerts[0].labels"),
        (
            "a label is a number",
            "/in/am",
            KEY,
            &[],
            with("labels", json!({"a": 7})),
            400,
            "alerts[0].labels.a",
        ),
        (
            "no such day",
            "/in/am",
            KEY,
            &[],
            with("startsAt", json!("2026-02-30T00:00:00Z")),
            400,
            "alerts[0].startsAt",
        ),
        ("ten thousand labels", "/in/am", KEY, &[], with("labels", json!(many)), 400, "alerts[0].labels"),
        ("invalid UTF-8", "/in/am", KEY, &[], broken_text, 400, "alerts[0]"),
        ("deep nesting", "/in/am", KEY, &[], deep, 400, ""),
        ("oversized", "/in/am", KEY, &[], oversized, 413, "body"),
        ("an unknown encoding", "/in/am", KEY, &["content-encoding: br"], b"x".to_vec(), 415, ""),
        ("not gzip", "/in/am", KEY, &["content-encoding: gzip"], b"hello".to_vec(), 400, ""),
        ("no key", "/in/am", "", &[], webhook(&[alert("Bad")]), 401, "authorization"),
        (
            "an unknown key",
            "/in/am",
            "not-the-key-at-all",
            &[],
            webhook(&[alert("Bad")]),
            401,
            "authorization",
        ),
        ("another's key", "/in/events", KEY, &[], webhook(&[alert("Bad")]), 401, "authorization"),
        ("an unknown source", "/in/nobody", KEY, &[], webhook(&[alert("Bad")]), 401, "authorization"),
        ("a disabled key", "/in/off", OFF, &[], webhook(&[alert("Bad")]), 403, "authorization"),
        ("malformed event", "/v2/enqueue", "", &[], b"{\"routing_key\"".to_vec(), 400, "body"),
        ("a list of events", "/v2/enqueue", "", &[], b"[]".to_vec(), 400, "body"),
        (
            "a routing key that is a number",
            "/v2/enqueue",
            "",
            &[],
            b"{\"routing_key\": 7}".to_vec(),
            400,
            "routing_key",
        ),
        ("no routing key", "/v2/enqueue", "", &[], b"{}".to_vec(), 400, "routing_key"),
        ("an oversized event", "/v2/enqueue", "", &[], vec![b' '; (1 << 20) + 1], 413, "body"),
        (
            "an unknown routing key",
            "/v2/enqueue",
            "",
            &[],
            b"{\"routing_key\": \"x\"}".to_vec(),
            401,
            "routing_key",
        ),
        ("a disabled key at the API", "/api/v2/alerts", OFF, &[], b"[]".to_vec(), 403, "authorization"),
        ("an unknown key at the API", "/api/v2/alerts", "nobody", &[], b"[]".to_vec(), 401, "authorization"),
        ("an unknown exporter", "/v1/logs", "nobody", &[], b"{}".to_vec(), 401, "authorization"),
    ];
    for (what, path, key, headers, body, status, field) in &cases {
        let (got, answer) = post(&server, path, key, headers, body);
        assert_eq!(got, *status, "{what}: {answer}");
        // Each in the form of its protocol.
        let said = match *path {
            "/api/v2/alerts" => answer.as_str(),
            "/v2/enqueue" if *status == 400 => answer["errors"][0].as_str(),
            _ => answer["detail"].as_str(),
        };
        assert!(said.is_some_and(|d| !d.is_empty()), "{what}: {answer}");
        if !field.is_empty() {
            let named = answer["field"].as_str().or(answer.as_str()).unwrap_or_default();
            assert!(named.starts_with(field), "{what}: names {named:?}, not {field:?}: {answer}");
        }
    }
    let turned_away = cases.iter().filter(|c| c.5 == 401).count() as u64;
    assert_eq!(counter(&server, "firebell_turned_away_total{door=\"source\"}"), turned_away);
    assert_eq!(counter(&server, "firebell_source_rejected_total{source=\"off\""), 2);
    assert_eq!(counter(&server, "firebell_source_rejected_total{source=\"(unknown)\",kind=\"pagerduty\""), 5);
    let refused = cases.iter().filter(|c| c.1 == "/in/am" && c.5 != 401).count() as u64;
    assert!(counter(&server, "firebell_source_rejected_total{source=\"am\"") >= refused);
    assert_eq!(counter(&server, "firebell_source_accepted_total"), 0);
    assert_eq!(server.json(&["alert", "list", "--all"])["alerts"].as_array().map(Vec::len), Some(0));
    assert_eq!(server.json(&["incident", "list", "--all"])["incidents"].as_array().map(Vec::len), Some(0));
    let (status, _) = post(&server, "/in/am", KEY, &[], &webhook(&[alert("Good")]));
    assert_eq!(status, 200, "it goes on");
}

#[test]
fn one_bad_alert_of_a_hundred_does_not_lose_the_others() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path());
    let mut alerts: Vec<Value> = (0..100).map(|n| alert(&format!("Alert{n}"))).collect();
    alerts[61]["labels"] = json!("none");
    let (status, answer) = post(&server, "/in/am", KEY, &[], &webhook(&alerts));
    assert_eq!((status, answer["accepted"].as_u64()), (200, Some(99)), "{answer}");
    assert_eq!(answer["rejected"][0]["index"], 61);
    until("the others are alerts", 10, || {
        (server.json(&["alert", "list", "--all", "--limit", "1000"])["alerts"].as_array()?.len() == 99)
            .then_some(())
    });
}

#[test]
fn a_skewed_clock_is_put_right_and_said() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path());
    let mut ahead = alert("Ahead");
    ahead["startsAt"] = json!("2199-01-01T00:00:00Z");
    assert_eq!(post(&server, "/in/am", KEY, &[], &webhook(&[ahead])).0, 200);
    let alert = until("it is an alert", 10, || {
        let list = server.json(&["alert", "list", "--all"]);
        list["alerts"].as_array()?.first().cloned()
    });
    assert!(!alert["starts_at"].as_str().expect("a time").starts_with("2199"), "{alert}");
    assert!(alert["annotations"]["firebell_clock_skew"].is_string(), "{alert}");
    assert_eq!(counter(&server, "firebell_source_corrected_total{source=\"am\""), 1);
}

#[test]
fn connections_that_speak_no_http_or_stop_midway_harm_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path());
    let address = server.url.trim_start_matches("http://").to_owned();
    let half = format!(
        "POST /in/am HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\ncontent-length: 1000\r\n\r\n{{\"al"
    );
    let mut kept = Vec::new();
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        half.into_bytes(),
        Vec::new(),
    ] {
        let mut stream = TcpStream::connect(&address).expect("connects");
        stream.set_read_timeout(Some(Duration::from_millis(200))).expect("set");
        stream.write_all(&bytes).expect("written");
        let mut answer = [0u8; 64];
        let _ = stream.read(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
        // Some stay open, as a sender that hangs would.
        kept.push(stream);
    }
    let mut stream = TcpStream::connect(&address).expect("connects");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    // The server may close before all of it is written: that is a refusal as well.
    let _ = stream
        .write_all(format!("GET /healthz HTTP/1.1\r\nx-long: {}\r\n\r\n", "x".repeat(4 << 20)).as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "a header of 4 MiB was read");
    assert_eq!(post(&server, "/in/am", KEY, &[], &webhook(&[alert("Good")])).0, 200, "it goes on");
    drop(kept);
}
