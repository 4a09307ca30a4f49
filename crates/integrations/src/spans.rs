//! What several trace sources share: who calls whom by the spans, and which traces are kept when not all fit
//! (`spans/sample.rs`).

mod sample;

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::{Span, SpanKind, TopologyEdge};

pub(crate) use sample::{Kept, sample_traces};

/// Call relations that the spans show: a span whose parent was recorded by another component, and calls to things
/// that record no spans themselves (databases, caches, third parties), by the attributes of the calling span.
pub(crate) fn topology<'a>(spans: impl IntoIterator<Item = &'a Span> + Clone) -> Vec<TopologyEdge> {
    let mut by_id: BTreeMap<(&str, &str), &Span> = BTreeMap::new();
    let mut answered: BTreeSet<(&str, &str)> = BTreeSet::new();
    for span in spans.clone() {
        by_id.insert((&span.trace_id, &span.span_id), span);
    }
    let mut edges = BTreeSet::new();
    for span in spans.clone() {
        let Some(parent_id) = &span.parent_id else { continue };
        let Some(parent) = by_id.get(&(span.trace_id.as_str(), parent_id.as_str())) else { continue };
        if parent.component != span.component && !parent.component.is_empty() && !span.component.is_empty() {
            answered.insert((&parent.trace_id, &parent.span_id));
            edges.insert(TopologyEdge {
                caller: parent.component.clone(),
                callee: span.component.clone(),
                kind: call_kind(parent, span),
            });
        }
    }
    for span in spans {
        let outgoing = matches!(span.kind, SpanKind::Client | SpanKind::Producer);
        if !outgoing || answered.contains(&(span.trace_id.as_str(), span.span_id.as_str())) {
            continue;
        }
        if let Some((callee, kind)) = silent_callee(span)
            && !span.component.is_empty()
            && callee != span.component
        {
            edges.insert(TopologyEdge { caller: span.component.clone(), callee, kind });
        }
    }
    edges.into_iter().collect()
}

fn call_kind(parent: &Span, child: &Span) -> String {
    let has = |key: &str| parent.attributes.contains_key(key) || child.attributes.contains_key(key);
    if parent.kind == SpanKind::Producer || child.kind == SpanKind::Consumer {
        "message"
    } else if has("rpc.system") {
        "rpc"
    } else if has("http.method") || has("http.request.method") || has("http.route") {
        "http"
    } else {
        ""
    }
    .to_owned()
}

fn silent_callee(span: &Span) -> Option<(String, String)> {
    let get = |keys: &[&str]| keys.iter().find_map(|k| span.attributes.get(*k)).filter(|v| !v.is_empty());
    if let Some(peer) = get(&["peer.service", "service.peer.name"]) {
        return Some((
            peer.clone(),
            if get(&["db.system", "db.system.name"]).is_some() { "sql" } else { "" }.into(),
        ));
    }
    if let Some(system) = get(&["db.system", "db.system.name"]) {
        let cache = matches!(system.as_str(), "redis" | "memcached" | "valkey");
        let name = get(&["db.namespace", "db.name"]).unwrap_or(system);
        return Some(if cache {
            (format!("cache/{name}"), "cache".into())
        } else {
            (format!("database/{name}"), "sql".into())
        });
    }
    if let Some(system) = get(&["messaging.system"]) {
        let name = get(&["messaging.destination.name", "messaging.destination"]).unwrap_or(system);
        return Some((format!("queue/{name}"), "message".into()));
    }
    let host = get(&["server.address", "net.peer.name"])?;
    Some((format!("third_party/{host}"), "http".into()))
}

/// `service/checkout` to `checkout`: telemetry knows services by their plain names.
pub(crate) fn plain_name(component: &str) -> &str {
    const KINDS: [&str; 9] =
        ["service", "database", "cache", "queue", "host", "node", "namespace", "gateway", "third_party"];
    match component.split_once('/') {
        Some((kind, name)) if KINDS.contains(&kind) => name,
        _ => component,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(trace: &str, id: &str, parent: Option<&str>, component: &str, us: i64, error: bool) -> Span {
        Span {
            source: "t".into(),
            trace_id: trace.into(),
            span_id: id.into(),
            parent_id: parent.map(str::to_owned),
            component: component.into(),
            operation: "op".into(),
            kind: SpanKind::Client,
            start_us: 0,
            duration_us: us,
            error,
            attributes: BTreeMap::new(),
        }
    }

    #[test]
    fn edges_come_from_parents_and_from_attributes_of_calls_that_nobody_answered() {
        let mut db = span("t", "c", Some("b"), "cart", 5, false);
        db.attributes.insert("db.system".into(), "postgresql".into());
        db.attributes.insert("db.name".into(), "carts".into());
        let spans =
            vec![span("t", "a", None, "web", 9, false), span("t", "b", Some("a"), "cart", 8, false), db];
        let edges: Vec<_> = topology(&spans).into_iter().map(|e| (e.caller, e.callee, e.kind)).collect();
        assert_eq!(
            edges,
            [
                ("cart".to_owned(), "database/carts".to_owned(), "sql".to_owned()),
                ("web".to_owned(), "cart".to_owned(), String::new())
            ]
        );
    }
}
