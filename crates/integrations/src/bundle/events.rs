//! `events/*.json`: the native list, or a list of Kubernetes events.

use firebell_core::telemetry::ClusterEvent;
use jiff::Timestamp;
use serde_json::Value;

use super::error::Broken;

pub(super) fn events(
    value: &Value,
    source: &str,
    broken: &mut Vec<Broken>,
) -> Result<Vec<ClusterEvent>, String> {
    let items = value
        .as_array()
        .or_else(|| value.get("items").and_then(Value::as_array))
        .ok_or("is not a list of events")?;
    let mut out = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let event = if item.get("involvedObject").is_some() { kubernetes(item) } else { native(item) };
        match event {
            Ok(e) => out.push(e),
            Err(reason) => broken.push(Broken {
                file: source.to_owned(),
                line: 0,
                reason: format!("entry {i}: {reason}"),
            }),
        }
    }
    Ok(out)
}

fn native(item: &Value) -> Result<ClusterEvent, String> {
    let mut item = item.clone();
    if let Some(object) = item.as_object_mut() {
        object.retain(|_, v| !v.is_null());
    }
    serde_json::from_value(item).map_err(|e| e.to_string())
}

fn kubernetes(item: &Value) -> Result<ClusterEvent, String> {
    let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str);
    let at = ["/lastTimestamp", "/eventTime", "/firstTimestamp", "/metadata/creationTimestamp"]
        .iter()
        .find_map(|p| text(p))
        .ok_or("field lastTimestamp is missing")?;
    Ok(ClusterEvent {
        at: at.parse::<Timestamp>().map_err(|_| format!("field lastTimestamp {at:?} is not RFC 3339"))?,
        component: text("/involvedObject/name").unwrap_or("").to_owned(),
        kind: text("/type").unwrap_or("").to_owned(),
        reason: text("/reason").unwrap_or("").to_owned(),
        message: text("/message").unwrap_or("").to_owned(),
        count: item.get("count").and_then(Value::as_u64).unwrap_or(1),
        source: text("/source/component").unwrap_or("").to_owned(),
    })
}
