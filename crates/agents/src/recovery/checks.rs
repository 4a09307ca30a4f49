//! Single checks of recovery, from measurements.

use std::collections::BTreeSet;

use firebell_core::agent::{Check, Recovery};
use firebell_core::incident::Incident;
use firebell_core::policy::Policy;

use crate::facts::Measured;
use crate::run::percent;

/// Requests below which a check says nothing.
const FEW: f64 = 3.0;
/// Error ratio above the baseline that still counts as recovered.
const ERROR_SLACK: f64 = 0.02;
/// p95 over its baseline that still counts as recovered, and the absolute slack in seconds.
const SLOW_RATIO: f64 = 2.0;
const SLOW_SLACK_S: f64 = 0.05;

/// Name of the check of the attached alerts.
pub(crate) const ALERTS: &str = "alerts cleared";
/// Name of the check of refused sign-ins.
pub(crate) const ATTACK: &str = "refused sign-ins";
/// Name of the check of people's reports.
pub(crate) const REPORTS: &str = "reports";

fn check(name: String, ok: bool, detail: String) -> Check {
    Check { name, ok, detail }
}

/// The services whose figures decide: those that the incident names, those that customers use, and the cause's own.
pub(crate) fn concerned(incident: &Incident, policy: &Policy) -> BTreeSet<String> {
    let name = |n: &str| {
        let short = n.rsplit('/').next().unwrap_or(n);
        policy.service(n).map_or_else(|| short.to_owned(), |s| s.name.clone())
    };
    let mut out: BTreeSet<String> = incident.services.iter().map(|s| name(s)).collect();
    out.extend(policy.services.iter().filter(|s| s.customer_facing).map(|s| s.name.clone()));
    let leader = incident.verdict.as_ref().and_then(|v| v.hypotheses.first());
    out.extend(leader.map(|h| name(&h.component)));
    out
}

/// Error ratio and response time of each concerned service against normal times.
pub(crate) fn of_metrics(measured: &Measured, policy: &Policy, concerned: &BTreeSet<String>) -> Vec<Check> {
    let mut out = Vec::new();
    for name in concerned {
        let Some(pair) = measured.services.get(name) else { continue };
        if pair.now.requests < FEW {
            // Silence where there was traffic is not health.
            if pair.base.requests >= 100.0 {
                let detail = format!("{:.0} requests where there used to be many", pair.now.requests);
                out.push(check(format!("requests to {name}"), false, detail));
            }
            continue;
        }
        let slo = policy.service(name);
        let base = pair.base.error_ratio().unwrap_or(0.0);
        let now = pair.now.error_ratio().unwrap_or(0.0);
        let allowed = (2.0 * base).max(base + ERROR_SLACK);
        out.push(check(
            format!("error ratio of {name}"),
            now <= allowed,
            format!(
                "{} of {:.0} requests, at most {} wanted",
                percent(now),
                pair.now.requests,
                percent(allowed)
            ),
        ));
        let (Some(p95), Some(before)) = (pair.now.p95(), pair.base.p95()) else { continue };
        let promised = slo.and_then(|s| s.slo_latency_p95_ms).map_or(0.0, |ms| ms / 1000.0);
        let allowed = (SLOW_RATIO * before).max(before + SLOW_SLACK_S).max(promised);
        out.push(check(
            format!("p95 of {name}"),
            p95 <= allowed,
            format!("{:.0} ms, at most {:.0} ms wanted", p95 * 1000.0, allowed * 1000.0),
        ));
    }
    out
}

/// Refused sign-ins against normal times.
pub(crate) fn of_sign_ins(measured: &Measured) -> Option<Check> {
    let (base, now) = measured.sign_ins?;
    let allowed = (2.0 * base.per_s).max(base.per_s + 1.0);
    Some(check(
        ATTACK.to_owned(),
        now.per_s <= allowed,
        format!("{:.1} a second, at most {allowed:.1} wanted", now.per_s),
    ))
}

/// Whether a plan's last look found all figures well, no attack and the steps in force, so that only alerts or
/// reports were left: it had worked, whatever was done with it then.
pub(crate) fn worked(recovery: &Recovery) -> bool {
    let of_figures = |c: &&Check| {
        ["error ratio of ", "p95 of ", "requests to "].iter().any(|prefix| c.name.starts_with(prefix))
    };
    recovery.checks.iter().any(|c| of_figures(&c))
        && recovery.checks.iter().all(|c| c.ok || c.name == ALERTS || c.name == REPORTS)
}

/// The attached alerts.
pub(crate) fn of_alerts(firing: &[String]) -> Check {
    let detail = if firing.is_empty() {
        "none of the incident's alerts fires".to_owned()
    } else {
        format!("still firing: {}", firing.join(", "))
    };
    check(ALERTS.to_owned(), firing.is_empty(), detail)
}

/// `9 of 10 checks passed; error ratio of checkout: …`.
pub(crate) fn reading(checks: &[Check]) -> String {
    let passed = checks.iter().filter(|c| c.ok).count();
    let mut text = format!("{passed} of {} checks passed", checks.len());
    let failed: Vec<String> =
        checks.iter().filter(|c| !c.ok).map(|c| format!("{}: {}", c.name, c.detail)).collect();
    let shown = if failed.is_empty() {
        checks.iter().take(3).map(|c| format!("{}: {}", c.name, c.detail)).collect()
    } else {
        failed
    };
    for line in shown.iter().take(4) {
        text.push_str("; ");
        text.push_str(line);
    }
    crate::run::clip(&text, 500)
}
