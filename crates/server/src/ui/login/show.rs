//! `GET /login`, and `GET /login?token=…`: a link that signs in at once and is gone from the address bar after it.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::{LoginView, enter, enter_by_page, next};
use crate::auth::{SignIn, Visit};
use crate::metrics::Door;
use crate::peer::Peer;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::pages;

/// The form, unless a token is in the address.
pub(crate) async fn show(
    State(app): State<Shared>,
    headers: HeaderMap,
    Peer(peer): Peer,
    query: Pairs,
) -> Result<Response, Problem> {
    let next = next(query.get("next"));
    let Some(token) = query.get("token") else {
        return pages::whole(&app, None, "login.html", StatusCode::OK, LoginView::new(&app, next));
    };
    let SignIn::In(session) = super::by_token(&app, token, Visit::of(&headers, peer)).await? else {
        app.metrics.turned_away(Door::Login);
        let failed = Some("This token is not known here.".to_owned());
        let view = LoginView { failed, ..LoginView::new(&app, next) };
        return pages::whole(&app, None, "login.html", StatusCode::UNAUTHORIZED, view);
    };
    let abroad = headers.get("sec-fetch-site").is_some_and(|v| v.as_bytes() == b"cross-site");
    if abroad { enter_by_page(&app, next, &session) } else { enter(&app, next, &session) }
}
