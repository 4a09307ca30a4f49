//! One raw line to one record, by format. JSON, logfmt and plain text are read as bundles read them; the formats of
//! daemons and web servers are read here.

use std::sync::LazyLock;

use firebell_core::telemetry::{Labels, LogLine};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use regex::Regex;

use super::config::Format;
use crate::bundle::loglines;

static KLOG: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^([IWEF])(\d{2})(\d{2}) (\d{2}):(\d{2}):(\d{2})\.(\d{1,9})\s+\d+ ([^\s\]]+:\d+)\] (.*)$")
        .ok()
});
static RFC3164: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:<(\d{1,3})>)?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) (\S+) ([^\s:\[]+)(?:\[(\d+)\])?: ?(.*)$",
    )
    .ok()
});
static RFC5424: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) (?:-|(?:\[(?:[^\]\\]|\\.)*\])+) ?(.*)$").ok()
});
static ACCESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"^(\S+) \S+ (\S+) \[(\d{2}/[A-Z][a-z]{2}/\d{4}:[^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?(.*)$"#,
    )
    .ok()
});

/// Reads one line. `around` settles the year where the format has none.
pub(super) fn parse(
    raw: &str,
    format: Format,
    source: &str,
    number: u64,
    component: &str,
    around: Timestamp,
) -> LogLine {
    let raw = raw.strip_prefix('\u{feff}').unwrap_or(raw);
    let mut line = LogLine {
        source: source.to_owned(),
        line: number,
        component: Some(component.to_owned()),
        at: None,
        level: None,
        text: String::new(),
        fields: Labels::new(),
        trace_id: None,
    };
    let done = match format {
        Format::Auto => {
            klog(raw, around, &mut line) || syslog(raw, around, &mut line) || access(raw, &mut line)
        }
        Format::Klog => klog(raw, around, &mut line),
        Format::Syslog => syslog(raw, around, &mut line),
        Format::Nginx => access(raw, &mut line),
        Format::Json | Format::Logfmt | Format::Plain => false,
    };
    if done { line } else { loglines::record(raw, source, number, Some(component)) }
}

fn klog(raw: &str, around: Timestamp, line: &mut LogLine) -> bool {
    let Some(c) = KLOG.as_ref().and_then(|r| r.captures(raw)) else { return false };
    let n = |i: usize| c[i].parse::<i8>().unwrap_or(-1);
    let nanos = format!("{:0<9}", &c[7]).parse().unwrap_or(0);
    line.at = without_year([n(2), n(3), n(4), n(5), n(6)], nanos, around);
    line.level = Some(
        match &c[1] {
            "I" => "info",
            "W" => "warn",
            "E" => "error",
            _ => "fatal",
        }
        .to_owned(),
    );
    line.fields.insert("file".into(), c[8].to_owned());
    line.text = c[9].to_owned();
    line.at.is_some()
}

fn syslog(raw: &str, around: Timestamp, line: &mut LogLine) -> bool {
    if let Some(c) = RFC5424.as_ref().and_then(|r| r.captures(raw)) {
        line.at = c[2].parse().ok();
        line.level = priority(&c[1]);
        for (i, name) in [(3, "host"), (4, "app"), (5, "pid")] {
            if &c[i] != "-" {
                line.fields.insert(name.into(), c[i].to_owned());
            }
        }
        line.text = c[7].trim_start_matches('\u{feff}').to_owned();
        return true;
    }
    let Some(c) = RFC3164.as_ref().and_then(|r| r.captures(raw)) else { return false };
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = MONTHS.find(&c[2]).map_or(-1, |i| (i / 3 + 1) as i8);
    let n = |i: usize| c[i].parse::<i8>().unwrap_or(-1);
    line.at = without_year([month, n(3), n(4), n(5), n(6)], 0, around);
    // What the program itself says in its text counts for more than a missing priority.
    line.level =
        c.get(1).and_then(|p| priority(p.as_str())).or_else(|| loglines::record(&c[10], "", 0, None).level);
    line.fields.insert("host".into(), c[7].to_owned());
    line.fields.insert("app".into(), c[8].to_owned());
    if let Some(pid) = c.get(9) {
        line.fields.insert("pid".into(), pid.as_str().to_owned());
    }
    line.text = c[10].to_owned();
    line.at.is_some()
}

fn access(raw: &str, line: &mut LogLine) -> bool {
    let Some(c) = ACCESS.as_ref().and_then(|r| r.captures(raw)) else { return false };
    line.at = loglines::record(&c[3], "", 0, None).at;
    line.level = Some(
        match c[5].as_bytes().first() {
            Some(b'5') => "error",
            Some(b'4') => "warn",
            _ => "info",
        }
        .to_owned(),
    );
    let mut set = |name: &str, value: &str| {
        if !value.is_empty() && value != "-" {
            line.fields.insert(name.to_owned(), value.chars().take(1024).collect());
        }
    };
    set("client", &c[1]);
    set("user", &c[2]);
    set("status", &c[5]);
    set("bytes", &c[6]);
    if let Some(agent) = c.get(8) {
        set("agent", agent.as_str());
    }
    let mut request = c[4].split(' ');
    set("method", request.next().unwrap_or(""));
    set("path", request.next().unwrap_or(""));
    line.text = format!("{} {} {}", &c[4], &c[5], &c[6]).chars().take(8192).collect();
    line.at.is_some()
}

/// The severity of a syslog priority.
fn priority(text: &str) -> Option<String> {
    let n: u32 = text.parse().ok().filter(|n| *n <= 191)?;
    let level = match n % 8 {
        0..=2 => "fatal",
        3 => "error",
        4 => "warn",
        5 | 6 => "info",
        _ => "debug",
    };
    Some(level.to_owned())
}

/// Month, day, hour, minute, second: in the year that puts it nearest to `around`.
fn without_year(p: [i8; 5], nanos: i32, around: Timestamp) -> Option<Timestamp> {
    let year = TimeZone::UTC.to_datetime(around).year();
    [year - 1, year, year.saturating_add(1)]
        .into_iter()
        .filter_map(|y| {
            let at = DateTime::new(y, p[0], p[1], p[2], p[3], p[4].min(59), nanos).ok()?;
            TimeZone::UTC.to_timestamp(at).ok()
        })
        .min_by_key(|at| at.duration_since(around).as_secs().unsigned_abs())
}
