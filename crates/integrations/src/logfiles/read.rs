//! Reads the stretch of a file that a window covers: found by bisection on the times of its lines, bounded in bytes
//! and time, whatever the file does meanwhile.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use firebell_core::telemetry::Window;
use flate2::read::MultiGzDecoder;
use jiff::Timestamp;

/// Bisection stops at stretches of this size.
const BLOCK: u64 = 64 * 1024;
/// How far to look for a line with a time.
const PROBE: u64 = 256 * 1024;
/// Longest line; what is beyond is dropped.
const MAX_LINE: usize = 64 * 1024;
/// Pieces that are read of a stretch that is too large.
const PIECES: u64 = 32;
/// Lines of several writers may be out of order by so many seconds.
const SLACK_S: i64 = 60;

/// Limits of one reading.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) max_bytes: u64,
    pub(super) until: Instant,
}

/// How a reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// All of it was read.
    Whole,
    /// Evenly spread pieces were read.
    Pieces,
    /// The time was up.
    OutOfTime,
    /// Nothing in it is as new as the window.
    TooOld,
}

/// What the reader hands on.
pub(super) enum Event<'a> {
    /// A line with its number, 0 where it is not known.
    Line(&'a str, u64),
    /// What follows does not continue what was before.
    Gap,
}

/// Reads the lines of `path` that may lie in `window`. `time_of` reads a line's own time.
///
/// # Errors
/// If the file cannot be opened or read, or is not a regular file.
pub(super) fn window(
    path: &Path,
    window: Window,
    bounds: Bounds,
    time_of: &dyn Fn(&str) -> Option<Timestamp>,
    each: &mut dyn FnMut(Event<'_>),
) -> io::Result<End> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "is not a regular file"));
    }
    let slack = jiff::SignedDuration::from_secs(SLACK_S);
    let start = window.start.checked_sub(slack).unwrap_or(window.start);
    let end = window.end.checked_add(slack).unwrap_or(window.end);
    if about.modified().is_ok_and(|m| Timestamp::try_from(m).is_ok_and(|m| m < start)) {
        return Ok(End::TooOld);
    }
    let mut file = File::open(path)?;
    let mut magic = [0u8; 2];
    let gzip = file.read(&mut magic)? == 2 && magic == [0x1f, 0x8b];
    file.seek(SeekFrom::Start(0))?;
    let past_end = |line: &str| time_of(line).is_some_and(|at| at > end);
    if gzip {
        // No seeking in a compressed stream; what it expands to is bounded instead.
        let mut reader = BufReader::new(MultiGzDecoder::new(file).take(bounds.max_bytes));
        let mut number = 0;
        let outcome = lines(&mut reader, u64::MAX, bounds.until, &mut |line| {
            number += 1;
            each(Event::Line(line, number));
            if past_end(line) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        let cut = reader.get_ref().limit() == 0;
        return Ok(if outcome == End::OutOfTime || !cut { outcome } else { End::Pieces });
    }
    let length = about.len();
    let from = bound(&mut file, length, start, false, time_of)?;
    let to = bound(&mut file, length, end, true, time_of)?.max(from);
    if to - from <= bounds.max_bytes {
        return stretch(&mut file, from, to, from == 0, bounds.until, each);
    }
    let size = (bounds.max_bytes / PIECES).max(1);
    let step = (to - from) / PIECES;
    for i in 0..PIECES {
        let at = from + i * step;
        each(Event::Gap);
        if stretch(&mut file, at, at + size, false, bounds.until, each)? == End::OutOfTime {
            return Ok(End::OutOfTime);
        }
    }
    Ok(End::Pieces)
}

/// Reads whole lines that begin in `[from, to)`.
fn stretch(
    file: &mut File,
    from: u64,
    to: u64,
    numbered: bool,
    until: Instant,
    each: &mut dyn FnMut(Event<'_>),
) -> io::Result<End> {
    // One byte earlier: a line that begins exactly at `from` is whole.
    file.seek(SeekFrom::Start(from.saturating_sub(1)))?;
    let mut reader = BufReader::with_capacity(BLOCK as usize, &mut *file);
    if from > 0 {
        skip_line(&mut reader)?;
    }
    let mut number = 0;
    lines(&mut reader, to - from, until, &mut |line| {
        number += 1;
        each(Event::Line(line, if numbered { number } else { 0 }));
        ControlFlow::Continue(())
    })
}

/// Reads lines until `budget` bytes are used up, the source ends, the time is up or the taker breaks off.
fn lines(
    reader: &mut impl BufRead,
    budget: u64,
    until: Instant,
    each: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> io::Result<End> {
    let mut buffer = Vec::new();
    let mut used = 0u64;
    let mut count = 0u32;
    while used < budget {
        buffer.clear();
        let n = read_line(reader, &mut buffer)?;
        if n == 0 {
            break;
        }
        used += n;
        let text = String::from_utf8_lossy(&buffer);
        let text = text.trim_end_matches(['\n', '\r']);
        if !text.trim().is_empty() && each(text).is_break() {
            break;
        }
        count = count.wrapping_add(1);
        if count.is_multiple_of(512) && Instant::now() >= until {
            return Ok(End::OutOfTime);
        }
    }
    Ok(End::Whole)
}

/// Reads one line into `buffer`, at most [`MAX_LINE`] bytes of it; answers the bytes that it took up.
fn read_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<u64> {
    let mut total = 0u64;
    loop {
        let available = match reader.fill_buf() {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            // A compressed file that is cut off gives what it has.
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(total),
            Err(e) => return Err(e),
        };
        if available.is_empty() {
            return Ok(total);
        }
        let (take, ended) = match available.iter().position(|b| *b == b'\n') {
            Some(i) => (i + 1, true),
            None => (available.len(), false),
        };
        let room = MAX_LINE.saturating_sub(buffer.len());
        buffer.extend_from_slice(&available[..take.min(room)]);
        reader.consume(take);
        total += take as u64;
        if ended {
            return Ok(total);
        }
    }
}

fn skip_line(reader: &mut impl BufRead) -> io::Result<u64> {
    read_line(reader, &mut Vec::new())
}

/// By bisection: `upper` false: an offset before which no line is as new as `at`; true: one after which all are newer.
fn bound(
    file: &mut File,
    length: u64,
    at: Timestamp,
    upper: bool,
    time_of: &dyn Fn(&str) -> Option<Timestamp>,
) -> io::Result<u64> {
    let (mut low, mut high) = (0, length);
    while high - low > BLOCK {
        let middle = low + (high - low) / 2;
        match first_time(file, middle, time_of)? {
            Some(t) if t < at || (upper && t == at) => low = middle,
            Some(_) => high = middle,
            // Nothing to go by: take the larger part.
            None if upper => low = middle,
            None => high = middle,
        }
    }
    Ok(if upper { high } else { low })
}

fn first_time(
    file: &mut File,
    from: u64,
    time_of: &dyn Fn(&str) -> Option<Timestamp>,
) -> io::Result<Option<Timestamp>> {
    file.seek(SeekFrom::Start(from))?;
    let mut reader = BufReader::new((&mut *file).take(PROBE));
    skip_line(&mut reader)?;
    let mut found = None;
    let far = Instant::now() + std::time::Duration::from_secs(5);
    lines(&mut reader, PROBE, far, &mut |line| {
        found = time_of(line);
        if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(found)
}
