//! The cause with its evidence, the charts, and the hypotheses that lost.

use std::collections::BTreeSet;

use firebell_core::verdict::{EvidenceRef, Hypothesis, Outcome};

use super::document::Block;
use super::write::Record;
use crate::charts::Chart;
use crate::{text, words};

/// Rows of evidence of one hypothesis.
const MAX_EVIDENCE: usize = 40;
/// Rivals that are told of.
const MAX_RIVALS: usize = 8;

pub(super) fn cause(record: &Record<'_>) -> String {
    let i = record.incident;
    let Some(verdict) = &i.verdict else {
        return "Not established: no investigation came to a verdict.".to_owned();
    };
    let Some(h) = words::leader(i) else {
        return match verdict.verdict {
            Outcome::Healthy => "The investigation found nothing wrong.".to_owned(),
            Outcome::Recovered => "Not established: it passed before a cause could be named.".to_owned(),
            _ => "Not established: the evidence does not settle it. The section on what could not be seen says what would.".to_owned(),
        };
    };
    let mut out = format!(
        "**{}** ({}) at {}, {:.0} % confidence, round {} of the investigation.\n\n{}\n",
        text::markdown(&words::cause_title(&h.cause), 120),
        text::code(&h.cause, 80),
        text::code(&h.component, 100),
        h.confidence * 100.0,
        i.verdict_round,
        text::sentence(&text::markdown(&h.mechanism, 600))
    );
    if let Some(indicator) = &h.indicator {
        out.push_str(&format!("\n- Best indicator: {}", text::code(indicator, 160)));
    }
    if let Some(change) = &h.change {
        out.push_str(&format!("\n- Brought by change: {}", text::code(change, 120)));
    }
    if let Some(onset) = verdict.onset {
        out.push_str(&format!("\n- Onset in the telemetry: {}", words::second(onset)));
    }
    if !h.path.is_empty() {
        out.push_str("\n\n### From cause to symptom\n\n");
        for step in &h.path {
            let at = step.at.map(|at| format!(" at {} UTC", words::clock(at))).unwrap_or_default();
            out.push_str(&format!(
                "1. {} to {}{at}: {}\n",
                text::code(&step.from, 100),
                text::code(&step.to, 100),
                text::sentence(&text::markdown(&step.why, 300))
            ));
        }
    }
    out.push_str("\n\n### Evidence for it\n\n");
    out.push_str(&evidence(&h.evidence, "None is cited."));
    out.push_str("\n\n### Evidence against it\n\n");
    out.push_str(&evidence(&h.against, "None was found."));
    if !h.expected_but_absent.is_empty() {
        out.push_str("\n\n### Expected, but not seen\n\n");
        out.extend(h.expected_but_absent.iter().map(|a| {
            let ids: Vec<String> = a.evidence.iter().map(|e| text::code(&e.id, 40)).collect();
            let cited = if ids.is_empty() { String::new() } else { format!(" ({})", ids.join(", ")) };
            format!("- {}{cited}\n", text::markdown(&a.claim, 300))
        }));
    }
    out
}

fn evidence(refs: &[EvidenceRef], none: &str) -> String {
    if refs.is_empty() {
        return none.to_owned();
    }
    let rows: Vec<Vec<String>> = refs
        .iter()
        .take(MAX_EVIDENCE)
        .map(|e| {
            vec![
                text::code(&e.id, 40),
                text::markdown(&e.reading, 300),
                text::code(&e.source, 80),
                text::code(&e.query, 240),
                text::code(&e.sha256, 64),
            ]
        })
        .collect();
    let mut out = text::table(&["Id", "Reading", "Source", "Query", "SHA-256"], &rows);
    if refs.len() > MAX_EVIDENCE {
        out.push_str(&format!("\n{} more are in the verdict.", refs.len() - MAX_EVIDENCE));
    }
    out
}

pub(super) fn charts(record: &Record<'_>) -> Vec<Block> {
    if record.charts.is_empty() {
        return vec![Block::Markdown(
            "The archived telemetry holds no series that could be drawn.".to_owned(),
        )];
    }
    record.charts.iter().map(figure).collect()
}

fn figure(chart: &Chart) -> Block {
    let mut markdown =
        format!("### {}\n\n{}.\n", text::markdown(&chart.title, 120), text::markdown(&chart.summary, 600));
    let mut list = String::new();
    for note in &chart.notes {
        markdown.push_str(&format!("\n- {}", text::markdown(note, 200)));
        list.push_str(&format!("<li>{}</li>\n", text::html(note)));
    }
    let notes = if list.is_empty() { String::new() } else { format!("<ul>\n{list}</ul>\n") };
    let html = format!(
        "<h3>{}</h3>\n<figure>\n{}<figcaption><p>{}.</p>\n{notes}</figcaption>\n</figure>\n",
        text::html(&chart.title),
        chart.svg,
        text::html(&chart.summary)
    );
    Block::Figure { markdown, html }
}

pub(super) fn rivals(record: &Record<'_>) -> String {
    let i = record.incident;
    let mut out = String::new();
    let skip = usize::from(words::leader(i).is_some());
    let hypotheses = i.verdict.as_ref().map_or(&[][..], |v| &v.hypotheses);
    let mut others: Vec<&Hypothesis> = hypotheses.iter().skip(skip).collect();
    // A stable sort: equals stay in the verdict's order.
    others.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let rows: Vec<Vec<String>> = others
        .into_iter()
        .take(MAX_RIVALS)
        .enumerate()
        .map(|(n, h)| {
            let against: Vec<String> = h
                .against
                .iter()
                .take(3)
                .map(|e| format!("{} ({})", text::markdown(&e.reading, 160), text::code(&e.id, 40)))
                .chain(
                    h.expected_but_absent
                        .iter()
                        .take(3)
                        .map(|a| format!("not seen: {}", text::markdown(&a.claim, 160))),
                )
                .collect();
            vec![
                (n + 1 + skip).to_string(),
                text::markdown(&words::cause_title(&h.cause), 120),
                text::code(&h.component, 100),
                format!("{:.0} %", h.confidence * 100.0),
                if against.is_empty() { "weaker evidence".to_owned() } else { against.join("; ") },
            ]
        })
        .collect();
    if rows.is_empty() {
        out.push_str("No rival hypothesis is recorded.\n");
    } else {
        out.push_str(&text::table(
            &["Rank", "Cause", "Component", "Confidence", "What spoke against it"],
            &rows,
        ));
    }
    let mut seen = BTreeSet::new();
    let ruled_out: Vec<String> = i
        .runs
        .values()
        .flat_map(|run| run.findings.iter().flat_map(move |f| f.ruled_out.iter().map(move |r| (run, f, r))))
        .filter(|(_, _, r)| seen.insert(r.as_str()))
        .take(30)
        .map(|(run, finding, r)| {
            let ids: Vec<String> =
                finding.evidence.iter().take(3).map(|e| text::code(e.as_str(), 40)).collect();
            let by = text::markdown(&run.agent, 60);
            let cited = if ids.is_empty() { String::new() } else { format!(", {}", ids.join(", ")) };
            // A reason that says "it" is of what the finding is about.
            let about = if r.starts_with("it ") || r.starts_with("It ") {
                format!("{}: ", text::markdown(&finding.claim, 300))
            } else {
                String::new()
            };
            format!("- {about}{} ({by}{cited})\n", text::markdown(r, 300))
        })
        .collect();
    if !ruled_out.is_empty() {
        out.push_str("\n### Ruled out\n\n");
        out.extend(ruled_out);
    }
    out
}
