//! How long it takes to read alerts: one, and a batch of a hundred, by each way in.
//!
//! `cargo run --release -p firebell-integrations --example bench_parse`

use std::hint::black_box;
use std::time::Instant;

use firebell_core::ports::alert_source::RequestContext;
use firebell_integrations::registry;
use firebell_integrations::source_config::SourceConfig;
use serde_json::{Value, json};

fn alert(i: usize) -> Value {
    json!({
        "status": "firing",
        "labels": {
            "alertname": "CheckoutErrors", "service": "checkout", "severity": "critical", "team": "shop",
            "instance": format!("10.0.{}.{}:8080", i / 250, i % 250), "job": "checkout",
        },
        "annotations": {
            "summary": format!("instance {i} answers one request in five with an error"),
            "runbook_url": "https://runbooks.example/checkout",
        },
        "startsAt": "2026-01-05T10:28:00.123Z",
        "endsAt": "2026-01-05T10:34:00.123Z",
        "generatorURL": "http://prometheus.example/graph?g0.expr=rate%28errors_total%5B5m%5D%29",
        "fingerprint": "5f0c2a4f3b1d9e77",
    })
}

fn main() {
    let cases =
        [("alertmanager", "/api/v2/alerts", false), ("alertmanager", "", true), ("grafana", "", true)];
    for (kind, path, wrapped) in cases {
        let config = json!({"name": "bench", "kind": kind, "key": "not-a-real-key"});
        let source = serde_json::from_value::<SourceConfig>(config)
            .map_err(|e| e.to_string())
            .and_then(|config| registry::build(&config).map_err(|e| e.to_string()))
            .unwrap_or_else(|e| panic!("{kind}: {e}"));
        let received_at = "2026-01-05T10:30:00Z".parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let cx = RequestContext { source: "bench", received_at, path, headers: &[] };
        for size in [1, 100] {
            let alerts: Vec<_> = (0..size).map(alert).collect();
            let body = if wrapped { json!({"alerts": alerts}) } else { json!(alerts) }.to_string();
            let rounds = 200_000 / (size * 10);
            let mut best = f64::MAX;
            for _ in 0..5 {
                let start = Instant::now();
                for _ in 0..rounds {
                    black_box(
                        source.parse(black_box(body.as_bytes()), &cx).map(|p| p.items.len()).unwrap_or(0),
                    );
                }
                best = best.min(start.elapsed().as_secs_f64() / rounds as f64);
            }
            let way = if wrapped { "webhook" } else { "API v2" };
            println!("{kind:<13} {way:<8} {size:>4} alerts, {:>6} bytes: {:>8.1} µs", body.len(), best * 1e6);
        }
    }
}
