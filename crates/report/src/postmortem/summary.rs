//! Summary, impact, severity.

use firebell_core::incident::{Event, Incident, Status};
use firebell_core::severity::DecidedBy;
use firebell_core::verdict::Outcome;

use super::write::Record;
use crate::{text, words};

pub(super) fn summary(record: &Record<'_>) -> String {
    let i = record.incident;
    let began = words::began(i);
    let mut all = vec![format!(
        "**{} ({}), {}: {}.**",
        i.severity.severity,
        i.severity.severity.word(),
        i.kind.as_str(),
        text::markdown(&i.title, 200).trim_end_matches('.')
    )];
    let end = match (i.status, i.resolved_at) {
        (Status::Resolved, Some(end)) => format!(
            "It lasted from {} to {} ({}){}.",
            words::instant(began),
            words::instant(end),
            words::minutes(end.duration_since(began).as_secs().max(0)),
            if i.verified { ", and recovery was verified" } else { "; recovery was not verified" }
        ),
        (status, Some(end)) => format!(
            "It was looked into from {} and ended at {} as {}.",
            words::instant(i.opened_at),
            words::instant(end),
            status.as_str().replace('_', " ")
        ),
        (status, None) => {
            format!(
                "It began at {} and is still {}.",
                words::instant(began),
                status.as_str().replace('_', " ")
            )
        }
    };
    all.push(end);
    all.push(cause_sentence(i));
    match words::helped(i) {
        Some(plan) => all.push(format!("What helped: {}.", text::markdown(&plan.plan.title, 200))),
        None if i.status == Status::Resolved => {
            all.push("No mitigation is recorded as having helped.".to_owned())
        }
        None => {}
    }
    if i.reopened > 0 {
        all.push(format!(
            "It was opened again {}.",
            if i.reopened == 1 { "once".into() } else { format!("{} times", i.reopened) }
        ));
    }
    if let Some(why) = &i.ending {
        all.push(format!("It ended with: {}", text::sentence(&text::markdown(why, 300))));
    }
    all.join(" ")
}

fn cause_sentence(i: &Incident) -> String {
    let Some(verdict) = &i.verdict else {
        return "The record holds no verdict: the cause is not established.".to_owned();
    };
    match verdict.verdict {
        Outcome::Cause => words::leader(i).map_or_else(
            || "The cause is not established.".to_owned(),
            |h| {
                let standing = if words::confirmed(i) {
                    "confirmed by the mitigation that answered it"
                } else {
                    "not confirmed by a mitigation"
                };
                format!(
                    "Cause: {} at {} ({:.0} % confidence, {standing}).",
                    text::markdown(&words::cause_title(&h.cause), 120),
                    text::code(&h.component, 100),
                    h.confidence * 100.0
                )
            },
        ),
        Outcome::Healthy => "Nothing was found to be wrong.".to_owned(),
        Outcome::Recovered => "It passed by itself; its cause is not established.".to_owned(),
        Outcome::InsufficientEvidence => "The evidence did not settle the cause.".to_owned(),
    }
}

pub(super) fn impact(record: &Record<'_>) -> String {
    let i = record.incident;
    let percent = |ratio: Option<f64>| ratio.map(|r| format!("{:.1} %", r * 100.0));
    let yes = |flag: Option<bool>| flag.map(|f| if f { "yes" } else { "no" }.to_owned());
    // At the height of it: later figures are of what came after the remedy.
    let f = &i.worst;
    let mut out = match &i.impact {
        Some(impact) => text::sentence(&text::markdown(impact, 500)),
        None => "What customers felt is not described in the record.".to_owned(),
    };
    let services: Vec<String> = i.services.iter().map(|s| text::code(s, 80)).collect();
    let figures = [
        ("Affected services", "", (!services.is_empty()).then(|| text::list(&services))),
        (
            "Customers felt it",
            "customer_facing",
            Some(if i.customer_facing { "yes" } else { "no" }.to_owned()),
        ),
        ("Requests that failed, at worst", "error_ratio", percent(f.error_ratio)),
        ("… in normal times", "baseline_error_ratio", percent(f.baseline_error_ratio)),
        (
            "95th percentile of latency, at worst",
            "p95_ratio",
            f.p95_ratio.map(|r| format!("{r:.1} times the baseline")),
        ),
        ("Users affected, at worst", "users_affected_ratio", percent(f.users_affected_ratio)),
        ("Error budget burnt", "slo_burnt_ratio", percent(f.slo_burnt_ratio)),
        ("Complete outage", "complete_outage", yes(f.complete_outage)),
        ("Purchases stopped", "revenue_stopped", yes(f.revenue_stopped)),
        ("Data lost", "data_loss", yes(f.data_loss)),
        ("Breach or attack", "breach", yes(f.breach)),
        ("A workaround existed", "workaround", yes(f.workaround)),
    ];
    let rows: Vec<Vec<String>> = figures
        .into_iter()
        .filter_map(|(name, field, value)| {
            let from = f.provenance.get(field).map(|p| text::markdown(p, 200)).unwrap_or_default();
            Some(vec![name.to_owned(), value?, from])
        })
        .collect();
    out.push_str("\n\n");
    out.push_str(&text::table(&["What", "How much", "Known from"], &rows));
    let alerts = i.alerts.len() as u64 + i.alerts_beyond;
    out.push_str(&format!(
        "\nAttached: {} and {}.",
        text::count(alerts, "alert"),
        text::count(i.reports.len() as u64, "further report")
    ));
    out
}

pub(super) fn severity(record: &Record<'_>) -> String {
    let i = record.incident;
    let by = match &i.severity.by {
        DecidedBy::Policy => "by policy".to_owned(),
        DecidedBy::Person { name, reason } => {
            format!("by {}, because: {}", text::markdown(name, 80), text::markdown(reason, 300))
        }
    };
    let mut out = format!(
        "**{}**, rule {}: {}; decided {by}.\n",
        i.severity.severity,
        text::code(&i.severity.rule, 80),
        text::markdown(&i.severity.because, 300)
    );
    let mut rows = Vec::new();
    for r in record.records {
        let (decision, what) = match &r.event {
            Event::Opened { severity, .. } => (severity, format!("opened as {}", severity.severity)),
            Event::SeverityChanged { from, to, .. } if from.severity == to.severity => {
                (to, format!("{} confirmed", to.severity))
            }
            Event::SeverityChanged { from, to, .. } => (to, format!("{} to {}", from.severity, to.severity)),
            _ => continue,
        };
        rows.push(vec![
            words::second(r.at),
            format!("v{}", r.version),
            what,
            text::code(&decision.rule, 80),
            text::markdown(&decision.because, 200),
        ]);
    }
    if rows.len() > 1 {
        out.push('\n');
        out.push_str(&text::table(&["When", "Event", "What", "Rule", "Because"], &rows));
    }
    out
}
