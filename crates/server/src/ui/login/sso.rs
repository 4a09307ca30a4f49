//! `GET /login/sso`: off to the company's own sign-in; and `GET /login/sso/callback`: back from it.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::{LoginView, enter_by_page, next};
use crate::auth::{OIDC_COOKIE, OIDC_LIFE, Oidc, Visit, cookie_of};
use crate::metrics::Door;
use crate::peer::Peer;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::{App, Shared};
use crate::ui::pages;

/// Sends the browser to the provider, with a cookie by which it is known when it comes back.
pub(crate) async fn sso(
    State(app): State<Shared>,
    headers: HeaderMap,
    query: Pairs,
) -> Result<Response, Problem> {
    let oidc = configured(&app)?;
    let next = next(query.get("next"));
    // The same for several tabs, so that none spoils the others.
    let browser = match cookie_of(&headers, OIDC_COOKIE) {
        Some(value) if value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit()) => value.to_owned(),
        _ => hex::encode(rand::random::<[u8; 32]>()),
    };
    match oidc.begin(&browser, &callback(&app), next, app.now()).await {
        Ok(address) => {
            let mut response = Redirect::to(&address).into_response();
            response.headers_mut().extend(cookie(&app, &browser).map(|c| (header::SET_COOKIE, c)));
            Ok(response)
        }
        Err(problem) => refused(&app, next, &problem),
    }
}

/// Takes the provider's answer, and lets in whom it vouches for.
pub(crate) async fn back(
    State(app): State<Shared>,
    headers: HeaderMap,
    Peer(peer): Peer,
    query: Pairs,
) -> Result<Response, Problem> {
    let oidc = configured(&app)?;
    let browser = cookie_of(&headers, OIDC_COOKIE).unwrap_or_default();
    let now = app.now();
    let (identity, next) = match oidc.finish(browser, &callback(&app), &query, now).await {
        Ok(found) => found,
        Err(problem) => return refused(&app, "/", &problem),
    };
    match app.directory.vouched(identity, Visit::of(&headers, peer), now).await {
        Ok(session) => enter_by_page(&app, &next, &session),
        Err(problem) => refused(&app, &next, &problem),
    }
}

fn configured(app: &App) -> Result<&Oidc, Problem> {
    app.state.oidc.as_deref().ok_or_else(|| {
        Problem::not_found("there is no single sign-on here: [oidc] in the configuration adds it")
    })
}

/// The sign-in form, with what went wrong.
fn refused(app: &App, next: &str, problem: &Problem) -> Result<Response, Problem> {
    app.metrics.turned_away(Door::Login);
    let view = LoginView { failed: Some(problem.sentence()), ..LoginView::new(app, next) };
    pages::whole(app, None, "login.html", problem.status, view)
}

/// Where the provider sends people back to; it must know this address.
fn callback(app: &App) -> String {
    format!("{}/login/sso/callback", app.state.public_url.trim_end_matches('/'))
}

/// Lax, not strict: it has to come along from the provider's site.
fn cookie(app: &App, browser: &str) -> Option<HeaderValue> {
    let secure = if app.is_https() { "; Secure" } else { "" };
    let age = OIDC_LIFE.as_secs();
    let cookie =
        format!("{OIDC_COOKIE}={browser}; Path=/login/sso; HttpOnly; SameSite=Lax{secure}; Max-Age={age}");
    HeaderValue::from_str(&cookie).ok()
}
