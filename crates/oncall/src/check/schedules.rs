//! Schedules whose fields contradict each other.

use super::{Finding, Weight, finding};
use crate::model::{Every, Layer, Roster, What};
use crate::time::Zone;

pub(super) fn check(roster: &Roster) -> Vec<Finding> {
    let mut all = Vec::new();
    for schedule in &roster.schedules {
        if schedule.layers.is_empty() {
            let field = format!("schedules.{}.layers", schedule.name);
            all.push(finding(Weight::Error, field, "it has no layer", "add a layer with its participants"));
        }
        for (number, layer) in schedule.layers.iter().enumerate() {
            let field = format!("schedules.{}.layers.{}", schedule.name, layer.name);
            if schedule.layers.iter().take(number).any(|other| other.name == layer.name) {
                let problem = format!("there are two layers of the name `{}`", layer.name);
                all.push(finding(Weight::Error, field.clone(), problem, "rename one of them"));
            }
            self::layer(layer, &schedule.time_zone, &field, &mut all);
        }
        for (number, replacement) in schedule.replacements.iter().enumerate() {
            let field = format!("schedules.{}.replacements.{}", schedule.name, replacement.id);
            if schedule.replacements.iter().take(number).any(|other| other.id == replacement.id) {
                let problem = format!("there are two of the id `{}`", replacement.id);
                all.push(finding(Weight::Error, field.clone(), problem, "give one of them another id"));
            }
            self::replacement(&replacement.what, &schedule.time_zone, &field, &mut all);
        }
    }
    all
}

fn layer(layer: &Layer, zone: &Zone, field: &str, all: &mut Vec<Finding>) {
    let mut wrong = |sub: &str, problem: &str, advice: &str| {
        all.push(finding(Weight::Error, format!("{field}.{sub}"), problem, advice));
    };
    let by_weekday = layer.rotation.as_ref().is_some_and(|r| r.every == Every::Weekday);
    if by_weekday && layer.by_weekday.is_empty() {
        wrong("by_weekday", "the rotation is by weekday and no day has anybody", "say whose day each is");
    }
    if by_weekday && !layer.participants.is_empty() {
        wrong("participants", "a rotation by weekday does not use them", "put them into by_weekday");
    }
    if !by_weekday && !layer.by_weekday.is_empty() {
        wrong(
            "by_weekday",
            "only a rotation of every = \"weekday\" uses it",
            "set rotation.every, or take it out",
        );
    }
    if !by_weekday && layer.participants.iter().all(|t| t.0.is_empty()) {
        wrong("participants", "nobody takes part", "name somebody, or take the layer out");
    }
    match &layer.rotation {
        None if layer.participants.len() > 1 => {
            wrong("rotation", "there are several turns and nothing says when they change", "add a rotation");
        }
        Some(rotation) => {
            if !(1..=1000).contains(&rotation.count) {
                wrong("rotation.count", "it must be 1 to 1000", "write how many steps make a turn");
            }
            if rotation.at == crate::time::TimeOfDay::END {
                wrong("rotation.at", "a hand-over at 24:00 is one at 00:00 of the next day", "write 00:00");
            }
            if !rotation.hand_over_on.is_empty() && rotation.every != Every::Week {
                wrong("rotation.hand_over_on", "only weeks have hand-over days", "set every = \"week\"");
            }
            if rotation.hand_over_on.len() > 1 && rotation.count > 1 {
                wrong(
                    "rotation.hand_over_on",
                    "several days a week go with count = 1 only",
                    "leave count out",
                );
            }
            if by_weekday && rotation.count > 1 {
                wrong("rotation.count", "a rotation by weekday has no count", "leave it out");
            }
        }
        None => {}
    }
    for (number, window) in layer.windows.iter().enumerate() {
        if window.from == crate::time::TimeOfDay::END {
            wrong(
                &format!("windows[{number}].from"),
                "a window cannot open at 24:00",
                "write 00:00, a day later",
            );
        }
    }
    if let (Some(from), Some(until)) = (layer.from, layer.until)
        && from.instant(zone) >= until.instant(zone)
    {
        wrong("until", "it is not after `from`", "correct one of them");
    }
}

fn replacement(what: &What, zone: &Zone, field: &str, all: &mut Vec<Finding>) {
    let spans: Vec<_> = what.spans().iter().map(|(f, u)| (f.instant(zone), u.instant(zone))).collect();
    if spans.iter().any(|(from, until)| from >= until) {
        let problem = "it ends before it begins, or has no length";
        all.push(finding(Weight::Error, field, problem, "correct from or until"));
    }
    if let [(f1, u1), (f2, u2)] = spans.as_slice()
        && f1 < u2
        && f2 < u1
    {
        let problem = "what the two exchange is at the same time";
        all.push(finding(Weight::Error, field, problem, "choose two times that do not overlap"));
    }
    let people = what.people();
    if !matches!(what, What::Override { .. }) && people.len() == 2 && people.first() == people.last() {
        let problem = "both are the same person";
        all.push(finding(Weight::Error, field, problem, "name two different people"));
    }
    if let What::Override { people, .. } = what
        && people.is_empty()
    {
        let problem = "it leaves nobody on call";
        all.push(finding(Weight::Warning, field, problem, "name somebody, unless nobody is what you want"));
    }
}
