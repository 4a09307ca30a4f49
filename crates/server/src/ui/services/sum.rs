//! What is known of each service, put together from the catalogue, incidents, alerts and changes.

use std::collections::BTreeMap;

use firebell_core::alert::Alert;
use firebell_core::change::Change;
use firebell_core::policy::{Policy, Service};
use firebell_core::ports::store::{AlertFilter, Reader, StoreResult};
use firebell_core::severity::Severity;
use firebell_core::telemetry::Window;
use jiff::{SignedDuration, Timestamp};

use super::budget::{self, Budget};
use crate::auth::Person;
use crate::ui::archive::{Case, Hurt, Known};

/// Days of which incidents are counted.
pub(crate) const DAYS: i64 = 90;
/// Days of which changes are shown.
pub(crate) const CHANGE_DAYS: i64 = 30;
/// Firing alerts that are looked at.
const ALERTS: usize = 5_000;
/// Changes that are looked at, the newest.
const CHANGES: usize = 5_000;
/// Services beyond those of the catalogue: what senders name is not ours to bound.
const MOST: usize = 1_000;

/// What is read of the store besides incidents.
#[derive(Debug, Default)]
pub(crate) struct Around {
    alerts: Vec<Alert>,
    changes: Vec<Change>,
}

/// Reads it.
pub(crate) fn around(reader: &dyn Reader, now: Timestamp) -> StoreResult<Around> {
    let filter = AlertFilter { firing: Some(true), incident: None, limit: ALERTS, ..AlertFilter::default() };
    let start = now.checked_sub(SignedDuration::from_hours(24 * CHANGE_DAYS)).unwrap_or(now);
    Ok(Around {
        alerts: reader.alerts(&filter)?,
        changes: reader.changes(Window { start, end: now }, CHANGES)?,
    })
}

/// A service.
#[derive(Debug, Default)]
pub(crate) struct Sum<'a> {
    pub(crate) entry: Option<&'a Service>,
    /// Of the last [`DAYS`] days, newest first, and all that are open.
    pub(crate) cases: Vec<&'a Case>,
    /// Firing.
    pub(crate) alerts: Vec<&'a Alert>,
    /// Newest first.
    pub(crate) changes: Vec<&'a Change>,
}

/// Services by name.
pub(crate) type Sums<'a> = BTreeMap<&'a str, Sum<'a>>;

/// All services that a person may know of.
pub(crate) fn sums<'a>(
    known: &'a Known,
    around: &'a Around,
    policy: &'a Policy,
    person: &'a Person,
    now: Timestamp,
) -> Sums<'a> {
    let mut all: Sums<'_> =
        policy.services.iter().map(|s| (s.name.as_str(), Sum { entry: Some(s), ..Sum::default() })).collect();
    let room = all.len() + MOST;
    let since = now.checked_sub(SignedDuration::from_hours(24 * DAYS)).unwrap_or(now);
    for case in known.seen_by(person).filter(|c| c.row.open || c.row.opened_at >= since) {
        let mut names: Vec<&str> = case.row.services.iter().map(|s| name(policy, s)).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            if let Some(sum) = of(&mut all, name, room) {
                sum.cases.push(case);
            }
        }
    }
    for alert in &around.alerts {
        let seen = alert.incident.as_ref().is_none_or(|id| known.case(person, id).is_some());
        if let Some(service) = alert.service.as_deref().filter(|_| seen)
            && let Some(sum) = of(&mut all, name(policy, service), room)
        {
            sum.alerts.push(alert);
        }
    }
    for change in around.changes.iter().rev().filter(|c| !c.component.is_empty()) {
        if let Some(sum) = of(&mut all, name(policy, &change.component), room) {
            sum.changes.push(change);
        }
    }
    for sum in all.values_mut() {
        sum.cases.sort_by(|a, b| (b.row.opened_at, &b.row.id).cmp(&(a.row.opened_at, &a.row.id)));
    }
    all
}

fn of<'m, 'a>(
    all: &'m mut BTreeMap<&'a str, Sum<'a>>,
    name: &'a str,
    room: usize,
) -> Option<&'m mut Sum<'a>> {
    if all.len() >= room && !all.contains_key(name) {
        return None;
    }
    Some(all.entry(name).or_default())
}

/// Who depends on a service, by the catalogue.
pub(crate) fn callers<'a>(policy: &'a Policy, of: &str) -> Vec<&'a str> {
    let calls = |s: &&Service| s.depends_on.iter().any(|d| name(policy, d) == of);
    policy.services.iter().filter(calls).map(|s| s.name.as_str()).collect()
}

/// A service's own name: that of the catalogue, else of the component.
pub(crate) fn name<'a>(policy: &'a Policy, said: &'a str) -> &'a str {
    match policy.service(said) {
        Some(service) => &service.name,
        None => said.strip_prefix("service/").unwrap_or(said),
    }
}

/// How a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Critical,
    Major,
    Minor,
    Cosmetic,
    /// Alerts fire that are of no incident that is open.
    Alerting,
    Well,
}

impl State {
    /// All, the worst first.
    pub(crate) const ALL: [Self; 6] =
        [Self::Critical, Self::Major, Self::Minor, Self::Cosmetic, Self::Alerting, Self::Well];

    /// As programs read it.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Cosmetic => "cosmetic",
            Self::Alerting => "alerting",
            Self::Well => "well",
        }
    }

    /// In a word and as a class.
    pub(crate) fn shown(self) -> (&'static str, &'static str) {
        match self {
            Self::Critical => ("Critical", "bad"),
            Self::Major => ("Major trouble", "bad"),
            Self::Minor => ("Minor trouble", "warn"),
            Self::Cosmetic => ("Cosmetic trouble", "warn"),
            Self::Alerting => ("Alerts fire", "warn"),
            Self::Well => ("Well", "good"),
        }
    }
}

impl<'a> Sum<'a> {
    /// What it depends on, by the catalogue.
    pub(crate) fn calls(&self, policy: &'a Policy) -> Vec<&'a str> {
        self.entry.map(|e| e.depends_on.iter().map(|d| name(policy, d)).collect()).unwrap_or_default()
    }

    /// Id of its component.
    pub(crate) fn component(&self, name: &str) -> String {
        self.entry.map_or_else(|| format!("service/{name}"), Service::component_id)
    }

    /// Whether its name, owner or another name of it has this text, in lower case, in it.
    pub(crate) fn is_hit(&self, name: &str, wanted: &str) -> bool {
        let also = self.entry.map(|e| format!("{} {}", e.owner, e.aliases.join(" "))).unwrap_or_default();
        format!("{name} {also}").to_lowercase().contains(wanted)
    }

    /// The worst that is open.
    pub(crate) fn worst(&self) -> Option<Severity> {
        self.cases.iter().filter(|c| c.row.open).map(|c| c.row.severity).min()
    }

    /// How it does.
    pub(crate) fn state(&self) -> State {
        match self.worst() {
            Some(Severity::Sev1) => State::Critical,
            Some(Severity::Sev2) => State::Major,
            Some(Severity::Sev3) => State::Minor,
            Some(Severity::Sev4) => State::Cosmetic,
            None if !self.alerts.is_empty() => State::Alerting,
            None => State::Well,
        }
    }

    /// When it hurt. Exercises hurt nobody, nor what was none.
    pub(crate) fn hurts(&self) -> Vec<Hurt> {
        self.counting().filter_map(|c| Some(c.deep.as_ref()?.hurt)).collect()
    }

    /// Incidents that count.
    pub(crate) fn counting(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().copied().filter(|c| match &c.deep {
            Some(deep) => deep.reviewed.counts(),
            None => !c.row.drill,
        })
    }

    /// The budget of its objective.
    pub(crate) fn budget(&self, now: Timestamp) -> Option<Budget> {
        budget::budget(self.entry?.slo_availability?, &self.hurts(), now)
    }
}
