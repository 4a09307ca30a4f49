//! Signing in by password or token, and out.

mod first;
mod out;
mod show;
mod sso;
mod submit;

pub(super) use first::{set_up, setup, welcome, welcomed};
pub(super) use out::out;
pub(super) use show::show;
pub(super) use sso::{back, sso};
pub(super) use submit::submit;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::auth::{COOKIE, SignIn, Via, Visit};
use crate::problem::Problem;
use crate::state::App;
use crate::ui::pages;

/// The sign-in form.
#[derive(Debug, Serialize)]
pub(super) struct LoginView {
    next: String,
    failed: Option<String>,
    go: Option<String>,
    /// There are passwords: name and password come first.
    accounts: bool,
    /// The company's own sign-in, as its button calls it.
    sso: Option<String>,
}

impl LoginView {
    pub(super) fn new(app: &App, next: &str) -> Self {
        let accounts = app.directory.has_passwords();
        let sso = app.state.oidc.as_ref().map(|oidc| oidc.button());
        Self { next: next.to_owned(), failed: None, go: None, accounts, sso }
    }
}

/// Who holds a token of the configuration may have a session for it. One that is limited to scopes may not: a page knows
/// no scopes.
async fn by_token(app: &App, token: &str, visit: Visit) -> Result<SignIn, Problem> {
    let keys = [format!("address {}", visit.address)];
    if let Err(wait) = app.directory.throttle.check(&keys, app.now()) {
        return Ok(SignIn::Wait(wait.as_secs() + 1));
    }
    match app.state.auth.check(token) {
        Some(person) => {
            Ok(SignIn::In(app.directory.begin(&person.name, Via::Token, visit, app.now()).await?))
        }
        None => {
            app.directory.throttle.failed(&keys, app.now());
            Ok(SignIn::Wrong)
        }
    }
}

/// On to where they wanted, with the cookie.
pub(super) fn enter(app: &App, next: &str, session: &str) -> Result<Response, Problem> {
    let mut response = Redirect::to(next).into_response();
    response.headers_mut().extend(cookie(app, session).map(|c| (header::SET_COOKIE, c)));
    Ok(response)
}

/// The same as a page that goes on by itself: along a redirect from another site, a strict cookie is not sent.
pub(super) fn enter_by_page(app: &App, next: &str, session: &str) -> Result<Response, Problem> {
    let view = LoginView { go: Some(next.to_owned()), ..LoginView::new(app, next) };
    let mut response = pages::whole(app, None, "login.html", StatusCode::OK, view)?;
    response.headers_mut().extend(cookie(app, session).map(|c| (header::SET_COOKIE, c)));
    Ok(response)
}

/// The session cookie; an empty id removes it.
pub(super) fn cookie(app: &App, id: &str) -> Option<HeaderValue> {
    let secure = if app.is_https() { "; Secure" } else { "" };
    // As long as a session can last; the server ends it earlier.
    let age = if id.is_empty() { "; Max-Age=0" } else { "; Max-Age=2592000" };
    HeaderValue::from_str(&format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Strict{secure}{age}")).ok()
}

/// Where to go after signing in: a path of this server, nothing else.
fn next(wanted: Option<&str>) -> &str {
    match wanted {
        Some(path)
            if path.starts_with('/')
                && !path.starts_with("//")
                && path.len() < 200
                && path
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.')) =>
        {
            path
        }
        _ => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn leads_nowhere_else() {
        assert_eq!(next(Some("/incidents/INC-2026-0001")), "/incidents/INC-2026-0001");
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb", "", "/%2f/x"] {
            assert_eq!(next(Some(bad)), "/", "{bad:?}");
        }
    }
}
