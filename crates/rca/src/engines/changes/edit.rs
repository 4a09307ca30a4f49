//! Typed edits: what a change does, told from its lines, with the harm that such an edit can bring.

use std::collections::BTreeSet;

use super::diff::{self, FileDiff};
use super::effect::Effect;
use super::{calls, dependency, guards, inert, names, sql, values};

/// What sort of edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    /// A setting, limit or constant with its old and new value.
    Value,
    /// A check, lock, time limit or release that is gone.
    Guard,
    /// A call that is gone.
    Removed,
    /// A call that is new, in a loop or by itself.
    Added,
    /// A field, key or text that is called otherwise.
    Renamed,
    /// Statements that change or use the schema.
    Schema,
    /// Another version of what it is built with.
    Dependency,
    /// Machines and what runs at set times.
    Other,
}

/// One edit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edit {
    pub sort: Sort,
    /// For people: completes "it …".
    pub what: String,
    /// Harm that it can bring, each with how likely that is, 0 to 1.
    pub effects: Vec<(Effect, f64)>,
    /// Names that the harm would mention, as they are written.
    pub names: BTreeSet<String>,
    /// The harm mentions such a name, or is hardly this edit's.
    pub named: bool,
    /// The harm shows at what the component calls.
    pub below: bool,
    /// The harm takes a while to show.
    pub delayed: bool,
}

impl Edit {
    pub(crate) fn new(sort: Sort, what: String, effects: &[(Effect, f64)]) -> Self {
        Self {
            sort,
            what,
            effects: effects.to_vec(),
            names: BTreeSet::new(),
            named: false,
            below: false,
            delayed: false,
        }
    }

    pub(crate) fn naming<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.names
            .extend(names.into_iter().map(Into::into).filter(|n: &String| n.len() >= 3 && n.len() <= 80));
        self
    }
}

/// Most edits that one change is read into.
const MAX_EDITS: usize = 60;

/// All edits of a diff, those in files that do not run left out.
pub(crate) fn read(files: &[FileDiff<'_>]) -> Vec<Edit> {
    let live: Vec<&FileDiff<'_>> =
        files.iter().filter(|f| inert::by_paths([f.path].into_iter()).is_none()).collect();
    let mut out = Vec::new();
    for file in &live {
        dependency::read(file, &mut out);
        sql::read(file, &mut out);
        for hunk in &file.hunks {
            values::read(file, hunk, &mut out);
            names::read(hunk, &mut out);
        }
    }
    guards::read(&live, &mut out);
    calls::read(&live, &mut out);
    out.truncate(MAX_EDITS);
    out
}

/// What a unified diff does, in words, one sentence for each typed edit.
///
/// The sentences complete "it …": "sets `default_ttl` from 15m to 15s". Never fails: text that is no diff gives none.
pub fn explain_diff(text: &str) -> Vec<String> {
    let files = diff::parse(text);
    if let Some(reason) = inert::by_lines(&files) {
        return vec![reason.to_owned()];
    }
    read(&files).into_iter().map(|e| e.what).collect()
}

/// A short quotation for people.
pub(crate) fn short(text: &str) -> String {
    let text = text.trim();
    let mut out: String = text.chars().take(48).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}
