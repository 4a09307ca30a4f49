//! Puts the lines of a stack trace together with the record that they belong to: Java, Python, Go, Node, Rust and
//! .NET, by container where several share a file. Lines that only lack a time stay records of their own.

use std::collections::BTreeMap;

use firebell_core::telemetry::LogLine;

use super::line::Parsed;

/// Most lines joined to one record.
const MAX_LINES: u32 = 200;
/// Longest joined text, bytes.
const MAX_BYTES: usize = 16 * 1024;

/// Takes the lines of one file in order; [`Joiner::records`] holds what they make.
#[derive(Debug, Default)]
pub struct Joiner {
    /// The records so far.
    pub records: Vec<LogLine>,
    /// The last record of each stream.
    open: BTreeMap<String, Open>,
    /// The last record of lines without a stream; nearly all files have no other.
    alone: Option<Open>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    index: usize,
    joined: u32,
    partial: bool,
    trace: Trace,
}

/// What kind of trace is under way: settles which unindented lines belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trace {
    None,
    /// Its frames are indented; the exception comes last and is not.
    Python,
    /// `main.run(0x1)` above each indented place.
    Go,
    /// The message stands on the line after `panicked at`.
    Rust,
    /// Frames are indented and what follows is another record.
    Frames,
}

impl Joiner {
    /// Takes the next line.
    pub fn push(&mut self, parsed: Parsed<'_>) {
        let slot = match parsed.stream {
            None => &mut self.alone,
            Some(name) => {
                // A name is copied once a stream, not once a line.
                if !self.open.contains_key(name) && self.open.len() < 10_000 {
                    let none = Open { index: usize::MAX, joined: 0, partial: false, trace: Trace::None };
                    self.open.insert(name.to_owned(), none);
                }
                let open = self.open.get_mut(name).map(|o| o as &mut Open);
                return match open {
                    Some(open) => {
                        let mut slot = (open.index != usize::MAX).then_some(*open);
                        take(&mut slot, &mut self.records, parsed);
                        if let Some(new) = slot {
                            *open = new;
                        }
                    }
                    None => self.records.push(parsed.line),
                };
            }
        };
        take(slot, &mut self.records, parsed);
    }
}

fn take(slot: &mut Option<Open>, records: &mut Vec<LogLine>, parsed: Parsed<'_>) {
    let payload = parsed.line.text.as_str();
    if let Some(open) = slot
        && let Some(record) = records.get_mut(open.index)
    {
        let bad = || matches!(record.level.as_deref(), Some("error" | "fatal" | "warn"));
        let goes_on = open.partial || (!parsed.begins && belongs(open.trace, open.joined == 0, payload, bad));
        if goes_on {
            // A piece that the runtime broke off goes on without a line's end.
            let broken = std::mem::replace(&mut open.partial, parsed.partial);
            open.trace = after(open.trace, payload);
            if open.joined < MAX_LINES && record.text.len() + payload.len() < MAX_BYTES {
                if !broken {
                    record.text.push('\n');
                }
                record.text.push_str(payload.trim_end());
                open.joined += 1;
                if record.level.is_none() {
                    record.level = parsed.line.level;
                }
            }
            if record.level.is_none() && open.trace != Trace::None {
                record.level = Some("error".into());
            }
            return;
        }
    }
    let mut line = parsed.line;
    let started = begun(&line.text);
    if started != Trace::None
        && !matches!(line.level.as_deref(), Some("error" | "fatal" | "warn"))
        && !parsed.begins
    {
        line.level = Some("error".into());
    }
    if line.at.is_none()
        && let Some(before) = slot.as_ref().and_then(|o| records.get(o.index)).or_else(|| records.last())
    {
        line.at = before.at;
    }
    records.push(line);
    *slot = Some(Open { index: records.len() - 1, joined: 0, partial: parsed.partial, trace: started });
}

/// Tells which lines belong to the record before them, for who reads lines as bytes and needs no more of them. Times and
/// what container runtimes write are not looked at.
#[derive(Debug, Clone, Copy)]
pub struct Follower {
    trace: Trace,
    alone: bool,
}

impl Follower {
    /// Of a record's first line.
    pub fn new(first: &str) -> Self {
        let trace = match first.as_bytes().first() {
            Some(b't' | b'p' | b'f' | b'g' | b'T' | b'E' | b'U') => begun(first),
            Some(b) if b.is_ascii_alphabetic() && exception(first) => Trace::Frames,
            _ => Trace::None,
        };
        Self { trace, alone: true }
    }

    /// Whether the next line belongs to the record. `bad` says whether the record itself says that something is wrong; it is
    /// asked where that settles it.
    pub fn takes(&mut self, line: &str, bad: impl FnOnce() -> bool) -> bool {
        let yes = belongs(self.trace, self.alone, line, bad);
        if yes {
            self.trace = after(self.trace, line);
            self.alone = false;
        }
        yes
    }
}

/// Whether a line may belong to a record before it: where a text is cut, not before such a line.
pub fn may_continue(raw: &str) -> bool {
    raw.trim_ascii().is_empty()
        || continues(raw)
        || exception(raw)
        || go_frame(raw)
        || raw.starts_with("Traceback (most recent call last)")
}

/// Whether a line that begins no record of its own belongs to the open one, `alone` if no line of it came yet.
fn belongs(trace: Trace, alone: bool, payload: &str, bad: impl FnOnce() -> bool) -> bool {
    if continues(payload) {
        return true;
    }
    match trace {
        Trace::Python => exception(payload),
        Trace::Go => go_frame(payload),
        Trace::Rust => alone || payload.starts_with("stack backtrace:") || payload.starts_with("note: "),
        Trace::None | Trace::Frames => {
            // The exception of the failure that was just reported, and not of another one.
            alone && (exception(payload) || payload.starts_with("Traceback (most recent call last)")) && bad()
        }
    }
}

/// What a record's first line begins.
fn begun(text: &str) -> Trace {
    if text.starts_with("Traceback (most recent call last)") {
        Trace::Python
    } else if text.starts_with("panic: ")
        || text.starts_with("fatal error: ")
        || text.starts_with("goroutine ")
    {
        Trace::Go
    } else if text.contains("' panicked at ") || text.contains(") panicked at ") {
        Trace::Rust
    } else if text.starts_with("Exception in thread ")
        || text.starts_with("Unhandled exception")
        || exception(text)
    {
        Trace::Frames
    } else {
        Trace::None
    }
}

/// What is under way after one more line.
fn after(before: Trace, payload: &str) -> Trace {
    if payload.starts_with("Traceback (most recent call last)") {
        Trace::Python
    } else if payload.starts_with("goroutine ") {
        Trace::Go
    } else {
        let frames = match before {
            Trace::Python => !payload.starts_with([' ', '\t']) && exception(payload),
            Trace::None => payload.trim_start().starts_with("at ") || exception(payload),
            _ => false,
        };
        if frames { Trace::Frames } else { before }
    }
}

/// Whether a line can only belong to the one before, whatever it holds.
pub fn continues(raw: &str) -> bool {
    match raw.as_bytes().first() {
        Some(b' ' | b'\t' | b'}' | b')') => true,
        Some(b'C') => raw.starts_with("Caused by: ") || raw.starts_with("Causes:"),
        Some(b'S') => raw.starts_with("Suppressed: "),
        Some(b'D') => raw.starts_with("During handling of the above exception"),
        Some(b'T') => raw.starts_with("The above exception was the direct cause"),
        Some(b'.') => raw.starts_with("... "),
        Some(b'-') => raw.starts_with("--- End of ") || raw.starts_with("---> "),
        Some(b'g') => raw.starts_with("goroutine ") && raw.trim_end().ends_with("]:"),
        Some(b'[') => raw.starts_with("[signal SIG"),
        Some(b's') => raw.starts_with("stack backtrace:"),
        Some(b'n') => raw.starts_with("note: run with `RUST_BACKTRACE"),
        _ => false,
    }
}

/// `java.lang.IllegalStateException: text`, `ValueError: text`, `TypeError [CODE]: text`.
fn exception(raw: &str) -> bool {
    let name = raw.split([':', ' ', '[']).next().unwrap_or("");
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.$`".contains(&b));
    plain
        && name.len() > 5
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && (name.ends_with("Exception") || name.ends_with("Error") || name.ends_with("Interrupt"))
}

/// `main.(*Server).run(0xc000…)`, `created by main.main`, `exit status 2`.
fn go_frame(raw: &str) -> bool {
    if raw.starts_with("created by ") || raw.starts_with("exit status ") || raw.starts_with("goroutine ") {
        return true;
    }
    let line = raw.trim_end();
    line.ends_with(')')
        && line.split('(').next().is_some_and(|n| n.contains('.') && !n.contains(' ') && !n.ends_with(':'))
}
