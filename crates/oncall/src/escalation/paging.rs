//! Pages: a person's rules as attempts with their times.

use jiff::{SignedDuration, Timestamp};

use super::cx::Cx;
use super::state::{Attempt, AttemptState, Escalation, Page};
use crate::model::{Person, Urgency};
use crate::time::{self, seconds, timestamp};

/// The page of a person, planned. Somebody whom the roster does not know has no contacts, so nothing can be tried.
pub(super) fn plan(e: &Escalation, person: &str, cx: &Cx<'_>) -> Page {
    let known = cx.roster.person(person);
    let held_until = known.filter(|_| e.urgency == Urgency::Low).and_then(|p| quiet_until(p, cx.now));
    let begins = held_until.unwrap_or(cx.now);
    let attempts = known.map(|p| p.attempts(e.urgency)).unwrap_or_default();
    let attempts = (0..)
        .zip(attempts)
        .map(|(rule, (contact, after))| Attempt {
            rule,
            contact: contact.name().to_owned(),
            kind: contact.kind,
            address: contact.address.clone(),
            at: later(begins, after),
            state: AttemptState::Waiting,
        })
        .collect();
    Page { id: format!("{}/{}", e.id, e.pages_made + 1), person: person.to_owned(), held_until, attempts }
}

/// The end of the quiet hours that a moment is in.
fn quiet_until(person: &Person, now: Timestamp) -> Option<Timestamp> {
    if person.quiet_hours.is_empty() {
        return None;
    }
    let start = seconds(now);
    let mut at = start;
    // Windows may follow each other without a break; a week of them is the end of patience.
    while at < start + 7 * time::DAY_S {
        let (quiet, _, until) = time::state(&person.quiet_hours, &person.time_zone, at);
        if !quiet {
            break;
        }
        at = until;
    }
    (at > start).then(|| timestamp(at))
}

pub(super) fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
