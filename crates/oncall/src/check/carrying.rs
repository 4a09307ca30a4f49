//! One person who carries everything.

use std::collections::{BTreeMap, BTreeSet};

use super::{Ahead, Finding, Limits, Weight, finding};

pub(super) fn check(ahead: &[Ahead<'_>], limits: &Limits) -> Vec<Finding> {
    let mut all = Vec::new();
    let mut of_all: BTreeMap<&str, (i64, BTreeSet<&str>)> = BTreeMap::new();
    for one in ahead {
        let mut hours: BTreeMap<&str, i64> = BTreeMap::new();
        for shift in &one.shifts {
            *hours.entry(&shift.person).or_default() += shift.span.seconds();
            let (seconds, schedules) = of_all.entry(&shift.person).or_default();
            *seconds += shift.span.seconds();
            schedules.insert(one.schedule);
        }
        let total: i64 = hours.values().sum();
        let Some((person, most)) = hours.iter().max_by_key(|(_, s)| **s) else { continue };
        let share = *most as f64 / total.max(1) as f64;
        let field = format!("schedules.{}", one.schedule);
        if hours.len() == 1 {
            let problem = format!("{person} alone carries it");
            let advice = "let at least one other person take turns, or cover for them";
            all.push(finding(Weight::Warning, field, problem, advice));
        } else if share > limits.share {
            let problem =
                format!("{person} carries {:.0} % of its hours, of {} people", share * 100.0, hours.len());
            all.push(finding(Weight::Warning, field, problem, "share the hours more evenly"));
        }
    }
    // Shares that are fair in each of several schedules add up in one person.
    let total: i64 = of_all.values().map(|(seconds, _)| seconds).sum();
    let most = of_all.iter().max_by_key(|(_, (seconds, _))| *seconds);
    if let Some((person, (seconds, schedules))) = most
        && schedules.len() > 1
        && of_all.len() > 1
        && *seconds as f64 / total.max(1) as f64 > limits.share
    {
        let share = 100.0 * *seconds as f64 / total.max(1) as f64;
        let problem = format!(
            "{person} carries {share:.0} % of the hours of all schedules, of {} of them",
            schedules.len()
        );
        all.push(finding(Weight::Warning, "schedules", problem, "let others take some of these schedules"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Shift, Source};
    use crate::time::Span;

    #[test]
    fn fair_shares_of_many_schedules_are_not_fair_in_one_person() {
        let hour = |n: i64| jiff::Timestamp::from_second(n * 3600).expect("a time");
        let shift = |person: &str, from: i64, until: i64| Shift {
            span: Span { from: hour(from), until: hour(until) },
            person: person.to_owned(),
            source: Source::Layer { layer: "weekly".to_owned() },
            shadow: false,
        };
        let names = ["a", "b", "c", "d"];
        let ahead: Vec<Ahead<'_>> = names
            .iter()
            .map(|schedule| Ahead { schedule, shifts: vec![shift("ana", 0, 60), shift(schedule, 60, 100)] })
            .collect();
        let found = check(&ahead, &Limits::default());
        assert!(found.iter().all(|f| f.field == "schedules"), "{found:?}");
        let found: Vec<&str> = found.iter().map(|f| f.problem.as_str()).collect();
        assert_eq!(found, Vec::<&str>::new(), "60 % is no more than the limit");
        let strict = Limits { share: 0.5, ..Limits::default() };
        let found = check(&ahead, &strict);
        let last = found.last().map(|f| f.problem.as_str());
        assert_eq!(last, Some("ana carries 60 % of the hours of all schedules, of 4 of them"));
    }
}
