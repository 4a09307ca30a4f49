//! The pages: what their templates say, in words and figures.

use firebell_core::policy::Policy;
use jiff::Timestamp;
use jiff::civil::Date;
use minijinja::Value;
use serde::Serialize;

use super::board::{Board, Component, DAYS, Day, RECENT_DAYS, day_of};
use super::maintenance::PublicMaintenance;
use super::public::{Posted, PublicIncident, State};
use crate::problem::Problem;
use crate::state::App;
use crate::ui::{clean, markdown, span};

/// Incidents on one page of the history.
const PER_PAGE: usize = 25;

/// What is around every page.
#[derive(Serialize)]
pub(super) struct Frame {
    title: String,
    css: &'static str,
    icon: &'static str,
}

impl Frame {
    pub(super) fn of(title: &str) -> Self {
        let (css, icon) = crate::ui::status_assets();
        Self { title: title.to_owned(), css, icon }
    }
}

#[derive(Serialize)]
struct PageView {
    #[serde(flatten)]
    frame: Frame,
    indicator: &'static str,
    overall: &'static str,
    made_at: String,
    groups: Vec<GroupView>,
    open: Vec<IncidentView>,
    active: Vec<IncidentView>,
    planned: Vec<IncidentView>,
    days: Vec<DayView>,
    span_days: usize,
}

#[derive(Serialize)]
struct GroupView {
    name: Option<String>,
    components: Vec<ComponentView>,
}

#[derive(Serialize)]
struct ComponentView {
    id: String,
    name: String,
    description: String,
    state: &'static str,
    word: &'static str,
    uptime: String,
    bars: Vec<BarView>,
}

#[derive(Serialize)]
struct BarView {
    x: usize,
    state: &'static str,
    says: String,
}

#[derive(Serialize)]
struct DayView {
    date: String,
    incidents: Vec<IncidentView>,
}

/// An incident or a maintenance.
#[derive(Serialize)]
struct IncidentView {
    /// Its address below the page's own is `list/id`.
    list: &'static str,
    id: String,
    name: String,
    impact: &'static str,
    status: String,
    open: bool,
    began: String,
    ended: Option<String>,
    /// When a maintenance is planned.
    planned: Option<String>,
    lasted: Option<String>,
    touched: Vec<String>,
    updates: Vec<UpdateView>,
}

#[derive(Serialize)]
struct UpdateView {
    id: String,
    status: String,
    subject: String,
    body: Value,
    at: String,
    at_iso: Timestamp,
}

/// `23 Nov 2026, 14:05 UTC`.
fn time(at: Timestamp) -> String {
    at.strftime("%-d %b %Y, %H:%M UTC").to_string()
}

fn date(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}

/// `99.98 %`; never rounded up to all.
pub(super) fn percent(share: f64) -> String {
    let floored = (share.clamp(0.0, 1.0) * 10_000.0).floor() / 100.0;
    if floored >= 100.0 { "100 %".to_owned() } else { format!("{floored:.2} %") }
}

fn component(c: &Component) -> ComponentView {
    ComponentView {
        id: c.id.clone(),
        name: c.config.name.clone(),
        description: c.config.description.clone(),
        state: c.state.as_str(),
        word: c.state.word(),
        uptime: percent(c.uptime),
        bars: c.days.iter().enumerate().map(|(at, day)| bar(at, day)).collect(),
    }
}

fn bar(at: usize, day: &Day) -> BarView {
    let says = match day.worst {
        State::Operational => format!("{}: no incident", date(day.date)),
        State::Maintenance => {
            format!("{}: under maintenance for {}", date(day.date), span(day.worked_s.max(1)))
        }
        worst => {
            format!("{}: {} for {}", date(day.date), worst.word().to_lowercase(), span(day.hurt_s.max(1)))
        }
    };
    BarView { x: at * 5, state: day.worst.as_str(), says }
}

fn incident(board: &Board, policy: &Policy, i: &PublicIncident) -> IncidentView {
    IncidentView {
        list: "incidents",
        id: i.id.to_string(),
        name: i.name.clone(),
        impact: i.impact,
        status: crate::ui::title_case(i.status),
        open: i.is_open(),
        began: time(i.began_at),
        ended: i.ended_at.map(time),
        planned: None,
        lasted: i.ended_at.map(|_| span(i.lasted.as_secs().max(0))),
        touched: board.touched(i, policy).map(|c| c.config.name.clone()).collect(),
        updates: updates(&i.updates),
    }
}

fn maintenance(board: &Board, m: &PublicMaintenance) -> IncidentView {
    let until = if day_of(m.starts_at) == day_of(m.ends_at) {
        m.ends_at.strftime("%H:%M UTC").to_string()
    } else {
        time(m.ends_at)
    };
    let both = m.began_at.zip(m.ended_at);
    IncidentView {
        list: "maintenances",
        id: m.id.clone(),
        name: m.name.clone(),
        impact: "maintenance",
        status: crate::ui::title_case(m.stage.as_str()),
        open: m.stage.is_active(),
        began: time(m.began_at.unwrap_or(m.starts_at)),
        ended: m.ended_at.map(time),
        planned: Some(format!("{} to {until}", m.starts_at.strftime("%-d %b %Y, %H:%M"))),
        lasted: both.map(|(from, until)| span(until.duration_since(from).as_secs().max(0))),
        touched: board.worked_on(m).map(|c| c.config.name.clone()).collect(),
        updates: updates(&m.updates),
    }
}

fn updates(updates: &[Posted]) -> Vec<UpdateView> {
    updates
        .iter()
        .map(|u| UpdateView {
            id: u.id.clone(),
            status: crate::ui::title_case(u.status),
            subject: u.subject.clone(),
            // Rendered by code that lets nothing through, and cleaned before.
            body: Value::from_safe_string(markdown(&clean(&u.body))),
            at: time(u.at),
            at_iso: u.at,
        })
        .collect()
}

/// What is over, with the time by which it has its place, newest first.
fn past<'a>(board: &'a Board) -> Vec<(Timestamp, Past<'a>)> {
    let incidents = board.past.iter().map(|i| (i.opened_at, Past::Incident(i)));
    let maintenances = board.maintained.iter().map(|m| (m.placed_at(), Past::Maintenance(m)));
    let mut all: Vec<_> = incidents.chain(maintenances).collect();
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    all
}

enum Past<'a> {
    Incident(&'a PublicIncident),
    Maintenance(&'a PublicMaintenance),
}

impl Past<'_> {
    fn view(&self, board: &Board, policy: &Policy) -> IncidentView {
        match self {
            Self::Incident(i) => incident(board, policy, i),
            Self::Maintenance(m) => maintenance(board, m),
        }
    }
}

/// The front page.
pub(super) fn page(app: &App, board: &Board, policy: &Policy) -> Result<String, Problem> {
    let (indicator, overall) = board.overall();
    let mut groups: Vec<GroupView> = Vec::new();
    for c in &board.components {
        match groups.iter_mut().find(|g| g.name == c.config.group) {
            Some(group) => group.components.push(component(c)),
            None => groups.push(GroupView { name: c.config.group.clone(), components: vec![component(c)] }),
        }
    }
    let today = day_of(board.made_at);
    let over = past(board);
    let days = std::iter::successors(Some(today), |d| d.yesterday().ok())
        .take(RECENT_DAYS)
        .map(|day| {
            let of_day = over.iter().filter(|(at, _)| day_of(*at) == day);
            DayView { date: date(day), incidents: of_day.map(|(_, p)| p.view(board, policy)).collect() }
        })
        .collect();
    let view = PageView {
        frame: Frame::of(&board.title),
        indicator,
        overall,
        made_at: time(board.made_at),
        groups,
        open: board.open.iter().map(|i| incident(board, policy, i)).collect(),
        active: board.active.iter().map(|m| maintenance(board, m)).collect(),
        planned: board.soon().map(|m| maintenance(board, m)).collect(),
        days,
        span_days: DAYS,
    };
    app.pages.plain("status.html", view)
}

#[derive(Serialize)]
struct OneView {
    #[serde(flatten)]
    frame: Frame,
    incident: IncidentView,
}

/// One incident with all that was posted.
pub(super) fn one(app: &App, board: &Board, policy: &Policy, i: &PublicIncident) -> Result<String, Problem> {
    let view = OneView { frame: Frame::of(&board.title), incident: incident(board, policy, i) };
    app.pages.plain("status_incident.html", view)
}

/// One maintenance with all that was said of it.
pub(super) fn one_maintenance(app: &App, board: &Board, m: &PublicMaintenance) -> Result<String, Problem> {
    let view = OneView { frame: Frame::of(&board.title), incident: maintenance(board, m) };
    app.pages.plain("status_incident.html", view)
}

#[derive(Serialize)]
struct HistoryView {
    #[serde(flatten)]
    frame: Frame,
    months: Vec<(String, Vec<IncidentView>)>,
    older: Option<usize>,
    newer: Option<usize>,
}

/// The page of the history that there is, from 1; beyond the last there are no others.
pub(super) fn page_of_history(board: &Board, page: usize) -> usize {
    let entries = board.past.len() + board.maintained.len();
    page.clamp(1, entries.div_ceil(PER_PAGE).max(1))
}

/// What was, a page at a time, from 1.
pub(super) fn history(app: &App, board: &Board, policy: &Policy, page: usize) -> Result<String, Problem> {
    let page = page_of_history(board, page);
    let skip = (page - 1).saturating_mul(PER_PAGE);
    let mut months: Vec<(String, Vec<IncidentView>)> = Vec::new();
    let over = past(board);
    for (at, entry) in over.iter().skip(skip).take(PER_PAGE) {
        let month = at.strftime("%B %Y").to_string();
        let shown = entry.view(board, policy);
        match months.last_mut().filter(|(name, _)| *name == month) {
            Some((_, list)) => list.push(shown),
            None => months.push((month, vec![shown])),
        }
    }
    let view = HistoryView {
        frame: Frame::of(&board.title),
        months,
        older: (over.len() > skip.saturating_add(PER_PAGE)).then(|| page + 1),
        newer: (page > 1).then(|| page - 1),
    };
    app.pages.plain("status_history.html", view)
}
