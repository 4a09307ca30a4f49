//! A made-up bundle of any size, for measuring how long reading and investigating take: services that call each other,
//! of which one slows down and fails after two thirds of the time. The same seed and sizes give the same bytes.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use jiff::Timestamp;

use super::error::Error;
use super::meta::FORMAT;

/// How much of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Services; each has log lines, spans and series.
    pub services: usize,
    /// Series in all.
    pub series: usize,
    /// Points of each series, 15 seconds apart.
    pub points: usize,
    /// Log lines in all.
    pub log_lines: usize,
    /// Of these, the lines that are JSON; the others are plain text.
    pub json_lines: usize,
    /// Spans in all.
    pub spans: usize,
}

impl Sizes {
    /// What an investigation of two seconds may be given: 10,000 series of 240 points, 1,000,000 log lines, 50,000
    /// spans.
    pub const LARGE: Self = Self {
        services: 40,
        series: 10_000,
        points: 240,
        log_lines: 1_000_000,
        json_lines: 250_000,
        spans: 50_000,
    };
    /// One log of about 46 MB and little else.
    pub const LONG_LOG: Self =
        Self { services: 1, series: 20, points: 240, log_lines: 525_000, json_lines: 0, spans: 0 };
}

/// First instant of all that is made: 2026-01-05T10:00:00Z.
const START: i64 = 1_767_607_200;
const STEP: i64 = 15;

/// Writes the bundle into `dir`, which is made if it is missing; answers how many bytes it has.
///
/// # Errors
/// If the file system refuses.
pub fn write_synthetic(dir: &Path, seed: u64, sizes: &Sizes) -> Result<u64, Error> {
    let mut out = Writer { dir, random: Random(seed), bytes: 0 };
    let seconds = (sizes.points.max(1) as i64) * STEP;
    let names: Vec<String> = (0..sizes.services.max(1)).map(|i| format!("svc-{i:02}")).collect();
    let culprit = names.len() / 2;
    let end = Timestamp::from_second(START + seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let start = Timestamp::from_second(START).unwrap_or(Timestamp::UNIX_EPOCH);
    out.file("bundle.json", |w, _| {
        writeln!(
            w,
            "{{\"format\": \"{FORMAT}\", \"report\": \"requests are slow and fail\", \"window\": {{\"start\": \"{start}\", \"end\": \"{end}\"}}}}"
        )
    })?;
    out.file("topology.csv", |w, _| {
        writeln!(w, "caller,callee,kind")?;
        (1..names.len()).try_for_each(|i| writeln!(w, "{},{},http", names[(i - 1) / 2], names[i]))
    })?;
    out.file("metrics/metrics.csv", |w, random| metrics(w, random, sizes, &names, culprit))?;
    for (i, name) in names.iter().enumerate() {
        let share = |all: usize| all / names.len() + usize::from(i < all % names.len());
        let json = share(sizes.json_lines).min(share(sizes.log_lines));
        let plain = share(sizes.log_lines) - json;
        if plain > 0 {
            out.file(&format!("logs/{name}.log"), |w, r| lines(w, r, plain, seconds, i == culprit, false))?;
        }
        if json > 0 {
            out.file(&format!("logs/{name}.jsonl"), |w, r| lines(w, r, json, seconds, i == culprit, true))?;
        }
    }
    if sizes.spans > 0 {
        out.file("traces/traces.json", |w, r| spans(w, r, sizes.spans, seconds, &names, culprit))?;
    }
    Ok(out.bytes)
}

struct Writer<'a> {
    dir: &'a Path,
    random: Random,
    bytes: u64,
}

impl Writer<'_> {
    fn file(
        &mut self,
        name: &str,
        make: impl FnOnce(&mut BufWriter<File>, &mut Random) -> std::io::Result<()>,
    ) -> Result<(), Error> {
        let path = self.dir.join(name);
        let io = |source| Error::Io { path: path.clone(), what: "write", source };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(io)?;
        }
        let mut w = BufWriter::with_capacity(1 << 20, File::create(&path).map_err(io)?);
        make(&mut w, &mut self.random).map_err(io)?;
        let file = w.into_inner().map_err(|e| io(e.into_error()))?;
        self.bytes += file.metadata().map_err(io)?.len();
        Ok(())
    }
}

/// xorshift64* (Marsaglia; Vigna): no quality is asked of it but speed and that it repeats.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        let mut x = self.0 | 1;
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0 = x;
        x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn unit(&mut self) -> f64 {
        self.below(1 << 24) as f64 / f64::from(1u32 << 24)
    }
}

const METRICS: [&str; 5] = [
    "http_request_duration_seconds",
    "http_error_ratio",
    "process_cpu_usage",
    "process_resident_memory_bytes",
    "http_requests_per_second",
];

fn metrics(
    w: &mut BufWriter<File>,
    random: &mut Random,
    sizes: &Sizes,
    names: &[String],
    culprit: usize,
) -> std::io::Result<()> {
    let mut row = String::from("time");
    for i in 0..sizes.series {
        let (service, kind, pod) = (
            &names[i % names.len()],
            METRICS[i / names.len() % METRICS.len()],
            i / names.len() / METRICS.len(),
        );
        let _ = write!(row, ",\"{kind}{{service=\"\"{service}\"\",pod=\"\"{service}-{pod}\"\"}}\"");
    }
    writeln!(w, "{row}")?;
    for point in 0..sizes.points {
        row.clear();
        let _ = write!(row, "{}", START + point as i64 * STEP);
        for i in 0..sizes.series {
            let hurt = i % names.len() == culprit && point * 3 >= sizes.points * 2;
            let noise = 0.9 + 0.2 * random.unit();
            let usual = match i / names.len() % METRICS.len() {
                0 => 0.05 * if hurt { 8.0 } else { 1.0 },
                1 => {
                    if hurt {
                        0.4
                    } else {
                        0.002
                    }
                }
                2 => 0.3 * if hurt { 1.2 } else { 1.0 },
                3 => 3e8,
                _ => 120.0,
            };
            let _ = write!(row, ",{:.5}", usual * noise);
        }
        writeln!(w, "{row}")?;
    }
    Ok(())
}

fn lines(
    w: &mut BufWriter<File>,
    random: &mut Random,
    count: usize,
    seconds: i64,
    culprit: bool,
    json: bool,
) -> std::io::Result<()> {
    let mut text = String::new();
    let mut stamp = (i64::MIN, String::new());
    for i in 0..count {
        let ms = (i as i64) * seconds * 1000 / count as i64;
        if stamp.0 != ms / 1000 {
            let at = Timestamp::from_second(START + ms / 1000).unwrap_or(Timestamp::UNIX_EPOCH);
            let plain = at.to_string();
            stamp = (ms / 1000, plain.trim_end_matches('Z').to_owned());
        }
        text.clear();
        let late = i * 3 >= count * 2;
        let level = message(&mut text, random, culprit && late);
        let (second, milli) = (&stamp.1, ms % 1000);
        if json {
            writeln!(
                w,
                "{{\"time\":\"{second}.{milli:03}Z\",\"level\":\"{level}\",\"msg\":\"{text}\",\"trace_id\":\"{:032x}\"}}",
                random.next()
            )?;
        } else {
            writeln!(
                w,
                "{second}.{milli:03}Z {:<5} [worker-{}] {text}",
                level.to_uppercase(),
                random.below(8)
            )?;
        }
    }
    Ok(())
}

fn message(out: &mut String, random: &mut Random, hurt: bool) -> &'static str {
    let (id, ms) = (random.below(1_000_000), random.below(90));
    if hurt && random.below(4) == 0 {
        let _ = write!(
            out,
            "could not get a connection from the pool after {} ms: request {id} failed",
            ms + 5000
        );
        return "error";
    }
    match random.below(12) {
        0..=4 => {
            let _ = write!(out, "GET /api/items/{id} answered 200 in {ms} ms");
        }
        5..=7 => {
            let _ = write!(out, "cache miss for key item:{id}, reading from store");
        }
        8 | 9 => {
            let _ = write!(out, "order {id} placed by user {} for {ms} items", id % 9973);
        }
        10 => {
            let _ = write!(out, "refreshed 10.0.{}.{} in {ms} ms", id % 256, ms);
        }
        _ => {
            let _ = write!(out, "retrying call {id} after {ms} ms");
            return "warn";
        }
    }
    "info"
}

fn spans(
    w: &mut BufWriter<File>,
    random: &mut Random,
    count: usize,
    seconds: i64,
    names: &[String],
    culprit: usize,
) -> std::io::Result<()> {
    const PER_TRACE: usize = 5;
    write!(w, "{{\"data\":[")?;
    let traces = count.div_ceil(PER_TRACE);
    let mut left = count;
    for t in 0..traces {
        let id = random.next();
        let start = START * 1_000_000 + t as i64 * seconds * 1_000_000 / traces as i64;
        let late = t * 3 >= traces * 2;
        write!(w, "{}{{\"traceID\":\"{id:032x}\",\"spans\":[", if t > 0 { "," } else { "" })?;
        // A walk down the tree of calls from its root.
        let mut service = 0;
        let of_trace = left.min(PER_TRACE);
        let mut called = std::collections::BTreeSet::new();
        for depth in 0..of_trace {
            let slow = late && service == culprit;
            called.insert(service);
            let own = 2_000 + random.below(1_000) as i64 + if slow { 300_000 } else { 0 };
            let reference = if depth > 0 {
                format!(
                    "{{\"refType\":\"CHILD_OF\",\"traceID\":\"{id:032x}\",\"spanID\":\"{:016x}\"}}",
                    depth
                )
            } else {
                String::new()
            };
            write!(
                w,
                "{}{{\"traceID\":\"{id:032x}\",\"spanID\":\"{:016x}\",\"operationName\":\"GET /api/{}\",\"references\":[{reference}],\"startTime\":{},\"duration\":{},\"tags\":[{{\"key\":\"span.kind\",\"type\":\"string\",\"value\":\"server\"}},{{\"key\":\"http.status_code\",\"type\":\"int64\",\"value\":{}}}],\"logs\":[],\"processID\":\"p{service}\"}}",
                if depth > 0 { "," } else { "" },
                depth + 1,
                service % 7,
                start + depth as i64 * 500,
                own + (of_trace - depth) as i64 * 1_000,
                if slow && random.below(3) == 0 { 500 } else { 200 },
            )?;
            service = (service * 2 + 1 + random.below(2) as usize) % names.len();
        }
        left -= of_trace;
        write!(w, "],\"processes\":{{")?;
        for (nth, i) in called.into_iter().enumerate() {
            let name = &names[i];
            write!(
                w,
                "{}\"p{i}\":{{\"serviceName\":\"{name}\",\"tags\":[]}}",
                if nth > 0 { "," } else { "" }
            )?;
        }
        write!(w, "}}}}")?;
    }
    writeln!(w, "]}}")
}
