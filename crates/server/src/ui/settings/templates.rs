//! `/settings/templates`: what would go out to whom at which moment, and what the templates lack.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use firebell_core::comms::Audience;
use firebell_report::{Field, REASONS, fields, preview};
use minijinja::Value;
use serde::Serialize;

use super::tabs::{Tab, tabs};
use crate::auth::Permission;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::guard::Visitor;
use crate::ui::{markdown, pages, words};

const PATH: &str = "/settings/templates";

#[derive(Debug, Serialize)]
struct View {
    tabs: Vec<Tab>,
    audiences: Vec<Choice>,
    moments: Vec<Choice>,
    file: String,
    own: bool,
    subject: String,
    body: Value,
    why_not: Option<String>,
    remarks: Vec<String>,
    findings: Vec<(String, String, String)>,
    fields: Vec<Field>,
}

#[derive(Debug, Serialize)]
struct Choice {
    key: &'static str,
    title: String,
    chosen: bool,
}

fn choice(key: &'static str, chosen: bool) -> Choice {
    Choice { key, title: words::title_case(key), chosen }
}

/// The page.
pub(crate) async fn page(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    visitor.person.allowed(Permission::PostUpdate)?;
    let asked = |name: &str| query.get(name).unwrap_or_default().to_owned();
    let audience = Audience::ALL.into_iter().find(|a| a.as_str() == asked("audience"));
    let audience = audience.unwrap_or(Audience::Internal);
    let moment = REASONS.into_iter().find(|r| r.as_str() == asked("moment")).unwrap_or(REASONS[0]);
    let (templates, policy) = (&app.state.templates, app.state.handle.policy());
    let made = preview(templates, policy, audience, moment);
    let why_not = made.as_ref().err().map(ToString::to_string);
    let (subject, body, remarks) =
        made.map(|(update, remarks)| (update.subject, update.body, remarks)).unwrap_or_default();
    let file = templates.name_for(audience, moment);
    let view = View {
        tabs: tabs(&visitor.person, PATH),
        audiences: Audience::ALL.into_iter().map(|a| choice(a.as_str(), a == audience)).collect(),
        moments: REASONS.into_iter().map(|r| choice(r.as_str(), r == moment)).collect(),
        own: templates.is_own(&file),
        file,
        subject,
        body: Value::from_safe_string(markdown::render(&words::clean(&body))),
        why_not,
        remarks: remarks.iter().map(|r| r.sentence()).collect(),
        findings: templates.lint(policy).into_iter().map(|f| (f.file, f.moment, f.what)).collect(),
        fields: fields(policy),
    };
    pages::whole(&app, Some(&visitor), "settings_templates.html", StatusCode::OK, view)
}
