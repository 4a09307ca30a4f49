//! Fields of JSON that a provider sent.

use serde_json::Value;

use super::ReplyError;

/// The text at a place; empty if there is none.
pub(crate) fn at<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A text, or a whole number as text, that has to be there.
///
/// # Errors
/// Names the field.
pub(crate) fn need(value: &Value, pointer: &str, name: &'static str) -> Result<String, ReplyError> {
    match value.pointer(pointer) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::Number(n)) if n.is_i64() || n.is_u64() => Ok(n.to_string()),
        _ => Err(ReplyError::malformed(name, "is missing or no text")),
    }
}
