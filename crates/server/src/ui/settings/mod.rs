//! Settings: what is configured and whether it works, one's own account, people, the audit log. One file a page.

mod account;
mod audit;
mod heartbeats;
mod maintenance;
mod people;
mod push;
mod subscribers;
mod system;
mod tabs;
mod templates;
mod webhooks;

use std::collections::BTreeMap;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::guard::Visitor;
use crate::problem::Problem;
use crate::state::{App, Shared};

/// Fields of a form.
type Fields = BTreeMap<String, String>;

/// All routes below `/settings`.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/settings", get(system::page))
        .route("/settings/test", post(system::test))
        .route("/settings/heartbeats", get(heartbeats::page))
        .route("/settings/account", get(account::page))
        .route("/settings/account/{verb}", post(account::act))
        .route("/settings/push/{verb}", post(push::act))
        .route("/settings/people", get(people::page))
        .route("/settings/people/{verb}", post(people::act))
        .route("/settings/maintenance", get(maintenance::page).post(maintenance::create))
        .route("/settings/maintenance/{id}/{verb}", post(maintenance::act))
        .route("/settings/subscribers", get(subscribers::page))
        .route("/settings/subscribers/{verb}", post(subscribers::act))
        .route("/settings/templates", get(templates::page))
        .route("/settings/audit", get(audit::page))
        .route("/settings/webhooks", get(webhooks::page).post(webhooks::create))
        .route("/settings/webhooks/{id}", get(webhooks::one))
        .route("/settings/webhooks/{id}/{verb}", post(webhooks::act))
}

/// Back to a page with a word on how it went.
fn back(app: &App, visitor: &Visitor, to: &str, outcome: Result<String, Problem>) -> Response {
    match outcome {
        Ok(text) => visitor.tell(app, true, text),
        Err(problem) => visitor.tell(app, false, problem.sentence()),
    }
    Redirect::to(to).into_response()
}

/// A field of a form.
fn text(form: &Fields, name: &str) -> String {
    form.get(name).map(|t| t.trim().to_owned()).unwrap_or_default()
}
