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
    /// An attack that goes on, and steps that the platform does not show as applied: nothing outvotes these.
    binding: Vec<Check>,
    /// Alerts and people's reports: they speak later than what they speak of.
    late: Vec<Check>,
}

impl Look {
    fn failing(&self) -> usize {
        self.metrics.iter().filter(|c| !c.ok).count()
    }

    fn attacked(&self) -> bool {
        self.binding.iter().any(|c| c.name == checks::ATTACK && !c.ok)
    }

    /// The figures are well, the attack is over, the steps are in force.
    fn proven(&self) -> bool {
        !self.metrics.is_empty() && self.metrics.iter().chain(&self.binding).all(|c| c.ok)
    }

    fn all_ok(&self) -> bool {
        let mut all = self.metrics.iter().chain(&self.binding).chain(&self.late).peekable();
        all.peek().is_some() && all.all(|c| c.ok)
    }

    /// Nothing but alerts is left.
    fn only_alerts_left(&self) -> bool {
        self.proven() && self.late.iter().all(|c| c.ok || c.name == checks::ALERTS)
    }

    fn checks(&self) -> Vec<Check> {
        self.metrics.iter().chain(&self.binding).chain(&self.late).cloned().collect()
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
    let mut worst = 0;
    let (mut well_since, mut proven_since): (Option<Timestamp>, Option<Timestamp>) = (None, None);
    let (look, ok) = loop {
        let look = look(run, &plan, &names, &normal).await;
        let now = run.now();
        worst = worst.max(look.failing());
        was_bad |= look.failing() > 0 || look.attacked();
        well_since = if look.all_ok() { well_since.or(Some(now)) } else { None };
        proven_since = if look.proven() { proven_since.or(Some(now)) } else { None };
        let held = |since: Option<Timestamp>| since.is_some_and(|s| now.duration_since(s) >= hold);
        if held(well_since) {
            break (look, true);
        }
        // Alerts may clear late; figures that were bad and hold well again are proof enough.
        let good_enough = was_bad && held(proven_since) && look.only_alerts_left();
        // With room for one more look and the report.
        let out_of_time = run.left() <= 2 * pause;
        if now.duration_since(begun) >= within && (good_enough || out_of_time || !mending(&look, worst)) {
            break (look, good_enough);
        }
        if out_of_time {
            break (look, good_enough);
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

/// Whether more time may settle it: the figures are well or most of them have come back, and nothing else is wrong. To
/// undo what is working would break it again; the run's own deadline ends the waiting.
fn mending(look: &Look, worst: usize) -> bool {
    let well = !look.metrics.is_empty() && 2 * look.failing() <= worst;
    well && look.binding.iter().all(|c| c.ok)
}

fn dedup<T: Ord>(mut ids: Vec<T>) -> Vec<T> {
    ids.sort();
    ids.dedup();
    ids
}

/// Whether figures showed harm, or an attack, before the plan.
fn felt(run: &Run) -> bool {
    let facts = &run.incident().facts;
    if run.incident().kind == IncidentKind::Security && facts.breach == Some(true) {
        return true;
    }
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
    let mut binding: Vec<Check> = attack(run, &measured).into_iter().collect();
    let mut late = Vec::new();
    if !run.incident().alerts.is_empty()
        && let Some(firing) = still_firing(run).await
    {
        late.push(checks::of_alerts(&firing));
    }
    // What no figure shows, the platform's state and people's silence have to.
    if metrics.iter().chain(&binding).all(|c| c.ok) {
        if !run.tools.platforms.is_empty() {
            let (services, _) = platform_state(run).await;
            binding.extend(applied(plan, &services));
        }
        late.extend(reports(run).await);
    }
    Look { metrics, binding, late }
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
        name: checks::REPORTS.to_owned(),
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
