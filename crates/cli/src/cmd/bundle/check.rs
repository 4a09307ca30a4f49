//! `firebell bundle check`: what is there, what is not, and why.

use std::path::Path;

use firebell_integrations::bundle::{self, Range, Summary};
use serde_json::json;

use crate::args::Format;
use crate::exit_code::ExitCode;
use crate::output::{self, Tone, paint};

pub(super) fn run(dir: &Path, format: Format, as_json: bool) -> anyhow::Result<ExitCode> {
    let loaded = bundle::read(dir).map_err(|e| super::refused(&e))?;
    let summary = Summary::of(&loaded);
    let code = if summary.whole() { ExitCode::Ok } else { ExitCode::Failure };
    if as_json || format == Format::Json {
        let mut value = serde_json::to_value(&summary)?;
        value["whole"] = json!(summary.whole());
        output::json(&value);
    } else {
        text(&summary);
    }
    Ok(code)
}

fn text(s: &Summary) {
    let width = s.files.iter().map(|f| f.file.chars().count()).max().unwrap_or(4).clamp(4, 48);
    let head = format!("{:<width$} {:>9} {:<8} {:<20}  {}", "file", "count", "of", "from", "to");
    output::line(&paint(Tone::Strong, &head));
    for f in &s.files {
        let (from, to) = f.range.map_or(("-".into(), "-".into()), ends);
        output::line(&format!(
            "{:<width$} {:>9} {:<8} {from:<20}  {to}",
            output::clean(&f.file),
            f.items,
            f.kind
        ));
        if f.timeless > 0 {
            output::line(&format!("  {} of them without a time that is understood", f.timeless));
        }
        for gap in &f.gaps {
            let (from, to) = ends(*gap);
            output::line(&format!("  {} {from} to {to}", paint(Tone::Warn, "nothing from")));
        }
    }
    let totals: Vec<String> = s
        .totals
        .iter()
        .filter(|(_, n)| **n > 0)
        .map(|(what, n)| format!("{n} {}", what.replace('_', " ")))
        .collect();
    output::line(&format!(
        "in all: {}",
        if totals.is_empty() { "nothing".into() } else { totals.join(", ") }
    ));
    output::line(&format!("components: {}", s.components.len()));
    if let Some(range) = s.range {
        let (from, to) = ends(range);
        output::line(&format!("from {from} to {to}"));
    }
    if s.orphan_spans > 0 {
        output::line(&format!("{} spans name a parent that is not there", s.orphan_spans));
    }
    for note in &s.notes {
        output::line(&format!("{} {}", paint(Tone::Warn, "note"), place(note)));
    }
    for name in &s.ignored {
        output::line(&format!("{} {}: nothing reads it", paint(Tone::Warn, "ignored"), output::clean(name)));
    }
    for broken in &s.broken {
        output::line(&format!("{} {}", paint(Tone::Bad, "left out"), place(broken)));
    }
}

fn place(b: &bundle::Broken) -> String {
    let line = if b.line > 0 { format!(":{}", b.line) } else { String::new() };
    format!("{}{line}: {}", output::clean(&b.file), output::clean(&b.reason))
}

fn ends(range: Range) -> (String, String) {
    let second = |t: jiff::Timestamp| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    (second(range.start), second(range.end))
}
