//! JSON values as text.

use serde_json::Value;

/// A value as a label would hold it: texts as they are, lists and objects as compact JSON; nothing for null.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
