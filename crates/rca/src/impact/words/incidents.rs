//! Labelled public incidents: one JSON object a line, as status pages tell them.

use std::collections::BTreeSet;

use firebell_core::severity::words::{Features, Grade, Update, features};
use serde::Deserialize;

/// One incident as far as it was told in its title and its first two updates.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// RFC 3339.
    pub started_at: String,
    /// What its words say.
    pub features: Features,
    /// Title and the first two messages, for methods that count words.
    pub text: String,
    /// Words of the names of the parts that its page lists: what is learned has to hold for other services too.
    pub parts: BTreeSet<String>,
    /// How its status page graded it.
    pub grade: Grade,
}

#[derive(Deserialize)]
struct Line {
    title: String,
    #[serde(default)]
    started_at: Option<String>,
    #[serde(default)]
    published_at: Option<String>,
    #[serde(default)]
    updates: Vec<Message>,
    #[serde(default)]
    components: Vec<String>,
    impact: String,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    at: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
}

/// Reads incidents, oldest first. Scheduled maintenance and incidents without a grade are left out; `critical` counts as
/// major. Durations and all that was told later are not looked at; names of components only to leave their words out.
///
/// # Errors
/// A sentence that names the line that is not an incident.
pub fn read(jsonl: &str) -> Result<Vec<Told>, String> {
    let mut out = Vec::new();
    for (number, line) in jsonl.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let line: Line =
            serde_json::from_str(line).map_err(|e| format!("line {} is not an incident: {e}", number + 1))?;
        let grade = match line.impact.as_str() {
            "none" => Grade::None,
            "minor" => Grade::Minor,
            "major" | "critical" => Grade::Major,
            _ => continue,
        };
        let mut messages = line.updates;
        messages.sort_by(|a, b| a.at.cmp(&b.at));
        messages.truncate(2);
        let updates: Vec<Update<'_>> =
            messages.iter().map(|m| Update { status: &m.status, text: &m.message }).collect();
        let mut text = line.title.clone();
        for m in &messages {
            text.push('\n');
            text.push_str(&m.message);
        }
        out.push(Told {
            started_at: line.started_at.or(line.published_at).unwrap_or_default(),
            features: features(&line.title, &updates),
            text,
            parts: line
                .components
                .iter()
                .flat_map(|c| c.split(|c: char| !c.is_ascii_alphanumeric()))
                .filter(|w| !w.is_empty())
                .map(str::to_lowercase)
                .collect(),
            grade,
        });
    }
    out.sort_by(|a, b| a.started_at.cmp(&b.started_at));
    Ok(out)
}
