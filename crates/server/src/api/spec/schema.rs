//! Words to write schemas in.

use serde_json::{Map, Value, json};

/// Any text.
pub(crate) fn text() -> Value {
    json!({"type": "string"})
}

/// A text that must not be empty, of at most so many characters.
pub(crate) fn filled(most: usize) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": most, "pattern": "\\S"})
}

/// A text of at most so many characters.
pub(crate) fn up_to(most: usize) -> Value {
    json!({"type": "string", "maxLength": most})
}

/// One of these words.
pub(crate) fn one_of(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

/// A whole number.
pub(crate) fn whole(least: i64, most: i64) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most})
}

/// A count.
pub(crate) fn count() -> Value {
    json!({"type": "integer", "minimum": 0})
}

/// An RFC 3339 time.
pub(crate) fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

/// True or false.
pub(crate) fn flag() -> Value {
    json!({"type": "boolean"})
}

/// That or null.
pub(crate) fn or_null(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

/// A list.
pub(crate) fn list(of: Value) -> Value {
    json!({"type": "array", "items": of})
}

/// Anything by name.
pub(crate) fn map(of: Value) -> Value {
    json!({"type": "object", "additionalProperties": of})
}

/// A schema of the components.
pub(crate) fn named(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A page of a list: `field` holds the rows, `next_cursor` leads on.
pub(crate) fn page(field: &'static str, of: Value) -> Value {
    object(&[need(field, list(of)), need("next_cursor", or_null(text()))])
}

/// A field of an object.
pub(crate) struct Field {
    name: &'static str,
    schema: Value,
    needed: bool,
}

/// A field that is always there.
pub(crate) fn need(name: &'static str, schema: Value) -> Field {
    Field { name, schema, needed: true }
}

/// A field that may be missing.
pub(crate) fn may(name: &'static str, schema: Value) -> Field {
    Field { name, schema, needed: false }
}

/// An object with these fields and no others.
pub(crate) fn object(fields: &[Field]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        properties.insert(field.name.to_owned(), field.schema.clone());
    }
    let required: Vec<&str> = fields.iter().filter(|f| f.needed).map(|f| f.name).collect();
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty()
        && let Some(schema) = schema.as_object_mut()
    {
        schema.insert("required".to_owned(), json!(required));
    }
    schema
}

/// An object with these fields, and others that later versions may add.
pub(crate) fn growing(fields: &[Field]) -> Value {
    let mut schema = object(fields);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("additionalProperties".to_owned(), json!(true));
    }
    schema
}
