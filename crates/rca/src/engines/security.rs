//! Security: sign-in records by address and account. An address that is new or has turned busy, and mostly fails on
//! many accounts, is credential stuffing; an account that such an address then enters is compromised. Addresses from
//! which people signed in before, and that fail now as all others do, are an outage and not an attack.
//!
//! Assumes: records that name address, account and result, in fields, as `key=value` or in sshd's words; an address and an
//! account are called alike in all records, by their names or by pseudonyms; attempts of one attack share addresses, or
//! come at more than twice the usual rate. Cost: one look at each pattern of lines, expressions on lines that tell of
//! sign-ins alone. Golden cases: `tests/faults.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use firebell_core::telemetry::LogLine;
use regex::Regex;

use crate::case::Case;
use crate::evidence::Cite;
use crate::logs::{template_of, whole};
use crate::signal::{Modality, Role, Signal};

/// One attempt.
struct Attempt {
    at: i64,
    address: String,
    account: String,
    ok: bool,
    line: usize,
}

/// Most accounts named in a reading.
pub(super) const MAX_NAMED: usize = 20;

pub(super) fn run(case: &Case<'_>) -> Vec<Signal> {
    let mut by_owner: BTreeMap<String, Vec<Attempt>> = BTreeMap::new();
    for i in worth_reading(case) {
        let Some(line) = case.t.logs.get(i as usize) else { continue };
        if let Some(attempt) = attempt(line, i as usize) {
            by_owner.entry(case.owner(line)).or_default().push(attempt);
        }
    }
    by_owner.into_iter().filter_map(|(owner, attempts)| judge(case, &owner, &attempts)).collect()
}

/// Numbers of the lines that may be sign-in records, in order. Lines of one pattern have the same words: where the text of
/// the first tells of no sign-in, none does.
fn worth_reading(case: &Case<'_>) -> Vec<u32> {
    let Some(alike) = case.logs().alike() else { return (0..case.t.logs.len() as u32).collect() };
    let line = |i: &u32| case.t.logs.get(*i as usize);
    let mut out: Vec<u32> = Vec::new();
    for of in alike {
        let telling = of.first().and_then(line).is_some_and(|l| tells(&l.text));
        let has = |i: &u32| line(i).is_some_and(|l| l.fields.keys().any(|k| slot(k).is_some()));
        out.extend(of.iter().filter(|i| telling || has(i)));
    }
    out.sort_unstable();
    out
}

/// What one address did, before the onset and since.
#[derive(Default)]
struct Address<'a> {
    first: i64,
    calm: Tries,
    ill: Tries,
    /// Accounts on which it failed.
    failed: BTreeSet<&'a str>,
}

#[derive(Default, Clone, Copy)]
struct Tries {
    all: usize,
    bad: usize,
}

impl Tries {
    fn add(&mut self, ok: bool) {
        self.all += 1;
        self.bad += usize::from(!ok);
    }

    fn mostly_bad(self) -> bool {
        self.bad * 2 > self.all
    }
}

impl Address<'_> {
    /// People mistype one or two names; a tool walks a list and mostly fails.
    fn walks_a_list(&self) -> bool {
        (self.calm.bad + self.ill.bad) * 2 > self.calm.all + self.ill.all && self.failed.len() >= 3
    }

    /// People signed in from here before.
    fn is_peoples(&self) -> bool {
        self.calm.all >= 3 && !self.calm.mostly_bad()
    }

    /// It came up inside the records, or asks far more often than before.
    fn grew(&self, case: &Case<'_>, records: (i64, i64)) -> bool {
        let appeared = self.first > records.0 + (records.1 - records.0) / 5;
        let (calm_s, ill_s) = spans(case);
        appeared || self.calm.all < 3 || self.ill.all as f64 / ill_s >= 2.0 * self.calm.all as f64 / calm_s
    }
}

fn addresses<'a>(case: &Case<'_>, attempts: &'a [Attempt]) -> BTreeMap<&'a str, Address<'a>> {
    let mut out: BTreeMap<&str, Address<'_>> = BTreeMap::new();
    for a in attempts {
        let entry = out.entry(&a.address).or_insert_with(|| Address { first: a.at, ..Address::default() });
        entry.first = entry.first.min(a.at);
        if a.at < case.frame.onset {
            entry.calm.add(a.ok)
        } else {
            entry.ill.add(a.ok)
        }
        if !a.ok {
            entry.failed.insert(&a.account);
        }
    }
    out
}

/// Whether those who are not suspected fail too, and did not before: then the door is shut for all.
fn outage(all: &BTreeMap<&str, Address<'_>>, hostile: &BTreeSet<&str>) -> bool {
    let (mut calm, mut ill) = (Tries::default(), Tries::default());
    for (_, a) in all.iter().filter(|(ip, _)| !hostile.contains(*ip)) {
        for (sum, part) in [(&mut calm, a.calm), (&mut ill, a.ill)] {
            sum.all += part.all;
            sum.bad += part.bad;
        }
    }
    ill.all >= 10 && ill.mostly_bad() && !(calm.all >= 10 && calm.mostly_bad())
}

fn judge(case: &Case<'_>, owner: &str, attempts: &[Attempt]) -> Option<Signal> {
    let failures = attempts.iter().filter(|a| !a.ok).count();
    if failures < 20 {
        return None;
    }
    let records = attempts.iter().fold((i64::MAX, i64::MIN), |(a, b), t| (a.min(t.at), b.max(t.at)));
    let all = addresses(case, attempts);
    let hostile: BTreeSet<&str> = all
        .iter()
        .filter(|(_, a)| a.walks_a_list() && !a.is_peoples() && a.grew(case, records))
        .map(|(ip, _)| *ip)
        .collect();
    let theirs = |a: &&Attempt| hostile.contains(a.address.as_str());
    let by_hostile = attempts.iter().filter(theirs).filter(|a| !a.ok).count();
    let distinct: BTreeSet<&str> =
        attempts.iter().filter(theirs).filter(|a| !a.ok).map(|a| a.account.as_str()).collect();
    let growth = growth(case, attempts);
    let shut = outage(&all, &hostile);
    // Whoever is turned away by an outage tries again from where he is; only far more attempts make it an attack too.
    if shut && growth.volume() < 2.0 {
        return None;
    }
    // Spread over many addresses: each account fails, from addresses never seen to succeed first.
    let spread = hostile.is_empty()
        && !shut
        && growth.volume() > 2.0
        && growth.bad.1 > 5.0 * growth.bad.0.max(0.05)
        && growth.pairs > 30;
    if by_hostile < 20 && !spread {
        return None;
    }
    let compromised: BTreeSet<&str> =
        attempts.iter().filter(theirs).filter(|a| a.ok).map(|a| a.account.as_str()).collect();
    let example = attempts.iter().find(|a| !a.ok && (spread || theirs(a)))?;
    let line = case.t.logs.get(example.line)?;
    let onset = attempts.iter().filter(theirs).filter(|a| !a.ok).map(|a| a.at).min();
    let names: Vec<&str> = compromised.iter().copied().take(MAX_NAMED).collect();
    let entered = if compromised.is_empty() {
        "no account was entered".to_owned()
    } else {
        format!("compromised accounts ({}): {}", compromised.len(), names.join(", "))
    };
    let reading = format!(
        "{} failed sign-ins for {} accounts from {} addresses at {owner}, {:.1} attempts a second, {:.1} before; \
         {entered}",
        by_hostile.max(if spread { failures } else { 0 }),
        distinct.len(),
        hostile.len(),
        growth.all.1,
        growth.all.0,
    );
    let template = template_of(&whole(line));
    Some(Signal {
        component: owner.to_owned(),
        cause: "security.credential_stuffing",
        modality: Modality::Security,
        role: Role::Mechanism,
        weight: (0.75 + 0.04 * (by_hostile as f64 / 20.0).ln_1p()).min(0.97),
        onset,
        indicator: Some(template.clone()),
        change: None,
        cite: Cite::line(line, &template),
        reading,
    })
}

/// Attempts a second before the onset and since.
struct Growth {
    all: (f64, f64),
    bad: (f64, f64),
    /// Pairs of address and account that failed.
    pairs: usize,
}

impl Growth {
    fn volume(&self) -> f64 {
        self.all.1 / self.all.0.max(0.02)
    }
}

/// Seconds before the onset and since.
pub(super) fn spans(case: &Case<'_>) -> (f64, f64) {
    let seconds = |ms: i64| (ms as f64 / 1000.0).max(1.0);
    (seconds(case.frame.onset - case.frame.begin), seconds(case.frame.end - case.frame.onset))
}

fn growth(case: &Case<'_>, attempts: &[Attempt]) -> Growth {
    let (calm, ill) = spans(case);
    let rates = |pick: &dyn Fn(&Attempt) -> bool| {
        let base = attempts.iter().filter(|a| pick(a) && case.frame.is_base(a.at)).count();
        let fault = attempts.iter().filter(|a| pick(a) && case.frame.is_fault(a.at)).count();
        (base as f64 / calm, fault as f64 / ill)
    };
    let pairs: BTreeSet<(&str, &str)> =
        attempts.iter().filter(|a| !a.ok).map(|a| (a.address.as_str(), a.account.as_str())).collect();
    Growth { all: rates(&|_| true), bad: rates(&|a| !a.ok), pairs: pairs.len() }
}

static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"\b(ip|addr|address|client_ip|remote_ip|account|user|username|email|result|outcome|status)\s*[=:]\s*"?([^\s",;]+)"#).ok()
});
static SSH: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(Failed|Accepted) password for (?:invalid user )?(\S+) from (\S+)").ok());
static LIST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b((?:\d{1,3}\.){3}\d{1,3})[\s,;]+([\w.@+-]+)[\s,;]+(ok|success|accepted|fail\w*|invalid\w*|denied|rejected)\b").ok()
});

/// Whether anything in a text could be part of a sign-in record.
fn tells(text: &str) -> bool {
    [&PAIR, &SSH, &LIST].iter().any(|r| r.as_ref().is_some_and(|r| r.is_match(text)))
}

/// What a key of a record holds, if it matters here.
fn slot(key: &str) -> Option<&'static str> {
    match key {
        "ip" | "addr" | "address" | "client_ip" | "remote_ip" | "client.ip" | "source.ip" | "net.peer.ip"
        | "client.address" => Some("ip"),
        "account" | "user" | "username" | "email" | "user.name" | "enduser.id" => Some("account"),
        "result" | "outcome" | "event.outcome" => Some("result"),
        "status" => Some("status"),
        _ => None,
    }
}

/// Reads a sign-in record: structured fields, `key=value` text, or sshd's phrases.
fn attempt(line: &LogLine, index: usize) -> Option<Attempt> {
    let at = line.at?.as_millisecond();
    let mut found: BTreeMap<&str, &str> = BTreeMap::new();
    for (k, v) in &line.fields {
        if let Some(s) = slot(k) {
            found.entry(s).or_insert(v);
        }
    }
    if let Some(p) = PAIR.as_ref().filter(|_| found.len() < 3 && line.text.len() < 600) {
        for c in p.captures_iter(&line.text) {
            if let (Some(k), Some(v)) = (c.get(1), c.get(2))
                && let Some(s) = slot(k.as_str())
            {
                found.entry(s).or_insert(v.as_str());
            }
        }
    }
    if found.len() < 3 && (line.text.contains("password for") || line.text.len() < 200) {
        if let Some(c) = SSH.as_ref().and_then(|r| r.captures(&line.text)) {
            let (r, a, i) = (c.get(1)?.as_str(), c.get(2)?.as_str(), c.get(3)?.as_str());
            found.extend([("result", r), ("account", a), ("ip", i)]);
        } else if let Some(c) = LIST.as_ref().and_then(|r| r.captures(&line.text)) {
            let (i, a, r) = (c.get(1)?.as_str(), c.get(2)?.as_str(), c.get(3)?.as_str());
            found.extend([("result", r), ("account", a), ("ip", i)]);
        }
    }
    let result = found.get("result").or_else(|| found.get("status"))?.to_ascii_lowercase();
    let ok = match result.as_str() {
        "ok" | "success" | "succeeded" | "accepted" | "true" | "200" | "201" => true,
        r if r.starts_with("fail")
            || r.starts_with("invalid")
            || r.starts_with("wrong")
            || r.starts_with("bad") =>
        {
            false
        }
        "denied" | "rejected" | "unauthorized" | "401" | "403" => false,
        _ => return None,
    };
    Some(Attempt {
        at,
        address: (*found.get("ip")?).to_owned(),
        account: (*found.get("account")?).to_owned(),
        ok,
        line: index,
    })
}
