//! The next best query: what would tell the leading hypotheses apart.
//!
//! For each question that could be asked (a kind of metric, the logs, the traces or the state of a component, the change
//! ledger) the expected information gain over the hypotheses' probabilities is computed ([`belief`]) from what each cause
//! predicts ([`predict`]); what was seen already is worth less or nothing ([`seen`]); asking costs. Queries are ordered by
//! `value = open * gain - BITS_A_CALL * cost`, in bits, `open` being the share of the question that is not answered yet.
//!
//! Assumptions: the hypotheses exclude each other; answers to different questions are weighed one at a time, so the order
//! is greedy and is computed anew after each answer. Cost: one pass over the telemetry, then a few dozen questions.
//! Golden case: `tests/queries.rs`.

mod belief;
mod command;
mod predict;
mod seen;

use std::collections::BTreeSet;

use firebell_core::cause;
use firebell_core::next_query::{Ask, Expected, NextQuery};
use firebell_core::telemetry::{Telemetry, Window};
use firebell_core::verdict::{Hypothesis, Outcome, Verdict};
use jiff::{SignedDuration, Timestamp};

use crate::names::{self, Names};
use crate::settings::Settings;
pub(crate) use predict::expected_to_move;
use seen::Seen;
pub(crate) use seen::kinds_of;

/// Hypotheses that are weighed against each other.
const WEIGHED: usize = 5;
/// Hypotheses whose components are asked about.
const ASKED_ABOUT: usize = 3;
/// Most queries handed back.
const MOST: usize = 6;
/// Least value of a query that is handed back, bits.
const LEAST: f64 = 0.02;
/// What one small call costs, bits.
const BITS_A_CALL: f64 = 0.005;
/// How far a look at logs and traces goes back before the onset, and how far on.
const AROUND: (i64, i64) = (300, 600);
/// How far back changes are looked for that work with a delay, seconds.
const LOOK_BACK: i64 = 24 * 3600;

/// A question before it is weighed.
struct Candidate {
    ask: Ask,
    window: Window,
    question: String,
    /// The outcomes, in the words of people.
    outcomes: Vec<String>,
    /// By hypothesis, "something else" last; see [`belief::gain`].
    likelihood: Vec<Vec<f64>>,
    open: f64,
    cost: f64,
}

/// What to ask next, best first, at most six; none where nothing is in doubt or nothing that could be asked would tell.
/// Deterministic: equal telemetry, verdict and settings give equal queries.
pub fn next_queries(telemetry: &Telemetry, verdict: &Verdict, settings: &Settings) -> Vec<NextQuery> {
    let open = matches!(verdict.verdict, Outcome::Cause | Outcome::InsufficientEvidence);
    let rivals = &verdict.hypotheses[..verdict.hypotheses.len().min(WEIGHED)];
    let Some((window, onset)) = times(telemetry, verdict).filter(|_| open && !rivals.is_empty()) else {
        return Vec::new();
    };
    let after = Window { start: onset, end: window.end };
    let seen = Seen::new(telemetry, Names::build(telemetry, settings), after);
    let prior = belief::prior(rivals);
    let mut weighed: Vec<NextQuery> = candidates(telemetry, rivals, &seen, window, onset)
        .into_iter()
        .filter_map(|c| weigh(c, &prior, rivals, &seen))
        .collect();
    weighed.sort_by(|a, b| {
        b.value.total_cmp(&a.value).then(a.cost.total_cmp(&b.cost)).then_with(|| a.ask.cmp(&b.ask))
    });
    weighed.truncate(MOST);
    weighed
}

/// The span of the telemetry and the onset inside it.
fn times(t: &Telemetry, v: &Verdict) -> Option<(Window, Timestamp)> {
    let window = t.window.or_else(|| {
        let instants =
            || t.series.iter().flat_map(|s| [s.points.first(), s.points.last()]).flatten().map(|p| p.0);
        let logs = || t.logs.iter().filter_map(|l| l.at).map(|at| at.as_millisecond());
        let spans = || t.spans.iter().map(|s| s.start_us / 1000);
        let first = instants().chain(logs()).chain(spans()).min()?;
        let last = instants().chain(logs()).chain(spans()).max()?;
        let at = |ms| Timestamp::from_millisecond(ms).ok();
        Some(Window { start: at(first)?, end: at(last)? })
    })?;
    let onset = v.onset.or(t.impact_started_at).unwrap_or(window.start);
    Some((window, onset.clamp(window.start, window.end.max(window.start))))
}

fn candidates(
    t: &Telemetry,
    rivals: &[Hypothesis],
    seen: &Seen<'_>,
    window: Window,
    onset: Timestamp,
) -> Vec<Candidate> {
    let everyone: Vec<Option<&Hypothesis>> = rivals.iter().map(Some).chain([None]).collect();
    let rows =
        |of: &dyn Fn(Option<&Hypothesis>) -> Vec<f64>| everyone.iter().map(|h| of(*h)).collect::<Vec<_>>();
    let near = Window {
        start: shift(onset, -AROUND.0).max(window.start),
        end: shift(onset, AROUND.1).min(window.end).max(shift(onset, 1)),
    };
    let clock = onset.strftime("%H:%M:%S");
    let mut out = Vec::new();
    let components: BTreeSet<&str> = rivals.iter().take(ASKED_ABOUT).map(|h| h.component.as_str()).collect();
    for component in &components {
        let c = (*component).to_owned();
        for metric in metrics_at(rivals, component) {
            let example = seen.example(component, metric);
            let (name, labels) = example.map(|e| (e.name, e.labels)).unwrap_or_default();
            out.push(Candidate {
                ask: Ask::Metric { component: c.clone(), metric: metric.to_owned(), name, labels },
                window,
                question: format!("Did {} of {c} move after {clock} UTC?", metric.replace('_', " ")),
                outcomes: vec![format!("{} moved", metric.replace('_', " ")), "it did not move".to_owned()],
                likelihood: rows(&|h| predict::metric(h, component, metric)),
                open: seen.metric_open(component, metric),
                cost: 1.0,
            });
        }
        let worded: Vec<&str> = {
            let mut ids: Vec<&str> = rivals
                .iter()
                .filter(|h| h.component == *component)
                .filter(|h| cause::find(&h.cause).is_some_and(|c| !c.words.is_empty()))
                .map(|h| h.cause.as_str())
                .collect();
            ids.dedup();
            ids
        };
        let mut outcomes: Vec<String> = worded.iter().map(|id| format!("lines that tell of {id}")).collect();
        outcomes.extend(["other new errors".to_owned(), "nothing new".to_owned()]);
        out.push(Candidate {
            ask: Ask::Logs { component: c.clone() },
            window: near,
            question: format!("What does {c} log around {clock} UTC?"),
            outcomes,
            likelihood: rows(&|h| predict::logs(h, component, &worded)),
            open: seen.logs_open(component),
            cost: 3.0,
        });
        let spans = ["own time is high", "it fails there first", "it waits for others", "as usual"];
        out.push(Candidate {
            ask: Ask::Traces { component: c.clone() },
            window: near,
            question: format!("Where does the time go in traces through {c} after {clock} UTC?"),
            outcomes: spans.map(str::to_owned).to_vec(),
            likelihood: rows(&|h| predict::traces(h, component)),
            // Who records spans at all records those of all its services: one without is no service that does.
            open: seen.traces_open(component) * if seen.any_spans { 0.5 } else { 1.0 },
            cost: 3.0,
        });
        out.push(Candidate {
            ask: Ask::State { component: c.clone() },
            window,
            question: format!("What state is {c} in?"),
            outcomes: vec![
                "its state shows the cause".to_owned(),
                "nothing is wrong with its state".to_owned(),
            ],
            likelihood: rows(&|h| predict::state(h, component)),
            open: seen.state_open(component),
            cost: 2.0,
        });
    }
    out.push(ledger(t, rivals, &rows, window, onset));
    out
}

type Rows<'a> = dyn Fn(&dyn Fn(Option<&Hypothesis>) -> Vec<f64>) -> Vec<Vec<f64>> + 'a;

/// The ledger of the time around the onset, or, where that is known, of the day before it.
fn ledger(
    t: &Telemetry,
    rivals: &[Hypothesis],
    rows: &Rows<'_>,
    window: Window,
    onset: Timestamp,
) -> Candidate {
    let known = t.changes_known || !t.changes.is_empty();
    let mut places: Vec<&str> = rivals.iter().map(|h| h.component.as_str()).collect();
    let mut once = BTreeSet::new();
    places.retain(|p| once.insert(*p));
    let mut outcomes: Vec<String> = places.iter().map(|p| format!("a change of {p}")).collect();
    outcomes.push("no such change".to_owned());
    let back = shift(window.start, -LOOK_BACK);
    let (window, question, open) = if known {
        let older = t.changes.iter().any(|c| c.at < shift(window.start, -3600));
        let q = format!("What was changed in the day before {} UTC?", window.start.strftime("%H:%M"));
        (Window { start: back, end: window.start }, q, if older { 0.0 } else { 1.0 })
    } else {
        let q = format!("What was changed before {} UTC?", onset.strftime("%H:%M:%S"));
        (Window { start: shift(window.start, -3600), end: window.end }, q, 1.0)
    };
    Candidate {
        ask: Ask::Changes,
        window,
        question,
        outcomes,
        likelihood: rows(&|h| predict::changes(h, &places, known)),
        open,
        cost: 1.0,
    }
}

/// Kinds of metrics that any rival speaks of at this component.
fn metrics_at<'a>(rivals: &'a [Hypothesis], component: &str) -> Vec<&'a str> {
    let mut out: BTreeSet<&str> = BTreeSet::new();
    for h in rivals.iter().filter(|h| h.component == component) {
        out.extend(cause::find(&h.cause).into_iter().flat_map(|c| c.metrics.iter().map(String::as_str)));
    }
    out.extend(["latency", "error"]);
    out.into_iter().filter(|m| !seen::kinds_of(m).is_empty()).collect()
}

fn weigh(c: Candidate, prior: &[f64], rivals: &[Hypothesis], seen: &Seen<'_>) -> Option<NextQuery> {
    let gain = belief::gain(prior, &c.likelihood) * c.open;
    let value = gain - BITS_A_CALL * c.cost;
    if value < LEAST {
        return None;
    }
    let expects = (0..rivals.len().min(2)).filter_map(|i| expected(&c, i, rivals)).collect();
    let command = command::command(&c.ask, c.window, seen);
    Some(NextQuery {
        ask: c.ask,
        window: c.window,
        question: c.question,
        command,
        gain_bits: round(gain),
        cost: c.cost,
        value: round(value),
        expects,
    })
}

/// The outcome that hypothesis `i` makes more likely than the others do, by the largest difference.
fn expected(c: &Candidate, i: usize, rivals: &[Hypothesis]) -> Option<Expected> {
    let row = c.likelihood.get(i)?;
    let rest = |o: usize| {
        let others = c.likelihood.iter().take(2.min(rivals.len())).enumerate().filter(|(n, _)| *n != i);
        others.filter_map(|(_, r)| r.get(o)).fold(0.0, |a: f64, b| a.max(*b))
    };
    let best =
        (0..row.len()).max_by(|a, b| (row[*a] - rest(*a)).total_cmp(&(row[*b] - rest(*b))).then(b.cmp(a)))?;
    Some(Expected {
        rank: rivals[i].rank,
        outcome: c.outcomes.get(best)?.clone(),
        probability: round(row[best]),
    })
}

fn shift(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(at)
}

fn round(x: f64) -> f64 {
    (x * 1000.0).round() / 1000.0
}

/// A component's name without its kind.
fn plain(component: &str) -> &str {
    names::short(component)
}
