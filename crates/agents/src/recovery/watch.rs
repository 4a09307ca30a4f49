//! After a plan was carried out: polls until what was bad is near its baseline and holds, or the time is up.

use std::time::Duration;

use firebell_core::agent::{Check, Recovery};
use firebell_core::evidence::Strength;
use firebell_core::mitigation::Plan;
use firebell_core::severity::IncidentKind;
use firebell_core::telemetry::{Series, TelemetryPart, Window};
use jiff::{SignedDuration, Timestamp};

use super::applied::applied;
use super::checks;
use crate::facts::{Measured, is_indicator, measure};
use crate::run::Run;
use crate::tools::{last_report, metric_names, metrics_named, platform_state, poll_metrics, still_firing};

/// Longest pause between two looks, seconds.
const MAX_PAUSE_S: u64 = 15;

/// What one look showed.
struct Look {
    metrics: Vec<Check>,
    others: Vec<Check>,
}

impl Look {
    fn metrics_ok(&self) -> bool {
        !self.metrics.is_empty() && self.metrics.iter().all(|c| c.ok)
    }

    fn all_ok(&self) -> bool {
        let any = !self.metrics.is_empty() || !self.others.is_empty();
        any && self.metrics.iter().chain(&self.others).all(|c| c.ok)
    }

    fn checks(&self) -> Vec<Check> {
        self.metrics.iter().chain(&self.others).cloned().collect()
    }
}

/// Watches; the report's `recovery` says how it went.
pub(crate) async fn watch(run: &mut Run, hash: &str) -> Result<(), String> {
    let Some(plan) = run.incident().plan(hash).map(|p| p.plan.clone()) else {
        return Err(format!("there is no plan {hash} in this incident"));
    };
    let begun = run.now();
    let start = run.impact_start();
    let baseline =
        Window { start: start - SignedDuration::from_secs(run.policy().times.baseline_s.max(1)), end: start };
    let evidence = metrics_named(run, baseline, is_indicator).await;
    let normal: Vec<Series> = run.series().into_iter().cloned().collect();
    let names = metric_names(run, Window { start: baseline.start, end: begun }, is_indicator).await;
    let times = run.policy().times.clone();
    let within = SignedDuration::from_secs(times.recovery_within_s.max(1));
    let hold = SignedDuration::from_secs(times.recovery_hold_s.max(0));
    let pause = Duration::from_secs(u64::from(times.step_s).clamp(1, MAX_PAUSE_S));
    let mut was_bad = felt(run);
    let (mut well_since, mut metrics_since): (Option<Timestamp>, Option<Timestamp>) = (None, None);
    let (look, ok) = loop {
        let look = look(run, &plan, &names, &normal).await;
        let now = run.now();
        was_bad |= !look.metrics.is_empty() && !look.metrics_ok();
        well_since = if look.all_ok() { well_since.or(Some(now)) } else { None };
        metrics_since = if look.metrics_ok() { metrics_since.or(Some(now)) } else { None };
        let held = |since: Option<Timestamp>| since.is_some_and(|s| now.duration_since(s) >= hold);
        if held(well_since) {
            break (look, true);
        }
        let over = now.duration_since(begun) >= within || run.left() <= pause;
        if over {
            // Alerts may clear late; figures that were bad and hold well again are proof enough.
            break (look, was_bad && held(metrics_since));
        }
        tokio::time::sleep(pause).await;
    };
    record(run, &names).await;
    let took = run.now().duration_since(begun).as_secs();
    let all = look.checks();
    let reading = if all.is_empty() {
        "recovery cannot be told: no metrics, no alerts and no platform state were to be had".to_owned()
    } else if ok {
        format!("recovered within {took} s of the mitigation: {}", checks::reading(&all))
    } else {
        format!("not recovered {took} s after the mitigation: {}", checks::reading(&all))
    };
    run.step("watch", &reading);
    let ids: Vec<_> = run.ids_of(|_| true).into_iter().chain(evidence).collect();
    let strength = if ok { Strength::Strong } else { Strength::Moderate };
    run.claim(reading.clone(), dedup(ids), strength, None);
    run.report.recovery = Some(Recovery { ok, reading, checks: all });
    Ok(())
}

fn dedup<T: Ord>(mut ids: Vec<T>) -> Vec<T> {
    ids.sort();
    ids.dedup();
    ids
}

/// Whether figures showed harm before the plan.
fn felt(run: &Run) -> bool {
    let facts = &run.incident().facts;
    let errors = facts.error_ratio.unwrap_or(0.0) - facts.baseline_error_ratio.unwrap_or(0.0);
    errors >= 0.02 || facts.p95_ratio.is_some_and(|r| r >= 2.0)
}

fn recent(run: &Run) -> Window {
    let times = &run.policy().times;
    let seconds = (times.baseline_s / 6).clamp(1, 300) + 8 * i64::from(times.step_s.max(1));
    let end = run.now();
    Window { start: end - SignedDuration::from_secs(seconds), end }
}

async fn look(run: &mut Run, plan: &Plan, names: &[(usize, String)], normal: &[Series]) -> Look {
    let series = poll_metrics(run, names, recent(run)).await;
    let all: Vec<&Series> = normal.iter().chain(&series).collect();
    let measured = measure(&all, run.incident(), run.policy(), run.impact_start(), run.now());
    let concerned = checks::concerned(run.incident(), run.policy());
    let metrics = checks::of_metrics(&measured, run.policy(), &concerned);
    let mut others = Vec::new();
    others.extend(attack(run, &measured));
    if !run.incident().alerts.is_empty()
        && let Some(firing) = still_firing(run).await
    {
        others.push(checks::of_alerts(&firing));
    }
    // Where no figure tells, the platform's state and people's silence have to.
    if !run.tools.platforms.is_empty() && metrics.iter().all(|c| c.ok) && others.iter().all(|c| c.ok) {
        let (services, _) = platform_state(run).await;
        others.extend(applied(plan, &services));
        others.extend(reports(run).await);
    }
    Look { metrics, others }
}

fn attack(run: &Run, measured: &Measured) -> Option<Check> {
    (run.incident().kind == IncidentKind::Security).then(|| checks::of_sign_ins(measured)).flatten()
}

async fn reports(run: &mut Run) -> Option<Check> {
    if run.incident().reports.is_empty() && run.incident().first_report_at.is_none() {
        return None;
    }
    let last = last_report(run).await??;
    let hold = run.policy().times.recovery_hold_s.max(1);
    let quiet = run.now().duration_since(last).as_secs();
    Some(Check {
        name: "reports".to_owned(),
        ok: quiet >= hold,
        detail: format!("the last report was written {quiet} s ago, {hold} s of quiet wanted"),
    })
}

/// The figures that the decision was made on, as evidence.
async fn record(run: &mut Run, names: &[(usize, String)]) {
    let window = recent(run);
    let series = poll_metrics(run, names, window).await;
    if !series.is_empty() {
        let part = TelemetryPart::Series(series);
        run.keep_own("query_metrics", "metrics", "indicators after the mitigation", Some(window), part).await;
    }
}
