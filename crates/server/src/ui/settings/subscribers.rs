//! `/settings/subscribers`: who hears of what the status page says.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::tabs::{Tab, tabs};
use super::{Fields, back, text};
use crate::auth::Permission;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::status;
use crate::ui::guard::{self, Visitor};
use crate::ui::{pages, words};

const PATH: &str = "/settings/subscribers";
/// Subscribers on one page.
const PAGE: usize = 100;
/// Deliveries that are named for each.
const NAMED: usize = 3;

#[derive(Debug, Serialize)]
struct View {
    tabs: Vec<Tab>,
    emails: usize,
    webhooks: usize,
    waiting: usize,
    subscribers: Vec<Line>,
    next: Option<String>,
    mail: bool,
}

#[derive(Debug, Serialize)]
struct Line {
    id: String,
    who: String,
    way: &'static str,
    components: String,
    since: String,
    dead: usize,
    named: Vec<(String, String, String)>,
}

/// The page.
pub(crate) async fn page(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    visitor.person.allowed(Permission::Subscribers)?;
    let shown = status::subscribers(&app, query.get("after").unwrap_or_default(), PAGE).await?;
    let subscribers = shown.subscribers.into_iter().map(|(s, dead)| Line {
        who: s.masked(),
        way: s.kind(),
        components: s.components.join(", "),
        since: s.confirmed_at.map(words::date).unwrap_or_default(),
        dead: dead.len(),
        named: dead
            .iter()
            .take(NAMED)
            .map(|d| {
                let (about, at, answer) = status::dead(d);
                (about, format!("{} UTC", words::day(at)), answer)
            })
            .collect(),
        id: s.id,
    });
    let view = View {
        tabs: tabs(&visitor.person, PATH),
        emails: shown.emails,
        webhooks: shown.webhooks,
        waiting: shown.waiting,
        subscribers: subscribers.collect(),
        next: shown.next,
        mail: status::mail(&app.state).is_some(),
    };
    pages::whole(&app, Some(&visitor), "settings_subscribers.html", StatusCode::OK, view)
}

/// A form of the page.
pub(crate) async fn act(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(verb): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Problem> {
    guard::guarded(&headers, &visitor.session, &text(&form, "csrf"))?;
    visitor.person.allowed(Permission::Subscribers)?;
    let (by, id) = (visitor.person.name.as_str(), text(&form, "id"));
    let outcome = match verb.as_str() {
        "remove" => status::remove(&app, by, &id).await.map(|who| format!("{who} hears nothing any more.")),
        "retry" => status::retry(&app, by, &id).await.map(|n| format!("{n} are sent again.")),
        "export" => match status::csv(&app, by).await {
            Ok(csv) => {
                let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8");
                let name = (header::CONTENT_DISPOSITION, "attachment; filename=\"subscribers.csv\"");
                return Ok(([kind, name], csv).into_response());
            }
            Err(problem) => Err(problem),
        },
        _ => return Err(Problem::not_found("there is no such form")),
    };
    Ok(back(&app, &visitor, PATH, outcome))
}
