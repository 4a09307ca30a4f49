//! What an investigation comes to: a cause, nothing at all, something that is over, or too little to say.

use std::collections::BTreeSet;

use firebell_core::verdict::Outcome;

use crate::case::Case;
use crate::causes;
use crate::engines;
use crate::fusion::Rival;
use crate::series::features::Feature;
use crate::series::kinds::Kind;
use crate::series::stats::Shift;
use crate::signal::{Modality, Role, Signal};

/// Weight of a symptom below which nothing is felt.
const QUIET: f64 = 0.3;

/// What the investigation comes to.
pub(crate) fn outcome(case: &Case<'_>, signals: &[Signal], rivals: &[Rival]) -> Outcome {
    let felt = case
        .features
        .iter()
        .zip(&case.shifts)
        .filter(|(f, _)| f.kind.is_symptom())
        .filter_map(|(f, s)| s.map(|s| s.strength() * case.sure(f)))
        .chain(
            signals
                .iter()
                .filter(|s| s.modality == Modality::Traces && s.role == Role::Symptom)
                .map(|s| s.weight),
        )
        .fold(0.0, f64::max);
    let best = rivals.first().map_or(0.0, |r| r.score);
    let mechanism = rivals.first().is_some_and(|r| {
        r.signals.iter().any(|i| signals[*i].role == Role::Mechanism && signals[*i].weight > 0.5)
    });
    let watched = case
        .features
        .iter()
        .filter(|f| f.kind.is_symptom() && f.points.len() >= 8)
        .map(|f| f.component.as_str())
        .collect::<BTreeSet<_>>()
        .len();
    let said = !case.t.report.trim().is_empty() || case.t.impact_started_at.is_some();
    let flapping = flapping(case);
    // A change that shows in two sorts of telemetry needs no harm to metrics: some faults only people notice.
    let shown = rivals.first().is_some_and(|r| r.change.is_some() && r.modalities >= 2 && r.score > 0.2);
    // Whoever cuts out a window beside a normal recording knows that it is ill: less is asked of the evidence.
    let (quiet, weak, least) = if case.frame.apart && said { (0.1, 0.04, 0.03) } else { (QUIET, 0.33, 0.07) };
    let state = engines::state::well(case, signals);
    if felt < quiet && !mechanism && !shown && case.features.is_empty() && state == Some(true) {
        return Outcome::Healthy;
    }
    if felt < quiet && best < weak && !mechanism && !shown {
        let calm = flapping || !said || !case.t.alerts.is_empty() || well_watched(case);
        return if watched >= 1 && calm { Outcome::Healthy } else { Outcome::InsufficientEvidence };
    }
    if felt < quiet && !said && case.t.alerts.is_empty() && watched >= 1 && harmless(signals, rivals) {
        return Outcome::Healthy;
    }
    if shown && felt < 0.5 {
        return Outcome::Cause;
    }
    let only_alerts = !case.t.alerts.is_empty() && engines::peoples_words(case).trim().is_empty();
    // Wrong behaviour that answers in time is felt by people alone: a change that they may mean stays suspected.
    let meant = rivals.first().is_some_and(|r| r.change.is_some() && r.score >= 0.3);
    let unfelt = only_alerts || (!case.complaint.0 && !meant && well_watched(case));
    if !shown && unfelt && imperceptible(case, signals) {
        return Outcome::Healthy;
    }
    if flapping && best < 0.4 && (felt < 0.4 || !lasting(case)) {
        return Outcome::Healthy;
    }
    if best >= 0.3 {
        return Outcome::Cause;
    }
    let over = recovered(case);
    // Late now and then and well again, behind an alert that comes and goes: its threshold is too near to what is usual.
    if flapping && over && !failed(case) {
        return Outcome::Healthy;
    }
    if best < least {
        return if over { Outcome::Recovered } else { Outcome::InsufficientEvidence };
    }
    let going_on = rivals.first().is_some_and(|r| in_effect(case, r));
    if over && !going_on { Outcome::Recovered } else { Outcome::Cause }
}

/// Whether the best guess is a figure that moved and is near no limit: heaps climb between two collections, traffic comes and
/// goes. Where nobody complains and nothing that serves people is worse, that is no incident.
fn harmless(signals: &[Signal], rivals: &[Rival]) -> bool {
    rivals.first().is_none_or(|r| {
        // One failure in a thousand lines proves nothing.
        let slight = |i: &usize| signals[*i].modality == Modality::Metrics || signals[*i].weight < QUIET;
        r.change.is_none() && !r.cause.starts_with("saturation.") && r.signals.iter().all(slight)
    })
}

/// Whether what serves people was watched nearly everywhere, and everywhere that the report names: then that nothing moved
/// says that nothing is wrong, whatever somebody believes to feel.
fn well_watched(case: &Case<'_>) -> bool {
    const NEARLY: f64 = 0.8;
    let mut watched: BTreeSet<&str> = BTreeSet::new();
    for f in case.features.iter().filter(|f| f.kind.is_symptom() && f.points.len() >= 8) {
        watched.insert(f.peer.as_deref().unwrap_or(&f.component));
        watched.insert(&f.component);
    }
    // Who is only called and reports nothing is watched by its callers.
    let serves = |id: &String| case.instrumented.contains(id) || case.graph.callees(id).next().is_some();
    let all: BTreeSet<String> = case.names.ids().into_iter().filter(serves).collect();
    let seen = all.iter().filter(|id| watched.contains(id.as_str())).count();
    let named = case.names.mentioned(&case.t.report);
    !all.is_empty()
        && seen as f64 >= NEARLY * all.len() as f64
        && named.iter().all(|id| watched.contains(id.as_str()))
}

/// Whether all that moved is answers that take some milliseconds longer than usual: a computer can tell, nobody who waits
/// for them can. Figures in another unit than seconds are never so small.
fn imperceptible(case: &Case<'_>, signals: &[Signal]) -> bool {
    let more = signals.iter().filter(|s| !causes::is_slowness(s.cause)).any(|s| match s.role {
        Role::Mechanism => s.weight > 0.5,
        Role::Symptom => s.modality != Modality::Metrics && s.weight > 0.45,
        Role::Against => false,
    });
    !more && case.unfelt(|k| k.is_symptom() || k == Kind::QueryTime)
}

/// The same alert firing and resolving again and again.
fn flapping(case: &Case<'_>) -> bool {
    let mut toggles: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for a in &case.t.alerts {
        if a.ends_at.is_some() || !a.firing {
            *toggles.entry(&a.name).or_default() += 1;
        }
    }
    toggles.values().any(|n| *n >= 2)
}

/// Whether anything that serves people was out of its band for a tenth of the time, and no mere blip.
fn lasting(case: &Case<'_>) -> bool {
    let longest = |f: &Feature, s: &Shift| {
        let mut most = 0;
        let mut run = 0;
        for p in f.points.iter().filter(|p| case.frame.is_fault(p.0)) {
            run = if (p.1 - s.before).abs() > 5.0 * s.scale { run + 1 } else { 0 };
            most = most.max(run);
        }
        most
    };
    case.features.iter().zip(&case.shifts).filter(|(f, _)| f.kind.is_symptom()).any(|(f, s)| {
        let fault = f.points.iter().filter(|p| case.frame.is_fault(p.0)).count();
        s.as_ref().is_some_and(|s| longest(f, s) >= (fault / 10).max(3))
    })
}

/// Whether anything failed more than usual.
fn failed(case: &Case<'_>) -> bool {
    case.features
        .iter()
        .zip(&case.shifts)
        .any(|(f, s)| f.kind.is_failure() && s.as_ref().is_some_and(|s| s.strength() * case.sure(f) > QUIET))
}

/// Whether the symptoms that moved are back in their normal band at the end.
fn recovered(case: &Case<'_>) -> bool {
    let mut moved = 0;
    let mut back = 0;
    for (f, s) in case.features.iter().zip(&case.shifts) {
        let (true, Some(s)) = (f.kind.is_symptom(), s) else { continue };
        let fault: Vec<f64> = f.points.iter().filter(|p| case.frame.is_fault(p.0)).map(|p| p.1).collect();
        let out = fault.iter().filter(|v| (**v - s.before).abs() > 5.0 * s.scale).count();
        if fault.len() < 8 || out < 3 {
            continue;
        }
        moved += 1;
        let tail = &fault[fault.len() * 4 / 5..];
        back += usize::from(tail.iter().all(|v| (v - s.before).abs() < 3.0 * s.scale));
    }
    moved > 0 && back == moved
}

/// Whether the change that is blamed is still in effect: nothing of its sort came after it at the same place. What it
/// harms may be rare enough to look mended for a while.
fn in_effect(case: &Case<'_>, r: &Rival) -> bool {
    let named = |c: &&firebell_core::change::Change| {
        r.change.as_ref().is_some_and(|id| c.id == *id || c.commit.as_ref() == Some(id))
    };
    case.t.changes.iter().find(named).is_some_and(|blamed| {
        !case.t.changes.iter().any(|c| {
            c.at > blamed.at && c.kind == blamed.kind && crate::names::same(&c.component, &blamed.component)
        })
    })
}
