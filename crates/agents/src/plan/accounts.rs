//! Sign-in records: who tried from where, and which accounts an attacker entered.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::LogLine;

/// An address is hostile from so many different accounts that it failed on.
const ACCOUNTS_FAILED: usize = 3;

/// What the sign-in records show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Attempts {
    /// Addresses that walk a list of accounts.
    pub(crate) hostile: BTreeSet<String>,
    /// Accounts entered from such an address.
    pub(crate) compromised: BTreeSet<String>,
    /// Refused attempts from such addresses.
    pub(crate) refused: usize,
    /// Accounts tried from such addresses.
    pub(crate) tried: usize,
    /// All records read.
    pub(crate) records: usize,
    /// The last success from a hostile address, unix milliseconds.
    pub(crate) last_entry: Option<i64>,
}

struct Attempt<'a> {
    at: i64,
    address: &'a str,
    account: &'a str,
    ok: bool,
}

/// Reads the sign-in records among log lines.
pub(crate) fn attempts<'a>(lines: impl Iterator<Item = &'a LogLine>) -> Attempts {
    let all: Vec<Attempt<'_>> = lines.filter_map(attempt).collect();
    let mut tallies: BTreeMap<&str, (usize, usize, BTreeSet<&str>)> = BTreeMap::new();
    for a in &all {
        let tally = tallies.entry(a.address).or_default();
        tally.0 += 1;
        if !a.ok {
            tally.1 += 1;
            tally.2.insert(a.account);
        }
    }
    // People mistype their own name; a tool walks a list and mostly fails.
    let hostile: BTreeSet<&str> = tallies
        .iter()
        .filter(|(_, (all, failed, accounts))| failed * 2 > *all && accounts.len() >= ACCOUNTS_FAILED)
        .map(|(address, _)| *address)
        .collect();
    let theirs = || all.iter().filter(|a| hostile.contains(a.address));
    Attempts {
        compromised: theirs().filter(|a| a.ok).map(|a| a.account.to_owned()).collect(),
        refused: theirs().filter(|a| !a.ok).count(),
        tried: theirs().map(|a| a.account).collect::<BTreeSet<_>>().len(),
        last_entry: theirs().filter(|a| a.ok).map(|a| a.at).max(),
        records: all.len(),
        hostile: hostile.into_iter().map(str::to_owned).collect(),
    }
}

const ADDRESS: [&str; 8] =
    ["ip", "addr", "address", "client_ip", "client.ip", "remote_ip", "source.ip", "client.address"];
const ACCOUNT: [&str; 7] = ["account", "user", "username", "email", "user.name", "login", "enduser.id"];
const RESULT: [&str; 4] = ["result", "outcome", "event.outcome", "status"];

fn attempt(line: &LogLine) -> Option<Attempt<'_>> {
    let at = line.at.map_or(0, |t| t.as_millisecond());
    let field = |names: &[&str]| -> Option<&str> {
        names
            .iter()
            .find_map(|n| line.fields.get(*n).map(String::as_str))
            .or_else(|| names.iter().find_map(|n| pair(&line.text, n)))
    };
    let found = match (field(&ADDRESS), field(&ACCOUNT), field(&RESULT)) {
        (Some(address), Some(account), Some(result)) => (address, account, result),
        _ => sshd(&line.text)?,
    };
    let (address, account, result) = found;
    Some(Attempt { at, address, account, ok: verdict(result)? })
}

/// `key=value` inside a text, quoted or not.
fn pair<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    if text.len() > 1000 {
        return None;
    }
    text.match_indices(key).find_map(|(at, _)| {
        let alone = !text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'));
        let rest = text[at + key.len()..].trim_start_matches('"');
        let rest = rest.strip_prefix(['=', ':']).filter(|_| alone)?;
        let rest = rest.trim_start_matches([' ', '"']);
        let end = rest.find([' ', '"', ',', ';', '}']).unwrap_or(rest.len());
        (end > 0).then(|| &rest[..end])
    })
}

/// `Failed password for [invalid user] NAME from ADDRESS`.
fn sshd(text: &str) -> Option<(&str, &str, &str)> {
    let (result, rest) = if let Some(at) = text.find("Failed password for ") {
        ("failed", &text[at + 20..])
    } else {
        let at = text.find("Accepted password for ")?;
        ("accepted", &text[at + 22..])
    };
    let rest = rest.strip_prefix("invalid user ").unwrap_or(rest);
    let (account, rest) = rest.split_once(" from ")?;
    Some((rest.split(' ').next()?, account, result))
}

fn verdict(result: &str) -> Option<bool> {
    let r = result.to_ascii_lowercase();
    if matches!(r.as_str(), "ok" | "success" | "succeeded" | "accepted" | "true" | "200" | "201") {
        return Some(true);
    }
    let refused = ["fail", "invalid", "wrong", "bad", "denied", "reject", "unauthori", "401", "403"];
    refused.iter().any(|w| r.starts_with(w)).then_some(false)
}

#[cfg(test)]
mod tests {
    use firebell_core::telemetry::Labels;

    use super::*;

    fn line(text: &str) -> LogLine {
        LogLine {
            source: "logs/auth.log".to_owned(),
            line: 0,
            component: None,
            at: None,
            level: None,
            text: text.to_owned(),
            fields: Labels::new(),
            trace_id: None,
        }
    }

    #[test]
    fn an_address_that_walks_a_list_is_hostile_and_a_forgetful_customer_is_not() {
        let mut lines: Vec<LogLine> =
            (0..20).map(|n| line(&format!("t ip=203.0.113.9 account=user-{n:04} result=failed"))).collect();
        lines.push(line("t ip=203.0.113.9 account=user-0042 result=success"));
        lines.push(line("t ip=192.0.2.7 account=user-0007 result=failed"));
        lines.push(line("t ip=192.0.2.7 account=user-0007 result=success"));
        lines.push(line("Failed password for invalid user root from 203.0.113.9 port 22 ssh2"));
        let found = attempts(lines.iter());
        assert_eq!(found.hostile, BTreeSet::from(["203.0.113.9".to_owned()]));
        assert_eq!(found.compromised, BTreeSet::from(["user-0042".to_owned()]));
        assert_eq!((found.refused, found.records), (21, 24));
    }
}
