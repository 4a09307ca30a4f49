//! Rosters of people and schedules as TOML, and public holidays as iCalendar.
#![no_main]

use firebell_oncall::Roster;
use firebell_oncall::ical::holidays;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(roster) = Roster::from_toml(text) {
        let written = roster.to_toml().expect("what was read can be written");
        assert_eq!(Roster::from_toml(&written).expect("and read again"), roster);
    }
    let _ = holidays(text, 2030);
});
