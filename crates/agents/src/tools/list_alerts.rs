//! `list_alerts`: the incident's alerts and what else fires.

use std::collections::BTreeSet;
use std::sync::Arc;

use firebell_core::alert::Alert;
use firebell_core::ids::EvidenceId;
use firebell_core::ports::store::AlertFilter;
use firebell_core::telemetry::{AlertFact, TelemetryPart};

use crate::run::Run;

const TOOL: &str = "list_alerts";
/// Most alerts of each sort.
const LIMIT: usize = 300;

/// Alerts of the incident with their history, and other firing ones, as evidence.
pub(crate) async fn list_alerts(run: &mut Run) -> Option<EvidenceId> {
    if !run.may(TOOL) {
        return None;
    }
    let mine = read(
        run,
        AlertFilter {
            firing: None,
            incident: Some(run.incident().id.clone()),
            limit: LIMIT,
            ..AlertFilter::default()
        },
    )
    .await?;
    let firing =
        read(run, AlertFilter { firing: Some(true), incident: None, limit: LIMIT, ..AlertFilter::default() })
            .await?;
    let mut seen = BTreeSet::new();
    let mut facts: Vec<AlertFact> = Vec::new();
    for alert in mine.iter().chain(&firing) {
        if seen.insert(alert.fingerprint.clone()) {
            facts.extend(episodes(alert));
        }
    }
    facts.sort_by(|a, b| (a.starts_at, &a.name, &a.labels).cmp(&(b.starts_at, &b.name, &b.labels)));
    let query = format!("alerts of {} and firing ones, limit {LIMIT}", run.incident().id);
    run.keep_own(TOOL, "alerts", &query, None, TelemetryPart::Alerts(facts)).await
}

/// Names of the attached alerts that fire now; none where it cannot be told.
pub(crate) async fn still_firing(run: &mut Run) -> Option<Vec<String>> {
    if !run.may(TOOL) {
        return None;
    }
    let id = run.incident().id.clone();
    let alerts = read(
        run,
        AlertFilter { firing: Some(true), incident: Some(id), limit: LIMIT, ..AlertFilter::default() },
    )
    .await?;
    let mut names: Vec<String> = alerts
        .iter()
        .filter(|a| a.silenced_by.is_empty())
        .map(|a| match &a.service {
            Some(service) => format!("{} of {service}", a.name()),
            None => a.name().to_owned(),
        })
        .collect();
    names.sort();
    names.dedup();
    Some(names)
}

async fn read(run: &mut Run, filter: AlertFilter) -> Option<Vec<Alert>> {
    let reader = Arc::clone(&run.tools.reader);
    match tokio::task::spawn_blocking(move || reader.alerts(&filter)).await {
        Ok(Ok(alerts)) => Some(alerts),
        Ok(Err(error)) => {
            run.gap(format!("the alerts could not be read: {error}"));
            None
        }
        Err(error) => {
            run.gap(format!("the alerts could not be read: {error}"));
            None
        }
    }
}

/// Each time that it fired: an alert that turns again and again is seen as such.
fn episodes(alert: &Alert) -> Vec<AlertFact> {
    let fact = |starts_at, ends_at: Option<jiff::Timestamp>, firing| AlertFact {
        source: format!("alerts/{}", alert.source),
        name: alert.name().to_owned(),
        firing,
        labels: alert.labels.clone(),
        annotations: alert.annotations.clone(),
        starts_at: Some(starts_at),
        ends_at,
    };
    let mut out = Vec::new();
    // The newest turn is what it is now; before it they alternate.
    let mut turns = alert.turns.iter().rev();
    if !alert.firing {
        let ended = turns.next().copied().or(alert.ends_at);
        let began = turns.next().copied().unwrap_or(alert.starts_at);
        out.push(fact(began, ended, false));
    } else {
        turns.next();
        out.push(fact(alert.starts_at, None, true));
    }
    while let (Some(ended), Some(began)) = (turns.next(), turns.next()) {
        out.push(fact(*began, Some(*ended), false));
    }
    out.reverse();
    out
}
