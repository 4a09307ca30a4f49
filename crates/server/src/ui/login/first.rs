//! `/setup`: the first administrator makes their account by the link that the server printed; and `/welcome`: whoever was
//! invited sets a password.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;
use subtle::ConstantTimeEq;

use super::enter;
use crate::auth::{Account, NewAccount, Role, Via, Visit};
use crate::metrics::Door;
use crate::peer::Peer;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::{App, Shared};
use crate::ui::{guard, pages};

#[derive(Debug, Default, Serialize)]
struct View {
    title: String,
    lead: String,
    failed: Option<String>,
    /// None where the link is not good.
    key: Option<String>,
    action: &'static str,
    asks_name: bool,
    name: String,
    email: String,
    button: &'static str,
}

type Fields = BTreeMap<String, String>;

/// The form of the first administrator.
pub(crate) async fn setup(State(app): State<Shared>, query: Pairs) -> Result<Response, Problem> {
    show(&app, setup_view(&app, query.get("key").unwrap_or_default()))
}

/// Makes the first administrator and signs them in.
pub(crate) async fn set_up(
    State(app): State<Shared>,
    headers: HeaderMap,
    Peer(peer): Peer,
    Form(form): Form<Fields>,
) -> Result<Response, Problem> {
    guard::same_site(&headers)?;
    let text = |name: &str| form.get(name).cloned().unwrap_or_default();
    let view = setup_view(&app, &text("key"));
    if view.key.is_none() {
        return show(&app, view);
    }
    let new = NewAccount { name: text("name"), email: Some(text("email")), role: Role::Admin };
    let made = match same(&form) {
        Ok(password) => app.directory.set_up(new, password, app.now()).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(account) => welcome_in(&app, &account, Visit::of(&headers, peer)).await,
        Err(problem) => show(
            &app,
            View { failed: Some(problem.sentence()), name: text("name"), email: text("email"), ..view },
        ),
    }
}

/// The form of who was invited.
pub(crate) async fn welcome(State(app): State<Shared>, query: Pairs) -> Result<Response, Problem> {
    show(&app, welcome_view(&app, query.get("key").unwrap_or_default()))
}

/// Sets their password and signs them in.
pub(crate) async fn welcomed(
    State(app): State<Shared>,
    headers: HeaderMap,
    Peer(peer): Peer,
    Form(form): Form<Fields>,
) -> Result<Response, Problem> {
    guard::same_site(&headers)?;
    let key = form.get("key").cloned().unwrap_or_default();
    let view = welcome_view(&app, &key);
    if view.key.is_none() {
        return show(&app, view);
    }
    let done = match same(&form) {
        Ok(password) => app.directory.accept_invite(&key, password, app.now()).await,
        Err(problem) => Err(problem),
    };
    match done {
        Ok(account) => welcome_in(&app, &account, Visit::of(&headers, peer)).await,
        Err(problem) => show(&app, View { failed: Some(problem.sentence()), ..view }),
    }
}

fn show(app: &App, view: View) -> Result<Response, Problem> {
    let status = match (&view.key, &view.failed) {
        (None, _) => {
            app.metrics.turned_away(Door::Login);
            StatusCode::FORBIDDEN
        }
        (_, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    pages::whole(app, None, "set_password.html", status, view)
}

fn setup_view(app: &App, key: &str) -> View {
    let good = app.directory.is_new()
        && !app.state.setup_key.is_empty()
        && bool::from(app.state.setup_key.as_bytes().ct_eq(key.as_bytes()));
    let lead = if good {
        "This account administrates Firebell: it invites the others."
    } else {
        "This link is not good: there is an administrator already, or it is not the one that the server printed."
    };
    View {
        title: "Set up Firebell".to_owned(),
        lead: lead.to_owned(),
        key: good.then(|| key.to_owned()),
        action: "/setup",
        asks_name: true,
        button: "Make the account",
        ..View::default()
    }
}

fn welcome_view(app: &App, key: &str) -> View {
    let account = app.directory.invited(key, app.now());
    View {
        title: account.as_ref().map_or("Welcome".to_owned(), |a| format!("Welcome, {}", a.name)),
        lead: match &account {
            Some(a) => format!("Set the password of your account. You are a {} here.", a.role.as_str()),
            None => "This link is not good any more: ask an administrator for a new one.".to_owned(),
        },
        key: account.as_ref().map(|_| key.to_owned()),
        name: account.map(|a| a.name).unwrap_or_default(),
        action: "/welcome",
        button: "Set password and sign in",
        ..View::default()
    }
}

/// The password, if it was typed alike twice.
fn same(form: &Fields) -> Result<String, Problem> {
    let password = form.get("password").cloned().unwrap_or_default();
    if form.get("again") != Some(&password) {
        return Err(Problem::invalid("again", "is not the same password"));
    }
    Ok(password)
}

async fn welcome_in(app: &App, account: &Account, visit: Visit) -> Result<Response, Problem> {
    let session = app.directory.begin(&account.name, Via::Password, visit, app.now()).await?;
    enter(app, "/", &session)
}
