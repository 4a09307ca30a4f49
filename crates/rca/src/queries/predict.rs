//! What a hypothesis predicts for each sort of question: the catalogue says which metrics move and which words show, the
//! causal path says who is a victim. Rows are probabilities of the outcomes of one question and sum to 1.

use firebell_core::cause;
use firebell_core::verdict::Hypothesis;

use crate::causes;

/// Metrics that a victim of somebody else's fault shows as well.
const SYMPTOMS: [&str; 3] = ["latency", "error", "availability"];
/// Where requests wait, queues and pools fill up in those who wait.
const PILES_UP: [&str; 5] = ["queue", "threads", "pool_in_use", "pool_waiting", "workload"];

/// How a hypothesis stands to a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// The cause is here.
    Here,
    /// The harm comes by here.
    Victim,
    /// Nothing to do with it.
    Elsewhere,
    /// The hypothesis that it is something else.
    Other,
}

/// How `h` stands to `component`; `None` is the hypothesis that it is something else.
pub(super) fn stand(h: Option<&Hypothesis>, component: &str) -> Stand {
    match h {
        None => Stand::Other,
        Some(h) if h.component == component => Stand::Here,
        Some(h) if h.path.iter().any(|s| s.to == component) => Stand::Victim,
        Some(_) => Stand::Elsewhere,
    }
}

/// Outcomes of a metric: it moved, it did not.
pub(super) fn metric(h: Option<&Hypothesis>, component: &str, metric: &str) -> Vec<f64> {
    let symptom = SYMPTOMS.contains(&metric);
    let moved = match stand(h, component) {
        Stand::Here => own_metric(h.map_or("", |h| &h.cause), metric, symptom),
        Stand::Victim if symptom => 0.65,
        Stand::Victim if PILES_UP.contains(&metric) => 0.3,
        Stand::Victim => 0.08,
        Stand::Elsewhere => 0.06,
        Stand::Other => 0.15,
    };
    vec![moved, 1.0 - moved]
}

/// How likely a metric of a component moves where `cause` is at it.
pub(crate) fn expected_to_move(cause: &str, metric: &str) -> f64 {
    own_metric(cause, metric, SYMPTOMS.contains(&metric))
}

fn own_metric(id: &str, metric: &str, symptom: bool) -> f64 {
    let at = cause::find(id).and_then(|c| c.metrics.iter().position(|m| m == metric));
    // A cause brings about others: the metrics that mark them move as well.
    let brings = || {
        cause::all()
            .iter()
            .filter(|c| c.metrics.first().is_some_and(|m| m == metric))
            .any(|c| causes::explains(id, &c.id))
    };
    match at {
        Some(0) => 0.9,
        Some(_) => 0.7,
        None if symptom => 0.55,
        None if brings() => 0.45,
        None => 0.12,
    }
}

/// Outcomes of a look at logs: words of each of `causes`, other new errors, nothing new.
pub(super) fn logs(h: Option<&Hypothesis>, component: &str, causes: &[&str]) -> Vec<f64> {
    let stand = stand(h, component);
    let (named, rest, other) = match stand {
        Stand::Here => (0.6, 0.04, 0.25),
        Stand::Victim => (0.03, 0.03, 0.45),
        Stand::Elsewhere => (0.02, 0.02, 0.1),
        Stand::Other => (0.04, 0.04, 0.25),
    };
    let mut row: Vec<f64> = causes
        .iter()
        .map(|c| if stand == Stand::Here && h.is_some_and(|h| h.cause == *c) { named } else { rest })
        .collect();
    // A cause without words of its own shows as errors, if at all.
    let wordless = stand == Stand::Here && !h.is_some_and(|h| causes.contains(&h.cause.as_str()));
    row.push(if wordless { 0.5 } else { other });
    finish(row)
}

/// Outcomes of a look at traces: own time is high, it fails here first, it waits for others, as usual.
pub(super) fn traces(h: Option<&Hypothesis>, component: &str) -> Vec<f64> {
    let row = match stand(h, component) {
        Stand::Here => {
            let id = h.map_or("", |h| h.cause.as_str());
            match id.split_once('.').unwrap_or((id, "")) {
                ("saturation", _) | ("database", _) | ("cache", _) => [0.65, 0.15, 0.05],
                ("code", "exception") | ("data", _) => [0.05, 0.75, 0.05],
                ("code", _) => [0.65, 0.1, 0.1],
                ("dependency", "slow") => [0.6, 0.1, 0.1],
                ("dependency", _) => [0.1, 0.65, 0.1],
                ("network", _) => [0.1, 0.2, 0.55],
                ("kubernetes", _) => [0.1, 0.5, 0.1],
                ("change", _) => [0.3, 0.35, 0.1],
                _ => [0.25, 0.15, 0.1],
            }
        }
        Stand::Victim => [0.05, 0.1, 0.65],
        Stand::Elsewhere => [0.04, 0.04, 0.07],
        Stand::Other => [0.1, 0.1, 0.2],
    };
    finish(row.to_vec())
}

/// Outcomes of a look at the change ledger: a fitting change of each of `components`, none. `before` says that the look
/// goes back before the time that has been seen: only what works with a delay is found there.
pub(super) fn changes(h: Option<&Hypothesis>, components: &[&str], before: bool) -> Vec<f64> {
    let own = h.map_or(0.05, |h| brought_by_a_change(&h.cause, before));
    let row =
        components.iter().map(|c| if h.is_some_and(|h| h.component == *c) { own } else { 0.04 }).collect();
    finish(row)
}

fn brought_by_a_change(id: &str, before: bool) -> f64 {
    let (group, name) = id.split_once('.').unwrap_or((id, ""));
    match (group, name, before) {
        (_, "memory_leak" | "tls_expired" | "disk", true) | ("cache", _, true) => 0.4,
        ("change", _, true) => 0.25,
        (_, _, true) => 0.05,
        ("change", _, false) => 0.85,
        ("code", _, false) => 0.5,
        ("kubernetes" | "database", _, false) => 0.3,
        ("traffic" | "security", _, false) => 0.04,
        (_, _, false) => 0.15,
    }
}

/// Outcomes of a look at objects, events and the host: the state shows the cause, nothing is wrong there.
pub(super) fn state(h: Option<&Hypothesis>, component: &str) -> Vec<f64> {
    let shows = match stand(h, component) {
        Stand::Here => {
            let id = h.map_or("", |h| h.cause.as_str());
            let of = |m: &str| cause::find(id).is_some_and(|c| c.metrics.iter().any(|k| k == m));
            match id.split_once('.').unwrap_or((id, "")) {
                ("kubernetes", _) => 0.9,
                _ if of("state") => 0.85,
                ("database", _) | (_, "connection_pool" | "disk") => 0.75,
                _ if of("restarts") => 0.6,
                ("saturation", _) => 0.45,
                _ => 0.12,
            }
        }
        Stand::Victim => 0.08,
        Stand::Elsewhere => 0.04,
        Stand::Other => 0.12,
    };
    vec![shows, 1.0 - shows]
}

/// Adds "nothing of it" as the last outcome, and keeps the sum at 1.
fn finish(mut row: Vec<f64>) -> Vec<f64> {
    let sum: f64 = row.iter().sum();
    if sum > 0.95 {
        row.iter_mut().for_each(|x| *x *= 0.95 / sum);
    }
    row.push(1.0 - row.iter().sum::<f64>());
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hypothesis(component: &str, cause: &str) -> Hypothesis {
        let text = serde_json::json!({"rank": 1, "component": component, "cause": cause, "indicator": null,
            "change": null, "mechanism": "", "confidence": 0.5, "path": [], "evidence": [], "against": [],
            "expected_but_absent": [], "mitigations": []});
        serde_json::from_value(text).expect("a hypothesis")
    }

    #[test]
    fn every_row_of_every_cause_is_a_distribution() {
        for known in cause::all() {
            let h = hypothesis("service/a", &known.id);
            for h in [Some(&h), None] {
                for component in ["service/a", "service/b"] {
                    let rows = [
                        metric(h, component, "cpu"),
                        logs(h, component, &["code.exception", known.id.as_str()]),
                        traces(h, component),
                        changes(h, &["service/a", "service/b"], false),
                        changes(h, &["service/a", "service/b"], true),
                        state(h, component),
                    ];
                    for row in rows {
                        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{} {row:?}", known.id);
                        assert!(row.iter().all(|p| (0.0..=1.0).contains(p)), "{} {row:?}", known.id);
                    }
                }
            }
        }
    }

    #[test]
    fn a_cause_predicts_its_own_metric_most() {
        let cpu = hypothesis("service/a", "saturation.cpu");
        let thrown = hypothesis("service/a", "code.exception");
        assert!(metric(Some(&cpu), "service/a", "cpu")[0] > 0.8);
        assert!(metric(Some(&thrown), "service/a", "cpu")[0] < 0.2);
        assert!(metric(Some(&cpu), "service/b", "cpu")[0] < 0.1);
    }
}
