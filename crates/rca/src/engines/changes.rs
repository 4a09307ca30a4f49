//! Changes: which one could have brought it. Time alone blames nobody: a change needs harm at the place that it
//! touched, or words that it shares with the symptom; without such a mechanism it is rejected with the reason.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::change::{Change, ChangeKind};

use crate::case::{Case, is_error};
use crate::evidence::Cite;
use crate::signal::{Modality, Role, Signal};
use crate::silence::Turn;
use crate::text::words;

/// One change with all its ledger entries.
struct Candidate<'a> {
    key: String,
    at: i64,
    entries: Vec<&'a Change>,
    words: BTreeSet<String>,
    /// Words of the lines around the changed ones.
    around: BTreeSet<String>,
    deployed: bool,
}

pub(super) fn run(case: &Case<'_>, seen: &[Signal]) -> Vec<Signal> {
    let candidates = candidates(case);
    if candidates.is_empty() {
        return Vec::new();
    }
    let symptom = symptom_words(case);
    let mut seen_in: BTreeMap<String, usize> = BTreeMap::new();
    for c in &candidates {
        for w in &c.words {
            *seen_in.entry(w.clone()).or_default() += 1;
        }
    }
    let harm = harm(seen);
    let mut out = Vec::new();
    for c in &candidates {
        judge(case, c, &symptom, &seen_in, &harm, seen, &mut out);
    }
    out
}

fn candidates<'a>(case: &Case<'a>) -> Vec<Candidate<'a>> {
    let mut by_key: BTreeMap<String, Vec<&'a Change>> = BTreeMap::new();
    for c in &case.t.changes {
        // A deploy of several commits is several candidates; a commit and its deploy are one.
        let key = c.commit.clone().unwrap_or_else(|| c.id.clone());
        by_key.entry(key).or_default().push(c);
    }
    by_key
        .into_iter()
        .map(|(key, entries)| {
            let live: Vec<&&Change> = entries.iter().filter(|c| c.kind != ChangeKind::Commit).collect();
            let at = live
                .iter()
                .map(|c| c.at)
                .min()
                .or_else(|| entries.iter().map(|c| c.at).min())
                .map_or(i64::MAX, jiff::Timestamp::as_millisecond);
            let mut text = String::new();
            let mut context = String::new();
            for c in &entries {
                for line in c.diff.as_deref().unwrap_or("").lines().filter(|l| l.starts_with(' ')) {
                    context.push_str(line);
                    context.push(' ');
                }
                // Only what was changed counts: context and notes describe, they do nothing.
                let changed = c.diff.as_deref().unwrap_or("").lines().filter(|l| l.starts_with(['+', '-']));
                let parts = [c.summary.as_str(), c.to.as_deref().unwrap_or("")];
                for part in parts.into_iter().chain(c.files.iter().map(String::as_str)).chain(changed) {
                    text.push_str(part);
                    text.push(' ');
                }
            }
            Candidate {
                key,
                at,
                deployed: !live.is_empty(),
                words: words::words(&text),
                around: words::words(&context),
                entries,
            }
        })
        .collect()
}

/// Words of the report, of alerts and of errors that are new: what the symptom is called.
fn symptom_words(case: &Case<'_>) -> BTreeSet<String> {
    let mut text = case.t.report.clone();
    for a in &case.t.alerts {
        for v in a.annotations.values() {
            text.push(' ');
            text.push_str(v);
        }
        text.push(' ');
        text.push_str(&a.name);
    }
    let mut kept = 0;
    for l in &case.t.logs {
        if is_error(l) && l.at.is_some_and(|at| case.frame.is_fault(at.as_millisecond())) {
            text.push(' ');
            text.push_str(&l.text);
            kept += 1;
            if kept > 300 {
                break;
            }
        }
    }
    for (f, s) in case.features.iter().zip(&case.shifts) {
        if f.series.is_some() && s.is_some_and(|s| s.strength() > 0.5) {
            text.push(' ');
            text.push_str(&f.name);
        }
    }
    words::words(&text)
}

/// Strongest harm at each component.
fn harm(seen: &[Signal]) -> BTreeMap<&str, f64> {
    let mut out: BTreeMap<&str, f64> = BTreeMap::new();
    for s in seen.iter().filter(|s| s.role != Role::Against) {
        let w = out.entry(&s.component).or_default();
        *w = w.max(s.weight);
    }
    out
}

fn judge(
    case: &Case<'_>,
    c: &Candidate<'_>,
    symptom: &BTreeSet<String>,
    seen_in: &BTreeMap<String, usize>,
    harm: &BTreeMap<&str, f64>,
    seen: &[Signal],
    out: &mut Vec<Signal>,
) {
    let Some(first) = c.entries.iter().find(|e| e.kind != ChangeKind::Commit).or(c.entries.first()) else {
        return;
    };
    let component = place(case, c, harm);
    let span = (case.frame.onset - case.frame.begin).max(1) as f64;
    let slack = (0.04 * (case.frame.end - case.frame.begin) as f64).clamp(1_500.0, 90_000.0) as i64;
    // A commit goes live with the next deploy, whatever commit that one is labelled with.
    let carried = component.as_ref().and_then(|component| {
        case.t
            .changes
            .iter()
            .filter(|d| d.kind == ChangeKind::Deploy && case.names.resolve(&d.component) == *component)
            .map(|d| d.at.as_millisecond())
            .filter(|at| *at >= c.at && *at <= case.frame.onset + slack)
            .min()
    });
    let (at, live) = match (c.deployed, carried) {
        (true, _) => (c.at, 1.0),
        (false, Some(at)) => (at, 0.9),
        (false, None) => (c.at, 0.55),
    };
    let age = case.frame.onset - at;
    let make = |component: &str, cause: &'static str, role: Role, weight: f64, reading: String| Signal {
        component: component.to_owned(),
        cause,
        modality: Modality::Changes,
        role,
        weight,
        onset: Some(c.at),
        indicator: None,
        change: Some(c.key.clone()),
        cite: Cite::new(first.source.as_deref().unwrap_or("changes"), format!("change {}", c.key)),
        reading,
    };
    let what = format!(
        "{} of {} ({})",
        first.kind.as_str(),
        if first.component.is_empty() { "unknown component" } else { &first.component },
        first.summary.chars().take(80).collect::<String>()
    );
    let Some(component) = component else {
        return;
    };
    if case.frame.seen && age < -slack {
        out.push(make(
            &component,
            cause_of(first),
            Role::Against,
            0.3,
            format!("{what} came after the onset"),
        ));
        return;
    }
    let near = if case.frame.seen { (-(age.max(0) as f64) / (0.6 * span).max(60_000.0)).exp() } else { 0.8 };
    // The place's own name stands in everything about it: no evidence.
    let name = words::words(crate::names::short(&component));
    let symptom: BTreeSet<String> = symptom.difference(&name).cloned().collect();
    let (shared, which) = words::overlap(&c.words, &symptom, seen_in);
    let (near_by, _) = words::overlap(&c.around, &symptom, seen_in);
    let telling = 1.0 - (-(shared + 0.35 * near_by) / 1.5).exp();
    let here = harm.get(component.as_str()).copied().unwrap_or(0.0);
    let flagged = first.kind == ChangeKind::Flag
        && seen.iter().any(|s| s.cause == "change.flag" && s.component == component);
    let harmless = harmless(c);
    let alone = alone_before_complaints(case, first, seen);
    let away: Vec<String> = case
        .turned_away
        .iter()
        .filter_map(|(callee, by)| Some((callee, by.get(&c.key)?)))
        .map(|(callee, turn)| match turn {
            Turn::Elsewhere => format!("it names {callee}, which is well and no longer called"),
            Turn::CutShort => format!("it no longer waits for {callee} to answer"),
        })
        .collect();
    let idle = if first.kind == ChangeKind::Flag && !flagged && shared == 0.0 && !alone { 0.6 } else { 1.0 };
    let mechanism = idle
        * (0.55 * here
            + 0.5 * telling
            + if flagged { 0.25 } else { 0.0 }
            + if alone { 0.62 } else { 0.0 }
            + if away.is_empty() { 0.0 } else { 0.4 })
        .min(1.0)
        * harmless;
    if mechanism < 0.12 {
        out.push(make(
            &component,
            cause_of(first),
            Role::Against,
            0.3,
            format!("{what}: no harm at the place that it touched and no word in common with the symptom"),
        ));
        return;
    }
    let weight = mechanism * (0.35 + 0.65 * near) * live;
    let words = if which.is_empty() {
        String::new()
    } else {
        format!("; shares {}", which.iter().take(5).cloned().collect::<Vec<_>>().join(", "))
    };
    let when = if age >= 0 {
        format!("{:.0} s before the onset", age as f64 / 1000.0)
    } else {
        "at the onset".to_owned()
    };
    let when = if alone { format!("{when}, the only change before people complained") } else { when };
    let words = away.iter().fold(words, |words, how| format!("{words}; {how}"));
    out.push(make(
        &component,
        cause_of(first),
        Role::Mechanism,
        weight.min(0.95),
        format!("{what} {when}{words}"),
    ));
}

/// Whether people complain though nothing that is measured is ill, and this is the one change shortly before the first
/// complaint: wrong behaviour that answers in time and with success shows in no metric, but it begins with a change.
fn alone_before_complaints(case: &Case<'_>, change: &Change, seen: &[Signal]) -> bool {
    const SHORTLY_MS: i64 = 15 * 60 * 1000;
    let Some(began) = case.t.impact_started_at.map(jiff::Timestamp::as_millisecond) else { return false };
    // An alert that strays in is no complaint, and takes nothing from one: what it measures is judged by itself.
    let people = peoples_words(case);
    let complained = !people.trim().is_empty();
    let of_slowness = ["slow", "latency", "takes", "long", "time"].iter().any(|w| people.contains(w));
    let slowness = |s: &Signal| {
        matches!(s.cause, "code.slow_path" | "dependency.slow" | "database.slow_query" | "network.delay")
    };
    let ill = seen
        .iter()
        .filter(|s| s.role != Role::Against && (of_slowness || case.t.alerts.is_empty() || !slowness(s)))
        .any(|s| s.weight > 0.45);
    let shortly = |c: &Change| (0..=SHORTLY_MS).contains(&(began - c.at.as_millisecond()));
    let user_visible = matches!(change.kind, ChangeKind::Flag | ChangeKind::Deploy | ChangeKind::Config);
    complained
        && !ill
        && user_visible
        && shortly(change)
        && case.t.changes.iter().filter(|c| shortly(c) && c.kind != ChangeKind::Commit).count() == 1
}

/// The lines of the report that no alert wrote, in lower case.
pub(crate) fn peoples_words(case: &Case<'_>) -> String {
    let alerts: Vec<&String> = case.t.alerts.iter().flat_map(|a| a.annotations.values()).collect();
    let said = |line: &str| alerts.iter().any(|text| !line.is_empty() && text.contains(line));
    case.t.report.lines().map(str::trim).filter(|l| !said(l)).collect::<Vec<_>>().join("\n").to_lowercase()
}

/// The component that the change touched; a commit without one by its words.
fn place(case: &Case<'_>, c: &Candidate<'_>, harm: &BTreeMap<&str, f64>) -> Option<String> {
    if let Some(named) = c.entries.iter().find(|e| !e.component.is_empty()) {
        return Some(case.names.resolve(&named.component));
    }
    let text: String = c.entries.iter().map(|e| format!("{} {} ", e.summary, e.files.join(" "))).collect();
    let mentioned = case.names.mentioned(&text);
    mentioned
        .into_iter()
        .max_by(|a, b| {
            let h = |x: &String| harm.get(x.as_str()).copied().unwrap_or(0.0);
            h(a).total_cmp(&h(b)).then_with(|| b.cmp(a))
        })
        // A commit that names nobody may still be the one: it goes to the component with most harm.
        .or_else(|| {
            harm.iter()
                .max_by(|a, b| a.1.total_cmp(b.1).then_with(|| b.0.cmp(a.0)))
                .map(|(k, _)| (*k).to_owned())
        })
}

fn cause_of(change: &Change) -> &'static str {
    match change.kind {
        ChangeKind::Deploy | ChangeKind::Commit => "change.release",
        ChangeKind::Config | ChangeKind::Certificate | ChangeKind::Schedule => "change.config",
        ChangeKind::Flag => "change.flag",
        ChangeKind::Migration => "change.migration",
        ChangeKind::Scale | ChangeKind::Node => "change.infrastructure",
    }
}

/// 1 for a change that can harm, less for one that touches only what production does not run.
fn harmless(c: &Candidate<'_>) -> f64 {
    let files: Vec<&str> = c.entries.iter().flat_map(|e| e.files.iter().map(String::as_str)).collect();
    let inert = |f: &str| {
        let f = f.to_lowercase();
        [".md", ".txt", ".css", ".svg", ".png", ".scss", ".rst"].iter().any(|e| f.ends_with(e))
            || [
                "test",
                "docs/",
                "documentation",
                ".circleci",
                ".github",
                "ci/",
                "staging",
                "readme",
                "theme",
                "changelog",
            ]
            .iter()
            .any(|p| f.contains(p))
    };
    let by_files = if !files.is_empty() && files.iter().all(|f| inert(f)) { 0.2 } else { 1.0 };
    let mut code = 0usize;
    let mut quiet = 0usize;
    for line in c.entries.iter().filter_map(|e| e.diff.as_deref()).flat_map(str::lines) {
        let Some(body) = line.strip_prefix(['+', '-']) else { continue };
        let body = body.trim().to_lowercase();
        if body.is_empty() || body.starts_with("++") || body.starts_with("--") {
            continue;
        }
        code += 1;
        let comment = ["//", "#", "*", "/*", "<!--"].iter().any(|p| body.starts_with(p));
        let words = [
            "log.",
            "error:",
            "message:",
            "logger",
            "log_",
            "printf(\"",
            "console.",
            "classname",
            "color",
            "label=",
            "description",
        ]
        .iter()
        .any(|p| body.contains(p));
        quiet += usize::from(comment || words);
    }
    let by_diff = if code > 0 && quiet == code { 0.35 } else { 1.0 };
    let risky = c.words.iter().any(|w| {
        [
            "limit",
            "timeout",
            "ttl",
            "pool",
            "retry",
            "cache",
            "buffer",
            "memory",
            "batch",
            "index",
            "lock",
            "version",
            "max",
            "concurrency",
            "interval",
            "queue",
            "size",
        ]
        .contains(&w.as_str())
    });
    (by_files * by_diff * if risky { 1.15f64 } else { 1.0 }).min(1.15)
}
