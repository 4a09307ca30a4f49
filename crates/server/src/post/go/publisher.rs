//! Whom a mitigation that waits concerns.

use std::collections::BTreeSet;

use firebell_core::incident::{Event, EventRecord, Incident, fold};
use firebell_core::ports::office::Delivery;
use firebell_core::ports::store::StoreResult;
use firebell_oncall::model::ContactKind;
use serde_json::json;

use super::{CHANNEL, Letter};
use crate::auth::Permission;
use crate::post::desk::Desk;
use crate::post::publisher::{Page, Publisher, delivery, place};

/// Contacts in chats where something can be pressed, or written in answer.
const CHATS: [ContactKind; 4] =
    [ContactKind::Telegram, ContactKind::Slack, ContactKind::Mattermost, ContactKind::Matrix];

/// Publishes to chats.
pub(in crate::post) struct GoPublisher;

impl Publisher for GoPublisher {
    fn publish(&self, page: &Page<'_>, desk: &Desk) -> StoreResult<Vec<Delivery>> {
        let mut out = Vec::new();
        for (position, record) in page.events {
            let hashes = waiting(record);
            if hashes.is_empty() {
                continue;
            }
            let events = desk.reader.events(&record.incident)?;
            let Some(incident) = fold(&events) else { continue };
            // A room that opened since has not been told of it.
            let upto = events.partition_point(|e| e.version <= record.version);
            let Some(then) = fold(&events[..upto]) else { continue };
            for (notifier, person, address) in receivers(&incident, &then, desk)? {
                let to = match &address {
                    Some(address) => format!("{CHANNEL}:{notifier}:{address}"),
                    None => format!("{CHANNEL}:{notifier}"),
                };
                let incident = record.incident.to_string();
                let letter = Letter { incident, plans: hashes.clone(), notifier, person, address };
                out.push(delivery(CHANNEL, &to, &place(*position), "go", json!(letter), desk.now()));
            }
        }
        Ok(out)
    }
}

/// Plans that somebody has to decide on.
fn waiting(record: &EventRecord) -> Vec<String> {
    match &record.event {
        Event::PlansProposed { plans, .. } => {
            plans.iter().filter(|p| p.approvals_needed > 0).map(|p| p.hash.clone()).collect()
        }
        // It was to run by itself, or had all the approvals that it needed.
        Event::ApprovalsNeededChanged { plan, needed } if *needed > 0 => vec![plan.clone()],
        _ => Vec::new(),
    }
}

/// By which notifier, whom, at which address.
type Receiver = (String, Option<String>, Option<String>);

/// Who takes part, but for the chats whose rooms stood `then`.
fn receivers(i: &Incident, then: &Incident, desk: &Desk) -> StoreResult<BTreeSet<Receiver>> {
    let systems = &desk.state.systems;
    let rooms: BTreeSet<&str> = then.rooms.open().map(|(chat, _)| chat.as_str()).collect();
    let there = |name: &&String| {
        systems.notifiers.iter().any(|n| n.name() == *name) && !rooms.contains(name.as_str())
    };
    let roster = desk.state.oncall.roster();
    let mut out = BTreeSet::new();
    let policy = desk.handle.policy();
    let mut channels: BTreeSet<&String> =
        policy.page_channels.iter().filter(|name| is_channel(name)).collect();
    for name in i.members() {
        if !desk.acting(name)?.is_some_and(|person| person.may(Permission::Approve)) {
            continue;
        }
        let contacts = roster.person(name).map(|p| p.contacts.as_slice()).unwrap_or_default();
        for contact in contacts {
            let Some(notifier) = systems.by_contact.get(&contact.kind) else { continue };
            if is_channel(notifier) {
                channels.insert(notifier);
            } else if CHATS.contains(&contact.kind) && there(&notifier) {
                out.insert((notifier.clone(), Some(name.to_owned()), Some(contact.address.clone())));
            }
        }
    }
    // Others read along in a channel, so of a restricted incident nothing is said there.
    if !i.is_secret() {
        out.extend(channels.into_iter().filter(there).map(|name| (name.clone(), None, None)));
    }
    Ok(out)
}

/// A chat that writes into one channel, whoever is meant.
fn is_channel(notifier: &str) -> bool {
    ["discord/", "msteams/"].iter().any(|kind| notifier.starts_with(kind))
}
