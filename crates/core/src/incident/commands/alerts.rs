//! Alerts and reports that belong to the incident.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::event::{AlertTurn, AttachedAlert, Event};
use super::super::state::{Incident, Phase, Status};
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
        for alert in &new {
            said.absorb(&super::open::alert_facts(alert, cx.policy));
        }
        events.push(Event::AlertsAttached { alerts: new.into_iter().cloned().collect() });
        // What was measured stands against what an alert's text says; only what is not known yet is taken from it.
        let measured = known.clone();
        known.absorb(&said);
        known.absorb(&measured);
        if known != i.facts {
            events.push(Event::FactsMeasured { facts: known });
        }
    }
    events.extend(turn(i, &turns));
    events
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
    let why = back.join(", ");
    let regressed = i.phase == Phase::Verify && i.status == Status::Monitoring && !back.is_empty();
    let mut events = vec![Event::AlertsTurned { turns: real }];
    if regressed {
        events.push(Event::Regressed { why: format!("fires again during the soak: {why}") });
    }
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
