//! One person who carries everything.

use std::collections::BTreeMap;

use super::{Ahead, Finding, Limits, Weight, finding};

pub(super) fn check(ahead: &[Ahead<'_>], limits: &Limits) -> Vec<Finding> {
    let mut all = Vec::new();
    for one in ahead {
        let mut hours: BTreeMap<&str, i64> = BTreeMap::new();
        for shift in &one.shifts {
            *hours.entry(&shift.person).or_default() += shift.span.seconds();
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
    all
}
