//! What went wrong, in the terms in which changes can be held against it: effects at each component, names that errors
//! mention, files in their stacks, words.

use std::collections::{BTreeMap, BTreeSet};

use super::effect::{self, Effect};
use crate::case::{Case, is_error};
use crate::signal::{Modality, Role, Signal};
use crate::text::words;

/// Different lines past which no more are read.
const MAX_LINES: usize = 400;

/// One sort of line that came with the fault.
#[derive(Debug)]
pub(super) struct Said {
    pub component: String,
    pub text: String,
    /// In lower case, with the fields.
    lower: String,
    effects: BTreeSet<Effect>,
    /// Letters and digits of its names, in lower case.
    names: BTreeSet<String>,
    weight: f64,
}

/// The symptom of a case.
#[derive(Debug, Default)]
pub(super) struct Symptom {
    /// How strongly each effect shows at each component; under the empty name what alerts and people say.
    pub effects: BTreeMap<String, BTreeMap<Effect, f64>>,
    /// Sorts of lines, loudest first.
    pub said: Vec<Said>,
    /// Names of files in stacks, in lower case, with the line.
    pub frames: BTreeMap<String, usize>,
    pub words: BTreeSet<String>,
}

impl Symptom {
    pub(super) fn gather(case: &Case<'_>, seen: &[Signal]) -> Self {
        let mut out = Self::default();
        out.read_logs(case);
        let mut text = case.t.report.clone();
        for a in &case.t.alerts {
            for v in a.annotations.values().chain([&a.name]) {
                text.push('\n');
                text.push_str(v);
            }
        }
        for e in effect::of_text(&text.to_lowercase()) {
            out.note("", e, 0.75);
        }
        out.words.extend(words::words(&text));
        out.read_metrics(case);
        for s in seen.iter().filter(|s| s.role != Role::Against && s.modality != Modality::Logs) {
            for e in Effect::of_cause(s.cause) {
                out.note(&s.component, *e, 0.8 * s.weight);
            }
        }
        out
    }

    fn note(&mut self, component: &str, effect: Effect, weight: f64) {
        let slot = self.effects.entry(component.to_owned()).or_default().entry(effect).or_default();
        *slot = slot.max(weight.clamp(0.0, 1.0));
    }

    fn read_logs(&mut self, case: &Case<'_>) {
        // Before and since the onset, whether it is an error, and the first line since.
        let mut sorts: BTreeMap<(String, String), (f64, f64, bool, usize)> = BTreeMap::new();
        for (i, line) in case.t.logs.iter().enumerate() {
            let error = is_error(line);
            let loud = error || matches!(line.level.as_deref(), Some("warn") | None);
            if !loud {
                continue;
            }
            let fault = line.at.is_none_or(|at| case.frame.is_fault(at.as_millisecond()));
            let key = (line.component.clone().unwrap_or_default(), outline(&line.text));
            if sorts.len() >= MAX_LINES && !sorts.contains_key(&key) {
                continue;
            }
            let sort = sorts.entry(key).or_insert((0.0, 0.0, error, i));
            if fault {
                if sort.1 == 0.0 {
                    sort.3 = i;
                }
                sort.1 += 1.0;
            } else {
                sort.0 += 1.0;
            }
        }
        for (before, since, error, i) in sorts.into_values() {
            if since == 0.0 || before * 2.0 > since {
                continue;
            }
            let Some(line) = case.t.logs.get(i) else { continue };
            let level = if error { 1.0 } else { 0.7 };
            let weight = level * (0.55 + 0.45 * (since / 5.0f64).min(1.0));
            let mut text: String = line.text.chars().take(600).collect();
            let shown = text.chars().take(110).collect();
            for (name, value) in &line.fields {
                if value.len() < 400 && value.chars().any(char::is_alphabetic) {
                    text.push_str(&format!(" {name} {value}"));
                }
            }
            let component = case.owner(line);
            let lower = text.to_lowercase();
            let effects = effect::of_text(&lower);
            for e in &effects {
                self.note(&component, *e, weight);
            }
            self.words.extend(words::words(&text));
            for file in frames(&lower) {
                self.frames.entry(file).or_insert(self.said.len());
            }
            self.said.push(Said { component, text: shown, names: names(&text), lower, effects, weight });
        }
        self.said.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.text.cmp(&b.text)));
        // The places of lines have moved.
        self.frames = self
            .said
            .iter()
            .enumerate()
            .rev()
            .flat_map(|(i, s)| frames(&s.lower).into_iter().map(move |f| (f, i)))
            .collect();
    }

    fn read_metrics(&mut self, case: &Case<'_>) {
        for (f, s) in case.features.iter().zip(&case.shifts) {
            let Some(s) = s.filter(|s| s.strength() > 0.3) else { continue };
            let strength = s.strength() * case.sure(f);
            let up = s.z > 0.0;
            let place = f.peer.as_deref().unwrap_or(&f.component);
            if let Some(e) = Effect::of_kind(f.kind, up) {
                self.note(place, e, 0.8 * strength);
            }
            let lower = f.name.to_lowercase();
            for (_, _, e) in
                effect::METRIC_WORDS.iter().filter(|(w, rises, _)| *rises == up && lower.contains(w))
            {
                self.note(place, *e, 0.9 * strength);
            }
            if f.series.is_some() && strength > 0.5 {
                self.words.extend(words::words(&f.name));
            }
        }
    }

    /// The loudest line that mentions a name, which is no component's own.
    pub(super) fn mentions(&self, name: &str, owns: &BTreeSet<String>) -> Option<&Said> {
        let plain = plain(name);
        if plain.len() < 3 || owns.contains(&plain) || common(&plain) {
            return None;
        }
        // A part of a line of several words is a quotation.
        let spaced = name.contains(' ').then(|| name.to_lowercase());
        self.said.iter().find(|s| match &spaced {
            Some(text) => s.lower.contains(text.as_str()),
            None => s.names.contains(&plain),
        })
    }

    /// The loudest line of a component (or of any) that shows an effect.
    pub(super) fn shows(&self, effect: Effect, component: &str) -> Option<&Said> {
        let with = || self.said.iter().filter(|s| s.effects.contains(&effect));
        with().find(|s| s.component == component).or_else(|| with().next())
    }
}

/// What lines of one sort have in common: their beginning without figures.
fn outline(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).take(60).collect()
}

/// Letters and digits only, in lower case: `user_id` and `userId` are one name.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Names in a text: words, compound words, what is quoted or in brackets.
fn names(text: &str) -> BTreeSet<String> {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '@');
    let mut out = BTreeSet::new();
    for word in text.split(|c: char| !inside(c)).filter(|w| w.len() >= 3) {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        out.insert(plain(word));
        for part in word.split(['.', '/', ':', '@']).filter(|p| p.len() >= 3) {
            out.insert(plain(part));
        }
    }
    out
}

/// Words that mean nothing as names.
fn common(plain: &str) -> bool {
    const COMMON: [&str; 60] = [
        "get", "set", "name", "type", "value", "key", "data", "error", "errors", "request", "response",
        "http", "https", "json", "string", "number", "status", "message", "code", "test", "main", "index",
        "default", "config", "the", "and", "for", "with", "from", "not", "true", "false", "null", "none",
        "nil", "user", "query", "result", "call", "service", "server", "client", "handler", "return", "info",
        "warn", "debug", "found", "failed", "timeout", "limit", "context", "internal", "version", "path",
        "file", "list", "item", "log", "api",
    ];
    COMMON.contains(&plain) || plain.bytes().all(|b| b.is_ascii_digit())
}

/// Source files that a text names with a line or in a stack.
fn frames(lower: &str) -> BTreeSet<String> {
    let endings = [
        ".go", ".py", ".rs", ".js", ".ts", ".jsx", ".tsx", ".java", ".kt", ".scala", ".rb", ".php", ".cs",
        ".cpp", ".cc", ".c", ".ex", ".swift",
    ];
    let vague =
        ["main", "index", "app", "server", "handler", "utils", "util", "mod", "lib", "__init__", "views"];
    lower
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')))
        .filter_map(|w| w.rsplit('/').next())
        .filter(|w| endings.iter().any(|e| w.len() > e.len() && w.ends_with(e)))
        .filter(|w| !vague.contains(&w.split('.').next().unwrap_or("")))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_names_are_read_from_stacks_and_messages() {
        let stack = "at middleware.(*limiter).allow(ratelimit.go:38) -> node_modules/x/index.js:1";
        assert_eq!(frames(stack).into_iter().collect::<Vec<_>>(), ["ratelimit.go"]);
        let found = names("column \"user_id\" of relation orders.items does not exist at com.x.PriceParser");
        for name in ["userid", "orders", "items", "priceparser"] {
            assert!(found.contains(name), "{name} {found:?}");
        }
    }
}
