//! How bad a line says it is.

/// Part of a line that is searched, bytes.
const HEAD: usize = 120;

/// The first word near the start of a line that names a level and stands alone.
pub fn leading(text: &str) -> Option<&'static str> {
    let b = text.as_bytes();
    let b = &b[..b.len().min(HEAD + 12)];
    let mut i = 0;
    while i < b.len().min(HEAD) {
        if !b[i].is_ascii_alphabetic() {
            i += 1;
            continue;
        }
        let start = i;
        while i < b.len() && b[i].is_ascii_alphabetic() {
            i += 1;
        }
        let word = &b[start..i];
        if (3..=11).contains(&word.len())
            && let Some(level) = word_of(word, start == 0)
            && (start == 0 || opens(b[start - 1]))
            && (i == b.len() || closes(b[i]))
        {
            return Some(level);
        }
    }
    None
}

fn opens(c: u8) -> bool {
    c.is_ascii_whitespace() || b"[<|:(=\"".contains(&c)
}

fn closes(c: u8) -> bool {
    c.is_ascii_whitespace() || b"]>|:)\",".contains(&c)
}

/// All upper or all lower case; at the start of a line also as in `Error:`.
fn word_of(word: &[u8], first: bool) -> Option<&'static str> {
    let upper = word.iter().all(u8::is_ascii_uppercase);
    if !upper && !word[1..].iter().all(u8::is_ascii_lowercase)
        || (!first && !upper && word[0].is_ascii_uppercase())
    {
        return None;
    }
    let mut lower = [0u8; 11];
    let lower = &mut lower[..word.len()];
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"trace" => "trace",
        b"debug" => "debug",
        b"info" | b"information" | b"notice" => "info",
        b"warn" | b"warning" => "warn",
        b"error" | b"err" | b"severe" => "error",
        b"fatal" | b"critical" | b"crit" | b"panic" | b"emerg" => "fatal",
        // Serilog and zerolog on a terminal, java.util.logging.
        b"vrb" | b"trc" | b"finest" | b"finer" if upper => "trace",
        b"dbg" | b"fine" if upper => "debug",
        b"inf" if upper => "info",
        b"wrn" if upper => "warn",
        b"ftl" | b"pnc" if upper => "fatal",
        // The console of .NET, at the start of a line.
        b"trce" if first => "trace",
        b"dbug" if first => "debug",
        b"fail" if first => "error",
        _ => return None,
    })
}

/// A level's usual name for what a record's field says: a word in any case, or a number as pino and syslog give it.
pub fn name(text: &str) -> String {
    let lower = text.trim().to_lowercase();
    match lower.as_str() {
        "information" | "informational" | "notice" | "inf" | "log" | "i" => "info",
        "warning" | "wrn" | "w" => "warn",
        "err" | "severe" | "fail" | "failed" | "failure" | "e" | "exception" => "error",
        "critical" | "crit" | "panic" | "emerg" | "emergency" | "alert" | "ftl" | "dpanic" | "f" => "fatal",
        "dbg" | "fine" | "d" => "debug",
        "verbose" | "vrb" | "trc" | "finer" | "finest" => "trace",
        // pino and bunyan.
        "10" => "trace",
        "20" => "debug",
        "30" => "info",
        "40" => "warn",
        "50" => "error",
        "60" => "fatal",
        other => priority(other).unwrap_or(other),
    }
    .to_owned()
}

/// The severity in a syslog priority, or a severity alone.
pub fn priority(text: &str) -> Option<&'static str> {
    if text.is_empty() || text.len() > 3 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let n: u32 = text.parse().ok().filter(|n| *n <= 191)?;
    Some(match n % 8 {
        0..=2 => "fatal",
        3 => "error",
        4 => "warn",
        5 | 6 => "info",
        _ => "debug",
    })
}

/// What an answer's status says.
pub fn of_status(status: &str) -> &'static str {
    match status.as_bytes().first() {
        Some(b'5') => "error",
        Some(b'4') => "warn",
        _ => "info",
    }
}
