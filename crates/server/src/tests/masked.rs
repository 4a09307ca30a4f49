//! Secrets and personal data on their way from a live source into the record and onto the page.

use axum::http::StatusCode;
use firebell_core::agent::AgentReport;
use firebell_core::evidence::{EvidenceRecord, encode_part, evidence_id};
use firebell_core::ports::agent::BlobStore;
use firebell_core::ports::telemetry::{LogQuery, TelemetrySource, TraceQuery};
use firebell_core::secrets::Mask;
use firebell_core::telemetry::Window;
use firebell_integrations::backends::{TelemetryConfig, build_telemetry};
use jiff::SignedDuration;
use serde_json::json;

use super::page::Browser;
use super::world::{OTLP_KEY, token, world};
use crate::Role;

const SECRET: [&str; 7] = [
    "hunter2",
    "ann@example.com",
    "4111 1111 1111 1111",
    "DE89370400440532013000",
    "1234567",
    "abc.def-123",
    "s3cr3t",
];

/// What a careless program writes.
const TEXT: &str = "sign-in of ann@example.com, +49 30 1234567, failed: password=hunter2 card 4111 1111 1111 1111 iban \
                    DE89370400440532013000 Authorization: Bearer abc.def-123";

#[tokio::test]
async fn what_live_sources_say_is_masked_before_it_is_stored_and_shown() {
    let w = world();
    let id = w.declare("High error rate on checkout, customers cannot buy").await;
    let now = w.now();
    let nanos = (now.as_nanosecond() - 30_000_000_000).to_string();
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let resource = json!({"attributes": [text("service.name", "checkout")]});
    let headers = [("x-firebell-key", OTLP_KEY), ("content-type", "application/json")];
    let logs = json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [{
        "timeUnixNano": nanos, "severityNumber": 17, "body": {"stringValue": TEXT},
        "attributes": [text("db.password", "s3cr3t"), text("phone", "030 1234567")]}]}]}]});
    let spans = json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [{
        "traceId": "aaaabbbbccccddddaaaabbbbccccdddd", "spanId": "aaaabbbbccccdddd",
        "name": "GET /users/ann@example.com", "startTimeUnixNano": nanos, "endTimeUnixNano": nanos,
        "status": {"code": 2, "message": TEXT},
        "attributes": [text("http.request.header.authorization", "Bearer abc.def-123"), text("db.statement", TEXT)]}]}]}]});
    for (path, body) in [("/v1/logs", logs), ("/v1/traces", spans)] {
        assert_eq!(w.send("POST", path, &headers, body.to_string()).await.status, StatusCode::OK);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let at = now - SignedDuration::from_secs(20);
    let lines = format!("{at} ERROR {TEXT}\n{at} ERROR sign-in of Ann@Example.com failed\n");
    std::fs::write(folder.path().join("web.log"), lines).expect("written");
    let config = json!({"kind": "logfiles", "name": "main", "files": [
        {"paths": [format!("{}/*.log", folder.path().display())], "component": "service/{stem}"}]});
    let config: TelemetryConfig = serde_json::from_value(config).expect("a configuration");
    let files = build_telemetry(&config, &Mask::keyed("a key")).expect("a source");
    let otlp = w.state.otlp.clone().expect("a store");

    let window = Window { start: now - SignedDuration::from_secs(60), end: now };
    let log_query = LogQuery { component: None, window, limit: 100 };
    let trace_query = TraceQuery { service: None, window, limit: 100 };
    let mut evidence = Vec::new();
    for asked in [files.logs(&log_query), otlp.logs(&log_query), otlp.traces(&trace_query)] {
        let answer = asked.expect("has them").await.expect("answers");
        assert!(!answer.part.is_empty(), "{}", answer.query);
        let (bytes, sha256) = encode_part(&answer.part).expect("a part");
        w.blobs.put(bytes).await.expect("stored");
        let stored = serde_json::to_string(&answer.part).expect("JSON");
        for secret in SECRET {
            assert!(!stored.to_lowercase().contains(&secret.to_lowercase()), "{secret} is stored: {stored}");
        }
        evidence.push(EvidenceRecord {
            id: evidence_id(&answer.source, &answer.query, Some(window), &sha256),
            source: answer.source,
            query: answer.query,
            window: Some(window),
            sha256,
            items: answer.part.len() as u64,
            reading: String::new(),
            fetched_at: now,
        });
    }
    w.play_reporting(&|_, report: &mut AgentReport| report.evidence.extend(evidence.iter().cloned())).await;
    let b = Browser::sign_in(&w, &token(Role::Viewer)).await;
    for e in &evidence {
        let page = b.get(&format!("/incidents/{id}/evidence/{}", e.id)).await;
        assert_eq!(page.status, StatusCode::OK, "{}", e.query);
        for secret in SECRET {
            assert!(!page.text.to_lowercase().contains(&secret.to_lowercase()), "{secret}: {}", page.text);
        }
    }
    // Both attempts are of one account, whoever that is.
    let page = b.get(&format!("/incidents/{id}/evidence/{}", evidence[0].id)).await.text;
    let names: std::collections::BTreeSet<&str> = page
        .match_indices("mail-")
        .filter_map(|(at, _)| page.get(at + 5..at + 17))
        // Templates have a mask there.
        .filter(|name| name.bytes().all(|b| b.is_ascii_hexdigit()))
        .collect();
    assert_eq!(names.len(), 1, "{names:?}: {page}");
}

#[tokio::test]
async fn what_was_stored_unmasked_is_masked_when_it_is_shown() {
    use firebell_core::telemetry::{LogLine, TelemetryPart};
    let w = world();
    let id = w.declare("High error rate on checkout, customers cannot buy").await;
    let line = LogLine {
        source: "logs/web.log".into(),
        line: 1,
        component: Some("web".into()),
        at: Some(w.now()),
        level: Some("error".into()),
        text: TEXT.into(),
        fields: Default::default(),
        trace_id: None,
    };
    let (bytes, sha256) = encode_part(&TelemetryPart::Logs(vec![line])).expect("a part");
    w.blobs.put(bytes).await.expect("stored");
    let (source, query) = ("bundle", "logs of all");
    let record = EvidenceRecord {
        id: evidence_id(source, query, None, &sha256),
        source: source.into(),
        query: query.into(),
        window: None,
        sha256,
        items: 1,
        reading: String::new(),
        fetched_at: w.now(),
    };
    w.play_reporting(&|_, report: &mut AgentReport| report.evidence.push(record.clone())).await;
    let b = Browser::sign_in(&w, &token(Role::Viewer)).await;
    let page = b.get(&format!("/incidents/{id}/evidence/{}", record.id)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("[secret]"), "{}", page.text);
    for secret in SECRET {
        assert!(!page.text.contains(secret), "{secret}: {}", page.text);
    }
}
