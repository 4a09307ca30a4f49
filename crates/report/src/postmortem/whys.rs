//! Five whys, from the causal path and its evidence. An answer that the record does not give is said to be missing.

use firebell_core::verdict::Hypothesis;

use super::clocks::customers_first;
use super::write::Record;
use crate::{text, words};

const UNKNOWN: &str = "Not established by the record; to be settled in the meeting.";

pub(super) fn whys(record: &Record<'_>) -> String {
    let mut pairs: Vec<(String, String)> = Vec::new();
    match words::leader(record.incident) {
        Some(h) => from_hypothesis(record, h, &mut pairs),
        None => pairs.push(("Why did customers feel it?".to_owned(), UNKNOWN.to_owned())),
    }
    pairs.push(("Why was it not noticed earlier?".to_owned(), noticed(record)));
    pairs.truncate(5);
    // What the record ends with is a question for people; it is asked rather than answered.
    for question in [
        "Why did nothing keep it from reaching production?",
        "Why did the system not absorb it?",
        "Why could it happen under the present process?",
        "Why was that accepted until now?",
    ] {
        if pairs.len() < 5 {
            pairs.push((question.to_owned(), UNKNOWN.to_owned()));
        }
    }
    pairs.iter().enumerate().map(|(n, (why, because))| format!("{}. **{why}** {because}\n", n + 1)).collect()
}

fn from_hypothesis(record: &Record<'_>, h: &Hypothesis, pairs: &mut Vec<(String, String)>) {
    let component = text::code(&h.component, 100);
    let cited = |take: usize| {
        let ids: Vec<String> = h.evidence.iter().take(take).map(|e| text::code(&e.id, 40)).collect();
        if ids.is_empty() { " (no evidence cited)".to_owned() } else { format!(" ({})", ids.join(", ")) }
    };
    let felt = match h.path.last() {
        Some(step) => format!(
            "Because {} passed the trouble on to {}: {}",
            text::code(&step.from, 100),
            text::code(&step.to, 100),
            text::sentence(&text::markdown(&step.why, 300))
        ),
        None => format!("Because {component} itself serves them, and it did not work."),
    };
    pairs.push(("Why did customers feel it?".to_owned(), felt));
    // The edges between cause and symptom, told in one answer where there are several.
    let between: Vec<String> = h
        .path
        .iter()
        .rev()
        .skip(1)
        .take(4)
        .map(|s| {
            let why = text::markdown(&s.why, 200);
            format!(
                "{} was hit by {}: {}",
                text::code(&s.to, 100),
                text::code(&s.from, 100),
                why.trim_end_matches('.')
            )
        })
        .collect();
    if let Some(step) = h.path.last().filter(|_| !between.is_empty()) {
        let question = format!("Why was {} in trouble?", text::code(&step.from, 100));
        pairs.push((question, format!("Because {}.", between.join("; "))));
    }
    let mechanism = text::sentence(&text::markdown(&h.mechanism, 400));
    let standing =
        if words::confirmed(record.incident) { "" } else { " This is not confirmed by a mitigation." };
    pairs.push((format!("Why did {component} fail?"), format!("{mechanism}{}{standing}", cited(4))));
    let origin = match &h.change {
        Some(change) => format!("Because of a change: {}{}.", text::code(change, 120), cited(2)),
        None => "Not established: no change in the record explains it.".to_owned(),
    };
    pairs.push(("Why did that arise?".to_owned(), origin));
}

fn noticed(record: &Record<'_>) -> String {
    let i = record.incident;
    let detect = record
        .times
        .detect_s
        .map(|s| format!("; {} passed from the start of impact to the opening", words::span(s)));
    let detect = detect.unwrap_or_default();
    if customers_first(record) {
        return format!("Because no alert fired before customers reported it{detect}.");
    }
    match i.alerts.values().min_by_key(|a| a.starts_at) {
        Some(alert) => {
            let since = alert.starts_at.duration_since(words::began(i)).as_secs_f64().max(0.0);
            let name = text::code(&alert.name, 100);
            format!(
                "The first alert, {name}, fired {} after the start of impact{detect}.",
                words::span(since)
            )
        }
        None => format!("No alert is on the record{detect}. {UNKNOWN}"),
    }
}
