//! The forms of the page.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value};

use crate::auth::Permission;
use crate::oncall;
use crate::problem::Problem;
use crate::state::{App, Shared};
use crate::ui::guard::{self, Visitor};
use crate::ui::words;

type Fields = BTreeMap<String, String>;

fn text(form: &Fields, name: &str) -> String {
    form.get(name).map(|t| t.trim().to_owned()).unwrap_or_default()
}

/// Back to the page of the schedule, with a word on what became of it.
fn back(app: &App, visitor: &Visitor, form: &Fields, outcome: Result<String, Problem>) -> Response {
    match outcome {
        Ok(text) => visitor.tell(app, true, text),
        Err(problem) => visitor.tell(app, false, problem.sentence()),
    }
    let (schedule, month) = (text(form, "schedule"), text(form, "month"));
    Redirect::to(&words::address("/oncall", &[("schedule", &schedule), ("month", &month)])).into_response()
}

/// Enters a replacement.
pub(super) async fn create(
    State(app): State<Shared>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Problem> {
    guard::guarded(&headers, &visitor.session, &text(&form, "csrf"))?;
    visitor.person.allowed(Permission::OnCall)?;
    let outcome = enter(&app, &visitor, &form).await;
    Ok(back(&app, &visitor, &form, outcome))
}

async fn enter(app: &App, visitor: &Visitor, form: &Fields) -> Result<String, Problem> {
    let mut given = Map::new();
    let mut put = |name: &str, value: String| {
        if !value.is_empty() {
            given.insert(name.to_owned(), Value::String(value));
        }
    };
    let kind = text(form, "kind");
    // The form has the same two names for all kinds.
    let (person, other) = (text(form, "person"), text(form, "other"));
    match kind.as_str() {
        "swap" => {
            put("first", other);
            put("second", person);
            for (field, own) in [("from", "first_from"), ("until", "first_until")] {
                put(own, text(form, field));
            }
            put("second_from", text(form, "second_from"));
            put("second_until", text(form, "second_until"));
        }
        _ => {
            match kind.as_str() {
                "cover" => put("instead_of", other),
                "shadow" => put("of", other),
                _ => {}
            }
            if kind != "override" {
                put("person", person.clone());
            }
            put("from", text(form, "from"));
            put("until", text(form, "until"));
        }
    }
    put("kind", kind.clone());
    put("reason", text(form, "reason"));
    if kind == "override" {
        given.insert("people".to_owned(), vec![Value::String(text(form, "person"))].into());
    }
    let replacement = oncall::replacement(given, &visitor.person.name)?;
    let schedule = text(form, "schedule");
    let (kept, findings) = oncall::add(app, &visitor.person.name, &schedule, replacement).await?;
    let mut told = format!("The {} counts from now on.", kept.replacement.what.kind());
    for found in findings.iter().take(3) {
        told.push_str(&format!(" Mind that {}.", found.problem));
    }
    Ok(told)
}

/// Takes one away.
pub(super) async fn remove(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Problem> {
    guard::guarded(&headers, &visitor.session, &text(&form, "csrf"))?;
    visitor.person.allowed(Permission::OnCall)?;
    let outcome = oncall::remove(&app, &visitor.person.name, &id).await;
    let outcome = outcome.map(|k| format!("The {} no longer counts.", k.replacement.what.kind()));
    Ok(back(&app, &visitor, &form, outcome))
}

/// Makes a calendar address, which is shown once.
pub(super) async fn make_feed(
    State(app): State<Shared>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Problem> {
    guard::guarded(&headers, &visitor.session, &text(&form, "csrf"))?;
    visitor.person.allowed(Permission::OwnAccount)?;
    let some = |name: &str| Some(text(&form, name)).filter(|t| !t.is_empty());
    let (schedule, person) = match text(&form, "of").as_str() {
        "me" => (None, Some(visitor.person.name.clone())),
        _ => (some("schedule"), None),
    };
    let made = oncall::make_feed(&app, &visitor.person.name, schedule, person).await;
    let outcome = made
        .map(|(_, url)| format!("Subscribe to this address in your calendar; it is shown this once: {url}"));
    Ok(back(&app, &visitor, &form, outcome))
}

/// Makes one good for nothing.
pub(super) async fn remove_feed(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Problem> {
    guard::guarded(&headers, &visitor.session, &text(&form, "csrf"))?;
    visitor.person.allowed(Permission::OwnAccount)?;
    let outcome = oncall::remove_feed(&app, &visitor.person.name, &id).await;
    let outcome = outcome.map(|()| "The calendar address is good for nothing now.".to_owned());
    Ok(back(&app, &visitor, &form, outcome))
}
