//! A month of on-call on a virtual clock: a thousand incidents, channels that fail, people who do not answer, the nights
//! on which clocks are changed. The machine and the executor are the real ones; afterwards the record is held against
//! what the roster's file says, minute by minute, by a reference that knows nothing of the product's schedules.

mod checks;
mod clock;
mod month;
mod reference;

use firebell_core::incident::{Event, EventRecord};
use month::{Month, Season, Weather};
use reference::Reference;

/// A month, and what happened in it.
struct Lived {
    month: Month,
    seen: checks::Seen,
    due: clock::Due,
}

#[test]
fn a_month_of_a_thousand_incidents_pages_who_is_on_call_and_nobody_else() {
    let Lived { month, seen, due } = lived(&Season::spring(), 7, 1000);
    month.rooms_and_drafts_hold(100);
    month.wrong_rooms_and_drafts_are_found();
    // What the month was to show has happened in it.
    assert!(seen.first_attempts > 900 && seen.fell_back > 3 && seen.acknowledged > 900, "{seen:?}");
    assert!(seen.held > 20 && seen.failed > 50 && seen.came_on > 3, "{seen:?}");
    assert!(seen.snoozed > 10 && seen.handed_over > 10 && seen.requested > 10, "{seen:?}");
    assert!(seen.on_nights.iter().all(|n| *n > 10), "both nights were lived through: {seen:?}");
    assert!(seen.next_contacts > 20 && seen.late > 20, "{seen:?}");
    assert!(due.uncommanded > 100 && due.unheard > 500, "{due:?}");
    assert!(due.hand_over_suggested > 30 && due.hand_over_insisted > 20, "{due:?}");
    assert!(due.cadence > 2000 && due.public > 300, "{due:?}");
    assert!(due.escalated > 300 && due.past_resolve_by > 20, "{due:?}");
    month.what_was_not_done_in_time_is_found();
}

#[test]
fn in_a_month_of_autumn_too_though_an_hour_comes_twice() {
    let Lived { month, seen, due } = lived(&Season::autumn(), 5, 200);
    month.rooms_and_drafts_hold(20);
    assert!(seen.first_attempts > 160 && seen.acknowledged > 180, "{seen:?}");
    assert!(seen.held > 4 && seen.failed > 10, "{seen:?}");
    assert!(seen.on_nights.iter().all(|n| *n > 10), "both nights were lived through: {seen:?}");
    assert!(due.uncommanded > 10 && due.hand_over_suggested > 5, "{due:?}");
}

/// A month with bad channels and people who do not answer, held against the reference. Another one:
/// `FIREBELL_ONCALL_SEED=8`.
fn lived(season: &Season, seed: u64, incidents: usize) -> Lived {
    let seed = std::env::var("FIREBELL_ONCALL_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(seed);
    let month = Month::new(seed, Weather::Bad, season).live(incidents);
    let all = month.incidents();
    assert_eq!(all.len(), incidents);
    let mut seen = checks::Seen::default();
    let reference = Reference::of(&season.roster, season.begin, 40);
    assert!(reference.changes() > 100);
    let mut due = clock::Due::default();
    for records in &all {
        checks::check(records, season, &reference, &mut seen);
        clock::holds(records, &month.policy, &mut due).unwrap_or_else(|broken| fail(&broken, &all));
    }
    checks::phones(&month.phones(), &all).unwrap_or_else(|broken| fail(&broken, &all));
    Lived { month, seen, due }
}

/// Fails with the record of the incident of which it is said.
fn fail(broken: &str, all: &[Vec<EventRecord>]) -> ! {
    let of_it = all.iter().find(|records| broken.contains(records[0].incident.as_str()));
    for record in of_it.into_iter().flatten().filter(|r| !matches!(r.event, Event::Room(_))) {
        let event: String = format!("{:?}", record.event).chars().take(400).collect();
        println!("{} {} {}: {event}", record.version, record.at, record.actor.display());
    }
    panic!("{broken}")
}

#[test]
fn where_every_channel_works_and_everybody_answers_nobody_is_escalated_to() {
    let season = Season::spring();
    let month = Month::new(11, Weather::Fair, &season).live(60);
    let incidents = month.incidents();
    let mut seen = checks::Seen::default();
    let reference = Reference::of(&season.roster, season.begin, 40);
    for records in &incidents {
        checks::check(records, &season, &reference, &mut seen);
    }
    checks::phones(&month.phones(), &incidents).unwrap_or_else(|broken| panic!("{broken}"));
    assert_eq!((seen.fell_back, seen.failed), (0, 0), "{seen:?}");
}
