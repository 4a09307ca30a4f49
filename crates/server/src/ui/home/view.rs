//! What the home page shows.

use firebell_core::policy::Policy;
use firebell_oncall::Roster;
use jiff::Timestamp;
use serde::Serialize;

use super::now::{self, Now, OnCall};
use crate::auth::{Person, Role};
use crate::ui::archive::Known;
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
/// Incidents that somebody leads.
const BUSY: usize = 3;

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
    can_be_called: bool,
    you: String,
}

#[derive(Debug, Serialize)]
struct Wait {
    id: String,
    severity: &'static str,
    what: &'static str,
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
pub(super) fn of(
    known: &Known,
    (policy, roster): (&Policy, &Roster),
    person: &Person,
    position: u64,
    now: Timestamp,
) -> Home {
    let Now { open, over, waiting, clocks, roles } = now::now(known, (policy, roster), person, now);
    Home {
        position,
        may_declare: person.role >= Role::Responder,
        open_more: open.len().saturating_sub(OPEN),
        clocks: clocks.into_iter().take(CLOCKS).map(|clock| clock_view(clock, now)).collect(),
        roles: roles.into_iter().map(role).collect(),
        open: open.into_iter().take(OPEN).map(|c| row(&c.row, now)).collect(),
        waiting_more: waiting.len().saturating_sub(WAITING),
        waiting: waiting.into_iter().take(WAITING).map(|wait| wait_view(wait, now)).collect(),
        over: over.into_iter().take(OVER).map(|c| row(&c.row, now)).collect(),
        can_be_called: policy.people.iter().any(|p| p.name == person.name)
            || roster.person(&person.name).is_some(),
        you: person.name.clone(),
    }
}

fn wait_view(wait: now::Wait, now: Timestamp) -> Wait {
    Wait {
        id: wait.incident,
        severity: wait.severity.as_str(),
        what: wait.kind.words(),
        detail: wait.detail,
        title: wait.title,
        urgent: wait.urgent,
        by: wait.due.map(|at| Moment::of(at, now)),
    }
}

fn clock_view(clock: now::Clock, now: Timestamp) -> Clock {
    Clock {
        id: clock.incident,
        title: clock.title,
        severity: clock.severity.as_str(),
        what: clock.what,
        due: Moment::of(clock.due, now),
    }
}

fn role(on_call: OnCall) -> RoleView {
    RoleView {
        title: match &on_call.schedule {
            Some(schedule) => format!("On call: {schedule}"),
            None => words::title_case(&on_call.role),
        },
        more: on_call.people.len().saturating_sub(PEOPLE),
        people: on_call
            .people
            .into_iter()
            .take(PEOPLE)
            .map(|p| Somebody { name: p.name, you: p.you, busy: p.leads.into_iter().take(BUSY).collect() })
            .collect(),
    }
}
