//! The only place that prints: results to standard output, everything else to standard error.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use firebell_core::severity::Severity;
pub(crate) use firebell_report::investigation::Tone;

use crate::exit_code::ExitCode;

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Strong => Style::new().bold(),
        Tone::Dim => Style::new().dimmed(),
        Tone::Good => Style::new().fg_color(Some(AnsiColor::Green.into())),
        Tone::Warn => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
        Tone::Bad => Style::new().fg_color(Some(AnsiColor::Red.into())).bold(),
        Tone::Link => Style::new().fg_color(Some(AnsiColor::Cyan.into())),
    }
}

/// Styles a text; `anstream` strips it where the other side is no terminal.
pub(crate) fn paint(tone: Tone, text: &str) -> String {
    let style = style(tone);
    format!("{style}{}{style:#}", clean(text))
}

/// A severity in its colour.
pub(crate) fn severity(severity: Severity) -> String {
    let tone = match severity {
        Severity::Sev1 => Tone::Bad,
        Severity::Sev2 => Tone::Warn,
        Severity::Sev3 | Severity::Sev4 => Tone::Link,
    };
    paint(tone, severity.as_str())
}

/// Takes control characters out of outside text: telemetry must not steer the terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// A line of the result.
pub(crate) fn line(text: &str) {
    let mut out = anstream::stdout();
    let _ = writeln!(out, "{text}");
}

/// Raw bytes of the result.
pub(crate) fn raw(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(bytes);
    let _ = out.flush();
}

/// A JSON result, pretty where a person looks at it.
pub(crate) fn json(value: &serde_json::Value) {
    let text = if std::io::stdout().is_terminal() {
        serde_json::to_string_pretty(value)
    } else {
        serde_json::to_string(value)
    };
    line(&text.unwrap_or_default());
}

/// A JSON result of many, one a line.
pub(crate) fn json_line(value: &serde_json::Value) {
    line(&serde_json::to_string(value).unwrap_or_default());
}

/// Tells something beside the result.
pub(crate) fn note(text: &str) {
    let mut out = anstream::stderr();
    let _ = writeln!(out, "{text}");
}

/// Tells that something failed: on one line of the result where JSON was asked for.
pub(crate) fn failure(text: &str, code: ExitCode, as_json: bool) {
    if as_json {
        json_line(&serde_json::json!({ "error": text, "code": code as u8 }));
    } else {
        error(text);
    }
}

/// Tells that something failed.
pub(crate) fn error(text: &str) {
    note(&format!("{} {}", paint(Tone::Bad, "error:"), clean(text)));
}
