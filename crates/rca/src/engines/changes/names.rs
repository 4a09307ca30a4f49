//! Names that others look up: fields, keys, topics, routes, columns that a change calls otherwise or removes.

use std::collections::BTreeSet;

use super::diff::{Hunk, Side};
use super::edit::{Edit, Sort, short};
use super::effect::Effect::{
    Access, Cpu, Errors, Missing, Null, Parse, Schema, Slow, Threads, Timeout, Unreachable, Wrong,
};
use super::inert;
use super::lines::{self, Token};

pub(super) fn read(hunk: &Hunk<'_>, out: &mut Vec<Edit>) {
    let of = |side: Side| -> Vec<&str> {
        hunk.lines
            .iter()
            .filter(|l| l.side == side)
            .map(|l| lines::bare(l.text))
            .filter(|l| !l.is_empty() && !inert::says(l) && !inert::imports(l))
            .collect()
    };
    let (removed, added) = (of(Side::Removed), of(Side::Added));
    let kept: BTreeSet<&str> = added.iter().flat_map(|l| texts(l)).collect();
    let before: BTreeSet<&str> = removed.iter().flat_map(|l| texts(l)).collect();
    for (i, old) in removed.iter().enumerate() {
        let a = lines::tokens(old);
        // The line that came in its place: the most alike of those near it.
        let twin = added
            .iter()
            .enumerate()
            .map(|(j, new)| (new, lines::tokens(new), i.abs_diff(j)))
            .filter(|(_, b, _)| b.len() == a.len())
            .filter_map(|(new, b, apart)| {
                let differ: Vec<usize> = (0..a.len()).filter(|k| a[*k] != b[*k]).collect();
                (!differ.is_empty() && differ.len() * 3 <= a.len().max(3)).then_some((
                    differ.len(),
                    apart,
                    new,
                    b,
                    differ,
                ))
            })
            .min_by_key(|(n, apart, ..)| (*n, *apart));
        let Some((_, _, _, b, differ)) = twin else { continue };
        for k in differ {
            match (a[k], b[k]) {
                (Token::Text(from), Token::Text(to)) => {
                    if kept.contains(from) || before.contains(to) {
                        continue;
                    }
                    out.extend(text(from, to));
                }
                (Token::Word(from), Token::Word(to)) if member(&a, k) && from != to => {
                    out.push(renamed(from, to));
                }
                _ => {}
            }
        }
    }
    for line in &added {
        out.extend(pattern(line, &removed));
    }
}

fn texts<'a>(line: &&'a str) -> Vec<&'a str> {
    lines::tokens(line)
        .into_iter()
        .filter_map(|t| match t {
            Token::Text(s) => Some(s),
            _ => None,
        })
        .collect()
}

/// A member, a key or a field: others know it by its name.
fn member(tokens: &[Token<'_>], k: usize) -> bool {
    let before = k.checked_sub(1).map(|i| tokens[i]);
    let after = tokens.get(k + 1);
    let field = before == Some(Token::Sign('.'));
    let key = matches!(after, Some(Token::Sign(':'))) || matches!(after, Some(Token::Sign('=')));
    let declared = matches!(after, Some(Token::Word(_) | Token::Sign(';'))) && before.is_none();
    let numbered =
        matches!(after, Some(Token::Sign('='))) && matches!(tokens.get(k + 2), Some(Token::Number(_)));
    field || key || declared || numbered
}

fn renamed(from: &str, to: &str) -> Edit {
    let mut edit = Edit::new(
        Sort::Renamed,
        format!("calls `{}` by the name `{}` now", short(from), short(to)),
        &[(Missing, 0.9), (Parse, 0.85), (Schema, 0.85), (Null, 0.7), (Wrong, 0.6), (Errors, 0.3)],
    )
    .naming([from, to]);
    edit.named = true;
    edit
}

/// One text in place of another.
fn text(from: &str, to: &str) -> Option<Edit> {
    let sentence = |s: &str| s.split_whitespace().count() > 2;
    if from.is_empty() || sentence(from) || sentence(to) {
        return None;
    }
    let plain = |s: &str| {
        s.chars().all(|c| {
            c.is_alphanumeric()
                || matches!(c, '_' | '-' | '.' | ':' | '/' | '#' | ' ' | '$' | '{' | '}' | '@' | '"' | ',')
        })
    };
    if !plain(from) || !plain(to) || super::quantity::parse(from).is_some() {
        return None;
    }
    let mut edit = renamed(from, to);
    // Of `json:"user_id"` the part that is another now is what errors mention.
    let words = |s: &str| -> BTreeSet<String> {
        s.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))).map(str::to_owned).collect()
    };
    let (a, b) = (words(from), words(to));
    edit = edit.naming(a.symmetric_difference(&b).cloned());
    if from.contains('/') || to.contains('/') {
        edit.effects.extend([(Unreachable, 0.5), (Access, 0.3)]);
    }
    Some(edit)
}

/// A regular expression that is new or changed; one with nested repetition can take for ever.
fn pattern(line: &str, removed: &[&str]) -> Option<Edit> {
    let lower = line.to_lowercase();
    let regex = [
        "regex",
        "re.compile",
        "regexp",
        "pattern.compile",
        "preg_match",
        ".match(/",
        ".test(",
        ".replace(/",
        "~ ",
    ]
    .iter()
    .any(|w| lower.contains(w));
    if !regex || removed.contains(&line) {
        return None;
    }
    let nested = ["+)+", "*)*", "+)*", "*)+", ")+)+", "+?)+", ".*.*", "\\s*)*", "+){"]
        .iter()
        .any(|w| line.contains(w));
    let effects: &[_] = if nested {
        &[(Cpu, 0.95), (Slow, 0.7), (Timeout, 0.7), (Threads, 0.6)]
    } else {
        &[(Parse, 0.6), (Wrong, 0.6), (Missing, 0.4), (Access, 0.4), (Cpu, 0.3), (Errors, 0.3)]
    };
    let what = if nested { "uses a pattern with nested repetition" } else { "changes a pattern" };
    Some(Edit::new(Sort::Value, format!("{what}: `{}`", short(line)), effects))
}

#[cfg(test)]
mod tests {
    use super::super::{diff, edit};

    fn whats(text: &str) -> Vec<String> {
        edit::read(&diff::parse(text)).into_iter().map(|e| e.what).collect()
    }

    #[test]
    fn names_that_others_look_up_are_seen_to_change() {
        for (text, what) in [
            (
                "@@ m.go @@\n-\t\"title\": map[string]any{\"type\": \"text\"},\n+\t\"name\": map[string]any{\"type\": \"text\"},\n",
                "`title` by the name `name`",
            ),
            ("@@ m.go @@\n-\tID string `json:\"user_id\"`\n+\tID string `json:\"userId\"`\n", "user_id"),
            (
                "@@ p.proto @@\n-  string customer_ref = 4;\n+  string customer_reference = 4;\n",
                "customer_ref",
            ),
            (
                "@@ q.ts @@\n-  await producer.send(\"orders.v1\", msg)\n+  await producer.send(\"orders.v2\", msg)\n",
                "`orders.v1`",
            ),
            (
                "@@ u.js @@\n-  return user.profile.email\n+  return user.account.email\n",
                "`profile` by the name `account`",
            ),
            (
                "@@ v.py @@\n-    R = re.compile(r\"^[a-z]+$\")\n+    R = re.compile(r\"^([a-z]+)+$\")\n",
                "nested repetition",
            ),
        ] {
            assert!(whats(text).iter().any(|w| w.contains(what)), "{text} {:?}", whats(text));
        }
    }

    #[test]
    fn texts_that_only_moved_are_not_renamed() {
        let text = "@@ a.go @@\n-f(\"alpha\")\n-f(\"beta\")\n+f(\"beta\")\n+f(\"alpha\")\n";
        assert!(!whats(text).iter().any(|w| w.contains("by the name")), "{:?}", whats(text));
    }
}
