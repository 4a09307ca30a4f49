//! Times at which nobody is on call.

use std::collections::BTreeMap;

use super::{Finding, Weight, finding, hours};
use crate::schedule::Plan;
use crate::time::Span;

pub(super) fn check(plans: &BTreeMap<&str, Plan<'_>>, whole: Span) -> Vec<Finding> {
    let mut all = Vec::new();
    for (name, plan) in plans {
        let gaps = plan.gaps(whole.from, whole.until);
        let Some(first) = gaps.first() else { continue };
        let zone = &plan.schedule().time_zone;
        let total: i64 = gaps.iter().map(Span::seconds).sum();
        let shown = |at| zone.clock(at).strftime("%Y-%m-%d %H:%M").to_string();
        let problem = match gaps.len() {
            1 => format!(
                "nobody is on call for {}, from {} to {} ({})",
                hours(total),
                shown(first.from),
                shown(first.until),
                zone.name()
            ),
            n => format!(
                "nobody is on call {n} times in the time ahead, {} in total; first from {} to {} ({})",
                hours(total),
                shown(first.from),
                shown(first.until),
                zone.name()
            ),
        };
        let advice = "add a layer below the others that is always on, or an override for that time";
        let found = finding(Weight::Warning, format!("schedules.{name}"), problem, advice);
        all.push(Finding { span: Some(*first), ..found });
    }
    all
}
