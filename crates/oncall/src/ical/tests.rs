//! Feeds, written and read back; holidays of files as they are published.

use jiff::Timestamp;
use proptest::prelude::*;

use super::lines::{Line, escaped, push, read, unescaped};
use super::{Entry, feed, holidays};
use crate::model::Roster;
use crate::schedule::{Shift, Source};
use crate::time::Span;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn written(shifts: &[Shift], schedule: &str, shown: &str) -> String {
    let entries: Vec<Entry<'_>> = shifts.iter().map(|shift| Entry { schedule, shift, shown }).collect();
    feed("On call", &entries, at("2026-01-01T00:00:00Z"))
}

#[test]
fn a_feed_of_a_schedule() {
    let roster = Roster::from_toml(include_str!("../model/whole.toml")).expect("it is right");
    let plan = roster.plan("payments").expect("it");
    let shifts = plan.shifts(at("2026-03-26T08:00:00Z"), at("2026-04-06T07:00:00Z"));
    insta::assert_snapshot!(written(&shifts, "payments", "Ana Lima, \"of\"; Köln").replace('\r', ""));
}

/// The events of a calendar, each as its lines.
fn events(text: &str) -> Vec<Vec<Line>> {
    let mut all: Vec<Vec<Line>> = Vec::new();
    for line in read(text).expect("lines") {
        match (line.name.as_str(), line.value.as_str()) {
            ("BEGIN", "VEVENT") => all.push(Vec::new()),
            _ => all.last_mut().into_iter().for_each(|event| event.push(line.clone())),
        }
    }
    all
}

fn value(event: &[Line], name: &str) -> String {
    event.iter().find(|l| l.name == name).map(|l| l.value.clone()).expect("the field")
}

#[test]
fn the_same_shift_keeps_its_id_and_no_two_share_one() {
    let roster = Roster::from_toml(include_str!("../model/whole.toml")).expect("it is right");
    let plan = roster.plan("payments").expect("it");
    let ids = |from: &str, until: &str| {
        let text = written(&plan.shifts(at(from), at(until)), "payments", "x");
        events(&text).iter().map(|e| value(e, "UID")).collect::<Vec<_>>()
    };
    let long = ids("2026-01-05T08:00:00Z", "2026-12-01T00:00:00Z");
    let later = ids("2026-02-02T08:00:00Z", "2026-08-01T00:00:00Z");
    assert!(!later.is_empty() && later.iter().all(|id| long.contains(id)));
    let mut distinct = long.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), long.len());
}

proptest! {
    #[test]
    fn whatever_names_hold_lines_are_short_and_texts_come_back(
        person in "\\PC{0,120}", schedule in "[ -~\n\r\u{e9}\u{1f525}]{0,120}", from in 0i64..4_000_000_000,
    ) {
        let from = Timestamp::from_second(from).expect("a time");
        let span = Span { from, until: from + jiff::SignedDuration::from_hours(8) };
        let source = Source::Layer { layer: person.clone() };
        let shift = Shift { span, person: person.clone(), source, shadow: false };
        let text = written(&[shift], &schedule, &person);
        for line in text.split("\r\n") {
            prop_assert!(line.len() <= 75, "{}", line);
            prop_assert!(!line.contains(['\r', '\n']));
        }
        let events = events(&text);
        prop_assert_eq!(events.len(), 1);
        let plain = |t: &str| t.chars().filter(|c| *c == '\n' || !c.is_control()).collect::<String>();
        let summary = format!("On call: {} ({})", plain(&person), plain(&schedule));
        prop_assert_eq!(unescaped(&value(&events[0], "SUMMARY")), summary);
        let start = value(&events[0], "DTSTART");
        prop_assert_eq!(start.parse::<Timestamp>().expect("a time"), from);
    }

    #[test]
    fn folding_and_escaping_are_undone(text in "\\PC{0,300}") {
        let mut out = String::new();
        push(&mut out, &format!("X:{}", escaped(&text)));
        let lines = read(&out).expect("a line");
        prop_assert_eq!(unescaped(&lines[0].value), text);
    }

    #[test]
    fn any_text_is_survived(text in "(BEGIN:VCALENDAR\n)?(BEGIN:VEVENT\n)?(DTSTART[;:]\\PC{0,12}\n)?(RRULE:\\PC{0,30}\n)?\\PC*") {
        let _ = holidays(&text, 2030);
    }
}

const FEASTS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260101\r\n\
DTEND;VALUE=DATE:20260102\r\nSUMMARY:New Year\\, of\r\n  all\r\nBEGIN:VALARM\r\nDTSTART:20200101\r\nEND:VALARM\r\n\
END:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20251225\r\nDTEND;VALUE=DATE:20251227\r\nSUMMARY:Christmas\r\n\
RRULE:FREQ=YEARLY;UNTIL=20261231\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:20260301T100000Z\r\nSUMMARY:A meeting\r\n\
END:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260505\r\nSTATUS:CANCELLED\r\nSUMMARY:No\r\nEND:VEVENT\r\n\
BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20240229\r\nSUMMARY:Leap\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20240229\r\n\
END:VEVENT\r\nEND:VCALENDAR\r\n";

#[test]
fn holidays_are_events_of_whole_days() {
    let days = holidays(FEASTS, 2028).expect("they are right");
    let shown: Vec<String> = days.iter().map(|d| format!("{} {}", d.date, d.name)).collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    2025-12-25 Christmas
    2025-12-26 Christmas
    2026-01-01 New Year, of all
    2026-12-25 Christmas
    2026-12-26 Christmas
    2028-02-29 Leap
    ");
    assert_eq!(holidays(&FEASTS.replace('\r', ""), 2028), Ok(days));
}

#[test]
fn what_is_not_understood_is_named_with_its_line() {
    let said = |text: &str| holidays(text, 2030).expect_err("it is wrong");
    let event = |lines: &str| format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n");
    let all = [
        said("hello"),
        said("X:y"),
        said("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\n"),
        said(&event("DTSTART:20261301")),
        said(&event("DTSTART:2026-01-01")),
        said(&event("DTSTART:20260101\nRRULE:FREQ=WEEKLY")),
        said(&event("DTSTART:20260101\nRRULE:FREQ=YEARLY;BYDAY=1MO")),
        said(&event("DTSTART:20260101\nDTEND:20300101")),
    ];
    insta::assert_snapshot!(all.join("\n"));
}
