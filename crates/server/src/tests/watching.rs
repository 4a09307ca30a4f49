//! What Firebell is watched by: the rules and the dashboard of contrib ask for figures that are there.

use std::collections::BTreeSet;
use std::process::Command;

use firebell_core::policy::Policy;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{AM_KEY, bearer, world, world_of};
use crate::Role;

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contrib/prometheus/firebell.rules.yml");
const DASHBOARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contrib/grafana/firebell.json");

/// Names of metrics in expressions: words with our prefixes that are no recorded series.
fn names(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
        .filter(|word| word.starts_with("firebell_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

/// Every text under a key, however deep.
fn texts<'v>(value: &'v Value, key: &str, out: &mut Vec<&'v str>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
            Value::String(text) if name == key => out.push(text),
            other => texts(other, key, out),
        }),
        Value::Array(values) => values.iter().for_each(|value| texts(value, key, out)),
        _ => {}
    }
}

#[tokio::test]
async fn rules_and_dashboard_ask_for_figures_that_are_there() {
    let w = world();
    let shown = w.api(Role::Viewer, "GET", "/metrics", Value::Null).await.text;
    let there: BTreeSet<&str> =
        shown.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split(['{', ' ']).next()).collect();
    let rules = std::fs::read_to_string(RULES).expect("the rules");
    let rules: Value = serde_yaml_ng::from_str(&rules).expect("YAML");
    let dashboard: Value =
        serde_json::from_str(&std::fs::read_to_string(DASHBOARD).expect("the dashboard")).expect("JSON");
    let (mut asked, mut recorded) = (Vec::new(), Vec::new());
    texts(&rules, "expr", &mut asked);
    texts(&rules, "record", &mut recorded);
    let (of_rules, alerts) = (asked.len(), {
        let mut all = Vec::new();
        texts(&rules, "alert", &mut all);
        all.len()
    });
    texts(&dashboard, "expr", &mut asked);
    assert!(alerts >= 10 && recorded.len() >= 4 && asked.len() > of_rules + 15);
    let mut used = BTreeSet::new();
    for expression in asked {
        for name in names(expression) {
            assert!(there.contains(name.as_str()), "{name} of {expression:?} is not at /metrics");
            used.insert(name);
        }
        for word in expression.split(|c: char| !(c.is_ascii_alphanumeric() || "_:".contains(c))) {
            assert!(!word.starts_with("firebell:") || recorded.contains(&word), "{word} is not recorded");
        }
    }
    for signal in [
        "firebell_intake_to_page_seconds_bucket",
        "firebell_outbox_oldest_seconds",
        "firebell_timer_lag_seconds",
        "firebell_outbox_effects",
    ] {
        assert!(used.contains(signal), "nobody watches {signal}");
    }
}

#[test]
fn promtool_takes_the_rules() {
    match Command::new("promtool").args(["check", "rules", RULES]).output() {
        Ok(out) => assert!(
            out.status.success(),
            "{}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        ),
        Err(error) => {
            eprintln!("skipped: promtool is not here ({error}); Debian has it in the package prometheus")
        }
    }
}

#[tokio::test]
async fn the_way_from_a_signal_to_the_page_is_measured() {
    let policy = Policy { page_channels: vec!["page/built-in".to_owned()], ..super::sample::policy() };
    let w = world_of(policy, |_| {});
    let alert = json!([{"labels": {"alertname": "CheckoutErrors", "service": "checkout", "severity": "critical"},
        "annotations": {"summary": "High error rate on checkout, customers cannot buy"}}]);
    let sent =
        w.send("POST", "/api/v2/alerts", &[("authorization", &bearer(AM_KEY))], alert.to_string()).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    w.settle().await;
    let value = async |name: &str| {
        let text = w.api(Role::Viewer, "GET", "/metrics", Value::Null).await.text;
        let line = text.lines().find_map(|l| l.strip_prefix(&format!("{name} ")));
        line.and_then(|v| v.parse::<f64>().ok()).unwrap_or_else(|| panic!("{name} is not in\n{text}"))
    };
    assert!(value("firebell_accept_duration_seconds_count").await >= 1.0);
    assert!(value("firebell_outbox_effects{state=\"waiting\"}").await >= 1.0, "effects wait");
    assert_eq!(value("firebell_outbox_oldest_seconds").await, 0.0);
    w.pass(SignedDuration::from_secs(4));
    assert_eq!(value("firebell_outbox_oldest_seconds").await, 4.0);
    assert_eq!(value("firebell_intake_to_page_seconds_count").await, 0.0);
    w.play().await;
    let pages = value("firebell_intake_to_page_seconds_count").await;
    assert!(pages >= 1.0, "nobody was paged");
    assert_eq!(value("firebell_intake_to_page_seconds_sum").await, 4.0 * pages);
    assert!(value("firebell_effect_duration_seconds_count{effect=\"page\"}").await >= pages);
    assert_eq!(value("firebell_outbox_effects{state=\"waiting\"}").await, 0.0);
    assert_eq!(value("firebell_outbox_oldest_seconds").await, 0.0);
}
