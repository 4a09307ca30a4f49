//! What the home page shows.

use firebell_core::policy::Policy;
use jiff::Timestamp;
use serde::Serialize;

use crate::auth::{Person, Role};
use crate::ui::archive::{Case, Known, Need};
use crate::ui::incidents::{Row, row};
use crate::ui::moment::Moment;
use crate::ui::words;

/// Open incidents that are shown; the rest is a link away.
const OPEN: usize = 30;
/// Things that wait.
const WAITING: usize = 20;
/// Deadlines.
const CLOCKS: usize = 8;
/// Incidents that are over.
const OVER: usize = 8;
/// People of a role.
const PEOPLE: usize = 6;
/// Roles that are shown first, in this order.
const FIRST: [&str; 4] = ["on_call", "incident_commander", "technical_lead", "communications_lead"];

/// The page.
#[derive(Debug, Serialize)]
pub(super) struct Home {
    position: u64,
    may_declare: bool,
    open: Vec<Row>,
    open_more: usize,
    waiting: Vec<Wait>,
    waiting_more: usize,
    clocks: Vec<Clock>,
    roles: Vec<RoleView>,
    over: Vec<Row>,
    known_to_policy: bool,
    you: String,
}

#[derive(Debug, Serialize)]
struct Wait {
    id: String,
    severity: &'static str,
    what: String,
    detail: String,
    title: String,
    urgent: bool,
    by: Option<Moment>,
}

#[derive(Debug, Serialize)]
struct Clock {
    id: String,
    title: String,
    severity: &'static str,
    what: String,
    due: Moment,
}

#[derive(Debug, Serialize)]
struct RoleView {
    title: String,
    people: Vec<Somebody>,
    more: usize,
}

#[derive(Debug, Serialize)]
struct Somebody {
    name: String,
    you: bool,
    /// Incidents that they lead now.
    busy: Vec<String>,
}

/// Makes it.
pub(super) fn of(known: &Known, policy: &Policy, person: &Person, position: u64, now: Timestamp) -> Home {
    let mut open: Vec<&Case> = known.seen_by(person).filter(|c| c.row.open).collect();
    // The worst first; of those the newest.
    open.sort_by(|a, b| {
        (a.row.severity, b.row.opened_at, &b.row.id).cmp(&(b.row.severity, a.row.opened_at, &a.row.id))
    });
    let mut over: Vec<&Case> = known.seen_by(person).filter(|c| !c.row.open).collect();
    let ended = |c: &Case| c.row.resolved_at.unwrap_or(c.row.updated_at);
    over.sort_by(|a, b| (ended(b), &b.row.id).cmp(&(ended(a), &a.row.id)));
    let mut waiting: Vec<(u8, Wait)> =
        open.iter().chain(&over).flat_map(|case| waits(case, policy, person, now)).collect();
    waiting.sort_by_key(|(rank, wait)| (*rank, wait.severity));
    let waiting_more = waiting.len().saturating_sub(WAITING);
    Home {
        position,
        may_declare: person.role >= Role::Responder,
        open_more: open.len().saturating_sub(OPEN),
        clocks: clocks(&open, now),
        roles: roles(policy, person, &open),
        open: open.into_iter().take(OPEN).map(|c| row(&c.row, now)).collect(),
        waiting: waiting.into_iter().take(WAITING).map(|(_, wait)| wait).collect(),
        waiting_more,
        over: over.into_iter().take(OVER).map(|c| row(&c.row, now)).collect(),
        known_to_policy: policy.people.iter().any(|p| p.name == person.name),
        you: person.name.clone(),
    }
}

/// What of an incident waits for this person, most urgent first by its rank.
fn waits(case: &Case, policy: &Policy, person: &Person, now: Timestamp) -> Vec<(u8, Wait)> {
    let Some(deep) = &case.deep else { return Vec::new() };
    let level = policy.levels.of(case.row.severity);
    let wait = |what: &str, detail: String, urgent: bool, by: Option<Timestamp>| Wait {
        id: case.row.id.to_string(),
        severity: case.row.severity.as_str(),
        title: case.row.title.clone(),
        what: what.to_owned(),
        detail,
        urgent,
        by: by.map(|at| Moment::of(at, now)),
    };
    let mut all = Vec::new();
    for need in &deep.needs {
        all.extend(match need {
            Need::Answer { role, people, since } if people.contains(&person.name) => {
                let seconds = jiff::SignedDuration::from_secs(level.acknowledge_within_s.unwrap_or_default());
                let by = since.checked_add(seconds).ok().filter(|_| level.acknowledge_within_s.is_some());
                Some((0, wait("You are called", words::title_case(role), true, by)))
            }
            Need::Go { title, needed, given, expires_at }
                if person.role >= Role::Responder && !given.contains(&person.name) && *expires_at > now =>
            {
                let detail = format!("{title}: {} of {needed} said go", given.len());
                Some((1, wait("A plan needs your go", detail, true, Some(*expires_at))))
            }
            Need::Task { text, role, holder } if is_mine(policy, person, role, holder.as_deref()) => {
                Some((2, wait("Your task", text.clone(), false, None)))
            }
            Need::Dead { what } if person.role >= Role::Commander => {
                Some((3, wait("Could not be delivered", what.clone(), true, None)))
            }
            Need::Item { text, owner, due } if *owner == person.name => {
                Some((4, wait("Your action item", text.clone(), *due < now, Some(*due))))
            }
            _ => None,
        });
    }
    all
}

/// A task is whose role it is; of a role that nobody holds, it is of all who could.
fn is_mine(policy: &Policy, person: &Person, role: &str, holder: Option<&str>) -> bool {
    match holder {
        Some(holder) => holder == person.name,
        None => policy.people_for(role).any(|p| p.name == person.name),
    }
}

fn clocks(open: &[&Case], now: Timestamp) -> Vec<Clock> {
    let mut all: Vec<(&Case, &(String, Timestamp))> = open
        .iter()
        .filter_map(|case| Some((*case, case.deep.as_ref()?)))
        .flat_map(|(case, deep)| deep.clocks.iter().map(move |clock| (case, clock)))
        .collect();
    all.sort_by(|a, b| (a.1.1, &a.0.row.id, &a.1.0).cmp(&(b.1.1, &b.0.row.id, &b.1.0)));
    all.into_iter()
        .take(CLOCKS)
        .map(|(case, (what, due))| Clock {
            id: case.row.id.to_string(),
            title: case.row.title.clone(),
            severity: case.row.severity.as_str(),
            what: what.clone(),
            due: Moment::of(*due, now),
        })
        .collect()
}

/// Who can be called for what, in order of preference.
fn roles(policy: &Policy, person: &Person, open: &[&Case]) -> Vec<RoleView> {
    let mut names: Vec<&str> = FIRST.into_iter().filter(|r| policy.people_for(r).next().is_some()).collect();
    names.extend(
        policy.roles().into_iter().filter(|r| !FIRST.contains(r) && policy.people_for(r).next().is_some()),
    );
    names
        .into_iter()
        .map(|role| {
            let all: Vec<&str> = policy.people_for(role).map(|p| p.name.as_str()).collect();
            RoleView {
                title: words::title_case(role),
                more: all.len().saturating_sub(PEOPLE),
                people: all
                    .into_iter()
                    .take(PEOPLE)
                    .map(|name| Somebody {
                        name: name.to_owned(),
                        you: name == person.name,
                        busy: open
                            .iter()
                            .filter(|c| c.row.commander.as_deref() == Some(name))
                            .take(3)
                            .map(|c| c.row.id.to_string())
                            .collect(),
                    })
                    .collect(),
            }
        })
        .collect()
}
