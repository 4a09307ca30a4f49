//! Templates as a table with bars, or as JSON.

use firebell_rca::logs::{Level, Template, redact};
use serde_json::json;

use super::Report;
use crate::args::LogsMineArgs;
use crate::output::{self, Tone, paint};

/// Cells of a bar.
const BAR: usize = 12;
/// Characters shown of an example.
const EXAMPLE: usize = 160;

pub(super) fn json(report: &Report, args: &LogsMineArgs) {
    let templates: Vec<serde_json::Value> = report
        .mined
        .templates
        .iter()
        .take(args.top)
        .map(|t| {
            json!({
                "template": redact(&t.text),
                "lines": t.seen.lines,
                "share": share(t, report),
                "level": t.level().map(Level::as_str),
                "first_at": time(t.seen.first_at),
                "last_at": time(t.seen.last_at),
                "first_line": t.seen.first_line,
                "example": example(t),
            })
        })
        .collect();
    output::json(&json!({
        "format": "firebell-logs/1",
        "lines": report.lines,
        "bytes": report.bytes,
        "files": report.files,
        "templates_found": report.mined.templates.len(),
        "notes": report.notes,
        "templates": templates,
    }));
}

pub(super) fn text(report: &Report, args: &LogsMineArgs) {
    let found = &report.mined.templates;
    let most = found.first().map_or(1, |t| t.seen.lines.max(1));
    for t in found.iter().take(args.top) {
        let filled = (t.seen.lines as f64 / most as f64 * BAR as f64).ceil() as usize;
        let bar = format!("{}{}", "█".repeat(filled.min(BAR)), "·".repeat(BAR - filled.min(BAR)));
        let level = t.level();
        let tone = match level {
            Some(Level::Error | Level::Fatal) => Tone::Bad,
            Some(Level::Warn) => Tone::Warn,
            _ => Tone::Dim,
        };
        output::line(&format!(
            "{:>9} {:>5.1} % {} {} {}",
            t.seen.lines,
            share(t, report) * 100.0,
            paint(Tone::Link, &bar),
            paint(tone, &format!("{:<5}", level.map_or("-", Level::as_str))),
            paint(Tone::Strong, &one_line(&redact(&t.text))),
        ));
        let times = match (time(t.seen.first_at), time(t.seen.last_at)) {
            (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
            (Some(first), _) => first,
            _ => format!("first in line {}", t.seen.first_line),
        };
        output::line(&format!(
            "{:24}{}",
            "",
            paint(Tone::Dim, &format!("{times}: {}", one_line(&example(t))))
        ));
    }
    if found.len() > args.top {
        output::line(&format!("… and {} more templates; --top shows more", found.len() - args.top));
    }
    let rate = report.lines as f64 / report.seconds.max(1e-9);
    output::note(&format!(
        "{} lines, {:.1} MB, {} templates in {:.2} s ({rate:.0} lines a second)",
        report.lines,
        report.bytes as f64 / 1e6,
        found.len(),
        report.seconds
    ));
}

/// Of all records: a stack trace is one, whatever its lines.
fn share(t: &Template, report: &Report) -> f64 {
    let records: u64 = report.mined.templates.iter().map(|t| t.seen.lines).sum();
    (t.seen.lines as f64 / records.max(1) as f64 * 1e4).round() / 1e4
}

fn time(at: Option<i64>) -> Option<String> {
    at.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).map(|t| t.to_string())
}

fn example(t: &Template) -> String {
    let text = String::from_utf8_lossy(&t.seen.example);
    redact(text.trim()).chars().take(EXAMPLE).collect()
}

/// Outside text on one line: it must not steer the terminal.
fn one_line(text: &str) -> String {
    output::clean(&text.replace(['\n', '\t'], " "))
}
