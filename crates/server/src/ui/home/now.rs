//! What burns now, what waits for a person, which clocks run out, and who is on call: of the page and of the API.

use firebell_core::policy::Policy;
use firebell_core::severity::Severity;
use firebell_oncall::Roster;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::auth::{Person, Role};
use crate::ui::archive::{Case, Known, Need};
use crate::ui::words;

/// Roles that come first, in this order.
const FIRST: [&str; 4] = ["on_call", "incident_commander", "technical_lead", "communications_lead"];

/// All of it.
#[derive(Debug)]
pub(crate) struct Now<'a> {
    /// The worst first; of those the newest.
    pub(crate) open: Vec<&'a Case>,
    /// The last that ended first.
    pub(crate) over: Vec<&'a Case>,
    /// Most urgent first.
    pub(crate) waiting: Vec<Wait>,
    /// Soonest first.
    pub(crate) clocks: Vec<Clock>,
    pub(crate) roles: Vec<OnCall>,
}

/// What sort of thing waits, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Waiting {
    Answer,
    Go,
    Task,
    Delivery,
    ActionItem,
}

impl Waiting {
    /// In words to whom it waits for.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Answer => "You are called",
            Self::Go => "A plan needs your go",
            Self::Task => "Your task",
            Self::Delivery => "Could not be delivered",
            Self::ActionItem => "Your action item",
        }
    }
}

/// Something that waits for the person.
#[derive(Debug, Serialize)]
pub(crate) struct Wait {
    pub(crate) kind: Waiting,
    pub(crate) incident: String,
    pub(crate) title: String,
    pub(crate) severity: Severity,
    pub(crate) detail: String,
    pub(crate) urgent: bool,
    /// Until when.
    pub(crate) due: Option<Timestamp>,
}

/// A deadline of an open incident.
#[derive(Debug, Serialize)]
pub(crate) struct Clock {
    pub(crate) incident: String,
    pub(crate) title: String,
    pub(crate) severity: Severity,
    pub(crate) what: String,
    pub(crate) due: Timestamp,
}

/// Who is on call by a schedule, or can be called for a role, in order of preference.
#[derive(Debug, Serialize)]
pub(crate) struct OnCall {
    pub(crate) role: String,
    /// By which schedule; none where the configuration's people are called by their roles.
    pub(crate) schedule: Option<String>,
    pub(crate) people: Vec<Somebody>,
}

/// Somebody who can be called.
#[derive(Debug, Serialize)]
pub(crate) struct Somebody {
    pub(crate) name: String,
    pub(crate) you: bool,
    /// Open incidents that they lead, of those that may be seen.
    pub(crate) leads: Vec<String>,
}

/// Puts it together for a person.
pub(crate) fn now<'a>(
    known: &'a Known,
    (policy, roster): (&Policy, &Roster),
    person: &'a Person,
    now: Timestamp,
) -> Now<'a> {
    let (mut open, mut over): (Vec<&Case>, Vec<&Case>) = known.seen_by(person).partition(|c| c.row.open);
    open.sort_by(|a, b| {
        (a.row.severity, b.row.opened_at, &b.row.id).cmp(&(b.row.severity, a.row.opened_at, &a.row.id))
    });
    let ended = |c: &Case| c.row.resolved_at.unwrap_or(c.row.updated_at);
    over.sort_by(|a, b| (ended(b), &b.row.id).cmp(&(ended(a), &a.row.id)));
    let mut waiting: Vec<Wait> =
        open.iter().chain(&over).flat_map(|case| waits(case, (policy, roster), person, now)).collect();
    waiting.sort_by_key(|wait| (wait.kind, wait.severity));
    Now { clocks: clocks(&open), roles: roles((policy, roster), person, &open, now), open, over, waiting }
}

/// What of an incident waits for this person.
fn waits(case: &Case, (policy, roster): (&Policy, &Roster), person: &Person, now: Timestamp) -> Vec<Wait> {
    let Some(deep) = &case.deep else { return Vec::new() };
    let level = policy.levels.of(case.row.severity);
    let wait = |kind: Waiting, detail: String, urgent: bool, due: Option<Timestamp>| Wait {
        kind,
        incident: case.row.id.to_string(),
        title: case.row.title.clone(),
        severity: case.row.severity,
        detail,
        urgent,
        due,
    };
    let mut all = Vec::new();
    for need in &deep.needs {
        all.extend(match need {
            Need::Answer { role, people, since } if people.contains(&person.name) => {
                let seconds = SignedDuration::from_secs(level.acknowledge_within_s.unwrap_or_default());
                let by = since.checked_add(seconds).ok().filter(|_| level.acknowledge_within_s.is_some());
                Some(wait(Waiting::Answer, words::title_case(role), true, by))
            }
            Need::Go { title, needed, given, expires_at }
                if person.role >= Role::Responder && !given.contains(&person.name) && *expires_at > now =>
            {
                let detail = format!("{title}: {} of {needed} said go", given.len());
                Some(wait(Waiting::Go, detail, true, Some(*expires_at)))
            }
            Need::Task { text, role, holder }
                if is_mine((policy, roster), person, role, holder.as_deref()) =>
            {
                Some(wait(Waiting::Task, text.clone(), false, None))
            }
            Need::Dead { what } if person.role >= Role::Commander => {
                Some(wait(Waiting::Delivery, what.clone(), true, None))
            }
            Need::Item { text, owner, due } if *owner == person.name => {
                Some(wait(Waiting::ActionItem, text.clone(), *due < now, Some(*due)))
            }
            _ => None,
        });
    }
    all
}

/// A task is whose role it is; of a role that nobody holds, it is of all who could.
fn is_mine((policy, roster): (&Policy, &Roster), person: &Person, role: &str, holder: Option<&str>) -> bool {
    match holder {
        Some(holder) => holder == person.name,
        None => {
            policy.people_for(role).any(|p| p.name == person.name)
                || roster.person(&person.name).is_some_and(|p| p.skills.iter().any(|s| s == role))
        }
    }
}

fn clocks(open: &[&Case]) -> Vec<Clock> {
    let mut all: Vec<Clock> = open
        .iter()
        .filter_map(|case| Some((*case, case.deep.as_ref()?)))
        .flat_map(|(case, deep)| deep.clocks.iter().map(move |(what, due)| (case, what, *due)))
        .map(|(case, what, due)| Clock {
            incident: case.row.id.to_string(),
            title: case.row.title.clone(),
            severity: case.row.severity,
            what: what.clone(),
            due,
        })
        .collect();
    all.sort_by(|a, b| (a.due, &a.incident, &a.what).cmp(&(b.due, &b.incident, &b.what)));
    all
}

fn roles(
    (policy, roster): (&Policy, &Roster),
    person: &Person,
    open: &[&Case],
    now: Timestamp,
) -> Vec<OnCall> {
    let mut names: Vec<&str> = FIRST.into_iter().filter(|r| policy.people_for(r).next().is_some()).collect();
    names.extend(
        policy.roles().into_iter().filter(|r| !FIRST.contains(r) && policy.people_for(r).next().is_some()),
    );
    let leads = |name: &str| {
        let led = open.iter().filter(|c| c.row.commander.as_deref() == Some(name));
        led.map(|c| c.row.id.to_string()).collect()
    };
    let somebody =
        |name: &str| Somebody { name: name.to_owned(), you: name == person.name, leads: leads(name) };
    let on_call = roster.plans().into_iter().map(|(schedule, plan)| OnCall {
        role: FIRST[0].to_owned(),
        schedule: Some(schedule.to_owned()),
        people: plan.at(now).on.iter().map(|duty| somebody(&duty.person)).collect(),
    });
    let by_role = names.into_iter().map(|role| OnCall {
        role: role.to_owned(),
        schedule: None,
        people: policy.people_for(role).map(|p| somebody(&p.name)).collect(),
    });
    on_call.chain(by_role).collect()
}
