//! People who get too little rest, over all schedules together.

use std::collections::BTreeMap;

use super::{Ahead, Finding, Limits, Weight, finding, hours};
use crate::time::Span;

pub(super) fn check(ahead: &[Ahead<'_>], limits: &Limits) -> Vec<Finding> {
    let mut by_person: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for shift in ahead.iter().flat_map(|a| &a.shifts) {
        by_person.entry(&shift.person).or_default().push(shift.span);
    }
    let mut all = Vec::new();
    for (person, spans) in by_person {
        let duties = joined(spans);
        let field = format!("people.{person}");
        let short: Vec<Span> = duties
            .iter()
            .zip(duties.iter().skip(1))
            .map(|(a, b)| Span { from: a.until, until: b.from })
            .filter(|rest| rest.seconds() < limits.rest.as_secs())
            .collect();
        if let Some(first) = short.first() {
            let problem = format!(
                "{person} has {} of rest between two shifts, less than {}{}",
                hours(first.seconds()),
                hours(limits.rest.as_secs()),
                if short.len() > 1 {
                    format!("; {} times in the time ahead", short.len())
                } else {
                    String::new()
                }
            );
            let advice = "give one of the two shifts to somebody else";
            all.push(Finding {
                span: Some(*first),
                ..finding(Weight::Warning, field.clone(), problem, advice)
            });
        }
        // A break that is no rest does not end a stretch.
        let stretches = stretches(&duties, limits.rest.as_secs());
        let long = |s: &&Span| s.seconds() > limits.days_in_a_row * 86_400;
        if let Some(first) = stretches.iter().find(long) {
            let problem = format!(
                "{person} is on call for {} days in a row without {} of rest; more than {} are too many",
                first.seconds().div_euclid(86_400),
                hours(limits.rest.as_secs()),
                limits.days_in_a_row
            );
            let advice = "put somebody else in between, or make turns shorter";
            all.push(Finding { span: Some(*first), ..finding(Weight::Warning, field, problem, advice) });
        }
    }
    all
}

/// Spans that touch or overlap, joined.
fn joined(spans: Vec<Span>) -> Vec<Span> {
    stretch(spans, 0)
}

/// Duties with the breaks between them that are shorter than a rest.
fn stretches(duties: &[Span], rest_s: i64) -> Vec<Span> {
    stretch(duties.to_vec(), rest_s - 1)
}

fn stretch(mut spans: Vec<Span>, within_s: i64) -> Vec<Span> {
    spans.sort();
    let mut all: Vec<Span> = Vec::new();
    for span in spans {
        match all.last_mut() {
            Some(last) if span.from.duration_since(last.until).as_secs() <= within_s => {
                last.until = last.until.max(span.until);
            }
            _ => all.push(span),
        }
    }
    all
}
