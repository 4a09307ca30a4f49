//! What senders post: answers, durability, bad input that harms nothing.

use std::fmt::Write as _;
use std::io::Write as _;

use axum::body::Body;
use axum::http::StatusCode;
use firebell_core::ports::store::AlertFilter;
use firebell_store::Fault;
use serde_json::{Value, json};

use super::world::{AM_KEY, OTLP_KEY, PD_KEY, World, bearer, world, world_with};

fn webhook(alerts: &Value) -> String {
    json!({"version": "4", "groupKey": "g", "status": "firing", "receiver": "r", "groupLabels": {}, "commonLabels": {},
        "commonAnnotations": {}, "externalURL": "http://am.example", "alerts": alerts})
    .to_string()
}

fn alert(name: &str) -> Value {
    json!({"status": "firing", "labels": {"alertname": name, "service": "checkout", "severity": "critical"},
        "annotations": {"summary": format!("{name} on checkout")}, "startsAt": "2026-01-05T10:29:00Z",
        "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://p.example/g", "fingerprint": "abc"})
}

/// What it is, its headers, its body.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], Vec<u8>);

async fn post(w: &World, body: impl Into<Body>) -> super::world::Answer {
    w.send("POST", "/in/am", &[("authorization", &bearer(AM_KEY))], body).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).expect("gzip");
    out.finish().expect("gzip")
}

fn alerts(w: &World) -> usize {
    w.reader.alerts(&AlertFilter { limit: 100_000, ..AlertFilter::default() }).expect("the store").len()
}

#[tokio::test]
async fn an_alert_is_stored_when_it_is_answered_and_becomes_an_incident() {
    let w = world();
    let answer = post(&w, webhook(&json!([alert("Errors")]))).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"accepted": 1, "rejected": []})));
    w.settle().await;
    assert_eq!((alerts(&w), w.incidents()), (1, 1));
}

#[tokio::test]
async fn the_key_may_be_in_a_header_of_three_kinds_or_in_the_path() {
    let w = world();
    let body = webhook(&json!([alert("Errors")]));
    let basic = "Basic ZmlyZWJlbGw6YW0ta2V5LTAxMjM0NTY3ODk=";
    for headers in [
        [("authorization", bearer(AM_KEY))],
        [("authorization", basic.to_owned())],
        [("x-firebell-key", AM_KEY.to_owned())],
    ] {
        let headers = [(headers[0].0, headers[0].1.as_str())];
        assert_eq!(w.send("POST", "/in/am", &headers, body.clone()).await.status, 200, "{headers:?}");
    }
    assert_eq!(w.send("POST", &format!("/in/am/{AM_KEY}"), &[], body.clone()).await.status, 200);
    assert_eq!(w.send("POST", &format!("/in/graf/{AM_KEY}"), &[], body).await.status, 401);
}

#[tokio::test]
async fn one_bad_alert_of_a_hundred_does_not_lose_the_others() {
    let w = world();
    let mut all: Vec<Value> = (0..100).map(|i| alert(&format!("Alert{i}"))).collect();
    all[37]["startsAt"] = json!("yesterday");
    let answer = post(&w, webhook(&json!(all))).await;
    assert_eq!(answer.status, StatusCode::OK);
    let body = answer.json();
    assert_eq!((body["accepted"].as_u64(), body["rejected"][0]["index"].as_u64()), (Some(99), Some(37)));
    assert_eq!(body["rejected"][0]["field"], "alerts[37].startsAt");
    w.settle().await;
    assert_eq!(alerts(&w), 99);
}

#[tokio::test]
async fn bad_input_is_refused_by_name_and_harms_nothing() {
    let w = world_with(|sources| sources.set_max_body(512 * 1024));
    let many: serde_json::Map<String, Value> = (0..10_000).map(|i| (format!("l{i}"), json!("v"))).collect();
    let mut labels = alert("Errors");
    labels["labels"] = json!(many);
    let mut late = alert("Errors");
    late["startsAt"] = json!("2026-13-45T10:00:00Z");
    let mut typed = alert("Errors");
    typed["labels"] = json!({"alertname": 7});
    let mut utf8 = webhook(&json!([alert("Errors")])).into_bytes();
    let at = utf8.windows(6).position(|w| w == b"Errors").expect("a name");
    utf8[at] = 0xff;
    let big = "x".repeat(513 * 1024);
    let bomb = gzip(&vec![b' '; 4 << 20]);
    assert!(bomb.len() < 16 * 1024);
    let zipped = [("content-encoding", "gzip")];
    let plain: [(&str, &str); 0] = [];
    let cases: Vec<Case<'_>> = vec![
        ("malformed JSON", &plain, b"{\"alerts\": [".to_vec()),
        ("an empty body", &plain, Vec::new()),
        ("a number", &plain, b"7".to_vec()),
        ("alerts is a text", &plain, b"{\"version\":\"4\",\"alerts\":\"x\"}".to_vec()),
        ("a wrong type", &plain, webhook(&json!([typed])).into_bytes()),
        ("no such time", &plain, webhook(&json!([late])).into_bytes()),
        ("ten thousand labels", &plain, webhook(&json!([labels])).into_bytes()),
        ("invalid UTF-8", &plain, utf8),
        ("oversized", &plain, big.into_bytes()),
        ("a gzip bomb", &zipped, bomb),
        ("not gzip", &zipped, b"hello".to_vec()),
        ("an unknown encoding", &[("content-encoding", "br")], b"x".to_vec()),
    ];
    let mut shown = String::new();
    for (what, headers, body) in cases {
        let key = bearer(AM_KEY);
        let mut headers = headers.to_vec();
        headers.push(("authorization", &key));
        let answer = w.send("POST", "/in/am", &headers, body).await;
        assert!(answer.status.is_client_error(), "{what}: {}", answer.status);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
        let body = answer.json();
        let _ = writeln!(
            shown,
            "{what}: {} {} [{}] {}",
            answer.status.as_u16(),
            body["code"].as_str().unwrap_or("-"),
            body["field"].as_str().unwrap_or("-"),
            body["detail"].as_str().unwrap_or("-"),
        );
    }
    insta::assert_snapshot!(shown);
    w.settle().await;
    assert_eq!((alerts(&w), w.incidents()), (0, 0));
    assert_eq!(post(&w, webhook(&json!([alert("Errors")]))).await.status, 200, "it goes on");
}

#[tokio::test]
async fn a_skewed_clock_is_put_right_not_refused() {
    let w = world();
    let mut ahead = alert("Ahead");
    ahead["startsAt"] = json!("2031-01-01T00:00:00Z");
    assert_eq!(post(&w, webhook(&json!([ahead]))).await.status, 200);
    w.settle().await;
    let alerts = w.reader.alerts(&AlertFilter::default()).expect("the store");
    assert_eq!(alerts[0].starts_at, w.now());
    assert!(alerts[0].annotations.contains_key("firebell_clock_skew"));
}

#[tokio::test]
async fn a_gzip_body_is_read() {
    let w = world();
    let headers = [("authorization", bearer(AM_KEY)), ("content-encoding", "gzip".to_owned())];
    let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let body = gzip(webhook(&json!([alert("Errors")])).as_bytes());
    assert_eq!(w.send("POST", "/in/am", &headers, body).await.json()["accepted"], 1);
}

#[tokio::test]
async fn a_source_that_is_switched_off_is_forbidden_with_its_key_and_unknown_without() {
    let w = world();
    let on = |key: &str| bearer(key);
    assert_eq!(
        w.send("POST", "/in/off", &[("authorization", &on("off-key-0123456789"))], "[]").await.status,
        403
    );
    assert_eq!(
        w.send("POST", "/in/off", &[("authorization", &on("other-key-0123456789"))], "[]").await.status,
        401
    );
}

#[tokio::test]
async fn a_store_that_fails_is_told_to_the_sender_who_may_repeat() {
    let w = world();
    let mut told = false;
    for _ in 0..50 {
        // The writer looks around by itself too; whichever transaction strikes, an answer of 200 must mean stored.
        w.faults.next(Fault::BeforeCommit);
        let before = w.faults.hits();
        let answer = post(&w, webhook(&json!([alert("Errors")]))).await;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            assert!(w.faults.hits() > before);
            assert_eq!(answer.header("retry-after"), "1");
            assert_eq!(answer.json()["code"], "unavailable");
            told = true;
            break;
        }
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert!(told, "no request met the fault");
    w.faults.clear();
    assert_eq!(post(&w, webhook(&json!([alert("Errors")]))).await.status, 200);
}

#[tokio::test]
async fn pagerduty_senders_get_pagerduty_answers() {
    let w = world();
    let event = |key: &str, action: &str| {
        json!({"routing_key": key, "event_action": action, "dedup_key": "d1",
            "payload": {"summary": "disk full", "source": "db1", "severity": "critical"}})
        .to_string()
    };
    let answer = w.send("POST", "/v2/enqueue", &[], event(PD_KEY, "trigger")).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.json(), json!({"status": "success", "message": "Event processed", "dedup_key": "d1"}));
    let bad = w.send("POST", "/v2/enqueue", &[], event(PD_KEY, "explode")).await;
    assert_eq!((bad.status.as_u16(), bad.json()["status"].as_str()), (400, Some("invalid event")));
    assert_eq!(bad.json()["field"], "event_action");
    assert_eq!(w.send("POST", "/v2/enqueue", &[], event("wrong", "trigger")).await.status, 401);
    let change =
        json!({"routing_key": PD_KEY, "payload": {"summary": "deploy 1.8.0", "source": "ci"}}).to_string();
    assert_eq!(w.send("POST", "/v2/change/enqueue", &[], change).await.status, StatusCode::ACCEPTED);
    w.settle().await;
    assert_eq!(w.incidents(), 1);
}

#[tokio::test]
async fn exporters_of_opentelemetry_are_let_in_by_their_key() {
    let w = world();
    let headers = [("x-firebell-key", OTLP_KEY), ("content-type", "application/json")];
    let body = json!({"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]},
        "scopeLogs": [{"logRecords": [{"timeUnixNano": "1767609000000000000", "body": {"stringValue": "boom"}}]}]}]});
    let answer = w.send("POST", "/v1/logs", &headers, body.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(w.state.otlp.as_ref().expect("a store").fill().logs, 1);
    assert_eq!(w.send("POST", "/v1/traces", &headers, "{").await.status, StatusCode::BAD_REQUEST);
}

/// A counter of `/metrics` whose line begins so.
async fn counter(w: &World, begin: &str) -> u64 {
    let text = w.api(crate::Role::Viewer, "GET", "/metrics", Value::Null).await.text;
    let line = text.lines().find(|l| l.starts_with(begin)).unwrap_or_else(|| panic!("{begin}: {text}"));
    line.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number")
}

/// Every door refuses the same bad input: with the field, in its own form, counted.
#[tokio::test]
async fn every_endpoint_names_the_field_and_counts_what_it_refuses() {
    let w = world_with(|sources| {
        sources.set_max_body(64 * 1024);
        for (name, kind) in [("pd-off", "pagerduty"), ("otlp-off", "otlp")] {
            let config =
                json!({"name": name, "kind": kind, "key": format!("{name}-0123456789"), "enabled": false});
            sources.add(&serde_json::from_value(config).expect("a configuration")).expect("a source");
        }
    });
    let event = |key: Value| {
        json!({"routing_key": key, "event_action": "trigger",
            "payload": {"summary": "disk full", "source": "db1", "severity": "critical"}})
        .to_string()
    };
    let rejected = |source: &str, kind: &str, reason: &str| {
        format!("firebell_source_rejected_total{{source=\"{source}\",kind=\"{kind}\",reason=\"{reason}\"}}")
    };
    let door = "firebell_turned_away_total{door=\"source\"}".to_owned();
    let big = "x".repeat(65 * 1024);
    let (am, unreadable) = (AM_KEY, "unreadable");
    let cases: Vec<(&str, &str, String, u16, &str, String)> = vec![
        // Path, key, body, status, field, counter.
        ("/in/am", am, "{".into(), 400, "body", rejected("am", "alertmanager", unreadable)),
        ("/in/am", am, big.clone(), 413, "body", rejected("am", "alertmanager", "too_large")),
        ("/in/am", "not-the-key", "{}".into(), 401, "authorization", door.clone()),
        (
            "/in/off",
            "off-key-0123456789",
            "[]".into(),
            403,
            "authorization",
            rejected("off", "alertmanager", "disabled"),
        ),
        ("/api/v2/alerts", am, "[".into(), 400, "body", rejected("am", "alertmanager", unreadable)),
        ("/api/v2/alerts", am, big.clone(), 413, "body", rejected("am", "alertmanager", "too_large")),
        ("/api/v2/alerts", "not-the-key", "[]".into(), 401, "authorization", door.clone()),
        (
            "/api/v2/alerts",
            "off-key-0123456789",
            "[]".into(),
            403,
            "authorization",
            rejected("off", "alertmanager", "disabled"),
        ),
        ("/v2/enqueue", "", "{".into(), 400, "body", rejected("(unknown)", "pagerduty", unreadable)),
        ("/v2/enqueue", "", "[]".into(), 400, "body", rejected("(unknown)", "pagerduty", unreadable)),
        ("/v2/enqueue", "", "{}".into(), 400, "routing_key", rejected("(unknown)", "pagerduty", unreadable)),
        (
            "/v2/enqueue",
            "",
            event(json!(7)),
            400,
            "routing_key",
            rejected("(unknown)", "pagerduty", unreadable),
        ),
        ("/v2/enqueue", "", big.clone(), 413, "body", rejected("(unknown)", "pagerduty", "too_large")),
        ("/v2/enqueue", "", event(json!("not-the-key")), 401, "routing_key", door.clone()),
        (
            "/v2/enqueue",
            "",
            event(json!("pd-off-0123456789")),
            403,
            "routing_key",
            rejected("pd-off", "pagerduty", "disabled"),
        ),
        (
            "/v2/enqueue",
            "",
            json!({"routing_key": PD_KEY}).to_string(),
            400,
            "event_action",
            rejected("pd", "pagerduty", unreadable),
        ),
        ("/v1/logs", OTLP_KEY, "{".into(), 400, "", rejected("(otlp)", "otlp", unreadable)),
        ("/v1/logs", OTLP_KEY, big, 413, "body", rejected("(otlp)", "otlp", "too_large")),
        ("/v1/logs", "not-the-key", "{}".into(), 401, "authorization", door),
        (
            "/v1/logs",
            "otlp-off-0123456789",
            "{}".into(),
            403,
            "authorization",
            rejected("otlp-off", "otlp", "disabled"),
        ),
    ];
    for (path, key, body, status, field, counted) in cases {
        let what = format!("{path} {status} {field} {}", body.get(..20).unwrap_or(&body));
        let before = counter(&w, &counted).await;
        let key = bearer(key);
        let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
        let answer = w.send("POST", path, &headers, body).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
        assert_eq!(counter(&w, &counted).await, before + 1, "{what}: {counted}");
        match path {
            // A text that begins with the field.
            "/api/v2/alerts" => {
                assert!(answer.json().as_str().is_some_and(|t| t.contains(field)), "{what}: {}", answer.text)
            }
            _ if field.is_empty() => {}
            _ => assert_eq!(answer.json()["field"], field, "{what}: {}", answer.text),
        }
        if path == "/v2/enqueue" && status == 400 {
            assert_eq!(answer.json()["status"], "invalid event", "{what}");
        }
    }
    w.settle().await;
    assert_eq!((alerts(&w), w.incidents()), (0, 0));
}

#[tokio::test]
async fn a_clock_that_was_put_right_is_counted() {
    let w = world();
    let mut ahead = alert("Ahead");
    ahead["startsAt"] = json!("2199-01-01T00:00:00Z");
    assert_eq!(post(&w, webhook(&json!([ahead, alert("Fine")]))).await.status, 200);
    let counted =
        "firebell_source_corrected_total{source=\"am\",kind=\"alertmanager\",reason=\"clock_skew\"}";
    assert_eq!(counter(&w, counted).await, 1);
}
