//! The adapter against a double that checks requests by the API's contract, recorded answers, faults, and a real
//! Prometheus where one is installed.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use firebell_core::ports::telemetry::{MetricQuery, QueryError, TelemetrySource as _};
use firebell_core::telemetry::{Labels, MetricKind, Series, TelemetryPart};
use proptest::prelude::*;
use serde_json::json;

use super::select::{batches, families, kind, quote, selector, step_s};
use super::{Config, Prometheus};
use crate::doubles::{FAULTS, Fault, faulty, free_port, payload, serve, until, window};

fn config(url: &str) -> Config {
    serde_json::from_value(json!({"name": "main", "url": url, "timeout_s": 1.0, "max_body_bytes": 1 << 20}))
        .expect("a configuration")
}

fn source(url: &str) -> Prometheus {
    Prometheus::new(&config(url)).expect("builds")
}

fn query(name: &str) -> MetricQuery {
    MetricQuery {
        name: name.into(),
        labels: Labels::new(),
        window: window(1_795_436_900, 1_795_437_000),
        step_s: 5,
        max_series: 100,
    }
}

fn series(part: TelemetryPart) -> Vec<Series> {
    match part {
        TelemetryPart::Series(list) => list,
        other => panic!("not series: {other:?}"),
    }
}

type Log = Arc<Mutex<Vec<String>>>;

fn bad(reason: &str) -> Response {
    let body = json!({"status": "error", "errorType": "bad_data", "error": reason});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// Refuses what Prometheus refuses: missing parameters, a step that gives too many points, GET with a long query.
async fn query_range(State(log): State<Log>, Form(form): Form<BTreeMap<String, String>>) -> Response {
    for key in ["query", "start", "end", "step"] {
        if !form.contains_key(key) {
            return bad(&format!("invalid parameter {key:?}: missing"));
        }
    }
    let number = |key: &str| form[key].parse::<f64>();
    let (Ok(start), Ok(end), Ok(step)) = (number("start"), number("end"), number("step")) else {
        return bad("invalid parameter: not a number");
    };
    if step <= 0.0 || end < start || (end - start) / step + 1.0 > 11_000.0 {
        return bad("exceeded maximum resolution of 11,000 points per timeseries");
    }
    if form.keys().any(|k| !["query", "start", "end", "step", "timeout"].contains(&k.as_str())) {
        return bad("unknown parameter");
    }
    log.lock().expect("a lock").push(form["query"].clone());
    let metric = |name: &str| json!({"__name__": name, "job": "x"});
    let mut result = vec![
        json!({"metric": metric("b_total"), "values": [[start, "1"], [start + 5.0, "NaN"], [start + 10.0, "3.5"]]}),
        json!({"metric": metric("a"), "values": [[start, "+Inf"], [start + 5.0, "-Inf"]]}),
    ];
    if form["query"].contains("h_bucket") {
        result.push(json!({"metric": {"__name__": "h_bucket", "le": "0.5"}, "values": [[start, "7"]]}));
    }
    Json(json!({"status": "success", "warnings": ["one store is slow"], "data": {"resultType": "matrix", "result": result}}))
        .into_response()
}

async fn names(Query(q): Query<Vec<(String, String)>>) -> Response {
    if !q.iter().any(|(k, _)| k == "start") || !q.iter().any(|(k, _)| k == "end") {
        return bad("no time range");
    }
    let list: Vec<String> = (0..95).map(|i| format!("app_{i:03}")).chain(["go_threads".into()]).collect();
    Json(json!({"status": "success", "data": list})).into_response()
}

fn double(log: &Log) -> Router {
    Router::new()
        .route("/api/v1/query_range", post(query_range))
        .route("/api/v1/label/__name__/values", get(names))
        .route(
            "/api/v1/metadata",
            get(|| async {
                Json(json!({"status": "success", "data": {
                    "b": [{"type": "counter", "help": "", "unit": ""}],
                    "h": [{"type": "histogram", "help": "", "unit": "seconds"}],
                    "app_000": [{"type": "gauge", "help": "", "unit": "bytes"}]}}))
            }),
        )
        .with_state(Arc::clone(log))
}

#[tokio::test]
async fn reads_series_without_what_is_not_a_number_and_notes_warnings() {
    let log = Log::default();
    let server = serve(double(&log)).await;
    let source = source(&server.url);
    let mut q = query("h_bucket");
    q.labels.insert("job".into(), "x\"y".into());
    let answer = source.metrics(&q).expect("has metrics").await.expect("answers");
    assert_eq!(log.lock().expect("a lock").as_slice(), [r#"h_bucket{job="x\"y"}"#]);
    assert_eq!(answer.note.as_deref(), Some("one store is slow"));
    let list = series(answer.part);
    let seen: Vec<_> = list.iter().map(|s| (s.name.as_str(), s.kind, s.points.len())).collect();
    assert_eq!(seen, [("b_total", MetricKind::Counter, 2), ("h_bucket", MetricKind::HistogramBucket, 1)]);
    assert_eq!(list[0].points, [(1_795_436_900_000, 1.0), (1_795_436_910_000, 3.5)]);
}

#[tokio::test]
async fn widens_the_step_of_a_long_window_below_the_servers_limit() {
    let log = Log::default();
    let server = serve(double(&log)).await;
    let mut q = query("up");
    q.window = window(1_795_000_000, 1_795_000_000 + 30 * 86_400);
    q.step_s = 1;
    let answer = source(&server.url).metrics(&q).expect("has metrics").await.expect("answers");
    assert!(answer.note.is_some_and(|n| n.contains("step widened from 1 s to 236 s")));
}

#[tokio::test]
async fn without_a_name_all_names_are_read_in_batches_and_runtimes_come_last() {
    let log = Log::default();
    let server = serve(double(&log)).await;
    let source = source(&server.url);
    let answer = source.metrics(&query("")).expect("has metrics").await.expect("answers");
    let sent = log.lock().expect("a lock").clone();
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert!(sent[0].starts_with("{__name__=~\"app_000|app_001"), "{}", sent[0]);
    assert!(sent[2].ends_with("|go_threads\"}"), "{}", sent[2]);
    assert_eq!(series(answer.part).len(), 3);
    let mut few = query("");
    few.max_series = 1;
    let answer = source.metrics(&few).expect("has metrics").await.expect("answers");
    assert!(answer.note.is_some_and(|n| n.contains("40 of 96 metric names read; missing from app_040 on")));
    assert_eq!(series(answer.part).len(), 1);
}

#[tokio::test]
async fn names_carry_kind_and_unit() {
    let server = serve(double(&Log::default())).await;
    let names = source(&server.url).metric_names(window(1, 2)).expect("has names").await.expect("answers");
    assert_eq!(names.len(), 96);
    assert_eq!((names[0].kind, names[0].unit.as_str()), (MetricKind::Gauge, "bytes"));
    assert_eq!(names[1].kind, MetricKind::Unknown);
}

#[tokio::test]
async fn the_configured_matchers_are_in_every_query() {
    let log = Log::default();
    let server = serve(double(&log)).await;
    let mut c = config(&server.url);
    c.matchers = vec!["env=\"prod\"".into()];
    let source = Prometheus::new(&c).expect("builds");
    source.metrics(&query("up")).expect("has metrics").await.expect("answers");
    source.metrics(&query("")).expect("has metrics").await.expect("answers");
    let sent = log.lock().expect("a lock").clone();
    assert_eq!(sent[0], "up{env=\"prod\"}");
    assert!(sent.iter().all(|q| q.contains("env=\"prod\"")), "{sent:?}");
}

#[tokio::test]
async fn recorded_answers_are_read() {
    let (Some(range), Some(metadata), Some(build), Some(error), Some(names)) = (
        payload("prom-query_range-query-rate-prome-.json"),
        payload("prom-metadata-limit-3-.json"),
        payload("prom-status-buildinfo-.json"),
        payload("prom-query-query-nosuch--.json"),
        payload("prom-label-__name__-values-.json"),
    ) else {
        return;
    };
    let fixed = |body: Vec<u8>| move || async move { body };
    let router = Router::new()
        .route("/api/v1/query_range", post(fixed(range)))
        .route("/api/v1/metadata", get(fixed(metadata)))
        .route("/api/v1/status/buildinfo", get(fixed(build)))
        .route("/api/v1/label/__name__/values", get(fixed(names)));
    let server = serve(router).await;
    let source = source(&server.url);
    let list = series(source.metrics(&query("x")).expect("has metrics").await.expect("answers").part);
    assert_eq!((list.len(), list[0].points.len()), (2, 11));
    assert_eq!(list[1].labels["handler"], "/metrics");
    assert!(source.health().await.detail.contains("2.42.0"));
    let names = source.metric_names(window(1, 2)).expect("has names").await.expect("answers");
    let gauge = names.iter().find(|n| n.name == "node_memory_VmallocTotal_bytes").expect("the name");
    assert_eq!(gauge.kind, MetricKind::Gauge);

    let refusing = Router::new()
        .route("/api/v1/query_range", post(move || async move { (StatusCode::BAD_REQUEST, error) }));
    let server = serve(refusing).await;
    let error =
        self::source(&server.url).metrics(&query("x")).expect("has metrics").await.expect_err("refused");
    assert!(matches!(&error, QueryError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("unclosed left parenthesis"), "{error}");
}

#[tokio::test]
async fn faults_become_errors_that_name_the_source() {
    for fault in FAULTS {
        let server = faulty(fault).await;
        let source = source(&server.url);
        let error = source.metrics(&query("up")).expect("has metrics").await.expect_err("a fault");
        assert!(error.to_string().starts_with("prometheus/main "), "{error}");
        match fault {
            Fault::NotJson => assert!(matches!(error, QueryError::Malformed { .. }), "{error:?}"),
            Fault::Huge | Fault::Redirect => {
                assert!(matches!(error, QueryError::Refused { .. }), "{error:?}")
            }
            _ => assert!(matches!(error, QueryError::Unreachable { .. }), "{fault:?}: {error:?}"),
        }
        assert!(!source.health().await.ok, "{fault:?}");
    }
}

#[test]
fn kinds_follow_the_family() {
    assert_eq!(kind("h_bucket", "histogram"), MetricKind::HistogramBucket);
    assert_eq!(kind("h_sum", "histogram"), MetricKind::Counter);
    assert_eq!(kind("s", "summary"), MetricKind::Gauge);
    assert_eq!(kind("c_total", "counter"), MetricKind::Counter);
    assert_eq!(kind("x", "unknown"), MetricKind::Unknown);
    assert_eq!(families("h_bucket").collect::<Vec<_>>(), ["h_bucket", "h"]);
}

proptest! {
    #[test]
    fn a_value_never_leaves_its_quotes(text in "\\PC*|[\"\\\\\n\t]{0,8}") {
        let quoted = quote(&text);
        let parsed = crate::bundle::prometheus::parse_selector(&format!("m{{a={quoted}}}"));
        prop_assert_eq!(parsed.map(|(_, l)| l["a"].clone()), Some(text));
    }

    #[test]
    fn steps_keep_below_the_limit(span in 0i64..400_000_000, wanted in 0u32..100_000) {
        let w = window(1_000_000_000, 1_000_000_000 + span);
        let step = step_s(w, wanted);
        prop_assert!(step >= 1 && step >= u64::from(wanted));
        prop_assert!(span as u64 / step < 11_000);
    }

    #[test]
    fn batches_lose_no_name(names in proptest::collection::vec("[a-z_]{1,300}", 0..120)) {
        let all: Vec<String> = batches(&names).concat();
        prop_assert_eq!(&all, &names);
        for batch in batches(&names) {
            prop_assert!(selector(batch, &Labels::new(), &[]).len() < 3_400);
        }
    }
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_real_prometheus_that_scrapes_itself_is_read() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let port = free_port();
    let yml = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: self\n  static_configs:\n  - targets: ['127.0.0.1:{port}']\n"
    );
    let file = dir.path().join("p.yml");
    std::fs::write(&file, yml).expect("written");
    let started = Command::new("prometheus")
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _killed = match started {
        Ok(child) => Killed(child),
        Err(e) => {
            eprintln!("skipped: prometheus cannot be started: {e}");
            return;
        }
    };
    let source = source(&format!("http://127.0.0.1:{port}"));
    let now = jiff::Timestamp::now().as_second();
    let mut q = query("prometheus_http_requests_total");
    q.window = window(now - 60, now + 120);
    q.step_s = 1;
    let list = until(Duration::from_secs(30), || async {
        let answer = source.metrics(&q)?.await.ok()?;
        let list = series(answer.part);
        list.iter().any(|s| s.points.len() >= 2).then_some(list)
    })
    .await
    .expect("series of a real server");
    assert!(list.iter().all(|s| s.kind == MetricKind::Counter && s.labels.contains_key("handler")));
    assert!(source.health().await.ok);
    // The types that the first source remembers may be those from before the first scrape.
    let source = self::source(&format!("http://127.0.0.1:{port}"));
    let mut all = query("");
    all.window = q.window;
    all.max_series = 5_000;
    let answer = source.metrics(&all).expect("has metrics").await.expect("answers");
    let list = series(answer.part);
    assert!(list.len() > 300, "{}", list.len());
    assert!(list.iter().any(|s| s.kind == MetricKind::HistogramBucket));
    assert!(list.iter().any(|s| s.kind == MetricKind::Gauge));
    let mut wrong = q.clone();
    wrong.labels.insert("job".into(), "no\"such\\{}".into());
    let answer =
        source.metrics(&wrong).expect("has metrics").await.expect("a value that needs quoting is no error");
    assert!(answer.part.is_empty());
}
