//! Alerts and reports that belong to the incident.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::event::{AlertTurn, AttachedAlert, Event};
use super::super::state::{Incident, Phase};
use crate::cx::Cx;
use crate::ids::Fingerprint;
use crate::severity::Facts;

pub(super) fn attach(i: &Incident, alerts: &[AttachedAlert], cx: &Cx<'_>) -> Vec<Event> {
    // One whose labels say something else by now is attached anew: a severity, a kind or a service is a fact.
    let (known, new): (Vec<_>, Vec<_>) =
        alerts.iter().partition(|a| i.alerts.get(&a.fingerprint).is_some_and(|k| k.labels == a.labels));
    let turns: Vec<AlertTurn> =
        known.iter().map(|a| AlertTurn { fingerprint: a.fingerprint.clone(), firing: a.firing }).collect();
    let mut events = Vec::new();
    if !new.is_empty() {
        let mut known = i.facts.clone();
        let mut said = Facts::default();
        // In a storm thousands of alerts say the same; reading it once is enough.
        let mut read = BTreeSet::new();
        for alert in &new {
            let kind = ["kind", "category"].map(|label| alert.labels.get(label));
            if read.insert((&alert.name, &alert.summary, &alert.service, kind)) {
                said.absorb(&super::open::alert_facts(alert, cx.policy));
            }
        }
        let fresh: Vec<&str> = new.iter().filter(|a| is_regression(i, a)).map(|a| a.name.as_str()).collect();
        let regressed = regression(i, &fresh);
        events.push(Event::AlertsAttached { alerts: new.into_iter().cloned().collect() });
        // What was measured stands against what an alert's text says; only what is not known yet is taken from it.
        let measured = known.clone();
        known.absorb(&said);
        known.absorb(&measured);
        if known != i.facts {
            events.push(Event::FactsMeasured { facts: known });
        }
        events.extend(regressed);
    }
    let regressed = events.iter().any(|e| matches!(e, Event::Regressed { .. }));
    events
        .extend(turn(i, &turns).into_iter().filter(|e| !(regressed && matches!(e, Event::Regressed { .. }))));
    events
}

/// An alert that is new here and fires: a regression, unless it is late news of what was there before the mitigation;
/// the verification waits for those to clear.
fn is_regression(i: &Incident, alert: &AttachedAlert) -> bool {
    alert.firing && i.mitigated_at.is_none_or(|at| alert.starts_at > at)
}

/// The soak, or the verification after it, has begun and something fires: it came back.
pub(super) fn regression(i: &Incident, names: &[&str]) -> Option<Event> {
    let why = format!("fires during the soak: {}", names.join(", "));
    (i.phase == Phase::Verify && !i.status.is_over() && !names.is_empty()).then_some(Event::Regressed { why })
}

pub(super) fn turn(i: &Incident, turns: &[AlertTurn]) -> Vec<Event> {
    // In order: an alert that resolves and fires again within one batch fires.
    let mut firing: BTreeMap<&Fingerprint, bool> = BTreeMap::new();
    let real: Vec<AlertTurn> = turns
        .iter()
        .filter(|t| {
            let Some(alert) = i.alerts.get(&t.fingerprint) else { return false };
            firing.insert(&t.fingerprint, t.firing).unwrap_or(alert.firing) != t.firing
        })
        .cloned()
        .collect();
    if real.is_empty() {
        return Vec::new();
    }
    let back: Vec<&str> = real
        .iter()
        .filter(|t| t.firing)
        .filter_map(|t| i.alerts.get(&t.fingerprint).map(|a| a.name.as_str()))
        .collect();
    let regressed = regression(i, &back);
    let mut events = vec![Event::AlertsTurned { turns: real }];
    events.extend(regressed);
    events
}

pub(super) fn report(
    title: &str,
    text: &str,
    reporter: &str,
    reported_at: Timestamp,
    why: &str,
) -> Vec<Event> {
    vec![Event::ReportAttached {
        title: title.to_owned(),
        text: text.to_owned(),
        reporter: reporter.to_owned(),
        reported_at,
        why: why.to_owned(),
    }]
}
