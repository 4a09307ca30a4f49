//! Who is on call by a roster's file, found minute by minute and by nothing of the product: the file as a table, clocks by
//! `jiff`. The clock on the wall goes on minute by minute and waits where it is put back; every hand-over is counted when
//! it shows.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use toml::{Table, Value};

/// For each schedule, who is on from which minute on.
pub(super) struct Reference(BTreeMap<String, Vec<(i64, Vec<String>)>>);

impl Reference {
    /// Of a roster from `begin` on, seconds since 1970, for so many days.
    pub(super) fn of(text: &str, begin: i64, days: i64) -> Self {
        let roster: Table = text.parse().expect("TOML");
        let schedules = roster["schedules"].as_array().expect("schedules");
        let schedules = schedules.iter().map(|s| s.as_table().expect("a table"));
        Self(schedules.map(|s| (text_of(s, "name").to_owned(), walk(s, begin, days))).collect())
    }

    /// Who is on call at an instant.
    pub(super) fn on_call(&self, schedule: &str, at: Timestamp) -> &[String] {
        let changes = &self.0[schedule];
        let after = changes.partition_point(|(from, _)| *from <= at.as_second());
        &changes[after.checked_sub(1).expect("within the month")].1
    }

    /// Whether somebody is on call by any schedule.
    pub(super) fn is_on(&self, person: &str, at: Timestamp) -> bool {
        self.0.keys().any(|schedule| self.on_call(schedule, at).iter().any(|p| p == person))
    }

    /// How often somebody else comes on.
    pub(super) fn changes(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

fn walk(schedule: &Table, begin: i64, days: i64) -> Vec<(i64, Vec<String>)> {
    let zone = TimeZone::get(text_of(schedule, "time_zone")).expect("a zone of this host");
    let layers: Vec<&Table> = tables(schedule, "layers");
    let replacements: Vec<&Table> = tables(schedule, "replacements");
    let (mut changes, mut turns) = (Vec::<(i64, Vec<String>)>::new(), vec![0usize; layers.len()]);
    let mut shown: Option<DateTime> = None;
    // From a day before: it may begin in the second coming of an hour.
    for minute in -24 * 60..days * 24 * 60 {
        let at = begin + minute * 60;
        let clock = zone.to_datetime(Timestamp::from_second(at).expect("in range"));
        let before = shown.unwrap_or(clock - 1.minute());
        let now = before.max(clock);
        // What is skipped in spring happens at the jump.
        let mut passed = before + 1.minute();
        while passed <= now {
            for (layer, turn) in layers.iter().zip(&mut turns) {
                *turn += usize::from(hands_over(layer, passed));
            }
            passed += 1.minute();
        }
        shown = Some(now);
        if minute < 0 {
            continue;
        }
        let mut on = Vec::new();
        for (layer, turn) in layers.iter().zip(&turns) {
            let of_layer = of(layer, *turn, now);
            if !of_layer.is_empty() {
                on = of_layer;
            }
        }
        for replacement in &replacements {
            let local = |field| text_of(replacement, field).parse::<DateTime>().expect("a local time");
            if now < local("from") || now >= local("until") {
                continue;
            }
            match text_of(replacement, "kind") {
                "override" => on = texts(&replacement["people"]),
                "cover" => {
                    let (gives, takes) = (text_of(replacement, "instead_of"), text_of(replacement, "person"));
                    if on.iter().any(|p| p == gives) {
                        on.retain(|p| p != gives && p != takes);
                        on.push(takes.to_owned());
                    }
                }
                other => panic!("the reference knows no {other}"),
            }
        }
        if changes.last().is_none_or(|(_, last)| *last != on) {
            changes.push((at, on));
        }
    }
    changes
}

/// Whether the turns of a layer change when the clock shows this minute.
fn hands_over(layer: &Table, shown: DateTime) -> bool {
    let Some(rotation) = layer.get("rotation").and_then(Value::as_table) else { return false };
    let start: Date = text_of(rotation, "start").parse().expect("a date");
    let at: Time = text_of(rotation, "at").parse().expect("a time");
    let count = rotation.get("count").and_then(Value::as_integer).unwrap_or(1);
    let first = start.to_datetime(at);
    if shown < first {
        return false;
    }
    let days = i64::from((shown.date() - start).get_days());
    match text_of(rotation, "every") {
        "hour" => shown.duration_since(first).as_mins() % (60 * count) == 0,
        "day" => shown.time() == at && days % count == 0,
        "week" => shown.time() == at && days % (7 * count) == 0,
        other => panic!("the reference knows no {other}"),
    }
}

fn of(layer: &Table, turn: usize, shown: DateTime) -> Vec<String> {
    let open = |window: &Table| {
        let time = |field| text_of(window, field).parse::<Time>().expect("a time");
        let (from, to, now) = (time("from"), time("to"), shown.time());
        if from < to { from <= now && now < to } else { now >= from || now < to }
    };
    let windows = tables(layer, "windows");
    if !windows.is_empty() && !windows.into_iter().any(open) {
        return Vec::new();
    }
    let people = texts(&layer["participants"]);
    let number = match layer.contains_key("rotation") {
        // Nobody before the first hand-over.
        true if turn == 0 => return Vec::new(),
        true => (turn - 1) % people.len(),
        false => 0,
    };
    vec![people[number].clone()]
}

fn text_of<'a>(table: &'a Table, field: &str) -> &'a str {
    table.get(field).and_then(Value::as_str).unwrap_or_else(|| panic!("{field} in {table}"))
}

fn tables<'a>(table: &'a Table, field: &str) -> Vec<&'a Table> {
    let all = table.get(field).and_then(Value::as_array);
    all.into_iter().flatten().map(|t| t.as_table().expect("a table")).collect()
}

fn texts(value: &Value) -> Vec<String> {
    let all = value.as_array().expect("a list").iter();
    all.map(|t| t.as_str().expect("a text").to_owned()).collect()
}
