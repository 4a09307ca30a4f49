//! `POST /login`: by name and password, or by a token.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::{LoginView, enter, next};
use crate::auth::{SignIn, Visit};
use crate::metrics::Door;
use crate::peer::Peer;
use crate::problem::Problem;
use crate::state::Shared;
use crate::ui::{guard, pages};

/// A password or a token for a session.
pub(crate) async fn submit(
    State(app): State<Shared>,
    headers: HeaderMap,
    Peer(peer): Peer,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    guard::same_site(&headers)?;
    let text = |name: &str| form.get(name).map_or("", |t| t.trim());
    let next = next(form.get("next").map(String::as_str));
    let visit = Visit::of(&headers, peer);
    let signed = if text("token").is_empty() {
        let password = form.get("password").cloned().unwrap_or_default();
        app.directory.sign_in(text("name"), password, visit, app.now()).await?
    } else {
        super::by_token(&app, text("token"), visit).await?
    };
    match signed {
        SignIn::In(cookie) => enter(&app, next, &cookie),
        SignIn::Wrong => {
            app.metrics.turned_away(Door::Login);
            let failed = if text("token").is_empty() {
                "Name or password is wrong.".to_owned()
            } else {
                "This token is not known here.".to_owned()
            };
            let view = LoginView { failed: Some(failed), ..LoginView::new(&app, next) };
            pages::whole(&app, None, "login.html", StatusCode::UNAUTHORIZED, view)
        }
        SignIn::Wait(seconds) => {
            app.metrics.turned_away(Door::Login);
            let failed =
                Some(format!("Too many attempts. Try again in {}.", crate::ui::words::span(seconds)));
            let view = LoginView { failed, ..LoginView::new(&app, next) };
            let mut response = pages::whole(&app, None, "login.html", StatusCode::TOO_MANY_REQUESTS, view)?;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Ok(response)
        }
    }
}
