//! From patterns to templates: which columns of a group vary.
//!
//! Patterns that differ in one column only are lined up (each column is left out in turn, so the cost is linear in
//! patterns times columns); whether the column is a value is decided by how many different words stand there, what
//! they look like, and what stands before it. Merging goes on until nothing changes. The result depends on the set of
//! patterns alone, not on the order in which lines came.

use std::collections::BTreeMap;

use super::scan::{CLASS, DIGIT, HARD, JOIN, MASK, TRACE};

/// As many different plain words in one place are values.
const MANY: usize = 6;
/// As many are enough behind a word or sign that introduces a value, or if they look like data.
const FEW: usize = 2;
/// As many are enough behind a preposition.
const SOME: usize = 4;
/// As many are needed at the start of a line, and of words in capitals: those are names of programs, states and verbs.
const VERY_MANY: usize = 16;
/// Most rounds.
const ROUNDS: usize = 6;

/// Words, numbered in order of their bytes.
struct Words {
    all: Vec<Vec<u8>>,
    signs: Vec<bool>,
}

/// One pattern taken apart.
struct Row {
    /// Words and delimiters.
    tokens: Vec<u32>,
    /// Whether a blank stands before each token: the shape.
    shape: Vec<u8>,
    /// Over tokens and shape.
    sum: u64,
    /// Input patterns.
    members: Vec<u32>,
}

/// Groups `patterns`, which are given in order of their bytes. Returns, for each, the index of its
/// template, and the templates' patterns.
pub(super) fn group(patterns: &[&[u8]]) -> (Vec<u32>, Vec<Vec<u8>>) {
    let mut words = Words { all: Vec::new(), signs: Vec::new() };
    let mut rows = take_apart(patterns, &mut words);
    let mask = words.number(&[MASK]);
    for _ in 0..ROUNDS {
        let before = rows.len();
        rows = joint(rows, &words, mask);
        rows = round(rows, &words, mask);
        if rows.len() == before {
            break;
        }
    }
    let mut of = vec![0u32; patterns.len()];
    let mut templates = Vec::with_capacity(rows.len());
    for row in &rows {
        let index = u32::try_from(templates.len()).unwrap_or(u32::MAX);
        for m in &row.members {
            of[*m as usize] = index;
        }
        templates.push(display(row, patterns, &words));
    }
    (of, templates)
}

impl Words {
    fn number(&self, word: &[u8]) -> u32 {
        self.all.binary_search_by(|w| w.as_slice().cmp(word)).map_or(u32::MAX, |i| i as u32)
    }

    fn sign(&self, number: u32) -> bool {
        self.signs.get(number as usize).copied().unwrap_or(false)
    }

    fn get(&self, number: u32) -> &[u8] {
        self.all.get(number as usize).map_or(&[MASK], |w| w.as_slice())
    }
}

/// Masks with only blanks or commas between are one.
pub(crate) fn collapse(pattern: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(pattern.len());
    for b in pattern {
        if *b == MASK {
            let kept = out.len() - out.iter().rev().take_while(|b| matches!(**b, b' ' | b',')).count();
            if kept > 0 && out[kept - 1] == MASK && (kept != out.len()) {
                out.truncate(kept);
                continue;
            }
        }
        out.push(*b);
    }
    out
}

pub(crate) fn split(pattern: &[u8]) -> Vec<(&[u8], bool)> {
    // Two exceptions or two places are never one statement.
    if pattern.first() == Some(&TRACE) {
        return vec![(pattern, false)];
    }
    let mut out = Vec::new();
    let mut at = 0;
    let mut blank = false;
    let mut value = false;
    while at < pattern.len() {
        let b = pattern[at];
        if b == b' ' {
            blank = true;
            at += 1;
            continue;
        }
        let start = at;
        if std::mem::take(&mut value)
            && let Some(end) = lump(&pattern[at..])
        {
            at += end;
        } else if b != MASK && CLASS[b as usize] == HARD {
            value = b == b'=';
            at += 1;
        } else {
            while at < pattern.len()
                && pattern[at] != b' '
                && (pattern[at] == MASK || CLASS[pattern[at] as usize] != HARD)
            {
                at += 1;
            }
            // A sign at a word's end stands for itself, so that `user:` and `user` are one word.
            if at - start > 1 && pattern[at - 1] == b':' {
                at -= 1;
            }
        }
        if at == start {
            at += 1;
        }
        // A value with a structure of its own is a value, whatever is in it.
        let token = &pattern[start..at];
        let structured =
            token.len() > 1 && token.iter().any(|b| matches!(b, b'{' | b'(' | b'[' | b'<' | b'"' | b'\''));
        out.push((if structured { &[MASK] } else { token }, blank));
        blank = false;
    }
    out
}

/// Length of a value behind `=`: a word with the brackets and quotes that belong to it.
fn lump(text: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut quote = None;
    for (i, b) in text.iter().enumerate().take(256) {
        match (*b, quote) {
            (b, Some(q)) if b == q => quote = None,
            (_, Some(_)) => {}
            (b'"' | b'\'', None) => quote = Some(*b),
            (b'{' | b'(' | b'[' | b'<', None) => depth += 1,
            (b'}' | b')' | b']' | b'>', None) if depth > 0 => depth -= 1,
            (b'}' | b')' | b']' | b'>' | b',' | b';' | b' ' | b'=' | b'&' | b'|', None) if depth == 0 => {
                return (i > 0).then_some(i);
            }
            _ => {}
        }
    }
    (depth == 0 && quote.is_none() && !text.is_empty()).then_some(text.len().min(256))
}

fn take_apart(patterns: &[&[u8]], words: &mut Words) -> Vec<Row> {
    let collapsed: Vec<Vec<u8>> = patterns.iter().map(|p| collapse(p)).collect();
    let cut: Vec<Vec<(&[u8], bool)>> = collapsed.iter().map(|p| split(p)).collect();
    let mut all: Vec<&[u8]> = cut.iter().flatten().map(|t| t.0).collect();
    all.push(&[MASK]);
    all.sort_unstable();
    all.dedup();
    words.all = all.into_iter().map(<[u8]>::to_vec).collect();
    words.signs = words.all.iter().map(|w| is_sign(w)).collect();
    let mut rows: BTreeMap<(Vec<u8>, Vec<u32>), Row> = BTreeMap::new();
    for (i, tokens) in cut.iter().enumerate() {
        let numbers: Vec<u32> = tokens.iter().map(|t| words.number(t.0)).collect();
        // What stands between the words has to be the same in patterns that are compared.
        let shape: Vec<u8> = tokens
            .iter()
            .map(|t| {
                let sign = if is_sign(t.0) { t.0[0] } else { 0 };
                sign << 1 | u8::from(t.1)
            })
            .collect();
        let row = rows.entry((shape.clone(), numbers.clone())).or_insert_with(|| Row::new(numbers, shape));
        row.members.push(i as u32);
    }
    rows.into_values().collect()
}

fn is_sign(token: &[u8]) -> bool {
    token.len() == 1 && token[0] != MASK && CLASS[token[0] as usize] & (HARD | JOIN) != 0
}

/// Columns that need no more than two values to be values, all at once: they often vary together.
fn joint(mut rows: Vec<Row>, words: &Words, mask: u32) -> Vec<Row> {
    let mut keys: Vec<(u64, u32)> = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let mut sum = row.sum;
        let mut named = false;
        for (column, token) in row.tokens.iter().enumerate() {
            if is_soft(&row.tokens, column, words) {
                sum = sum.wrapping_sub(placed(column, *token)).wrapping_add(placed(column, mask));
            } else {
                named |= words.get(*token).iter().any(u8::is_ascii_alphabetic);
            }
        }
        if named {
            keys.push((sum, i as u32));
        }
    }
    keys.sort_unstable();
    let mut gone = vec![false; rows.len()];
    for members in keys.chunk_by(|a, b| a.0 == b.0) {
        let [(_, first), others @ ..] = members else { continue };
        let first = *first as usize;
        for (_, other) in others {
            let other = *other as usize;
            let (a, b) = (&rows[first], &rows[other]);
            // What differs has to be soft in both; masks that were set on the way are.
            let fits = a.shape == b.shape
                && (0..a.tokens.len()).all(|c| {
                    a.tokens[c] == b.tokens[c]
                        || (a.tokens[c] == mask || is_soft(&a.tokens, c, words))
                            && is_soft(&b.tokens, c, words)
                });
            if !fits {
                continue;
            }
            for c in 0..rows[first].tokens.len() {
                if rows[first].tokens[c] != rows[other].tokens[c] {
                    rows[first].set(c, mask);
                }
            }
            gone[other] = true;
            let taken = std::mem::take(&mut rows[other].members);
            rows[first].members.extend(taken);
        }
    }
    let mut index = 0;
    rows.retain(|_| {
        index += 1;
        !gone[index - 1]
    });
    rows
}

/// Whether a word is a value as soon as another one stands in its place.
fn is_soft(tokens: &[u32], column: usize, words: &Words) -> bool {
    let word = words.get(tokens[column]);
    if is_sign(word) {
        return false;
    }
    let before = column.checked_sub(1).map(|c| words.get(tokens[c]));
    let after = tokens.get(column + 1).map(|t| words.get(*t));
    *word == [MASK] || before == Some(b"=") || is_data(word) || is_enclosed(before, after)
}

/// Whether a word stands alone in quotes.
fn is_enclosed(before: Option<&[u8]>, after: Option<&[u8]>) -> bool {
    matches!(
        (before, after),
        (Some(b"'"), Some(b"'")) | (Some(b"\""), Some(b"\"")) | (Some(b"`"), Some(b"`"))
    )
}

/// One round: each column in turn.
fn round(mut rows: Vec<Row>, words: &Words, mask: u32) -> Vec<Row> {
    let widest = rows.iter().map(|r| r.tokens.len()).max().unwrap_or(0);
    let mut keys: Vec<(u64, u32)> = Vec::new();
    for column in 0..widest {
        keys.clear();
        for (i, row) in rows.iter().enumerate() {
            let Some(token) = row.tokens.get(column) else { continue };
            if !words.sign(*token) {
                let rest = row.sum.wrapping_sub(placed(column, *token)).wrapping_add(placed(column, mask));
                keys.push((rest, i as u32));
            }
        }
        keys.sort_unstable();
        let mut gone = vec![false; rows.len()];
        for members in keys.chunk_by(|a, b| a.0 == b.0) {
            let [(_, first), others @ ..] = members else { continue };
            let first = *first as usize;
            // Equal sums are equal rows, but for chance.
            let others: Vec<usize> =
                others.iter().map(|m| m.1 as usize).filter(|i| rows[first].but(column, &rows[*i])).collect();
            if others.is_empty() {
                continue;
            }
            let values: Vec<&[u8]> =
                std::iter::once(&first).chain(&others).map(|i| words.get(rows[*i].tokens[column])).collect();
            if !varies(&values, column, &rows[first].tokens, words) {
                continue;
            }
            for i in others {
                gone[i] = true;
                let taken = std::mem::take(&mut rows[i].members);
                rows[first].members.extend(taken);
            }
            rows[first].set(column, mask);
        }
        let mut index = 0;
        rows.retain(|_| {
            index += 1;
            !gone[index - 1]
        });
    }
    rows
}

impl Row {
    fn new(tokens: Vec<u32>, shape: Vec<u8>) -> Self {
        let mut sum = 0u64;
        for (i, t) in tokens.iter().enumerate() {
            sum = sum.wrapping_add(placed(i, *t));
        }
        for (i, s) in shape.iter().enumerate() {
            sum = sum.wrapping_add(placed(i + 4096, u32::from(*s)));
        }
        Self { tokens, shape, sum, members: Vec::new() }
    }

    fn set(&mut self, column: usize, token: u32) {
        self.sum =
            self.sum.wrapping_sub(placed(column, self.tokens[column])).wrapping_add(placed(column, token));
        self.tokens[column] = token;
    }

    /// Equal but for one column.
    fn but(&self, column: usize, other: &Self) -> bool {
        self.shape == other.shape
            && self.tokens[..column] == other.tokens[..column]
            && self.tokens[column + 1..] == other.tokens[column + 1..]
    }
}

/// A token's share in the sum over a row.
fn placed(column: usize, token: u32) -> u64 {
    let mut x = ((column as u64) << 32 | u64::from(token)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^ (x >> 32)
}

/// Whether the different words of one column are values.
fn varies(values: &[&[u8]], column: usize, rest: &[u32], words: &Words) -> bool {
    let fixed = rest
        .iter()
        .enumerate()
        .filter(|(i, t)| *i != column && words.get(**t).iter().any(u8::is_ascii_alphabetic))
        .count();
    decide(values, column, rest, words, fixed)
}

fn decide(values: &[&[u8]], column: usize, rest: &[u32], words: &Words, fixed: usize) -> bool {
    if fixed == 0 {
        return false;
    }
    if values.iter().any(|v| **v == [MASK]) || alike(values) {
        return true;
    }
    let before = column.checked_sub(1).and_then(|i| rest.get(i)).map(|t| words.get(*t));
    let after = rest.get(column + 1).map(|t| words.get(*t));
    let enclosed = is_enclosed(before, after);
    let n = values.len();
    if before == Some(b"=") || enclosed {
        return n >= FEW;
    }
    let common = values.iter().any(|v| is_common(v));
    let data = values.iter().filter(|v| is_data(v)).count();
    if data == n || (n > FEW && data * 2 > n) {
        return n > FEW || data == n;
    }
    if before.is_some_and(introduces) && !common {
        return n >= FEW;
    }
    let capitals = values.iter().all(|v| v.iter().all(|b| b.is_ascii_uppercase() || *b == b'_'));
    if before.is_none() || capitals || fixed < 2 {
        return n >= VERY_MANY;
    }
    if before.is_some_and(leads) && !common {
        return n >= SOME;
    }
    n >= MANY
}

/// Whether words differ in figures and masks alone.
fn alike(values: &[&[u8]]) -> bool {
    let bare = |v: &[u8]| -> Vec<u8> {
        v.iter().copied().filter(|b| *b != MASK && CLASS[*b as usize] != DIGIT).collect()
    };
    let Some(first) = values.first() else { return false };
    let first = bare(first);
    !first.is_empty() && values.iter().all(|v| bare(v) == first)
}

/// Whether a word looks like data rather than like language: a path, a qualified name, something with figures.
fn is_data(word: &[u8]) -> bool {
    let dots = word.iter().filter(|b| **b == b'.').count();
    let qualified = dots >= 2 && !word.windows(2).any(|w| w == b"..");
    qualified
        || word.iter().any(|b| matches!(*b, b'/' | b'\\' | b'@'))
        || (CLASS[word[0] as usize] & (DIGIT | super::scan::LETTER) != 0
            && word.iter().any(u8::is_ascii_digit)
            && !word.contains(&MASK))
}

/// Words whose next word is a name, where it differs.
fn introduces(word: &[u8]) -> bool {
    matches!(
        word,
        b"user"
            | b"User"
            | b"username"
            | b"account"
            | b"client"
            | b"host"
            | b"hostname"
            | b"node"
            | b"package"
            | b"process"
            | b"program"
            | b"interface"
            | b"named"
            | b"name"
            | b"database"
            | b"table"
            | b"topic"
            | b"queue"
            | b"job"
            | b"pod"
            | b"container"
            | b"bucket"
            | b"owner"
            | b"login"
            | b"namespace"
            | b"service"
    )
}

/// Words behind which a value is likelier than elsewhere.
fn leads(word: &[u8]) -> bool {
    matches!(
        word,
        b"for" | b"from" | b"to" | b"by" | b"on" | b"at" | b"via" | b"of" | b"is" | b":" | b"[" | b"("
    )
}

/// Words that are never names.
fn is_common(word: &[u8]) -> bool {
    matches!(
        word,
        b"is"
            | b"was"
            | b"are"
            | b"has"
            | b"had"
            | b"not"
            | b"no"
            | b"and"
            | b"or"
            | b"to"
            | b"from"
            | b"for"
            | b"in"
            | b"on"
            | b"at"
            | b"by"
            | b"with"
            | b"of"
            | b"the"
            | b"a"
            | b"an"
            | b"failed"
            | b"unknown"
            | b"closed"
            | b"opened"
            | b"started"
            | b"stopped"
            | b"invalid"
    )
}

/// The template of a row as people read it: lists keep their length where all patterns have the same.
fn display(row: &Row, patterns: &[&[u8]], words: &Words) -> Vec<u8> {
    let first = row.members.first().map(|m| patterns[*m as usize]).unwrap_or_default();
    if row.members.len() == 1 {
        return first.to_vec();
    }
    let mut whole = split(first);
    let same = row.members[1..].iter().all(|m| {
        let other = split(patterns[*m as usize]);
        if other.len() != whole.len() {
            return false;
        }
        for (have, new) in whole.iter_mut().zip(other) {
            if have.0 != new.0 {
                have.0 = &[MASK];
            }
        }
        true
    });
    let mut out = Vec::new();
    if same {
        for (token, blank) in whole {
            if blank {
                out.push(b' ');
            }
            out.extend_from_slice(token);
        }
    } else {
        for (token, shape) in row.tokens.iter().zip(&row.shape) {
            if shape & 1 == 1 {
                out.push(b' ');
            }
            out.extend_from_slice(words.get(*token));
        }
    }
    out
}
