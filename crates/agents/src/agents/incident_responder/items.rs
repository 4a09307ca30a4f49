//! Action items by cause: prevent, detect, mitigate, process.

use firebell_core::agent::ActionItemDraft;
use firebell_core::incident::Incident;

use crate::agents::words::{helped, leader, slug, title_of};
use crate::run::clip;

/// By the beginning of a cause's id: what prevents it, what makes its mitigation faster.
const BY_CAUSE: &[(&str, &str, &str)] = &[
    (
        "saturation.connection_pool",
        "Size the connection pool of {c} by load and bound what one caller may hold",
        "Alert on waiters of the pool of {c} before requests fail",
    ),
    (
        "saturation.disk",
        "Rotate and bound the logs on the volume of {c}",
        "Forecast when the volume of {c} is full and alert a day before",
    ),
    ("saturation.", "Set limits and headroom for {c} by load", "Scale {c} by the resource that ran out"),
    (
        "code.memory_leak",
        "Find what {c} keeps in memory and bound it",
        "Alert on the slope of the memory of {c}, not only its level",
    ),
    (
        "code.n_plus_one",
        "Load related rows of {c} in one query, and count queries per request in its tests",
        "Alert on queries per request of {c}",
    ),
    ("code.", "Cover the failing path of {c} by a test", "Roll out {c} to a share of the traffic first"),
    (
        "change.flag",
        "Require a review and an expiry for flags of {c}, and roll them out by stages",
        "Compare the outcomes of customers with and without a flag of {c}",
    ),
    (
        "change.config",
        "Validate the configuration of {c} against bounds before it is loaded",
        "Roll configuration of {c} out to one replica first and compare",
    ),
    (
        "change.",
        "Release {c} to a canary and stop on errors",
        "Let the deployment of {c} roll back by itself when its error ratio steps up",
    ),
    (
        "dependency.",
        "Call what {c} depends on with a time limit, a circuit breaker and a fallback",
        "Measure each dependency of {c} on its own and alert on it",
    ),
    (
        "database.",
        "Practise the failover of the database of {c}",
        "Alert on locks, lag and connections of the database of {c}",
    ),
    (
        "security.",
        "Require a second factor and check new passwords of {c} against leaked ones",
        "Limit sign-ins by address and account at all times, and alert on refused ones",
    ),
    (
        "traffic.",
        "Limit callers of {c} at all times",
        "Alert on callers of {c} that take more than their share",
    ),
    ("network.", "Watch expiry, names and routes that {c} needs", "Probe the path to {c} from its callers"),
];

/// The items that the cause and the course of the incident call for.
pub(super) fn items(incident: &Incident) -> Vec<ActionItemDraft> {
    let Some(h) = leader(incident) else { return Vec::new() };
    let name = h.component.rsplit('/').next().unwrap_or(&h.component);
    let plain = ("", "Review what let {c} fail in this way", "Alert on the first sign of it at {c}");
    let (_, prevent, detect) = BY_CAUSE.iter().find(|(p, ..)| h.cause.starts_with(p)).unwrap_or(&plain);
    let item =
        |kind: &str, title: String, detail: String, impact: u8, effort: u8, due_days: u16| ActionItemDraft {
            title: clip(&title, 160),
            detail: clip(&detail, 400),
            kind: kind.to_owned(),
            impact,
            effort,
            due_days,
        };
    let indicator = h.indicator.as_deref().unwrap_or("the symptom");
    let mut out = vec![
        item("prevent", prevent.replace("{c}", name), format!("{}: {}", title_of(h), h.mechanism), 3, 2, 14),
        item("detect", detect.replace("{c}", name), format!("It showed first in {indicator}."), 2, 1, 14),
    ];
    if let Some(plan) = helped(incident) {
        let actions: Vec<&str> = plan.plan.steps.iter().map(|s| s.action.as_str()).collect();
        out.push(item(
            "mitigate",
            format!("Write the runbook “{} at {name}”", title_of(h)),
            format!("What helped: {} ({}).", plan.plan.title, actions.join(", ")),
            2,
            1,
            7,
        ));
        out.push(item(
            "prevent",
            format!("Make “{}” permanent or replace it by the real fix", plan.plan.title),
            format!("The mitigation of {} is a stopgap until then.", incident.id),
            3,
            2,
            7,
        ));
    }
    let began = incident.impact_started_at.unwrap_or(incident.opened_at);
    if incident.opened_at.duration_since(began).as_secs() > 300 {
        let title = format!("Notice {} at {} sooner", slug(&h.cause), name);
        out.push(item(
            "detect",
            title,
            "More than five minutes passed until the incident was opened.".to_owned(),
            2,
            2,
            30,
        ));
    }
    if incident.reopened > 0 {
        let detail = "The all-clear came too early.".to_owned();
        out.push(item("process", "Lengthen the soak before the all-clear".to_owned(), detail, 2, 1, 14));
    }
    out
}
