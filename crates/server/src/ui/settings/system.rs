//! `/settings`: what is configured, and whether it works.

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use firebell_core::ports::store::OutboxState;
use serde::Serialize;

use super::tabs::{Tab, tabs};
use super::{Fields, back, text};
use crate::auth::Permission;
use crate::problem::Problem;
use crate::state::Shared;
use crate::ui::guard::{self, Visitor};
use crate::ui::{pages, words};

#[derive(Debug, Serialize)]
struct View {
    tabs: Vec<Tab>,
    systems: Vec<SystemLine>,
    sources: Vec<(String, String, bool)>,
    agents: usize,
    version: &'static str,
    up: String,
    public_url: String,
    policy: String,
    waiting: u64,
    dead: usize,
    on_call: Vec<(String, String)>,
    unwell: usize,
}

#[derive(Debug, Serialize)]
struct SystemLine {
    role: &'static str,
    name: String,
    ok: bool,
    detail: String,
    speaks: bool,
}

/// The page; whoever may not see it is led to their own account.
pub(crate) async fn page(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Problem> {
    if !visitor.person.may(Permission::Settings) {
        return Ok(Redirect::to("/settings/account").into_response());
    }
    let systems: Vec<SystemLine> = app
        .state
        .systems
        .check()
        .await
        .into_iter()
        .map(|c| SystemLine {
            role: c.role,
            name: c.health.name,
            ok: c.health.ok,
            detail: c.health.detail,
            speaks: c.speaks,
        })
        .collect();
    let (waiting, dead) = app
        .read(|reader| Ok((reader.inbox_depth()?, reader.outbox(None, Some(OutboxState::Dead), 1000)?.len())))
        .await?;
    let policy = app.state.handle.policy();
    let view = View {
        tabs: tabs(&visitor.person, "/settings"),
        unwell: systems.iter().filter(|s| !s.ok).count(),
        systems,
        sources: app.state.sources.listed(),
        agents: app.state.agents.len(),
        version: env!("CARGO_PKG_VERSION"),
        up: words::span(words::between(app.started_at, app.now())),
        public_url: app.state.public_url.clone(),
        policy: policy.sha256().chars().take(16).collect(),
        waiting,
        dead,
        on_call: policy
            .people
            .iter()
            .map(|p| {
                (p.name.clone(), p.roles.iter().map(|r| words::title_case(r)).collect::<Vec<_>>().join(", "))
            })
            .collect(),
    };
    pages::whole(&app, Some(&visitor), "settings_system.html", StatusCode::OK, view)
}

/// A test message.
pub(crate) async fn test(
    State(app): State<Shared>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Problem> {
    guard::guarded(&headers, &visitor.session, &text(&form, "csrf"))?;
    visitor.person.allowed(Permission::Settings)?;
    let name = text(&form, "name");
    let link = format!("{}/settings", app.state.public_url.trim_end_matches('/'));
    let outcome = match app.state.systems.say(&name, &visitor.person.name, &link).await {
        Ok(()) => Ok(format!("{name} took the test message.")),
        Err(reason) => Err(Problem::unavailable(format!("{name}: {reason}"))),
    };
    Ok(back(&app, &visitor, "/settings", outcome))
}
