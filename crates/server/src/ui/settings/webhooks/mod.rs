//! `/settings/webhooks`: outgoing webhooks, and what was sent by each.

mod form;
mod log;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;

use self::form::{Values, fields};
use self::log::{Line, line};
use super::tabs::{Tab, tabs};
use super::{Fields, back, text};
use crate::auth::Permission;
use crate::post::webhooks::{self, Hook};
use crate::problem::Problem;
use crate::state::{App, Shared};
use crate::ui::guard::{self, Visitor};
use crate::ui::{pages, words};

const PATH: &str = "/settings/webhooks";
/// Deliveries on the page of one.
const LOG: usize = 100;

#[derive(Debug, Serialize)]
struct View {
    tabs: Vec<Tab>,
    hooks: Vec<HookLine>,
    values: Values,
    /// What is wrong with what was filled in.
    wrong: Option<String>,
}

#[derive(Debug, Serialize)]
struct HookLine {
    id: String,
    name: String,
    host: String,
    enabled: bool,
    restricted: bool,
    note: Option<String>,
    made: String,
}

#[derive(Debug, Serialize)]
struct OneView {
    tabs: Vec<Tab>,
    hook: HookLine,
    values: Values,
    wrong: Option<String>,
    /// A secret that was made just now.
    secret: Option<String>,
    log: Vec<Line>,
    /// When it is tried again, where it fails.
    failing: Option<String>,
}

/// The list, and the form for a new one.
pub(crate) async fn page(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Problem> {
    visitor.person.allowed(Permission::Webhooks)?;
    show(&app, &visitor, Values::empty(), None).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    values: Values,
    wrong: Option<String>,
) -> Result<Response, Problem> {
    let hooks = webhooks::list(app).await?;
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let view = View {
        tabs: tabs(&visitor.person, PATH),
        hooks: hooks.iter().map(hook_line).collect(),
        values,
        wrong,
    };
    pages::whole(app, Some(visitor), "settings_webhooks.html", status, view)
}

/// The form for a new one. Its secret is shown in the answer and nowhere else.
pub(crate) async fn create(
    State(app): State<Shared>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Problem> {
    guard::guarded(&headers, &visitor.session, &text(&form, "csrf"))?;
    visitor.person.allowed(Permission::Webhooks)?;
    match webhooks::create(&app, &visitor.person.name, fields(&form)).await {
        Ok((hook, secret)) => show_one(&app, &visitor, hook, None, Some(secret)).await,
        Err(problem) => show(&app, &visitor, Values::of(&fields(&form)), Some(problem.sentence())).await,
    }
}

/// One, with what was sent by it.
pub(crate) async fn one(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    visitor.person.allowed(Permission::Webhooks)?;
    match webhooks::get(&app, &id).await {
        Ok(hook) => show_one(&app, &visitor, hook, None, None).await,
        Err(problem) => Ok(back(&app, &visitor, PATH, Err(problem))),
    }
}

async fn show_one(
    app: &App,
    visitor: &Visitor,
    hook: Hook,
    wrong: Option<(Values, String)>,
    secret: Option<String>,
) -> Result<Response, Problem> {
    let now = app.now();
    let log = webhooks::deliveries(app, &hook.id, LOG).await?;
    let failing = webhooks::failing(app, &hook.id).await?;
    let (values, wrong) = match wrong {
        Some((values, why)) => (values, Some(why)),
        None => (Values::of(&hook.fields), None),
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let view = OneView {
        tabs: tabs(&visitor.person, PATH),
        hook: hook_line(&hook),
        values,
        wrong,
        secret,
        log: log.into_iter().map(|d| line(d, now)).collect(),
        failing: failing.map(words::day),
    };
    pages::whole(app, Some(visitor), "settings_webhook.html", status, view)
}

fn hook_line(hook: &Hook) -> HookLine {
    HookLine {
        id: hook.id.clone(),
        name: hook.fields.name.clone(),
        host: hook.host(),
        enabled: hook.fields.enabled,
        restricted: hook.fields.restricted,
        note: hook.note.clone(),
        made: format!("{} by {}", words::date(hook.created_at), hook.created_by),
    }
}

/// A form of the page of one.
pub(crate) async fn act(
    State(app): State<Shared>,
    visitor: Visitor,
    Path((id, verb)): Path<(String, String)>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Problem> {
    guard::guarded(&headers, &visitor.session, &text(&form, "csrf"))?;
    visitor.person.allowed(Permission::Webhooks)?;
    let by = visitor.person.name.as_str();
    let outcome = match verb.as_str() {
        "change" => match webhooks::update(&app, by, &id, fields(&form)).await {
            Ok(hook) => Ok(format!("{} is changed.", hook.fields.name)),
            Err(problem) if problem.field.is_some() => {
                let hook = webhooks::get(&app, &id).await?;
                let wrong = (Values::of(&fields(&form)), problem.sentence());
                return show_one(&app, &visitor, hook, Some(wrong), None).await;
            }
            Err(problem) => Err(problem),
        },
        "rotate" => match webhooks::rotate_secret(&app, by, &id).await {
            Ok(secret) => {
                let hook = webhooks::get(&app, &id).await?;
                return show_one(&app, &visitor, hook, None, Some(secret)).await;
            }
            Err(problem) => Err(problem),
        },
        "test" => webhooks::send_test(&app, by, &id)
            .await
            .map(|()| "A test is on its way: reload the page to see what came of it.".to_owned()),
        "again" => webhooks::redeliver(&app, by, &id, &text(&form, "delivery"))
            .await
            .map(|()| "It is on its way again: reload the page to see what came of it.".to_owned()),
        "remove" => {
            let outcome =
                webhooks::remove(&app, by, &id).await.map(|()| "The webhook is removed.".to_owned());
            return Ok(back(&app, &visitor, PATH, outcome));
        }
        _ => return Err(Problem::not_found("there is no such form")),
    };
    // An id comes from the address that the form was sent to; a redirect must not lead elsewhere by it.
    let to = match webhooks::get(&app, &id).await {
        Ok(hook) => format!("{PATH}/{}", hook.id),
        Err(_) => PATH.to_owned(),
    };
    Ok(back(&app, &visitor, &to, outcome))
}
