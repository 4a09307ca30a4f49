//! The miner: lines in, templates out, in bounded memory.
//!
//! Each line becomes a pattern ([`super::scan`]); equal patterns are counted in one table. Which patterns are one
//! template is decided over all of them when somebody asks ([`super::columns`]), so what comes out depends on the set of
//! lines and not on their order, and shards that were mined apart and merged give what one miner gives.
//!
//! If the table is full it is put together: patterns give way to their templates, later patterns are looked up in a
//! prefix tree of these. From then on the result depends on the order of lines and on how they were divided, but on
//! nothing else. If even the templates are too many, what is new is kept by its first words alone.

use super::columns;
use super::header;
use super::level::{Level, infer};
use super::scan::{self, MASK};
use super::table::{self, Table};
use super::trie::Trie;

/// Longest example kept, bytes.
const MAX_EXAMPLE: usize = 400;
/// Most patterns that one miner ever numbers: 4 bytes each.
const MAX_NUMBERED: usize = 4_000_000;

/// How much a miner may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Distinct patterns.
    pub patterns: usize,
    /// Bytes of all patterns.
    pub bytes: usize,
}

impl Default for Limits {
    /// 100,000 patterns, 24 MB: a miner stays below 120 MB.
    fn default() -> Self {
        Self { patterns: 100_000, bytes: 24 << 20 }
    }
}

/// What is known of the lines of a pattern or template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// How many.
    pub lines: u64,
    /// Number of the first, as it was given.
    pub first_line: u64,
    /// Earliest time, unix milliseconds.
    pub first_at: Option<i64>,
    /// Latest.
    pub last_at: Option<i64>,
    /// Lines of each level, in [`Level`]'s order.
    pub levels: [u64; Level::COUNT],
    /// The first line, cut; not masked.
    pub example: Vec<u8>,
}

impl Seen {
    fn join(&mut self, other: &Self) {
        if other.lines == 0 {
            return;
        }
        if self.lines == 0 || other.first_line < self.first_line {
            self.first_line = other.first_line;
            self.example.clone_from(&other.example);
        }
        self.lines += other.lines;
        self.first_at = self.first_at.into_iter().chain(other.first_at).min();
        self.last_at = self.last_at.max(other.last_at);
        for (a, b) in self.levels.iter_mut().zip(other.levels) {
            *a += b;
        }
    }

    /// The commonest level said; of equal ones the worse.
    fn level(&self) -> Option<Level> {
        let best = Level::ALL.into_iter().max_by_key(|l| self.levels[*l as usize])?;
        (self.levels[best as usize] > 0).then_some(best)
    }
}

impl Template {
    /// The commonest level that its lines say, or what its words show.
    pub fn level(&self) -> Option<Level> {
        self.seen.level().or_else(|| infer(self.text.as_bytes()))
    }
}

/// A template with what is known of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The statement, `<*>` for what varies.
    pub text: String,
    /// Its lines.
    pub seen: Seen,
}

/// What a miner came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mined {
    /// The most frequent first; of equally frequent ones in order of their text.
    pub templates: Vec<Template>,
    /// Index of the template of each number that [`Miner::push`] gave.
    pub of: Vec<u32>,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Miner {
    limits: Limits,
    table: Table,
    seen: Vec<Seen>,
    /// Entry of each number given out.
    numbered: Vec<u32>,
    /// Number of each entry.
    numbers: Vec<u32>,
    trie: Option<Trie>,
    /// Putting together no longer makes room.
    full: bool,
    buffer: Vec<u8>,
}

impl Default for Miner {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Miner {
    /// An empty miner.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits: Limits { patterns: limits.patterns.max(16), bytes: limits.bytes.clamp(1 << 16, 1 << 30) },
            table: Table::new(),
            seen: Vec::new(),
            numbered: Vec::new(),
            numbers: Vec::new(),
            trie: None,
            full: false,
            buffer: Vec::with_capacity(1024),
        }
    }

    /// Takes a message without time and level. Returns its pattern's number: lines of one number are of one template,
    /// which [`Mined::of`] tells. Never fails, whatever the bytes.
    pub fn push(&mut self, message: &[u8]) -> u32 {
        let entry = self.place(message);
        self.seen[entry as usize].lines += 1;
        self.numbers[entry as usize]
    }

    /// Takes a message with its line's number, and keeps an example.
    pub fn push_message(&mut self, message: &[u8], number: u64) -> u32 {
        let entry = self.place(message);
        self.example(entry, message, number);
        self.seen[entry as usize].lines += 1;
        self.numbers[entry as usize]
    }

    /// Takes a raw line of any format: what stands before the message is found and set aside, time and level are
    /// noted. `number` is the line's in its file; `year` is for formats that have none.
    pub fn push_raw(&mut self, line: &[u8], number: u64, year: i16) -> u32 {
        let head = header::read(line, year);
        let entry = self.place(line.get(head.message.clone()).unwrap_or_default());
        self.example(entry, line, number);
        let seen = &mut self.seen[entry as usize];
        seen.lines += 1;
        if let Some(at) = head.at {
            seen.first_at = Some(seen.first_at.map_or(at, |f| f.min(at)));
            seen.last_at = Some(seen.last_at.map_or(at, |l| l.max(at)));
        }
        if let Some(level) = head.level {
            seen.levels[level as usize] += 1;
        }
        self.numbers[entry as usize]
    }

    fn example(&mut self, entry: u32, line: &[u8], number: u64) {
        let seen = &mut self.seen[entry as usize];
        if seen.lines == 0 || number < seen.first_line {
            seen.first_line = number;
            seen.example.clear();
            seen.example.extend_from_slice(cut(line));
        }
    }

    /// Adds what another miner has seen. Returns, for each number that the other gave, this one's.
    pub fn merge(&mut self, other: &Self) -> Vec<u32> {
        let mut entries = Vec::with_capacity(other.table.len());
        for i in 0..other.table.len() as u32 {
            self.buffer.clear();
            self.buffer.extend_from_slice(other.table.get(i));
            let entry = self.place_pattern();
            self.seen[entry as usize].join(&other.seen[i as usize]);
            entries.push(self.numbers[entry as usize]);
        }
        other.numbered.iter().map(|e| entries[*e as usize]).collect()
    }

    /// Lines taken.
    pub fn lines(&self) -> u64 {
        self.seen.iter().map(|s| s.lines).sum()
    }

    /// About how many bytes it holds.
    pub fn bytes(&self) -> usize {
        let examples: usize = self.seen.iter().map(|s| s.example.capacity() + size_of::<Seen>()).sum();
        self.table.bytes() + examples + (self.numbered.len() + self.numbers.len()) * 4
    }

    /// Number and pattern of all that was taken; `None` once patterns gave way to templates.
    pub(super) fn patterns(&self) -> Option<impl Iterator<Item = (u32, &[u8])>> {
        let exact = self.trie.is_none() && !self.full;
        exact.then(|| (0..self.table.len() as u32).map(|i| (self.numbers[i as usize], self.table.get(i))))
    }

    /// The templates of what was taken so far.
    pub fn templates(&self) -> Mined {
        let (of, texts) = self.group();
        let mut templates: Vec<Template> =
            texts.iter().map(|t| Template { text: scan::show(t), seen: Seen::default() }).collect();
        for (entry, t) in of.iter().enumerate() {
            templates[*t as usize].seen.join(&self.seen[entry]);
        }
        let mut order: Vec<u32> = (0..templates.len() as u32).collect();
        order.sort_by(|a, b| {
            let (a, b) = (&templates[*a as usize], &templates[*b as usize]);
            b.seen.lines.cmp(&a.seen.lines).then_with(|| a.text.cmp(&b.text))
        });
        let mut place = vec![0u32; order.len()];
        for (i, t) in order.iter().enumerate() {
            place[*t as usize] = i as u32;
        }
        let mut sorted = vec![None; templates.len()];
        for (t, to) in templates.into_iter().zip(&place) {
            sorted[*to as usize] = Some(t);
        }
        Mined {
            templates: sorted.into_iter().flatten().collect(),
            of: self.numbered.iter().map(|e| place[of[*e as usize] as usize]).collect(),
        }
    }

    /// Template of each entry, and the templates' patterns.
    fn group(&self) -> (Vec<u32>, Vec<Vec<u8>>) {
        let mut order: Vec<u32> = (0..self.table.len() as u32).collect();
        order.sort_unstable_by(|a, b| self.table.get(*a).cmp(self.table.get(*b)));
        let patterns: Vec<&[u8]> = order.iter().map(|i| self.table.get(*i)).collect();
        let (sorted, texts) = columns::group(&patterns);
        let mut of = vec![0u32; order.len()];
        for (entry, template) in order.iter().zip(sorted) {
            of[*entry as usize] = template;
        }
        (of, texts)
    }

    fn place(&mut self, message: &[u8]) -> u32 {
        let mut buffer = std::mem::take(&mut self.buffer);
        scan::pattern(message, &mut buffer);
        self.buffer = buffer;
        self.place_pattern()
    }

    /// Entry of the pattern in the buffer.
    fn place_pattern(&mut self) -> u32 {
        let hash = table::hash(&self.buffer);
        if let Some(entry) = self.table.find(&self.buffer, hash) {
            return entry;
        }
        if let Some(entry) = self.trie.as_ref().and_then(|t| t.find(&self.buffer)) {
            return entry;
        }
        if self.is_full() && !self.full {
            self.put_together();
            if let Some(entry) = self.trie.as_ref().and_then(|t| t.find(&self.buffer)) {
                return entry;
            }
        }
        if self.full {
            return self.coarse();
        }
        self.add(hash)
    }

    fn add(&mut self, hash: u64) -> u32 {
        let entry = self.table.add(&self.buffer, hash);
        self.seen.push(Seen::default());
        self.numbers.push(self.numbered.len() as u32);
        self.numbered.push(entry);
        entry
    }

    fn is_full(&self) -> bool {
        self.table.len() >= self.limits.patterns || self.table.bytes() >= self.limits.bytes
    }

    /// Patterns give way to their templates.
    fn put_together(&mut self) {
        let (of, texts) = self.group();
        let mut table = Table::new();
        let mut seen: Vec<Seen> = Vec::new();
        let mut numbers: Vec<u32> = Vec::new();
        let mut trie = Trie::new();
        let mut entry_of: Vec<Option<u32>> = vec![None; texts.len()];
        // In order of arrival, so that the first number stays the template's.
        for (old, t) in of.iter().enumerate() {
            let entry = *entry_of[*t as usize].get_or_insert_with(|| {
                let text = &texts[*t as usize];
                let hash = table::hash(text);
                table.find(text, hash).unwrap_or_else(|| {
                    let entry = table.add(text, hash);
                    seen.push(Seen::default());
                    numbers.push(self.numbers[old]);
                    trie.add(text, entry);
                    entry
                })
            });
            seen[entry as usize].join(&self.seen[old]);
        }
        for entry in &mut self.numbered {
            *entry = entry_of[of[*entry as usize] as usize].unwrap_or(0);
        }
        self.table = table;
        self.seen = seen;
        self.numbers = numbers;
        self.trie = Some(trie);
        // Too little room to be worth doing it again.
        let crowded = self.table.len() * 4 > self.limits.patterns * 3
            || self.table.bytes() * 4 > self.limits.bytes * 3
            || self.numbered.len() > MAX_NUMBERED;
        self.full = crowded;
    }

    /// Keeps the first words of the pattern in the buffer, or nothing where even these are too many.
    fn coarse(&mut self) -> u32 {
        let end = self.buffer.iter().enumerate().filter(|(_, b)| **b == b' ').map(|(i, _)| i).nth(1);
        let first = self.buffer[..end.unwrap_or(self.buffer.len()).min(64)].to_vec();
        for head in [first.as_slice(), b""] {
            self.buffer.clear();
            self.buffer.extend_from_slice(head);
            if !head.is_empty() {
                self.buffer.push(b' ');
            }
            self.buffer.push(MASK);
            let hash = table::hash(&self.buffer);
            if let Some(entry) = self.table.find(&self.buffer, hash) {
                return entry;
            }
            if head.is_empty() || self.table.len() < self.limits.patterns * 5 / 4 {
                return self.add(hash);
            }
        }
        0
    }
}

fn cut(line: &[u8]) -> &[u8] {
    let mut end = line.len().min(MAX_EXAMPLE);
    while end < line.len() && end > 0 && line[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    &line[..end]
}

/// The template of each message.
pub fn mine(messages: &[&str]) -> Vec<String> {
    let mut miner = Miner::default();
    let numbers: Vec<u32> = messages.iter().map(|m| miner.push(m.as_bytes())).collect();
    let found = miner.templates();
    numbers.into_iter().map(|n| found.templates[found.of[n as usize] as usize].text.clone()).collect()
}
