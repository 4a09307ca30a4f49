//! `changes/*.json`: the native list, CDEvents, or GitHub's deployment events.

use firebell_core::change::{Change, ChangeKind};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::Broken;

pub(super) fn changes(value: &Value, source: &str, broken: &mut Vec<Broken>) -> Result<Vec<Change>, String> {
    let single = [value.clone()];
    let items: &[Value] = match value {
        Value::Array(items) => items,
        Value::Object(o) => match o.get("changes") {
            Some(Value::Array(items)) => items,
            _ => &single,
        },
        _ => return Err("is not a list of changes".into()),
    };
    let mut out = Vec::new();
    for (i, item) in items.iter().enumerate() {
        match change_from_json(item) {
            Ok(mut change) => {
                if change.id.is_empty() {
                    change.id = format!("{source}#{i}");
                }
                out.push(change);
            }
            Err(reason) => broken.push(Broken {
                file: source.to_owned(),
                line: 0,
                reason: format!("entry {i}: {reason}"),
            }),
        }
    }
    Ok(out)
}

/// One change in any of the three forms; its `id` is empty where the form has none.
///
/// # Errors
/// If a field is missing or wrong, naming the field.
pub fn change_from_json(item: &Value) -> Result<Change, String> {
    if item.get("context").and_then(|c| c.get("type")).is_some() {
        return cdevent(item);
    }
    if item.get("deployment").is_some() {
        return github(item);
    }
    let mut item = item.clone();
    let Some(object) = item.as_object_mut() else {
        return Err("is not an object".into());
    };
    // Null means the same as absent, for every field.
    object.retain(|_, v| !v.is_null());
    for key in ["from", "to", "id", "summary"] {
        if let Some(v) = object.get_mut(key)
            && !v.is_string()
        {
            *v = json!(v.to_string());
        }
    }
    let mut change: Change = serde_json::from_value(item).map_err(|e| e.to_string())?;
    if change.id.is_empty()
        && let Some(commit) = &change.commit
        && change.kind == ChangeKind::Commit
    {
        change.id = commit.clone();
    }
    Ok(change)
}

fn cdevent(item: &Value) -> Result<Change, String> {
    let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str);
    let kind_text = text("/context/type").ok_or("field context.type is missing")?;
    let kind = match kind_text.split('.').nth(2) {
        Some("service") => ChangeKind::Deploy,
        Some("environment") => ChangeKind::Config,
        Some("change" | "branch" | "repository") => ChangeKind::Commit,
        _ => ChangeKind::Deploy,
    };
    let subject = text("/subject/id").unwrap_or("");
    let artifact = text("/subject/content/artifactId");
    Ok(Change {
        id: text("/context/id").unwrap_or("").to_owned(),
        at: when(text("/context/timestamp"), "context.timestamp")?,
        kind,
        component: subject.rsplit('/').next().unwrap_or(subject).to_owned(),
        from: None,
        to: artifact.map(|a| a.rsplit('@').next().unwrap_or(a).to_owned()),
        by: None,
        source: text("/context/source").map(str::to_owned),
        commit: None,
        summary: format!("{kind_text} {subject}"),
        diff: None,
        files: Vec::new(),
    })
}

fn github(item: &Value) -> Result<Change, String> {
    let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str);
    let at = text("/deployment_status/created_at").or_else(|| text("/deployment/created_at"));
    Ok(Change {
        id: item.pointer("/deployment/id").map(ToString::to_string).unwrap_or_default(),
        at: when(at, "deployment.created_at")?,
        kind: ChangeKind::Deploy,
        component: text("/deployment/payload/service")
            .or_else(|| text("/repository/name"))
            .unwrap_or("")
            .to_owned(),
        from: None,
        to: text("/deployment/ref").map(str::to_owned),
        by: text("/deployment/creator/login").map(str::to_owned),
        source: Some("github".to_owned()),
        commit: text("/deployment/sha").map(str::to_owned),
        summary: text("/deployment/description").unwrap_or("").to_owned(),
        diff: None,
        files: Vec::new(),
    })
}

fn when(text: Option<&str>, field: &str) -> Result<Timestamp, String> {
    let text = text.ok_or_else(|| format!("field {field} is missing"))?;
    text.parse().map_err(|_| format!("field {field} {text:?} is not RFC 3339"))
}
