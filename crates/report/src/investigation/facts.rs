//! What there is to say, in sentences: the verdict, why it is believed, what was ruled out and why.

use firebell_core::verdict::{EvidenceRef, Hypothesis, Outcome, Verdict};

use super::Investigation;
use crate::text;
use crate::words::{second, span};

/// Longest reading that is shown.
const READING: usize = 300;
/// Rivals that are shown.
const RIVALS: usize = 6;

/// A sentence with the ids of the evidence that it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) text: String,
    pub(super) ids: Vec<String>,
}

/// Why a hypothesis is not the verdict.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RuledOut {
    pub(super) rank: u32,
    pub(super) what: String,
    pub(super) confidence: f64,
    pub(super) why: Vec<Claim>,
}

/// `CAUSE`, and what people read first.
pub(super) fn headline(v: &Verdict) -> (&'static str, String) {
    let leader = v.hypotheses.first();
    match v.verdict {
        Outcome::Cause => ("CAUSE", leader.map_or_else(|| "not named".to_owned(), named)),
        Outcome::Healthy => ("HEALTHY", "nothing is wrong that anybody would notice".to_owned()),
        Outcome::Recovered => ("RECOVERED", "it has passed without anybody doing anything".to_owned()),
        Outcome::InsufficientEvidence => (
            "NOT SETTLED",
            leader.map_or_else(
                || "the evidence names no cause".to_owned(),
                |h| format!("the evidence does not settle it; first guess: {}", named(h)),
            ),
        ),
    }
}

/// `connection pool exhausted at service/checkout`.
pub(super) fn named(h: &Hypothesis) -> String {
    format!("{} at {}", text::line(&h.cause, 80), text::line(&h.component, 80))
}

/// How sure, in a word: what to make of a figure at night.
pub(super) fn sureness(confidence: f64) -> &'static str {
    match confidence {
        c if c >= 0.8 => "very likely",
        c if c >= 0.6 => "likely",
        c if c >= 0.4 => "about even",
        _ => "a guess",
    }
}

/// `87 %`, which no line break parts.
pub(super) fn percent(confidence: f64) -> String {
    format!("{:.0}\u{a0}%", confidence * 100.0)
}

/// Whether the hypotheses are the point of the report.
pub(super) fn blames(v: &Verdict) -> bool {
    matches!(v.verdict, Outcome::Cause | Outcome::InsufficientEvidence) && !v.hypotheses.is_empty()
}

/// What, since when, and why we think so.
pub(super) fn explanation(i: &Investigation<'_>) -> Vec<Claim> {
    let v = i.verdict;
    let mut out = Vec::new();
    if let Some(h) = v.hypotheses.first().filter(|_| blames(v)) {
        let ids = h.evidence.first().map(|e| e.id.clone()).into_iter().collect();
        out.push(Claim { text: text::sentence(&text::line(&h.mechanism, 500)), ids });
    }
    if let Some(onset) = v.onset {
        let end = i.telemetry.window.map(|w| w.end);
        let lasting = end.map(|e| e.duration_since(onset).as_secs_f64()).filter(|s| *s > 0.0);
        let lasting =
            lasting.map(|s| format!(", {} before the end of what was seen", span(s))).unwrap_or_default();
        out.push(Claim { text: format!("It began at {}{lasting}.", second(onset)), ids: Vec::new() });
    }
    if let Some(h) = v.hypotheses.first().filter(|_| blames(v)) {
        out.extend(h.evidence.iter().skip(1).take(2).map(|e| reading(e, "Also: ")));
    }
    if let Some(challenge) = v.challenge.as_ref().filter(|_| blames(v)) {
        let ids = v.hypotheses.iter().take(2).filter_map(|h| Some(h.evidence.first()?.id.clone())).collect();
        out.push(Claim { text: text::sentence(&text::line(&challenge.claim, 500)), ids });
    }
    out
}

/// A reading as a claim.
pub(super) fn reading(e: &EvidenceRef, before: &str) -> Claim {
    let text = text::sentence(&format!("{before}{}", text::line(&e.reading, READING)));
    Claim { text, ids: vec![e.id.clone()] }
}

/// What speaks against a hypothesis: readings, and what one would expect and does not see.
pub(super) fn doubts(h: &Hypothesis) -> Vec<Claim> {
    let absent = h.expected_but_absent.iter().map(|a| Claim {
        text: text::sentence(&format!("expected, but not seen: {}", text::line(&a.claim, READING))),
        ids: a.evidence.iter().map(|e| e.id.clone()).collect(),
    });
    h.against.iter().map(|e| reading(e, "")).chain(absent).collect()
}

/// The other hypotheses, and why they are not the verdict.
pub(super) fn ruled_out(v: &Verdict) -> Vec<RuledOut> {
    let Some(leader) = v.hypotheses.first().filter(|_| blames(v)) else { return Vec::new() };
    v.hypotheses
        .iter()
        .skip(1)
        .take(RIVALS)
        .map(|h| {
            let mut why = doubts(h);
            if leader.component != h.component && leader.path.iter().any(|s| s.to == h.component) {
                let received = format!(
                    "The harm at {} is received from {}.",
                    text::line(&h.component, 80),
                    text::line(&leader.component, 80)
                );
                why.insert(
                    0,
                    Claim {
                        text: received,
                        ids: h.evidence.first().map(|e| e.id.clone()).into_iter().collect(),
                    },
                );
            }
            if why.is_empty() {
                let (own, leaders) = (h.evidence.len(), leader.evidence.len());
                let pieces =
                    |n: usize| format!("{n} {} of evidence", if n == 1 { "piece" } else { "pieces" });
                why.push(Claim {
                    text: if own < leaders {
                        format!("It rests on {}, the leader on {leaders}.", pieces(own))
                    } else {
                        format!(
                            "What speaks for it is weaker: {} against {} of the leader.",
                            percent(h.confidence),
                            percent(leader.confidence)
                        )
                    },
                    ids: h.evidence.iter().map(|e| e.id.clone()).collect(),
                });
            }
            RuledOut { rank: h.rank, what: named(h), confidence: h.confidence, why }
        })
        .collect()
}

/// What separates the leader from its best rival, in a sentence.
pub(super) fn separates(v: &Verdict) -> Option<String> {
    let (a, b) = (v.hypotheses.first()?, v.hypotheses.get(1)?);
    let lead = a.confidence - b.confidence;
    let close = if lead < 0.1 { "; keep both in mind" } else { "" };
    let kinds = |h: &Hypothesis| {
        let mut kinds: Vec<&str> = h.evidence.iter().filter_map(|e| e.query.split(' ').next()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        text::list(&kinds.into_iter().map(|k| text::line(k, 20)).collect::<Vec<_>>())
    };
    Some(format!(
        "The best rival is {} ({} against {}{close}). The leader rests on {}; the rival on {}.",
        named(b),
        percent(b.confidence),
        percent(a.confidence),
        kinds(a),
        kinds(b)
    ))
}
