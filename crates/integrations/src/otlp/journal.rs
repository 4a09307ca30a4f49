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
        let current = dir.join("current");
        let file = OpenOptions::new().create(true).append(true).open(&current)?;
        let bytes = file.metadata()?.len();
        Ok(Self { current, previous: dir.join("previous"), file, bytes, segment: (max_bytes / 2).max(1) })
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
}
