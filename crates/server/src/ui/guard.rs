//! Who is at the page, and the headers around every answer of it.

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use crate::auth::{Flash, Person, Session, cookie_value};
use crate::problem::Problem;
use crate::state::{App, Shared};
use crate::ui::Undo;

/// A signed-in visitor; anybody else is sent to the sign-in form.
pub(crate) struct Visitor {
    pub(crate) person: Person,
    pub(crate) session: Session,
}

impl Visitor {
    /// Keeps a word for the visitor's next page.
    pub(crate) fn tell(&self, app: &App, ok: bool, text: String) {
        self.tell_with(app, ok, text, None);
    }

    /// With what takes it back.
    pub(crate) fn tell_with(&self, app: &App, ok: bool, text: String, undo: Option<Undo>) {
        app.directory.tell(&self.session.id, Flash { ok, text, undo });
    }

    /// Takes that word.
    pub(crate) fn told(&self, app: &App) -> Option<Flash> {
        app.directory.told(&self.session.id)
    }
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Response> {
        let found = cookie_value(&parts.headers).and_then(|cookie| app.directory.session(cookie, app.now()));
        match found {
            Some(session) => Ok(Self { person: session.person.clone(), session }),
            None if wants_page(parts) => {
                let next = parts.uri.path();
                let to = if next == "/" { "/login".to_owned() } else { format!("/login?next={next}") };
                Err(Redirect::to(&to).into_response())
            }
            None => Err(Problem::unauthorized("sign in again: the session has ended").into_response()),
        }
    }
}

/// A form or a script gets an error; a reader gets the sign-in form.
fn wants_page(parts: &Parts) -> bool {
    parts.method == axum::http::Method::GET
        && !parts.uri.path().ends_with("/stream")
        && !parts.uri.path().ends_with("/fragment")
        && parts.uri.path() != "/palette"
}

/// Refuses a form that another site's page sent.
///
/// # Errors
/// 403.
pub(crate) fn same_site(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get("sec-fetch-site").map(|v| v.as_bytes()) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(Problem::forbidden("this form was sent from another site")),
    }
}

/// Refuses a form without this session's guard.
///
/// # Errors
/// 403.
pub(crate) fn guarded(headers: &HeaderMap, session: &Session, csrf: &str) -> Result<(), Problem> {
    same_site(headers)?;
    if session.guards(csrf) {
        return Ok(());
    }
    Err(Problem::forbidden("this form is from another session: reload the page and send it again"))
}

/// Adds what every answer of the page carries.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        // Not `no-referrer`: browsers would then send forms with an origin of null.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'"));
    response
}
