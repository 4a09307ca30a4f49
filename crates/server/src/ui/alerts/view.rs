//! What the page of alerts shows.

use std::collections::BTreeMap;

use firebell_core::alert::Alert;
use firebell_core::ids::IncidentId;
use firebell_core::intake;
use firebell_core::policy::Policy;
use firebell_core::silence::{Silence, Silences};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::silences::{SilenceView, silence_views};
use crate::auth::{Person, Role};
use crate::ui::archive::{Case, Known};
use crate::ui::moment::Moment;
use crate::ui::words;

/// Groups of one page.
const GROUPS: usize = 40;
/// Alerts of a group.
const MEMBERS: usize = 10;
/// Labels of an alert.
const LABELS: usize = 12;
/// Services to choose from.
const SERVICES: usize = 200;

/// What is asked for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) firing: bool,
    pub(super) service: String,
    pub(super) q: String,
}

/// The page.
#[derive(Debug, Serialize)]
pub(super) struct Alerts {
    position: u64,
    state: &'static str,
    service: String,
    q: String,
    filtered: bool,
    services: Vec<String>,
    all: usize,
    cut: bool,
    groups: Vec<Group>,
    groups_more: usize,
    silences: Vec<SilenceView>,
    may_silence: bool,
}

/// Alerts that belong together.
#[derive(Debug, Serialize)]
struct Group {
    /// None: without an incident.
    incident: Option<Head>,
    size: usize,
    /// Reasons, with how many joined by each.
    whys: Vec<(String, usize)>,
    alerts: Vec<AlertView>,
    more: usize,
}

#[derive(Debug, Serialize)]
struct Head {
    id: String,
    title: String,
    severity: &'static str,
    status: String,
    over: bool,
    restricted: bool,
}

#[derive(Debug, Serialize)]
struct AlertView {
    fingerprint: String,
    name: String,
    level: String,
    service: Option<String>,
    service_href: Option<String>,
    summary: String,
    firing: bool,
    acknowledged: bool,
    since: Moment,
    ended: Option<Moment>,
    seen: Moment,
    count: u64,
    source: String,
    link: Option<String>,
    labels: Vec<(String, String)>,
    why: Option<String>,
    /// What keeps it from an incident.
    held: Option<String>,
}

/// Makes it.
#[expect(clippy::too_many_arguments, reason = "each is a thing of its own, and there is one caller")]
pub(super) fn of(
    known: &Known,
    alerts: Vec<Alert>,
    silences: &[Silence],
    wanted: &Wanted,
    policy: &Policy,
    person: &Person,
    position: u64,
    now: Timestamp,
) -> Alerts {
    let cut = alerts.len() >= super::page::LOOKED_AT;
    let seen: Vec<Alert> = alerts.into_iter().filter(|a| may_see(known, person, a)).collect();
    let mut services: Vec<String> = seen.iter().filter_map(|a| a.service.clone()).collect();
    services.sort_unstable();
    services.dedup();
    services.truncate(SERVICES);
    let names: BTreeMap<&str, &str> = seen.iter().map(|a| (a.fingerprint.as_str(), a.name())).collect();
    let silences_ready = Silences::new(silences.iter().cloned());
    let why_alone = |alert: &Alert| held(alert, silences, &names, policy, now);
    let mut groups: BTreeMap<Option<&IncidentId>, Vec<&Alert>> = BTreeMap::new();
    let mut all = 0;
    for alert in seen.iter().filter(|a| passes(a, wanted)) {
        all += 1;
        groups.entry(alert.incident.as_ref()).or_default().push(alert);
    }
    let mut groups: Vec<(Option<&Case>, Vec<&Alert>)> =
        groups.into_iter().map(|(id, members)| (id.and_then(|id| known.case(person, id)), members)).collect();
    // What is open first, the worst of it first, then what has no incident, then what is over; of equals the newest.
    groups.sort_by_key(|(case, _)| {
        let rank = case.map_or(1, |c| if c.row.open { 0 } else { 2 });
        (rank, case.map(|c| c.row.severity), case.map(|c| std::cmp::Reverse(c.row.opened_at)))
    });
    let groups_more = groups.len().saturating_sub(GROUPS);
    Alerts {
        position,
        state: if wanted.firing { "firing" } else { "resolved" },
        filtered: !wanted.service.is_empty() || !wanted.q.is_empty(),
        service: wanted.service.clone(),
        q: wanted.q.clone(),
        services,
        all,
        cut,
        groups: groups
            .into_iter()
            .take(GROUPS)
            .map(|(case, members)| group(case, members, &why_alone, now))
            .collect(),
        groups_more,
        silences: silence_views(silences, &seen, &silences_ready, now),
        may_silence: person.role >= Role::Responder,
    }
}

/// Alerts of an incident are seen by who may see the incident; those without one by all.
pub(super) fn may_see(known: &Known, person: &Person, alert: &Alert) -> bool {
    match &alert.incident {
        None => true,
        Some(id) => person.sees_restricted() || known.case(person, id).is_some(),
    }
}

fn passes(alert: &Alert, wanted: &Wanted) -> bool {
    if !wanted.service.is_empty() && alert.service.as_deref() != Some(&wanted.service) {
        return false;
    }
    let words: Vec<String> = wanted.q.split_whitespace().map(str::to_lowercase).collect();
    if words.is_empty() {
        return true;
    }
    let mut text = String::new();
    for part in alert.labels.values().chain(alert.annotations.values()) {
        text.push_str(&part.to_lowercase());
        text.push('\n');
    }
    words.iter().all(|word| text.contains(word))
}

fn group(
    case: Option<&Case>,
    members: Vec<&Alert>,
    why_alone: &dyn Fn(&Alert) -> Option<String>,
    now: Timestamp,
) -> Group {
    let deep = case.and_then(|c| c.deep.as_ref());
    let why = |a: &Alert| deep.and_then(|d| d.whys.get(&a.fingerprint)).cloned();
    let mut whys: BTreeMap<String, usize> = BTreeMap::new();
    for reason in members.iter().filter_map(|a| why(a)) {
        *whys.entry(reason).or_default() += 1;
    }
    let mut whys: Vec<(String, usize)> = whys.into_iter().collect();
    whys.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    whys.truncate(5);
    let over = case.is_some_and(|c| !c.row.open);
    Group {
        incident: case.map(|c| Head {
            id: c.row.id.to_string(),
            title: c.row.title.clone(),
            severity: c.row.severity.as_str(),
            status: words::title_case(c.row.status.as_str()),
            over,
            restricted: c.row.restricted,
        }),
        size: members.len(),
        more: members.len().saturating_sub(MEMBERS),
        whys,
        alerts: members
            .into_iter()
            .take(MEMBERS)
            .map(|a| AlertView {
                why: why(a),
                held: match case {
                    None => why_alone(a),
                    Some(_) if over && a.firing => {
                        Some("Its incident is over: it is looked at until it stops or is news.".to_owned())
                    }
                    Some(_) => None,
                },
                ..alert(a, now)
            })
            .collect(),
    }
}

fn alert(a: &Alert, now: Timestamp) -> AlertView {
    let text = ["summary", "description", "message", "title"].iter().find_map(|k| a.annotations.get(*k));
    let web = |url: &&String| firebell_report::is_web(url);
    AlertView {
        fingerprint: a.fingerprint.to_string(),
        name: a.name().to_owned(),
        level: a.labels.get("severity").cloned().unwrap_or_default(),
        service_href: a.service.as_ref().map(|s| format!("/services/{}", words::encoded(s))),
        service: a.service.clone(),
        summary: text.map(|t| t.chars().take(400).collect()).unwrap_or_default(),
        firing: a.firing,
        acknowledged: a.acknowledged,
        since: Moment::of(a.starts_at, now),
        ended: a.ends_at.filter(|_| !a.firing).map(|at| Moment::of(at, now)),
        seen: Moment::of(a.last_seen, now),
        count: a.count,
        source: a.source.clone(),
        link: a.generator_url.as_ref().filter(web).cloned(),
        labels: a
            .labels
            .iter()
            .take(LABELS)
            .map(|(n, v)| (n.clone(), v.chars().take(200).collect()))
            .collect(),
        why: None,
        held: None,
    }
}

/// What keeps a firing alert from an incident, in words.
fn held(
    alert: &Alert,
    silences: &[Silence],
    names: &BTreeMap<&str, &str>,
    policy: &Policy,
    now: Timestamp,
) -> Option<String> {
    if !alert.firing {
        return None;
    }
    let covering: Vec<&Silence> = silences.iter().filter(|s| s.covers(&alert.labels, now)).collect();
    if let Some(silence) = covering.first() {
        let until = words::day(silence.ends_at);
        return Some(format!("Silenced until {until} UTC by {}: {}", silence.created_by, silence.comment));
    }
    if intake::is_trial(alert) {
        return Some("A trial: it is kept and shown, and opens nothing.".to_owned());
    }
    if !alert.inhibited_by.is_empty() {
        let by: Vec<&str> = alert
            .inhibited_by
            .iter()
            .take(3)
            .map(|f| names.get(f.as_str()).copied().unwrap_or("another alert"))
            .collect();
        return Some(format!("Inhibited while {} fires, which explains it.", by.join(", ")));
    }
    let rules = &policy.correlation;
    if !intake::may_open(alert, rules) {
        let level = alert.labels.get("severity").map_or("", String::as_str);
        return Some(format!("Its severity {level} opens no incident: see opening_severities."));
    }
    if intake::is_flapping(alert, rules, now) {
        let turns = alert.turns_within(SignedDuration::from_secs(rules.flap_window_s), now);
        return Some(format!(
            "It flaps: {turns} turns within {}; it opens an incident once it holds.",
            words::span(rules.flap_window_s)
        ));
    }
    None
}
