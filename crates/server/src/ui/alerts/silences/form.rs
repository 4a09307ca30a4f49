//! `GET /alerts/silences/new`, prefilled from an alert where one is named, and `POST /alerts/silences`.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use firebell_core::alert::Alert;
use firebell_core::ports::store::AlertFilter;
use firebell_core::silence::{Matcher, Silence};
use firebell_integrations::alertmanager::api::{parse_matchers, postable_silence, put};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;

use super::view;
use crate::am::new_silence_id;
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::Undo;
use crate::ui::alerts::page::LOOKED_AT;
use crate::ui::alerts::view::may_see;
use crate::ui::guard::{self, Visitor};
use crate::ui::{archive, pages};

/// Lengths to choose from, in minutes, and how they are called.
const LENGTHS: [(i64, &str); 8] = [
    (30, "30 minutes"),
    (60, "1 hour"),
    (120, "2 hours"),
    (240, "4 hours"),
    (480, "8 hours"),
    (1440, "1 day"),
    (4320, "3 days"),
    (10_080, "1 week"),
];
/// What is chosen at first.
const USUAL: i64 = 120;
/// Alerts that the form names.
const NAMED: usize = 5;

/// The form.
#[derive(Debug, Serialize)]
struct FormView {
    matchers: String,
    minutes: i64,
    comment: String,
    lengths: Vec<(i64, &'static str)>,
    error: Option<String>,
    /// Firing alerts that it would keep quiet, if its matchers can be read.
    covers: Option<usize>,
    named: Vec<String>,
    from_alert: Option<String>,
}

/// Shows it; `matchers`, `minutes` and `comment` fill it in where no alert does.
pub(crate) async fn form(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    visitor.person.allowed(Permission::Silence)?;
    let firing = firing(&app, &visitor.person).await?;
    let alert = query.get("alert").and_then(|f| firing.iter().find(|a| a.fingerprint.as_str() == f));
    let matchers: Vec<Matcher> = alert
        .map(|a| {
            let each = a.labels.iter().filter(|(_, value)| !value.is_empty());
            each.map(|(n, v)| Matcher { name: n.clone(), value: v.clone(), is_regex: false, is_equal: true })
                .collect()
        })
        .unwrap_or_default();
    let text = match query.get("matchers").filter(|_| alert.is_none()) {
        Some(text) => text.to_owned(),
        None => matchers.iter().map(view::text).collect::<Vec<_>>().join("\n"),
    };
    let wanted = query.read("minutes", "a number of minutes")?.unwrap_or(USUAL);
    let longer = LENGTHS.iter().map(|(minutes, _)| *minutes).find(|minutes| *minutes >= wanted);
    let minutes = longer.unwrap_or(LENGTHS[LENGTHS.len() - 1].0);
    let comment = query.get("comment").unwrap_or_default();
    let missing = query.get("alert").is_some() && alert.is_none();
    let error =
        missing.then(|| "This alert does not fire any more: write down what is to be silent.".to_owned());
    let name = alert.map(|a| a.name().to_owned());
    show(&app, &visitor, StatusCode::OK, &firing, &text, minutes, comment, error, name)
}

/// Makes a silence in the person's name; a form that cannot be read comes back with what is wrong.
pub(crate) async fn create(
    State(app): State<Shared>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    guard::guarded(&headers, &visitor.session, field("csrf"))?;
    visitor.person.allowed(Permission::Silence)?;
    let minutes = field("minutes").parse().ok().filter(|m| LENGTHS.iter().any(|(l, _)| l == m));
    let made =
        minutes.ok_or_else(|| Problem::invalid("minutes", "is not one of the lengths")).and_then(|minutes| {
            silence(field("matchers"), minutes, field("comment"), &visitor.person, app.now())
        });
    match made {
        Ok(silence) => {
            let undo = Undo::silence(&silence.id);
            app.state.handle.put_silence(silence).await?;
            visitor.tell_with(&app, true, "The silence holds from now.".to_owned(), Some(undo));
            Ok(Redirect::to("/alerts#silences").into_response())
        }
        Err(problem) => {
            let firing = firing(&app, &visitor.person).await?;
            let error = Some(problem.sentence());
            let (text, minutes) = (field("matchers"), minutes.unwrap_or(USUAL));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show(&app, &visitor, status, &firing, text, minutes, field("comment"), error, None)
        }
    }
}

/// Reads the form's fields; what is allowed is what Alertmanager's API allows.
fn silence(
    matchers: &str,
    minutes: i64,
    comment: &str,
    person: &Person,
    now: Timestamp,
) -> Result<Silence, Problem> {
    let invalid = |e: firebell_core::ports::alert_source::ParseError| Problem::invalid(&e.field, e.reason);
    let matchers = read(matchers).map_err(invalid)?;
    if comment.trim().is_empty() {
        return Err(Problem::invalid("comment", "is required: say why, for who wonders later"));
    }
    let ends_at = now
        .checked_add(SignedDuration::from_mins(minutes))
        .map_err(|_| Problem::invalid("minutes", "reaches beyond the end of time"))?;
    let body = json!({
        "matchers": matchers, "startsAt": now, "endsAt": ends_at, "createdBy": person.name, "comment": comment.trim(),
    });
    let bytes = serde_json::to_vec(&body).map_err(|e| Problem::internal(&e))?;
    let posted = postable_silence(&bytes, now).map_err(invalid)?;
    Ok(put(posted, None, &new_silence_id(), now).map_err(invalid)?.store)
}

/// Matchers, one or more a line.
fn read(text: &str) -> Result<Vec<Matcher>, firebell_core::ports::alert_source::ParseError> {
    let mut all = Vec::new();
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        all.extend(parse_matchers(line, "matchers")?);
    }
    Ok(all)
}

/// Firing alerts that the person may see.
async fn firing(app: &Shared, person: &Person) -> Result<Vec<Alert>, Problem> {
    let filter =
        AlertFilter { firing: Some(true), incident: None, limit: LOOKED_AT, ..AlertFilter::default() };
    let alerts = app.read(move |reader| reader.alerts(&filter)).await?;
    let person = person.clone();
    archive::look(app, move |known| alerts.into_iter().filter(|a| may_see(known, &person, a)).collect()).await
}

#[expect(clippy::too_many_arguments, reason = "the fields of one form")]
fn show(
    app: &Shared,
    visitor: &Visitor,
    status: StatusCode,
    firing: &[Alert],
    matchers: &str,
    minutes: i64,
    comment: &str,
    error: Option<String>,
    from_alert: Option<String>,
) -> Result<Response, Problem> {
    let wanted = read(matchers).ok().filter(|m| !m.is_empty());
    let covered: Option<Vec<&Alert>> =
        wanted.map(|all| firing.iter().filter(|a| all.iter().all(|m| m.matches(&a.labels))).collect());
    let view = FormView {
        matchers: matchers.to_owned(),
        minutes,
        comment: comment.to_owned(),
        lengths: LENGTHS.to_vec(),
        error,
        covers: covered.as_ref().map(Vec::len),
        named: covered.unwrap_or_default().into_iter().take(NAMED).map(|a| a.name().to_owned()).collect(),
        from_alert,
    };
    pages::whole(app, Some(visitor), "silence.html", status, view)
}
