//! The page itself.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use firebell_oncall::check::{self, Limits, Weight};
use firebell_oncall::schedule::Duty;
use firebell_oncall::time::Zone;
use firebell_oncall::{Plan, Roster};
use jiff::Timestamp;
use serde::Serialize;

use super::month::{self, Month};
use crate::auth::Permission;
use crate::oncall;
use crate::post::push;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::guard::Visitor;
use crate::ui::{pages, words};

#[derive(Debug, Serialize)]
struct View {
    schedules: Vec<Now>,
    selected: Option<Selected>,
    people: Vec<(String, String)>,
    feeds: Vec<Line>,
    may_change: bool,
    /// Whether the visitor is one of the people of the roster.
    is_listed: bool,
    findings: Vec<Found>,
    /// Why what the files say now is not in force.
    trouble: Option<String>,
}

/// A schedule, now.
#[derive(Debug, Serialize)]
struct Now {
    name: String,
    href: String,
    zone: String,
    on: Vec<(String, String)>,
    shadows: Vec<String>,
    until: Option<String>,
    next: Vec<String>,
    current: bool,
}

#[derive(Debug, Serialize)]
struct Selected {
    name: String,
    zone: String,
    month: Month,
    before: String,
    after: String,
    replacements: Vec<Line>,
    from: String,
    until: String,
}

#[derive(Debug, Serialize)]
struct Line {
    id: String,
    text: String,
    detail: String,
    removable: bool,
}

#[derive(Debug, Serialize)]
struct Found {
    class: &'static str,
    field: String,
    text: String,
}

/// The page.
pub(super) async fn page(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    visitor.person.allowed(Permission::View)?;
    let now = app.now();
    let kept = oncall::list(&app).await?;
    let roster = oncall::roster(&app).await?;
    let devices = push::people(&app).await?;
    let plans = roster.plans();
    let wanted =
        query.get("schedule").filter(|s| plans.contains_key(s)).or_else(|| plans.keys().next().copied());
    let selected = wanted.and_then(|name| {
        let plan = plans.get(name)?;
        let zone = &plan.schedule().time_zone;
        let first = month::first_day(query.get("month"), now, zone);
        let month = month::month(plan, &roster, first, now);
        let entered = |id: &str| kept.iter().any(|k| k.replacement.id == id);
        let replacements = plan.schedule().replacements.iter().filter_map(|r| {
            let ends = r.what.spans().into_iter().map(|(_, until)| until.instant(zone)).max()?;
            (ends > now).then(|| Line {
                id: r.id.clone(),
                text: said(&r.what, &roster, zone),
                detail: [r.reason.as_str(), r.by.as_str()]
                    .iter()
                    .filter(|t| !t.is_empty())
                    .copied()
                    .collect::<Vec<_>>()
                    .join(" · "),
                removable: entered(&r.id),
            })
        });
        let address = |first: jiff::civil::Date| {
            let key = first.strftime("%Y-%m").to_string();
            words::address("/oncall", &[("schedule", name), ("month", &key)])
        };
        let last = first.last_of_month();
        let hour = Timestamp::from_second((now.as_second() / 3600 + 1) * 3600).unwrap_or(now);
        let field = |at: Timestamp| zone.clock(at).strftime("%Y-%m-%dT%H:%M").to_string();
        Some(Selected {
            name: name.to_owned(),
            zone: zone.name().to_owned(),
            replacements: replacements.collect(),
            before: address(first.yesterday().unwrap_or(first)),
            after: address(last.tomorrow().unwrap_or(last)),
            month,
            from: field(hour),
            until: field(Timestamp::from_second(hour.as_second() + 8 * 3600).unwrap_or(hour)),
        })
    });
    let feeds = oncall::feeds(&app, &visitor.person.name).await?;
    let feeds = feeds.into_iter().map(|f| Line {
        text: f.person.or(f.schedule).unwrap_or_default(),
        detail: format!("made {}", words::date(f.created_at)),
        id: f.id,
        removable: true,
    });
    let mut findings = check::check(&roster, now, &Limits::default());
    findings.extend(check::reach(&roster, &app.state.systems.means(devices)));
    findings.sort();
    let view = View {
        schedules: plans.iter().map(|(name, plan)| status(name, plan, &roster, now, wanted)).collect(),
        people: roster.people.iter().map(|p| (p.name.clone(), p.shown().to_owned())).collect(),
        feeds: feeds.collect(),
        may_change: visitor.person.allowed(Permission::OnCall).is_ok(),
        is_listed: roster.person(&visitor.person.name).is_some(),
        findings: findings
            .into_iter()
            .filter(|f| f.weight != Weight::Note)
            .map(|f| Found {
                class: if f.weight == Weight::Error { "bad" } else { "warn" },
                field: f.field,
                text: format!("{}: {}.", f.problem, f.advice),
            })
            .collect(),
        // Names files of the server.
        trouble: app.state.oncall.trouble().filter(|_| visitor.person.allowed(Permission::OnCall).is_ok()),
        selected,
    };
    pages::whole(&app, Some(&visitor), "oncall.html", StatusCode::OK, view)
}

fn status(name: &str, plan: &Plan<'_>, roster: &Roster, now: Timestamp, current: Option<&str>) -> Now {
    let zone = &plan.schedule().time_zone;
    let frame = plan.at(now);
    let until = plan.next_change(now);
    let shown = |d: &Duty| roster.person(&d.person).map_or(d.person.as_str(), |p| p.shown()).to_owned();
    Now {
        name: name.to_owned(),
        href: words::address("/oncall", &[("schedule", name)]),
        zone: zone.name().to_owned(),
        on: frame.on.iter().map(|d| (shown(d), d.source.shown())).collect(),
        shadows: frame.shadows.iter().map(shown).collect(),
        until: until.map(|at| clock(zone, at)),
        next: until.map(|at| plan.at(at).on.iter().map(shown).collect()).unwrap_or_default(),
        current: current == Some(name),
    }
}

fn clock(zone: &Zone, at: Timestamp) -> String {
    zone.clock(at).strftime("%a %-d %b %H:%M").to_string()
}

/// A replacement in a sentence.
fn said(what: &firebell_oncall::model::What, roster: &Roster, zone: &Zone) -> String {
    use firebell_oncall::model::What;
    let name = |p: &str| roster.person(p).map_or(p, |p| p.shown()).to_owned();
    let spans: Vec<String> = what
        .spans()
        .iter()
        .map(|(f, u)| format!("{} to {}", clock(zone, f.instant(zone)), clock(zone, u.instant(zone))))
        .collect();
    let when = spans.join(" for ");
    match what {
        What::Override { people, .. } if people.is_empty() => format!("Nobody is on call, {when}"),
        What::Override { people, .. } => {
            format!("{}, {when}", people.iter().map(|p| name(p)).collect::<Vec<_>>().join(" and "))
        }
        What::Cover { person, instead_of, .. } => {
            format!("{} covers {}, {when}", name(person), name(instead_of))
        }
        What::Swap { first, second, .. } => format!("{} and {} swap, {when}", name(first), name(second)),
        What::Shadow { person, .. } => format!("{} goes along, {when}", name(person)),
    }
}
