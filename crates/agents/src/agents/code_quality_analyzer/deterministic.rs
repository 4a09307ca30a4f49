//! Where the same pattern may be elsewhere: other services with the same settings or flags, other changes that share
//! words of the blamed diff.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use firebell_core::agent::{ActionItemDraft, AgentTask, Artifact};
use firebell_core::change::Change;
use firebell_core::evidence::Strength;
use firebell_core::ports::platform::ServiceState;
use firebell_core::telemetry::{TelemetryPart, Window};
use firebell_core::verdict::Hypothesis;
use jiff::SignedDuration;

use crate::agents::words::{leader, not_mine, title_of};
use crate::run::{Run, clip};
use crate::tools::{list_changes, platform_state};

/// How far back other changes are looked at.
const DAYS: i64 = 30;
/// Most places named.
const MOST: usize = 10;
/// Words of code that say nothing.
const COMMON: [&str; 16] = [
    "self", "let", "return", "const", "else", "this", "new", "src", "services", "config", "value", "name",
    "yaml", "java", "main", "test",
];

pub(super) async fn act(run: &mut Run) -> Result<(), String> {
    if run.input.task != AgentTask::Learn {
        return not_mine(run);
    }
    let Some(h) = leader(run.incident()).cloned() else {
        run.claim(
            "no cause was named, so there is no pattern to look for",
            Vec::new(),
            Strength::Inconclusive,
            None,
        );
        return Ok(());
    };
    let end = run.input.now;
    list_changes(run, Window { start: end - SignedDuration::from_hours(24 * DAYS), end }).await;
    let (services, _) = platform_state(run).await;
    let places = places(run, &h, &services);
    let ids = run.ids_of(|p| matches!(p, TelemetryPart::Changes(_) | TelemetryPart::Objects(_)));
    if places.is_empty() {
        run.claim("the same pattern was found nowhere else", ids, Strength::Weak, None);
        return Ok(());
    }
    let text = format!("the same pattern may be in {} other places", places.len());
    run.claim(text, ids, Strength::Weak, None);
    let mut page = format!("# Where {} may be elsewhere\n\n", title_of(&h));
    for place in &places {
        let _ = writeln!(page, "- {place}");
    }
    run.report.artifacts.push(Artifact {
        name: "same-pattern.md".to_owned(),
        summary: format!("{} places to review for the same pattern", places.len()),
        media_type: "text/markdown".to_owned(),
        content: page,
    });
    run.report.action_items.push(ActionItemDraft {
        title: clip(&format!("Review {} places for {}", places.len(), title_of(&h)), 160),
        detail: clip(&places.join("; "), 400),
        kind: "prevent".to_owned(),
        impact: 2,
        effort: 2,
        due_days: 30,
    });
    Ok(())
}

fn places(run: &Run, h: &Hypothesis, services: &[ServiceState]) -> Vec<String> {
    let changes: Vec<&Change> = run
        .held
        .iter()
        .filter_map(|x| match &x.part {
            TelemetryPart::Changes(c) => Some(c.iter()),
            _ => None,
        })
        .flatten()
        .collect();
    let key = h.change.as_deref();
    let is_blamed = |c: &&&Change| key.is_some_and(|k| c.id == k || c.commit.as_deref() == Some(k));
    let blamed: Option<&Change> = changes.iter().find(is_blamed).copied();
    let short = h.component.rsplit('/').next().unwrap_or(&h.component);
    let mut out = settings(h, services, short);
    if let Some(blamed) = blamed {
        let mine = words(blamed);
        for c in changes.iter().filter(|c| c.id != blamed.id && c.commit != blamed.commit) {
            let both: Vec<String> = mine.intersection(&words(c)).cloned().collect();
            if both.len() >= 3 {
                let id = c.commit.as_deref().unwrap_or(&c.id);
                out.push(format!(
                    "change {id} of {} ({}): shares {}",
                    c.component,
                    clip(&c.summary, 80),
                    both.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ")
                ));
            }
        }
    }
    out.truncate(MOST);
    out
}

/// Other services with a setting or flag of the same name as the one at fault, or with the same kind of limit.
fn settings(h: &Hypothesis, services: &[ServiceState], ill: &str) -> Vec<String> {
    let wanted: &[&str] = match h.cause.as_str() {
        "saturation.connection_pool" | "database.connection_limit" => &["pool"],
        "change.config" | "dependency.slow" | "dependency.unavailable" | "code.retry_storm" => {
            &["timeout", "retr"]
        }
        "saturation.disk" => &["rotation", "log"],
        "code.n_plus_one" | "code.slow_path" => &["page_size", "batch", "limit"],
        _ => &[],
    };
    let mut out = Vec::new();
    for state in services.iter().filter(|s| s.name != ill) {
        let held: Vec<String> = state
            .config
            .iter()
            .filter(|(k, _)| wanted.iter().any(|w| k.to_lowercase().contains(w)))
            .map(|(k, v)| format!("{k} = {v}"))
            .collect();
        if !held.is_empty() {
            out.push(format!("{}: {}", state.name, clip(&held.join(", "), 200)));
        }
    }
    out
}

/// Words of what a change touched: its diff's lines and its files.
fn words(change: &Change) -> BTreeSet<String> {
    let diff = change.diff.as_deref().unwrap_or("");
    let lines = diff.lines().filter(|l| {
        (l.starts_with('+') || l.starts_with('-')) && !l.starts_with("+++") && !l.starts_with("---")
    });
    lines
        .flat_map(|l| l.split(|c: char| !(c.is_alphanumeric() || c == '_')))
        .map(str::to_lowercase)
        .filter(|w| w.len() > 3 && w.chars().any(char::is_alphabetic) && !COMMON.contains(&w.as_str()))
        .collect()
}
