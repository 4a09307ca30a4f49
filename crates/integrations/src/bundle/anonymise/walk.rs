//! Every text of the telemetry, each by what it is.

use firebell_core::change::Change;
use firebell_core::secrets::{Mask, SECRET, secret_name};
use firebell_core::telemetry::{Component, Labels, LogLine, Span, Telemetry};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Options;
use super::vocabulary;
use super::words::Pseudonyms;
use crate::bundle::loglines::time::{self, Date};

/// All of `t` under pseudonyms.
pub(super) fn telemetry(mut t: Telemetry, names: &Pseudonyms, options: Options) -> Telemetry {
    let walk = Walk { names, shift: SignedDuration::from_secs(options.shift_s), seconds: options.shift_s };
    t.report = walk.text(&t.report);
    if let Some(w) = &mut t.window {
        w.start = walk.at(w.start);
        w.end = walk.at(w.end);
    }
    t.impact_started_at = t.impact_started_at.map(|at| walk.at(at));
    for Component { id, aliases } in &mut t.components {
        *id = walk.names.name(id);
        aliases.iter_mut().for_each(|a| *a = walk.names.name(a));
    }
    for s in &mut t.series {
        s.name = walk.names.text(&s.name);
        s.labels = walk.labels(&s.labels);
        s.component = s.component.as_deref().map(|c| walk.names.name(c));
        s.points.iter_mut().for_each(|p| p.0 += walk.seconds * 1000);
    }
    t.logs.iter_mut().for_each(|l| walk.line(l));
    t.spans.iter_mut().for_each(|s| walk.span(s));
    for a in &mut t.alerts {
        a.name = walk.names.text(&a.name);
        a.labels = walk.labels(&a.labels);
        a.annotations = walk.labels(&a.annotations);
        a.starts_at = a.starts_at.map(|at| walk.at(at));
        a.ends_at = a.ends_at.map(|at| walk.at(at));
    }
    t.changes.iter_mut().for_each(|c| walk.change(c));
    for e in &mut t.events {
        e.at = walk.at(e.at);
        e.component = walk.names.name(&e.component);
        e.message = walk.text(&e.message);
        e.reason = walk.names.text(&e.reason);
        e.source = walk.names.text(&e.source);
    }
    for e in &mut t.topology {
        e.caller = walk.names.name(&e.caller);
        e.callee = walk.names.name(&e.callee);
    }
    for o in &mut t.objects {
        Mask::default().json(&mut o.object);
        walk.json(&mut o.object, false);
    }
    for c in &mut t.commands {
        c.command = walk.text(&c.command);
        c.output = walk.text(&c.output);
    }
    t.gaps.iter_mut().for_each(|g| *g = walk.text(g));
    t
}

struct Walk<'a> {
    names: &'a Pseudonyms,
    shift: SignedDuration,
    seconds: i64,
}

impl Walk<'_> {
    fn at(&self, at: Timestamp) -> Timestamp {
        at.checked_add(self.shift).unwrap_or(at)
    }

    /// A text of people or programs; times in it move along.
    fn text(&self, text: &str) -> String {
        if self.seconds == 0 {
            return self.names.text(text);
        }
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            match time::find(line, None).filter(|f| f.date == Date::Full) {
                Some(f) => {
                    out.push_str(&self.names.text(&line[..f.start]));
                    out.push_str(&self.at(f.at).to_string());
                    out.push_str(&self.names.text(&line[f.end..]));
                }
                None => out.push_str(&self.names.text(line)),
            }
        }
        out
    }

    fn line(&self, l: &mut LogLine) {
        l.component = l.component.as_deref().map(|c| self.names.name(c));
        l.at = l.at.map(|at| self.at(at));
        l.text = self.text(&l.text);
        l.fields = self.labels(&l.fields);
        l.trace_id = l.trace_id.as_deref().map(|t| self.names.name(t));
    }

    fn span(&self, s: &mut Span) {
        s.trace_id = self.names.name(&s.trace_id);
        s.span_id = self.names.name(&s.span_id);
        s.parent_id = s.parent_id.as_deref().map(|p| self.names.name(p));
        s.component = self.names.name(&s.component);
        s.operation = self.names.text(&s.operation);
        s.start_us = s.start_us.saturating_add(self.seconds.saturating_mul(1_000_000));
        s.attributes = self.labels(&s.attributes);
    }

    fn change(&self, c: &mut Change) {
        c.id = self.names.text(&c.id);
        c.at = self.at(c.at);
        c.component = self.names.name(&c.component);
        for text in [&mut c.from, &mut c.to, &mut c.source, &mut c.commit] {
            *text = text.as_deref().map(|t| self.names.text(t));
        }
        c.by = c.by.as_deref().map(|b| self.names.name(b));
        c.summary = self.text(&c.summary);
        c.diff = c.diff.as_deref().map(|d| self.text(d));
        c.files.iter_mut().for_each(|f| *f = self.names.text(f));
    }

    fn labels(&self, labels: &Labels) -> Labels {
        labels.iter().map(|(k, v)| (self.key(k), self.value(k, v))).collect()
    }

    fn key(&self, key: &str) -> String {
        self.names.text(key)
    }

    fn value(&self, key: &str, value: &str) -> String {
        if secret_name(key) {
            return SECRET.into();
        }
        // Whoever is named here is a person, whatever the word.
        let lower = key.to_lowercase();
        let personal = ["user", "name", "mail", "owner", "author", "customer", "account", "tenant", "login"];
        if personal.iter().any(|p| lower.contains(p))
            && !lower.ends_with("agent")
            && !lower.contains("namespace")
        {
            return self.names.name(value);
        }
        self.text(value)
    }

    /// An object of the cluster: its fields have the names that the API gives them, but below some of them people do.
    fn json(&self, value: &mut Value, free: bool) {
        const FREE: [&str; 9] = [
            "labels",
            "annotations",
            "matchLabels",
            "selector",
            "nodeSelector",
            "data",
            "stringData",
            "binaryData",
            "limits",
        ];
        match value {
            Value::String(s) => {
                *s = match s.parse::<Timestamp>() {
                    Ok(at) => self.at(at).to_string(),
                    Err(_) => self.names.text(s),
                };
            }
            Value::Array(items) => items.iter_mut().for_each(|v| self.json(v, false)),
            Value::Object(o) => {
                let entries = std::mem::take(o);
                for (key, mut v) in entries {
                    self.json(&mut v, FREE.contains(&key.as_str()));
                    let known = !free || vocabulary::contains(&key.to_lowercase());
                    o.insert(if known { key } else { self.key(&key) }, v);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
