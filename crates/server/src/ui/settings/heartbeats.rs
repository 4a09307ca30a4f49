//! `/settings/heartbeats`: what beats here, and our own heartbeat.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::tabs::{Tab, tabs};
use crate::auth::Permission;
use crate::heartbeats::{OwnPulse, Shown, Stands};
use crate::problem::Problem;
use crate::state::Shared;
use crate::ui::guard::Visitor;
use crate::ui::{pages, words};

const PATH: &str = "/settings/heartbeats";

#[derive(Debug, Serialize)]
struct View {
    tabs: Vec<Tab>,
    unwell: usize,
    heartbeats: Vec<Line>,
    own: Option<Own>,
    address: String,
}

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    about: String,
    state: &'static str,
    /// `well`, `on` (bad) or nothing.
    mark: &'static str,
    alarming: bool,
    last: String,
    expected: String,
    service: String,
    said: String,
}

#[derive(Debug, Serialize)]
struct Own {
    to: String,
    every: String,
    last: Option<String>,
    failing: Option<(String, String)>,
}

/// The page.
pub(crate) async fn page(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Problem> {
    visitor.person.allowed(Permission::Settings)?;
    let now = app.now();
    let shown = app.state.heartbeats.shown(&app.state.office, now).await.map_err(|e| Problem::store(&e))?;
    let own = app.state.heartbeats.own.pulse();
    let view = View {
        tabs: tabs(&visitor.person, PATH),
        unwell: shown.iter().filter(|h| h.stands.is_alarming()).count(),
        heartbeats: shown.iter().map(|h| line(h, now)).collect(),
        own: own.configured.then(|| ours(&own, now)),
        address: app.state.public_url.trim_end_matches('/').to_owned(),
    };
    pages::whole(&app, Some(&visitor), "settings_heartbeats.html", StatusCode::OK, view)
}

fn line(h: &Shown, now: jiff::Timestamp) -> Line {
    let failure = h.kept.failure.as_ref();
    Line {
        name: h.name.clone(),
        about: h.about.clone(),
        state: match h.stands {
            Stands::New => "waits for its first beat",
            Stands::Up => "beats",
            Stands::Running => "a run is under way",
            Stands::Late => "late, within its grace",
            Stands::Missed => "missed",
            Stands::Failed => "failed",
        },
        mark: match h.stands {
            Stands::Up | Stands::Running => "well",
            Stands::Missed | Stands::Failed => "on",
            Stands::New | Stands::Late => "",
        },
        alarming: h.stands.is_alarming(),
        last: h.kept.last_at.map_or_else(|| "never".to_owned(), |at| words::ago(at, now)),
        expected: format!("every {}, grace {}", words::span(h.every_s), words::span(h.grace_s)),
        service: h.service.clone().unwrap_or_default(),
        said: match failure.map(|f| (f.exit, f.said.as_str())) {
            Some((Some(exit), said)) => format!("exit code {exit}. {said}"),
            Some((None, said)) => said.to_owned(),
            None => String::new(),
        },
    }
}

fn ours(own: &OwnPulse, now: jiff::Timestamp) -> Own {
    Own {
        to: own.to.clone(),
        every: words::span(own.every_s),
        last: own.last_at.map(|at| words::ago(at, now)),
        failing: own.failing.clone().map(|(since, reason)| (words::ago(since, now), reason)),
    }
}
