//! Templates and how they are filled. Everything is escaped and cleaned on its way out, unless marked safe by code here.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, UndefinedBehavior, Value, context, escape_formatter};
use serde::Serialize;

use super::assets::NAMES;
use super::guard::Visitor;
use super::{nav, words};
use crate::problem::Problem;
use crate::state::App;

const TEMPLATES: &[(&str, &str)] = &[
    ("base.html", include_str!("base.html")),
    ("macros.html", include_str!("macros.html")),
    ("ack.html", include_str!("ack/page.html")),
    ("login.html", include_str!("login/page.html")),
    ("set_password.html", include_str!("login/set_password.html")),
    ("settings_base.html", include_str!("settings/base.html")),
    ("settings_system.html", include_str!("settings/system.html")),
    ("settings_heartbeats.html", include_str!("settings/heartbeats.html")),
    ("settings_templates.html", include_str!("settings/templates.html")),
    ("settings_account.html", include_str!("settings/account.html")),
    ("settings_push.html", include_str!("settings/push/section.html")),
    ("settings_people.html", include_str!("settings/people.html")),
    ("settings_subscribers.html", include_str!("settings/subscribers.html")),
    ("status_subscribe.html", include_str!("../status/subscribe.html")),
    ("status_said.html", include_str!("../status/said.html")),
    ("settings_maintenance.html", include_str!("settings/maintenance.html")),
    ("settings_audit.html", include_str!("settings/audit.html")),
    ("settings_webhooks.html", include_str!("settings/webhooks/page.html")),
    ("settings_webhook_fields.html", include_str!("settings/webhooks/fields.html")),
    ("settings_webhook.html", include_str!("settings/webhooks/one.html")),
    ("postmortem_edit.html", include_str!("writeup/edit.html")),
    ("incidents.html", include_str!("incidents/page.html")),
    ("incident_row.html", include_str!("incidents/row.html")),
    ("home.html", include_str!("home/page.html")),
    ("home_live.html", include_str!("home/live.html")),
    ("alerts.html", include_str!("alerts/page.html")),
    ("alerts_live.html", include_str!("alerts/live.html")),
    ("silence.html", include_str!("alerts/silences/page.html")),
    ("services.html", include_str!("services/list.html")),
    ("service.html", include_str!("services/service.html")),
    ("oncall.html", include_str!("oncall/page.html")),
    ("postmortems.html", include_str!("postmortems/page.html")),
    ("reports.html", include_str!("reports/page.html")),
    ("incident.html", include_str!("incident/page.html")),
    ("tone.html", include_str!("incident/tone.html")),
    ("evidence.html", include_str!("incident/evidence/page.html")),
    ("incident_live.html", include_str!("incident/live.html")),
    ("status_base.html", include_str!("../status/base.html")),
    ("status_macros.html", include_str!("../status/macros.html")),
    ("status.html", include_str!("../status/page.html")),
    ("status_incident.html", include_str!("../status/incident.html")),
    ("status_history.html", include_str!("../status/history.html")),
];

/// The compiled templates.
pub(crate) struct Pages(Environment<'static>);

impl Pages {
    pub(crate) fn new() -> Self {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        match SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
            Ok(syntax) => env.set_syntax(syntax),
            Err(error) => tracing::error!(%error, "the templates keep their blank lines"),
        }
        env.set_formatter(|out, state, value| match value.as_str() {
            Some(text) if value.kind() == ValueKind::String && !value.is_safe() && !words::is_clean(text) => {
                escape_formatter(out, state, &Value::from(words::clean(text)))
            }
            _ => escape_formatter(out, state, value),
        });
        for (name, source) in TEMPLATES {
            if let Err(error) = env.add_template(name, source) {
                // Templates are part of the program and tests render each; a request would tell the rest.
                tracing::error!(%error, name, "a template is broken");
            }
        }
        Self(env)
    }

    /// A page for everybody: no script, no forms, nobody's name.
    pub(crate) fn plain(&self, name: &str, view: impl Serialize) -> Result<String, Problem> {
        self.render(name, context! { v => Value::from(Serde(view)) })
    }

    fn render(&self, name: &str, cx: Value) -> Result<String, Problem> {
        self.0.get_template(name).and_then(|t| t.render(cx)).map_err(|error| {
            tracing::error!(error = format!("{error:#}"), name, "a page could not be rendered");
            Problem::internal(&"a page could not be rendered")
        })
    }
}

/// A whole page. `visitor` is `None` on the sign-in form.
pub(super) fn whole(
    app: &App,
    visitor: Option<&Visitor>,
    name: &str,
    status: StatusCode,
    view: impl Serialize,
) -> Result<Response, Problem> {
    let nonce = hex::encode(rand::random::<[u8; 16]>());
    let told = visitor.and_then(|v| v.told(app));
    let cx = context! {
        nonce => nonce.as_str(),
        css => NAMES.css.as_str(),
        js => NAMES.js.as_str(),
        icon => NAMES.icon.as_str(),
        palette => NAMES.palette.as_str(),
        nav => Value::from(Serde(nav::items(name))),
        csrf => visitor.map(|v| v.session.csrf.clone()).unwrap_or_default(),
        person => visitor.map(|v| context! { name => v.person.name.as_str(), role => v.person.role.as_str() }),
        told => told.map(|t| context! { ok => t.ok, text => t.text, undo => t.undo.map(|u| Value::from(Serde(u))) }),
        v => Value::from(Serde(view)),
    };
    let html = app.pages.render(name, cx)?;
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'nonce-{nonce}'; connect-src 'self'; img-src 'self'; \
         worker-src 'self'; manifest-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = (status, Html(html)).into_response();
    let policy = HeaderValue::from_str(&policy).map_err(|e| Problem::internal(&e))?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// The live part of a page alone.
pub(super) fn part(
    app: &App,
    visitor: &Visitor,
    name: &str,
    view: impl Serialize,
) -> Result<Response, Problem> {
    let cx = context! { csrf => visitor.session.csrf.as_str(), v => Value::from(Serde(view)) };
    Ok(Html(app.pages.render(name, cx)?).into_response())
}

/// An error as a page: what went wrong, and the way back.
pub(super) fn error(app: &App, visitor: &Visitor, problem: Problem) -> Response {
    if problem.code == "not_found" {
        visitor.tell(app, false, problem.sentence());
        return axum::response::Redirect::to("/").into_response();
    }
    problem.into_response()
}
