//! Requests: what clients send, by the lines that tell of requests.
//!
//! Looks for: text that no customer sends (injection into SQL, paths, templates, shells, scripts), where requests that carry
//! it come up or grow tenfold at the onset and are a good part of those that fail; and one address that sends most requests
//! while there are far more of them than before. Assumes: access lines with a method and a path, or fields of such; the
//! address and the status where they are written. Scanners are always about: what was there before says nothing, and
//! neither does what is answered like everything else. Cost: one pass over the lines of those patterns whose first line
//! tells of a request. Golden cases: `tests/signs.rs`.
//!
//! Sources: the classes are those of the OWASP Core Rule Set (942 SQL, 930 paths, 941 scripts, 932 and 944 commands).
//!
//! Fails: payloads in bodies, which access lines do not show; encodings twice over; attacks spread over many addresses at
//! the usual rate.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use firebell_core::telemetry::LogLine;
use regex::Regex;

use super::security::spans;
use crate::case::Case;
use crate::evidence::Cite;
use crate::logs::template_of;
use crate::signal::{Modality, Role, Signal};

/// What no customer sends.
static HOSTILE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)union(?:\s|\+|%20)+(?:all(?:\s|\+|%20)+)?select|information_schema|xp_cmdshell",
        r"|(?:'|%27)(?:\s|\+|%20)*(?:or|and)(?:\s|\+|%20)+(?:'|%27)?\w+(?:'|%27)?(?:\s|\+|%20)*(?:=|%3d)",
        r"|(?:\.\./|\.\.%2f|%2e%2e%2f|%2e%2e/){2}|/etc/passwd|<script|%3cscript|\$\{jndi:|%24%7bjndi",
    ))
    .ok()
});
static REQUEST: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD)\b[^/]{0,12}/").ok());
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b(?:\d{1,3}\.){3}\d{1,3}\b").ok());
/// `" 500 123` of the common log format, `status=500`, `-> 500`.
static STATUS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?:"|status[=: ]+|->|=>)\s*([1-5]\d\d)\b"#).ok());

/// Fewer requests than this tell nothing.
const FEW: usize = 20;
/// Requests grow by this where an attack begins.
const TENFOLD: f64 = 10.0;
/// Share of what fails that carries such text …
const OF_FAILURES: f64 = 0.3;
/// … and of all requests that one address sends, before and since.
const ALONE: (f64, f64) = (0.15, 0.5);
/// So many times the requests of before are more than before.
const MORE: f64 = 2.0;

#[derive(Default)]
struct Sent<'a> {
    /// Requests before the onset and since.
    all: (usize, usize),
    hostile: (usize, usize),
    /// Since the onset: those that fail, those of them that carry hostile text.
    failed: (usize, usize),
    by: BTreeMap<&'a str, (usize, usize)>,
    example: Option<&'a LogLine>,
    first: Option<i64>,
}

pub(super) fn run(case: &Case<'_>) -> Vec<Signal> {
    let mut by_owner: BTreeMap<String, Sent<'_>> = BTreeMap::new();
    for i in requests(case) {
        if let Some(line) = case.t.logs.get(i as usize) {
            by_owner.entry(case.owner(line)).or_default().add(case, line);
        }
    }
    by_owner.iter().flat_map(|(owner, sent)| judge(case, owner, sent)).collect()
}

/// Numbers of the lines that tell of requests: lines of one pattern do so alike.
fn requests(case: &Case<'_>) -> Vec<u32> {
    let tells = |i: &u32| case.t.logs.get(*i as usize).is_some_and(is_request);
    match case.logs().alike() {
        Some(alike) => alike.filter(|of| of.first().is_some_and(tells)).flatten().copied().collect(),
        None => (0..case.t.logs.len() as u32).filter(tells).collect(),
    }
}

fn is_request(line: &LogLine) -> bool {
    REQUEST.as_ref().is_some_and(|r| r.is_match(&line.text))
        || line.fields.keys().any(|k| PATHS.contains(&k.as_str()))
}

const PATHS: [&str; 6] = ["path", "url", "uri", "request", "http.target", "url.path"];
const ADDRESSES: [&str; 7] =
    ["client", "ip", "client_ip", "remote_ip", "remote_addr", "client.address", "source.ip"];
const STATUSES: [&str; 4] = ["status", "status_code", "code", "http.response.status_code"];

fn field<'a>(line: &'a LogLine, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|n| line.fields.get(*n)).map(String::as_str)
}

impl<'a> Sent<'a> {
    fn add(&mut self, case: &Case<'_>, line: &'a LogLine) {
        let Some(at) = line.at.map(|at| at.as_millisecond()) else { return };
        let (before, since) = (case.frame.is_base(at), case.frame.is_fault(at));
        let count = |pair: &mut (usize, usize)| {
            pair.0 += usize::from(before);
            pair.1 += usize::from(since);
        };
        count(&mut self.all);
        let address = field(line, &ADDRESSES)
            .or_else(|| ADDRESS.as_ref().and_then(|r| r.find(&line.text)).map(|m| m.as_str()));
        if let Some(address) = address {
            count(self.by.entry(address).or_default());
        }
        let bad = |text: &str| HOSTILE.as_ref().is_some_and(|r| r.is_match(text));
        let hostile = bad(&line.text) || field(line, &PATHS).is_some_and(bad);
        if hostile {
            count(&mut self.hostile);
        }
        if since && failed(line) {
            self.failed.0 += 1;
            self.failed.1 += usize::from(hostile);
        }
        if since && hostile {
            self.first = Some(self.first.map_or(at, |f| f.min(at)));
            self.example.get_or_insert(line);
        }
    }

    /// How many times the rate of before.
    fn growth(case: &Case<'_>, (before, since): (usize, usize)) -> f64 {
        let (calm, ill) = spans(case);
        (since as f64 / ill) / ((before as f64 / calm).max(1.0 / calm))
    }

    /// The address that sends most since the onset.
    fn busiest(&self) -> Option<(&'a str, (usize, usize))> {
        self.by.iter().max_by_key(|(_, n)| n.1).map(|(address, n)| (*address, *n))
    }
}

fn failed(line: &LogLine) -> bool {
    let written = field(line, &STATUSES).map(str::to_owned).or_else(|| {
        STATUS.as_ref().and_then(|r| r.captures(&line.text)).and_then(|c| Some(c.get(1)?.as_str().to_owned()))
    });
    written.is_some_and(|s| s.starts_with('5'))
        || line.level.as_deref().is_some_and(|l| l.eq_ignore_ascii_case("error"))
}

fn judge(case: &Case<'_>, owner: &str, sent: &Sent<'_>) -> Vec<Signal> {
    let mut out = Vec::new();
    let share = sent.failed.1 as f64 / sent.failed.0.max(1) as f64;
    if sent.hostile.1 >= FEW && Sent::growth(case, sent.hostile) >= TENFOLD && share >= OF_FAILURES {
        let reading = format!(
            "{} requests to {owner} carry text that is meant to break in, {} before; {:.0} % of those that fail do",
            sent.hostile.1,
            sent.hostile.0,
            100.0 * share
        );
        out.extend(signal(
            case,
            owner,
            "security.injection",
            0.75 + 0.2 * share,
            (sent.example, sent.first),
            reading,
        ));
    }
    let (before, since) = sent.all;
    let of = |n: usize, all: usize| n as f64 / all.max(1) as f64;
    if let Some((address, (calm, ill))) = sent.busiest()
        && ill >= 5 * FEW
        && of(ill, since) >= ALONE.1
        && of(calm, before) <= ALONE.0
        && sent.by.len() >= 3
        && Sent::growth(case, sent.all) >= MORE
    {
        let reading = format!(
            "one address sends {:.0} % of the requests to {owner}, {:.0} % before, and there are {:.1} times as many",
            100.0 * of(ill, since),
            100.0 * of(calm, before),
            Sent::growth(case, sent.all)
        );
        let sent_it = |l: &&LogLine| {
            case.owner(l) == owner && (l.text.contains(address) || field(l, &ADDRESSES) == Some(address))
        };
        let line = case.t.logs.iter().find(sent_it);
        out.extend(signal(case, owner, "traffic.abuse", 0.8, (line, sent.first), reading));
    }
    out
}

fn signal(
    case: &Case<'_>,
    owner: &str,
    cause: &'static str,
    weight: f64,
    (line, first): (Option<&LogLine>, Option<i64>),
    reading: String,
) -> Option<Signal> {
    let line = line?;
    let template = template_of(&line.text);
    Some(Signal {
        component: owner.to_owned(),
        cause,
        modality: Modality::Security,
        role: Role::Mechanism,
        weight,
        onset: first.or(Some(case.frame.onset)),
        indicator: Some(template.clone()),
        change: None,
        cite: Cite::line(line, &template),
        reading,
    })
}
