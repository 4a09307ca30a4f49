//! Pages that wait for an answer. Nothing is kept for this: they are in the outbox of open incidents, and whether
//! somebody has answered since is in the record.

use firebell_core::effect::Effect;
use firebell_core::ids::{EffectKey, IncidentId};
use firebell_core::incident::{Event, EventRecord, Summary};
use firebell_core::ports::store::{IncidentFilter, Reader, StoreResult};
use firebell_engine::ack::{AckKeys, Paged, version_of};
use firebell_oncall::escalation::Event as OnCall;

use crate::problem::Problem;
use crate::state::App;

/// Open incidents that are looked through, newest first.
const INCIDENTS: usize = 500;
/// Effects of one incident that are looked through.
pub(super) const EFFECTS: usize = 20_000;

/// A page about an incident that is open.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) paged: Paged,
    pub(super) row: Summary,
    /// Whether they have acknowledged since it was asked for.
    pub(super) answered: bool,
}

/// All pages about open incidents, oldest first within each, and which of them were told together.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) pages: Vec<Page>,
    /// Marks of pages that one call named, the one that it leads to first.
    bundles: Vec<Vec<String>>,
}

impl Open {
    /// The other pages of the same person that were named in one call with this one, where it led to this one. It may be
    /// about an incident that is over by now.
    pub(super) fn told_with(&self, keys: &AckKeys, lead: &Paged) -> Vec<&Page> {
        let mark = keys.mark(lead);
        let bundle = self.bundles.iter().rev().find(|b| b.first() == Some(&mark));
        let others = bundle.map(|b| b.iter().skip(1).collect::<Vec<_>>()).unwrap_or_default();
        let named = |p: &&Page| p.paged.person == lead.person && others.contains(&&keys.mark(&p.paged));
        if others.is_empty() { Vec::new() } else { self.pages.iter().filter(named).collect() }
    }
}

/// See [`Open`].
///
/// # Errors
/// The store's.
pub(super) async fn open(app: &App) -> Result<Open, Problem> {
    app.read(all).await
}

/// The incidents besides that of a page that whoever answers it answers for, each once.
///
/// # Errors
/// The store's.
pub(crate) async fn with(app: &App, page: &Paged) -> Result<Vec<IncidentId>, Problem> {
    let open = open(app).await?;
    Ok(others(&page.incident, open.told_with(&app.state.ack_keys, page)))
}

/// The effects of the pages that were told with one, each with its incident and key.
///
/// # Errors
/// The store's.
pub(super) async fn rows_with(
    app: &App,
    lead: &Paged,
) -> Result<Vec<(IncidentId, EffectKey, Effect)>, Problem> {
    let open = open(app).await?;
    let wanted: Vec<Paged> =
        open.told_with(&app.state.ack_keys, lead).into_iter().map(|p| p.paged.clone()).collect();
    app.read(move |reader| {
        let mut found = Vec::new();
        for page in wanted {
            let rows = reader.outbox(Some(&page.incident), None, EFFECTS)?;
            found.extend(
                rows.into_iter()
                    .find(|row| row.key == page.key)
                    .map(|row| (page.incident, page.key, row.effect)),
            );
        }
        Ok(found)
    })
    .await
}

/// The incidents of pages, each once, without one of them.
pub(super) fn others(but: &IncidentId, pages: Vec<&Page>) -> Vec<IncidentId> {
    let mut all: Vec<IncidentId> = Vec::new();
    for page in pages.into_iter().filter(|p| !p.answered && p.paged.incident != *but) {
        if !all.contains(&page.paged.incident) {
            all.push(page.paged.incident.clone());
        }
    }
    all
}

fn all(reader: &dyn Reader) -> StoreResult<Open> {
    let filter = IncidentFilter {
        open: Some(true),
        include_restricted: true,
        limit: INCIDENTS,
        ..IncidentFilter::default()
    };
    let mut found = Open::default();
    for row in reader.incidents(&filter)? {
        let mut pages = Vec::new();
        for effect in reader.outbox(Some(&row.id), None, EFFECTS)? {
            if let Some(person) = whom(&effect.effect).map(str::to_owned) {
                pages.push(Paged { incident: row.id.clone(), person, key: effect.key });
            }
        }
        if pages.is_empty() {
            continue;
        }
        let records = reader.events(&row.id)?;
        found.bundles.extend(records.iter().filter_map(|r| match &r.event {
            Event::PagedTogether { with, .. } => Some(with.clone()),
            _ => None,
        }));
        found.pages.extend(pages.into_iter().map(|paged| Page {
            answered: answered(&records, &paged),
            row: row.clone(),
            paged,
        }));
    }
    Ok(found)
}

/// Whom an effect pages.
pub(super) fn whom(effect: &Effect) -> Option<&str> {
    match effect {
        Effect::Page { person, .. } => Some(person),
        Effect::Reach(reach) => Some(&reach.person),
        _ => None,
    }
}

/// Whether whoever was paged has acknowledged since.
pub(crate) fn answered(records: &[EventRecord], page: &Paged) -> bool {
    let since = version_of(&page.key).unwrap_or(0);
    let by_them = |event: &Event| match event {
        Event::Acknowledged { by, .. } => *by == page.person,
        Event::OnCall { event: OnCall::Acknowledged { person, .. } } => *person == page.person,
        _ => false,
    };
    records.iter().any(|r| r.version > since && by_them(&r.event))
}
