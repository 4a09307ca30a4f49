//! `/settings/maintenance`: what the status page announces.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::tabs::{Tab, tabs};
use super::{back, text};
use crate::auth::Permission;
use crate::problem::Problem;
use crate::state::{App, Shared};
use crate::status::{self, Maintenance, Plan, Stage};
use crate::ui::guard::{self, Visitor};
use crate::ui::{pages, words};

const PATH: &str = "/settings/maintenance";
/// Of those that are over, so many are shown.
const PAST: usize = 20;
/// A form for a new one is filled in with an hour, from the next full hour on.
const HOUR: i64 = 3600;

#[derive(Debug, Serialize)]
struct View {
    tabs: Vec<Tab>,
    /// Active ones, then those that come.
    current: Vec<Line>,
    past: Vec<Line>,
    components: Vec<String>,
    starts_at: String,
    ends_at: String,
    public: bool,
}

#[derive(Debug, Serialize)]
struct Line {
    id: String,
    version: u64,
    title: String,
    status: String,
    begun: bool,
    active: bool,
    when: String,
    components: String,
    by: String,
    starts_at: String,
    ends_at: String,
    updates: Vec<(String, String, String)>,
    /// A form for a silence of its alerts until its end, filled in; none where it has no services, or is days ahead.
    silence: Option<String>,
    /// Ended by the clock a short while ago: its end can still be moved.
    movable: bool,
}

/// The page.
pub(crate) async fn page(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Problem> {
    visitor.person.allowed(Permission::Maintenance)?;
    let now = app.now();
    let (mut past, mut current): (Vec<_>, Vec<_>) =
        status::list(&app).await?.into_iter().partition(|m| m.stage(now).is_over());
    current.sort_by_key(|m| !m.stage(now).is_active());
    past.sort_by_key(|m| std::cmp::Reverse(m.ended(now)));
    let next = Timestamp::from_second((now.as_second() / HOUR + 1) * HOUR).unwrap_or(now);
    let end = Timestamp::from_second(next.as_second() + HOUR).unwrap_or(next);
    let view = View {
        tabs: tabs(&visitor.person, PATH),
        current: current.iter().map(|m| line(&app, m, now)).collect(),
        past: past.iter().take(PAST).map(|m| line(&app, m, now)).collect(),
        components: status::components(&app),
        starts_at: field(next),
        ends_at: field(end),
        public: app.state.status.enabled,
    };
    pages::whole(&app, Some(&visitor), "settings_maintenance.html", StatusCode::OK, view)
}

fn line(app: &App, m: &Maintenance, now: Timestamp) -> Line {
    let stage = m.stage(now);
    Line {
        id: m.id.clone(),
        version: m.version,
        title: m.title.clone(),
        status: words::title_case(stage.as_str()),
        begun: m.began(now).is_some(),
        active: stage.is_active(),
        when: format!("{} to {} UTC", words::day(m.starts_at), words::day(m.ends_at)),
        components: m.components.join(", "),
        by: m.created_by.clone(),
        starts_at: field(m.starts_at),
        ends_at: field(m.ends_at),
        updates: m
            .updates
            .iter()
            .rev()
            .map(|u| (format!("{} UTC", words::day(u.at)), u.by.clone(), u.body.clone()))
            .collect(),
        silence: silence(app, m, now),
        movable: m.status.is_none_or(|s| !s.is_over()) && now.duration_since(m.ends_at).as_hours() < 24,
    }
}

/// The address of a form for a silence, as long as the maintenance, of the alerts of its services.
fn silence(app: &App, m: &Maintenance, now: Timestamp) -> Option<String> {
    let services = status::services(app, &m.components);
    if services.is_empty() || m.stage(now).is_over() || m.starts_at.duration_since(now).as_hours() >= 24 {
        return None;
    }
    let matcher = match services.as_slice() {
        [one] => format!("service=\"{one}\""),
        many => format!("service=~\"{}\"", many.join("|")),
    };
    // A silence that is made there begins at once.
    let minutes = m.ends_at.duration_since(now).as_mins().max(1);
    let query = [
        ("matchers", matcher),
        ("minutes", minutes.to_string()),
        ("comment", format!("Maintenance: {}", m.title)),
    ];
    let query: Vec<String> = query.iter().map(|(n, v)| format!("{n}={}", words::encoded(v))).collect();
    Some(format!("/alerts/silences/new?{}", query.join("&")))
}

/// `2026-11-27T13:00`, as fields for times have it.
fn field(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}

/// Fields in their order; `components` comes several times.
type Pairs = Vec<(String, String)>;

/// The form that announces one.
pub(crate) async fn create(
    State(app): State<Shared>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<Pairs>,
) -> Result<Response, Problem> {
    let components = form.iter().filter(|(n, _)| n == "components").map(|(_, v)| v.clone()).collect();
    let form: super::Fields = form.into_iter().collect();
    guard::guarded(&headers, &visitor.session, &text(&form, "csrf"))?;
    visitor.person.allowed(Permission::Maintenance)?;
    let outcome = match (time(&form, "starts_at"), time(&form, "ends_at")) {
        (Ok(starts_at), Ok(ends_at)) => {
            let (title, description) = (text(&form, "title"), text(&form, "description"));
            let plan = Plan { title, description, components, starts_at, ends_at };
            let made = status::schedule(&app, &visitor.person.name, plan).await;
            made.map(|m| format!("“{}” is announced on the status page.", m.title))
        }
        (Err(problem), _) | (_, Err(problem)) => Err(problem),
    };
    Ok(back(&app, &visitor, PATH, outcome))
}

/// A form of one of them.
pub(crate) async fn act(
    State(app): State<Shared>,
    visitor: Visitor,
    Path((id, verb)): Path<(String, String)>,
    headers: HeaderMap,
    Form(form): Form<super::Fields>,
) -> Result<Response, Problem> {
    guard::guarded(&headers, &visitor.session, &text(&form, "csrf"))?;
    visitor.person.allowed(Permission::Maintenance)?;
    let (by, body) = (visitor.person.name.as_str(), text(&form, "body"));
    let version = text(&form, "version").parse().ok();
    let outcome = match verb.as_str() {
        "update" => match stage(&form) {
            Ok(stage) => status::post(&app, by, &id, version, &body, stage)
                .await
                .map(|_| "The update is posted.".to_owned()),
            Err(problem) => Err(problem),
        },
        "times" => {
            let starts_at = form.contains_key("starts_at").then(|| time(&form, "starts_at")).transpose();
            match (starts_at, time(&form, "ends_at")) {
                (Ok(starts_at), Ok(ends_at)) => status::set_times(&app, by, &id, version, starts_at, ends_at)
                    .await
                    .map(|m| format!("It ends at {} UTC now.", words::day(m.ends_at))),
                (Err(problem), _) | (_, Err(problem)) => Err(problem),
            }
        }
        "complete" => {
            status::complete(&app, by, &id, version, &body).await.map(|_| "It is completed.".to_owned())
        }
        "cancel" => {
            status::cancel(&app, by, &id, version, &body).await.map(|_| "It is called off.".to_owned())
        }
        _ => return Err(Problem::not_found("there is no such form")),
    };
    Ok(back(&app, &visitor, PATH, outcome))
}

fn stage(form: &super::Fields) -> Result<Option<Stage>, Problem> {
    let stage = Some(text(form, "status")).filter(|s| !s.is_empty()).map(|s| s.parse()).transpose();
    stage.map_err(|_| Problem::invalid("status", "must be in_progress or verifying"))
}

/// A time of a form: UTC, unless it says otherwise.
fn time(form: &super::Fields, name: &str) -> Result<Timestamp, Problem> {
    let text = text(form, name);
    let civil = || text.parse::<DateTime>().ok().and_then(|t| TimeZone::UTC.to_timestamp(t).ok());
    text.parse::<Timestamp>()
        .ok()
        .or_else(civil)
        .ok_or_else(|| Problem::invalid(name, "is not a time like 2026-11-27T13:00"))
}
