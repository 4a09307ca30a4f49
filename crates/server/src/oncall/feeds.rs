//! Calendars by subscription: an address with a token in it, kept as its hash only.

use std::sync::Arc;

use firebell_core::audit::Act;
use firebell_core::ports::office::{Change, Deed, Expect};
use firebell_core::ports::store::StoreError;
use firebell_oncall::ical::{Entry, feed};
use firebell_oncall::schedule::Shift;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::kept::documents;
use super::manage::{roster, unknown};
use crate::problem::Problem;
use crate::state::App;

/// Documents of feeds.
const KIND: &str = "oncall_feed";
/// Feeds of one person.
const MOST: usize = 50;
/// So far back, and so far ahead.
const BACK: SignedDuration = SignedDuration::from_hours(24 * 31);
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 180);

/// An address that somebody made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Feed {
    /// First half of the hash of its token.
    pub(crate) id: String,
    /// Shifts of this schedule; of all where none is given.
    pub(crate) schedule: Option<String>,
    /// Shifts of this person; of all where none is given.
    pub(crate) person: Option<String>,
    /// Who made it.
    pub(crate) by: String,
    pub(crate) created_at: Timestamp,
}

fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(format!("calendar feed {token}")))
}

/// Those that a person made, oldest first.
pub(crate) async fn feeds(app: &App, by: &str) -> Result<Vec<Feed>, Problem> {
    let office = Arc::clone(&app.state.office);
    let mut all: Vec<Feed> = app.read(move |_| documents(office.as_ref(), KIND)).await?;
    all.retain(|f| f.by == by);
    all.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(all)
}

/// Makes one. Answers its address, which is shown this once.
pub(crate) async fn make_feed(
    app: &App,
    by: &str,
    schedule: Option<String>,
    person: Option<String>,
) -> Result<(Feed, String), Problem> {
    let known = app.state.oncall.roster();
    if let Some(schedule) = schedule.as_deref().filter(|s| known.schedule(s).is_none()) {
        return Err(unknown(schedule));
    }
    if person.as_deref().is_some_and(|p| known.person(p).is_none()) {
        return Err(Problem::invalid("person", "is nobody of the on-call configuration"));
    }
    if schedule.is_none() && person.is_none() {
        return Err(Problem::invalid("schedule", "name a schedule, a person, or both"));
    }
    if feeds(app, by).await?.len() >= MOST {
        return Err(Problem::conflict(format!("you have {MOST} calendar addresses: remove some first")));
    }
    let token = hex::encode(rand::random::<[u8; 24]>());
    let hash = hash(&token);
    let id = hash.get(..16).unwrap_or_default().to_owned();
    let feed = Feed { id: id.clone(), schedule, person, by: by.to_owned(), created_at: app.now() };
    let detail = json!({"schedule": feed.schedule, "person": feed.person});
    let act = Act::new(by, "oncall.feed", &id).with(detail);
    let body = serde_json::to_value(&feed).map_err(|e| Problem::internal(&e))?;
    let change = Change::Put { kind: KIND, id: hash, body, expect: Expect::New };
    app.state.handle.perform(Deed { act: Some(act), changes: vec![change] }).await?;
    Ok((feed, format!("{}/oncall/feed/{token}.ics", app.state.public_url.trim_end_matches('/'))))
}

/// Takes one of one's own away; its address is good for nothing from then on.
pub(crate) async fn remove_feed(app: &App, by: &str, id: &str) -> Result<(), Problem> {
    let (office, wanted) = (Arc::clone(&app.state.office), id.to_owned());
    // Ids are the beginnings of the documents' ids.
    let after = wanted.clone();
    let found = app.read(move |_| office.documents(KIND, &after, 1)).await?;
    let found = found.into_iter().find(|d| d.id.starts_with(&wanted) && wanted.len() == 16);
    let mine = found.filter(|d| d.body.get("by").and_then(|b| b.as_str()) == Some(by));
    let document = mine.ok_or_else(|| Problem::not_found("you have no calendar address with this id"))?;
    let act = Act::new(by, "oncall.feed_removed", id);
    let changes = vec![Change::Remove { kind: KIND, id: document.id }];
    app.state.handle.perform(Deed { act: Some(act), changes }).await?;
    Ok(())
}

/// The calendar behind a token; nothing where there is none.
pub(crate) async fn serve_feed(app: &App, token: &str) -> Result<Option<String>, Problem> {
    let office = Arc::clone(&app.state.office);
    let key = hash(token);
    let document = app.read(move |_| office.document(KIND, &key)).await?;
    let Some(document) = document else { return Ok(None) };
    let wanted: Feed = serde_json::from_value(document.body).map_err(|e| {
        let what = format!("{KIND} {}", document.id);
        Problem::store(&StoreError::Corrupt { what, detail: e.to_string() })
    })?;
    // Whoever is shut out reads nothing by what they made before; so it is with the shifts of who is.
    let out = |name: &String| app.directory.account(name).is_some_and(|account| account.disabled);
    if out(&wanted.by) || wanted.person.as_ref().is_some_and(out) {
        return Ok(None);
    }
    let roster = roster(app).await?;
    let now = app.now();
    let until = now.saturating_add(AHEAD).unwrap_or(now);
    let mut found: Vec<(&str, Shift)> = Vec::new();
    for (name, plan) in roster.plans() {
        if wanted.schedule.as_deref().is_some_and(|s| s != name) {
            continue;
        }
        let back = now.saturating_sub(BACK).unwrap_or(now);
        // From a beginning that does not move with the time, so that shifts keep their ids.
        let from = plan.steady(back).0.unwrap_or(back);
        let shifts = plan.shifts(from, until).into_iter();
        found.extend(
            shifts.filter(|s| wanted.person.as_ref().is_none_or(|p| s.person == *p)).map(|s| (name, s)),
        );
    }
    let shown = |person: &'_ str| roster.person(person).map_or(person.to_owned(), |p| p.shown().to_owned());
    let names: Vec<String> = found.iter().map(|(_, s)| shown(&s.person)).collect();
    let entries: Vec<Entry<'_>> =
        found.iter().zip(&names).map(|((schedule, shift), shown)| Entry { schedule, shift, shown }).collect();
    let title = match (&wanted.person, &wanted.schedule) {
        (Some(person), _) => format!("On call: {}", shown(person)),
        (None, Some(schedule)) => format!("On call: {schedule}"),
        (None, None) => "On call".to_owned(),
    };
    Ok(Some(feed(&title, &entries, now)))
}
