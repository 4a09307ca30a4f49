//! A month of on-call on a virtual clock: a thousand incidents, channels that fail, people who do not answer, the nights
//! on which clocks are changed. The machine and the executor are the real ones; afterwards the record is held against
//! what the roster's file says, minute by minute, by a reference that knows nothing of the product's schedules.

mod checks;
mod month;
mod reference;

use month::{BEGIN, Month, ROSTER, Weather};
use reference::Reference;

#[test]
fn a_month_of_a_thousand_incidents_pages_who_is_on_call_and_nobody_else() {
    // Another month: `FIREBELL_ONCALL_SEED=8`.
    let seed = std::env::var("FIREBELL_ONCALL_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(7);
    let month = Month::new(seed, Weather::Bad).live(1000);
    let incidents = month.incidents();
    assert_eq!(incidents.len(), 1000);
    let mut seen = checks::Seen::default();
    let reference = Reference::of(ROSTER, BEGIN, 40);
    assert!(reference.changes() > 100);
    for records in &incidents {
        checks::check(records, &reference, &mut seen);
    }
    checks::phones(&month.phones(), &incidents);
    month.rooms_and_drafts_hold();
    month.wrong_rooms_and_drafts_are_found();
    // What the month was to show has happened in it.
    assert!(seen.first_attempts > 900 && seen.fell_back > 3 && seen.acknowledged > 900, "{seen:?}");
    assert!(seen.held > 20 && seen.failed > 50 && seen.came_on > 3, "{seen:?}");
    assert!(seen.snoozed > 10 && seen.handed_over > 10 && seen.requested > 10, "{seen:?}");
    assert!(seen.on_nights.iter().all(|n| *n > 10), "both nights were lived through: {seen:?}");
}

#[test]
fn where_every_channel_works_and_everybody_answers_nobody_is_escalated_to() {
    let month = Month::new(11, Weather::Fair).live(60);
    let incidents = month.incidents();
    let mut seen = checks::Seen::default();
    let reference = Reference::of(ROSTER, BEGIN, 40);
    for records in &incidents {
        checks::check(records, &reference, &mut seen);
    }
    checks::phones(&month.phones(), &incidents);
    assert_eq!((seen.fell_back, seen.failed), (0, 0), "{seen:?}");
}
