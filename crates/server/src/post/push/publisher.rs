//! What of the record concerns whom.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::incident::{Event, EventRecord, fold};
use firebell_core::ports::office::Delivery;
use firebell_core::ports::store::StoreResult;
use firebell_core::severity::Severity;
use firebell_oncall::escalation::Event as OnCallEvent;
use firebell_oncall::model::ContactKind;
use serde_json::json;

use super::device::{Device, may_hear, owner};
use super::{CALL, CHANNEL};
use crate::auth::Person;
use crate::post::desk::Desk;
use crate::post::publisher::{Page, Publisher, delivery, place};

/// Publishes to devices.
pub(in crate::post) struct PushPublisher;

/// Whom an event is for.
enum For {
    /// People who were called.
    Called(Vec<String>),
    /// Whoever takes part in the incident: a mitigation waits for their go.
    Go,
    /// Whoever wants to hear of bad incidents.
    News,
}

impl For {
    fn of(record: &EventRecord, paged_by_channels: bool) -> Option<Self> {
        Some(match &record.event {
            Event::Paged { person, contacts, .. }
                if contacts.is_empty() || contacts.iter().any(|c| c.kind == ContactKind::Push) =>
            {
                Self::Called(vec![person.clone()])
            }
            // By their own rules, and only when these say so.
            Event::OnCall { event: OnCallEvent::Attempted { person, kind: ContactKind::Push, .. } } => {
                Self::Called(vec![person.clone()])
            }
            // Where channels page, an event of its own says whom.
            Event::RoleAssigned { person: Some(person), .. } if !paged_by_channels => {
                Self::Called(vec![person.clone()])
            }
            Event::Escalated { people, .. } if !paged_by_channels => Self::Called(people.clone()),
            Event::PlansProposed { plans, .. } if plans.iter().any(|p| p.approvals_needed > 0) => Self::Go,
            Event::ApprovalsNeededChanged { needed, .. } if *needed > 0 => Self::Go,
            Event::Opened { severity, drill: false, .. } if is_bad(severity.severity) => Self::News,
            Event::SeverityChanged { from, to, .. } if is_bad(to.severity) && !is_bad(from.severity) => {
                Self::News
            }
            _ => return None,
        })
    }

    fn about(&self) -> &'static str {
        match self {
            Self::Called(_) => CALL,
            Self::Go => "go",
            Self::News => "news",
        }
    }
}

fn is_bad(severity: Severity) -> bool {
    severity <= Severity::Sev2
}

impl Publisher for PushPublisher {
    fn publish(&self, page: &Page<'_>, desk: &Desk) -> StoreResult<Vec<Delivery>> {
        let by_channels = desk.handle.pages_by_themselves();
        let found: Vec<(u64, &EventRecord, For)> =
            page.events.iter().filter_map(|(p, r)| Some((*p, r, For::of(r, by_channels)?))).collect();
        let mut out = Vec::new();
        if found.is_empty() {
            return Ok(out);
        }
        let devices = Device::all(desk.office.as_ref())?;
        if devices.is_empty() {
            return Ok(out);
        }
        let mut owners: BTreeMap<&str, Person> = BTreeMap::new();
        for device in &devices {
            owners.extend(owner(desk, device)?.map(|person| (device.id.as_str(), person)));
        }
        // Who is called for an incident is not told as well that it is new.
        let mut called = BTreeSet::new();
        let now = desk.now();
        let (news, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(.., f)| matches!(f, For::News));
        for (position, record, whom) in others.into_iter().chain(news) {
            let Some(row) = page.row(&record.incident)? else { continue };
            let members = match &whom {
                For::Called(people) => people.iter().cloned().collect(),
                For::Go => members(record, desk)?,
                For::News => BTreeSet::new(),
            };
            for device in devices.iter().filter(|d| d.created_at <= record.at) {
                let Some(person) = owners.get(device.id.as_str()) else { continue };
                let wanted = match whom {
                    For::News => device.news && !called.contains(&(&device.id, &record.incident)),
                    _ => members.contains(&person.name),
                };
                if !wanted || !may_hear(person, &row) {
                    continue;
                }
                if matches!(whom, For::Called(_)) {
                    called.insert((&device.id, &record.incident));
                }
                // What it says is made when it is sent: by then the incident may be restricted.
                let payload = json!({"incident": record.incident});
                out.push(delivery(CHANNEL, &device.id, &place(position), whom.about(), payload, now));
            }
        }
        Ok(out)
    }
}

/// Who takes part in an incident, by now.
fn members(record: &EventRecord, desk: &Desk) -> StoreResult<BTreeSet<String>> {
    let incident = fold(&desk.reader.events(&record.incident)?);
    Ok(incident.iter().flat_map(|i| i.members().into_iter().map(str::to_owned)).collect())
}
