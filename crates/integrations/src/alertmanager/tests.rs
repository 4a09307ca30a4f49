//! Alertmanager's webhook and Prometheus' posts, recorded and made up.

use firebell_core::ports::alert_source::RequestContext;
use firebell_core::signal::{Intake, Signal, SignalState};
use serde_json::{Value, json};

use crate::testing::{
    Case, case, complaints, conforms, contract, fixture, fixtures, hammer, openapi, parse, shared, source,
};

const V2: &str = "/api/v2/alerts";
const CASES: &[Case] = &[
    case("webhook-firing.json"),
    case("webhook-resolved.json"),
    Case { file: "v2-alerts.json", path: V2, headers: &[] },
    Case { file: "v2-skewed-clock.json", path: V2, headers: &[] },
];

fn signals(items: Vec<Intake>) -> Vec<Signal> {
    items
        .into_iter()
        .map(|i| if let Intake::Signal(s) = i { s } else { panic!("not a signal: {i:?}") })
        .collect()
}

#[test]
fn reads_its_fixtures() {
    insta::assert_snapshot!(fixtures(&*source("alertmanager", &json!({"service": "shop"})), CASES));
}

#[test]
fn says_what_is_wrong() {
    let source = source("alertmanager", &json!({}));
    let text = complaints(
        &*source,
        "",
        &[],
        &[
            ("no alerts", br#"{"version": "4"}"#),
            ("version 3", br#"{"version": "3", "alerts": []}"#),
            ("Grafana's", br#"{"version": "1", "alerts": []}"#),
            ("alerts no list", br#"{"alerts": {"labels": {}}}"#),
            ("no labels", br#"{"alerts": [{"status": "firing"}]}"#),
            ("empty labels", br#"{"alerts": [{"labels": {"a": ""}}]}"#),
            ("status", br#"{"alerts": [{"status": "pending", "labels": {"a": "b"}}]}"#),
            ("two of three", br#"{"alerts": [{"labels": {"a": "b"}}, {"labels": 5}, {"labels": {"a": "b"}, "endsAt": "soon"}]}"#),
            ("none of two", br#"[{"labels": {"a": "b"}, "startsAt": "yesterday"}, 7]"#),
            ("ends before it starts", br#"[{"labels": {"a": "b"}, "startsAt": "2026-01-05T10:00:00Z", "endsAt": "2026-01-05T09:00:00Z"}]"#),
        ],
    );
    insta::assert_snapshot!(text);
    insta::assert_snapshot!(complaints(&*source, V2, &[], &[("webhook at the API", br#"{"alerts": []}"#)]));
}

#[test]
fn withstands_damage() {
    hammer(&*source("alertmanager", &json!({})), CASES);
}

#[test]
fn fixtures_are_what_the_contract_says() {
    let (Some(webhook), Some(posted)) =
        (contract("derived-alertmanager-webhook-v4.schema.json"), openapi("postableAlerts"))
    else {
        return;
    };
    for case in CASES {
        let value: Value = serde_json::from_slice(&fixture("alertmanager", case.file)).expect("JSON");
        conforms(if case.path == V2 { &posted } else { &webhook }, &value, case.file);
    }
}

/// Recorded requests: `{"_path", "_received_at", "body"}`.
fn recorded(prefix: &str) -> Vec<(String, Value)> {
    let Some(folder) = shared("payloads") else { return Vec::new() };
    let mut out: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with(prefix)))
        .map(|p| {
            let text = std::fs::read_to_string(&p).expect("a file");
            (p.display().to_string(), serde_json::from_str(&text).expect("JSON"))
        })
        .collect();
    out.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!out.is_empty(), "no recorded requests {prefix}*");
    out
}

#[test]
fn reads_every_recorded_webhook() {
    if shared("payloads").is_none() {
        return;
    }
    let source = source("alertmanager", &json!({}));
    let mut fingerprints = std::collections::BTreeMap::new();
    let (mut firing, mut resolved) = (0, 0);
    for (name, request) in recorded("alertmanager-webhook-") {
        let at = request["_received_at"].as_f64().expect("a time");
        let received_at = jiff::Timestamp::from_millisecond((at * 1000.0) as i64).expect("a time");
        let cx = RequestContext { source: "am", received_at, path: "", headers: &[] };
        let parsed = source.parse(request["body"].to_string().as_bytes(), &cx).expect(&name);
        assert!(parsed.rejected.is_empty(), "{name}: {:?}", parsed.rejected);
        let alerts = request["body"]["alerts"].as_array().expect("alerts");
        assert_eq!(parsed.items.len(), alerts.len(), "{name}");
        for (signal, alert) in signals(parsed.items).into_iter().zip(alerts) {
            assert_eq!(json!(signal.labels), alert["labels"], "{name}");
            assert_eq!(json!(signal.annotations), alert["annotations"], "{name}");
            assert_eq!(json!(signal.starts_at), alert["startsAt"], "{name}");
            match alert["status"].as_str() {
                Some("firing") => {
                    firing += 1;
                    assert_eq!((signal.state, signal.ends_at), (SignalState::Firing, None), "{name}");
                }
                _ => {
                    resolved += 1;
                    assert_eq!(signal.state, SignalState::Resolved, "{name}");
                    assert_eq!(json!(signal.ends_at), alert["endsAt"], "{name}");
                }
            }
            // Ours and Alertmanager's name the same alerts.
            let theirs = alert["fingerprint"].as_str().expect("a fingerprint").to_owned();
            assert_eq!(*fingerprints.entry(theirs).or_insert(signal.fingerprint.clone()), signal.fingerprint);
        }
    }
    assert!(firing > 20 && resolved >= 2);
    assert_eq!(fingerprints.len(), fingerprints.values().collect::<std::collections::BTreeSet<_>>().len());
}

#[test]
fn reads_what_prometheus_posts_and_lets_it_lapse_or_resolve() {
    if shared("payloads").is_none() {
        return;
    }
    let source = source("alertmanager", &json!({}));
    for (name, request) in recorded("prometheus-to-alertmanager-v2-") {
        let body = request["body"].to_string();
        let path = request["_path"].as_str().expect("a path");
        let ends_at: jiff::Timestamp =
            request["body"][0]["endsAt"].as_str().expect("an end").parse().expect("a time");
        for (received_at, state) in [
            (ends_at - jiff::SignedDuration::from_mins(4), SignalState::Firing),
            (ends_at + jiff::SignedDuration::from_secs(1), SignalState::Resolved),
        ] {
            let cx = RequestContext { source: "prom", received_at, path, headers: &[] };
            let signals = signals(source.parse(body.as_bytes(), &cx).expect(&name).items);
            assert_eq!((signals[0].state, signals[0].ends_at), (state, Some(ends_at)), "{name}");
        }
    }
}

#[test]
fn webhook_and_api_name_an_alert_alike() {
    let source = source("alertmanager", &json!({}));
    let alert =
        json!({"labels": {"alertname": "A", "b": "c", "none": ""}, "startsAt": "2026-01-05T10:00:00Z"});
    let first = |body: Value| {
        signals(parse(&*source, body.to_string().as_bytes(), "", &[]).expect("good").items)
            .remove(0)
            .fingerprint
    };
    assert_eq!(first(json!([alert])), first(json!({"alerts": [alert]})));
    assert_ne!(first(json!([alert])), first(json!([{"labels": {"alertname": "A", "b": "d"}}])));
}

#[test]
fn a_default_service_does_not_make_another_alert() {
    let body = br#"[{"labels": {"alertname": "A"}}]"#;
    let of = |more: Value| {
        signals(parse(&*source("alertmanager", &more), body, "", &[]).expect("good").items).remove(0)
    };
    let (without, with) = (of(json!({})), of(json!({"service": "checkout"})));
    assert_eq!(without.fingerprint, with.fingerprint);
    assert_eq!(with.labels["service"], "checkout");
}

#[test]
fn an_empty_batch_is_fine() {
    let source = source("alertmanager", &json!({}));
    for body in ["[]", r#"{"alerts": []}"#] {
        assert_eq!(parse(&*source, body.as_bytes(), "", &[]).expect("good").items.len(), 0);
    }
}

#[test]
fn a_group_by_a_telling_label_is_kept_and_one_by_place_is_not() {
    let source = source("alertmanager", &json!({}));
    let group = |labels: Value| {
        let body = json!({"version": "4", "groupKey": "{}:{the group}", "groupLabels": labels,
            "alerts": [{"status": "firing", "labels": {"alertname": "A"}}]});
        signals(parse(&*source, body.to_string().as_bytes(), "", &[]).expect("good").items)
            .remove(0)
            .group_key
    };
    assert_eq!(group(json!({"instance": "10.0.0.7:9100"})).as_deref(), Some("{}:{the group}"));
    for broad in [json!({}), json!({"alertname": "A", "cluster": "eu"}), json!(null), json!(7)] {
        assert_eq!(group(broad.clone()), None, "{broad}");
    }
}

#[test]
fn the_end_of_time_and_a_clock_far_ahead_lose_no_alert() {
    let source = source("alertmanager", &json!({}));
    let posted = |start: &str, end: &str| {
        let body = json!([{"labels": {"alertname": "A"}, "startsAt": start, "endsAt": end}]).to_string();
        signals(parse(&*source, body.as_bytes(), V2, &[]).expect("good").items).remove(0)
    };
    let for_ever = posted("2026-01-05T10:00:00Z", "9999-12-31T23:59:59Z");
    assert_eq!(for_ever.state, SignalState::Firing);
    assert!(for_ever.ends_at.is_some_and(|end| end.to_string().starts_with("9999-12-30")));
    assert_eq!(posted("2026-01-05T10:00:00Z", "9999-12-31T23:59:59-12:00").ends_at, for_ever.ends_at);
    let ahead = posted("2199-01-01T00:00:00Z", "2026-01-05T10:34:00Z");
    assert_eq!((ahead.state, ahead.starts_at), (SignalState::Firing, crate::testing::now()));
    assert!(ahead.annotations.contains_key("firebell_clock_skew"));
}
