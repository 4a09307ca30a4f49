//! `alerts/*.json`: Alertmanager v2 alerts, webhook bodies, or lists of either.

use firebell_core::telemetry::{AlertFact, Labels};
use jiff::Timestamp;
use serde_json::Value;

use super::error::Broken;

pub(super) fn alerts(
    value: &Value,
    source: &str,
    broken: &mut Vec<Broken>,
) -> Result<Vec<AlertFact>, String> {
    let mut out = Vec::new();
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                if item.get("alerts").is_some() {
                    out.extend(alerts(item, source, broken)?);
                } else if let Some(a) = one(item, source) {
                    out.push(a);
                } else {
                    broken.push(Broken {
                        file: source.to_owned(),
                        line: 0,
                        reason: format!("entry {i} has no labels"),
                    });
                }
            }
        }
        Value::Object(o) => match o.get("alerts") {
            Some(list @ Value::Array(_)) => out.extend(alerts(list, source, broken)?),
            Some(_) => return Err("field alerts is not a list".into()),
            None => out.push(one(value, source).ok_or("is neither an alert nor a webhook body: no labels")?),
        },
        _ => return Err("is neither a list of alerts nor a webhook body".into()),
    }
    Ok(out)
}

fn one(value: &Value, source: &str) -> Option<AlertFact> {
    let labels = strings(value.get("labels")?)?;
    let status = value.get("status");
    let state = status.and_then(|s| s.as_str().or_else(|| s.get("state").and_then(Value::as_str)));
    let time = |key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .and_then(|t| t.parse::<Timestamp>().ok())
            // Go's zero time means "not set".
            .filter(|t| t.as_second() > 0)
    };
    let resolved = matches!(state, Some("resolved" | "inactive"));
    Some(AlertFact {
        source: source.to_owned(),
        name: labels.get("alertname").cloned().unwrap_or_default(),
        firing: !resolved,
        annotations: value.get("annotations").and_then(strings).unwrap_or_default(),
        labels,
        starts_at: time("startsAt"),
        ends_at: time("endsAt"),
    })
}

fn strings(value: &Value) -> Option<Labels> {
    let object = value.as_object()?;
    Some(
        object
            .iter()
            .map(|(k, v)| (k.clone(), v.as_str().map_or_else(|| v.to_string(), str::to_owned)))
            .collect(),
    )
}
