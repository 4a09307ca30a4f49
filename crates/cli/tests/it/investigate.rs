//! `firebell investigate` on live systems: doubles of Prometheus (busy at first) and Jaeger, and one that is gone; with an
//! archive of past incidents; and the three forms of its report.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{Form, Query};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Phase, Status, Summary};
use firebell_core::ports::store::Store as _;
use firebell_core::severity::{IncidentKind, Severity};
use firebell_store::{Durability, SqliteStore};
use serde_json::{Value, json};

use crate::support::{firebell, free_port, text};

const START: i64 = 1_767_600_000;
const NAMES: [&str; 2] = ["request_latency_p95", "errors_per_second"];

fn ill(second: i64) -> bool {
    second >= 600
}

/// Orders is slow and fails from the tenth minute on; edge waits for it; mail is well.
fn value(name: &str, service: &str, second: i64) -> f64 {
    let noise = 1.0 + 0.03 * (second / 15 % 4) as f64;
    match (name, service, ill(second)) {
        (_, "mail", _) | (_, _, false) => 0.05 * noise,
        ("errors_per_second", _, true) => 12.0 * noise,
        _ => 1.9 * noise,
    }
}

fn matrix(form: &BTreeMap<String, String>) -> Value {
    let number = |key: &str| form.get(key).and_then(|v| v.parse::<f64>().ok()).expect("a number");
    let (start, end, step) = (number("start") as i64, number("end") as i64, number("step") as i64);
    let query = &form["query"];
    let mut result = Vec::new();
    for name in NAMES.iter().filter(|n| query.contains(*n)) {
        for service in ["orders", "edge", "mail"] {
            let values: Vec<Value> = (start..=end)
                .step_by(step.max(1) as usize)
                .map(|at| json!([at, value(name, service, at - START).to_string()]))
                .collect();
            result.push(json!({"metric": {"__name__": name, "service": service}, "values": values}));
        }
    }
    json!({"status": "success", "data": {"resultType": "matrix", "result": result}})
}

/// Says 429 to the first two queries, then answers.
fn prometheus(asked: Arc<AtomicUsize>) -> Router {
    let range = move |Form(form): Form<BTreeMap<String, String>>| {
        let n = asked.fetch_add(1, Ordering::SeqCst);
        async move {
            if n < 2 {
                return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], "slow down").into_response();
            }
            Json(matrix(&form)).into_response()
        }
    };
    let names = || async { Json(json!({"status": "success", "data": NAMES})) };
    let none = || async { Json(json!({"status": "success", "data": {}})) };
    Router::new()
        .route("/api/v1/query_range", post(range))
        .route("/api/v1/label/__name__/values", get(names))
        .route("/api/v1/metadata", get(none))
}

fn trace(n: i64) -> Value {
    let at = START + n * 20;
    let (us, id) = (if ill(n * 20) { 1_900_000 } else { 40_000 }, format!("{n:032x}"));
    let span = |span: i64, parent: Option<i64>, process: &str, us: i64| {
        let refs: Vec<Value> = parent
            .map(|p| json!({"refType": "CHILD_OF", "traceID": id, "spanID": format!("{p:016x}")}))
            .into_iter()
            .collect();
        json!({"traceID": id, "spanID": format!("{span:016x}"), "operationName": "POST /orders <b>", "references": refs,
            "startTime": at * 1_000_000, "duration": us, "processID": process,
            "tags": [{"key": "error", "type": "bool", "value": ill(n * 20)}]})
    };
    json!({"traceID": id, "spans": [span(n * 2 + 1, None, "p1", us + 5_000), span(n * 2 + 2, Some(n * 2 + 1), "p2", us)],
        "processes": {"p1": {"serviceName": "edge"}, "p2": {"serviceName": "orders"}}})
}

fn jaeger() -> Router {
    let traces = |Query(q): Query<BTreeMap<String, String>>| async move {
        let bound = |key: &str| q.get(key).and_then(|v| v.parse::<i64>().ok()).unwrap_or(0) / 1_000_000;
        let inside = |n: &i64| (bound("start")..=bound("end")).contains(&(START + n * 20));
        Json(json!({"data": (0..60).filter(inside).map(trace).collect::<Vec<_>>()}))
    };
    let dependencies =
        || async { Json(json!({"data": [{"parent": "edge", "child": "orders", "callCount": 9}]})) };
    Router::new()
        .route("/api/services", get(|| async { Json(json!({"data": ["edge", "orders"]})) }))
        .route("/api/dependencies", get(dependencies))
        .route("/api/traces", get(traces))
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn time(second: i64) -> String {
    jiff::Timestamp::from_second(START + second).expect("a time").to_string()
}

fn config(dir: &Path, prometheus: &str, jaeger: &str) -> std::path::PathBuf {
    let path = dir.join("firebell.toml");
    let gone = free_port();
    let toml = format!(
        "[[telemetry]]\nkind = \"prometheus\"\nname = \"main\"\nurl = \"{prometheus}\"\n\
         [[telemetry]]\nkind = \"jaeger\"\nname = \"main\"\nurl = \"{jaeger}\"\n\
         [[telemetry]]\nkind = \"prometheus\"\nname = \"gone\"\nurl = \"http://127.0.0.1:{gone}\"\n"
    );
    std::fs::write(&path, toml).expect("written");
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_systems_are_asked_gently_and_what_is_gone_is_a_gap() {
    let dir = tempfile::tempdir().expect("a folder");
    let asked = Arc::new(AtomicUsize::new(0));
    let (metrics, traces) = (serve(prometheus(Arc::clone(&asked))).await, serve(jaeger()).await);
    let config = config(dir.path(), &metrics, &traces);
    let page = dir.path().join("report.html");
    let (args, file) = (["investigate", "--json", "--report", "orders fail"], page.clone());
    let run = tokio::task::spawn_blocking(move || {
        let mut command = firebell();
        command.args(args).arg("--config").arg(config).arg("--html").arg(file);
        command.args(["--from", &time(0), "--to", &time(1200)]);
        command.output().expect("it starts")
    });
    let out = run.await.expect("joins");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let verdict: Value = serde_json::from_str(&text(&out)).expect("a verdict");
    assert_eq!(verdict["verdict"], "cause", "{verdict:#}");
    assert!(
        verdict["hypotheses"][0]["component"].as_str().is_some_and(|c| c.ends_with("orders")),
        "{verdict:#}"
    );
    assert!(asked.load(Ordering::SeqCst) >= 3, "busy, and asked again");
    let gaps = verdict["gaps"].to_string();
    assert!(
        gaps.contains("prometheus/gone cannot be reached") && !gaps.contains("prometheus/main"),
        "{gaps}"
    );
    let html = std::fs::read_to_string(page).expect("the page");
    assert!(
        html.contains("Content-Security-Policy") && !html.contains("/orders <b>"),
        "outside text is text"
    );
}

/// A data folder with closed incidents of orders: title and cause of each.
fn archive(dir: &Path, past: &[(&str, &str)]) {
    let (mut store, _reader) = SqliteStore::open(dir, Durability::Process).expect("a store");
    let at = jiff::Timestamp::from_second(START - 86_400).expect("a time");
    store
        .transact(&mut |tx| {
            past.iter().zip(1u32..).try_for_each(|((title, cause), n)| {
                tx.put_summary(&Summary {
                    id: IncidentId::new(format!("INC-2026-{n:04}")),
                    version: 1,
                    proof: None,
                    title: (*title).to_owned(),
                    severity: Severity::Sev2,
                    severity_rule: "sev2.two_of".to_owned(),
                    kind: IncidentKind::Availability,
                    status: Status::Resolved,
                    phase: Phase::default(),
                    services: vec!["orders".to_owned()],
                    cause: Some((*cause).to_owned()),
                    commander: None,
                    restricted: false,
                    members: Vec::new(),
                    drill: false,
                    open: false,
                    active: false,
                    waits_for_approval: false,
                    opened_at: at,
                    acknowledged_at: None,
                    resolved_at: Some(at),
                    updated_at: at,
                    alerts: 1,
                    dead_effects: 0,
                    resolve_by: None,
                    open_items: 0,
                    told_public: None,
                })
            })
        })
        .expect("stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_similar_incidents_came_to_is_told_and_is_a_prior_that_evidence_overrules() {
    let dir = tempfile::tempdir().expect("a folder");
    let (metrics, traces) = (serve(prometheus(Arc::default())).await, serve(jaeger()).await);
    let config = config(dir.path(), &metrics, &traces);
    let look = |data: Option<std::path::PathBuf>, form: &'static str| {
        let config = config.clone();
        async move {
            let run = tokio::task::spawn_blocking(move || {
                let mut command = firebell();
                command.args(["investigate", "--report", "orders fail at checkout", "--service", "orders"]);
                command.args(["--format", form, "--config"]).arg(config);
                command.args(["--from", &time(0), "--to", &time(1200)]);
                data.iter().for_each(|d| {
                    command.arg("--data").arg(d);
                });
                command.output().expect("it starts")
            });
            let out = run.await.expect("joins");
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            text(&out)
        }
    };
    let read = |text: String| -> Value { serde_json::from_str(&text).expect("a verdict") };
    let alone = read(look(None, "json").await);
    assert!(alone.get("similar").is_none(), "{alone:#}");
    let leader = |v: &Value| {
        let h = &v["hypotheses"][0];
        let text = |key: &str| h[key].as_str().expect("a text").to_owned();
        (text("cause"), text("component"), h["confidence"].as_f64().expect("a number"))
    };
    let (cause, component, sure) = leader(&alone);
    assert!(component.ends_with("orders"), "{alone:#}");

    // One that agrees, one of another service that was like it in words, and one that was not like it.
    let agrees = dir.path().join("agrees");
    let past = format!("{cause}@{component}");
    archive(
        &agrees,
        &[("orders fail at checkout", &past), ("invoices are printed twice", "traffic.abuse@service/mail")],
    );
    let told = read(look(Some(agrees.clone()), "json").await);
    assert_eq!(
        told["similar"],
        json!([{"cause": cause, "component": component, "likeness": 1.0}, {"cause": "traffic.abuse",
        "component": "service/mail", "likeness": 0.5}])
    );
    let with = leader(&told);
    assert_eq!((&with.0, &with.1), (&cause, &component));
    assert!(with.2 >= sure, "{} without, {} with a past incident that agrees", sure, with.2);
    let page = look(Some(agrees), "text").await;
    let flat: String = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains(&format!("a past incident like this (1.00) came to {cause} at {component}")),
        "{page}"
    );

    // What the archive says of a service that is well turns nothing.
    let misleads = dir.path().join("misleads");
    archive(&misleads, &[("orders fail at checkout", "traffic.abuse@service/mail"); 5]);
    let misled = leader(&read(look(Some(misleads), "json").await));
    assert_eq!((misled.0, misled.1), (cause, component));
}

#[test]
fn the_report_has_three_forms_and_refuses_what_it_cannot_do() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("bundle.json"), r#"{"format": "firebell-bundle/1"}"#).expect("written");
    let of = |more: &[&str]| -> std::process::Output {
        firebell().args(["investigate", "--bundle"]).arg(dir.path()).args(more).output().expect("it starts")
    };
    let plain = text(&of(&["--width", "60"]));
    assert!(plain.starts_with("NOT SETTLED") && !plain.contains('\u{1b}'), "{plain}");
    assert!(plain.lines().all(|l| l.chars().count() <= 60), "{plain}");
    assert!(text(&of(&["--format", "html"])).starts_with("<!doctype html>"));
    assert_eq!(of(&["--html", "/nonexistent/x.html"]).status.code(), Some(2));
    assert_eq!(of(&["--since", "1h"]).status.code(), Some(2), "a bundle has its own time");
    assert_eq!(firebell().arg("investigate").output().expect("it starts").status.code(), Some(2));
}
