//! What the page of one piece of evidence shows.

use firebell_core::incident::Incident;
use firebell_core::telemetry::TelemetryPart;
use serde::Serialize;

use super::find::Cited;
use super::gather::Found;
use super::{drawing, logs, metric, trace};
use crate::ui::words;
use firebell_report::draw::{Mark, inside, took};

/// Rows of a table.
const MOST_ROWS: usize = 200;
/// Characters of a raw object or output.
const MOST_TEXT: usize = 20_000;

/// The page.
#[derive(Debug, Serialize)]
pub(super) struct View {
    incident: String,
    title: String,
    severity: &'static str,
    id: String,
    reading: String,
    source: String,
    query: String,
    window: Option<(String, String)>,
    fetched: Option<String>,
    sha256: String,
    by: Vec<(String, String, bool)>,
    picture: bool,
    marks: Vec<MarkView>,
    note: Option<String>,
    figures: Vec<metric::Figures>,
    templates: Vec<logs::TemplateView>,
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    texts: Vec<(String, String)>,
    nothing: bool,
}

#[derive(Debug, Serialize)]
struct MarkView {
    letter: String,
    class: &'static str,
    text: String,
}

pub(super) fn of(incident: &Incident, cited: &Cited, found: &Found, marks: &[Mark]) -> View {
    let drawing = drawing::of(cited, found);
    let span = drawing.as_ref().and_then(drawing::Drawing::span);
    let shown = span.map(|(from, to)| inside(marks, from, to)).unwrap_or_default();
    let mut view = View {
        incident: incident.id.to_string(),
        title: incident.title.clone(),
        severity: incident.severity.severity.as_str(),
        id: cited.id.clone(),
        reading: cited.reading.clone(),
        source: cited.source.clone(),
        query: cited.query.clone(),
        window: cited.window.map(|w| (words::clock(w.start), words::clock(w.end))),
        fetched: cited.fetched_at.map(words::day),
        sha256: cited.sha256.clone(),
        by: cited.by.clone(),
        picture: drawing.is_some(),
        marks: shown
            .iter()
            .map(|m| MarkView {
                letter: m.kind.letter().to_string(),
                class: m.kind.class(),
                text: m.caption(),
            })
            .collect(),
        note: None,
        figures: Vec::new(),
        templates: Vec::new(),
        heads: Vec::new(),
        rows: Vec::new(),
        texts: Vec::new(),
        nothing: matches!(found, Found::Nothing),
    };
    match found {
        Found::Metric { cited: series, beside } => {
            if let Some(chart) = metric::lines(series, beside) {
                view.figures = metric::figures(&chart);
                view.note = (chart.left_out > 0)
                    .then(|| format!("{} more series of this name are in the record.", chart.left_out));
            }
        }
        Found::Logs { template, lines } => {
            let (templates, beyond) = logs::templates(template.as_deref(), lines);
            view.templates = templates;
            view.note = (beyond > 0).then(|| format!("{beyond} rarer templates are in the record."));
        }
        Found::Trace { spans, of } => {
            let failed = spans.iter().any(|s| s.error);
            let which = if failed { "The slowest failed trace" } else { "The slowest trace" };
            view.note = Some(format!("{which} of {of} spans that fit; {} spans in it.", spans.len()));
            view.heads = vec!["Component", "Operation", "Starts after", "Took", ""];
            view.rows = trace::rows(spans)
                .into_iter()
                .map(|r| {
                    let failed = if r.failed { "failed" } else { "" };
                    vec![r.component, r.operation, took(r.start_us), took(r.duration_us), failed.to_owned()]
                })
                .collect();
        }
        Found::Items(part) => items(&mut view, part),
        Found::Nothing if cited.verb().0 == "report" => {
            view.texts.push(("What was reported".to_owned(), incident.report.clone()));
            view.nothing = incident.report.is_empty();
        }
        Found::Nothing => {}
    }
    view
}

fn items(view: &mut View, part: &TelemetryPart) {
    let text = |o: &Option<String>| o.clone().unwrap_or_default();
    match part {
        TelemetryPart::Changes(all) => {
            view.heads = vec!["When (UTC)", "What", "Where", "Change", "By"];
            for c in all.iter().take(MOST_ROWS) {
                let step = match (&c.from, &c.to) {
                    (Some(from), Some(to)) => format!(" ({from} to {to})"),
                    (None, Some(to)) => format!(" (to {to})"),
                    _ => String::new(),
                };
                view.rows.push(vec![
                    words::day(c.at),
                    c.kind.as_str().to_owned(),
                    c.component.clone(),
                    format!("{}{step}", c.summary),
                    text(&c.by),
                ]);
                if let Some(diff) = &c.diff {
                    let name = c.commit.clone().unwrap_or_else(|| c.id.clone());
                    view.texts.push((format!("Diff of {name}"), cut(diff)));
                }
            }
        }
        TelemetryPart::Alerts(all) => {
            view.heads = vec!["Since (UTC)", "Alert", "State", "Says"];
            view.rows = all
                .iter()
                .take(MOST_ROWS)
                .map(|a| {
                    vec![
                        a.starts_at.map(words::day).unwrap_or_default(),
                        a.name.clone(),
                        if a.firing { "firing" } else { "resolved" }.to_owned(),
                        a.annotations.get("summary").cloned().unwrap_or_default(),
                    ]
                })
                .collect();
        }
        TelemetryPart::Events(all) => {
            view.heads = vec!["Last seen (UTC)", "About", "Reason", "Times", "Message"];
            view.rows = all
                .iter()
                .take(MOST_ROWS)
                .map(|e| {
                    let count = e.count.to_string();
                    vec![words::day(e.at), e.component.clone(), e.reason.clone(), count, e.message.clone()]
                })
                .collect();
        }
        TelemetryPart::Topology(all) => {
            view.heads = vec!["Caller", "Calls", "By"];
            view.rows = all
                .iter()
                .take(MOST_ROWS)
                .map(|e| vec![e.caller.clone(), e.callee.clone(), e.kind.clone()])
                .collect();
        }
        TelemetryPart::Commands(all) => {
            view.texts = all.iter().take(20).map(|c| (format!("$ {}", c.command), cut(&c.output))).collect();
        }
        TelemetryPart::Objects(all) => {
            view.texts = all
                .iter()
                .take(20)
                .map(|o| {
                    (o.source.clone(), cut(&serde_json::to_string_pretty(&o.object).unwrap_or_default()))
                })
                .collect();
        }
        TelemetryPart::Series(_) | TelemetryPart::Logs(_) | TelemetryPart::Spans(_) => {}
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MOST_TEXT).collect()
}
