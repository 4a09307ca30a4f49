//! Files that are read line by line, in blocks: several threads share a large file, memory is bounded by the block and
//! not by the file, and a line without an end costs only itself.
//!
//! Block `i` holds the lines that begin in its range of bytes. Where a block begins does not depend on who reads it,
//! so the result is the same for any number of threads.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes of one block.
pub(super) const BLOCK: u64 = 4 << 20;
/// How far a block reads on to finish its last line, or a record of several lines.
const LOOK: u64 = 1 << 20;

/// A block's bytes.
pub(super) struct Block {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The last line did not end within reach.
    pub cut: bool,
}

/// Into how many blocks a file of this length is divided.
pub(super) fn count(length: u64) -> u64 {
    length.div_ceil(BLOCK).max(1)
}

impl Block {
    /// Reads block `index`. `begins` says of a line whether a block may begin with it; the first line after the
    /// border that may is where it does, if there is one within reach.
    ///
    /// # Errors
    /// If the file cannot be opened or read.
    pub(super) fn read(path: &Path, index: u64, begins: &dyn Fn(&[u8]) -> bool) -> Result<Self, String> {
        let mut file = File::open(path).map_err(|e| format!("cannot be opened: {e}"))?;
        // One byte earlier: a line that begins exactly at the border is seen to do so.
        let from = (index * BLOCK).saturating_sub(u64::from(index > 0));
        let to = (index + 1) * BLOCK + LOOK;
        let fail = |e: std::io::Error| format!("cannot be read: {e}");
        file.seek(SeekFrom::Start(from)).map_err(fail)?;
        let known = file.metadata().map_or(0, |m| m.len()).saturating_sub(from).min(to - from);
        let mut bytes = Vec::with_capacity(usize::try_from(known).unwrap_or(0) + 1);
        file.take(to - from).read_to_end(&mut bytes).map_err(fail)?;
        let last = bytes.len() < (to - from) as usize;
        let own = usize::try_from((index + 1) * BLOCK - from).unwrap_or(usize::MAX).min(bytes.len());
        let none = Self { bytes: Vec::new(), start: 0, end: 0, cut: false };
        let start = if index == 0 {
            0
        } else {
            match first_line(&bytes, 0, own).map(|line| settle(&bytes, line, LOOK as usize + 1, begins)) {
                Some(start) => start,
                None => return Ok(none),
            }
        };
        let (end, cut) = if own == bytes.len() {
            (own, false)
        } else {
            match first_line(&bytes, own - 1, bytes.len()) {
                // The next block comes to the same answer: it sees these bytes too, and looks no farther.
                Some(line) => (settle(&bytes, line, own + LOOK as usize, begins), false),
                None if last => (bytes.len(), false),
                None => (bytes.len(), true),
            }
        };
        if start >= end {
            return Ok(none);
        }
        Ok(Self { bytes, start, end, cut })
    }

    /// The bytes of its lines.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// How many lines begin in it.
    pub(super) fn lines(&self) -> u64 {
        let bytes = self.bytes();
        let ends = memchr::memchr_iter(b'\n', bytes).count() as u64;
        ends + u64::from(bytes.last().is_some_and(|b| *b != b'\n'))
    }
}

/// Where the first line begins whose predecessor ends in `[from, to)`.
fn first_line(bytes: &[u8], from: usize, to: usize) -> Option<usize> {
    memchr::memchr(b'\n', bytes.get(from..to)?).map(|i| from + i + 1)
}

/// The first line from `line` on, before `limit`, that a block may begin with; `line` itself if there is none.
fn settle(bytes: &[u8], line: usize, limit: usize, begins: &dyn Fn(&[u8]) -> bool) -> usize {
    let mut at = line;
    for _ in 0..1000 {
        let Some(end) = memchr::memchr(b'\n', &bytes[at.min(bytes.len())..]).map(|i| at + i) else { break };
        if end >= limit.min(bytes.len()) {
            break;
        }
        if begins(&bytes[at..end]) {
            return at;
        }
        at = end + 1;
    }
    line
}
