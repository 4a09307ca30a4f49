//! The causal path: from the cause along calls to where it is felt, each step checked.
//!
//! A step from one component to another that calls it (or runs on it) is claimed only if the relation is known and the
//! effect does not begin clearly before its cause. What cannot be claimed is told. A way around a step that fails is
//! looked for.

use std::collections::{BTreeMap, VecDeque};

use firebell_core::verdict::PathStep;

use crate::case::Case;
use crate::evidence::{Cite, millis};
use crate::fusion::{Harm, Rival};
use crate::series::features;
use crate::signal::{Role, Signal};

/// Harm from which a component is one where it is felt.
const FELT: f64 = 0.25;
/// Weight of a signal whose onset counts.
const CLEAR: f64 = 0.25;
/// Steps of sampling by which two onsets may be confused,
const STEPS: i64 = 3;
/// and share of the faulty time.
const SHARE: i64 = 10;
/// Steps that are told as not claimed, at most.
const MOST_REFUSED: usize = 3;
/// Milliseconds by which clocks and batches differ.
const CLOCKS: i64 = 5_000;

/// The path, and what was not claimed.
pub(crate) struct Path {
    pub steps: Vec<PathStep>,
    /// Of each step, what shows the call and the harm at its end, each with what it reads as.
    pub cites: Vec<Vec<(Cite, String)>>,
    /// With what was recorded of it.
    pub refused: Vec<(String, Vec<(Cite, String)>)>,
}

/// The way from a hypothesis to the component farthest up that is harmed: the customers' side of it.
pub(crate) fn find(case: &Case<'_>, signals: &[Signal], harm: &Harm, r: &Rival) -> Path {
    let upstream = case.graph.upstream(&r.component);
    let mut targets: Vec<(&String, &usize)> = upstream.iter().filter(|(c, _)| harm.of(c) > FELT).collect();
    targets.sort_by(|a, b| {
        let focus = |c: &String| case.focus.contains(c);
        focus(b.0).cmp(&focus(a.0)).then(b.1.cmp(a.1)).then(a.0.cmp(b.0))
    });
    let Some((wanted, _)) = targets.first().copied() else {
        return Path { steps: Vec::new(), cites: Vec::new(), refused: Vec::new() };
    };
    let begun = r
        .signals
        .iter()
        .filter_map(|i| signals.get(*i))
        .filter(|s| s.weight > CLEAR && s.component == r.component)
        .filter_map(|s| s.onset)
        .chain(since(case, harm, &r.component))
        .min();
    let mut known: BTreeMap<&str, Option<i64>> =
        upstream.keys().filter(|c| harm.of(c) > 0.0).map(|c| (c.as_str(), since(case, harm, c))).collect();
    known.insert(&r.component, begun);
    let since = |c: &str| known.get(c).copied().flatten();
    let slack = slack(case);
    let ways = ways(case, &r.component, &since, slack);
    let target = targets.iter().map(|t| t.0).find(|t| ways.contains_key(*t));
    // Whoever is ill above and is not reached, however little is felt there: that is how one knows that there is more.
    let mut missed: BTreeMap<String, Vec<(Cite, String)>> = BTreeMap::new();
    for above in upstream.keys().filter(|c| *c == wanted || since(c).is_some()) {
        if !ways.contains_key(above) {
            missed.extend(failing(case, signals, (&r.component, above), &since, slack));
        }
    }
    let refused = missed.into_iter().take(MOST_REFUSED).collect();
    let Some(target) = target else { return Path { steps: Vec::new(), cites: Vec::new(), refused } };
    let mut way = vec![target.clone()];
    while let Some(before) = way.last().and_then(|at| ways.get(at)).filter(|b| !b.is_empty()) {
        way.push(before.clone());
    }
    way.reverse();
    let steps = way
        .windows(2)
        .map(|w| {
            let later = match (since(&w[0]), since(&w[1])) {
                (Some(a), Some(b)) if b > a => format!(", ill {} s later", (b - a + 500) / 1000),
                _ => String::new(),
            };
            PathStep {
                from: w[0].clone(),
                to: w[1].clone(),
                at: harm.since.get(&w[1]).and_then(|ms| millis(*ms)),
                why: format!("{}{later}", relation(case, &w[0], &w[1])),
                evidence: Vec::new(),
            }
        })
        .collect();
    let cites = way.windows(2).map(|w| shown(case, signals, &w[0], &w[1])).collect();
    Path { steps, cites, refused }
}

/// What was recorded of a step: the series that the effect keeps of its calls to the cause, and the strongest symptom
/// at the effect.
fn shown(case: &Case<'_>, signals: &[Signal], cause: &str, effect: &str) -> Vec<(Cite, String)> {
    let call = case
        .features
        .iter()
        .find(|f| f.component == effect && f.peer.as_deref() == Some(cause) && f.series.is_some())
        .map(|f| (case.cite(f), format!("{effect} measures its calls to {cause}: {}", f.name)));
    let harm = signals
        .iter()
        .filter(|s| s.component == effect && s.role == Role::Symptom && !s.cite.query.is_empty())
        .filter(|s| s.weight > CLEAR)
        .max_by(|a, b| a.weight.total_cmp(&b.weight).then_with(|| b.cite.cmp(&a.cite)))
        .map(|s| (s.cite.clone(), s.reading.clone()));
    call.into_iter().chain(harm).filter(|(cite, _)| !cite.query.is_empty()).collect()
}

/// The series that shows best that a component is ill.
fn ill(case: &Case<'_>, component: &str) -> Option<(Cite, String)> {
    let of = case.features.iter().zip(&case.shifts);
    of.filter(|(f, _)| {
        f.component == component && f.peer.is_none() && f.kind.is_symptom() && f.series.is_some()
    })
    .filter_map(|(f, s)| Some((f, s.as_ref()?.strength())))
    .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.name.cmp(&a.0.name)))
    .map(|(f, _)| (case.cite(f), format!("{} of {component}", f.name)))
}

/// Since when a component is ill: its first symptom, followed back before the onset of the incident as a whole where the
/// samples before it are out of the usual band too.
fn since(case: &Case<'_>, harm: &Harm, component: &str) -> Option<i64> {
    let first = harm.since.get(component).copied();
    let before = case
        .features
        .iter()
        .zip(&case.shifts)
        .filter(|(f, _)| f.component == component && f.peer.is_none() && f.kind.is_symptom())
        .filter_map(|(f, s)| Some((f, s.as_ref().filter(|s| s.strength() > CLEAR)?)))
        .filter_map(|(f, s)| {
            let left = case.departure(f, s)?;
            let out = |v: f64| (v - s.before) * s.z.signum() > 3.0 * s.scale;
            let until = f.points.partition_point(|p| p.0 < left);
            let run = f.points[..until].iter().rev().take_while(|p| out(p.1)).count();
            f.points.get(until - run).map(|p| p.0)
        })
        .min();
    first.into_iter().chain(before).min()
}

fn relation(case: &Case<'_>, cause: &str, effect: &str) -> String {
    let verb = if case.placement.is_on(effect, cause) { "runs on" } else { "calls" };
    format!("{effect} {verb} {cause}")
}

/// How far apart two onsets may lie without saying which was first, milliseconds.
fn slack(case: &Case<'_>) -> i64 {
    let step = case
        .features
        .iter()
        .filter(|f| f.kind.is_symptom() && f.points.len() > 1)
        .map(|f| features::step(&f.points))
        .max()
        .unwrap_or(0);
    (STEPS * step).max((case.frame.end - case.frame.onset) / SHARE).max(CLOCKS)
}

/// All components that steps in the order of time lead to, each with the one before it; the first has none.
fn ways(
    case: &Case<'_>,
    from: &str,
    since: &dyn Fn(&str) -> Option<i64>,
    slack: i64,
) -> BTreeMap<String, String> {
    let mut came: BTreeMap<String, String> = BTreeMap::from([(from.to_owned(), String::new())]);
    // When harm can have reached a component: its own onset, or that of the last one before it that has one.
    let mut queue = VecDeque::from([(from.to_owned(), since(from))]);
    while let Some((at, begun)) = queue.pop_front() {
        for next in case.graph.callers(&at) {
            let then = since(next);
            let early = matches!((begun, then), (Some(a), Some(b)) if b + slack < a);
            if !early && !came.contains_key(next) {
                came.insert(next.to_owned(), at.clone());
                queue.push_back((next.to_owned(), then.or(begun)));
            }
        }
    }
    came
}

/// The steps of the shortest way whose effect came before its cause.
fn failing(
    case: &Case<'_>,
    signals: &[Signal],
    (from, to): (&str, &str),
    since: &dyn Fn(&str) -> Option<i64>,
    slack: i64,
) -> Vec<(String, Vec<(Cite, String)>)> {
    let mut begun = since(from);
    let mut told = Vec::new();
    for w in case.graph.way_up(from, to).windows(2) {
        let then = since(&w[1]);
        if let (Some(a), Some(b)) = (begun, then)
            && b + slack < a
        {
            let claim = format!(
                "{}, and was ill {} s before it: harm is not claimed to have come that way",
                relation(case, &w[0], &w[1]),
                (a - b) / 1000
            );
            let mut cites = shown(case, signals, &w[0], &w[1]);
            cites.extend(ill(case, &w[1]).filter(|_| cites.is_empty()));
            cites.extend(ill(case, &w[0]));
            told.push((claim, cites));
        }
        begun = then.or(begun);
    }
    told
}
