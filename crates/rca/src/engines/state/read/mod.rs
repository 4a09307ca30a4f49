//! Reading: cluster objects, events and what recorded commands printed become one [`Cluster`].
//!
//! Text becomes partial objects of the API. What several sources say of one object is put together, the fullest source
//! first: objects and `-o yaml`, then `describe`, then tables. Of equal sources the later one counts.

mod command;
mod describe;
mod describe_pod;
mod host;
mod psql;
mod rows;
mod table;
mod tree;

use std::collections::BTreeMap;

use firebell_core::telemetry::Telemetry;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::model::value::Labels;
use super::model::{Cluster, Event, Meta, Output, Usage, host::Host};
use crate::evidence::Cite;

/// Longest text of a command that is parsed as structured text, bytes.
const LONGEST: usize = 8 << 20;

/// Something read, before it is put together.
pub(super) struct Piece {
    pub value: Value,
    pub rank: u8,
    pub cite: Cite,
}

/// What reading gathers.
#[derive(Default)]
pub(super) struct Gathered {
    pub pieces: Vec<Piece>,
    pub events: Vec<Piece>,
    pub outputs: Vec<Output>,
    pub usage: Vec<Usage>,
    pub host: Host,
    pub listed: Vec<(String, Option<String>)>,
    pub absent: BTreeMap<(String, String), Cite>,
}

/// Reads all state that the telemetry holds.
pub(crate) fn read(t: &Telemetry) -> Cluster {
    let mut g = Gathered::default();
    if t.objects.is_empty() && t.commands.is_empty() && t.events.is_empty() {
        return Cluster::default();
    }
    let mut kinds: BTreeMap<(String, String), (usize, bool, String)> = BTreeMap::new();
    for o in &t.objects {
        let (kind, ns, name) = identity(&o.object);
        if kind.ends_with("List") {
            for item in o.object.get("items").and_then(Value::as_array).into_iter().flatten() {
                piece(&mut g, item.clone(), 3, Cite::new(&o.source, format!("object {kind}/{ns}/{name}")));
            }
            continue;
        }
        let slot = kinds.entry((o.source.clone(), kind.clone())).or_insert((0, true, ns.clone()));
        slot.0 += 1;
        slot.1 &= slot.2 == ns;
        piece(&mut g, o.object.clone(), 3, Cite::new(&o.source, format!("object {kind}/{ns}/{name}")));
    }
    // Several objects of a kind in one place are a list, and a list is whole.
    for ((_, kind), (n, one_namespace, ns)) in kinds {
        if n >= 2 {
            g.listed.push((kind, one_namespace.then_some(ns).filter(|ns| !ns.is_empty())));
        }
    }
    for c in &t.commands {
        if c.output.len() <= LONGEST {
            record(&mut g, c);
        }
    }
    for (component, text, cite) in logs(t) {
        g.outputs.push(Output { name: component, text, cite });
    }
    assemble(g, t)
}

fn record(g: &mut Gathered, c: &firebell_core::telemetry::CommandRecord) {
    let line = command::parse(&c.command);
    let cite = Cite::new(&c.source, format!("command {}", c.line));
    if line.program != "kubectl" {
        host::read(g, &line, c, &cite);
        return;
    }
    match line.verb.as_str() {
        "get" => rows::get(g, &line, &c.output, &cite),
        "describe" => {
            let Some(kind) = line.kinds.first() else { return };
            rows::missing(g, &c.output, &cite);
            for (mut object, events) in describe::objects(kind, &c.output) {
                default_namespace(&mut object, line.namespace.as_deref());
                piece(g, object, 2, cite.clone());
                for e in events {
                    g.events.push(Piece { value: e, rank: 2, cite: cite.clone() });
                }
            }
        }
        "logs" => {
            let name = line.words.first().map(|w| w.rsplit('/').next().unwrap_or(w));
            if let Some(name) = name {
                g.outputs.push(Output { name: name.to_owned(), text: c.output.clone(), cite });
            }
        }
        "top" => rows::top(g, &line, &c.output, &cite),
        "events" => rows::get(g, &command::parse("kubectl get events"), &c.output, &cite),
        _ => {}
    }
}

/// The last error lines of each component's log.
fn logs(t: &Telemetry) -> Vec<(String, String, Cite)> {
    const MOST: usize = 60;
    let mut by: BTreeMap<(&str, &str), Vec<&firebell_core::telemetry::LogLine>> = BTreeMap::new();
    for l in &t.logs {
        let odd = matches!(l.level.as_deref(), Some("error" | "fatal" | "warn") | None);
        if let (Some(c), true) = (&l.component, odd) {
            by.entry((l.source.as_str(), c.as_str())).or_default().push(l);
        }
    }
    by.into_iter()
        .filter_map(|((source, component), lines)| {
            let text: Vec<&str> = lines.iter().rev().take(MOST).rev().map(|l| l.text.as_str()).collect();
            let last = lines.last()?;
            let template = crate::logs::template_of(&crate::logs::whole(last));
            let query = format!("logs {component} ~ {template}");
            let short = crate::names::short(component).to_owned();
            Some((short, text.join("\n"), Cite::new(source, query)))
        })
        .collect()
}

pub(super) fn identity(v: &Value) -> (String, String, String) {
    let text = |p: &str| v.pointer(p).and_then(Value::as_str).unwrap_or("").to_owned();
    (text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}

pub(super) fn piece(g: &mut Gathered, value: Value, rank: u8, cite: Cite) {
    let (kind, _, name) = identity(&value);
    if kind == "Event" {
        g.events.push(Piece { value, rank, cite });
    } else if !kind.is_empty() && !name.is_empty() {
        g.pieces.push(Piece { value, rank, cite });
    }
}

/// Objects of a YAML or JSON document that a command printed.
pub(super) fn documents(text: &str) -> Vec<Value> {
    let values: Vec<Value> = match serde_json::from_str::<Value>(text) {
        Ok(v) => vec![v],
        Err(_) => {
            serde_yaml_ng::Deserializer::from_str(text).map_while(|d| Value::deserialize(d).ok()).collect()
        }
    };
    let mut out = Vec::new();
    for v in values {
        match v.get("items").and_then(Value::as_array) {
            Some(items) => out.extend(items.iter().cloned()),
            None => out.push(v),
        }
    }
    out
}

pub(super) fn default_namespace(v: &mut Value, ns: Option<&str>) {
    let (kind, known, _) = identity(v);
    if let (Some(ns), true, false) = (ns, known.is_empty(), command::CLUSTER_WIDE.contains(&kind.as_str())) {
        describe::put(v, "/metadata/namespace", Value::String(ns.to_owned()));
    }
}

/// Namespace, object, and where it was seen.
type Found = (String, Value, Vec<Cite>);

/// Puts together what is said of each object.
fn assemble(mut g: Gathered, t: &Telemetry) -> Cluster {
    // The fullest first; of equal ones the later first.
    g.pieces.reverse();
    g.pieces.sort_by_key(|p| std::cmp::Reverse(p.rank));
    let mut known: BTreeMap<(String, String), Vec<Found>> = BTreeMap::new();
    for p in g.pieces {
        let (kind, ns, name) = identity(&p.value);
        let slots = known.entry((kind, name)).or_default();
        let found = slots.iter_mut().find(|s| s.0 == ns || s.0.is_empty() || ns.is_empty());
        match found {
            Some(slot) => {
                fill(&mut slot.1, p.value);
                if slot.0.is_empty() {
                    slot.0 = ns;
                }
                if !slot.2.contains(&p.cite) {
                    slot.2.push(p.cite);
                }
            }
            None => slots.push((ns, p.value, vec![p.cite])),
        }
    }
    let mut out = Cluster {
        outputs: g.outputs,
        usage: g.usage,
        host: g.host,
        listed: g.listed.into_iter().collect(),
        absent: g.absent,
        ..Cluster::default()
    };
    for ((kind, name), slots) in known {
        for (ns, value, cites) in slots {
            let meta = meta(&value, kind.clone(), ns, name.clone(), cites);
            out.add(&value, meta);
        }
    }
    out.events = events(&g.events, t);
    out
}

fn meta(v: &Value, kind: String, ns: String, name: String, cites: Vec<Cite>) -> Meta {
    let map = |p: &str| -> Labels {
        let found = v.pointer(p).and_then(Value::as_object);
        found.into_iter().flatten().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect()
    };
    let owners = v.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let owner = owners
        .and_then(|o| o.first())
        .and_then(|o| Some((o.get("kind")?.as_str()?.to_owned(), o.get("name")?.as_str()?.to_owned())));
    Meta {
        kind,
        ns,
        name,
        labels: map("/metadata/labels"),
        annotations: map("/metadata/annotations"),
        owner,
        deleting: v.pointer("/metadata/deletionTimestamp").is_some_and(|d| !d.is_null()),
        cites,
    }
}

/// Adds what is missing in `into`; lists of named things are matched by name.
fn fill(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(a), Value::Object(b)) => {
            for (k, v) in b {
                match a.get_mut(&k) {
                    Some(slot) if !empty(slot) => fill(slot, v),
                    _ => {
                        a.insert(k, v);
                    }
                }
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            let key = |v: &Value| {
                ["name", "type"].iter().find_map(|k| v.get(*k).and_then(Value::as_str).map(str::to_owned))
            };
            for slot in a.iter_mut() {
                let name = key(slot);
                if name.is_some()
                    && let Some(other) = b.iter().find(|o| key(o) == name)
                {
                    fill(slot, other.clone());
                }
            }
        }
        _ => {}
    }
}

fn empty(v: &Value) -> bool {
    match v {
        Value::Null => true,
        Value::String(s) => s.is_empty(),
        Value::Array(a) => a.is_empty(),
        Value::Object(o) => o.is_empty(),
        _ => false,
    }
}

fn events(pieces: &[Piece], t: &Telemetry) -> Vec<Event> {
    let none = Value::Object(Map::new());
    let mut out: Vec<Event> = pieces
        .iter()
        .map(|p| {
            let v = &p.value;
            let text = |q: &str| v.pointer(q).and_then(Value::as_str).unwrap_or("").to_owned();
            let about = v.get("involvedObject").or_else(|| v.get("regarding")).unwrap_or(&none);
            let of = |k: &str| about.get(k).and_then(Value::as_str).unwrap_or("").to_owned();
            let at = [
                "/lastTimestamp",
                "/series/lastObservedTime",
                "/eventTime",
                "/deprecatedLastTimestamp",
                "/metadata/creationTimestamp",
            ]
            .iter()
            .find_map(|q| v.pointer(q)?.as_str()?.parse::<jiff::Timestamp>().ok())
            .map(jiff::Timestamp::as_millisecond);
            Event {
                warning: text("/type").eq_ignore_ascii_case("Warning"),
                reason: text("/reason"),
                message: [text("/message"), text("/note")].concat(),
                kind: of("kind"),
                ns: of("namespace"),
                name: of("name"),
                age: v.get("ageSeconds").and_then(Value::as_i64),
                at,
                cite: p.cite.clone(),
            }
        })
        .collect();
    for e in &t.events {
        let name = e.component.rsplit('/').next().unwrap_or(&e.component);
        out.push(Event {
            warning: !e.kind.eq_ignore_ascii_case("normal"),
            reason: e.reason.clone(),
            message: e.message.clone(),
            kind: String::new(),
            ns: String::new(),
            name: name.to_owned(),
            age: None,
            at: Some(e.at.as_millisecond()),
            cite: Cite::new(&e.source, format!("event {} {}", e.component, e.reason)),
        });
    }
    let window = t.window.map(|w| w.end.as_millisecond());
    let newest = out.iter().filter_map(|e| e.at).max().max(window);
    if let Some(now) = newest {
        for e in &mut out {
            e.age = e.age.or(e.at.map(|at| (now - at) / 1000));
        }
    }
    out
}
