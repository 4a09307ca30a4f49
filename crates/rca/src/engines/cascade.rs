//! Cascades: who keeps harm for itself that travels up the calls, where no single series moves far enough to say so.
//!
//! Looks for: components whose own volume of harm (see [`crate::ledger`]) is a part of what is complained of. Assumes:
//! requests and latency or failures of each place, known calls, and that the ledger came to a conclusion; then each such
//! component is a hypothesis, and the ledger's blame weighs it against the others. Harm that arrives at nobody who calls
//! the component (none of its callers shows any) is no cascade and says less. Cost: one pass over the features for each
//! accounted component. Golden cases: `tests/calls.rs`, a fault at each component of a system in turn.

use std::collections::BTreeSet;

use crate::case::Case;
use crate::ledger::{Account, Sort};
use crate::series::features::{self, Feature};
use crate::series::kinds::Kind;
use crate::signal::{Modality, Role, Signal};

/// Share of the largest blame below which a component is no rival.
const LEAST: f64 = 0.05;
/// Up to so many samples of a window are too few for a series to show its shift by itself,
const FEW: usize = 24;
/// where they are so far apart: of finer ones there will be more in a moment. Milliseconds.
const COARSE: i64 = 30_000;
/// How sure the count of bad events must be that they are more than usual (see [`Case::sure`]).
const SURE: f64 = 0.5;
/// What harm that no caller shows is worth.
const UNFELT: f64 = 0.5;

pub(super) fn run(case: &Case<'_>) -> Vec<Signal> {
    if !case.ledger.conclusive {
        return Vec::new();
    }
    let least = LEAST * case.ledger.most();
    let harmed: BTreeSet<&str> =
        case.ledger.accounts().filter(|(_, a)| a.harm > 0.0).map(|(c, _)| c).collect();
    case.ledger
        .accounts()
        .filter(|(_, a)| a.blame > least)
        .filter_map(|(component, account)| {
            let (index, feature) = shown(case, component, account.sort)?;
            let inside = feature.points.iter().filter(|p| case.frame.is_fault(p.0)).count();
            let coarse = features::step(&feature.points) >= COARSE;
            if inside > FEW || !coarse || case.sure(feature) <= SURE {
                return None;
            }
            let mut callers = case.graph.callers(component).peekable();
            let felt = callers.peek().is_none() || callers.any(|c| harmed.contains(c));
            Some(signal(case, component, account, (index, feature), if felt { 1.0 } else { UNFELT }))
        })
        .collect()
}

/// The series in which the harm shows: the one that moved most.
fn shown<'c>(case: &'c Case<'_>, component: &str, sort: Sort) -> Option<(usize, &'c Feature)> {
    let size = |i: usize| case.shifts.get(i).copied().flatten().map_or(0.0, |s| s.z.abs());
    case.features
        .iter()
        .enumerate()
        .filter(|(_, f)| f.component == component && f.peer.is_none() && f.series.is_some())
        .filter(|(_, f)| match sort {
            Sort::Slow => f.kind == Kind::Latency,
            Sort::Failing => matches!(f.kind, Kind::Availability | Kind::Errors),
        })
        .max_by(|a, b| size(a.0).total_cmp(&size(b.0)).then(b.0.cmp(&a.0)))
}

fn signal(
    case: &Case<'_>,
    component: &str,
    account: &Account,
    (index, feature): (usize, &Feature),
    felt: f64,
) -> Signal {
    let part = account.own / account.harm.max(1e-12) * 100.0;
    let (cause, what) = match account.sort {
        Sort::Slow => ("code.slow_path", format!("{:.3} s more than usual", account.harm)),
        Sort::Failing => ("code.exception", format!("{:.1} failed requests more than usual", account.harm)),
    };
    let shift = case.shifts.get(index).copied().flatten();
    Signal {
        component: component.to_owned(),
        cause,
        modality: Modality::Metrics,
        role: Role::Symptom,
        weight: (felt * account.blame).clamp(0.0, 1.0),
        onset: shift.and_then(|s| case.departure(feature, &s)),
        indicator: feature.series.and_then(|i| case.t.series.get(i)).map(|r| r.name.clone()),
        change: None,
        cite: case.cite(feature),
        reading: format!(
            "all requests of {component} together suffered {what}, {part:.0} % of which nothing that it calls accounts for"
        ),
    }
}
