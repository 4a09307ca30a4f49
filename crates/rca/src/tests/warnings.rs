//! Warnings of clusters of which no objects are known.

use firebell_core::telemetry::{ClusterEvent, Telemetry};
use firebell_core::verdict::Verdict;

use super::noise::told;
use crate::{Settings, investigate};

fn of(events: &[(&str, &str, &str, &str)]) -> Verdict {
    let events = events.iter().map(|(at, kind, component, message)| ClusterEvent {
        at: at.parse().expect("a time"),
        component: (*component).into(),
        kind: (*kind).into(),
        reason: "Failed".into(),
        message: (*message).into(),
        count: 4,
        source: "events/e.json".into(),
    });
    let t =
        Telemetry { report: "pods do not start".into(), events: events.collect(), ..Telemetry::default() };
    investigate(&t, &Settings::default())
}

fn first(v: &Verdict) -> Option<(&str, &str)> {
    v.hypotheses.first().map(|h| (h.component.as_str(), h.cause.as_str()))
}

const FULL: &str = "0/3 nodes are available: 3 Insufficient memory.";
const IMAGE: &str = "Failed to pull image: manifest unknown";

#[test]
fn a_warning_names_the_cause_in_the_catalogues_words() {
    for (message, cause) in
        [(FULL, "kubernetes.insufficient_node_memory"), (IMAGE, "kubernetes.incorrect_image_reference")]
    {
        let v = of(&[("2026-01-05T10:00:00Z", "Warning", "service/cart", message)]);
        assert_eq!(first(&v), Some(("service/cart", cause)), "{}", told(&v));
    }
}

#[test]
fn what_is_normal_or_long_past_is_no_warning() {
    let v = of(&[
        ("2026-01-05T07:00:00Z", "Warning", "service/search", FULL),
        ("2026-01-05T10:00:00Z", "Normal", "service/web", FULL),
        ("2026-01-05T10:01:00Z", "Warning", "service/cart", IMAGE),
    ]);
    assert_eq!(first(&v).map(|f| f.0), Some("service/cart"), "{}", told(&v));
    assert!(v.hypotheses.iter().all(|h| h.component == "service/cart"), "{}", told(&v));
}
