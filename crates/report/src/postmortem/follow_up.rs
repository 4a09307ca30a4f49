//! Action items, participants, gaps, and the appendix.

use firebell_core::incident::ActionItem;
use firebell_core::review::MEETING_S;

use super::factors;
use super::write::Record;
use crate::{text, words};

/// Bytes of one artifact that the appendix shows.
const MAX_ARTIFACT: usize = 8 * 1024;
/// Rows of evidence.
const MAX_EVIDENCE: usize = 300;

pub(super) fn action_items(record: &Record<'_>) -> String {
    let items = record.incident.action_items_in_order();
    if items.is_empty() {
        return "None was recorded.".to_owned();
    }
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|(id, a)| {
            let size = |n: u8| match n {
                1 => "small",
                2 => "medium",
                _ => "large",
            };
            let owner =
                if a.owner.is_empty() { "nobody yet".to_owned() } else { text::markdown(&a.owner, 80) };
            let detail = text::sentence(&text::markdown(&a.item.detail, 300));
            vec![
                id.to_string(),
                format!("**{}** {detail}", text::markdown(&a.item.title, 160)),
                text::markdown(&a.item.kind, 20),
                owner,
                a.due.strftime("%Y-%m-%d").to_string(),
                a.priority.to_string(),
                size(a.item.impact).to_owned(),
                size(a.item.effort).to_owned(),
                state(a),
            ]
        })
        .collect();
    text::table(
        &["No.", "What and why", "Kind", "Owner", "Due", "Priority", "Impact", "Effort", "State"],
        &rows,
    )
}

/// Open or done, with the issue in the tracker.
fn state(item: &ActionItem) -> String {
    let state =
        item.done_at.map_or_else(|| "open".to_owned(), |at| format!("done {}", at.strftime("%Y-%m-%d")));
    match item.tracking.as_ref().and_then(|tracking| tracking.issue.as_ref()) {
        Some(issue) if is_plain(&issue.url) => {
            format!("{state}, [{}]({})", text::markdown(&issue.key, 80), issue.url)
        }
        Some(issue) => format!("{state}, {}", text::markdown(&issue.key, 80)),
        None => state,
    }
}

/// An address in which nothing ends a link of Markdown or a cell of a table.
fn is_plain(url: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#&=%+,;$".contains(c);
    text::is_web(url) && url.chars().all(plain)
}

pub(super) fn participants(record: &Record<'_>) -> String {
    let i = record.incident;
    let mut rows: Vec<Vec<String>> = i
        .roles
        .iter()
        .map(|(role, holder)| {
            let name = holder.person.as_ref().map_or_else(|| "nobody".to_owned(), |p| text::markdown(p, 80));
            vec![text::markdown(&role.replace('_', " "), 60), name, words::second(holder.since)]
        })
        .collect();
    if let Some(facilitator) = &i.facilitator {
        rows.push(vec!["postmortem facilitator".to_owned(), text::markdown(facilitator, 80), String::new()]);
    }
    let mut out = if rows.is_empty() {
        "No role was assigned.\n".to_owned()
    } else {
        text::table(&["Role", "Held at the end by", "Since"], &rows)
    };
    if let Some(meeting) = i.postmortem_meeting() {
        let minutes = MEETING_S / 60;
        out.push_str(&format!("\nThe meeting is at {}, for {minutes} minutes.\n", words::instant(meeting)));
    }
    let names: Vec<String> = i.responders.iter().map(|n| text::markdown(n, 80)).collect();
    if !names.is_empty() {
        out.push_str(&format!("\nThanks to {}.\n", text::list(&names)));
    }
    let mut agents: Vec<&str> = i.runs.values().map(|r| r.agent.as_str()).collect();
    agents.sort_unstable();
    agents.dedup();
    if !agents.is_empty() {
        let agents: Vec<String> = agents.iter().map(|a| text::markdown(a, 60)).collect();
        out.push_str(&format!("\nAgents: {}.\n", text::list(&agents)));
    }
    out
}

pub(super) fn gaps(record: &Record<'_>) -> String {
    let all = factors::gaps(record);
    if all.is_empty() {
        return "Nothing that was asked for was missing.".to_owned();
    }
    all.iter().take(60).map(|g| format!("- {}\n", text::markdown(g, 400))).collect()
}

pub(super) fn appendix(record: &Record<'_>) -> String {
    let i = record.incident;
    let mut out = String::new();
    if let Some(bundle) = &i.bundle {
        out.push_str(&format!("Evidence bundle: {}\n\n", text::code(bundle, 300)));
    }
    out.push_str("### Recorded queries\n\n");
    let rows: Vec<Vec<String>> = i
        .evidence
        .iter()
        .take(MAX_EVIDENCE)
        .map(|e| {
            vec![
                text::code(e.id.as_str(), 40),
                text::code(&e.source, 80),
                text::code(&e.query, 240),
                e.items.to_string(),
                text::markdown(&e.reading, 200),
                text::code(&e.sha256, 64),
            ]
        })
        .collect();
    if rows.is_empty() {
        out.push_str("None.\n");
    } else {
        out.push_str(&text::table(&["Id", "Source", "Query", "Items", "Reading", "SHA-256"], &rows));
        if i.evidence.len() > MAX_EVIDENCE {
            out.push_str(&format!("\n{} more are in the record.\n", i.evidence.len() - MAX_EVIDENCE));
        }
    }
    for artifact in i.runs.values().flat_map(|r| &r.artifacts) {
        out.push_str(&format!(
            "\n### {}\n\n{}\n\n",
            text::markdown(&artifact.name, 120),
            text::sentence(&text::markdown(&artifact.summary, 300))
        ));
        out.push_str(&indented(&artifact.content));
    }
    out
}

/// A code block by indentation: nothing inside it can end it.
fn indented(content: &str) -> String {
    let mut end = content.len().min(MAX_ARTIFACT);
    while !content.is_char_boundary(end) {
        end -= 1;
    }
    let mut out = String::new();
    for line in content[..end].lines() {
        let clean: String = line.replace('\t', "    ").chars().filter(|c| !c.is_control()).collect();
        out.push_str(&format!("    {clean}\n"));
    }
    if end < content.len() {
        out.push_str(&format!("\n{} more bytes are in the archive.\n", content.len() - end));
    }
    out
}
