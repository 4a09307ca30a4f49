//! The adapter against recorded answers behind a double that checks the query's parameters, and faults.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use firebell_core::ports::telemetry::{QueryError, TelemetrySource as _, TraceQuery};
use firebell_core::telemetry::{Span, TelemetryPart};
use serde_json::json;

use super::{Config, Jaeger};
use crate::doubles::{FAULTS, Fault, faulty, payload, serve, window};

fn source(url: &str) -> Jaeger {
    let config: Config = serde_json::from_value(
        json!({"name": "main", "url": url, "timeout_s": 1.0, "max_body_bytes": 1 << 20}),
    )
    .expect("a configuration");
    Jaeger::new(&config).expect("builds")
}

fn query(service: Option<&str>) -> TraceQuery {
    TraceQuery {
        service: service.map(str::to_owned),
        window: window(1_795_438_000, 1_795_439_000),
        limit: 20,
    }
}

fn spans(part: TelemetryPart) -> Vec<Span> {
    match part {
        TelemetryPart::Spans(list) => list,
        other => panic!("not spans: {other:?}"),
    }
}

fn bad(msg: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"data": null, "errors": [{"code": 400, "msg": msg}]})))
        .into_response()
}

/// The contract: service is required, times are microseconds, tags are a JSON object of texts, limit a number.
fn check(q: &BTreeMap<String, String>) -> Result<(), String> {
    if q.get("service").is_none_or(|s| s.is_empty()) {
        return Err("parameter 'service' is required".into());
    }
    for key in ["start", "end"] {
        let us: i64 = q.get(key).and_then(|v| v.parse().ok()).ok_or(format!("{key} is missing"))?;
        if !(1_000_000_000_000_000..10_000_000_000_000_000).contains(&us) {
            return Err(format!("{key} is not in microseconds"));
        }
    }
    q.get("limit").and_then(|v| v.parse::<u32>().ok()).filter(|n| *n > 0).ok_or("limit is not a number")?;
    if let Some(tags) = q.get("tags") {
        serde_json::from_str::<BTreeMap<String, String>>(tags)
            .map_err(|e| format!("malformed 'tags': {e}"))?;
    }
    if let Some(text) = q.get("minDuration")
        && text.strip_suffix("us").and_then(|n| n.parse::<i64>().ok()).is_none()
    {
        return Err("minDuration is not a duration".into());
    }
    Ok(())
}

fn double(all: Vec<u8>, failed: Vec<u8>, services: Vec<u8>, dependencies: (StatusCode, Vec<u8>)) -> Router {
    Router::new()
        .route("/api/services", get(move || async move { services }))
        .route("/api/dependencies", get(move || async move { dependencies }))
        .route(
            "/api/traces",
            get(move |Query(q): Query<BTreeMap<String, String>>| async move {
                match check(&q) {
                    Err(reason) => bad(&reason),
                    Ok(()) if q.contains_key("tags") => failed.into_response(),
                    Ok(()) => all.into_response(),
                }
            }),
        )
}

#[tokio::test]
async fn recorded_traces_become_whole_spans_and_relations() {
    let (Some(all), Some(failed), Some(services), Some(unsupported)) = (
        payload("victoriatraces-jaeger-traces-service-frontend-limit-.json"),
        payload("victoriatraces-jaeger-traces-service-frontend-tags--.json"),
        payload("victoriatraces-jaeger-services.json"),
        payload("victoriatraces-jaeger-dependencies.json"),
    ) else {
        return;
    };
    let server = serve(double(all, failed, services, (StatusCode::OK, unsupported))).await;
    let source = source(&server.url);
    for service in [Some("frontend"), Some("service/frontend"), None] {
        let answer = source.traces(&query(service)).expect("has traces").await.expect("answers");
        let list = spans(answer.part);
        let components: BTreeSet<_> = list.iter().map(|s| s.component.as_str()).collect();
        assert_eq!(components, BTreeSet::from(["checkout", "frontend", "payments"]));
        let unique: BTreeSet<_> = list.iter().map(|s| (&s.trace_id, &s.span_id)).collect();
        assert_eq!(unique.len(), list.len(), "each span once");
        let failed: Vec<bool> =
            list.chunk_by(|a, b| a.trace_id == b.trace_id).map(|t| t.iter().any(|s| s.error)).collect();
        assert!(failed.is_sorted_by(|a, b| a >= b), "failed traces come first: {failed:?}");
    }
    let answer = source.topology(query(None).window).expect("has topology").await.expect("answers");
    let TelemetryPart::Topology(edges) = answer.part else { panic!("not topology") };
    let pairs: Vec<_> = edges.iter().map(|e| (e.caller.as_str(), e.callee.as_str())).collect();
    assert!(
        pairs.contains(&("frontend", "checkout")) && pairs.contains(&("checkout", "payments")),
        "{pairs:?}"
    );
    assert!(answer.note.is_some_and(|n| n.contains("read off the spans")));
    assert!(source.health().await.detail.ends_with("3 services"));
}

#[tokio::test]
async fn dependencies_are_taken_where_the_server_knows_them() {
    let known = json!({"data": [{"parent": "a", "child": "b", "callCount": 3}, {"parent": "a", "child": "a", "callCount": 1}]});
    let empty = br#"{"data":null,"total":0}"#.to_vec();
    let router =
        double(empty.clone(), empty.clone(), empty, (StatusCode::OK, known.to_string().into_bytes()));
    let server = serve(router).await;
    let source = source(&server.url);
    let answer = source.topology(query(None).window).expect("has topology").await.expect("answers");
    assert_eq!(answer.part.len(), 1);
    let answer = source.traces(&query(None)).expect("has traces").await.expect("an empty store is no error");
    assert!(answer.part.is_empty());
}

#[tokio::test]
async fn what_the_server_says_is_passed_on() {
    let router = Router::new().route("/api/traces", get(|| async { bad("service is <unknown>\n to me") }));
    let server = serve(router).await;
    let error =
        source(&server.url).traces(&query(Some("x"))).expect("has traces").await.expect_err("refused");
    assert_eq!(error.to_string(), "jaeger/main refused the query: status 400: service is <unknown> to me");
}

#[tokio::test]
async fn faults_become_errors_that_name_the_source() {
    for fault in FAULTS {
        let server = faulty(fault).await;
        let source = source(&server.url);
        let error = source.traces(&query(Some("x"))).expect("has traces").await.expect_err("a fault");
        assert!(error.to_string().starts_with("jaeger/main "), "{error}");
        if fault == Fault::NotJson {
            assert!(matches!(error, QueryError::Malformed { .. }), "{error:?}");
        }
        assert!(!source.health().await.ok);
    }
}
