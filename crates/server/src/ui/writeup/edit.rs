//! `/incidents/{id}/postmortem/edit`.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use firebell_core::incident::Command;
use minijinja::Value;
use serde::Serialize;

use crate::auth::Permission;
use crate::problem::Problem;
use crate::state::{App, Shared};
use crate::ui::guard::{self, Visitor};
use crate::ui::{markdown, pages, words};
use crate::{access, action, download};

#[derive(Debug, Serialize)]
struct View {
    id: String,
    title: String,
    text: String,
    /// Version of the edit that it is made from.
    base: u64,
    /// Who wrote it last, and when.
    last: Option<(String, String)>,
    edits: usize,
    preview: Option<Value>,
    failed: Option<String>,
}

/// The form.
pub(crate) async fn edit(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let view = load(&app, &visitor, &id).await?;
    pages::whole(&app, Some(&visitor), "postmortem_edit.html", StatusCode::OK, view)
}

/// Shows it as it will look, or saves it.
pub(crate) async fn save(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    guard::guarded(&headers, &visitor.session, &field("csrf"))?;
    let mut view = load(&app, &visitor, &id).await?;
    // Browsers send line ends of their own.
    let text = field("text").replace("\r\n", "\n");
    let base = field("base").parse().map_err(|_| Problem::invalid("base", "is not a version"))?;
    if form.contains_key("preview") {
        view.preview = Some(Value::from_safe_string(markdown::render(&words::clean(&text))));
        view = View { text, base, ..view };
        return pages::whole(&app, Some(&visitor), "postmortem_edit.html", StatusCode::OK, view);
    }
    let command = Command::EditPostmortem { text: text.clone(), base };
    match action::act(&app, &visitor.person, &id, command).await {
        Ok(_) => {
            visitor.tell(&app, true, "The postmortem is saved.".to_owned());
            Ok(Redirect::to(&format!("/incidents/{}", view.id)).into_response())
        }
        // What was written is not lost: it is in the form again.
        Err(problem) => {
            let view = View { text, base, failed: Some(problem.sentence()), ..view };
            pages::whole(&app, Some(&visitor), "postmortem_edit.html", problem.status, view)
        }
    }
}

async fn load(app: &App, visitor: &Visitor, id: &str) -> Result<View, Problem> {
    access::may_somewhere(&visitor.person, Permission::Postmortem)?;
    let (incident, records) = access::load(app, &visitor.person, id).await?;
    access::allowed_in(&visitor.person, Permission::Postmortem, &incident)?;
    let last = incident.postmortem_edits.last();
    let text = match download::edited(&incident, &records) {
        Some(text) => text.to_owned(),
        None => download::written(app, &incident).await?,
    };
    Ok(View {
        id: incident.id.to_string(),
        title: incident.title.clone(),
        text,
        base: last.map_or(0, |edit| edit.version),
        last: last.map(|edit| (edit.by.clone(), words::day(edit.at))),
        edits: incident.postmortem_edits.len(),
        preview: None,
        failed: None,
    })
}
