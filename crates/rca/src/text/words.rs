//! Words that two texts share, weighed by how telling they are.

use std::collections::{BTreeMap, BTreeSet};

const STOP: &[&str] = &[
    "the",
    "and",
    "for",
    "with",
    "from",
    "that",
    "this",
    "not",
    "are",
    "was",
    "has",
    "have",
    "service",
    "svc",
    "error",
    "errors",
    "failed",
    "http",
    "https",
    "new",
    "return",
    "const",
    "let",
    "self",
    "true",
    "false",
    "null",
    "none",
    "else",
    "func",
    "def",
    "class",
    "import",
    "string",
    "int",
    "public",
    "void",
    "app",
    "src",
    "main",
    "pkg",
    "lib",
    "index",
    "get",
    "set",
    "post",
    "log",
    "info",
    "warn",
    "err",
    "msg",
    "data",
    "value",
    "name",
    "type",
    "test",
    "yaml",
    "yml",
    "json",
    "sum",
    "total",
    "rate",
    "above",
    "below",
    "observed",
    "elevated",
    "after",
    "before",
    "upstream",
    "request",
    "requests",
    "returned",
    "returning",
    "async",
    "await",
    "span",
    "var",
    "try",
    "catch",
];

/// Lower-case words and the parts of compound identifiers, without the commonest ones.
pub(crate) fn words(text: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for raw in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
        let mut part = String::new();
        let mut lower_before = false;
        let flush = |part: &mut String, out: &mut BTreeSet<String>| {
            let w = part.to_lowercase();
            part.clear();
            let w = w.strip_suffix('s').filter(|s| s.len() > 3 && !s.ends_with('s')).unwrap_or(&w).to_owned();
            if w.len() >= 3
                && w.len() < 40
                && !STOP.contains(&w.as_str())
                && !w.bytes().all(|b| b.is_ascii_digit())
            {
                out.insert(w);
            }
        };
        for c in raw.chars() {
            if c == '_' || (c.is_uppercase() && lower_before) {
                flush(&mut part, &mut out);
            }
            if c != '_' {
                part.push(c);
            }
            lower_before = c.is_lowercase() || c.is_ascii_digit();
        }
        flush(&mut part, &mut out);
        // The whole identifier is the most telling word there is.
        if raw.len() > 6 && (raw.contains('_') || raw.chars().skip(1).any(char::is_uppercase)) {
            out.insert(raw.to_lowercase().replace('_', ""));
        }
    }
    out
}

/// Shared words weighed by rarity over `documents`: each word counts the less the more documents hold it.
pub(crate) fn overlap(
    a: &BTreeSet<String>,
    b: &BTreeSet<String>,
    seen_in: &BTreeMap<String, usize>,
) -> (f64, Vec<String>) {
    let mut total = 0.0;
    let mut shared = Vec::new();
    for w in a.intersection(b) {
        let n = seen_in.get(w).copied().unwrap_or(1).max(1);
        let length: f64 = if w.len() >= 10 { 1.5 } else { 1.0 };
        total += length / n as f64;
        shared.push(w.clone());
    }
    (total, shared)
}
