//! Online mining of log templates: masked lines are grouped by component, length and first word, then merged with the
//! most similar template of the group.

use std::collections::BTreeMap;

use super::mask::{self, ANY};

/// How alike two lines of a group must be to be one template.
const SIMILAR: f64 = 0.6;
/// Most templates kept for one group; past it, lines join the most similar one.
const MAX_GROUP: usize = 200;

/// What is known of one template.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    /// Group's component, as the lines give it.
    pub component: String,
    /// Masked tokens.
    pub tokens: Vec<String>,
    /// Indexes of its lines.
    pub lines: Vec<u32>,
}

impl Template {
    pub(crate) fn text(&self) -> String {
        self.tokens.join(" ")
    }
}

/// Component, number of tokens and first word.
type Group = (String, usize, String);

/// Mines the templates of `(component, text)` records; `lines` of a template index into the input.
pub(crate) fn mine<'a>(records: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Template> {
    let mut groups: BTreeMap<Group, Vec<Template>> = BTreeMap::new();
    // Exact repeats are most of any log: they skip the comparison.
    let mut exact: BTreeMap<(String, String), (Group, usize)> = BTreeMap::new();
    for (index, (component, text)) in records.enumerate() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let tokens = mask::tokens(text);
        let joined = (component.to_owned(), tokens.join(" "));
        if let Some((key, slot)) = exact.get(&joined) {
            if let Some(t) = groups.get_mut(key).and_then(|g| g.get_mut(*slot)) {
                t.lines.push(index);
            }
            continue;
        }
        let first = tokens.iter().find(|t| *t != ANY).cloned().unwrap_or_default();
        let key = (component.to_owned(), tokens.len(), first);
        let group = groups.entry(key.clone()).or_default();
        let mut best: Option<(usize, f64)> = None;
        for (i, t) in group.iter().enumerate() {
            let same = t.tokens.iter().zip(&tokens).filter(|(a, b)| a == b && *a != ANY).count();
            let fixed = t.tokens.iter().filter(|x| *x != ANY).count().max(1);
            let s = same as f64 / fixed as f64;
            if best.is_none_or(|(_, b)| s > b) {
                best = Some((i, s));
            }
        }
        let slot = match best {
            Some((i, s)) if s >= SIMILAR || group.len() >= MAX_GROUP => i,
            _ => {
                group.push(Template {
                    component: component.to_owned(),
                    tokens: tokens.clone(),
                    lines: Vec::new(),
                });
                group.len() - 1
            }
        };
        let t = &mut group[slot];
        for (have, new) in t.tokens.iter_mut().zip(&tokens) {
            if have != new && have != ANY {
                ANY.clone_into(have);
            }
        }
        t.lines.push(index);
        if exact.len() < 100_000 {
            exact.insert(joined, (key, slot));
        }
    }
    groups.into_values().flatten().collect()
}
