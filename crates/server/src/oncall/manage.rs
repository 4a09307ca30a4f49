//! What people do with schedules. Who may is asked by the callers.

use std::sync::Arc;

use firebell_core::audit::Act;
use firebell_core::ports::office::{Change, Deed, OfficeReader};
use firebell_core::ports::store::StoreResult;
use firebell_oncall::Roster;
use firebell_oncall::check::{self, Finding, Limits, Weight};
use firebell_oncall::model::Replacement;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::kept::{KIND, Kept};
use crate::problem::Problem;
use crate::state::App;

/// So far ahead one may plan.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 366);
/// Longest text, in characters.
const TEXT: usize = 500;
/// Replacements of one schedule that are not over.
const MOST: usize = 1000;
/// One that has been over for so long is not asked of any schedule any more, and is taken away with the next.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What people entered, oldest first.
pub(crate) async fn list(app: &App) -> Result<Vec<Kept>, Problem> {
    let office = Arc::clone(&app.state.office);
    app.read(move |_| Kept::all(office.as_ref())).await
}

/// The roster of the configuration with what people entered.
pub(crate) async fn roster(app: &App) -> Result<Roster, Problem> {
    Ok(with(app, &list(app).await?))
}

/// Whoever is being called hears of a change at once.
async fn in_force(app: &App) -> Result<(), Problem> {
    let office = Arc::clone(&app.state.office);
    let joined = move |roster: Arc<Roster>| roster_in_force(office.as_ref(), &roster);
    Ok(app.state.oncall.put_in_force(&app.state.handle, joined).await?)
}

/// A roster of the configuration with what people entered.
///
/// # Errors
/// The store's.
pub fn roster_in_force(office: &dyn OfficeReader, configured: &Roster) -> StoreResult<Roster> {
    Ok(joined(configured, &Kept::all(office)?))
}

fn with(app: &App, kept: &[Kept]) -> Roster {
    joined(&app.state.oncall.roster(), kept)
}

fn joined(configured: &Roster, kept: &[Kept]) -> Roster {
    let mut roster = configured.clone();
    for one in kept {
        if let Some(schedule) = roster.schedules.iter_mut().find(|s| s.name == one.schedule) {
            schedule.replacements.push(one.replacement.clone());
        }
    }
    roster
}

/// A replacement of fields as files have them; the id is made here.
///
/// # Errors
/// Names the field that is wrong.
pub(crate) fn replacement(mut fields: Map<String, Value>, by: &str) -> Result<Replacement, Problem> {
    let id = format!("oc-{}", hex::encode(rand::random::<[u8; 6]>()));
    fields.insert("id".to_owned(), id.into());
    fields.insert("by".to_owned(), by.into());
    serde_json::from_value(Value::Object(fields)).map_err(|error| {
        let said = error.to_string();
        let field = said.split('`').nth(1).filter(|f| f.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        Problem::invalid(field.unwrap_or("kind"), said.clone())
    })
}

/// Enters one. Answers it, and what the checker finds now that it did not find before.
pub(crate) async fn add(
    app: &App,
    by: &str,
    schedule: &str,
    mut replacement: Replacement,
) -> Result<(Kept, Vec<Finding>), Problem> {
    let now = app.now();
    let kept = list(app).await?;
    let before = with(app, &kept);
    let known = before.schedule(schedule).ok_or_else(|| unknown(schedule))?;
    let spans = replacement.what.spans();
    let zone = known.time_zone.clone();
    for (from, until) in &spans {
        let (from, until) = (from.instant(&zone), until.instant(&zone));
        if until <= from {
            return Err(Problem::invalid("until", "must be after the beginning"));
        }
        if until <= now {
            return Err(Problem::invalid("until", "is past"));
        }
        if until.duration_since(now) > AHEAD {
            return Err(Problem::invalid("until", "is more than a year ahead"));
        }
    }
    let reason = crate::ui::clean(&replacement.reason).trim().to_owned();
    if reason.chars().count() > TEXT {
        return Err(Problem::invalid("reason", format!("must have at most {TEXT} characters")));
    }
    replacement.reason = reason;
    if kept.iter().filter(|k| k.schedule == schedule).count() >= MOST {
        return Err(Problem::conflict(format!("the schedule has {MOST} of them: remove some first")));
    }
    let one = Kept { schedule: schedule.to_owned(), replacement, created_at: now };
    let mut all = kept.clone();
    all.push(one.clone());
    let findings = news(&before, &with(app, &all), now);
    if let Some(error) = findings.iter().find(|f| f.weight == Weight::Error) {
        return Err(Problem::invalid("schedule", format!("{}; {}", error.problem, error.advice)));
    }
    let detail = json!({
        "schedule": schedule, "kind": one.replacement.what.kind(), "people": one.replacement.what.people(),
        "spans": spans.iter().map(|(f, u)| json!([f, u])).collect::<Vec<_>>(),
    });
    let act = Act::new(by, "oncall.override", &one.replacement.id).with(detail);
    let mut changes = vec![one.put().map_err(|e| Problem::internal(&e))?];
    let old = |k: &&Kept| {
        let ends = k.replacement.what.spans().into_iter().map(|(_, until)| until.instant(&zone));
        ends.max().is_some_and(|end| now.duration_since(end) > KEPT_FOR)
    };
    changes
        .extend(kept.iter().filter(old).map(|k| Change::Remove { kind: KIND, id: k.replacement.id.clone() }));
    app.state.handle.perform(Deed { act: Some(act), changes }).await?;
    in_force(app).await?;
    Ok((one, findings))
}

/// Takes one away.
pub(crate) async fn remove(app: &App, by: &str, id: &str) -> Result<Kept, Problem> {
    let kept = list(app).await?.into_iter().find(|k| k.replacement.id == id);
    let kept = kept.ok_or_else(|| Problem::not_found("there is no override with this id"))?;
    let act = Act::new(by, "oncall.override_removed", id).with(json!({"schedule": kept.schedule}));
    let changes = vec![Change::Remove { kind: KIND, id: id.to_owned() }];
    app.state.handle.perform(Deed { act: Some(act), changes }).await?;
    in_force(app).await?;
    Ok(kept)
}

/// What is found in the second and was not in the first.
fn news(before: &Roster, after: &Roster, now: jiff::Timestamp) -> Vec<Finding> {
    let old = check::check(before, now, &Limits::default());
    let mut new = check::check(after, now, &Limits::default());
    new.retain(|f| !old.contains(f));
    new
}

pub(super) fn unknown(schedule: &str) -> Problem {
    let shown: String = crate::ui::clean(schedule).chars().take(64).collect();
    Problem::invalid("schedule", format!("{shown:?} is no schedule"))
}
