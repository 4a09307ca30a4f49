//! What is no illness of the called side: it gets no requests because its caller dials elsewhere, or its caller no longer
//! waits for its answers.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::change::{Change, ChangeKind};

use crate::case::{Case, is_error};
use crate::series::features;
use crate::series::kinds::Kind;

/// A configuration takes effect within this time, milliseconds.
const PROMPT_MS: i64 = 120_000;
/// Share of its usual requests below which a called side counts as no longer called.
const SILENT: f64 = 0.35;
/// A time limit that is so many times shorter than before no longer fits what it was made for.
const SHORTER: f64 = 4.0;
/// So many time-outs are no chance; nor are so many times as many as before.
const FEW: usize = 3;

/// How a caller's configuration turns it away from a called side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It calls somewhere else.
    Elsewhere,
    /// It does not wait for the answer.
    CutShort,
}

/// Called sides that a caller's configuration turned away from: the changes' ids or commits, and how.
pub(crate) fn turned_away(case: &Case<'_>) -> BTreeMap<String, BTreeMap<String, Turn>> {
    let mut out: BTreeMap<String, BTreeMap<String, Turn>> = BTreeMap::new();
    for change in case.t.changes.iter().filter(|c| c.kind == ChangeKind::Config) {
        let before = case.frame.onset - change.at.as_millisecond();
        let slack = (case.frame.end - case.frame.onset) / 2;
        if change.component.is_empty() || before > PROMPT_MS || before < -slack {
            continue;
        }
        let caller = case.names.resolve(&change.component);
        let impatient = shortens_a_wait(change) && times_out(case, &caller);
        for callee in named(case, change, &caller) {
            let turn = match (impatient, idle(case, &callee)) {
                (true, _) => Turn::CutShort,
                (false, true) => Turn::Elsewhere,
                (false, false) => continue,
            };
            let key = change.commit.clone().unwrap_or_else(|| change.id.clone());
            out.entry(callee).or_default().insert(key, turn);
        }
    }
    out
}

/// Whether the change makes a time limit several times shorter.
fn shortens_a_wait(change: &Change) -> bool {
    let diff = change.diff.as_deref().unwrap_or("");
    let line = |sign: &str| diff.lines().find(|l| l.starts_with(sign) && !l.starts_with(&sign.repeat(3)));
    let limit = |text: &str| ["timeout", "deadline"].iter().any(|w| text.to_lowercase().contains(w));
    let named = limit(&change.summary) || line("+").is_some_and(limit);
    let figure = |value: Option<&str>, line: Option<&str>| {
        value.and_then(last_number).or_else(|| line.and_then(last_number)).filter(|n| *n > 0.0)
    };
    let from = figure(change.from.as_deref(), line("-"));
    let to = figure(change.to.as_deref(), line("+"));
    named && from.zip(to).is_some_and(|(from, to)| to * SHORTER <= from)
}

/// The last number of a text.
fn last_number(text: &str) -> Option<f64> {
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let begin = text[..end].rfind(|c: char| !digits(c)).map_or(0, |at| at + 1);
    text[begin..end].parse().ok()
}

/// Whether a component began to run out of patience with others, by what it logs.
fn times_out(case: &Case<'_>, component: &str) -> bool {
    let (mut before, mut since) = (0usize, 0usize);
    for line in &case.t.logs {
        let Some(at) = line.at.map(jiff::Timestamp::as_millisecond) else { continue };
        let text = line.text.to_lowercase();
        let gives_up = ["timed out", "timeout", "deadline exceeded"].iter().any(|w| text.contains(w));
        if gives_up && is_error(line) && case.owner(line) == component {
            if case.frame.is_fault(at) { since += 1 } else { before += 1 }
        }
    }
    since >= FEW && since > FEW * before
}

/// Components that a change names, other than its own and those that call it.
pub(crate) fn named(case: &Case<'_>, change: &Change, own: &str) -> BTreeSet<String> {
    let changed = change.diff.as_deref().unwrap_or("").lines().filter(|l| l.starts_with(['+', '-']));
    let mut text = change.summary.clone();
    for part in [change.from.as_deref(), change.to.as_deref()].into_iter().flatten().chain(changed) {
        text.push(' ');
        text.push_str(part);
    }
    // Settings are written together: `inventory_url`, `inventoryUrl`, `INVENTORY-URL`.
    let mut apart = String::with_capacity(text.len() + 16);
    let mut lower = false;
    for c in text.chars() {
        if c.is_alphanumeric() {
            if lower && c.is_uppercase() {
                apart.push(' ');
            }
            lower = c.is_lowercase();
            apart.extend(c.to_lowercase());
        } else {
            lower = false;
            apart.push(if c == '/' { '/' } else { ' ' });
        }
    }
    let above = case.graph.upstream(own);
    case.names.mentioned(&apart).into_iter().filter(|c| c != own && !above.contains_key(c)).collect()
}

/// Gets far fewer requests, goes on reporting to the end, and is neither slow nor failing.
fn idle(case: &Case<'_>, component: &str) -> bool {
    let (mut silent, mut alive) = (false, false);
    for (f, s) in case.features.iter().zip(&case.shifts) {
        let (Some(s), true) = (s, f.component == component && f.peer.is_none()) else { continue };
        match f.kind {
            Kind::Errors | Kind::Latency | Kind::LogErrors
                if s.z > 0.0 && case.sure(f) * s.strength() > 0.2 =>
            {
                return false;
            }
            Kind::Workload => silent |= s.before > 0.0 && s.after < SILENT * s.before,
            // What a process says of itself, or of its machine, it says only while it lives.
            Kind::Memory | Kind::Cpu | Kind::Threads | Kind::FileDescriptors | Kind::PoolSize => {
                let step = features::step(&f.points).max(1);
                alive |= f.points.last().is_some_and(|p| p.0 > case.frame.end - 4 * step && p.1.is_finite());
            }
            _ => {}
        }
    }
    silent && alive
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(summary: &str, from: Option<&str>, to: Option<&str>, diff: Option<&str>) -> Change {
        Change {
            id: "c".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            kind: ChangeKind::Config,
            component: "service/a".to_owned(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            by: None,
            source: None,
            commit: None,
            summary: summary.to_owned(),
            diff: diff.map(str::to_owned),
            files: Vec::new(),
        }
    }

    #[test]
    fn only_a_time_limit_that_became_much_shorter_cuts_waits_short() {
        for (is, summary, from, to) in [
            (true, "b_timeout_ms", "4500", "5"),
            (true, "deadline of b", "2s", "0.2s"),
            (false, "b_timeout_ms", "5", "4500"),
            (false, "b_timeout_ms", "4500", "3000"),
            (false, "b_pool_size", "40", "2"),
            (false, "b_timeout_ms", "soon", "later"),
        ] {
            let change = change(summary, Some(from), Some(to), None);
            assert_eq!(shortens_a_wait(&change), is, "{summary} {from} {to}");
        }
        let diff =
            "--- a/conf.yaml\n+++ b/conf.yaml\n@@ -4,1 +4,1 @@\n-b_timeout_ms: 8000\n+b_timeout_ms: 8\n";
        assert!(shortens_a_wait(&change("reloaded", None, None, Some(diff))));
        assert!(!shortens_a_wait(&change("reloaded", None, None, None)));
    }
}
