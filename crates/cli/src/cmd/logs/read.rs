//! Files in blocks of whole records to two miners, each on a thread of its own. Blocks go to them in turn, so that the
//! result does not depend on which of them is faster. The lines of a stack trace are one record; other lines are one each.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use firebell_integrations::bundle::loglines::{Follower, may_continue};
use firebell_rca::logs::{Level, Limits, Mined, Miner, head, stack};

/// Bytes of a block. A line longer than a block is cut there.
const BLOCK: usize = 1 << 20;
/// As many whatever the machine, so that equal input gives equal output.
const MINERS: usize = 2;
/// Bytes before the end of a block within which it is cut between two records rather than within one.
const LONGEST_RECORD: usize = 64 << 10;
/// Most notes of one sort.
const MAX_NOTES: usize = 3;

struct Block {
    file: Arc<str>,
    /// Number of its first line.
    line: u64,
    bytes: Vec<u8>,
}

type Mining = (Miner, Vec<(Arc<str>, u64, &'static str)>);

/// Reads and mines.
pub(super) struct Reader {
    to: Vec<SyncSender<Block>>,
    threads: Vec<JoinHandle<Mining>>,
    turn: usize,
    lines: u64,
    bytes: u64,
    notes: Vec<String>,
}

impl Reader {
    pub(super) fn new(year: i16, messages: bool) -> Self {
        let mut reader =
            Self { to: Vec::new(), threads: Vec::new(), turn: 0, lines: 0, bytes: 0, notes: Vec::new() };
        for _ in 0..MINERS {
            let (to, from) = sync_channel(3);
            reader.to.push(to);
            reader.threads.push(std::thread::spawn(move || work(&from, year, messages)));
        }
        reader
    }

    /// Takes a file (`-` is standard input), unpacked if it is gzip.
    pub(super) fn file(&mut self, path: &Path) -> io::Result<()> {
        let name: Arc<str> = path.display().to_string().into();
        let mut source: Box<dyn Read> =
            if path == Path::new("-") { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) };
        let mut magic = Vec::with_capacity(2);
        source.by_ref().take(2).read_to_end(&mut magic)?;
        let packed = magic == [0x1f, 0x8b];
        let whole = io::Cursor::new(magic).chain(source);
        if packed {
            self.stream(&name, &mut flate2::read::MultiGzDecoder::new(whole))
        } else {
            self.stream(&name, &mut { whole })
        }
    }

    fn stream(&mut self, name: &Arc<str>, source: &mut impl Read) -> io::Result<()> {
        let mut line = 1;
        let mut rest: Vec<u8> = Vec::new();
        // Within a line that was cut: the remainder is not looked at.
        let mut cut = false;
        let mut failed = false;
        let before = self.bytes;
        loop {
            let mut block = std::mem::take(&mut rest);
            let kept = block.len();
            block.reserve(BLOCK);
            let read =
                if failed { Ok(0) } else { source.by_ref().take(BLOCK as u64).read_to_end(&mut block) };
            if let Err(e) = read {
                // A damaged archive: what came so far is used.
                self.notes.push(format!("{name}:{line}: reading stopped: {e}"));
                failed = true;
            }
            let n = block.len() - kept;
            self.bytes += n as u64;
            if cut {
                match memchr::memchr(b'\n', &block) {
                    Some(end) => {
                        block.drain(..=end);
                        line += 1;
                        cut = false;
                    }
                    None if n == 0 => break,
                    None => continue,
                }
            }
            if n == 0 {
                if !block.is_empty() {
                    self.send(name, line, block);
                }
                break;
            }
            match memchr::memrchr(b'\n', &block) {
                Some(end) => {
                    rest = block.split_off(between_records(&block[..=end]).unwrap_or(end + 1));
                    let lines = block.iter().filter(|b| **b == b'\n').count() as u64;
                    self.send(name, line, block);
                    line += lines;
                }
                None if block.len() >= BLOCK => {
                    self.notes.push(format!(
                        "{name}:{line}: longer than {BLOCK} bytes; the rest of the line is left out"
                    ));
                    self.send(name, line, block);
                    cut = true;
                }
                None => rest = block,
            }
        }
        if self.bytes == before {
            self.notes.push(format!("{name}: is empty"));
        }
        Ok(())
    }

    fn send(&mut self, file: &Arc<str>, line: u64, bytes: Vec<u8>) {
        let ends = bytes.iter().filter(|b| **b == b'\n').count() as u64;
        self.lines += ends + u64::from(bytes.last().is_some_and(|b| *b != b'\n'));
        let turn = self.turn % self.to.len().max(1);
        self.turn += 1;
        if let Some(to) = self.to.get(turn) {
            // A miner that is gone is told of when it is waited for.
            let _ = to.send(Block { file: file.clone(), line, bytes });
        }
    }

    /// Templates, lines and bytes read, and what was odd.
    pub(super) fn finish(self) -> anyhow::Result<(Mined, u64, u64, Vec<String>)> {
        drop(self.to);
        let mut notes = self.notes;
        let mut odd = Vec::new();
        let mut whole = Miner::new(Limits::default());
        for thread in self.threads {
            let (miner, found) =
                thread.join().map_err(|_| anyhow::anyhow!("a miner stopped; please report the file"))?;
            whole.merge(&miner);
            odd.extend(found);
        }
        odd.sort();
        let mut last: Option<(Arc<str>, &str, usize)> = None;
        for (file, line, what) in odd {
            let n = match &last {
                Some((f, w, n)) if *f == file && *w == what => n + 1,
                _ => 0,
            };
            if n < MAX_NOTES {
                notes.push(format!("{file}:{line}: {what}"));
            }
            last = Some((file, what, n));
        }
        Ok((whole.templates(), self.lines, self.bytes, notes))
    }
}

fn work(from: &Receiver<Block>, year: i16, messages: bool) -> Mining {
    let mut miner = Miner::new(Limits::default());
    let mut odd = Vec::new();
    for block in from {
        if let Err(e) = std::str::from_utf8(&block.bytes) {
            let line = block.line + newlines(&block.bytes[..e.valid_up_to()]);
            odd.push((block.file.clone(), line, "not UTF-8; read byte by byte"));
        }
        if let Some(at) = block.bytes.iter().position(|b| *b == 0) {
            odd.push((
                block.file.clone(),
                block.line + newlines(&block.bytes[..at]),
                "holds NUL bytes; read as blanks",
            ));
        }
        let text = block.bytes.strip_suffix(b"\n").unwrap_or(&block.bytes);
        if messages {
            for (number, line) in (block.line..).zip(text.split(|b| *b == b'\n')) {
                miner.push_message(line, number);
            }
        } else {
            records(text, block.line, year, &mut miner);
        }
    }
    (miner, odd)
}

/// Lines that may be one record: bytes of the text, and the number of the first line.
struct Open {
    start: usize,
    end: usize,
    first: usize,
    number: u64,
    follower: Follower,
}

/// Mines raw lines, those of a stack trace together.
fn records(text: &[u8], mut number: u64, year: i16, miner: &mut Miner) {
    let mut open: Option<Open> = None;
    let mut start = 0;
    while start <= text.len() {
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |n| start + n);
        let line = &text[start..end];
        let shown = line.strip_suffix(b"\r").unwrap_or(line);
        if !shown.iter().all(u8::is_ascii_whitespace) {
            let taken = open.as_mut().is_some_and(|open| {
                // Records mostly begin with a time: of those no more is asked.
                !matches!(shown[0], b'0'..=b'9' | b'{' | b'<')
                    && std::str::from_utf8(shown).is_ok_and(|shown| {
                        open.follower.takes(shown, || is_bad(&text[open.start..open.first], year))
                    })
            });
            match open.as_mut().filter(|_| taken) {
                Some(open) => open.end = end,
                None => {
                    finish(text, open.take(), year, miner);
                    let follower = Follower::new(std::str::from_utf8(shown).unwrap_or_default());
                    open = Some(Open { start, end, first: end, number, follower });
                }
            }
        }
        start = end + 1;
        number += 1;
    }
    finish(text, open, year, miner);
}

/// One record if it holds a stack trace, else lines.
fn finish(text: &[u8], open: Option<Open>, year: i16, miner: &mut Miner) {
    let Some(open) = open else { return };
    let record = &text[open.start..open.end];
    if open.end == open.first || stack(&String::from_utf8_lossy(record)).is_some() {
        miner.push_raw(record, open.number, year);
        return;
    }
    for (number, line) in (open.number..).zip(record.split(|b| *b == b'\n')) {
        if !line.iter().all(u8::is_ascii_whitespace) {
            miner.push_raw(line, number, year);
        }
    }
}

fn is_bad(line: &[u8], year: i16) -> bool {
    matches!(head(line, year).level, Some(Level::Warn | Level::Error | Level::Fatal))
}

/// Where a block of whole lines is cut so that its last record, which may go on in the next block, stays whole; none if it is
/// too long for that.
fn between_records(block: &[u8]) -> Option<usize> {
    let mut end = block.len();
    while end > 0 && block.len() - end < LONGEST_RECORD {
        let start = memchr::memrchr(b'\n', &block[..end - 1]).map_or(0, |n| n + 1);
        let line = std::str::from_utf8(&block[start..end - 1]).unwrap_or_default();
        if !may_continue(line) {
            return (start > 0).then_some(start);
        }
        end = start;
    }
    None
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|b| **b == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mined(bytes: &[u8]) -> (Mined, u64, Vec<String>) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.log");
        std::fs::write(&path, bytes).expect("written");
        let mut reader = Reader::new(2026, false);
        reader.file(&path).expect("read");
        let (mined, lines, _, notes) = reader.finish().expect("mined");
        (mined, lines, notes.iter().map(|n| n.replace(&path.display().to_string(), "a.log")).collect())
    }

    #[test]
    fn bad_files_are_read_as_far_as_they_go() {
        assert_eq!(mined(b"").2, ["a.log: is empty"]);
        let (found, lines, notes) = mined(b"took 1 ms\r\n\r\ntook 22 ms\r\nbad \xff\xfe byte\nnul \0 byte");
        assert_eq!(lines, 5);
        assert_eq!(found.templates[0].text, "took <*>");
        assert_eq!(found.templates[0].seen.lines, 2);
        assert_eq!(
            notes,
            ["a.log:4: not UTF-8; read byte by byte", "a.log:5: holds NUL bytes; read as blanks"]
        );
    }

    #[test]
    fn a_stack_trace_is_one_record_wherever_a_block_ends() {
        let mut text = String::new();
        for n in 0..30_000 {
            let second = n % 60;
            text.push_str(&format!("2026-01-05 10:00:{second:02} INFO served {n} rows\n"));
            if n % 3 == 0 {
                let message = ["charge went wrong", "basket is stale", "could not settle"][n / 3 % 3];
                text.push_str(&format!(
                    "2026-01-05 10:00:{second:02} ERROR {message} {n}\njava.lang.IllegalStateException: stale {n}\n\tat \
                     java.util.List.get(List.java:3)\n\tat com.acme.Pay.settle(Pay.java:4{})\n",
                    n % 10
                ));
            }
            if n % 100 == 0 {
                text.push_str(
                    "panic: index out of range\n\ngoroutine 1 [running]:\nmain.charge(0xc000)\n\t/app/main.go:12 +0x1d\n",
                );
            }
        }
        assert!(text.len() > 2 * BLOCK);
        let (found, lines, notes) = mined(text.as_bytes());
        assert_eq!((lines, notes.len()), (text.lines().count() as u64, 0));
        let told: Vec<(&str, u64)> =
            found.templates.iter().map(|t| (t.text.as_str(), t.seen.lines)).collect();
        assert_eq!(
            told,
            [
                ("served <*> rows", 30_000),
                ("java.lang.IllegalStateException at com.acme.Pay.settle", 10_000),
                ("panic at main.charge", 300)
            ]
        );
    }

    #[test]
    fn indented_lines_without_a_trace_stay_lines() {
        let (found, ..) = mined(b"options:\n  threads 4\n  threads 8\n  cache on\nstarted\n");
        let told: Vec<&str> = found.templates.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(told, ["threads <*>", "cache on", "options:", "started"]);
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_next_one_is_read() {
        let mut bytes = vec![b'x'; 3 * BLOCK + 77];
        bytes.extend_from_slice(b"\nnext 1\n");
        let (found, lines, notes) = mined(&bytes);
        assert_eq!(lines, 2);
        assert!(found.templates.iter().any(|t| t.text == "next <*>" && t.seen.first_line == 2), "{found:?}");
        assert!(notes[0].starts_with("a.log:1: longer than"), "{notes:?}");
    }

    #[test]
    fn a_line_of_two_gigabytes_is_cut_in_the_memory_of_some_blocks() {
        let name: Arc<str> = "a.log".into();
        let mut reader = Reader::new(2026, false);
        let mut stream = io::Cursor::new(b"before 1\n")
            .chain(io::repeat(b'x').take(2 << 30))
            .chain(io::Cursor::new(b"\nnext 1\nnext 22\n"));
        reader.stream(&name, &mut stream).expect("read");
        let (found, lines, bytes, notes) = reader.finish().expect("mined");
        assert_eq!((lines, bytes), (4, (2 << 30) + 26));
        assert_eq!(notes.len(), 1);
        assert!(notes[0].starts_with("a.log:2: longer than"), "{notes:?}");
        let next = found.templates.iter().find(|t| t.text == "next <*>").expect("the rest is used");
        assert_eq!((next.seen.lines, next.seen.first_line), (2, 3));
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
        let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap_or_default();
        assert!(peak < 400 << 10, "{peak} kB");
    }

    #[test]
    fn a_packed_file_gives_what_the_plain_one_gives() {
        use std::io::Write as _;
        let text: String = (0..40_000).map(|n| format!("user {n} has {} items\n", n % 7)).collect();
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).expect("packed");
        let packed = packer.finish().expect("packed");
        assert_eq!(mined(text.as_bytes()).0, mined(&packed).0);
        // Half an archive is half a log, with a note.
        let (half, _, notes) = mined(&packed[..packed.len() / 2]);
        assert!(!half.templates.is_empty() && notes[0].contains("reading stopped"), "{notes:?}");
    }
}
