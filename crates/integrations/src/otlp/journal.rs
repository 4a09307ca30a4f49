//! What the embedded store took in, kept on disk so that a restart does not begin blind. Two segments that replace
//! each other bound it. Written without fsync: a killed process loses nothing, a machine that loses power a second of
//! telemetry. Not for anything that must never be lost.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::ingest::Signal;

/// Record head: signal, flags, receipt in microseconds, lengths of the two headers and of the body.
const HEAD: usize = 1 + 8 + 2 + 2 + 4;

/// Names of the segments, the older one first.
const SEGMENTS: [&str; 2] = ["previous", "current"];
/// Names the file that says what the segments were masked by.
const MASKED: &str = "masked";
/// What is masked now: one higher whenever more is, so that what an earlier version kept is masked once more.
const MASKS: &str = "2";

/// One body as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) signal: Signal,
    pub(super) at: Timestamp,
    pub(super) content_type: String,
    pub(super) content_encoding: String,
    pub(super) body: Vec<u8>,
}

/// The journal of one folder.
#[derive(Debug)]
pub(super) struct Journal {
    current: PathBuf,
    previous: PathBuf,
    file: File,
    bytes: u64,
    segment: u64,
}

impl Journal {
    /// Opens the journal in `dir`, which is made if it is not there; `max_bytes` bounds both segments together.
    pub(super) fn open(dir: &Path, max_bytes: u64) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let [previous, current] = SEGMENTS.map(|name| dir.join(name));
        let file = OpenOptions::new().create(true).append(true).open(&current)?;
        let bytes = file.metadata()?.len();
        Ok(Self { current, previous, file, bytes, segment: (max_bytes / 2).max(1) })
    }

    /// Every whole record, oldest first. A torn tail (the process died while it wrote) ends its segment.
    pub(super) fn replay(&self, mut take: impl FnMut(Record)) -> io::Result<()> {
        for path in [&self.previous, &self.current] {
            let Ok(file) = File::open(path) else { continue };
            let length = file.metadata()?.len();
            let mut reader = BufReader::new(file);
            let mut read = 0;
            while let Some(record) = next(&mut reader, length - read)? {
                read += size(&record);
                take(record);
            }
        }
        Ok(())
    }

    /// Appends a record in one write.
    pub(super) fn append(&mut self, record: &Record) -> io::Result<()> {
        let bytes = encode(record);
        if self.bytes > 0 && self.bytes + bytes.len() as u64 > self.segment {
            std::fs::rename(&self.current, &self.previous)?;
            self.file = OpenOptions::new().create(true).append(true).open(&self.current)?;
            self.bytes = 0;
        }
        self.file.write_all(&bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// Puts what an earlier version kept behind today's masks, once, before anything reads it: each segment is written anew beside its
/// place and then takes it, and a mark says that it is done. A process that dies in between begins again, which changes
/// nothing that was masked. What `mask` makes nothing of is left out.
pub(super) fn mask_once(dir: &Path, mask: impl Fn(Record) -> Option<Record>) -> io::Result<()> {
    let mark = dir.join(MASKED);
    if std::fs::read_to_string(&mark).is_ok_and(|by| by == MASKS) {
        return Ok(());
    }
    std::fs::create_dir_all(dir)?;
    for name in SEGMENTS {
        let path = dir.join(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(e),
        };
        let part = dir.join(format!("{name}.part"));
        let mut out = io::BufWriter::new(File::create(&part)?);
        let mut left = file.metadata()?.len();
        let mut reader = BufReader::new(file);
        while let Some(record) = next(&mut reader, left)? {
            left -= size(&record);
            if let Some(masked) = mask(record) {
                out.write_all(&encode(&masked))?;
            }
        }
        // On disk before it takes the place: else a machine that loses power may have neither.
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&part, &path)?;
    }
    let part = dir.join("masked.part");
    std::fs::write(&part, MASKS)?;
    std::fs::rename(&part, &mark)
}

fn size(record: &Record) -> u64 {
    (HEAD + record.content_type.len() + record.content_encoding.len() + record.body.len()) as u64
}

fn encode(record: &Record) -> Vec<u8> {
    let mut out = Vec::with_capacity(size(record) as usize);
    out.push(match record.signal {
        Signal::Traces => 0,
        Signal::Metrics => 1,
        Signal::Logs => 2,
    });
    out.extend_from_slice(&record.at.as_microsecond().to_le_bytes());
    out.extend_from_slice(&(record.content_type.len() as u16).to_le_bytes());
    out.extend_from_slice(&(record.content_encoding.len() as u16).to_le_bytes());
    out.extend_from_slice(&(record.body.len() as u32).to_le_bytes());
    out.extend_from_slice(record.content_type.as_bytes());
    out.extend_from_slice(record.content_encoding.as_bytes());
    out.extend_from_slice(&record.body);
    out
}

/// The next whole record, or none at the end or at a tail that is not whole.
fn next(reader: &mut impl Read, left: u64) -> io::Result<Option<Record>> {
    if left < HEAD as u64 {
        return Ok(None);
    }
    let mut head = [0u8; HEAD];
    reader.read_exact(&mut head)?;
    let signal = match head[0] {
        0 => Signal::Traces,
        1 => Signal::Metrics,
        2 => Signal::Logs,
        _ => return Ok(None),
    };
    let micros = i64::from_le_bytes(head[1..9].try_into().unwrap_or_default());
    let Ok(at) = Timestamp::from_microsecond(micros) else { return Ok(None) };
    let kind = u16::from_le_bytes([head[9], head[10]]) as usize;
    let encoding = u16::from_le_bytes([head[11], head[12]]) as usize;
    let body = u32::from_le_bytes(head[13..17].try_into().unwrap_or_default()) as usize;
    if (kind + encoding + body) as u64 > left - HEAD as u64 {
        return Ok(None);
    }
    let mut take = |length: usize| -> io::Result<Vec<u8>> {
        let mut part = vec![0u8; length];
        reader.read_exact(&mut part)?;
        Ok(part)
    };
    let (kind, encoding, body) = (take(kind)?, take(encoding)?, take(body)?);
    let (Ok(content_type), Ok(content_encoding)) = (String::from_utf8(kind), String::from_utf8(encoding))
    else {
        return Ok(None);
    };
    Ok(Some(Record { signal, at, content_type, content_encoding, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: u8) -> Record {
        Record {
            signal: Signal::Logs,
            at: Timestamp::from_second(1_800_000_000 + i64::from(n)).expect("in range"),
            content_type: "application/x-protobuf".into(),
            content_encoding: "gzip".into(),
            body: vec![n; 100],
        }
    }

    fn all(journal: &Journal) -> Vec<Record> {
        let mut all = Vec::new();
        journal.replay(|r| all.push(r)).expect("reads");
        all
    }

    #[test]
    fn comes_back_in_order_and_without_a_torn_tail() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut journal = Journal::open(dir.path(), 1 << 20).expect("opens");
        for n in 0..5 {
            journal.append(&record(n)).expect("writes");
        }
        let path = dir.path().join("current");
        let whole = std::fs::read(&path).expect("reads");
        for cut in [1, 60, 120] {
            std::fs::write(&path, &whole[..whole.len() - cut]).expect("writes");
            assert_eq!(
                all(&Journal::open(dir.path(), 1 << 20).expect("opens")),
                (0..4).map(record).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn is_bounded_and_keeps_the_newest() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut journal = Journal::open(dir.path(), 1000).expect("opens");
        for n in 0..50 {
            journal.append(&record(n)).expect("writes");
        }
        let kept = all(&journal);
        assert!(kept.len() < 10, "{}", kept.len());
        assert_eq!(kept.last(), Some(&record(49)));
        assert!(kept.windows(2).all(|w| w[0].at < w[1].at));
    }

    #[test]
    fn what_was_kept_before_it_was_masked_is_masked_once_also_after_a_crash_in_between() {
        let dir = tempfile::tempdir().expect("a folder");
        // Two segments and a torn tail.
        let mut journal = Journal::open(dir.path(), 1000).expect("opens");
        (0..8).for_each(|n| journal.append(&record(n)).expect("writes"));
        let before = all(&journal);
        let path = dir.path().join("current");
        let whole = std::fs::read(&path).expect("reads");
        std::fs::write(&path, &whole[..whole.len() - 30]).expect("writes");
        let masked = |r: Record| Record { body: vec![b'x'; 9], ..r };
        // It dies at the second segment, and leaves half of it beside its place.
        let count = std::cell::Cell::new(0);
        let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            mask_once(dir.path(), |r| {
                count.set(count.get() + 1);
                assert!(r.at < before[before.len() - 2].at, "dies here");
                Some(masked(r))
            })
        }));
        assert!(died.is_err() && count.get() > 1);
        assert!(dir.path().join("current.part").exists() && !dir.path().join(MASKED).exists());
        mask_once(dir.path(), |r| (r.at != before[1].at).then(|| masked(r))).expect("masks");
        let journal = Journal::open(dir.path(), 1000).expect("opens");
        let mut want: Vec<Record> = before.iter().cloned().map(masked).collect();
        want.pop();
        want.remove(1);
        assert_eq!(all(&journal), want);
        assert!(!dir.path().join("current.part").exists());
        mask_once(dir.path(), |_| panic!("once is enough")).expect("nothing to do");
    }
}
