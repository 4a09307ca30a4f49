//! Lenient reading of JSON values: what is of another type than expected is absent.

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) type Labels = BTreeMap<String, String>;

/// Text at a JSON pointer; numbers and booleans as text. Empty text is absent.
pub(super) fn text(v: &Value, pointer: &str) -> Option<String> {
    scalar(v.pointer(pointer)?)
}

pub(super) fn scalar(v: &Value) -> Option<String> {
    match v {
        Value::String(s) if !s.is_empty() => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

pub(super) fn string(v: &Value, pointer: &str) -> String {
    text(v, pointer).unwrap_or_default()
}

pub(super) fn int(v: &Value, pointer: &str) -> Option<i64> {
    let v = v.pointer(pointer)?;
    v.as_i64().or_else(|| v.as_str()?.trim().parse().ok())
}

pub(super) fn flag(v: &Value, pointer: &str) -> bool {
    v.pointer(pointer).is_some_and(|v| v.as_bool() == Some(true) || v.as_str() == Some("true"))
}

pub(super) fn list<'a>(v: &'a Value, pointer: &str) -> &'a [Value] {
    v.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn words(v: &Value, pointer: &str) -> Vec<String> {
    list(v, pointer).iter().filter_map(scalar).collect()
}

pub(super) fn labels(v: &Value, pointer: &str) -> Labels {
    let Some(map) = v.pointer(pointer).and_then(Value::as_object) else { return Labels::new() };
    map.iter()
        .filter_map(|(k, v)| Some((k.clone(), v.as_str().map(str::to_owned).or_else(|| scalar(v))?)))
        .collect()
}

/// Quantities in base units (cores, bytes, counts).
pub(super) fn quantities(v: &Value, pointer: &str) -> BTreeMap<String, f64> {
    labels(v, pointer).into_iter().filter_map(|(k, v)| Some((k, quantity(&v)?))).collect()
}

/// A Kubernetes quantity in base units: `250m` is 0.25, `64Mi` is 67108864.
///
/// Source: the Kubernetes API conventions, `resource.Quantity`.
pub(crate) fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let factor = match &text[end..] {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" | "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "Ki" | "KiB" => 1024.0,
        "Mi" | "MiB" => 1_048_576.0,
        "Gi" | "GiB" => 1_073_741_824.0,
        "Ti" | "TiB" => 1_099_511_627_776.0,
        "Pi" => 1_125_899_906_842_624.0,
        exponent if exponent.starts_with(['e', 'E']) => 10f64.powi(exponent[1..].parse().ok()?),
        _ => return None,
    };
    let value = number * factor;
    value.is_finite().then_some(value)
}

/// Milliseconds of an RFC 3339 time.
pub(super) fn time(v: &Value, pointer: &str) -> Option<i64> {
    v.pointer(pointer)?.as_str()?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// A quantity for people: bytes with a binary unit, cores with three digits at most.
pub(crate) fn shown(resource: &str, value: f64) -> String {
    if resource.contains("memory") || resource.contains("storage") {
        for (unit, size) in [("Gi", 1_073_741_824.0), ("Mi", 1_048_576.0), ("Ki", 1024.0)] {
            if value >= size {
                return format!("{}{unit}", (value / size * 100.0).round() / 100.0);
            }
        }
    }
    format!("{}", (value * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_in_base_units() {
        for (text, value) in [
            ("250m", 0.25),
            ("2", 2.0),
            ("64Mi", 67_108_864.0),
            ("1e3", 1000.0),
            ("1Gi", 1_073_741_824.0),
            ("100M", 1e8),
        ] {
            assert_eq!(quantity(text), Some(value), "{text}");
        }
        assert_eq!((quantity("<none>"), quantity(""), quantity("1e999")), (None, None, None));
        assert_eq!((shown("memory", 134_217_728.0), shown("cpu", 0.25)), ("128Mi".into(), "0.25".into()));
    }
}
