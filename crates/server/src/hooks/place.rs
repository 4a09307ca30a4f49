//! Which incident somebody means.

use std::sync::Arc;

use firebell_core::ids::IncidentId;
use firebell_core::incident::{Summary, fold};
use firebell_core::ports::store::IncidentFilter;
use firebell_engine::ack::Paged;
use firebell_integrations::replies::Reference;

use super::carry::Asker;
use super::pages::{self, Page};
use super::words;
use crate::access;
use crate::problem::Problem;

/// Incidents that are offered to choose from.
const OFFERED: usize = 8;
/// Open incidents that are looked through, newest first.
const OPEN: usize = 50;

/// What is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meant {
    /// Which incident.
    pub(super) incident: IncidentId,
    /// Whether the person was paged about it: then they may answer, whoever else sees it.
    pub(super) paged: bool,
    /// Incidents that were told in one call with it: whoever takes it takes them.
    pub(super) with: Vec<IncidentId>,
}

/// What was found, or the sentence that asks for what is missing.
pub(super) type Found = Result<Meant, String>;

/// The incident that an answer to a page is about.
///
/// # Errors
/// The store's.
pub(super) async fn of_page(asker: &Asker<'_>, reference: &Reference) -> Result<Found, Problem> {
    let keys = &asker.app.state.ack_keys;
    let open = pages::open(asker.app).await?;
    let pages = &open.pages;
    let of = |page: &Paged| pages::others(&page.incident, open.told_with(keys, page));
    let mine = |p: &&Page| p.paged.person == asker.person.name;
    match reference {
        Reference::Button(reference) => Ok(match keys.read_reference(reference) {
            Some((incident, key)) => {
                let paged = pages.iter().filter(mine).any(|p| p.paged.incident == incident);
                let with = of(&Paged { incident: incident.clone(), person: asker.person.name.clone(), key });
                Ok(Meant { incident, paged, with })
            }
            None => {
                Err("This button is of another installation of Firebell, and does nothing here.".to_owned())
            }
        }),
        Reference::Code(code) => {
            let own = keys.with_code(code, pages.iter().filter(mine).map(|p| &p.paged));
            if let Some(page) = own.last() {
                return Ok(Ok(Meant { incident: page.incident.clone(), paged: true, with: of(page) }));
            }
            // Whoever sees somebody else's page in a room may answer it, as themselves.
            let seen = pages.iter().filter(|p| access::may_see_row(&asker.person, &p.row)).map(|p| &p.paged);
            Ok(match keys.with_code(code, seen).last() {
                Some(page) => Ok(Meant { incident: page.incident.clone(), paged: false, with: Vec::new() }),
                None => Err(format!(
                    "No open page has the code {code}. Look at the message again, or write `list` to see what is open."
                )),
            })
        }
        // No ids of providers are kept: what they call back carries a reference.
        Reference::None | Reference::Sent(_) => {
            if let Some(incident) = of_room(asker).await? {
                let paged = pages.iter().filter(mine).any(|p| p.paged.incident == incident);
                return Ok(Ok(Meant { incident, paged, with: Vec::new() }));
            }
            let mut waiting: Vec<&Page> = Vec::new();
            for page in pages.iter().filter(mine).filter(|p| !p.answered) {
                // The latest of each incident.
                waiting.retain(|p| p.paged.incident != page.paged.incident);
                waiting.push(page);
            }
            match waiting.as_slice() {
                [] => of_command(asker, None).await,
                [one] => {
                    let incident = one.paged.incident.clone();
                    Ok(Ok(Meant { incident, paged: true, with: of(&one.paged) }))
                }
                several => Ok(match several.iter().find(|one| is_all(several, one, &of(&one.paged))) {
                    // One call named all that waits: its answer needs no code.
                    Some(one) => {
                        let incident = one.paged.incident.clone();
                        Ok(Meant { incident, paged: true, with: of(&one.paged) })
                    }
                    None => Err(words::which_page(several, keys)),
                }),
            }
        }
    }
}

/// Whether a page and those that were told with it are all of some pages.
fn is_all(pages: &[&Page], lead: &Page, with: &[IncidentId]) -> bool {
    pages.iter().all(|p| p.paged.incident == lead.paged.incident || with.contains(&p.paged.incident))
}

/// The incident that a command is about: the one that it names, the one of the room, the only one that is open. What is
/// said in the room of an incident that is over is about that one and never about another.
///
/// # Errors
/// The store's.
pub(super) async fn of_command(asker: &Asker<'_>, named: Option<&IncidentId>) -> Result<Found, Problem> {
    let meant = |incident: IncidentId| Ok(Ok(Meant { incident, paged: false, with: Vec::new() }));
    if let Some(incident) = named {
        return meant(incident.clone());
    }
    if let Some(incident) = of_room(asker).await? {
        return meant(incident);
    }
    let open = open_incidents(asker).await?;
    Ok(match open.as_slice() {
        [] => Err("No incident is open. `declare TEXT` opens one.".to_owned()),
        [one] => return meant(one.id.clone()),
        several => Err(words::which_incident(several.iter().take(OFFERED), several.len())),
    })
}

/// The incident whose room it was said in, open or over, whoever may see it.
async fn of_room(asker: &Asker<'_>) -> Result<Option<IncidentId>, Problem> {
    let (chat, place) = (asker.taken.channel.clone(), asker.taken.answer.place.clone());
    if place.is_empty() {
        return Ok(None);
    }
    let office = Arc::clone(&asker.app.state.office);
    asker
        .app
        .read(move |reader| {
            if let Some(id) = firebell_engine::listen::incident_of(office.as_ref(), &chat, &place)? {
                return Ok(Some(id));
            }
            // A room that stands since a moment ago is not listened to yet.
            let open = IncidentFilter {
                open: Some(true),
                include_restricted: true,
                limit: OPEN,
                ..IncidentFilter::default()
            };
            for row in reader.incidents(&open)? {
                let room = fold(&reader.events(&row.id)?).and_then(|i| i.rooms.chats.get(&chat)?.id.clone());
                if room.is_some_and(|room| room == place) {
                    return Ok(Some(row.id));
                }
            }
            Ok(None)
        })
        .await
}

/// Open incidents that the person may see, newest first.
///
/// # Errors
/// The store's.
pub(super) async fn open_incidents(asker: &Asker<'_>) -> Result<Vec<Summary>, Problem> {
    let mut filter = access::visible(&asker.person);
    filter.open = Some(true);
    filter.limit = OPEN;
    asker.app.read(move |reader| reader.incidents(&filter)).await
}
