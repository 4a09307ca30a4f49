//! Prometheus shapes: selectors as text, and answers of the range and instant query API.

use firebell_core::telemetry::{Labels, MetricKind, Series};
use serde_json::Value;

/// Reads `{"data": {"resultType": "matrix", "result": […]}}`, or its `data` or `result` alone; a vector counts as
/// series of one point.
///
/// # Errors
/// If there is no such result.
pub fn matrix(value: &Value, source: &str) -> Result<Vec<Series>, String> {
    if value.get("status").and_then(Value::as_str) == Some("error") {
        let why = value.get("error").and_then(Value::as_str).unwrap_or("no reason given");
        return Err(format!("is an error answer: {why}"));
    }
    let data = value.get("data").unwrap_or(value);
    let result = data.get("result").unwrap_or(data);
    let Some(items) = result.as_array() else {
        return Err("field data.result is not a list".into());
    };
    let mut out = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        let Some(metric) = item.get("metric").and_then(Value::as_object) else {
            return Err(format!("field data.result[{i}].metric is missing"));
        };
        let mut labels = Labels::new();
        let mut name = String::new();
        for (k, v) in metric {
            let text = v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            if k == "__name__" {
                name = text;
            } else {
                labels.insert(k.clone(), text);
            }
        }
        let mut points: Vec<(i64, f64)> = item
            .get("values")
            .and_then(Value::as_array)
            .map(|v| v.iter().filter_map(sample).collect())
            .or_else(|| item.get("value").and_then(sample).map(|p| vec![p]))
            .unwrap_or_default();
        order(&mut points);
        let component = item.get("firebell_component").and_then(Value::as_str).map(str::to_owned);
        let kind = item
            .get("firebell_kind")
            .and_then(|k| serde_json::from_value(k.clone()).ok())
            .unwrap_or_else(|| kind_of(&name, &labels));
        if !points.is_empty() {
            out.push(Series { source: source.to_owned(), name, labels, component, kind, points });
        }
    }
    Ok(out)
}

fn sample(pair: &Value) -> Option<(i64, f64)> {
    let at = pair.get(0)?.as_f64()?;
    let raw = pair.get(1)?;
    let value = raw.as_str().map_or_else(|| raw.as_f64(), |s| s.parse().ok())?;
    (value.is_finite() && at.abs() < 2.5e11).then(|| ((at * 1000.0).round() as i64, value))
}

/// Ascending in time, the last of equal times winning.
pub(super) fn order(points: &mut Vec<(i64, f64)>) {
    if points.windows(2).all(|w| w[0].0 < w[1].0) {
        return;
    }
    points.sort_by_key(|p| p.0);
    points.reverse();
    points.dedup_by_key(|p| p.0);
    points.reverse();
}

/// What the naming rules of Prometheus say about a series.
pub fn kind_of(name: &str, labels: &Labels) -> MetricKind {
    if name.ends_with("_bucket") && labels.contains_key("le") {
        MetricKind::HistogramBucket
    } else if ["_total", "_count", "_sum"].iter().any(|s| name.ends_with(s)) {
        MetricKind::Counter
    } else {
        MetricKind::Unknown
    }
}

/// Parses `name{a="b",c="d"}`; `None` if the text is not of this form.
pub fn parse_selector(text: &str) -> Option<(String, Labels)> {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('{') else {
        return Some((text.to_owned(), Labels::new()));
    };
    let body = rest.strip_suffix('}')?;
    let mut labels = Labels::new();
    let mut chars = body.chars().peekable();
    loop {
        while chars.next_if(|c| *c == ',' || c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            break;
        }
        let mut key = String::new();
        while let Some(c) = chars.next_if(|c| *c != '=') {
            key.push(c);
        }
        chars.next()?;
        if chars.next()? != '"' {
            return None;
        }
        let mut value = String::new();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => match chars.next()? {
                    'n' => value.push('\n'),
                    't' => value.push('\t'),
                    c => value.push(c),
                },
                c => value.push(c),
            }
        }
        let key = key.trim();
        if key.is_empty() {
            return None;
        }
        labels.insert(key.to_owned(), value);
    }
    Some((name.to_owned(), labels))
}
