//! The forms, for everybody and without a session: what they do is bound by links that only their receivers have.

use axum::Form;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;

use super::ask::{ask, confirm, end, is_open, may_end};
use super::keep::Way;
use super::mail;
use crate::peer::Peer;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::{App, Shared};
use crate::status::board::Board;
use crate::status::routes::enabled;
use crate::status::show::FORMS;
use crate::status::view::Frame;

/// Fields in their order; `components` comes several times.
type Fields = Vec<(String, String)>;

pub(in crate::status) fn routes() -> Router<Shared> {
    Router::new()
        .route("/status/subscribe/email", post(email))
        .route("/status/subscribe/webhook", post(webhook))
        .route("/status/confirm", get(confirm_page).post(confirm_button))
        .route("/status/unsubscribe", get(end_page).post(end_button))
}

#[derive(Serialize)]
struct FormView {
    #[serde(flatten)]
    frame: Frame,
    mail: bool,
    /// Id and name.
    components: Vec<(String, String)>,
}

/// The page with the forms.
pub(in crate::status) fn form_page(app: &App, board: &Board) -> Result<String, Problem> {
    let view = FormView {
        frame: Frame::of(&board.title),
        mail: mail(&app.state).is_some(),
        components: board.components.iter().map(|c| (c.id.clone(), c.config.name.clone())).collect(),
    };
    app.pages.plain("status_subscribe.html", view)
}

#[derive(Serialize)]
struct SaidView {
    #[serde(flatten)]
    frame: Frame,
    heading: &'static str,
    text: String,
    /// Where a button leads to, and what it says.
    button: Option<(String, &'static str)>,
}

fn say(
    app: &App,
    status: StatusCode,
    heading: &'static str,
    text: impl Into<String>,
    button: Option<(String, &'static str)>,
) -> Result<Response, Problem> {
    let view = SaidView { frame: Frame::of(&app.status.config.title), heading, text: text.into(), button };
    let mut response = (status, Html(app.pages.plain("status_said.html", view)?)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, FORMS);
    // The address holds what must not be known to others.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Ok(response)
}

fn first<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str())
}

fn components(fields: &Fields) -> Vec<String> {
    fields.iter().filter(|(n, _)| n == "components").map(|(_, v)| v.clone()).collect()
}

async fn email(
    state: State<Shared>,
    peer: Peer,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let way = Way::Email(first(&fields, "email").to_owned());
    let said = "If that address can be written to, a mail is on its way to it. Open the link in it and press the button: \
                nothing is sent before.";
    asked(&state, peer, &headers, way, components(&fields), said).await
}

async fn webhook(
    state: State<Shared>,
    peer: Peer,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let way = Way::Webhook(first(&fields, "url").to_owned());
    let said = "That address is posted a code now, and the key that posts are signed with. It is subscribed once it \
                answers with the code.";
    asked(&state, peer, &headers, way, components(&fields), said).await
}

/// The answer is the same whoever is known already.
async fn asked(
    app: &Shared,
    peer: Peer,
    headers: &HeaderMap,
    way: Way,
    components: Vec<String>,
    said: &str,
) -> Result<Response, Problem> {
    enabled(app)?;
    crate::ui::same_site(headers)?;
    if let Err(wait) = app.status.limit.take(peer.0, app.now()) {
        let text =
            "Too many have asked from here within an hour. Try again later; the feeds are open to all.";
        let mut response = say(app, StatusCode::TOO_MANY_REQUESTS, "Later, please", text, None)?;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        return Ok(response);
    }
    match ask(app, way, components).await {
        Ok(()) => say(app, StatusCode::ACCEPTED, "Almost done", said, None),
        Err(problem) if problem.status.is_client_error() => {
            say(app, problem.status, "That did not work", problem.sentence(), None)
        }
        Err(problem) => Err(problem),
    }
}

const STALE: &str =
    "This link is not good any more. It was used already, or is older than two days: subscribe again.";

/// Whoever looks at links in mails before their receiver does gets a button, and presses none.
async fn confirm_page(State(app): State<Shared>, query: Pairs) -> Result<Response, Problem> {
    enabled(&app)?;
    let (id, token) = link(&query);
    if !is_open(&app, id, token).await? {
        return say(&app, StatusCode::FORBIDDEN, "This link is not good", STALE, None);
    }
    let to = format!("/status/confirm?s={id}&t={token}");
    let text = "You will hear by e-mail of incidents and maintenance. Each mail has a link to end it.";
    say(&app, StatusCode::OK, "Confirm your subscription", text, Some((to, "Subscribe")))
}

async fn confirm_button(State(app): State<Shared>, query: Pairs) -> Result<Response, Problem> {
    enabled(&app)?;
    let (id, token) = link(&query);
    if !confirm(&app, id, token).await? {
        return say(&app, StatusCode::FORBIDDEN, "This link is not good", STALE, None);
    }
    say(&app, StatusCode::OK, "You are subscribed", "You will hear of what is posted here from now on.", None)
}

const FORGED: &str = "This link is not good: open the one at the end of a mail that you got.";

async fn end_page(State(app): State<Shared>, query: Pairs) -> Result<Response, Problem> {
    let (id, token) = link(&query);
    if !may_end(&app, id, token) {
        return say(&app, StatusCode::FORBIDDEN, "This link is not good", FORGED, None);
    }
    let to = format!("/status/unsubscribe?s={id}&t={token}");
    say(&app, StatusCode::OK, "Unsubscribe", "Nothing will be sent any more.", Some((to, "Unsubscribe")))
}

/// The button, and the one click of mail programs (RFC 8058): both post to the link.
async fn end_button(State(app): State<Shared>, query: Pairs) -> Result<Response, Problem> {
    let (id, token) = link(&query);
    if !end(&app, id, token).await? {
        return say(&app, StatusCode::FORBIDDEN, "This link is not good", FORGED, None);
    }
    say(&app, StatusCode::OK, "You are unsubscribed", "Nothing will be sent any more.", None)
}

fn link(query: &Pairs) -> (&str, &str) {
    (query.get("s").unwrap_or_default(), query.get("t").unwrap_or_default())
}
