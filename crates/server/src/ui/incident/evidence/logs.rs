//! Log lines by statement, with counts over time.

use std::borrow::Cow;

use firebell_core::telemetry::LogLine;
use firebell_rca::logs::{redact, whole};
use firebell_rca::{is_of_template, log_templates};
use jiff::Timestamp;
use minijinja::Value;
use serde::Serialize;

use crate::ui::words;
use firebell_report::draw;

/// Lines that statements are mined of.
const MOST_LINES: usize = 20_000;
/// Statements that are shown.
const MOST: usize = 20;

/// A statement.
#[derive(Debug, Serialize)]
pub(super) struct TemplateView {
    text: String,
    cited: bool,
    count: usize,
    level: String,
    first: String,
    last: String,
    spark: Value,
    example: String,
}

/// The times of lines, unix milliseconds: of the cited statement, or of all.
pub(super) fn times(template: Option<&str>, lines: &[LogLine]) -> Vec<i64> {
    lines
        .iter()
        .filter(|l| template.is_none_or(|t| is_of_template(t, &whole(l))))
        .filter_map(|l| Some(l.at?.as_millisecond()))
        .collect()
}

/// From the first to the last line that has a time.
pub(super) fn window(lines: &[LogLine]) -> Option<(i64, i64)> {
    let all = || lines.iter().filter_map(|l| Some(l.at?.as_millisecond()));
    Some((all().min()?, all().max()?))
}

/// The cited statement first, then the most frequent ones; and how many more there are.
pub(super) fn templates(cited: Option<&str>, lines: &[LogLine]) -> (Vec<TemplateView>, usize) {
    let lines = &lines[..lines.len().min(MOST_LINES)];
    let window = window(lines).unwrap_or((0, 1));
    let own: Vec<&LogLine> =
        cited.map(|t| lines.iter().filter(|l| is_of_template(t, &whole(l))).collect()).unwrap_or_default();
    let mut out: Vec<TemplateView> = cited.iter().filter_map(|t| view(t, &own, window, true)).collect();
    let others: Vec<&LogLine> =
        lines.iter().filter(|l| cited.is_none_or(|t| !is_of_template(t, &whole(l)))).collect();
    let texts: Vec<Cow<'_, str>> = others.iter().map(|l| whole(l)).collect();
    let mined = log_templates(texts.iter().map(AsRef::as_ref));
    let beyond = mined.len().saturating_sub(MOST);
    for template in mined.iter().take(MOST) {
        let of: Vec<&LogLine> =
            template.lines.iter().filter_map(|n| others.get(usize::try_from(*n).ok()?).copied()).collect();
        out.extend(view(&template.text, &of, window, false));
    }
    (out, beyond)
}

fn view(text: &str, lines: &[&LogLine], window: (i64, i64), cited: bool) -> Option<TemplateView> {
    let first = lines.first()?;
    let times: Vec<i64> = lines.iter().filter_map(|l| Some(l.at?.as_millisecond())).collect();
    let clock = |at: Option<&i64>| {
        at.and_then(|at| Timestamp::from_millisecond(*at).ok()).map(words::clock).unwrap_or_default()
    };
    let worst = ["fatal", "critical", "error", "warn", "warning", "info", "debug"]
        .into_iter()
        .find(|level| lines.iter().any(|l| l.level.as_deref() == Some(level)));
    Some(TemplateView {
        text: redact(text).into_owned(),
        cited,
        count: lines.len(),
        level: worst.unwrap_or_default().to_owned(),
        first: clock(times.iter().min()),
        last: clock(times.iter().max()),
        // Drawn by code that escapes what it is given.
        spark: Value::from_safe_string(draw::spark(
            &format!("{} lines over time", lines.len()),
            &times,
            window,
        )),
        // Bundles and what was stored before the rules knew as much are masked here. Cut afterwards: half a secret would
        // not be known for one.
        example: redact(&first.text).chars().take(2000).collect(),
    })
}
