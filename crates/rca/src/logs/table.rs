//! A table of byte strings, numbered in order of their arrival. Own, because the iteration order and the hash of the
//! standard one depend on a seed, and because one arena for all bytes is what makes a million lines a second possible.

const EMPTY: u32 = u32::MAX;

#[derive(Debug, Clone)]
pub(super) struct Table {
    slots: Vec<u32>,
    hashes: Vec<u64>,
    ends: Vec<u32>,
    arena: Vec<u8>,
}

impl Table {
    pub(super) fn new() -> Self {
        Self { slots: vec![EMPTY; 256], hashes: Vec::new(), ends: Vec::new(), arena: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes held, without what the vectors keep in reserve.
    pub(super) fn bytes(&self) -> usize {
        self.arena.len() + self.ends.len() * 12 + self.slots.len() * 4
    }

    pub(super) fn get(&self, index: u32) -> &[u8] {
        let i = index as usize;
        let end = self.ends.get(i).copied().unwrap_or(0) as usize;
        let start = i.checked_sub(1).and_then(|i| self.ends.get(i)).copied().unwrap_or(0) as usize;
        self.arena.get(start..end).unwrap_or_default()
    }

    pub(super) fn find(&self, text: &[u8], hash: u64) -> Option<u32> {
        let mut at = hash as usize & (self.slots.len() - 1);
        loop {
            match self.slots[at] {
                EMPTY => return None,
                i if self.hashes[i as usize] == hash && self.get(i) == text => return Some(i),
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }

    /// Adds what is not there yet.
    pub(super) fn add(&mut self, text: &[u8], hash: u64) -> u32 {
        if (self.ends.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let index = self.ends.len() as u32;
        self.arena.extend_from_slice(text);
        self.ends.push(self.arena.len() as u32);
        self.hashes.push(hash);
        place(&mut self.slots, hash, index);
        index
    }

    fn grow(&mut self) {
        let mut slots = vec![EMPTY; self.slots.len() * 2];
        for (i, hash) in self.hashes.iter().enumerate() {
            place(&mut slots, *hash, i as u32);
        }
        self.slots = slots;
    }
}

fn place(slots: &mut [u32], hash: u64, index: u32) {
    let mut at = hash as usize & (slots.len() - 1);
    while slots[at] != EMPTY {
        at = (at + 1) & (slots.len() - 1);
    }
    slots[at] = index;
}

/// Multiply and fold, eight bytes at a time; the same in each run.
pub(super) fn hash(text: &[u8]) -> u64 {
    fn fold(a: u64, b: u64) -> u64 {
        let wide = u128::from(a) * u128::from(b);
        wide as u64 ^ (wide >> 64) as u64
    }
    const K: u64 = 0xa076_1d64_78bd_642f;
    let mut h = text.len() as u64 ^ 0xe703_7ed1_a0b4_28db;
    let mut chunks = text.chunks_exact(8);
    for c in &mut chunks {
        let mut word = [0u8; 8];
        word.copy_from_slice(c);
        h = fold(h ^ u64::from_le_bytes(word), K);
    }
    let mut word = [0u8; 8];
    let rest = chunks.remainder();
    word[..rest.len()].copy_from_slice(rest);
    fold(h ^ u64::from_le_bytes(word), K ^ 0x5851_f42d_4c95_7f2d)
}
