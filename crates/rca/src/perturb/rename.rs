//! Components under other names, in every text that the analysis reads.

use std::collections::BTreeMap;

use firebell_core::telemetry::{Labels, Telemetry};
use serde_json::Value;

use super::random::Random;
use crate::names::{self, Names};
use crate::settings::Settings;

/// Old names to new ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Renaming {
    /// Short names in lower case, longest first where one contains another.
    new: BTreeMap<String, String>,
}

impl Renaming {
    pub(super) fn of(t: &Telemetry, random: &mut Random) -> Self {
        let known = Names::build(t, &Settings::default());
        let mut ids: Vec<String> = known.ids();
        random.shuffle(&mut ids);
        let mut new = BTreeMap::new();
        for (i, id) in ids.iter().enumerate() {
            let short = names::short(id).to_lowercase();
            // Short words are parts of too many others; what tells its kind by its name keeps doing so.
            if short.len() < 3 || names::told_by_name(&short) {
                continue;
            }
            new.entry(short).or_insert_with(|| format!("unit{}x", i + 11));
        }
        Self { new }
    }

    /// What a component of the original is called in the copy.
    pub fn name(&self, component: &str) -> String {
        self.text(component)
    }

    pub(super) fn apply(&self, t: &mut Telemetry) {
        let text = |s: &mut String| *s = self.text(s);
        let some = |s: &mut Option<String>| {
            if let Some(s) = s {
                *s = self.text(s);
            }
        };
        let labels = |l: &mut Labels| l.values_mut().for_each(|v| *v = self.text(v));
        text(&mut t.report);
        for c in &mut t.components {
            text(&mut c.id);
            c.aliases.iter_mut().for_each(text);
        }
        for s in &mut t.series {
            text(&mut s.name);
            some(&mut s.component);
            labels(&mut s.labels);
        }
        for l in &mut t.logs {
            text(&mut l.text);
            some(&mut l.component);
            labels(&mut l.fields);
        }
        for s in &mut t.spans {
            text(&mut s.component);
            text(&mut s.operation);
            labels(&mut s.attributes);
        }
        for a in &mut t.alerts {
            text(&mut a.name);
            labels(&mut a.labels);
            labels(&mut a.annotations);
        }
        for c in &mut t.changes {
            text(&mut c.component);
            text(&mut c.summary);
            some(&mut c.diff);
            some(&mut c.from);
            some(&mut c.to);
            c.files.iter_mut().for_each(text);
        }
        for e in &mut t.events {
            text(&mut e.component);
            text(&mut e.message);
        }
        for e in &mut t.topology {
            text(&mut e.caller);
            text(&mut e.callee);
        }
        t.objects.iter_mut().for_each(|o| self.value(&mut o.object));
        for c in &mut t.commands {
            text(&mut c.command);
            text(&mut c.output);
        }
    }

    fn value(&self, v: &mut Value) {
        match v {
            Value::String(s) => *s = self.text(s),
            Value::Array(items) => items.iter_mut().for_each(|v| self.value(v)),
            Value::Object(map) => map.values_mut().for_each(|v| self.value(v)),
            _ => {}
        }
    }

    /// Every whole occurrence of an old name becomes the new one: no letter or digit stands before or after it.
    fn text(&self, text: &str) -> String {
        let lower = text.to_ascii_lowercase();
        if lower.len() != text.len() {
            return text.to_owned();
        }
        let bytes = lower.as_bytes();
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            let starts = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
            let found = starts.then(|| self.longest(&lower[at..])).flatten();
            if let Some((old, new)) = found {
                out.push_str(new);
                at += old;
                continue;
            }
            let step = text[at..].chars().next().map_or(1, char::len_utf8);
            out.push_str(&text[at..at + step]);
            at += step;
        }
        out
    }

    /// Length of the longest old name at the start, and its new one.
    fn longest(&self, rest: &str) -> Option<(usize, &str)> {
        self.new
            .iter()
            .filter(|(old, _)| {
                rest.strip_prefix(old.as_str())
                    .is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_alphanumeric()))
            })
            .max_by_key(|(old, _)| old.len())
            .map(|(old, new)| (old.len(), new.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_are_renamed_everywhere_and_parts_of_words_nowhere() {
        let new = [("cart", "unit1x"), ("cart-db", "unit2x")];
        let r = Renaming { new: new.map(|(a, b)| (a.to_owned(), b.to_owned())).into() };
        assert_eq!(r.text("service/cart"), "service/unit1x");
        assert_eq!(
            r.text("Cart calls cart-db; cartography, cart_cpu"),
            "unit1x calls unit2x; cartography, unit1x_cpu"
        );
        assert_eq!(r.text("ürgh cart"), "ürgh unit1x");
    }
}
