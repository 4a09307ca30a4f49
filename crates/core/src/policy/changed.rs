//! Which figures of a policy differ from their defaults, for people who want to see what a file really changed.

use serde_json::Value;

use super::Policy;

impl Policy {
    /// `levels.sev1.resolve_within_s = 1800 (default 3600)`, one line a figure, in the order of their names. What has
    /// no default figures (services, people, channels) is not in it.
    pub fn changed_figures(&self) -> Vec<String> {
        let (own, default) = (serde_json::to_value(self), serde_json::to_value(Self::default()));
        let (Ok(own), Ok(default)) = (own, default) else { return Vec::new() };
        let mut lines = Vec::new();
        for part in
            ["severity", "levels", "times", "correlation", "approval", "war_room", "checklists", "retry"]
        {
            compare(part, own.get(part), default.get(part), &mut lines);
        }
        lines
    }
}

fn compare(path: &str, own: Option<&Value>, default: Option<&Value>, lines: &mut Vec<String>) {
    if let (Some(Value::Object(own)), Some(Value::Object(default))) = (own, default) {
        for (name, value) in own {
            compare(&format!("{path}.{name}"), Some(value), default.get(name), lines);
        }
    } else if own != default {
        lines.push(format!("{path} = {} (default {})", shown(own), shown(default)));
    }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "never".to_owned(),
        Some(value) => value.to_string(),
    }
}
