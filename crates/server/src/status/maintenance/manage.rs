//! What people do with maintenances. Who may is asked by the callers.

use std::sync::Arc;

use firebell_core::audit::Act;
use firebell_core::ports::office::Deed;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::kept::{Maintenance, Stage, Word};
use crate::problem::Problem;
use crate::state::App;
use crate::status::subscribers::announce;

/// Longest title, in characters.
const TITLE: usize = 120;
/// Longest text, in characters.
const TEXT: usize = 10_000;
/// Longest maintenance.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 31);
/// So far ahead one may plan, and so long after the end that the clock made it may still be prolonged or told of.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 366);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Updates of one maintenance.
const MOST_UPDATES: usize = 200;

/// A maintenance to be announced.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) title: String,
    /// Markdown.
    pub(crate) description: String,
    /// Names of components.
    pub(crate) components: Vec<String>,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
}

/// All, those that come first first.
pub(crate) async fn list(app: &App) -> Result<Vec<Maintenance>, Problem> {
    let office = Arc::clone(&app.state.office);
    let mut all = app.read(move |_| Maintenance::all(office.as_ref())).await?;
    all.sort_by(|a, b| (a.starts_at, &a.id).cmp(&(b.starts_at, &b.id)));
    Ok(all)
}

/// Names of the components that there are.
pub(crate) fn components(app: &App) -> Vec<String> {
    app.status.config.listed(app.state.handle.policy()).into_iter().map(|c| c.name).collect()
}

/// The services of components.
pub(crate) fn services(app: &App, components: &[String]) -> Vec<String> {
    let listed = app.status.config.listed(app.state.handle.policy()).into_iter();
    let mut services: Vec<String> =
        listed.filter(|c| components.contains(&c.name)).flat_map(|c| c.services).collect();
    services.sort();
    services.dedup();
    services
}

/// Announces one.
pub(crate) async fn schedule(app: &App, by: &str, plan: Plan) -> Result<Maintenance, Problem> {
    let now = app.now();
    let title = plan.title.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() || title.chars().count() > TITLE || title.chars().any(char::is_control) {
        return Err(Problem::invalid("title", format!("must have 1 to {TITLE} characters")));
    }
    let listed = app.status.config.listed(app.state.handle.policy());
    let mut components = Vec::new();
    for component in &listed {
        if plan.components.contains(&component.name) {
            components.push(component.name.clone());
        }
    }
    if let Some(unknown) = plan.components.iter().find(|c| !components.contains(c)) {
        let unknown: String = unknown.chars().filter(|c| !c.is_control()).take(64).collect();
        return Err(Problem::invalid("components", format!("{unknown:?} is not on the status page")));
    }
    if components.is_empty() && !listed.is_empty() {
        return Err(Problem::invalid("components", "choose what will be under maintenance"));
    }
    if now.duration_since(plan.starts_at) > DAY {
        return Err(Problem::invalid("starts_at", "is more than a day ago"));
    }
    check(plan.starts_at, plan.ends_at, now)?;
    let m = Maintenance {
        id: format!("mt-{}", hex::encode(rand::random::<[u8; 6]>())),
        title,
        description: text("description", &plan.description)?,
        components,
        starts_at: plan.starts_at,
        ends_at: plan.ends_at,
        status: None,
        began_at: None,
        ended_at: None,
        updates: Vec::new(),
        created_by: by.to_owned(),
        created_at: now,
        version: 0,
    };
    let detail =
        json!({"title": m.title, "components": m.components, "starts_at": m.starts_at, "ends_at": m.ends_at});
    write(app, by, "maintenance.schedule", m, detail).await
}

/// Posts an update; `stage` says that it is being worked on, or verified, from now on.
pub(crate) async fn post(
    app: &App,
    by: &str,
    id: &str,
    version: Option<u64>,
    body: &str,
    stage: Option<Stage>,
) -> Result<Maintenance, Problem> {
    let now = app.now();
    let mut m = still(app, id, version, now).await?;
    let body = text("body", body)?;
    match stage {
        None if body.is_empty() => {
            return Err(Problem::invalid("body", "is empty: write what there is to say"));
        }
        None => {}
        Some(_) if now >= m.ends_at => {
            return Err(Problem::conflict("it ended when it was due: move its end first"));
        }
        Some(stage) if stage.is_active() => {
            if m.began(now).is_none() {
                m.began_at = Some(now);
            }
            m.status = Some(stage);
        }
        Some(_) => return Err(Problem::invalid("status", "must be in_progress or verifying")),
    }
    let body = match (body.is_empty(), stage) {
        (true, Some(Stage::Verifying)) => "We are checking that all works as it should.".to_owned(),
        (true, _) => "The maintenance has begun.".to_owned(),
        _ => body,
    };
    say(&mut m, by, body, now)?;
    let detail = json!({"status": m.stage(now)});
    write(app, by, "maintenance.update", m, detail).await
}

/// Moves one that has not begun, or the end of one that goes on.
pub(crate) async fn set_times(
    app: &App,
    by: &str,
    id: &str,
    version: Option<u64>,
    starts_at: Option<Timestamp>,
    ends_at: Timestamp,
) -> Result<Maintenance, Problem> {
    let now = app.now();
    let mut m = still(app, id, version, now).await?;
    let begun = m.began(now).is_some();
    let starts_at = starts_at.unwrap_or(m.starts_at);
    if begun && starts_at != m.starts_at {
        return Err(Problem::invalid("starts_at", "it has begun: only its end can be moved"));
    }
    if !begun && starts_at < now {
        return Err(Problem::invalid("starts_at", "is past: to begin now, post that it is in progress"));
    }
    check(starts_at, ends_at, now)?;
    if (starts_at, ends_at) == (m.starts_at, m.ends_at) {
        return Err(Problem::invalid("ends_at", "is as before"));
    }
    (m.starts_at, m.ends_at) = (starts_at, ends_at);
    let until = |at: Timestamp| at.strftime("%-d %b %Y, %H:%M UTC").to_string();
    let body = if begun {
        format!("It goes on until {}.", until(ends_at))
    } else {
        format!("It is now planned from {} to {}.", until(starts_at), until(ends_at))
    };
    say(&mut m, by, body, now)?;
    let detail = json!({"starts_at": m.starts_at, "ends_at": m.ends_at});
    write(app, by, "maintenance.set_times", m, detail).await
}

/// Ends one that goes on, before or after the clock would.
pub(crate) async fn complete(
    app: &App,
    by: &str,
    id: &str,
    version: Option<u64>,
    body: &str,
) -> Result<Maintenance, Problem> {
    let now = app.now();
    let m = still(app, id, version, now).await?;
    if !m.stage(now).is_active() {
        return Err(Problem::conflict("it does not go on: one that has not begun is called off"));
    }
    end(app, by, m, Stage::Completed, body, now).await
}

/// Calls one off.
pub(crate) async fn cancel(
    app: &App,
    by: &str,
    id: &str,
    version: Option<u64>,
    body: &str,
) -> Result<Maintenance, Problem> {
    let now = app.now();
    let m = still(app, id, version, now).await?;
    if m.stage(now).is_over() {
        return Err(Problem::conflict("it is over already"));
    }
    end(app, by, m, Stage::Cancelled, body, now).await
}

async fn end(
    app: &App,
    by: &str,
    mut m: Maintenance,
    stage: Stage,
    body: &str,
    now: Timestamp,
) -> Result<Maintenance, Problem> {
    let mut body = text("body", body)?;
    let (action, usual) = match stage {
        Stage::Cancelled => ("maintenance.cancel", "The maintenance is called off."),
        _ => ("maintenance.complete", "The maintenance is completed."),
    };
    if body.is_empty() {
        usual.clone_into(&mut body);
    }
    m.status = Some(stage);
    m.ended_at = Some(now);
    say(&mut m, by, body, now)?;
    write(app, by, action, m, Value::Null).await
}

/// One that something can still be done with: a person has not ended it, and the clock has not more than a day ago.
async fn still(app: &App, id: &str, version: Option<u64>, now: Timestamp) -> Result<Maintenance, Problem> {
    let (office, key) = (Arc::clone(&app.state.office), id.to_owned());
    let found = app.read(move |_| Maintenance::of(office.as_ref(), &key)).await?;
    let m = found.ok_or_else(|| Problem::not_found("there is no such maintenance"))?;
    if version.is_some_and(|v| v != m.version) {
        return Err(Problem::conflict("somebody else has changed it meanwhile: look at it again"));
    }
    if m.status.is_some_and(Stage::is_over) || now.duration_since(m.ends_at) > DAY {
        return Err(Problem::conflict("it is over: announce another one"));
    }
    Ok(m)
}

fn check(starts_at: Timestamp, ends_at: Timestamp, now: Timestamp) -> Result<(), Problem> {
    if ends_at <= starts_at {
        return Err(Problem::invalid("ends_at", "must be after the start"));
    }
    if ends_at <= now {
        return Err(Problem::invalid("ends_at", "is past"));
    }
    if ends_at.duration_since(starts_at) > LONGEST {
        return Err(Problem::invalid("ends_at", "is more than a month after the start"));
    }
    if starts_at.duration_since(now) > AHEAD {
        return Err(Problem::invalid("starts_at", "is more than a year ahead"));
    }
    Ok(())
}

fn text(field: &str, text: &str) -> Result<String, Problem> {
    let text = crate::ui::clean(text).trim().to_owned();
    if text.chars().count() > TEXT {
        return Err(Problem::invalid(field, format!("must have at most {TEXT} characters")));
    }
    Ok(text)
}

fn say(m: &mut Maintenance, by: &str, body: String, now: Timestamp) -> Result<(), Problem> {
    if m.updates.len() >= MOST_UPDATES {
        return Err(Problem::conflict(format!("it has {MOST_UPDATES} updates: announce another one")));
    }
    let status = m.stage(now);
    m.updates.push(Word { at: now, by: by.to_owned(), body, status });
    Ok(())
}

async fn write(
    app: &App,
    by: &str,
    action: &str,
    mut m: Maintenance,
    detail: Value,
) -> Result<Maintenance, Problem> {
    let change = m.put().map_err(|e| Problem::internal(&e))?;
    let act = Act::new(by, action, &m.id).with(detail);
    let told = announce(&m, app.now());
    let changes = std::iter::once(change).chain(told).collect();
    app.state.handle.perform(Deed { act: Some(act), changes }).await?;
    m.version += 1;
    Ok(m)
}
