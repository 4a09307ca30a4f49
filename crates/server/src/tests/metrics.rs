//! `/metrics`: counts that follow what happened.

use serde_json::{Value, json};

use super::world::{AM_KEY, bearer, world};
use crate::Role;

#[tokio::test]
async fn what_is_taken_and_turned_away_is_counted() {
    let w = world();
    let key = bearer(AM_KEY);
    let headers = [("authorization", key.as_str())];
    let alerts =
        json!([{"labels": {"alertname": "A"}}, {"labels": {"alertname": "B"}}, {"labels": {}}]).to_string();
    assert_eq!(w.send("POST", "/api/v2/alerts", &headers, alerts).await.status, 400, "and two are kept");
    assert_eq!(w.send("POST", "/in/am", &headers, "{").await.status, 400);
    assert_eq!(w.send("POST", "/in/am", &[], "{").await.status, 401);
    assert_eq!(w.send("POST", "/in/off/off-key-0123456789", &[], "{").await.status, 403);
    assert_eq!(w.send("GET", "/api/v1/incidents", &[], "").await.status, 401);
    w.declare("High error rate on checkout, customers cannot buy").await;
    w.settle().await;
    let text = w.api(Role::Viewer, "GET", "/metrics", Value::Null).await.text;
    for line in [
        "firebell_source_requests_total{source=\"am\",kind=\"alertmanager\"} 2",
        "firebell_source_accepted_total{source=\"am\",kind=\"alertmanager\"} 2",
        "firebell_source_rejected_total{source=\"am\",kind=\"alertmanager\",reason=\"item\"} 1",
        "firebell_source_rejected_total{source=\"am\",kind=\"alertmanager\",reason=\"unreadable\"} 1",
        "firebell_source_rejected_total{source=\"off\",kind=\"alertmanager\",reason=\"disabled\"} 1",
        "firebell_turned_away_total{door=\"source\"} 1",
        "firebell_turned_away_total{door=\"token\"} 1",
        "firebell_inbox_depth 0",
        "firebell_http_request_duration_seconds_count{routes=\"ingest\"} 3",
        "firebell_http_request_duration_seconds_count{routes=\"alertmanager\"} 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }
    assert!(text.contains("process_resident_memory_bytes "));
    // Every sample belongs to a family that is declared before it.
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        let family =
            ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(text.contains(&format!("# TYPE {family} ")), "{line}");
    }
}
