//! Random schedules, about nights on which clocks are changed.

use std::collections::BTreeMap;

use jiff::civil::date;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use crate::model::{
    Calendar, Every, Holiday, HolidayRule, Layer, OnHolidays, Replacement, Rotation, Schedule, Turn, What,
};
use crate::time::{Day, TimeOfDay, When, Window, Zone};

/// Zones, each with moments at which its clock is changed; Kathmandu's never is.
pub(super) const NIGHTS: [(&str, [&str; 2]); 6] = [
    ("Europe/Berlin", ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"]),
    ("America/New_York", ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"]),
    ("Australia/Lord_Howe", ["2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"]),
    ("Asia/Kathmandu", ["2026-03-29T01:00:00Z", "2026-02-28T18:15:00Z"]),
    // Their clocks are changed at midnight: a day begins at one, and one begins twice.
    ("Asia/Beirut", ["2026-03-28T22:00:00Z", "2026-10-24T21:00:00Z"]),
    ("America/Santiago", ["2026-04-05T03:00:00Z", "2026-09-06T04:00:00Z"]),
];

#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) schedule: Schedule,
    pub(super) calendars: Vec<Calendar>,
    pub(super) from: Timestamp,
    pub(super) minutes: i64,
}

pub(super) const PEOPLE: [&str; 5] = ["ana", "ben", "cem", "dia", "eva"];

fn person() -> impl Strategy<Value = String> {
    prop::sample::select(&PEOPLE[..]).prop_map(str::to_owned)
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        6 => person().prop_map(|p| Turn(vec![p])),
        1 => prop::sample::subsequence(&PEOPLE[..], 2)
            .prop_map(|two| Turn(two.into_iter().map(str::to_owned).collect())),
    ]
}

fn time_of_day() -> impl Strategy<Value = TimeOfDay> {
    // Nights matter most.
    let night = (0u8..4, prop::sample::select(vec![0u8, 15, 30, 45]));
    let any = (0u8..24, prop::sample::select(vec![0u8, 7, 30]));
    prop_oneof![night, any].prop_map(|(h, m)| TimeOfDay::new(h, m).expect("a time"))
}

fn day() -> impl Strategy<Value = Day> {
    prop::sample::select(&Day::ALL[..])
}

fn days() -> impl Strategy<Value = Vec<Day>> {
    prop::sample::subsequence(&Day::ALL[..], 0..=7)
}

fn window() -> impl Strategy<Value = Window> {
    let end = prop_oneof![5 => time_of_day(), 1 => Just(TimeOfDay::END)];
    (days(), time_of_day(), end, prop::option::weighted(0.2, day()))
        .prop_map(|(days, from, to, to_day)| Window { days, from, to, to_day })
}

fn rotation(around: Timestamp) -> impl Strategy<Value = Rotation> {
    let every =
        prop::sample::select(vec![Every::Hour, Every::Day, Every::Week, Every::Month, Every::Weekday]);
    (every, 1u32..4, prop_oneof![4 => -2i64..9, 1 => 9i64..45], time_of_day(), days()).prop_map(
        move |(every, count, ago, at, days)| {
            let start = Zone::utc().clock(around).date() - ago.days();
            let count = if every == Every::Weekday { 1 } else { count };
            let hand_over_on = if every == Every::Week { days } else { Vec::new() };
            let count = if hand_over_on.len() > 1 { 1 } else { count };
            Rotation { every, count, start, at, hand_over_on }
        },
    )
}

fn layer(around: Timestamp) -> impl Strategy<Value = Layer> {
    let holidays = prop::option::weighted(
        0.3,
        prop::sample::select(vec![OnHolidays::Off, OnHolidays::Only])
            .prop_map(|then| HolidayRule { calendars: vec!["feasts".to_owned()], then }),
    );
    let limit = || prop::option::weighted(0.15, when(around));
    (
        prop::option::weighted(0.9, rotation(around)),
        prop::collection::vec(turn(), 1..5),
        prop::collection::btree_map(day(), turn(), 0..7),
        prop::collection::vec(window(), 0..3),
        holidays,
        prop::bool::weighted(0.15),
        (limit(), limit()),
    )
        .prop_map(|(rotation, participants, by_weekday, windows, holidays, shadow, (from, until))| {
            let by_weekday = if rotation.as_ref().is_some_and(|r| r.every == Every::Weekday) {
                by_weekday
            } else {
                BTreeMap::new()
            };
            let name = String::new();
            Layer { name, shadow, rotation, participants, by_weekday, windows, holidays, from, until }
        })
}

/// Within two days of the night, on quarters of an hour.
fn when(around: Timestamp) -> impl Strategy<Value = When> {
    (-200i64..200, any::<bool>()).prop_map(move |(quarters, local)| {
        let at = around + (quarters * 15).minutes();
        // As if the offset were none: any local time may be written, those that do not exist too.
        if local { When::Local(Zone::utc().clock(at)) } else { When::Instant(at) }
    })
}

fn replacement(around: Timestamp) -> impl Strategy<Value = What> {
    let when = move || when(around);
    prop_oneof![
        (prop::collection::vec(person(), 0..3), when(), when())
            .prop_map(|(people, from, until)| What::Override { people, from, until }),
        (person(), person(), when(), when()).prop_map(|(person, instead_of, from, until)| What::Cover {
            person,
            instead_of,
            from,
            until
        }),
        (person(), when(), when(), person(), when(), when()).prop_map(
            |(first, first_from, first_until, second, second_from, second_until)| What::Swap {
                first,
                first_from,
                first_until,
                second,
                second_from,
                second_until
            }
        ),
        (person(), prop::option::of(person()), when(), when()).prop_map(|(person, of, from, until)| {
            What::Shadow { person, of: of.unwrap_or_default(), from, until }
        }),
    ]
}

pub(super) fn case() -> impl Strategy<Value = Case> {
    (prop::sample::select(&NIGHTS[..]), 0usize..2, -2000i64..200).prop_flat_map(
        |((zone, nights), which, before)| {
            let around: Timestamp = nights[which].parse().expect("a time");
            (
                prop::collection::vec(layer(around), 1..5),
                prop::collection::vec(replacement(around), 0..4),
                prop::collection::vec(-2i64..3, 0..3),
                600i64..2500,
            )
                .prop_map(move |(mut layers, replacements, feasts, minutes)| {
                    for (number, layer) in layers.iter_mut().enumerate() {
                        layer.name = format!("layer {number}");
                    }
                    let replacements = (0..)
                        .zip(replacements)
                        .map(|(n, what)| Replacement {
                            id: format!("r{n}"),
                            what,
                            reason: String::new(),
                            by: String::new(),
                        })
                        .collect();
                    let day = |d: i64| Zone::utc().clock(around).date() + d.days();
                    let days =
                        feasts.into_iter().map(|d| Holiday { date: day(d), name: String::new() }).collect();
                    let calendars = vec![Calendar { name: "feasts".to_owned(), file: String::new(), days }];
                    let time_zone = Zone::named(zone).expect("a zone");
                    let schedule = Schedule {
                        role: String::new(),
                        name: "s".to_owned(),
                        team: String::new(),
                        time_zone,
                        layers,
                        replacements,
                    };
                    Case { schedule, calendars, from: around + before.minutes(), minutes }
                })
        },
    )
}

#[test]
fn nights_are_nights() {
    let summer = date(2026, 7, 1).to_datetime(jiff::civil::Time::midnight());
    for (zone, nights) in NIGHTS.into_iter().filter(|(zone, _)| *zone != "Asia/Kathmandu") {
        let zone = Zone::named(zone).expect("a zone");
        assert!(zone.instant(summer) > Timestamp::UNIX_EPOCH);
        for night in nights {
            let at: Timestamp = night.parse().expect("a time");
            assert_ne!(zone.offset_s(at - 1.second()), zone.offset_s(at), "{zone:?} at {night}");
        }
    }
}
