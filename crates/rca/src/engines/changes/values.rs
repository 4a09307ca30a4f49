//! Changed constants and settings, with the sections of configuration that they stand in.

use std::collections::BTreeMap;

use super::diff::{FileDiff, Hunk, Side};
use super::edit::{Edit, Sort, short};
use super::effect::Effect;
use super::knob::{self, Knob, Way};
use super::{lines, quantity};

/// A value with where it stands.
struct Setting {
    key: String,
    /// Words of the key and of the sections around it.
    words: Vec<String>,
    value: String,
}

pub(super) fn read(file: &FileDiff<'_>, hunk: &Hunk<'_>, out: &mut Vec<Edit>) {
    let config = is_config(file.path);
    let (removed, added) = settings(hunk);
    for (path, old) in &removed {
        match added.get(path) {
            Some(new) if new.value != old.value => out.extend(changed(old, &new.value)),
            Some(_) => {}
            // A setting that is gone falls back to whatever is the default.
            None if (config || quantity::parse(&old.value).is_some()) && !old.value.contains('(') => {
                out.extend(gone(old));
            }
            None => {}
        }
    }
    for (_, new) in added.iter().filter(|(path, _)| !removed.contains_key(*path)) {
        if (config || quantity::parse(&new.value).is_some()) && !new.value.contains('(') {
            out.extend(fresh(new));
        }
    }
}

/// Configuration rather than code.
pub(super) fn is_config(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, e)| e);
    ["yaml", "yml", "json", "toml", "ini", "conf", "cfg", "properties", "xml", "env", "tf", "hcl", "tfvars"]
        .contains(&ending)
        || name.starts_with(".env")
        || name.starts_with("dockerfile")
}

/// Settings of both sides by their full path.
fn settings(hunk: &Hunk<'_>) -> (BTreeMap<String, Setting>, BTreeMap<String, Setting>) {
    let mut sides = (BTreeMap::new(), BTreeMap::new());
    // Sections by indentation; what stands under them is theirs.
    let mut sections: Vec<(usize, String)> = Vec::new();
    let mut named = String::new();
    let heading = knob::parts(hunk.heading);
    for line in &hunk.lines {
        let bare = lines::bare(line.text);
        let indent = line.text.len() - line.text.trim_start().len();
        let pairs = lines::pairs(line.text);
        let opens = bare.ends_with([':', '{', '[']) || (bare.starts_with('[') && bare.ends_with(']'));
        if opens && pairs.len() <= 1 && bare.len() < 80 && !bare.contains('(') {
            sections.retain(|s| s.0 < indent);
            let name: String =
                bare.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')).collect();
            sections.push((indent, name));
        }
        for (key, value) in pairs {
            // `- name: X` with `value: y` on the next line, as Kubernetes writes variables.
            let key = match key.as_str() {
                "name" => {
                    named = value.trim_matches(['"', '\'']).to_owned();
                    continue;
                }
                "value" if !named.is_empty() => named.clone(),
                _ => key,
            };
            if value.starts_with(['{', '[']) || value.len() > 120 {
                continue;
            }
            let around: Vec<&str> = sections.iter().filter(|s| s.0 < indent).map(|s| s.1.as_str()).collect();
            let mut words = knob::parts(&key);
            words.extend(around.iter().flat_map(|s| knob::parts(s)));
            words.extend(heading.iter().take(6).cloned());
            let path = format!("{}/{key}", around.join("/"));
            let setting = Setting { key, words, value };
            match line.side {
                Side::Removed => drop(sides.0.entry(path).or_insert(setting)),
                Side::Added => drop(sides.1.entry(path).or_insert(setting)),
                Side::Context => {}
            }
        }
    }
    sides
}

fn changed(old: &Setting, new: &str) -> Option<Edit> {
    let (from, to) = (old.value.as_str(), new);
    if lines::tokens(from) == lines::tokens(to) {
        return None;
    }
    let outcome = knob::outcome(&old.words, from, to);
    let way = knob::way(outcome.knob, from, to);
    // Code that is computed otherwise is no setting.
    let plain = |v: &str| quantity::parse(v).is_some() || literal(v);
    if !plain(from) || !plain(to) {
        return None;
    }
    // One sentence for another is wording.
    let sentence = |v: &str| v.starts_with(['"', '\'']) && v.split_whitespace().count() > 2;
    if sentence(from) || sentence(to) {
        return None;
    }
    let verb = match way {
        Way::Up => "raises",
        Way::Down => "lowers",
        Way::Sideways => "sets",
    };
    let mut effects = outcome.effects;
    if outcome.knob == Knob::Other && literal(from) && quantity::parse(from).is_none() {
        // A text that others may look up.
        effects = vec![
            (Effect::Missing, 0.7),
            (Effect::Parse, 0.6),
            (Effect::Setting, 0.5),
            (Effect::Wrong, 0.4),
            (Effect::Errors, 0.3),
        ];
    }
    let mut edit = Edit::new(
        Sort::Value,
        format!("{verb} `{}` from {} to {}", short(&old.key), short(from), short(to)),
        &effects,
    )
    .naming([old.key.clone()])
    .naming(literals(from))
    .naming(literals(to));
    (edit.below, edit.delayed) = (outcome.below, outcome.delayed);
    Some(edit)
}

/// A setting that was removed: where it set a limit there may be none now.
fn gone(old: &Setting) -> Option<Edit> {
    let outcome = knob::outcome(&old.words, &old.value, "0");
    if outcome.knob == Knob::Other && quantity::parse(&old.value).is_some() {
        return None;
    }
    let mut effects: Vec<(Effect, f64)> = outcome.effects.into_iter().map(|(e, w)| (e, 0.85 * w)).collect();
    effects.push((Effect::Setting, 0.7));
    effects.push((Effect::Missing, 0.5));
    let mut edit = Edit::new(
        Sort::Value,
        format!("removes the setting `{}` ({})", short(&old.key), short(&old.value)),
        &effects,
    )
    .naming([old.key.clone()])
    .naming(literals(&old.value));
    (edit.below, edit.delayed) = (outcome.below, outcome.delayed);
    Some(edit)
}

/// A setting that was not there before.
fn fresh(new: &Setting) -> Option<Edit> {
    let outcome = knob::outcome(&new.words, "", &new.value);
    if matches!(outcome.knob, Knob::Other | Knob::Switch) && quantity::parse(&new.value).is_some() {
        return None;
    }
    // Against no limit before, any is lower; against an unknown default, either.
    let lower = knob::outcome(&new.words, "1000000000", &new.value);
    let mut effects: Vec<(Effect, f64)> =
        outcome.effects.into_iter().chain(lower.effects).map(|(e, w)| (e, 0.7 * w)).collect();
    effects.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    effects.dedup_by_key(|e| e.0);
    let mut edit = Edit::new(
        Sort::Value,
        format!("adds the setting `{}` ({})", short(&new.key), short(&new.value)),
        &effects,
    )
    .naming([new.key.clone()])
    .naming(literals(&new.value));
    edit.below = lower.below || outcome.below;
    edit.delayed = lower.delayed || outcome.delayed;
    Some(edit)
}

/// A word or text that stands for itself.
fn literal(value: &str) -> bool {
    let v = value.trim_matches(|c: char| matches!(c, '"' | '\'' | '`' | ','));
    let quoted = value.starts_with(['"', '\'', '`']);
    !v.is_empty()
        && (quoted
            || v.chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '@' | '%' | '*')))
        && !v.contains(['(', '{', '$'])
}

/// Names inside a literal: the whole, if it is one word.
fn literals(value: &str) -> Vec<String> {
    let v = value.trim_matches(|c: char| matches!(c, '"' | '\'' | '`' | ','));
    let number = quantity::parse(v).is_some();
    let common = ["true", "false", "on", "off", "null", "none", "debug", "info", "warn", "error"];
    if number || v.split_whitespace().count() != 1 || common.contains(&v.to_lowercase().as_str()) {
        return Vec::new();
    }
    let mut out = vec![v.to_owned()];
    // The host of an address is what an error mentions.
    if let Some((_, rest)) = v.split_once("://") {
        out.extend(rest.split(['/', '?']).next().map(|h| h.rsplit('@').next().unwrap_or(h).to_owned()));
        out.extend(rest.split([':', '/']).next().map(str::to_owned));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{diff, edit};
    use super::*;

    fn first(text: &str) -> Edit {
        let files = diff::parse(text);
        edit::read(&files).into_iter().next().unwrap_or_else(|| panic!("no edit in {text}"))
    }

    #[test]
    fn values_are_told_with_old_and_new_and_where_they_stand() {
        for (text, what, effect) in [
            (
                "@@ a/x.yaml @@\n logging:\n-  level: info\n+  level: debug\n",
                "raises `level` from info to debug",
                Effect::Disk,
            ),
            (
                "@@ a/x.go @@\n-\t\tDefaultTTL: 15 * time.Minute,\n+\t\tDefaultTTL: 15 * time.Second,\n",
                "lowers `DefaultTTL`",
                Effect::CacheMiss,
            ),
            (
                "@@ k/d.yaml @@\n         limits:\n-          memory: 1Gi\n+          memory: 256Mi\n",
                "lowers `memory` from 1Gi to 256Mi",
                Effect::Memory,
            ),
            (
                "@@ k/d.yaml @@\n         - name: DB_POOL_SIZE\n-          value: \"40\"\n+          value: \"4\"\n",
                "lowers `DB_POOL_SIZE`",
                Effect::Pool,
            ),
            (
                "@@ x.py @@\n-    CHART_CACHE_TTL_SECONDS: int = 120\n+    CHART_CACHE_TTL_SECONDS: int = 1\n",
                "lowers `CHART_CACHE_TTL_SECONDS`",
                Effect::CacheMiss,
            ),
            (
                "@@ n/nginx.conf @@\n-  proxy_read_timeout 60s;\n+  proxy_read_timeout 1s;\n",
                "lowers `proxy_read_timeout`",
                Effect::Timeout,
            ),
            (
                "@@ x.js @@\n-const pool = new Pool({ max: 20, idleTimeoutMillis: 30000 })\n+const pool = new Pool({ max: 2, idleTimeoutMillis: 30000 })\n",
                "lowers `max` from 20 to 2",
                Effect::RateLimit,
            ),
            (
                "@@ x.tf @@\n resource \"aws_lb\" \"x\" {\n-  idle_timeout = 60\n+  idle_timeout = 5\n",
                "lowers `idle_timeout`",
                Effect::Timeout,
            ),
            (
                "@@ a.properties @@\n-payments.url=https://pay.example\n+payments.url=https://pay2.example\n",
                "sets `payments.url`",
                Effect::Unreachable,
            ),
        ] {
            let edit = first(text);
            assert!(edit.what.contains(what), "{} | {what}", edit.what);
            assert!(edit.effects.iter().any(|e| e.0 == effect && e.1 > 0.3), "{text} {:?}", edit.effects);
        }
    }

    #[test]
    fn several_values_on_a_line_are_held_against_each_other_by_name() {
        let text = "@@ r.go @@\n-var P = Policy{MaxAttempts: 8, BaseDelay: 5 * time.Millisecond}\n+var P = Policy{MaxAttempts: 2}\n";
        let files = diff::parse(text);
        let whats: Vec<String> = edit::read(&files).into_iter().map(|e| e.what).collect();
        assert!(whats.iter().any(|w| w.contains("lowers `MaxAttempts` from 8 to 2")), "{whats:?}");
        assert!(whats.iter().any(|w| w.contains("removes the setting `BaseDelay`")), "{whats:?}");
    }

    #[test]
    fn a_value_that_is_the_same_in_other_words_is_no_edit() {
        let files = diff::parse("@@ a.yaml @@\n-  ttl: 15m\n+  ttl:   15m\n");
        assert!(edit::read(&files).is_empty());
    }
}
