//! The rule by which local times become instants.

use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::{TimeOfDay, When, Zone};

fn instant(zone: &str, local: &str) -> String {
    let zone = Zone::named(zone).expect("a zone");
    zone.instant(local.parse().expect("a local time")).to_string()
}

#[test]
fn skipped_times_mean_the_jump_and_doubled_ones_their_first_coming() {
    assert_eq!(instant("Europe/Berlin", "2026-03-29T01:59"), "2026-03-29T00:59:00Z");
    assert_eq!(instant("Europe/Berlin", "2026-03-29T02:00"), "2026-03-29T01:00:00Z");
    assert_eq!(instant("Europe/Berlin", "2026-03-29T02:30"), "2026-03-29T01:00:00Z");
    assert_eq!(instant("Europe/Berlin", "2026-03-29T03:00"), "2026-03-29T01:00:00Z");
    assert_eq!(instant("Europe/Berlin", "2026-10-25T02:30"), "2026-10-25T00:30:00Z");
    assert_eq!(instant("Europe/Berlin", "2026-10-25T03:00"), "2026-10-25T02:00:00Z");
    assert_eq!(instant("Australia/Lord_Howe", "2026-10-04T02:15"), "2026-10-03T15:30:00Z");
    assert_eq!(instant("Australia/Lord_Howe", "2026-04-05T01:45"), "2026-04-04T14:45:00Z");
    assert_eq!(instant("Asia/Kathmandu", "2026-01-01T00:00"), "2025-12-31T18:15:00Z");
    // A whole day was skipped.
    assert_eq!(instant("Pacific/Apia", "2011-12-30T12:00"), "2011-12-30T10:00:00Z");
}

proptest! {
    #[test]
    fn it_is_the_first_instant_at_which_the_clock_shows_as_much(
        zone in prop::sample::select(vec![
            "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana",
            "Africa/Casablanca", "Pacific/Apia",
        ]),
        minutes in 0i64..30_000_000,
    ) {
        let zone = Zone::named(zone).expect("a zone");
        let local = Zone::utc().clock(Timestamp::UNIX_EPOCH + minutes.minutes());
        let at = zone.instant(local);
        prop_assert!(zone.clock(at) >= local);
        // No instant of the day before shows as much.
        for ago in 1..1500 {
            prop_assert!(zone.clock(at - i64::from(ago).minutes()) < local, "{ago} minutes before {at}");
        }
        prop_assert!(zone.instant(local + 1.minute()) >= at);
    }
}

#[test]
fn what_is_no_time_is_refused_with_a_word_on_what_is() {
    assert!(Zone::named("Europe/Bielefeld").unwrap_err().contains("IANA name"));
    for no in ["9:00", "24:01", "12:60", "noon", "+1:00", "", "12:00:00"] {
        assert!(TimeOfDay::parse(no).unwrap_err().contains("HH:MM"), "{no}");
    }
    assert_eq!(TimeOfDay::parse("24:00").map(|t| t.to_string()), Ok("24:00".to_owned()));
    for no in ["tomorrow", "2026-02-30", "2026-01-01T00:00[Europe/Berlin]", ""] {
        assert!(When::parse(no).is_err(), "{no}");
    }
    for yes in ["2026-01-01", "2026-01-01T09:30:00", "2026-01-01T08:30:00Z"] {
        let when = When::parse(yes).expect("a moment");
        assert_eq!(When::parse(&when.to_string()), Ok(when), "{yes}");
    }
}
