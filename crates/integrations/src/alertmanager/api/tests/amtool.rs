//! The real `amtool`, where it is installed, against a server of a few lines that serves the API from memory.

use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use firebell_core::alert::Alert;
use firebell_core::ports::alert_source::RequestContext;
use firebell_core::signal::Intake;
use firebell_core::silence::Silence;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::*;
use crate::testing::source;

#[derive(Default)]
struct Held {
    alerts: Vec<Alert>,
    silences: Vec<Silence>,
}

type Shared = Arc<Mutex<Held>>;
type Answer = Result<Json<Value>, (StatusCode, Json<String>)>;

fn bad(error: impl ToString) -> (StatusCode, Json<String>) {
    (StatusCode::BAD_REQUEST, Json(error.to_string()))
}

/// A real clock: amtool judges the answers by its own.
fn clock() -> Timestamp {
    Timestamp::now()
}

fn pairs(query: Option<String>) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://x/?{}", query.unwrap_or_default())).expect("a query");
    url.query_pairs().map(|(n, v)| (n.into_owned(), v.into_owned())).collect()
}

fn alert_filter(query: Option<String>) -> Result<AlertFilter, (StatusCode, Json<String>)> {
    let pairs = pairs(query);
    AlertFilter::from_query(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str()))).map_err(bad)
}

async fn post_alerts(State(held): State<Shared>, body: String) -> Answer {
    let cx = RequestContext { source: "am", received_at: clock(), path: "/api/v2/alerts", headers: &[] };
    let parsed = source("alertmanager", &json!({})).parse(body.as_bytes(), &cx).map_err(bad)?;
    for item in parsed.items {
        if let Intake::Signal(signal) = item {
            held.lock().expect("held").alerts.push(Alert::fold(None, &signal, clock()).0);
        }
    }
    Ok(Json(json!({})))
}

async fn get_alerts(State(held): State<Shared>, RawQuery(query): RawQuery) -> Answer {
    let filter = alert_filter(query)?;
    let mut held = held.lock().expect("held");
    let Held { alerts, silences } = &mut *held;
    for alert in alerts.iter_mut() {
        alert.silenced_by =
            silences.iter().filter(|s| s.covers(&alert.labels, clock())).map(|s| s.id.clone()).collect();
    }
    Ok(Json(json!(gettable_alerts(alerts.iter(), &filter, clock()))))
}

async fn get_groups(State(held): State<Shared>, RawQuery(query): RawQuery) -> Answer {
    let filter = alert_filter(query)?;
    Ok(Json(json!(alert_groups(&held.lock().expect("held").alerts, GROUP_BY, &filter, clock()))))
}

async fn post_silence(State(held): State<Shared>, body: String) -> Answer {
    let posted = postable_silence(body.as_bytes(), clock()).map_err(bad)?;
    let mut held = held.lock().expect("held");
    let existing = held.silences.iter().find(|s| posted.id.as_deref() == Some(&s.id)).cloned();
    let new_id = format!("00000000-0000-4000-8000-{:012}", held.silences.len());
    let written = put(posted, existing.as_ref(), &new_id, clock()).map_err(bad)?;
    let silence_id = written.store.id.clone();
    held.silences.retain(|s| s.id != silence_id);
    held.silences.push(written.store);
    Ok(Json(json!(SilenceCreated { silence_id })))
}

async fn get_silences(State(held): State<Shared>, RawQuery(query): RawQuery) -> Answer {
    let pairs = pairs(query);
    let filter =
        SilenceFilter::from_query(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str()))).map_err(bad)?;
    Ok(Json(json!(gettable_silences(&held.lock().expect("held").silences, &filter, clock()))))
}

async fn get_silence(State(held): State<Shared>, Path(id): Path<String>) -> Answer {
    let held = held.lock().expect("held");
    let silence = held.silences.iter().find(|s| s.id == id).ok_or_else(|| bad("no such silence"))?;
    Ok(Json(json!(gettable_silence(silence, clock()))))
}

async fn delete_silence(State(held): State<Shared>, Path(id): Path<String>) -> StatusCode {
    let mut held = held.lock().expect("held");
    match held.silences.iter_mut().find(|s| s.id == id) {
        Some(silence) => {
            *silence = expire(silence, clock());
            StatusCode::OK
        }
        None => StatusCode::NOT_FOUND,
    }
}

fn router(held: Shared) -> Router {
    Router::new()
        .route("/api/v2/alerts", get(get_alerts).post(post_alerts))
        .route("/api/v2/alerts/groups", get(get_groups))
        .route("/api/v2/silences", post(post_silence).get(get_silences))
        .route("/api/v2/silence/{id}", get(get_silence).delete(delete_silence))
        .route(
            "/api/v2/status",
            get(|| async { Json(status(&Status { version: "0.1.0", started_at: clock() })) }),
        )
        .route("/api/v2/receivers", get(|| async { Json(json!(receivers())) }))
        .with_state(held)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amtool_works() {
    let program = std::env::var("FIREBELL_AMTOOL").unwrap_or_else(|_| "amtool".to_owned());
    if Command::new(&program).arg("--version").output().is_err() {
        eprintln!(
            "skipped: amtool is not installed (Debian: prometheus-alertmanager), nor named by FIREBELL_AMTOOL"
        );
        return;
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move { axum::serve(listener, router(Shared::default())).await });
    let amtool = |args: &[&str]| {
        let output = Command::new(&program)
            .arg(format!("--alertmanager.url={url}"))
            .args(args)
            .env("HOME", "/nonexistent")
            .output()
            .expect("amtool runs");
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), out, err)
    };
    let fine = |args: &[&str]| {
        let (ok, out, err) = tokio::task::block_in_place(|| amtool(args));
        assert!(ok, "amtool {args:?}: {out}{err}");
        out
    };

    fine(&["alert", "add", "alertname=Errors", "service=checkout", "--annotation=summary=one in five fails"]);
    fine(&["alert", "add", "Slow", "service=catalog"]);
    let all: Value = serde_json::from_str(&fine(&["alert", "query", "-o", "json"])).expect("JSON");
    assert_eq!(all.as_array().map(Vec::len), Some(2), "{all}");
    let table = fine(&["alert", "query", "alertname=~E.*"]);
    assert!(
        table.contains("Errors") && table.contains("one in five fails") && !table.contains("Slow"),
        "{table}"
    );
    assert!(fine(&["alert", "query", "-o", "extended"]).contains("checkout"));

    let id =
        fine(&["silence", "add", "service=checkout", "--comment=known", "--author=ada", "--duration=1h"]);
    let id = id.trim();
    assert!(fine(&["silence", "query"]).contains(id));
    assert!(fine(&["silence", "query", "service=checkout"]).contains(id));
    assert!(!fine(&["silence", "query", "service=catalog"]).contains(id));
    // By default amtool leaves silenced alerts out.
    assert!(!fine(&["alert", "query"]).contains("Errors"));
    assert!(fine(&["alert", "query", "--silenced"]).contains("Errors"));
    let changed = fine(&["silence", "update", "--duration=2h", id]);
    assert!(changed.contains(id), "{changed}");
    fine(&["silence", "expire", id]);
    assert!(!fine(&["silence", "query"]).contains(id));
    assert!(fine(&["silence", "query", "--expired"]).contains(id));
    assert!(fine(&["alert", "query"]).contains("Errors"));
    assert!(fine(&["config", "show"]).contains("receiver: firebell"));
    assert!(fine(&["config", "routes", "test", "service=checkout"]).contains("firebell"));
    let (ok, _, err) = tokio::task::block_in_place(|| {
        amtool(&["silence", "add", "alertname=x", "service=~(", "--comment=x"])
    });
    assert!(!ok && !err.is_empty(), "{ok} {err}");
    server.abort();
}
