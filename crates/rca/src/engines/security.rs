//! Security: sign-in records by address and account. Many accounts failing from few addresses is credential stuffing;
//! an account that such an address then enters is compromised.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use firebell_core::telemetry::LogLine;
use regex::Regex;

use crate::case::Case;
use crate::evidence::Cite;
use crate::signal::{Modality, Role, Signal};
use crate::text::mask;

/// One attempt.
struct Attempt {
    at: i64,
    address: String,
    account: String,
    ok: bool,
    line: usize,
}

/// Most accounts named in a reading.
const MAX_NAMED: usize = 20;

pub(super) fn run(case: &Case<'_>, _: &[Signal]) -> Vec<Signal> {
    let mut by_owner: BTreeMap<String, Vec<Attempt>> = BTreeMap::new();
    for (i, line) in case.t.logs.iter().enumerate() {
        if let Some(attempt) = attempt(line, i) {
            by_owner.entry(case.owner(line)).or_default().push(attempt);
        }
    }
    by_owner.into_iter().filter_map(|(owner, attempts)| judge(case, &owner, &attempts)).collect()
}

fn judge(case: &Case<'_>, owner: &str, attempts: &[Attempt]) -> Option<Signal> {
    let failures = attempts.iter().filter(|a| !a.ok).count();
    if failures < 20 {
        return None;
    }
    let mut failed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut tries: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for a in attempts {
        let t = tries.entry(&a.address).or_default();
        t.0 += 1;
        if !a.ok {
            t.1 += 1;
            failed.entry(&a.address).or_default().insert(&a.account);
        }
    }
    // People mistype one or two names; a tool walks a list and mostly fails.
    let hostile: BTreeSet<&str> = tries
        .iter()
        .filter(|(ip, (all, bad))| bad * 2 > *all && failed.get(*ip).is_some_and(|f| f.len() >= 3))
        .map(|(ip, _)| *ip)
        .collect();
    let by_hostile = attempts.iter().filter(|a| !a.ok && hostile.contains(a.address.as_str())).count();
    let distinct: BTreeSet<&str> = attempts
        .iter()
        .filter(|a| !a.ok && hostile.contains(a.address.as_str()))
        .map(|a| a.account.as_str())
        .collect();
    // Spread over many addresses: each account fails, from addresses never seen to succeed first.
    let (pairs, base_rate, fault_rate, volume) = rates(case, attempts);
    let spread = hostile.is_empty() && volume > 2.0 && fault_rate > 5.0 * base_rate.max(0.05) && pairs > 30;
    if by_hostile < 20 && !spread {
        return None;
    }
    let compromised: BTreeSet<&str> = attempts
        .iter()
        .filter(|a| a.ok && hostile.contains(a.address.as_str()))
        .map(|a| a.account.as_str())
        .collect();
    let example = attempts.iter().find(|a| !a.ok && (spread || hostile.contains(a.address.as_str())))?;
    let line = case.t.logs.get(example.line)?;
    let onset = attempts.iter().filter(|a| !a.ok && hostile.contains(a.address.as_str())).map(|a| a.at).min();
    let names: Vec<&str> = compromised.iter().copied().take(MAX_NAMED).collect();
    let entered = if compromised.is_empty() {
        "no account was entered".to_owned()
    } else {
        format!("compromised accounts ({}): {}", compromised.len(), names.join(", "))
    };
    let reading = format!(
        "{} failed sign-ins for {} accounts from {} addresses at {owner}; {entered}",
        by_hostile.max(if spread { failures } else { 0 }),
        distinct.len(),
        hostile.len()
    );
    Some(Signal {
        component: owner.to_owned(),
        cause: "security.credential_stuffing",
        modality: Modality::Security,
        role: Role::Mechanism,
        weight: (0.75 + 0.04 * (by_hostile as f64 / 20.0).ln_1p()).min(0.97),
        onset,
        indicator: Some(mask::template(&line.text)),
        change: None,
        cite: Cite::new(
            &line.source,
            format!("logs {} ~ {}", line.component.as_deref().unwrap_or("-"), mask::template(&line.text)),
        ),
        reading,
    })
}

/// Pairs of address and account that failed, failures a second before and after, and growth of all attempts.
fn rates(case: &Case<'_>, attempts: &[Attempt]) -> (usize, f64, f64, f64) {
    let seconds = |ms: i64| (ms as f64 / 1000.0).max(1.0);
    let base = attempts.iter().filter(|a| !a.ok && case.frame.is_base(a.at)).count();
    let fault = attempts.iter().filter(|a| !a.ok && case.frame.is_fault(a.at)).count();
    let pairs: BTreeSet<(&str, &str)> =
        attempts.iter().filter(|a| !a.ok).map(|a| (a.address.as_str(), a.account.as_str())).collect();
    let (calm, ill) =
        (seconds(case.frame.onset - case.frame.begin), seconds(case.frame.end - case.frame.onset));
    let all_base = attempts.iter().filter(|a| case.frame.is_base(a.at)).count() as f64 / calm;
    let all_fault = attempts.iter().filter(|a| case.frame.is_fault(a.at)).count() as f64 / ill;
    (pairs.len(), base as f64 / calm, fault as f64 / ill, all_fault / all_base.max(0.02))
}

/// Reads a sign-in record: structured fields, `key=value` text, or sshd's phrases.
fn attempt(line: &LogLine, index: usize) -> Option<Attempt> {
    static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"\b(ip|addr|address|client_ip|remote_ip|account|user|username|email|result|outcome|status)\s*[=:]\s*"?([^\s",;]+)"#).ok()
    });
    static SSH: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(Failed|Accepted) password for (?:invalid user )?(\S+) from (\S+)").ok()
    });
    static LIST: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)\b((?:\d{1,3}\.){3}\d{1,3})[\s,;]+([\w.@+-]+)[\s,;]+(ok|success|accepted|fail\w*|invalid\w*|denied|rejected)\b").ok()
    });
    let at = line.at?.as_millisecond();
    let mut found: BTreeMap<&str, &str> = BTreeMap::new();
    let slot = |key: &str| match key {
        "ip" | "addr" | "address" | "client_ip" | "remote_ip" | "client.ip" | "source.ip" | "net.peer.ip"
        | "client.address" => Some("ip"),
        "account" | "user" | "username" | "email" | "user.name" | "enduser.id" => Some("account"),
        "result" | "outcome" | "event.outcome" => Some("result"),
        "status" => Some("status"),
        _ => None,
    };
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
