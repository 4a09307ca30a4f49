//! The pseudonym of each word, and texts made of them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use firebell_core::secrets::redact;
use firebell_core::telemetry::Telemetry;
use regex::Regex;

use super::ids;
use super::vocabulary::{self, STRUCTURE};

/// Letters of pseudonyms: no vowels and few consonants, so that no word that means something comes out.
const LETTERS: &[u8] = b"bdfghjkmnpqvwxz";

static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|(?i)\b(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4}){1,4}\b",
    )
    .ok()
});

/// Words to pseudonyms. Names of components are known beforehand; the others are made as they come.
#[derive(Debug, Default)]
pub struct Pseudonyms {
    /// Words of names: never kept, whatever the vocabulary says.
    forced: BTreeSet<String>,
    made: RefCell<BTreeMap<String, String>>,
    addresses: RefCell<BTreeMap<String, String>>,
}

impl Pseudonyms {
    /// Learns the names in the telemetry. In the order of the names, so that what is sorted by name stays so.
    pub fn of(t: &Telemetry) -> Self {
        const LABELS: [&str; 16] = [
            "component",
            "service",
            "service_name",
            "app",
            "deployment",
            "container",
            "pod",
            "instance",
            "node",
            "namespace",
            "job",
            "peer",
            "peer_service",
            "host",
            "cluster",
            "region",
        ];
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for c in &t.components {
            names.insert(&c.id);
            names.extend(c.aliases.iter().map(String::as_str));
        }
        names.extend(t.topology.iter().flat_map(|e| [e.caller.as_str(), e.callee.as_str()]));
        names.extend(t.changes.iter().flat_map(|c| [Some(c.component.as_str()), c.by.as_deref()]).flatten());
        names.extend(t.logs.iter().filter_map(|l| l.component.as_deref()));
        for s in &t.spans {
            names.insert(&s.component);
            names.extend(s.attributes.get("peer.service").map(String::as_str));
        }
        names.extend(t.events.iter().map(|e| e.component.as_str()));
        for s in &t.series {
            names.extend(s.component.as_deref());
            names.extend(LABELS.iter().filter_map(|l| s.labels.get(*l)).map(String::as_str));
        }
        // `carts_cpu`: a plain heading begins with the name of its component.
        names.extend(t.series.iter().filter(|s| s.labels.is_empty()).filter_map(|s| {
            let (head, _) = s.name.split_once(['_', ' '])?;
            (!vocabulary::of_metrics(&head.to_lowercase())).then_some(head)
        }));
        for l in t.alerts.iter().map(|a| &a.labels) {
            names.extend(LABELS.iter().filter_map(|k| l.get(*k)).map(String::as_str));
        }
        let out = Self::default();
        let mut forced = BTreeSet::new();
        for name in names {
            for (word, is_word) in pieces(name) {
                let lower = word.to_lowercase();
                let keep = lower.len() < 2
                    || STRUCTURE.contains(&lower.as_str())
                    || vocabulary::mechanism(&lower)
                    || lower.bytes().any(|b| b.is_ascii_digit());
                if is_word && !keep {
                    forced.insert(lower);
                }
            }
        }
        {
            let mut made = out.made.borrow_mut();
            for word in &forced {
                let next = pseudonym(made.len());
                made.insert(word.clone(), next);
            }
        }
        Self { forced, ..out }
    }

    /// A text with pseudonyms.
    pub fn text(&self, text: &str) -> String {
        let clean = redact(text);
        let Some(address) = ADDRESS.as_ref() else { return self.words(&clean, false) };
        let mut out = String::with_capacity(clean.len());
        let mut from = 0;
        for found in address.find_iter(&clean) {
            out.push_str(&self.words(&clean[from..found.start()], false));
            out.push_str(&self.address(found.as_str()));
            from = found.end();
        }
        out.push_str(&self.words(&clean[from..], false));
        out
    }

    /// A name of a person or thing: no word of it is kept but those that tell what sort of thing it is.
    pub fn name(&self, text: &str) -> String {
        self.words(text, true)
    }

    /// Who has this can undo it.
    pub fn mapping(&self) -> BTreeMap<String, String> {
        let mut out = self.made.borrow().clone();
        out.extend(self.addresses.borrow().iter().map(|(k, v)| (k.clone(), v.clone())));
        out
    }

    fn address(&self, text: &str) -> String {
        let local = ["127.0.0.1", "0.0.0.0", "255.255.255.255"].contains(&text);
        // A version number looks like an address; one that cannot be one is left.
        let part = |p: &str| p.parse::<u32>().is_ok_and(|n| n < 256);
        if local || (text.contains('.') && !text.split('.').all(part)) {
            return text.to_owned();
        }
        let mut all = self.addresses.borrow_mut();
        let n = all.len() + 1;
        all.entry(text.to_owned())
            .or_insert_with(|| {
                if text.contains('.') {
                    format!("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255)
                } else {
                    format!("fd00:0:0:0:{:x}:{:x}", n >> 16, n & 0xffff)
                }
            })
            .clone()
    }

    fn words(&self, text: &str, name: bool) -> String {
        let mut out = String::with_capacity(text.len());
        for (piece, is_word) in pieces(text) {
            if is_word {
                out.push_str(&self.word(piece, name));
            } else {
                out.push_str(piece);
            }
        }
        out
    }

    fn word(&self, word: &str, name: bool) -> String {
        let lower = word.to_lowercase();
        if lower.bytes().any(|b| b.is_ascii_digit()) {
            return ids::id(word);
        }
        let structural = STRUCTURE.contains(&lower.as_str());
        let known = vocabulary::contains(&lower);
        if !self.forced.contains(&lower) && (lower.chars().count() <= 2 || structural || (known && !name)) {
            return word.to_owned();
        }
        let mut made = self.made.borrow_mut();
        let next = made.len();
        let new = made.entry(lower).or_insert_with(|| pseudonym(next));
        if word.chars().all(char::is_uppercase) {
            new.to_uppercase()
        } else if word.starts_with(char::is_uppercase) {
            let (first, rest) = new.split_at(1);
            format!("{}{rest}", first.to_uppercase())
        } else {
            new.clone()
        }
    }
}

/// The `n`th pseudonym: five letters (what Kubernetes appends to a pod's name has as many), in ascending order as long
/// as these suffice.
fn pseudonym(n: usize) -> String {
    let mut letters = Vec::with_capacity(5);
    let mut rest = n;
    while letters.len() < 4 || rest > 0 {
        letters.push(LETTERS[rest % LETTERS.len()]);
        rest /= LETTERS.len();
    }
    std::iter::once('x').chain(letters.iter().rev().map(|b| char::from(*b))).collect()
}

/// Words and what is between them. A word is a run of letters and digits; within one, a capital after a small letter
/// begins another, as in `checkoutService` and `HTTPServer`. What holds digits is one piece.
fn pieces(text: &str) -> Vec<(&str, bool)> {
    let mut out = Vec::new();
    let mut from = 0;
    let mut inside = false;
    let mut push = |a: usize, b: usize, word: bool| {
        if a == b {
            return;
        }
        let piece = &text[a..b];
        if !word || piece.bytes().any(|c| c.is_ascii_digit()) {
            out.push((piece, word));
            return;
        }
        let chars: Vec<(usize, char)> = piece.char_indices().collect();
        let mut start = 0;
        for w in 1..chars.len() {
            let (i, c) = chars[w];
            let before = chars[w - 1].1;
            let next_small = chars.get(w + 1).is_some_and(|(_, n)| n.is_lowercase());
            if c.is_uppercase() && (before.is_lowercase() || (before.is_uppercase() && next_small)) {
                out.push((&piece[start..i], true));
                start = i;
            }
        }
        out.push((&piece[start..], true));
    };
    for (i, c) in text.char_indices() {
        let word = c.is_alphanumeric();
        if word != inside {
            push(from, i, inside);
            from = i;
            inside = word;
        }
    }
    push(from, text.len(), inside);
    out
}
