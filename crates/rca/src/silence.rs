//! Silence that is no illness: a called side that gets no requests because its caller dials elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::change::{Change, ChangeKind};

use crate::case::Case;
use crate::series::features;
use crate::series::kinds::Kind;

/// A configuration takes effect within this time, milliseconds.
const PROMPT_MS: i64 = 120_000;
/// Share of its usual requests below which a called side counts as no longer called.
const SILENT: f64 = 0.35;

/// Called sides that are well and no longer called, each with the changes that may have turned their callers away.
pub(crate) fn misdialled(case: &Case<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for change in case.t.changes.iter().filter(|c| c.kind == ChangeKind::Config) {
        let before = case.frame.onset - change.at.as_millisecond();
        let slack = (case.frame.end - case.frame.onset) / 2;
        if change.component.is_empty() || before > PROMPT_MS || before < -slack {
            continue;
        }
        let caller = case.names.resolve(&change.component);
        for callee in named(case, change, &caller) {
            if idle(case, &callee) {
                let key = change.commit.clone().unwrap_or_else(|| change.id.clone());
                out.entry(callee).or_default().insert(key);
            }
        }
    }
    out
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
