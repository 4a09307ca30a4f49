//! `/settings/account`: one's own password, sessions and tokens.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::tabs::{Tab, tabs};
use super::{Fields, back, push, text};
use crate::auth::{ApiToken, NewToken, Permission, RESOURCES, Scopes, SessionView};
use crate::problem::Problem;
use crate::state::{App, Shared};
use crate::ui::guard::{self, Visitor};
use crate::ui::{pages, words};

const PATH: &str = "/settings/account";

#[derive(Debug, Serialize)]
struct View {
    tabs: Vec<Tab>,
    name: String,
    role: &'static str,
    email: Option<String>,
    /// Has a password that can be changed.
    password: bool,
    sessions: Vec<SessionLine>,
    tokens: Vec<TokenLine>,
    resources: Vec<&'static str>,
    /// The secret of a token that was made just now.
    made: Option<String>,
    push: push::PushView,
}

#[derive(Debug, Serialize)]
pub(super) struct SessionLine {
    id: String,
    what: String,
    address: String,
    since: String,
    used: String,
    used_at: jiff::Timestamp,
    this: bool,
}

#[derive(Debug, Serialize)]
struct TokenLine {
    id: String,
    name: String,
    scopes: Vec<String>,
    created: String,
    expires: String,
    over: bool,
    used: Option<String>,
}

/// The page.
pub(crate) async fn page(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Problem> {
    show(&app, &visitor, None).await
}

async fn show(app: &App, visitor: &Visitor, made: Option<String>) -> Result<Response, Problem> {
    let (person, now) = (&visitor.person, app.now());
    let account = app.directory.account(&person.name);
    let sessions = app.directory.sessions_of(Some(&person.name), now);
    let view = View {
        tabs: tabs(person, PATH),
        name: person.name.clone(),
        role: person.role.as_str(),
        email: account.as_ref().and_then(|a| a.email.clone()),
        password: account.is_some_and(|a| a.has_password()),
        sessions: sessions.into_iter().map(|s| session_line(s, &visitor.session.id, now)).collect(),
        tokens: app.directory.tokens_of(Some(&person.name)).into_iter().map(|t| token_line(t, now)).collect(),
        resources: RESOURCES.to_vec(),
        made,
        push: push::view(app, visitor).await?,
    };
    pages::whole(app, Some(visitor), "settings_account.html", StatusCode::OK, view)
}

fn session_line(s: SessionView, this: &str, now: jiff::Timestamp) -> SessionLine {
    SessionLine {
        what: words::browser(&s.agent),
        this: s.id == this,
        address: s.address,
        since: words::day(s.begun_at),
        used: words::ago(s.used_at, now),
        used_at: s.used_at,
        id: s.id,
    }
}

fn token_line(t: ApiToken, now: jiff::Timestamp) -> TokenLine {
    TokenLine {
        scopes: t.scopes.iter().map(str::to_owned).collect(),
        created: words::day(t.created_at),
        expires: words::date(t.expires_at),
        over: t.expires_at <= now,
        used: t.used_at.map(|at| words::ago(at, now)),
        id: t.id,
        name: t.name,
    }
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
    visitor.person.allowed(Permission::OwnAccount)?;
    let (name, directory) = (visitor.person.name.as_str(), &app.directory);
    let outcome = match verb.as_str() {
        "password" => {
            let field = |name: &str| form.get(name).cloned().unwrap_or_default();
            if field("new") != field("again") {
                Err(Problem::invalid("again", "is not the same password"))
            } else {
                match directory.change_password(name, field("old"), field("new")).await {
                    // Whoever knew the old one is signed out.
                    Ok(_) => directory
                        .end_sessions_of(name, name, Some(&visitor.session.id))
                        .await
                        .map(|_| "Your password is changed; all other sessions are ended.".to_owned()),
                    Err(problem) => Err(problem),
                }
            }
        }
        "end-session" => {
            let id = text(&form, "id");
            let own = directory.sessions_of(Some(name), app.now()).iter().any(|s| s.id == id);
            if own {
                directory.end(name, &id).await.map(|_| "That session is ended.".to_owned())
            } else {
                Err(Problem::not_found("that session has ended already"))
            }
        }
        "end-others" => directory
            .end_sessions_of(name, name, Some(&visitor.session.id))
            .await
            .map(|n| format!("{n} other sessions are ended.")),
        "make-token" => match make(&app, name, &form).await {
            // Shown once, in the answer itself: it is kept nowhere.
            Ok(secret) => return show(&app, &visitor, Some(secret)).await,
            Err(problem) => Err(problem),
        },
        "revoke-token" => match directory.revoke_token(name, &text(&form, "id"), Some(name)).await {
            Ok(true) => Ok("The token is revoked.".to_owned()),
            Ok(false) => Err(Problem::not_found("that token is gone already")),
            Err(problem) => Err(problem),
        },
        _ => return Err(Problem::not_found("there is no such form")),
    };
    Ok(back(&app, &visitor, PATH, outcome))
}

async fn make(app: &App, owner: &str, form: &Fields) -> Result<String, Problem> {
    let scope = format!("{}:{}", text(form, "resource"), text(form, "verb"));
    let more = text(form, "scopes");
    let texts = more.split([' ', ',', '\n']).filter(|t| !t.trim().is_empty());
    let scopes = Scopes::parse(std::iter::once(scope.as_str()).chain(texts))
        .map_err(|why| Problem::invalid("scopes", why))?;
    let days = text(form, "days").parse().map_err(|_| Problem::invalid("days", "is not a number of days"))?;
    let new = NewToken { name: text(form, "name"), scopes, days };
    Ok(app.directory.make_token(owner, new, app.now()).await?.1)
}
