//! Levels of log lines: read where they are said, inferred where they are not.

/// A level, from the least to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Finest.
    Trace,
    /// For developers.
    Debug,
    /// Normal.
    Info,
    /// Noteworthy.
    Warn,
    /// Something failed.
    Error,
    /// The program cannot go on.
    Fatal,
}

impl Level {
    /// How many there are.
    pub const COUNT: usize = 6;
    /// All, from the least.
    pub const ALL: [Self; Self::COUNT] =
        [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// Lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// Reads a level's name in any of its usual spellings.
    pub fn parse(name: &[u8]) -> Option<Self> {
        let mut lower = [0u8; 12];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        Some(match &*lower {
            b"trace" | b"finest" | b"finer" | b"verbose" | b"t" => Self::Trace,
            b"debug" | b"dbg" | b"debg" | b"fine" | b"d" => Self::Debug,
            b"info" | b"inf" | b"information" | b"notice" | b"config" | b"log" | b"i" => Self::Info,
            b"warn" | b"warning" | b"wrn" | b"w" => Self::Warn,
            b"error" | b"err" | b"eror" | b"severe" | b"failure" | b"e" => Self::Error,
            b"fatal" | b"critical" | b"crit" | b"panic" | b"emerg" | b"emergency" | b"alert" | b"crt"
            | b"ftl" | b"f" => Self::Fatal,
            _ => return None,
        })
    }
}

/// Words further in than this say nothing of the level.
const WITHIN: usize = 200;

/// A level's name that stands as a word at the start of `text`; its length.
pub(super) fn word(text: &[u8]) -> Option<(Level, usize)> {
    let n = text.iter().take(12).take_while(|b| b.is_ascii_alphabetic()).count();
    let after = text.get(n);
    let single = n == 1;
    if n == 0 || (single && !(text[0].is_ascii_uppercase() && matches!(after, Some(b' ' | b'/' | b']')))) {
        return None;
    }
    if !after.is_none_or(|b| matches!(b, b' ' | b'\t' | b':' | b']' | b')' | b'>' | b'|' | b',' | b'-')) {
        return None;
    }
    // A sentence may begin with such a word: then it is no capitals, and no sign follows.
    let capitals = text[..n].iter().all(u8::is_ascii_uppercase);
    if !capitals && !matches!(after, Some(b':' | b']' | b')' | b'>' | b'|')) {
        return None;
    }
    // One capital letter alone is a word of many meanings.
    if single && !matches!(text[0], b'T' | b'D' | b'I' | b'W' | b'E' | b'F') {
        return None;
    }
    Level::parse(&text[..n]).map(|l| (l, n))
}

/// What the words of a message show where no level is said: names of levels in capitals or with a sign, and what
/// run-time systems print when something breaks.
pub fn infer(message: &[u8]) -> Option<Level> {
    let mut best: Option<Level> = None;
    let mut at = 0;
    let message = &message[..message.len().min(WITHIN)];
    while at < message.len() {
        if !message[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let start = at;
        while at < message.len() && (message[at].is_ascii_alphanumeric() || message[at] == b'_') {
            at += 1;
        }
        let word = &message[start..at];
        let free = start == 0
            || matches!(message[start - 1], b' ' | b'[' | b'(' | b'<' | b'|' | b'=' | b'"' | b':' | b'\t');
        // A qualified name ends with the class.
        if !free && message[start - 1] != b'.' {
            continue;
        }
        let capitals = word.len() > 2 && word.iter().all(u8::is_ascii_uppercase);
        let signed =
            matches!(message.get(at), Some(b':' | b']' | b'>')) && (start == 0 || message[start - 1] != b' ');
        let found = if capitals || signed { named(word) } else { None }.or_else(|| breaks(word));
        best = best.max(found);
    }
    best
}

fn named(word: &[u8]) -> Option<Level> {
    // `LOG`, `CONFIG` and the like are words too.
    (word.len() > 2 && !word.eq_ignore_ascii_case(b"log") && !word.eq_ignore_ascii_case(b"config"))
        .then(|| Level::parse(word))
        .flatten()
}

fn breaks(word: &[u8]) -> Option<Level> {
    match word {
        b"panic" | b"PANIC" | b"segfault" | b"Oops" => Some(Level::Fatal),
        b"Traceback" | b"Exception" | b"exception" | b"failed" | b"Failed" | b"FAILED" | b"failure"
        | b"error" | b"Error" | b"fatal" | b"unhandled" | b"Unhandled" => Some(Level::Error),
        _ if word.len() > 9 && word.ends_with(b"Exception") => Some(Level::Error),
        _ if word.len() > 6 && word.ends_with(b"Error") => Some(Level::Error),
        b"warning" | b"Warning" | b"deprecated" | b"retrying" | b"Retrying" => Some(Level::Warn),
        _ => None,
    }
}
