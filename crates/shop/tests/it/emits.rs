//! What a healthy shop emits: metrics, traces, logs, changes.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{KeyValue, any_value::Value as Any},
    trace::v1::Span,
};
use prost::Message;
use serde_json::{Value, json};

use crate::support::{Receiver, lab, until};

#[tokio::test(flavor = "multi_thread")]
async fn every_service_works_and_is_measured() {
    let lab = lab(|_| {}).await;
    let orders = || async { (lab.sum("checkout", "orders_completed_total", &[]).await >= 3.0).then_some(()) };
    until("orders", 60, orders).await;
    for service in ["gateway", "checkout", "catalog", "inventory", "payments", "accounts", "notifications"] {
        assert!(lab.sum(service, "http_requests_total", &["code=\"2"]).await > 0.0, "{service}");
        assert!(lab.sum(service, "process_cpu_seconds_total", &[]).await > 0.0, "{service}");
        assert!(lab.sum(service, "process_resident_memory_bytes", &[]).await > 1e6, "{service}");
        assert_eq!(lab.sum(service, "http_requests_total", &["code=\"5"]).await, 0.0, "{service}");
    }
    for service in ["checkout", "catalog", "inventory", "payments", "accounts"] {
        assert!(lab.sum(service, "db_queries_total", &[]).await > 0.0, "{service}");
        assert!(lab.sum(service, "disk_used_bytes", &[]).await > 0.0, "{service}");
    }
    let url = format!("{}/metrics", lab.shop.addresses().services["gateway"]);
    let open =
        lab.client.get(url).header("accept", "application/openmetrics-text; version=1.0.0").send().await;
    let open = open.expect("metrics").text().await.expect("text");
    assert!(open.contains(" # {trace_id=\"") && open.ends_with("# EOF\n"));
    let logs = &lab.shop.addresses().logs;
    let read = |name: &str| std::fs::read_to_string(&logs[name]).unwrap_or_default();
    until("logs", 20, || async {
        (!read("checkout").is_empty() && !read("payments").is_empty()).then_some(())
    })
    .await;
    let line: Value =
        serde_json::from_str(read("checkout").lines().next().unwrap_or_default()).expect("a JSON line");
    assert_eq!(line["service"], json!("checkout"));
    assert!(read("payments").contains("com.shop.payments - Charge"));
    assert!(read("gateway").contains("HTTP/1.1\" 200"));
    assert!(
        read("auth").lines().all(|l| l.contains(" ip=") && l.contains(" account=") && l.contains(" result="))
    );
}

fn attribute(list: &[KeyValue], key: &str) -> String {
    let value = list.iter().find(|a| a.key == key).and_then(|a| a.value.as_ref()?.value.as_ref());
    match value {
        Some(Any::StringValue(text)) => text.clone(),
        _ => String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_traces_metrics_and_logs_even_if_the_receiver_comes_late() {
    let otlp = Receiver::start(5).await;
    let door = otlp.door("");
    let _lab = lab(|o| o.otlp = door).await;
    let whole = until("a whole trace of an order", 60, || async {
        let mut traces: BTreeMap<Vec<u8>, Vec<(String, Span)>> = BTreeMap::new();
        for got in otlp.all().iter().filter(|g| g.path == "/v1/traces") {
            let request = ExportTraceServiceRequest::decode(&got.body[..]).expect("OTLP traces");
            for resource in request.resource_spans {
                let service = attribute(&resource.resource.unwrap_or_default().attributes, "service.name");
                for span in resource.scope_spans.into_iter().flat_map(|s| s.spans) {
                    traces.entry(span.trace_id.clone()).or_default().push((service.clone(), span));
                }
            }
        }
        traces.into_values().find(|t| t.iter().any(|(_, s)| s.name == "POST /authorise"))
    })
    .await;
    let services: BTreeSet<&str> = whole.iter().map(|(s, _)| s.as_str()).collect();
    assert!(
        ["gateway", "checkout", "payments", "inventory", "accounts"].iter().all(|s| services.contains(s))
    );
    let ids: BTreeSet<&[u8]> = whole.iter().map(|(_, s)| s.span_id.as_slice()).collect();
    let roots = whole.iter().filter(|(_, s)| s.parent_span_id.is_empty()).count();
    let orphans =
        whole.iter().filter(|(_, s)| !s.parent_span_id.is_empty() && !ids.contains(&s.parent_span_id[..]));
    assert_eq!((roots, orphans.count()), (1, 0));
    let call = whole.iter().find(|(_, s)| s.name == "POST /authorise").map(|(_, s)| s);
    assert!(call.is_some_and(|s| attribute(&s.attributes, "peer.service").starts_with("acquirer-")));
    assert!(whole.iter().any(|(_, s)| attribute(&s.attributes, "db.statement").starts_with("SELECT")));

    until("metrics over OTLP", 30, || async {
        let named = |got: &crate::support::Got| {
            let request = ExportMetricsServiceRequest::decode(&got.body[..]).expect("OTLP metrics");
            let scopes = request.resource_metrics.into_iter().flat_map(|r| r.scope_metrics);
            scopes.flat_map(|s| s.metrics).any(|m| m.name == "orders_completed_total")
        };
        otlp.all().iter().filter(|g| g.path == "/v1/metrics").any(named).then_some(())
    })
    .await;
    until("logs over OTLP", 30, || async {
        let count = |got: &crate::support::Got| {
            let request = ExportLogsServiceRequest::decode(&got.body[..]).expect("OTLP logs");
            request.resource_logs.len()
        };
        (otlp.all().iter().filter(|g| g.path == "/v1/logs").map(count).sum::<usize>() > 0).then_some(())
    })
    .await;
    assert!(otlp.all().iter().all(|g| g.bearer == "Bearer door-key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn delivers_each_change_in_order_however_often_the_receiver_fails() {
    let changes = Receiver::start(3).await;
    let door = changes.door("/changes");
    let lab = lab(|o| {
        o.changes = door;
        o.customers = 0;
    })
    .await;
    let history = lab.get("/platform/v1/changes").await.as_array().cloned().unwrap_or_default();
    assert!(history.len() > 10, "there is a history");
    let kinds: BTreeSet<&str> = history.iter().filter_map(|c| c["kind"].as_str()).collect();
    assert!(kinds.len() > 2, "with decoys: {kinds:?}");
    lab.act("k", "rollback", "catalog", json!({})).await;
    let total = history.len() + 1;
    until("all changes", 30, || async { (changes.all().len() >= total).then_some(()) }).await;
    let ids: Vec<Value> = changes
        .all()
        .iter()
        .map(|g| {
            let body = g.json();
            let list = body.as_array().expect("a list");
            assert_eq!(list.len(), 1);
            assert!(list[0]["at"].as_str().is_some_and(|t| t.parse::<jiff::Timestamp>().is_ok()));
            assert!(list[0]["component"].as_str().is_some_and(|c| c.starts_with("service/")));
            list[0]["id"].clone()
        })
        .collect();
    let wanted: Vec<Value> = lab
        .get("/platform/v1/changes")
        .await
        .as_array()
        .into_iter()
        .flatten()
        .map(|c| c["id"].clone())
        .collect();
    assert_eq!(ids, wanted);
}
