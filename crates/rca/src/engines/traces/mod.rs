//! Traces, and the log lines that belong to them.
//!
//! Looks for: components that act differently when they are called (`conduct`, with `visits` and `deviations`: calls
//! and log statements of each call answered, against what is usual for that operation and caller); operations that take
//! longer themselves, and where failures begin (`places`); what is lost between the two sides of a call, and waiting for
//! what records nothing (`edges`); repeated queries and calls, repetitions of failed calls, time limits (`fans`); callers
//! that give up while the called side goes on (`deadlines`); waiting that grows with the calls that are there
//! (`queues`). `account` says whose time was lost, and `reliability` how far metrics are to be believed beside traces.
//!
//! Assumes: traces of the normal part and of the faulty part; sampling that did not change between them. Spans are
//! mended as `trace::forest` says. Cost: a sort of the spans, one pass for each file; log lines are joined up to a
//! number, by whole traces. Golden cases: `engines/traces/tests`, and the labelled sets.

mod account;
mod conduct;
mod deadlines;
mod deviations;
mod edges;
mod fans;
mod places;
mod queues;
mod reliability;
mod view;
mod visits;

#[cfg(test)]
mod tests;

pub(crate) use account::Account;

use crate::case::Case;
use crate::evidence::Cite;
use crate::signal::{Modality, Role, Signal};
use view::View;

/// What is cited: the spans of an operation of a component, as one source holds them; `*` for all of them.
#[derive(Debug, Clone, Copy)]
struct At<'a> {
    source: &'a str,
    component: &'a str,
    operation: &'a str,
}

pub(super) fn run(case: &Case<'_>) -> Vec<Signal> {
    let mut out = Vec::new();
    if case.t.spans.is_empty() {
        return out;
    }
    let view = View::build(case);
    places::judge(case, &view, &mut out);
    let queues = queues::find(&view);
    edges::judge(case, &view, &queues, &mut out);
    queues::judge(case, &view, &queues, &mut out);
    deadlines::judge(case, &view, &mut out);
    fans::judge(case, &view, &mut out);
    conduct::judge(case, &view, &mut out);
    out
}

/// Lowers what metrics say where traces show otherwise, and says whose time it is.
pub(crate) fn weigh_metrics(case: &Case<'_>, signals: &mut [Signal]) -> Account {
    if case.t.spans.is_empty() {
        return Account::default();
    }
    let view = View::build(case);
    let account = account::build(case, &view);
    reliability::weigh(case, &view, &account, signals);
    account
}

#[expect(clippy::too_many_arguments, reason = "the parts of a signal that differ here")]
fn signal(
    case: &Case<'_>,
    component: &str,
    cause: &'static str,
    role: Role,
    weight: f64,
    onset: Option<i64>,
    at: At<'_>,
    reading: String,
) -> Signal {
    let (from, to) = case.frame.shown();
    Signal {
        component: component.to_owned(),
        cause,
        modality: Modality::Traces,
        role,
        weight: weight.clamp(0.0, 1.0),
        onset,
        indicator: None,
        change: None,
        cite: Cite::new(at.source, format!("spans {} ~ {}", at.component, at.operation)).within(from, to),
        reading,
    }
}
