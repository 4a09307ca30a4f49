//! When: a change before the onset, a gauge that jumped at it, a trend that was there before it.

use std::collections::BTreeSet;

use super::effect::{self, Effect};
use crate::case::Case;
use crate::series::features::Feature;
use crate::series::kinds::Kind;
use crate::series::stats;

/// A gauge that jumped when the change went live.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Jump {
    pub name: String,
    pub component: String,
    /// 0 to 1.
    pub strength: f64,
}

/// How long after the onset a change may seem to come, for the onset is known to a few samples only, milliseconds.
pub(super) fn slack(case: &Case<'_>) -> i64 {
    (0.04 * (case.frame.end - case.frame.begin) as f64).clamp(1_500.0, 90_000.0) as i64
}

/// How near to the onset, 0 to 1: 1 at it, a third of it after six tenths of the normal time seen.
pub(super) fn near(case: &Case<'_>, at: i64) -> f64 {
    if !case.frame.seen {
        return 0.8;
    }
    let span = (case.frame.onset - case.frame.begin).max(1) as f64;
    (-((case.frame.onset - at).max(0) as f64) / (0.6 * span).max(60_000.0)).exp()
}

/// Whether a feature shows one of the effects.
fn linked(f: &Feature, up: bool, effects: &BTreeSet<Effect>) -> bool {
    let lower = f.name.to_lowercase();
    Effect::of_kind(f.kind, up).is_some_and(|e| effects.contains(&e))
        || effect::METRIC_WORDS
            .iter()
            .any(|(word, rises, e)| *rises == up && effects.contains(e) && lower.contains(word))
}

/// The clearest jump, at the instant of a change, of a gauge that the change's effects move.
pub(super) fn jump(
    case: &Case<'_>,
    components: &BTreeSet<String>,
    at: i64,
    effects: &BTreeSet<Effect>,
) -> Option<Jump> {
    let width = ((case.frame.end - case.frame.begin) / 8).max(10_000);
    let mut best: Option<Jump> = None;
    for (f, s) in case.features.iter().zip(&case.shifts) {
        let (Some(s), true) = (s, components.contains(&f.component)) else { continue };
        let part = |from: i64, to: i64| -> Vec<f64> {
            f.points.iter().filter(|p| from <= p.0 && p.0 < to).map(|p| p.1).collect()
        };
        let (before, after) = (part(at - width, at), part(at + 1, at + width));
        if before.len() < 4 || after.len() < 3 {
            continue;
        }
        let (relative, absolute) = f.kind.floors();
        let Some(here) = stats::shift(&before, &after, relative, absolute) else { continue };
        let up = here.z > 0.0;
        if here.z.abs() < 4.0 || here.z.signum() != s.z.signum() || !linked(f, up, effects) {
            continue;
        }
        // A jump elsewhere in the same stretch that is just as clear is none at this instant.
        let earlier = stats::shift(&part(at - 2 * width, at - width), &before, relative, absolute);
        if earlier.is_some_and(|e| e.z.abs() > here.z.abs() / 2.0) {
            continue;
        }
        let strength = here.strength();
        if best.as_ref().is_none_or(|b| strength > b.strength) {
            best = Some(Jump { name: f.name.clone(), component: f.component.clone(), strength });
        }
    }
    best
}

/// The name of a symptom that was well under way, in its later direction, before the change.
pub(super) fn earlier_trend(
    case: &Case<'_>,
    component: &str,
    at: i64,
    effects: &BTreeSet<Effect>,
) -> Option<String> {
    let generic: BTreeSet<Effect> = [Effect::Errors, Effect::Slow].into();
    let mut felt = 0;
    let mut early: Option<String> = None;
    for (f, s) in case.features.iter().zip(&case.shifts) {
        let (Some(s), true) = (s, f.component == component && f.peer.is_none()) else { continue };
        let up = s.z > 0.0;
        let symptom = linked(f, up, effects) || (f.kind.is_symptom() && linked(f, up, &generic));
        if !symptom || s.strength() < 0.4 || f.kind == Kind::LogErrors {
            continue;
        }
        felt += 1;
        let before: Vec<f64> = f.points.iter().filter(|p| p.0 < at).map(|p| p.1).collect();
        if before.len() < 12 {
            continue;
        }
        let third = before.len() / 3;
        let (first, last) =
            (stats::median(&before[..third]), stats::median(&before[before.len() - third.min(6)..]));
        let way = last - first;
        let whole = f
            .points
            .iter()
            .filter(|p| p.0 >= at)
            .map(|p| p.1)
            .fold(first, |a, b| if up { a.max(b) } else { a.min(b) })
            - first;
        if whole != 0.0 && way / whole > 0.35 && way.abs() > 4.0 * s.scale {
            early = Some(f.name.clone());
        } else {
            // Something that began with or after the change.
            felt += 100;
        }
    }
    // Only if nothing that it could have brought began later.
    early.filter(|_| felt < 100)
}

/// A span of time for people.
pub(super) fn spell(ms: i64) -> String {
    let s = ms.max(0) as f64 / 1000.0;
    if s < 120.0 {
        format!("{s:.0} s")
    } else if s < 7_200.0 {
        format!("{:.0} min", s / 60.0)
    } else if s < 172_800.0 {
        format!("{:.1} h", s / 3600.0)
    } else {
        format!("{:.0} days", s / 86_400.0)
    }
}
