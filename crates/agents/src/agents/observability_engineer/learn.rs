//! A better alert for the cause, as a Prometheus rule; and what to do about an alert that flaps.

use firebell_core::agent::{ActionItemDraft, Artifact};
use firebell_core::evidence::Strength;
use firebell_core::incident::Status;
use firebell_core::verdict::Hypothesis;

use crate::agents::words::{leader, slug, title_of};
use crate::run::{Run, clip};
use crate::tools::list_alerts;

pub(super) async fn learn(run: &mut Run) -> Result<(), String> {
    let alerts = list_alerts(run).await;
    if let Some(h) = leader(run.incident()).cloned() {
        let rule = rule(run, &h);
        run.step("alert rule", rule.1.clone());
        run.report.artifacts.push(Artifact {
            name: format!("alert-{}-{}.yml", slug(&h.cause).replace('_', "-"), slug(&h.component)),
            summary: rule.1,
            media_type: "text/yaml".to_owned(),
            content: rule.0,
        });
    }
    for name in flapping(run) {
        let text = format!("{name} fires and clears again and again: nobody will believe it when it matters");
        run.claim(text, alerts.clone().into_iter().collect(), Strength::Moderate, None);
        run.report.action_items.push(ActionItemDraft {
            title: clip(&format!("Retune the alert {name}"), 160),
            detail:
                "Raise its threshold above ordinary waves, or let it hold longer (`for:`) and clear later \
                     (`keep_firing_for:`)."
                    .to_owned(),
            kind: "detect".to_owned(),
            impact: 2,
            effort: 1,
            due_days: 14,
        });
    }
    Ok(())
}

/// Alerts of an incident that was healthy, and alerts that turned often.
fn flapping(run: &Run) -> Vec<String> {
    let mut counts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for held in &run.held {
        if let firebell_core::telemetry::TelemetryPart::Alerts(alerts) = &held.part {
            for a in alerts.iter().filter(|a| a.ends_at.is_some()) {
                *counts.entry(a.name.clone()).or_default() += 1;
            }
        }
    }
    let healthy = run.incident().status == Status::ClosedHealthy;
    let mine = |name: &String| run.incident().alerts.values().any(|a| a.name == *name);
    counts
        .into_iter()
        .filter(|(name, n)| mine(name) && (*n >= 3 || (healthy && *n >= 2)))
        .map(|(n, _)| n)
        .collect()
}

/// Labels that name one process or one release: a rule that holds to them is blind to the next.
const PASSING: [&str; 12] = [
    "version",
    "instance",
    "pod",
    "replica",
    "container",
    "host",
    "hostname",
    "pid",
    "revision",
    "commit",
    "build",
    "node",
];

/// The selector without its passing labels.
fn lasting(selector: &str) -> String {
    let Some((name, labels)) = selector.split_once('{') else { return selector.to_owned() };
    let kept: Vec<&str> = split_labels(labels.trim_end_matches('}'))
        .into_iter()
        .filter(|l| l.split_once('=').is_some_and(|(key, _)| !PASSING.contains(&key.trim())))
        .collect();
    if kept.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", kept.join(",")) }
}

/// `name="value"` pairs; a comma inside quotes divides nothing.
fn split_labels(labels: &str) -> Vec<&str> {
    let (mut out, mut from, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (i, c) in labels.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                out.push(&labels[from..i]);
                from = i + 1;
            }
            _ => {}
        }
    }
    out.push(&labels[from..]);
    out.retain(|l| !l.is_empty());
    out
}

/// The metric of the leader's indicator with its labels, if it is one.
fn metric(h: &Hypothesis) -> Option<String> {
    let cited = h.evidence.iter().find_map(|e| e.query.strip_prefix("metric ").map(str::to_owned));
    let plain = |s: &String| {
        let name = s.split('{').next().unwrap_or("");
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
    };
    cited.filter(plain).map(|s| lasting(&s))
}

/// PromQL that would have told sooner, by what sort of metric it is.
fn expression(run: &Run, h: &Hypothesis) -> (String, &'static str) {
    let service = slug(&h.component);
    let slo = run.policy().service(&service).and_then(|s| s.slo_availability).unwrap_or(0.999);
    let Some(selector) = metric(h) else {
        let all = format!("http_requests_total{{service=\"{service}\"");
        return (
            format!(
                "sum(rate({all},code=~\"5..\"}}[5m])) / sum(rate({all}}}[5m])) > {:.4}",
                14.4 * (1.0 - slo)
            ),
            "the error budget burns 14.4 times too fast",
        );
    };
    let name = selector.split('{').next().unwrap_or("");
    if name.ends_with("_bucket") {
        let mut labels = selector.split_once('{').map_or("", |l| l.1.trim_end_matches('}')).to_owned();
        labels =
            split_labels(&labels).into_iter().filter(|l| !l.starts_with("le=")).collect::<Vec<_>>().join(",");
        let now = format!("histogram_quantile(0.95, sum by (le) (rate({name}{{{labels}}}[5m])))");
        let before =
            format!("histogram_quantile(0.95, sum by (le) (rate({name}{{{labels}}}[5m] offset 1d)))");
        return (format!("{now} > 3 * {before}"), "p95 is over three times that of the day before");
    }
    if name.ends_with("_total") || name.ends_with("_count") {
        return (
            format!("sum(rate({selector}[5m])) > 5 * (sum(rate({selector}[1h] offset 1d)) + 0.01)"),
            "it rises five times faster than the day before",
        );
    }
    (
        format!("max({selector}) > 2 * max(quantile_over_time(0.95, {selector}[1d] offset 1h))"),
        "it is over twice its usual high",
    )
}

fn rule(run: &Run, h: &Hypothesis) -> (String, String) {
    let (expr, when) = expression(run, h);
    let service = slug(&h.component);
    let name: String = slug(&h.cause)
        .split('_')
        .map(|w| w.chars().take(1).flat_map(char::to_uppercase).chain(w.chars().skip(1)).collect::<String>())
        .collect();
    let summary = format!("{} at {service}: {when}", title_of(h));
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let text = format!(
        "# Would have told of {} at its first sign. Check the window and the factor against a normal week.\ngroups:\n  \
         - name: {service}-learnt\n    rules:\n      - alert: {name}\n        expr: {}\n        for: 1m\n        labels:\n          \
         severity: warning\n          service: {}\n        annotations:\n          summary: {}\n",
        run.incident().id,
        quoted(&expr),
        quoted(&service),
        quoted(&summary),
    );
    (text, summary)
}
