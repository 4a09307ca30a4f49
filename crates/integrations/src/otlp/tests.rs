//! Whole requests through the receiver into queries; limits; hostile bodies.

use std::io::Write as _;

use firebell_core::ports::telemetry::{LogQuery, MetricQuery, TelemetrySource as _, TraceQuery};
use firebell_core::secrets::Mask;
use firebell_core::telemetry::{Labels, MetricKind, Series, TelemetryPart};
use jiff::Timestamp;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum, exponential_histogram_data_point::Buckets, metric::Data, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use proptest::prelude::*;
use prost::Message as _;
use serde_json::{Value, json};

use super::{Config, OtlpStore, Signal, handle};
use crate::doubles::window;

const T: i64 = 1_767_607_200;
const PROTO: &str = "application/x-protobuf";
const JSON: &str = "application/json; charset=utf-8";

fn store() -> OtlpStore {
    OtlpStore::new(Config::default()).expect("builds")
}

fn now() -> Timestamp {
    Timestamp::from_second(T + 60).expect("a time")
}

fn post(store: &OtlpStore, signal: Signal, body: &Value) -> (u16, Value) {
    let reply = handle(store, signal, JSON, "", body.to_string().as_bytes(), now());
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or(Value::Null))
}

async fn series(store: &OtlpStore, name: &str) -> Vec<Series> {
    let query = MetricQuery {
        name: name.into(),
        labels: Labels::new(),
        window: window(T - 3600, T + 3600),
        step_s: 1,
        max_series: 1000,
    };
    match store.metrics(&query).expect("has metrics").await.expect("answers").part {
        TelemetryPart::Series(list) => list,
        other => panic!("not series: {other:?}"),
    }
}

fn resource(name: &str) -> Value {
    json!({"attributes": [
        {"key": "service.name", "value": {"stringValue": name}},
        {"key": "service.instance.id", "value": {"stringValue": "i1"}},
        {"key": "process.command_line", "value": {"stringValue": "not a label"}}]})
}

fn metrics(list: Value) -> Value {
    json!({"resourceMetrics": [{"resource": resource("checkout"), "scopeMetrics": [{"metrics": list}]}]})
}

fn nanos(second: i64) -> String {
    format!("{second}000000000")
}

#[tokio::test]
async fn sums_gauges_and_histograms_become_series_as_prometheus_has_them() {
    let store = store();
    let at = nanos(T);
    let body = metrics(json!([
        {"name": "http.requests", "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [
            {"timeUnixNano": at, "asInt": "7", "attributes": [{"key": "http.route", "value": {"stringValue": "/pay"}}]}]}},
        {"name": "queue.depth", "gauge": {"dataPoints": [{"timeUnixNano": at, "asDouble": 3.5}]}},
        {"name": "http.server.request.duration", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [
            {"timeUnixNano": at, "count": "6", "sum": 1.5, "bucketCounts": ["1", "2", "3"], "explicitBounds": [0.1, 0.5]}]}}
    ]));
    let (status, answer) = post(&store, Signal::Metrics, &body);
    assert_eq!((status, &answer["partialSuccess"]), (200, &Value::Null));
    let list = series(&store, "http_requests_total").await;
    assert_eq!(
        list[0].selector(),
        r#"http_requests_total{http_route="/pay",instance="i1",service="checkout"}"#
    );
    assert_eq!((list[0].kind, &list[0].points), (MetricKind::Counter, &vec![(T * 1000, 7.0)]));
    assert_eq!(series(&store, "queue_depth").await[0].kind, MetricKind::Gauge);
    let buckets = series(&store, "http_server_request_duration_seconds_bucket").await;
    let mut seen: Vec<_> = buckets.iter().map(|s| (s.labels["le"].as_str(), s.points[0].1)).collect();
    seen.sort_by(|a, b| a.1.total_cmp(&b.1));
    assert_eq!(seen, [("0.1", 1.0), ("0.5", 3.0), ("+Inf", 6.0)]);
    assert_eq!(series(&store, "http_server_request_duration_seconds_sum").await[0].points[0].1, 1.5);
    let names = store.metric_names(window(T, T + 1)).expect("has names").await.expect("answers");
    let bucket = names.iter().find(|n| n.name.ends_with("_bucket")).expect("the name");
    assert_eq!((bucket.kind, bucket.unit.as_str()), (MetricKind::HistogramBucket, "seconds"));
    assert!(store.metric_names(window(1, 2)).expect("has names").await.expect("answers").is_empty());
}

#[tokio::test]
async fn queries_wait_for_their_turn_and_not_for_ever() {
    let store = store();
    // Something holds the lock: what asks waits beside the tasks, so that these go on.
    let (held, (taken, told), (release, until)) =
        (store.held.clone(), std::sync::mpsc::channel(), std::sync::mpsc::channel::<()>());
    let holder = std::thread::spawn(move || {
        let _guard = held.lock();
        taken.send(()).expect("somebody waits");
        let _ = until.recv();
    });
    told.recv().expect("it is locked");
    let mut asked = store.metric_names(window(T, T + 1)).expect("has names");
    for _ in 0..3 {
        assert!(futures_util::FutureExt::now_or_never(&mut asked).is_none(), "it waits");
        tokio::task::yield_now().await;
    }
    release.send(()).expect("it holds");
    assert!(asked.await.expect("answers").is_empty());
    holder.join().expect("ends");
    let mut turns = Vec::new();
    for _ in 0..50 {
        turns.push(store.metric_names(window(T, T + 1)).expect("has names"));
    }
    for answer in futures_util::future::join_all(turns).await {
        assert!(answer.expect("its turn came").is_empty());
    }
}

#[tokio::test]
async fn differences_are_added_up_to_counters() {
    let store = store();
    for i in 0..3 {
        let body =
            metrics(json!([{"name": "errors", "sum": {"aggregationTemporality": 1, "isMonotonic": true,
            "dataPoints": [{"timeUnixNano": nanos(T + i), "asDouble": 2.0}]}}]));
        assert_eq!(post(&store, Signal::Metrics, &body).0, 200);
    }
    let values: Vec<f64> = series(&store, "errors_total").await[0].points.iter().map(|p| p.1).collect();
    assert_eq!(values, [2.0, 4.0, 6.0]);
}

#[tokio::test]
async fn exponential_histograms_meet_powers_of_two() {
    let store = store();
    // Scale 1: boundaries at powers of the root of 2. Indexes 0..4 cover (1, 4].
    let point = ExponentialHistogramDataPoint {
        time_unix_nano: T as u64 * 1_000_000_000,
        count: 11,
        sum: Some(20.0),
        scale: 1,
        zero_count: 1,
        positive: Some(Buckets { offset: 0, bucket_counts: vec![1, 2, 3, 4] }),
        ..Default::default()
    };
    let histogram = ExponentialHistogram { data_points: vec![point], aggregation_temporality: 2 };
    let metric = Metric {
        name: "size".into(),
        data: Some(Data::ExponentialHistogram(histogram)),
        ..Default::default()
    };
    assert_eq!(send(&store, vec![metric]).0, 200);
    let mut seen: Vec<_> =
        series(&store, "size_bucket").await.iter().map(|s| (s.labels["le"].clone(), s.points[0].1)).collect();
    seen.sort_by_key(|(le, _)| (le.len(), le.clone()));
    assert_eq!(seen, [("2".to_owned(), 4.0), ("4".to_owned(), 11.0), ("+Inf".to_owned(), 11.0)]);
}

fn send(store: &OtlpStore, metrics: Vec<Metric>) -> (u16, ExportMetricsServiceResponse) {
    let service = KeyValue {
        key: "service.name".into(),
        value: Some(AnyValue { value: Some(Any::StringValue("load".into())) }),
        ..Default::default()
    };
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource { attributes: vec![service], ..Default::default() }),
            scope_metrics: vec![ScopeMetrics { metrics, ..Default::default() }],
            ..Default::default()
        }],
    };
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&request.encode_to_vec()).expect("written");
    let body = gzip.finish().expect("compressed");
    let reply = handle(store, Signal::Metrics, PROTO, "gzip", &body, now());
    assert_eq!(reply.content_type, PROTO);
    (reply.status, ExportMetricsServiceResponse::decode(reply.body.as_slice()).unwrap_or_default())
}

fn gauge(name: &str, at_s: i64, values: std::ops::Range<i64>) -> Metric {
    let data_points = values
        .map(|i| NumberDataPoint {
            time_unix_nano: at_s as u64 * 1_000_000_000,
            value: Some(number_data_point::Value::AsInt(i)),
            attributes: vec![KeyValue {
                key: "i".into(),
                value: Some(AnyValue { value: Some(Any::IntValue(i)) }),
                ..Default::default()
            }],
            ..Default::default()
        })
        .collect();
    Metric { name: name.into(), data: Some(Data::Gauge(Gauge { data_points })), ..Default::default() }
}

#[tokio::test]
async fn memory_stays_bounded_and_the_newest_is_kept() {
    let store = OtlpStore::new(Config { max_mib: 1, ..Config::default() }).expect("builds");
    for second in 0..400 {
        assert_eq!(send(&store, vec![gauge("g", T - 400 + second, 0..200)]).0, 200);
        let fill = store.fill();
        assert!(fill.bytes <= fill.max_bytes, "{fill:?}");
    }
    let list = series(&store, "g").await;
    assert_eq!(list.len(), 200);
    assert!(list.iter().all(|s| s.points.last().is_some_and(|p| p.0 == (T - 1) * 1000)));
    assert!(store.health().await.detail.contains("200 series"));
}

#[tokio::test]
async fn a_flood_of_labels_is_refused_and_told() {
    let store = OtlpStore::new(Config { max_series: 50, ..Config::default() }).expect("builds");
    let (status, answer) = send(&store, vec![gauge("g", T, 0..80)]);
    let partial = answer.partial_success.expect("a partial success");
    assert_eq!((status, partial.rejected_data_points), (200, 30));
    assert!(partial.error_message.contains("more than 50 series"), "{}", partial.error_message);
    let (_, answer) = send(
        &store,
        vec![gauge("g", T + 1, 0..50), gauge("old", T - 400_000, 0..1), gauge("future", T + 90_000, 0..1)],
    );
    assert_eq!(answer.partial_success.expect("a partial success").rejected_data_points, 2);
    assert_eq!(store.fill().rejected, 32);
}

#[tokio::test]
async fn a_metric_without_data_is_counted_and_the_others_kept() {
    let store = store();
    let (status, answer) =
        send(&store, vec![Metric { name: "empty".into(), ..Default::default() }, gauge("g", T, 0..1)]);
    assert_eq!((status, answer.partial_success.expect("a partial success").rejected_data_points), (200, 1));
    assert_eq!(series(&store, "g").await.len(), 1);
    let sum = Sum {
        data_points: vec![NumberDataPoint {
            value: Some(number_data_point::Value::AsInt(1)),
            ..Default::default()
        }],
        ..Default::default()
    };
    let (_, answer) = send(
        &store,
        vec![Metric { name: "timeless".into(), data: Some(Data::Sum(sum)), ..Default::default() }],
    );
    assert!(
        answer
            .partial_success
            .expect("a partial success")
            .error_message
            .contains("\"timeless\": timeUnixNano")
    );
}

fn span(trace: u8, id: u8, parent: Option<u8>, start_ms: i64, ms: i64, failed: bool) -> Value {
    let mut span = json!({"traceId": format!("{trace:032x}"), "spanId": format!("{id:016x}"), "name": "op", "kind": 3,
        "startTimeUnixNano": format!("{}", T * 1_000_000_000 + start_ms * 1_000_000),
        "endTimeUnixNano": format!("{}", T * 1_000_000_000 + (start_ms + ms) * 1_000_000)});
    if let Some(p) = parent {
        span["parentSpanId"] = json!(format!("{p:016x}"));
    }
    if failed {
        span["status"] = json!({"code": 2, "message": "boom"});
    }
    span
}

fn traces(parts: Vec<(&str, Vec<Value>)>) -> Value {
    let list: Vec<Value> = parts
        .into_iter()
        .map(|(name, spans)| json!({"resource": resource(name), "scopeSpans": [{"spans": spans}]}))
        .collect();
    json!({"resourceSpans": list})
}

#[tokio::test]
async fn traces_come_whole_failed_first_and_show_who_calls_whom() {
    let store = store();
    let mut sound: Vec<Value> = (10..30).map(|i| span(i, 1, None, 0, 10, false)).collect();
    sound.push(span(1, 1, None, 0, 10, false));
    let failing = vec![span(1, 2, Some(1), 1, 5, true)];
    let (status, _) = post(&store, Signal::Traces, &traces(vec![("gateway", sound), ("checkout", failing)]));
    assert_eq!(status, 200);
    let query =
        TraceQuery { service: Some("service/gateway".into()), window: window(T - 10, T + 10), limit: 3 };
    let answer = store.traces(&query).expect("has traces").await.expect("answers");
    let TelemetryPart::Spans(list) = answer.part else { panic!("not spans") };
    assert_eq!(list.len(), 4, "three traces, one of two spans");
    assert_eq!(
        (list[0].component.as_str(), list[1].component.as_str(), list[1].error),
        ("gateway", "checkout", true)
    );
    assert_eq!(list[1].attributes["otel.status_description"], "boom");
    assert!(answer.note.is_some_and(|n| n.starts_with("3 of 21 traces kept: 2 of 21 drawn evenly")));
    let answer = store.topology(query.window).expect("has topology").await.expect("answers");
    let TelemetryPart::Topology(edges) = answer.part else { panic!("not topology") };
    assert_eq!((edges[0].caller.as_str(), edges[0].callee.as_str(), edges.len()), ("gateway", "checkout", 1));
}

#[tokio::test]
async fn bad_spans_are_counted_with_the_reason() {
    let store = store();
    let mut short = span(1, 1, None, 0, 1, false);
    short["traceId"] = json!("abcd");
    let mut zero = span(1, 1, None, 0, 1, false);
    zero["spanId"] = json!("0000000000000000");
    let (status, answer) =
        post(&store, Signal::Traces, &traces(vec![("a", vec![short, zero, span(2, 2, None, 0, 1, false)])]));
    assert_eq!(status, 200);
    assert_eq!(answer["partialSuccess"]["rejectedSpans"], 2, "{answer}");
    assert!(
        answer["partialSuccess"]["errorMessage"]
            .as_str()
            .is_some_and(|m| m.contains("traceId must be 16 bytes"))
    );
    assert_eq!(store.fill().spans, 1);
}

#[tokio::test]
async fn log_records_keep_level_fields_and_trace_and_lose_secrets() {
    let store = store();
    let body = json!({"resourceLogs": [{"resource": resource("accounts"), "scopeLogs": [{"logRecords": [
        {"timeUnixNano": nanos(T), "severityNumber": 17, "severityText": "Error",
         "body": {"stringValue": "sign-in failed password=hunter2"},
         "attributes": [{"key": "user", "value": {"stringValue": "ann"}}, {"key": "api_key", "value": {"stringValue": "k"}}],
         "traceId": "0123456789abcdef0123456789abcdef"},
        {"observedTimeUnixNano": nanos(T + 1), "severityText": "INFO", "body": {"kvlistValue": {"values": [
            {"key": "a", "value": {"intValue": "1"}}]}}}]}]}]});
    assert_eq!(post(&store, Signal::Logs, &body).0, 200);
    let query =
        LogQuery { component: Some("service/accounts".into()), window: window(T - 1, T + 9), limit: 10 };
    let answer = store.logs(&query).expect("has logs").await.expect("answers");
    let TelemetryPart::Logs(lines) = answer.part else { panic!("not logs") };
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (lines[0].level.as_deref(), lines[0].text.as_str()),
        (Some("error"), "sign-in failed password=[secret]")
    );
    assert_eq!((lines[0].fields["user"].as_str(), lines[0].fields["api_key"].as_str()), ("ann", "[secret]"));
    assert_eq!(lines[0].trace_id.as_deref(), Some("0123456789abcdef0123456789abcdef"));
    assert_eq!((lines[1].level.as_deref(), lines[1].text.as_str()), (Some("info"), "{a=1}"));
}

#[test]
fn bodies_that_cannot_be_read_are_refused_with_the_reason() {
    let store = OtlpStore::new(Config { max_body_bytes: 4096, ..Config::default() }).expect("builds");
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 1 << 20]).expect("written");
    let bomb = bomb.finish().expect("compressed");
    for (content_type, encoding, body, status, says) in [
        ("text/plain", "", &b"{}"[..], 415, "content-type"),
        (JSON, "br", b"{}", 415, "content-encoding"),
        (JSON, "gzip", b"{}", 400, "is not gzip"),
        (JSON, "gzip", &bomb, 413, "larger than 4096 bytes"),
        (JSON, "", b"{", 400, "body"),
        (JSON, "", br#"{"resourceSpans": 3}"#, 400, "expected a sequence"),
        (PROTO, "", b"\xff\xff\xff", 400, "is not the message"),
    ] {
        let reply = handle(&store, Signal::Traces, content_type, encoding, body, now());
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(reply.status, status, "{text}");
        assert!(text.contains(says), "{text} should say {says}");
    }
}

#[test]
fn configuration_is_checked() {
    for (config, field) in [
        (Config { max_mib: 0, ..Config::default() }, "max_mib"),
        (Config { max_age_s: 1, ..Config::default() }, "max_age_s"),
        (Config { max_series: 0, ..Config::default() }, "max_series"),
        (Config { max_body_bytes: 1, ..Config::default() }, "max_body_bytes"),
    ] {
        assert_eq!(OtlpStore::new(config).err().map(|e| e.field).as_deref(), Some(field));
    }
}

fn signal() -> impl Strategy<Value = Signal> {
    prop_oneof![Just(Signal::Traces), Just(Signal::Metrics), Just(Signal::Logs)]
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..300), s in signal(), json in any::<bool>()) {
        let reply = handle(&store(), s, if json { JSON } else { PROTO }, "", &body, now());
        prop_assert!(reply.status == 200 || reply.status == 400);
    }

    #[test]
    fn damaged_requests_never_panic(at in 0usize..200, bit in 0u8..8, scale in any::<i32>(), offset in any::<i32>(), count in any::<u64>()) {
        let point = ExponentialHistogramDataPoint {
            time_unix_nano: T as u64 * 1_000_000_000, count, scale, zero_count: count,
            positive: Some(Buckets { offset, bucket_counts: vec![count; 5] }),
            negative: Some(Buckets { offset, bucket_counts: vec![count; 5] }),
            ..Default::default()
        };
        let histogram = ExponentialHistogram { data_points: vec![point], aggregation_temporality: 1 };
        let metric = Metric { name: "m".into(), data: Some(Data::ExponentialHistogram(histogram)), ..Default::default() };
        let request = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                scope_metrics: vec![ScopeMetrics { metrics: vec![metric, gauge("g", T, 0..3)], ..Default::default() }],
                ..Default::default()
            }],
        };
        let store = store();
        let mut bytes = request.encode_to_vec();
        prop_assert_eq!(handle(&store, Signal::Metrics, PROTO, "", &bytes, now()).status, 200);
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let _ = handle(&store, Signal::Metrics, PROTO, "", &bytes, now());
    }
}

#[tokio::test]
async fn spans_lose_secrets_and_what_is_kept_on_disk_never_had_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let mask = Mask::keyed("a key");
    let store = OtlpStore::open(Config::default(), dir.path(), &mask).expect("builds");
    let mut careless = span(1, 1, None, 0, 1, true);
    careless["name"] = json!("GET /users/ann@example.com");
    careless["attributes"] = json!([
        {"key": "http.cookie", "value": {"stringValue": "id=77aa"}},
        {"key": "card", "value": {"intValue": "4111111111111111"}},
        {"key": "request", "value": {"kvlistValue": {"values": [{"key": "password", "value": {"stringValue": "hunter2"}}]}}}]);
    let body = traces(vec![("a", vec![careless])]);
    assert_eq!(post(&store, Signal::Traces, &body).0, 200);
    let log = json!({"resourceLogs": [{"resource": resource("a"), "scopeLogs": [{"logRecords": [
        {"timeUnixNano": nanos(T), "body": {"stringValue": "token=77aa of ann@example.com"}}]}]}]});
    assert_eq!(post(&store, Signal::Logs, &log).0, 200);
    drop(store);
    for file in std::fs::read_dir(dir.path()).expect("a folder") {
        let kept = std::fs::read(file.expect("an entry").path()).expect("a file");
        let kept = String::from_utf8_lossy(&kept);
        for secret in ["ann@", "77aa", "4111111111111111", "hunter2"] {
            assert!(!kept.contains(secret), "{secret}: {kept}");
        }
    }
    // The same after a restart.
    let store = OtlpStore::open(Config::default(), dir.path(), &mask).expect("builds");
    let query = TraceQuery { service: None, window: window(T - 1, T + 9), limit: 10 };
    let answer = store.traces(&query).expect("has traces").await.expect("answers");
    let TelemetryPart::Spans(spans) = answer.part else { panic!("not spans") };
    let attributes = &spans[0].attributes;
    assert!(spans[0].operation.starts_with("GET /users/mail-"), "{}", spans[0].operation);
    assert_eq!((attributes["http.cookie"].as_str(), attributes["card"].as_str()), ("[secret]", "[card]"));
    assert_eq!(attributes["request"], "{password=[secret]}");
    assert_eq!(store.fill().logs, 1);
}

#[tokio::test]
async fn what_a_version_kept_that_masked_less_is_masked_before_anything_reads_it() {
    use super::journal::{Journal, Record};
    let dir = tempfile::tempdir().expect("a folder");
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let log = json!({"resourceLogs": [{"resource": resource("a"), "scopeLogs": [{"logRecords": [
        {"timeUnixNano": nanos(T), "body": {"stringValue": "token=77aa of ann@example.com"}}]}]}]});
    let mut careless = span(1, 1, None, 0, 1, true);
    careless["name"] = json!("GET /users/ann@example.com");
    let spans = traces(vec![("a", vec![careless])]);
    let point = json!({"resourceMetrics": [{"resource": resource("a"), "scopeMetrics": [{"metrics": [{"name": "logins", "gauge":
        {"dataPoints": [{"timeUnixNano": nanos(T), "asDouble": 1, "attributes": [text("user", "ann@example.com"),
            text("api_key", "77aa"), text("instance", "10.0.0.1:80")]}]}}]}]}]});
    let raw = |signal, body: &Value| {
        let content_type = "application/json".to_owned();
        let at = Timestamp::from_second(T).expect("a time");
        Record {
            signal,
            at,
            content_type,
            content_encoding: String::new(),
            body: body.to_string().into_bytes(),
        }
    };
    let mut journal = Journal::open(dir.path(), 1 << 20).expect("opens");
    for record in [raw(Signal::Logs, &log), raw(Signal::Traces, &spans), raw(Signal::Metrics, &point)] {
        journal.append(&record).expect("writes");
    }
    drop(journal);
    let kept =
        || String::from_utf8_lossy(&std::fs::read(dir.path().join("current")).expect("a file")).into_owned();
    assert!(kept().contains("ann@") && kept().contains("77aa"));
    let mask = Mask::keyed("a key");
    for _ in 0..2 {
        let store = OtlpStore::open(Config::default(), dir.path(), &mask).expect("builds");
        let fill = store.fill();
        assert_eq!((fill.logs, fill.spans, fill.points), (1, 1, 1));
        assert!(!kept().contains("ann@") && !kept().contains("77aa"), "{}", kept());
        let series = series(&store, "logins").await;
        let labels = &series[0].labels;
        assert!(
            labels["user"].starts_with("mail-") && labels["api_key"].starts_with("[secret-"),
            "{labels:?}"
        );
        assert_eq!(labels["instance"], "10.0.0.1:80");
    }
}
