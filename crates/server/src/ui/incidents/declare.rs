//! `POST /declare`: an incident by hand.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use firebell_core::incident::Opening;

use crate::action;
use crate::problem::Problem;
use crate::state::Shared;
use crate::ui::guard::{self, Visitor};

/// Opens it and leads to its page.
pub(crate) async fn declare(
    State(app): State<Shared>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    guard::guarded(&headers, &visitor.session, field("csrf"))?;
    let opening = Opening {
        title: field("title").to_owned(),
        report: field("report").to_owned(),
        severity: field("severity").parse().ok(),
        drill: field("drill") == "true",
        why: format!("declared by {} on the page", visitor.person.name),
        ..Opening::default()
    };
    match action::open(&app, &visitor.person, opening).await {
        Ok(decided) => Ok(Redirect::to(&format!("/incidents/{}", decided.incident)).into_response()),
        Err(problem) => {
            visitor.tell(&app, false, problem.sentence());
            Ok(Redirect::to("/").into_response())
        }
    }
}
