//! Phase 5: smoke tests, alerts, figures against their targets, error budget.

use firebell_core::agent::{Check, Recovery};
use firebell_core::evidence::Strength;
use firebell_core::severity::IncidentKind;

use super::checks;
use crate::facts::{is_indicator, measure};
use crate::run::{Run, percent};
use crate::tools::{metrics_named, smoke_test, still_firing};

/// Verifies; the report's `recovery` says how it went.
pub(crate) async fn verify(run: &mut Run) -> Result<(), String> {
    let mut all: Vec<Check> = Vec::new();
    let (smoke, _) = smoke_test(run).await;
    for c in smoke.unwrap_or_default() {
        all.push(Check { name: format!("smoke: {}", c.name), ok: c.ok, detail: c.detail });
    }
    if let Some(firing) = still_firing(run).await {
        all.push(checks::of_alerts(&firing));
    }
    metrics_named(run, run.window(1), is_indicator).await;
    let measured = measure(&run.series(), run.incident(), run.policy(), run.impact_start(), run.now());
    if let Some(blind) = &measured.blind {
        run.gap(format!("service levels could not be verified: {blind}"));
    }
    let concerned = checks::concerned(run.incident(), run.policy());
    all.extend(checks::of_metrics(&measured, run.policy(), &concerned));
    if run.incident().kind == IncidentKind::Security {
        all.extend(checks::of_sign_ins(&measured));
    }
    let ok = !all.is_empty() && all.iter().all(|c| c.ok);
    let mut reading = if all.is_empty() {
        "nothing could be checked: connect metrics, alerts or a platform with smoke tests".to_owned()
    } else {
        checks::reading(&all)
    };
    if let Some(text) = budget(run) {
        reading.push_str("; ");
        reading.push_str(&text);
    }
    run.step("verify", &reading);
    let ids = run.ids_of(|_| true);
    run.claim(reading.clone(), ids, if ok { Strength::Strong } else { Strength::Moderate }, None);
    run.report.recovery = Some(Recovery { ok, reading, checks: all });
    Ok(())
}

/// What the incident cost of the error budget, estimated from its worst error ratio and its length.
fn budget(run: &Run) -> Option<String> {
    let incident = run.incident();
    let slo = run
        .policy()
        .services
        .iter()
        .filter(|s| incident.services.contains(&s.name))
        .filter_map(|s| s.slo_availability)
        .fold(None, |most: Option<f64>, slo| Some(most.map_or(slo, |m| m.max(slo))))?;
    let ratio = incident.worst.error_ratio?;
    let until = incident.mitigated_at.unwrap_or_else(|| run.now());
    let seconds = until.duration_since(run.impact_start()).as_secs_f64().max(0.0);
    let share = ratio * seconds / ((1.0 - slo).max(1e-6) * 30.0 * 86_400.0);
    Some(format!(
        "about {} of the 30-day error budget used ({} failing at worst for {seconds:.0} s, objective {slo})",
        percent(share.min(1.0)),
        percent(ratio)
    ))
}
