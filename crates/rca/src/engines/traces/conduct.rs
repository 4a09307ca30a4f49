//! From deviating visits to signals: who began them, beyond what is usual.

use std::collections::{BTreeMap, BTreeSet};

use super::deviations::{self, Judgement};
use super::view::{Part, View};
use super::visits::{Feature, Visits};
use super::{At, signal};
use crate::case::Case;
use crate::signal::{Role, Signal};

#[derive(Default)]
struct Count {
    known: [usize; 2],
    origins: [usize; 2],
    /// Deviations in the faulty part that chance alone may bring.
    chance: f64,
}

/// What is said of one component.
#[derive(Default)]
struct Seen {
    counts: Count,
    /// Origins in the faulty part.
    visits: Vec<u32>,
    /// Those of them of which all that is odd is what they lack.
    missing: usize,
    /// Calls of each operation in the faulty part that can be judged.
    calls: BTreeMap<u32, usize>,
}

/// From this share of an operation's calls on, that something is missing is believed: lines and spans get lost one by one
/// wherever only a part is kept, or what was recorded ends; code that takes another way takes it again and again.
const BELIEVED: f64 = 0.2;
/// What calls' conduct counts where no onset was seen.
const UNSEEN: f64 = 0.25;

pub(super) fn judge(case: &Case<'_>, view: &View<'_>, out: &mut Vec<Signal>) {
    let visits = Visits::gather(case, view);
    let f = &view.forest;
    let judged = deviations::judge(&visits, |s| view.owner_of(s), |s| f.operation[s as usize]);
    let mut seen: BTreeMap<u32, Seen> = BTreeMap::new();
    let mut unreached: BTreeMap<u32, Seen> = BTreeMap::new();
    let mut usual_words: BTreeSet<&str> = BTreeSet::new();
    for (index, (v, j)) in visits.all.iter().zip(&judged).enumerate() {
        if v.part == Part::Base {
            usual_words.extend(v.features.iter().filter_map(|f| words(&visits, *f)));
        }
        let owner = view.owner_of(v.span);
        let part = v.part as usize;
        if j.known {
            let counts = &mut seen.entry(owner).or_default().counts;
            counts.known[part] += 1;
            counts.chance += if v.part == Part::Fault { j.chance } else { 0.0 };
            if v.part == Part::Fault {
                let operation = f.operation[v.span as usize];
                *seen.entry(owner).or_default().calls.entry(operation).or_default() += 1;
            }
        }
        if !j.origin {
            continue;
        }
        let slot = match j.unreached {
            Some(other) => unreached.entry(other).or_default(),
            None => seen.entry(owner).or_default(),
        };
        slot.counts.origins[part] += 1;
        if v.part == Part::Fault {
            slot.visits.push(index as u32);
            slot.missing += usize::from(only_missing(j));
        }
    }
    // What is lost on the way to us is lost everywhere: where only a part is kept, calls lack lines at all components.
    let everywhere =
        seen.values().fold((0, 0), |(missing, known), s| (missing + s.missing, known + s.counts.known[1]));
    let excess = |s: &Seen| {
        let c = &s.counts;
        let usual = (c.origins[0] as f64 + 0.5) / (c.known[0] as f64 + 1.0) * c.known[1] as f64;
        let missing = (everywhere.0 - s.missing) as f64 + 0.5;
        let known = (everywhere.1 - c.known[1]) as f64 + 1.0;
        let share = if known > 10.0 { missing / known } else { 0.0 };
        let lost = (share * c.known[1] as f64).min(s.missing as f64);
        let usual = usual.max(c.chance).max(lost);
        (c.origins[1] as f64 - usual, usual)
    };
    let total: f64 = seen.values().map(|s| excess(s).0.max(0.0)).sum::<f64>().max(1.0);
    for (owner, s) in &seen {
        let (gain, usual) = excess(s);
        // Standard deviations beyond what chance brings, for counts.
        let z = gain / (usual + 1.0).sqrt();
        if z < 1.5 || s.counts.origins[1] < 2 {
            continue;
        }
        let sure = ((z - 1.0) / 2.5).clamp(0.0, 1.0);
        // Where nothing else says that something began, the two parts of time may differ by how they were recorded only.
        let began = if case.frame.seen { 1.0 } else { UNSEEN };
        let weight =
            began * sure * (0.45 + 0.45 * (gain / total).sqrt()) * believed(view, &visits, &judged, s);
        let Some((at, reading, onset)) = tell(view, &visits, &judged, s, *owner) else { continue };
        // That calls fail is harm; that they go another way, or say why they fail, is how it comes about.
        let failed = s.visits.iter().filter(|v| {
            let d = &judged[**v as usize].deviations;
            !d.is_empty() && d.iter().all(|d| matches!(visits.features[d.feature as usize], Feature::Failed))
        });
        let roles: &[Role] = if failed.count() * 2 > s.visits.len() {
            &[Role::Symptom]
        } else {
            &[Role::Mechanism, Role::Symptom]
        };
        for role in roles {
            out.push(signal(
                case,
                view.name(*owner),
                "code.exception",
                *role,
                weight,
                onset,
                at,
                reading.clone(),
            ));
        }
    }
    for (owner, s) in &unreached {
        let fresh = s.visits.iter().filter(|v| {
            let v = &visits.all[**v as usize];
            !v.features.iter().filter_map(|f| words(&visits, *f)).any(|w| usual_words.contains(w))
        });
        // A failure that is usual somewhere says little about whom it names.
        let (fresh, all) = (fresh.count(), s.visits.len());
        let gain = fresh as f64 + 0.25 * (all - fresh) as f64 - s.counts.origins[0] as f64;
        let weight = 0.5 * (gain / 8.0).clamp(0.0, 1.0);
        let Some(first) = s.visits.first().filter(|_| weight > 0.05) else { continue };
        let v = &visits.all[*first as usize];
        let span = f.span(v.span);
        let reading =
            format!("{} requests say that they cannot reach {}, and do not call it", all, view.name(*owner));
        let at = At { source: &span.source, component: &span.component, operation: &span.operation };
        let onset = Some(span.start_us / 1000);
        out.push(signal(
            case,
            view.name(*owner),
            "dependency.unavailable",
            Role::Symptom,
            weight,
            onset,
            at,
            reading,
        ));
    }
}

/// Whether all that is odd about a call is what it lacks.
fn only_missing(j: &Judgement) -> bool {
    !j.deviations.is_empty() && j.deviations.iter().all(|d| d.missing)
}

/// How much of what is seen at a component is believed, 0 to 1: failures always, what is only missing by the share of calls
/// in which it is.
fn believed(view: &View<'_>, visits: &Visits, judged: &[Judgement], seen: &Seen) -> f64 {
    let fails = |v: &&u32| {
        judged[**v as usize]
            .deviations
            .iter()
            .any(|d| !d.missing && visits.features[d.feature as usize].is_error())
    };
    if seen.visits.iter().filter(fails).count() * 2 >= seen.visits.len() {
        return 1.0;
    }
    let mut deviating: BTreeMap<u32, usize> = BTreeMap::new();
    for v in &seen.visits {
        *deviating.entry(view.forest.operation[visits.all[*v as usize].span as usize]).or_default() += 1;
    }
    let share = deviating
        .iter()
        .map(|(operation, n)| {
            *n as f64 / seen.calls.get(operation).copied().unwrap_or(0).max(*n).max(5) as f64
        })
        .fold(0.0, f64::max);
    (share / BELIEVED).min(1.0).powi(2)
}

fn words(visits: &Visits, feature: u32) -> Option<&str> {
    match &visits.features[feature as usize] {
        Feature::Log(text, true) => Some(text),
        _ => None,
    }
}

/// The operation that deviates most, and how, in one line.
fn tell<'a>(
    view: &View<'a>,
    visits: &Visits,
    judged: &[Judgement],
    seen: &Seen,
    owner: u32,
) -> Option<(At<'a>, String, Option<i64>)> {
    let f = &view.forest;
    let mut by_operation: BTreeMap<u32, usize> = BTreeMap::new();
    let mut by_deviation: BTreeMap<(bool, u32, Option<u32>), usize> = BTreeMap::new();
    for v in &seen.visits {
        let span = visits.all[*v as usize].span;
        *by_operation.entry(f.operation[span as usize]).or_default() += 1;
        for d in &judged[*v as usize].deviations {
            if d.missing || visits.features[d.feature as usize].is_error() {
                *by_deviation.entry((d.missing, d.feature, d.given)).or_default() += 1;
            }
        }
    }
    let most = |m: &BTreeMap<u32, usize>| {
        m.iter().max_by_key(|(k, n)| (**n, std::cmp::Reverse(**k))).map(|(k, _)| *k)
    };
    let operation = most(&by_operation)?;
    let span = seen
        .visits
        .iter()
        .map(|v| visits.all[*v as usize].span)
        .find(|s| f.operation[*s as usize] == operation)?;
    let span = f.span(span);
    let ((missing, feature, given), times) = by_deviation
        .iter()
        .max_by_key(|(k, n)| (**n, visits.features[k.1 as usize].is_error(), std::cmp::Reverse(**k)))?;
    let what = describe(view, &visits.features[*feature as usize]);
    let beside = given
        .map(|g| format!(" although it {}", describe(view, &visits.features[g as usize]).0))
        .unwrap_or_default();
    let verb = if *missing { format!("no longer {}", what.1) } else { format!("newly {}", what.0) };
    let reading = format!(
        "when called, {} {verb}{beside}: {times} of {} calls to {} ({} of {} before)",
        view.name(owner),
        seen.counts.known[1],
        span.operation,
        seen.counts.origins[0],
        seen.counts.known[0],
    );
    let onset = seen.visits.iter().map(|v| f.span(visits.all[*v as usize].span).start_us / 1000).min();
    Some((
        At { source: &span.source, component: &span.component, operation: &span.operation },
        reading,
        onset,
    ))
}

/// In the present tense, and as an infinitive after "no longer".
fn describe(view: &View<'_>, feature: &Feature) -> (String, String) {
    let both = |verb: &str, rest: String| (format!("{verb}s {rest}"), format!("{verb}s {rest}"));
    match feature {
        Feature::Call(owner, operation) => {
            both("call", format!("{} ({})", view.name(*owner), view.forest.operations[*operation as usize]))
        }
        Feature::Operation(operation) => both("run", view.forest.operations[*operation as usize].to_owned()),
        Feature::Log(text, true) => {
            both("log", format!("the error {}", text.chars().take(160).collect::<String>()))
        }
        Feature::Log(text, false) => {
            both("log", format!("at {}", text.chars().take(160).collect::<String>()))
        }
        Feature::Failed => ("fails".to_owned(), "fails".to_owned()),
    }
}
