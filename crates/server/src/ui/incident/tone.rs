//! What somebody wants to tell customers, shown again with what the rules of tone say of it.

use axum::http::StatusCode;
use axum::response::Response;
use firebell_core::incident::Incident;
use firebell_report::tone::Remark;
use serde::Serialize;

use crate::problem::Problem;
use crate::state::App;
use crate::ui::guard::Visitor;
use crate::ui::pages;

#[derive(Debug, Serialize)]
struct View {
    id: String,
    title: String,
    verb: String,
    send: &'static str,
    subject: String,
    body: String,
    remarks: Vec<(String, &'static str)>,
}

/// The page.
pub(super) fn page(
    app: &App,
    visitor: &Visitor,
    i: &Incident,
    verb: &str,
    (subject, body): (&str, &str),
    remarks: &[Remark],
) -> Result<Response, Problem> {
    let view = View {
        id: i.id.to_string(),
        title: i.title.clone(),
        verb: verb.to_owned(),
        send: if verb == "draft" { "Keep it" } else { "Send it" },
        subject: subject.to_owned(),
        body: body.to_owned(),
        remarks: remarks.iter().map(|r| (r.words.clone(), r.reason)).collect(),
    };
    pages::whole(app, Some(visitor), "tone.html", StatusCode::UNPROCESSABLE_ENTITY, view)
}
