//! Reading a whole bundle into [`Telemetry`]: files and blocks of large files by several threads, put together in the
//! order of their names, so that the result does not depend on how many there are.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use firebell_core::telemetry::Telemetry;
use jiff::Timestamp;
use serde_json::Value;

use super::blocks::{self, Block};
use super::clocks::{self, Seen};
use super::error::{Broken, Error};
use super::files::{self, Entry};
use super::loglines::time;
use super::meta::{BundleMeta, FORMAT};
use super::metrics::{self, Header};
use super::part::{self, Kind, Part};

/// Most threads; more would not read faster.
const MAX_THREADS: usize = 8;
/// Most log lines kept of one bundle.
const MAX_LINES: usize = 8_000_000;

/// A bundle in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Everything that an investigation may see.
    pub telemetry: Telemetry,
    /// Files that no reader knows.
    pub ignored: Vec<String>,
    /// Files or lines that were left out, with the reason.
    pub broken: Vec<Broken>,
    /// What was assumed or put right: zones that nobody named, clocks that were off.
    pub notes: Vec<Broken>,
}

/// Reads the bundle in `dir`; never opens `answer.json`.
///
/// # Errors
/// If there is no usable `bundle.json` or the folder is past the caps. One broken data file is no error.
pub fn read(dir: &Path) -> Result<Loaded, Error> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
    read_by(dir, threads)
}

/// [`read`] by so many threads.
pub(super) fn read_by(dir: &Path, threads: usize) -> Result<Loaded, Error> {
    let meta = read_meta(dir)?;
    let mut broken = Vec::new();
    let mut entries = files::list(dir, "", &mut broken)?;
    let own = entries.len();
    for include in files::distinct(&meta.include) {
        match files::resolve_include(dir, include) {
            Ok(folder) => {
                let prefix = format!("{}/", include.trim_end_matches('/'));
                entries.extend(files::list(&folder, &prefix, &mut broken)?);
            }
            Err(reason) => broken.push(Broken { file: "bundle.json".into(), line: 0, reason }),
        }
    }
    let mut out = Loaded {
        telemetry: Telemetry {
            report: meta.report,
            window: meta.window,
            impact_started_at: meta.impact_started_at,
            components: meta.components,
            gaps: meta.gaps,
            ..Telemetry::default()
        },
        ignored: Vec::new(),
        broken,
        notes: Vec::new(),
    };
    let (jobs, mut headers) = plan(&entries);
    let parts = work(&entries, &jobs, &headers, threads);
    // Lists that grow by doubling would move a gigabyte about.
    let lines = parts.iter().flatten().map(|p| p.telemetry.logs.len()).sum::<usize>();
    out.telemetry.logs.reserve_exact(lines.min(MAX_LINES));
    let mut parts = parts.into_iter();
    let mut gather = Gather::default();
    for (i, entry) in entries.iter().enumerate() {
        let header = headers.remove(&i);
        let count = jobs.iter().filter(|j| j.entry == i).count();
        let blocks: Vec<_> = parts.by_ref().take(count).collect();
        gather.file(entry, i < own, header, blocks, &mut out);
    }
    gather.finish(&mut out);
    Ok(out)
}

/// The benchmark's answer, where the bundle has one.
///
/// # Errors
/// If it is there and is not JSON.
pub fn answer(dir: &Path) -> Result<Option<Value>, Error> {
    let path = dir.join("answer.json");
    if !path.is_file() {
        return Ok(None);
    }
    let text = files::text(&path).map_err(|reason| Error::Invalid { path: path.clone(), reason })?;
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|e| Error::Invalid { path, reason: format!("is not JSON: {e}") })
}

fn read_meta(dir: &Path) -> Result<BundleMeta, Error> {
    let path = dir.join("bundle.json");
    let invalid = |reason: String| Error::Invalid { path: path.clone(), reason };
    if path.symlink_metadata().is_ok_and(|m| m.is_symlink()) {
        return Err(invalid("is a link; links are not followed".into()));
    }
    if !path.is_file() {
        return Err(Error::NotABundle { path: dir.to_owned() });
    }
    let text = files::text(&path).map_err(invalid)?;
    let text = text.trim_start_matches('\u{feff}');
    let value: Value = serde_json::from_str(text).map_err(|e| invalid(format!("is not JSON: {e}")))?;
    match value.get("format").and_then(Value::as_str) {
        Some(FORMAT) => {}
        Some(other) => {
            return Err(invalid(format!("field format is {other:?}; this version reads {FORMAT:?}")));
        }
        None => return Err(invalid(format!("field format is missing; it must be {FORMAT:?}"))),
    }
    serde_json::from_value(value).map_err(|e| invalid(format!("has a wrong field: {e}")))
}

/// One piece of work.
struct Job {
    entry: usize,
    block: u64,
    kind: Kind,
}

type Headers = BTreeMap<usize, Result<Header, String>>;

fn plan(entries: &[Entry]) -> (Vec<Job>, Headers) {
    let mut jobs = Vec::new();
    let mut headers = Headers::new();
    for (i, entry) in entries.iter().enumerate() {
        let kind = part::kind(entry);
        let blocks = match kind {
            Kind::Meta => 0,
            Kind::Whole | Kind::Unknown => 1,
            Kind::Lines(_) => blocks::count(entry.size),
            Kind::Table => {
                let header = first_line(entry).and_then(|line| metrics::header(&line, &entry.name));
                let usable = header.is_ok();
                headers.insert(i, header);
                if usable { blocks::count(entry.size) } else { 0 }
            }
        };
        jobs.extend((0..blocks).map(|block| Job { entry: i, block, kind }));
    }
    (jobs, headers)
}

fn first_line(entry: &Entry) -> Result<Vec<u8>, String> {
    let block = Block::read(&entry.path, 0, &|_| true)?;
    let bytes = block.bytes();
    if bytes.is_empty() {
        return Err("is empty".into());
    }
    Ok(bytes[..memchr::memchr(b'\n', bytes).unwrap_or(bytes.len())].to_vec())
}

/// Does all jobs; the results are in the order of the jobs.
fn work(entries: &[Entry], jobs: &[Job], headers: &Headers, threads: usize) -> Vec<Result<Part, String>> {
    // Whole files first, the largest of them before: what cannot be shared must not be begun last.
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|i| {
        let (job, size) = (&jobs[*i], entries[jobs[*i].entry].size);
        (job.kind != Kind::Whole, std::cmp::Reverse(if job.kind == Kind::Whole { size } else { 0 }), *i)
    });
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<Result<Part, String>>>> = Mutex::new(jobs.iter().map(|_| None).collect());
    let worker = || {
        while let Some(&i) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let job = &jobs[i];
            let entry = &entries[job.entry];
            let result = match job.kind {
                Kind::Lines(form) => part::lines(entry, form, job.block),
                Kind::Table => match headers.get(&job.entry) {
                    Some(Ok(header)) => part::table(&entry.path, &entry.name, header, job.block),
                    _ => Err("has no readable header".into()),
                },
                Kind::Whole => part::whole(entry),
                Kind::Unknown | Kind::Meta => Ok(Part { ignored: true, ..Part::default() }),
            };
            done.lock().unwrap_or_else(PoisonError::into_inner)[i] = Some(result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(jobs.len()) {
            scope.spawn(worker);
        }
        worker();
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.into_iter().map(|r| r.unwrap_or_else(|| Err("was not read".into()))).collect()
}

/// Puts the parts together and keeps what is to be settled when all are there.
#[derive(Default)]
struct Gather {
    seen: Vec<Seen>,
    /// Log records whose date is not known, by place.
    undated: Vec<(usize, time::Date)>,
    dropped: usize,
}

impl Gather {
    fn file(
        &mut self,
        entry: &Entry,
        own: bool,
        header: Option<Result<Header, String>>,
        blocks: Vec<Result<Part, String>>,
        out: &mut Loaded,
    ) {
        let mut seen = Seen::new(&entry.name, own, &out.telemetry);
        let tell = |out: &mut Loaded, line, reason| {
            out.broken.push(Broken { file: entry.name.clone(), line, reason });
        };
        let mut tables = Vec::new();
        let mut base = 0;
        for block in blocks {
            let mut part = match block {
                Ok(part) => part,
                Err(reason) => {
                    tell(out, 0, reason);
                    continue;
                }
            };
            if part.ignored {
                out.ignored.push(entry.name.clone());
            }
            let shift = |broken: &mut Vec<Broken>| {
                broken.iter_mut().filter(|b| b.line > 0).for_each(|b| b.line += base);
            };
            shift(&mut part.broken);
            out.broken.append(&mut part.broken);
            seen.naive += part.naive;
            if let Some(mut rows) = part.rows {
                shift(&mut rows.broken);
                seen.clock = seen.clock.or(rows.clock);
                tables.push(rows);
            }
            let place = out.telemetry.logs.len();
            let mut logs = std::mem::take(&mut part.telemetry.logs);
            let room = MAX_LINES.saturating_sub(place);
            self.dropped += logs.len().saturating_sub(room);
            logs.truncate(room);
            let fit = logs.len();
            self.undated.extend(
                part.undated.into_iter().filter(|(i, _)| *i < fit).map(|(i, date)| (place + i, date)),
            );
            if base > 0 {
                logs.iter_mut().filter(|l| l.line > 0).for_each(|l| l.line += base);
            }
            out.telemetry.logs.append(&mut logs);
            base += part.lines;
            append(&mut out.telemetry, part.telemetry);
        }
        match header {
            Some(Ok(header)) => {
                let series = metrics::finish(header, tables, &mut out.broken, &entry.name);
                out.telemetry.series.extend(series);
            }
            Some(Err(reason)) => tell(out, 0, reason),
            None => {}
        }
        seen.end(&out.telemetry);
        self.seen.push(seen);
    }

    fn finish(self, out: &mut Loaded) {
        if self.dropped > 0 {
            let reason = format!(
                "{} log lines beyond the first {MAX_LINES} were left out; cut the logs to the time that matters",
                self.dropped
            );
            out.broken.push(Broken { file: "logs".into(), line: 0, reason });
        }
        if !self.undated.is_empty() {
            let around = clocks::around(&out.telemetry, &self.undated);
            date(&mut out.telemetry, &self.undated, around);
            let reason = match around {
                Some(at) => {
                    format!("{} lines name no date or no year: taken as near {at}", self.undated.len())
                }
                None => format!(
                    "{} lines name no year, and nothing else does: taken as of 2000",
                    self.undated.len()
                ),
            };
            out.notes.push(Broken { file: "logs".into(), line: 0, reason });
        }
        clocks::settle(&self.seen, out);
        if out.telemetry == (Telemetry { report: String::new(), ..Telemetry::default() }) {
            out.notes.push(Broken {
                file: "bundle.json".into(),
                line: 0,
                reason: "the bundle holds no telemetry".into(),
            });
        }
    }
}

/// Puts log records whose date was not said next to a time that is known.
fn date(telemetry: &mut Telemetry, undated: &[(usize, time::Date)], around: Option<Timestamp>) {
    let first = undated.first().and_then(|(i, _)| telemetry.logs.get(*i)).and_then(|l| l.at);
    let Some(around) = around.or(first) else { return };
    let mut rest = undated.iter().peekable();
    let mut last: Option<(Option<Timestamp>, Option<Timestamp>)> = None;
    let from = rest.peek().map_or(0, |(i, _)| *i);
    for (i, line) in telemetry.logs.iter_mut().enumerate().skip(from) {
        let before = line.at;
        if let Some((_, date)) = rest.next_if(|(at, _)| *at == i) {
            line.at = before.and_then(|at| time::near(at, *date, around)).or(before);
            last = Some((before, line.at));
        } else if let Some((old, new)) = last
            && before.is_some()
            && before == old
        {
            // A line without any time has the time of the line before it.
            line.at = new;
        } else {
            last = None;
        }
    }
}

fn append(into: &mut Telemetry, mut part: Telemetry) {
    into.series.append(&mut part.series);
    into.spans.append(&mut part.spans);
    into.alerts.append(&mut part.alerts);
    into.changes.append(&mut part.changes);
    into.events.append(&mut part.events);
    into.topology.append(&mut part.topology);
    into.objects.append(&mut part.objects);
    into.commands.append(&mut part.commands);
}
