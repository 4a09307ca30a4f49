//! Pages that wait for an answer. Nothing is kept for this: they are in the outbox of open incidents, and whether
//! somebody has answered since is in the record.

use firebell_core::effect::Effect;
use firebell_core::incident::{Event, EventRecord, Summary};
use firebell_core::ports::store::{IncidentFilter, Reader, StoreResult};
use firebell_engine::ack::{Paged, version_of};
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

/// All pages about open incidents, oldest first within each.
pub(super) async fn open(app: &App) -> Result<Vec<Page>, Problem> {
    app.read(all).await
}

fn all(reader: &dyn Reader) -> StoreResult<Vec<Page>> {
    let filter = IncidentFilter {
        open: Some(true),
        include_restricted: true,
        limit: INCIDENTS,
        ..IncidentFilter::default()
    };
    let mut found = Vec::new();
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
        found.extend(pages.into_iter().map(|paged| Page {
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
