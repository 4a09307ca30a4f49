//! `/settings/people`: accounts, for administrators.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::tabs::{Tab, tabs};
use super::{Fields, back, text};
use crate::auth::{Account, NewAccount, Permission, Role};
use crate::problem::Problem;
use crate::state::{App, Shared};
use crate::ui::guard::{self, Visitor};
use crate::ui::{pages, words};

const PATH: &str = "/settings/people";

#[derive(Debug, Serialize)]
struct View {
    tabs: Vec<Tab>,
    accounts: Vec<Line>,
    roles: Vec<&'static str>,
    /// Who was invited just now, and the link for them.
    link: Option<(String, String)>,
    you: String,
    /// There is a sign-in of the company's own to link accounts with.
    sso: bool,
    tokens: Vec<(String, String, String)>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    email: String,
    role: &'static str,
    disabled: bool,
    state: String,
    sessions: usize,
    /// At the company's own sign-in.
    subject: String,
}

/// The page.
pub(crate) async fn page(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Problem> {
    visitor.person.allowed(Permission::People)?;
    show(&app, &visitor, None)
}

fn show(app: &App, visitor: &Visitor, link: Option<(String, String)>) -> Result<Response, Problem> {
    let now = app.now();
    let line = |a: Account| Line {
        state: match (a.disabled, a.signed_in_at, a.invited_until(now)) {
            (true, ..) => "shut out".to_owned(),
            (_, Some(at), _) => format!("signed in {}", words::ago(at, now)),
            (_, None, Some(until)) => format!("invited, until {} UTC", words::day(until)),
            (_, None, None) => "has never signed in".to_owned(),
        },
        sessions: app.directory.sessions_of(Some(&a.name), now).len(),
        email: a.email.unwrap_or_default(),
        subject: a.subject.map(|s| own(app, &s).to_owned()).unwrap_or_default(),
        role: a.role.as_str(),
        disabled: a.disabled,
        name: a.name,
    };
    let view = View {
        tabs: tabs(&visitor.person, PATH),
        accounts: app.directory.accounts().into_iter().map(line).collect(),
        roles: Role::ALL.map(Role::as_str).to_vec(),
        link,
        you: visitor.person.name.clone(),
        sso: app.state.oidc.is_some(),
        tokens: app
            .directory
            .tokens_of(None)
            .into_iter()
            .map(|t| (t.id, t.name, format!("{}'s, ends {}", t.owner, words::date(t.expires_at))))
            .collect(),
    };
    pages::whole(app, Some(visitor), "settings_people.html", StatusCode::OK, view)
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
    visitor.person.allowed(Permission::People)?;
    let (by, name, directory) = (visitor.person.name.as_str(), text(&form, "name"), &app.directory);
    let outcome = match verb.as_str() {
        "invite" => match invite(&app, by, &form).await {
            Ok(link) => return show(&app, &visitor, Some(link)),
            Err(problem) => Err(problem),
        },
        "link" => match directory.invite_again(by, &name, app.now()).await {
            Ok(key) => return show(&app, &visitor, Some((name, welcome(&app, &key)))),
            Err(problem) => Err(problem),
        },
        "change" => {
            let disabled = form.contains_key("disabled");
            match role(&form) {
                Ok(role) => directory
                    .change(by, &name, role, Some(text(&form, "email")), disabled)
                    .await
                    .map(|a| format!("{} is a {} now{}.", a.name, a.role.as_str(), shut(a.disabled))),
                Err(problem) => Err(problem),
            }
        }
        "subject" => link(&app, by, &name, &text(&form, "subject")).await,
        "sign-out" => directory
            .end_sessions_of(by, &name, None)
            .await
            .map(|n| format!("{n} sessions of {name} are ended.")),
        "remove" if name == visitor.person.name => {
            Err(Problem::conflict("you cannot remove your own account: another administrator can"))
        }
        "remove" => directory.remove(by, &name).await.map(|()| format!("{name}'s account is gone.")),
        "revoke-token" => directory
            .revoke_token(by, &text(&form, "id"), None)
            .await
            .map(|_| "The token is revoked.".to_owned()),
        _ => return Err(Problem::not_found("there is no such form")),
    };
    Ok(back(&app, &visitor, PATH, outcome))
}

async fn invite(app: &App, by: &str, form: &Fields) -> Result<(String, String), Problem> {
    let new = NewAccount { name: text(form, "name"), email: Some(text(form, "email")), role: role(form)? };
    let (account, key) = app.directory.invite(by, new, app.now()).await?;
    Ok((account.name, welcome(app, &key)))
}

async fn link(app: &App, by: &str, name: &str, subject: &str) -> Result<String, Problem> {
    let Some(oidc) = app.state.oidc.as_deref() else {
        return Err(Problem::conflict(
            "there is no single sign-on here: [oidc] in the configuration adds it",
        ));
    };
    let whole = (!subject.is_empty()).then(|| format!("{} {}", oidc.issuer(), own(app, subject)));
    let account = app.directory.link(by, name, whole).await?;
    Ok(match account.subject {
        Some(_) => format!("{} comes in by the company's own sign-in as {subject}.", account.name),
        None => format!("{} is linked with nobody at the company's own sign-in.", account.name),
    })
}

/// A subject without the provider, where it is this one's.
fn own<'a>(app: &App, subject: &'a str) -> &'a str {
    let issuer = app.state.oidc.as_deref().map_or("", |oidc| oidc.issuer());
    subject.strip_prefix(issuer).and_then(|rest| rest.strip_prefix(' ')).unwrap_or(subject)
}

fn welcome(app: &App, key: &str) -> String {
    format!("{}/welcome?key={key}", app.state.public_url.trim_end_matches('/'))
}

fn role(form: &Fields) -> Result<Role, Problem> {
    Role::parse(&text(form, "role")).ok_or_else(|| Problem::invalid("role", "is not a role"))
}

fn shut(disabled: bool) -> &'static str {
    if disabled { ", and shut out" } else { "" }
}
