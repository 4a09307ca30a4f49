//! From rules that hold to alerts that fire, and posting them as Prometheus does.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    rules::{Finding, evaluate},
    scrape::History,
};
use crate::{platform, shared::Shared};

/// Span of rates, how long a rule must hold, how long a firing alert outlives its rule, and how often it is sent
/// again: all at the pace of the demo.
const WINDOW: Duration = Duration::from_secs(7);
const HOLD: Duration = Duration::from_secs(3);
const KEEP: Duration = Duration::from_secs(2);
const RESEND: Duration = Duration::from_secs(4);
/// Resolved alerts are sent again for so long, in case a post was lost.
const REMEMBER: Duration = Duration::from_secs(20);

struct Alert {
    finding: Finding,
    pending: Instant,
    held: Instant,
    fired: Option<Timestamp>,
    resolved: Option<(Timestamp, Instant)>,
    sent: Option<Instant>,
}

/// What the monitor knows, for who asks.
#[derive(Default)]
pub(crate) struct Monitor {
    firing: Mutex<Vec<String>>,
}

impl Monitor {
    /// The alerts that fire now, as `rule/service`.
    pub(crate) fn firing(&self) -> Vec<String> {
        self.firing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Watches until the task is dropped.
pub(crate) async fn run_monitor(shared: Arc<Shared>, monitor: Arc<Monitor>, client: reqwest::Client) {
    let targets: Vec<(String, String)> = crate::world::SERVICES
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), shared.urls.get(*name)?.clone())))
        .collect();
    let scale = shared.options.time_scale.max(0.1);
    let window = WINDOW.div_f64(scale).max(Duration::from_secs(3));
    let hold = HOLD.div_f64(scale);
    let mut history = History::default();
    let file = shared.options.state_dir.join("alerts.json");
    let mut kept = recall(&file);
    // The rules say nothing of what was before until they have seen as much as they look back at.
    let mut alerts = revive(&kept, Instant::now(), window + hold);
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        history.scrape(&client, &targets).await;
        let rule = shared.read(|w| w.conditions.traffic_rule);
        let found = evaluate(&history, window, rule);
        let now = Instant::now();
        advance(&mut alerts, found, now, hold);
        let now_kept = keep(&alerts);
        if !same(&now_kept, &kept) {
            match crate::world::save(&file, &now_kept) {
                Ok(()) => kept = now_kept,
                Err(error) => tracing::warn!(%error, "what fires could not be written down; tried again"),
            }
        }
        let firing = alerts.iter().filter(|(_, a)| a.fired.is_some() && a.resolved.is_none());
        let firing: Vec<String> =
            firing.map(|(_, a)| format!("{}/{}", a.finding.rule, a.finding.service)).collect();
        *monitor.firing.lock().unwrap_or_else(PoisonError::into_inner) = firing;
        if let Some(door) = &shared.options.alerts {
            let due: Vec<String> =
                alerts.iter().filter(|(_, a)| a.due(now)).map(|(k, _)| k.clone()).collect();
            if due.is_empty() {
                continue;
            }
            let generator = shared.urls.get("platform").cloned().unwrap_or_default();
            let body: Vec<Value> = due.iter().filter_map(|k| Some(alerts.get(k)?.json(&generator))).collect();
            let url = format!("{}/api/v2/alerts", door.url.trim_end_matches('/'));
            let posted = platform::post(&client, &url, door.bearer.as_deref(), &json!(body)).await;
            if posted.is_delivered() {
                for key in due {
                    if let Some(alert) = alerts.get_mut(&key) {
                        alert.sent = Some(now);
                    }
                }
            }
        }
    }
}

/// Whether the same alerts fire and have resolved; their figures change with each scrape.
fn same(a: &[Kept], b: &[Kept]) -> bool {
    let marks = |k: &Kept| (key(&k.finding), k.fired, k.resolved);
    a.iter().map(marks).eq(b.iter().map(marks))
}

/// An alert that fires, or fired until lately, as it is on disk: who ends the process must not leave alerts behind that
/// nobody resolves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    finding: Finding,
    fired: Timestamp,
    resolved: Option<Timestamp>,
}

fn recall(file: &Path) -> Vec<Kept> {
    crate::world::load(file).map(Option::unwrap_or_default).unwrap_or_else(|error| {
        tracing::warn!(%error, "what fired before cannot be read; it lapses");
        Vec::new()
    })
}

fn keep(alerts: &BTreeMap<String, Alert>) -> Vec<Kept> {
    let kept = |a: &Alert| {
        Some(Kept { finding: a.finding.clone(), fired: a.fired?, resolved: a.resolved.map(|(at, _)| at) })
    };
    alerts.values().filter_map(kept).collect()
}

/// The alerts of the process before this one; those that fired go on for `grace`, unless their rules hold then.
fn revive(kept: &[Kept], now: Instant, grace: Duration) -> BTreeMap<String, Alert> {
    let alert = |k: &Kept| Alert {
        finding: k.finding.clone(),
        pending: now,
        held: now + grace,
        fired: Some(k.fired),
        resolved: k.resolved.map(|at| (at, now)),
        sent: None,
    };
    kept.iter().map(|k| (key(&k.finding), alert(k))).collect()
}

fn key(finding: &Finding) -> String {
    let labels: Vec<String> = finding.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    format!("{}/{}/{}", finding.rule, finding.service, labels.join(","))
}

fn advance(alerts: &mut BTreeMap<String, Alert>, found: Vec<Finding>, now: Instant, hold: Duration) {
    for finding in found {
        let alert = alerts.entry(key(&finding)).or_insert_with(|| Alert {
            finding: finding.clone(),
            pending: now,
            held: now,
            fired: None,
            resolved: None,
            sent: None,
        });
        if alert.resolved.is_some() {
            // The same rule again is a new alert.
            (alert.resolved, alert.fired, alert.pending) = (None, None, now);
        }
        alert.finding = finding;
        alert.held = alert.held.max(now);
        if alert.fired.is_none() && now.duration_since(alert.pending) >= hold {
            alert.fired = Some(Timestamp::now());
            alert.sent = None;
        }
    }
    alerts.retain(|_, alert| {
        let silent = now.duration_since(alert.held);
        if alert.fired.is_none() {
            return silent.is_zero();
        }
        if alert.resolved.is_none() && silent >= KEEP {
            alert.resolved = Some((Timestamp::now(), now));
            alert.sent = None;
        }
        alert.resolved.is_none_or(|(_, since)| now.duration_since(since) < REMEMBER)
    });
}

impl Alert {
    fn due(&self, now: Instant) -> bool {
        self.fired.is_some() && self.sent.is_none_or(|sent| now.duration_since(sent) >= RESEND)
    }

    fn json(&self, generator: &str) -> Value {
        let finding = &self.finding;
        let mut labels = Map::new();
        labels.insert("alertname".into(), json!(finding.rule));
        labels.insert("env".into(), json!("production"));
        labels.insert("job".into(), json!("shop"));
        labels.insert("service".into(), json!(finding.service));
        labels.insert("severity".into(), json!(finding.severity));
        for (name, value) in &finding.labels {
            labels.insert(name.to_string(), json!(value));
        }
        let now = Timestamp::now();
        let starts = self.fired.unwrap_or(now);
        // As Prometheus does: a firing alert ends by itself if it is not sent again.
        let ends = self.resolved.map_or(now + SignedDuration::from_secs(60), |(at, _)| at);
        json!({
            "labels": labels,
            "annotations": {"summary": finding.summary, "value": format!("{:.4}", finding.value)},
            "startsAt": format!("{starts:.3}"),
            "endsAt": format!("{ends:.3}"),
            "generatorURL": format!("{generator}/graph?rule={}&service={}", finding.rule, finding.service),
        })
    }
}

#[cfg(test)]
mod tests {
    //! The life of an alert.

    use super::*;

    fn finding() -> Finding {
        Finding {
            rule: "HighErrorRate".into(),
            service: "checkout".into(),
            severity: "critical".into(),
            labels: vec![],
            summary: "bad".into(),
            value: 0.5,
        }
    }

    #[test]
    fn an_alert_fires_after_its_time_and_resolves_after_its_rule_stopped_to_hold() {
        let (mut alerts, start) = (BTreeMap::new(), Instant::now());
        let at = |s: u64| start + Duration::from_secs(s);
        advance(&mut alerts, vec![finding()], at(0), HOLD);
        assert!(alerts.values().all(|a| !a.due(at(0))), "pending");
        advance(&mut alerts, vec![finding()], at(3), HOLD);
        assert!(alerts.values().all(|a| a.due(at(3)) && a.resolved.is_none()), "firing");
        advance(&mut alerts, vec![], at(4), HOLD);
        assert!(alerts.values().all(|a| a.resolved.is_none()), "kept");
        advance(&mut alerts, vec![], at(5), HOLD);
        assert!(alerts.values().all(|a| a.resolved.is_some() && a.due(at(5))), "resolved");
        let alert = alerts.values().next().map(|a| a.json("http://x")).unwrap_or_default();
        let ends: Timestamp = alert["endsAt"].as_str().and_then(|t| t.parse().ok()).unwrap_or(Timestamp::MAX);
        assert!(ends <= Timestamp::now() + SignedDuration::from_secs(1));
        advance(&mut alerts, vec![], at(40), HOLD);
        assert!(alerts.is_empty(), "forgotten");
    }

    #[test]
    fn what_fired_before_a_restart_fires_on_and_resolves_once_the_rules_have_seen_enough() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("alerts.json");
        let (mut before, start) = (BTreeMap::new(), Instant::now());
        let at = |s: u64| start + Duration::from_secs(s);
        advance(&mut before, vec![finding()], at(0), HOLD);
        assert!(keep(&before).is_empty(), "pending");
        advance(&mut before, vec![finding()], at(3), HOLD);
        crate::world::save(&file, &keep(&before)).expect("writes");
        let fired = before.values().next().and_then(|a| a.fired);

        let mut after = revive(&recall(&file), at(100), WINDOW);
        assert!(after.values().all(|a| a.fired == fired && a.due(at(100))), "told again");
        advance(&mut after, vec![], at(106), HOLD);
        assert!(after.values().all(|a| a.resolved.is_none()), "too early to tell");
        advance(&mut after, vec![], at(109), HOLD);
        assert!(after.values().all(|a| a.resolved.is_some() && a.due(at(109))), "over");
        let again = revive(&keep(&after), at(200), WINDOW);
        assert!(
            again.values().all(|a| a.resolved.is_some() && a.due(at(200))),
            "its end may not have arrived"
        );
        std::fs::write(&file, "{").expect("writes");
        assert!(recall(&file).is_empty());
    }

    #[test]
    fn a_pending_alert_whose_rule_stops_never_fires() {
        let (mut alerts, start) = (BTreeMap::new(), Instant::now());
        advance(&mut alerts, vec![finding()], start, HOLD);
        advance(&mut alerts, vec![], start + Duration::from_secs(1), HOLD);
        assert!(alerts.is_empty());
    }
}
