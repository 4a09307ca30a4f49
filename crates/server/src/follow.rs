//! Server-sent events: the timeline as it grows, resumable by global position. Events are read from the store, the
//! engine's wake-up only says when to look, so that nothing is lost or told twice.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event as Sse, KeepAlive};
use axum::response::{IntoResponse, Response};
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Entry, Event, EventRecord, describe};
use firebell_core::ports::store::{Reader, StoreResult};
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::sync::watch;

use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::{App, Shared};

/// A comment is sent when nothing else was for so long, so that proxies keep the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Events of one look.
const PAGE: usize = 500;
/// After a look that found something the next one waits so long: in a storm, many commits share one look.
const PAUSE: Duration = Duration::from_millis(50);
/// How far a clock may have stepped back between two events.
const STEP_BACK: SignedDuration = SignedDuration::from_mins(10);

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// After that position.
    Position(u64),
    /// With what comes.
    Now,
    /// With an incident's first event, known to have been recorded then.
    Opening(Timestamp),
}

impl From {
    /// What the request asks for: `?after=` or `Last-Event-ID`, of which the latter is newer.
    pub(crate) fn of(headers: &HeaderMap, query: &Pairs) -> Result<Option<Self>, Problem> {
        if let Some(id) = headers.get("last-event-id") {
            let position = id.to_str().ok().and_then(|t| t.trim().parse().ok());
            let position =
                position.ok_or_else(|| Problem::bad_request("last-event-id", "is not a position"))?;
            return Ok(Some(Self::Position(position)));
        }
        Ok(query.read("after", "a position")?.map(Self::Position))
    }
}

#[derive(Serialize)]
struct Data<'a> {
    position: u64,
    incident: &'a IncidentId,
    entry: Entry,
    #[serde(rename = "type")]
    kind: String,
}

/// Streams what the person may see, of one incident or of all.
pub(crate) async fn stream(
    app: &Shared,
    person: Person,
    only: Option<IncidentId>,
    from: From,
) -> Result<Response, Problem> {
    // Before the first look, so that what is written between both is not missed.
    let changes = app.state.handle.changes();
    let wanted = only.clone();
    let position = app.read(move |reader| begin(reader, wanted.as_ref(), from)).await?;
    app.metrics.follower_came();
    let follower = Follower {
        guard: Guard(Arc::clone(app)),
        person,
        only,
        position,
        changes,
        restricted: BTreeSet::new(),
        seen: BTreeMap::new(),
        ready: VecDeque::new(),
        looked: false,
    };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let keep_alive = KeepAlive::new().interval(HEARTBEAT).text("heartbeat");
    let mut response = axum::response::Sse::new(events).keep_alive(keep_alive).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would hold events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// The position after which to look.
fn begin(reader: &dyn Reader, only: Option<&IncidentId>, from: From) -> StoreResult<u64> {
    match from {
        From::Position(position) => Ok(position),
        From::Now => reader.position(),
        From::Opening(at) => {
            let Some(id) = only else { return reader.position() };
            let before = at.checked_sub(STEP_BACK).unwrap_or(Timestamp::MIN);
            let found = search(reader, before)?;
            let first = reader.events_after(found, PAGE)?.into_iter().find(|(_, r)| r.incident == *id);
            // A clock that went astray: look at everything rather than lose the beginning.
            Ok(if first.is_some_and(|(_, r)| r.version > 1) { 0 } else { found })
        }
    }
}

/// The last position whose event is older than `at`, by halving.
fn search(reader: &dyn Reader, at: Timestamp) -> StoreResult<u64> {
    let (mut low, mut high) = (0, reader.position()?);
    while low < high {
        let middle = low + (high - low) / 2;
        match reader.events_after(middle, 1)?.first() {
            Some((position, record)) if record.at < at => low = (*position).max(middle + 1),
            _ => high = middle,
        }
    }
    Ok(low)
}

struct Follower {
    guard: Guard,
    person: Person,
    only: Option<IncidentId>,
    position: u64,
    changes: watch::Receiver<u64>,
    /// Incidents that were restricted at any time, as far as the stream has come.
    restricted: BTreeSet<IncidentId>,
    /// Whether the person sees an incident, as of the last look.
    seen: BTreeMap<IncidentId, bool>,
    ready: VecDeque<Sse>,
    looked: bool,
}

impl Follower {
    /// The next event; `None` once the engine has stopped.
    async fn next(&mut self) -> Option<Sse> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.looked {
                tokio::time::sleep(PAUSE).await;
                self.changes.changed().await.ok()?;
            }
            self.changes.borrow_and_update();
            self.look().await.ok()?;
        }
    }

    /// Reads one page; another look follows at once where the page was full.
    async fn look(&mut self) -> Result<(), Problem> {
        let (position, person) = (self.position, self.person.clone());
        let mut restricted = std::mem::take(&mut self.restricted);
        let app = Arc::clone(&self.guard.0);
        let (page, restricted, seen) = app
            .read(move |reader| {
                let page = reader.events_after(position, PAGE)?;
                let seen = if person.sees_restricted() {
                    BTreeMap::new()
                } else {
                    visibility(reader, &person.name, &mut restricted, &page)?
                };
                Ok((page, restricted, seen))
            })
            .await?;
        self.looked = page.len() < PAGE;
        (self.restricted, self.seen) = (restricted, seen);
        for (position, record) in page {
            self.position = position;
            if self.only.as_ref().is_none_or(|id| *id == record.incident) && self.may_see(&record) {
                self.ready.extend(event(position, &record));
            }
        }
        Ok(())
    }

    fn may_see(&self, record: &EventRecord) -> bool {
        // What is not known to be open to all is not shown.
        self.person.sees_restricted() || self.seen.get(&record.incident) == Some(&true)
    }
}

/// Which incidents of a page somebody sees. One that was ever restricted stays so for a stream; only its members see it.
fn visibility(
    reader: &dyn Reader,
    person: &str,
    restricted: &mut BTreeSet<IncidentId>,
    page: &[(u64, EventRecord)],
) -> StoreResult<BTreeMap<IncidentId, bool>> {
    for (_, record) in page {
        if let Event::Opened { restricted: true, .. } | Event::KindChanged { restricted: true, .. } =
            &record.event
        {
            restricted.insert(record.incident.clone());
        }
    }
    let mut seen = BTreeMap::new();
    for (_, record) in page {
        if seen.contains_key(&record.incident) {
            continue;
        }
        // What is not known to be open to all is not shown.
        let row = reader.summary(&record.incident)?;
        let sees = row.is_some_and(|row| {
            let open = !row.restricted && !restricted.contains(&record.incident);
            open || row.members.iter().any(|member| member == person)
        });
        if !sees {
            restricted.insert(record.incident.clone());
        }
        seen.insert(record.incident.clone(), sees);
    }
    Ok(seen)
}

fn event(position: u64, record: &EventRecord) -> Option<Sse> {
    let data =
        Data { position, incident: &record.incident, entry: describe(record), kind: kind(&record.event) };
    match Sse::default().id(position.to_string()).event("timeline").json_data(data) {
        Ok(event) => Some(event),
        Err(error) => {
            tracing::error!(%error, position, "an event could not be written as JSON");
            None
        }
    }
}

/// The event's name as in JSON.
fn kind(event: &Event) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    value.get("type").and_then(|t| t.as_str()).unwrap_or("unknown").to_owned()
}

/// Counts a follower out when its connection ends, however that comes about.
struct Guard(Shared);

impl Drop for Guard {
    fn drop(&mut self) {
        let app: &App = &self.0;
        app.metrics.follower_left();
    }
}
