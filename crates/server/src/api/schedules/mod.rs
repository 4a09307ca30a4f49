//! Schedules: who is on call, and when.

mod list;
mod show;

use firebell_oncall::schedule::{Duty, Frame, Shift};
use firebell_oncall::{Plan, Roster};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::spec::{Operation, schema};

/// Their declarations.
pub(super) fn operations() -> [Operation; 2] {
    [list::operation(), show::operation()]
}

/// A schedule as lists have it.
fn shown(plan: &Plan<'_>, roster: &Roster, now: Timestamp) -> Value {
    let frame: Frame = plan.at(now);
    let (since, until) = plan.steady(now);
    let next = until.map(|at| people(&plan.at(at).on, roster));
    let schedule = plan.schedule();
    json!({
        "name": schedule.name, "team": schedule.team, "time_zone": schedule.time_zone,
        "on_call": people(&frame.on, roster), "shadows": people(&frame.shadows, roster),
        "since": since, "until": until, "next": next.unwrap_or_default(),
    })
}

fn people(duties: &[Duty], roster: &Roster) -> Vec<Value> {
    let one =
        |d: &Duty| json!({"person": d.person, "shown": name(&d.person, roster), "source": d.source.shown()});
    duties.iter().map(one).collect()
}

fn name(person: &str, roster: &Roster) -> String {
    roster.person(person).map_or(person, |p| p.shown()).to_owned()
}

fn shifts(shifts: &[Shift], roster: &Roster) -> Vec<Value> {
    let one = |s: &Shift| {
        json!({
            "from": s.span.from, "until": s.span.until, "person": s.person, "shown": name(&s.person, roster),
            "source": s.source.shown(), "shadow": s.shadow,
        })
    };
    shifts.iter().map(one).collect()
}

fn fields() -> Vec<schema::Field> {
    let people = || {
        schema::list(schema::growing(&[
            schema::need("person", schema::text()),
            schema::need("shown", schema::text()),
            schema::need("source", schema::text()),
        ]))
    };
    vec![
        schema::need("name", schema::text()),
        schema::need("team", schema::text()),
        schema::need("time_zone", schema::text()),
        schema::need("on_call", people()),
        schema::need("shadows", people()),
        schema::need("since", schema::or_null(schema::time())),
        schema::need("until", schema::or_null(schema::time())),
        schema::need("next", people()),
    ]
}

/// A schedule's schema, as lists have it.
pub(super) fn schedule_schema() -> Value {
    schema::growing(&fields())
}

/// The schema of one schedule with its shifts.
pub(super) fn schedule_view_schema() -> Value {
    let shift = || {
        schema::list(schema::growing(&[
            schema::need("from", schema::time()),
            schema::need("until", schema::time()),
            schema::need("person", schema::text()),
            schema::need("shown", schema::text()),
            schema::need("source", schema::text()),
            schema::need("shadow", schema::flag()),
        ]))
    };
    let layer = schema::growing(&[
        schema::need("name", schema::text()),
        schema::need("shadow", schema::flag()),
        schema::need("shifts", shift()),
    ]);
    let gap = schema::growing(&[schema::need("from", schema::time()), schema::need("until", schema::time())]);
    let mut all = fields();
    all.extend([
        schema::need("shifts", shift()),
        schema::need("gaps", schema::list(gap)),
        schema::need("layers", schema::list(layer)),
    ]);
    schema::growing(&all)
}
