//! `k8s/*.{json,yaml}`: what `kubectl get … -o json` or `-o yaml` prints.

use firebell_core::telemetry::ClusterObject;
use serde::Deserialize;
use serde_json::Value;

/// A list's items, or the object itself.
pub(super) fn objects(value: Value, source: &str) -> Vec<ClusterObject> {
    let wrap = |object| ClusterObject { source: source.to_owned(), object };
    match value {
        Value::Array(items) => items.into_iter().map(wrap).collect(),
        Value::Object(mut o) if o.get("items").is_some_and(Value::is_array) => match o.remove("items") {
            Some(Value::Array(items)) => items.into_iter().map(wrap).collect(),
            _ => Vec::new(),
        },
        other => vec![wrap(other)],
    }
}

/// One or more YAML documents.
pub(super) fn yaml(text: &str, source: &str) -> Result<Vec<ClusterObject>, String> {
    let mut out = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_str(text) {
        let value = Value::deserialize(document).map_err(|e| format!("is not YAML: {e}"))?;
        if !value.is_null() {
            out.extend(objects(value, source));
        }
    }
    Ok(out)
}
