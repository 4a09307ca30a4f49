//! Silences as the page lists them.

use std::collections::BTreeMap;

use firebell_core::alert::Alert;
use firebell_core::silence::{Matcher, Silence, Silences};
use jiff::Timestamp;
use serde::Serialize;

use crate::ui::moment::Moment;

/// Silences that are listed: those that hold or will, then those that ended last.
const MOST: usize = 100;
/// Of these, those that ended.
const EXPIRED: usize = 10;

/// A silence.
#[derive(Debug, Serialize)]
pub(crate) struct SilenceView {
    id: String,
    state: &'static str,
    matchers: Vec<String>,
    starts: Moment,
    ends: Moment,
    by: String,
    comment: String,
    /// Firing alerts that it keeps quiet, of those that are seen.
    covers: usize,
}

/// All of them: active, pending, expired; what ends next first.
pub(crate) fn silence_views(
    all: &[Silence],
    seen: &[Alert],
    ready: &Silences,
    now: Timestamp,
) -> Vec<SilenceView> {
    let mut covers: BTreeMap<String, usize> = BTreeMap::new();
    for alert in seen.iter().filter(|a| a.firing) {
        for id in ready.covering(&alert.labels, now) {
            *covers.entry(id).or_default() += 1;
        }
    }
    let (mut over, mut current): (Vec<&Silence>, Vec<&Silence>) =
        all.iter().partition(|s| s.state(now) == "expired");
    current.sort_by_key(|s| (s.state(now) == "pending", s.ends_at));
    over.sort_by_key(|s| std::cmp::Reverse(s.ends_at));
    over.truncate(EXPIRED);
    current
        .into_iter()
        .chain(over)
        .take(MOST)
        .map(|s| SilenceView {
            id: s.id.clone(),
            state: s.state(now),
            matchers: s.matchers.iter().map(text).collect(),
            starts: Moment::of(s.starts_at, now),
            ends: Moment::of(s.ends_at, now),
            by: s.created_by.clone(),
            comment: s.comment.clone(),
            covers: covers.get(&s.id).copied().unwrap_or_default(),
        })
        .collect()
}

/// A matcher as `amtool` writes it: `service="checkout"`.
pub(super) fn text(m: &Matcher) -> String {
    let sign = match (m.is_equal, m.is_regex) {
        (true, false) => "=",
        (false, false) => "!=",
        (true, true) => "=~",
        (false, true) => "!~",
    };
    let plain = !m.name.is_empty()
        && m.name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '-' | '/'));
    let name = if plain { m.name.clone() } else { quoted(&m.name) };
    format!("{name}{sign}{}", quoted(&m.value))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use firebell_integrations::alertmanager::api::parse_matcher;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for value in ["checkout", "a\"b\\c", "two\nlines", "", "a, b} =~", "ünïcödé"] {
            for name in ["service", "a b", "k8s.io/name", "q\"uote"] {
                let m = Matcher {
                    name: name.to_owned(),
                    value: value.to_owned(),
                    is_regex: false,
                    is_equal: true,
                };
                assert_eq!(parse_matcher(&text(&m), "matchers").expect("a matcher"), m, "{}", text(&m));
            }
        }
    }
}
