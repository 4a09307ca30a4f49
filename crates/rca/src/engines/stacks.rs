//! What stands around one log line: the stack trace that it begins, and how many lines it speaks for.

use firebell_core::telemetry::LogLine;

use crate::logs::{self, Stack};

/// Most lines of one trace.
const MAX_LINES: usize = 80;
/// Most lines that one may speak for.
const MAX_TIMES: f64 = 1e6;
/// The trace of a record: in its text, in a field, or in the lines of the file that follow it.
pub(super) fn of(all: &[LogLine], index: usize) -> Option<Stack> {
    let first = all.get(index)?;
    if let Some(found) = logs::stack(&first.text) {
        return Some(found);
    }
    if let Some(found) =
        logs::STACK_FIELDS.iter().filter_map(|f| first.fields.get(*f)).find_map(|text| logs::stack(text))
    {
        return Some(found);
    }
    let mut text = first.text.clone();
    for (line, number) in all.iter().skip(index + 1).take(MAX_LINES).zip(first.line + 1..) {
        // A new record begins with a time of its own.
        let goes_on = line.source == first.source
            && line.line == number
            && logs::head(line.text.as_bytes(), 2000).at.is_none();
        if !goes_on {
            break;
        }
        text.push('\n');
        text.push_str(&line.text);
    }
    logs::stack(&text)
}

/// How many messages a line stands for: `message repeated 5 times`, `suppressed 12 messages`, `12 callbacks suppressed`.
pub(super) fn times(text: &str) -> f64 {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |w: &&str| w.trim_matches(|c: char| !c.is_ascii_digit()).parse::<f64>().ok();
    for (i, word) in words.iter().enumerate() {
        let word = word.trim_matches(|c: char| !c.is_alphabetic());
        if matches!(word, "suppressed" | "repeated" | "dropped") {
            let after = words.get(i + 1).and_then(number);
            let before = || words[..i].iter().rev().take(3).find_map(number);
            if let Some(n) = after.or_else(before) {
                return n.clamp(1.0, MAX_TIMES);
            }
        }
    }
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_speaks_for_what_it_kept_back() {
        for (text, n) in [
            ("message repeated 5 times: [ x ]", 5.0),
            ("suppressed 12 messages from y", 12.0),
            ("net_ratelimit: 34 callbacks suppressed", 34.0),
            ("alerts are suppressed", 1.0),
        ] {
            assert!((times(text) - n).abs() < 1e-9, "{text}");
        }
    }

    #[test]
    fn a_trace_goes_on_over_the_lines_of_its_file() {
        let line = |number: u64, text: &str| LogLine {
            source: "logs/a.log".into(),
            line: number,
            component: Some("a".into()),
            at: None,
            level: None,
            text: text.into(),
            fields: Default::default(),
            trace_id: None,
        };
        let all = [
            line(1, "2026-01-05 10:00:00 ERROR order failed"),
            line(2, "com.acme.PayException: no"),
            line(3, "\tat com.acme.Pay.charge(Pay.java:12)"),
            line(4, "2026-01-05 10:00:01 INFO next"),
            line(5, "\tat com.acme.Other.x(Other.java:1)"),
        ];
        let found = of(&all, 0).expect("a trace");
        assert_eq!(
            (found.exception.as_str(), found.frame.as_deref()),
            ("com.acme.PayException", Some("com.acme.Pay.charge"))
        );
        assert_eq!(of(&all, 3), None);
    }
}
