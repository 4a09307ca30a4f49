//! Commands of hosts and of the network: `systemctl`, `journalctl`, `df`, `free`, `ss`, `ping`, `tc`, `nslookup`, `nc`, `curl`.

use firebell_core::telemetry::CommandRecord;

use super::command::Line;
use super::{Gathered, psql};
use crate::engines::state::model::Output;
use crate::engines::state::model::host::{Failure, Filesystem, FullQueue, Link, Memory, Unit};
use crate::engines::state::model::value::quantity;
use crate::evidence::Cite;

pub(super) fn read(g: &mut Gathered, line: &Line, c: &CommandRecord, cite: &Cite) {
    let stem = c.source.rsplit('/').next().and_then(|f| f.rsplit_once('.')).map(|f| f.0.to_owned());
    let host = line.host.clone().or_else(|| journal_host(&c.output)).or(stem);
    let text = c.output.as_str();
    match line.program.as_str() {
        "systemctl" | "service" => units(g, line, text, &host, cite),
        "journalctl" | "docker" | "crictl" | "dmesg" => {
            let name = host.clone().unwrap_or_default();
            g.outputs.push(Output {
                name: format!("node/{name}"),
                text: text.to_owned(),
                cite: cite.clone(),
            });
        }
        "df" => filesystems(g, line, text, &host, cite),
        "free" => memory(g, text, &host, cite),
        "ss" | "netstat" => sockets(g, text, &host, cite),
        "tc" => rules(g, text, &line.host.clone().or(host), cite),
        "ping" => measured(g, text, line, target(line), cite),
        "nslookup" | "dig" | "host" | "getent" => resolved(g, text, line, cite),
        "curl" | "wget" | "nc" | "telnet" | "grpcurl" | "ncat" => measured(g, text, line, target(line), cite),
        "psql" => psql::read(g, &line.host.clone().or(host), text, cite),
        _ if line.words.iter().any(|w| w == "psql") => psql::read(g, &host, text, cite),
        _ => {}
    }
}

/// `Nov 27 15:34:44 worker-1 kubelet[812]: …` was written on `worker-1`.
fn journal_host(text: &str) -> Option<String> {
    text.lines().find_map(|l| {
        let w: Vec<&str> = l.split_whitespace().take(5).collect();
        let clock = w.get(2)?.split(':').count() == 3 && w[1].parse::<u8>().is_ok();
        (clock && w.get(4)?.ends_with(':')).then(|| w[3].to_owned())
    })
}

/// The word that names what a network command speaks to.
fn target(line: &Line) -> Option<String> {
    let word = line.words.iter().rev().find(|w| {
        !w.starts_with('-')
            && w.parse::<f64>().is_err()
            && w.chars().any(|c| c.is_ascii_alphanumeric())
            && !w.contains('%')
    })?;
    let plain = word.split_once("://").map_or(word.as_str(), |u| u.1);
    let plain = plain.split('/').next().unwrap_or(plain);
    let name = plain.split(':').next().unwrap_or(plain);
    (!name.is_empty()).then(|| name.to_owned())
}

fn units(g: &mut Gathered, line: &Line, text: &str, host: &Option<String>, cite: &Cite) {
    let asked = line
        .words
        .iter()
        .rfind(|w| !w.starts_with('-'))
        .filter(|w| *w != "status" && *w != "is-active")
        .cloned();
    let mut unit: Option<Unit> = None;
    let name = |w: &str| w.trim_end_matches(".service").to_owned();
    for l in text.lines() {
        let t = l.trim();
        let head = t.strip_prefix(['●', '×', '○', '*']).map(str::trim);
        if let Some(first) = head.and_then(|h| h.split_whitespace().next()) {
            g.host.units.extend(unit.take());
            unit = Some(Unit {
                name: name(first),
                host: host.clone(),
                active: true,
                state: String::new(),
                journal: String::new(),
                cite: cite.clone(),
            });
        } else if let Some(state) = t.strip_prefix("Active:") {
            let state = state.trim();
            let u = unit.get_or_insert_with(|| Unit {
                name: asked.as_deref().map(name).unwrap_or_default(),
                host: host.clone(),
                active: true,
                state: String::new(),
                journal: String::new(),
                cite: cite.clone(),
            });
            // A unit that starts over and over is not up.
            u.active = state.starts_with("active (") || state.starts_with("reloading");
            u.state = state.split(" since").next().unwrap_or(state).to_owned();
        } else if let Some(u) = &mut unit
            && u.journal.len() < 4_000
        {
            u.journal.push_str(t);
            u.journal.push('\n');
        }
    }
    // `systemctl is-active kubelet` prints one word; a unit that does not exist is no unit that is down.
    if unit.is_none()
        && let Some(asked) = &asked
        && let first @ ("inactive" | "failed" | "active" | "activating") = text.trim()
    {
        unit = Some(Unit {
            name: name(asked),
            host: host.clone(),
            active: first == "active",
            state: first.to_owned(),
            journal: String::new(),
            cite: cite.clone(),
        });
    }
    g.host.units.extend(unit);
}

fn filesystems(g: &mut Gathered, line: &Line, text: &str, host: &Option<String>, cite: &Cite) {
    let inodes = line.words.iter().any(|w| w.starts_with('-') && w.contains('i')) || text.contains("IUse%");
    for l in text.lines().skip(1) {
        let cells: Vec<&str> = l.split_whitespace().collect();
        let Some(at) = cells.iter().position(|c| c.len() > 1 && c.ends_with('%')) else { continue };
        let Ok(used) = cells[at].trim_end_matches('%').parse::<f64>() else { continue };
        let mount = cells.get(at + 1..).unwrap_or(&[]).join(" ");
        g.host.filesystems.push(Filesystem { host: host.clone(), mount, used, inodes, cite: cite.clone() });
    }
}

fn memory(g: &mut Gathered, text: &str, host: &Option<String>, cite: &Cite) {
    let head: Vec<&str> = text.lines().next().unwrap_or("").split_whitespace().collect();
    let Some(row) = text.lines().find_map(|l| l.trim().strip_prefix("Mem:")) else { return };
    let cells: Vec<&str> = row.split_whitespace().collect();
    let of = |name: &str| {
        let i = head.iter().position(|h| *h == name)?;
        quantity(cells.get(i)?.trim_end_matches('B'))
    };
    if let (Some(total), Some(available)) = (of("total"), of("available").or_else(|| of("free"))) {
        g.host.memory.push(Memory { host: host.clone(), total, available, cite: cite.clone() });
    }
}

fn sockets(g: &mut Gathered, text: &str, host: &Option<String>, cite: &Cite) {
    let mut states: std::collections::BTreeMap<String, i64> = std::collections::BTreeMap::new();
    for l in text.lines() {
        // `TCP:   14552 (estab 310, closed 14000, orphaned 12, timewait 13987)`.
        if let Some(rest) = l.trim().strip_prefix("TCP:").and_then(|r| r.split_once('(')) {
            for part in rest.1.trim_end_matches(')').split(',') {
                if let Some((state, n)) = part.trim().split_once(' ')
                    && let Ok(n) = n.split('/').next().unwrap_or(n).parse::<i64>()
                {
                    *states.entry(state.to_lowercase()).or_default() += n;
                }
            }
        } else if let Some(state) = l
            .split_whitespace()
            .find(|w| w.len() > 4 && w.bytes().all(|b| b.is_ascii_uppercase() || b == b'-' || b == b'_'))
            && ["ESTAB", "SYN", "CLOSE", "TIME", "FIN", "LISTEN"].iter().any(|s| state.starts_with(s))
        {
            *states.entry(state.to_lowercase().replace(['-', '_'], "")).or_default() += 1;
            g.host.full_queues.extend(full_queue(l, host, cite));
        }
    }
    for (state, n) in states {
        g.host.sockets.push((host.clone(), state, n, cite.clone()));
    }
}

/// `LISTEN 129 128 0.0.0.0:8080 0.0.0.0:* users:(("web",pid=812,fd=6))`: of a socket that listens, the first number is what
/// waits to be accepted and the second how much may (ss(8), `Recv-Q` and `Send-Q`).
fn full_queue(l: &str, host: &Option<String>, cite: &Cite) -> Option<FullQueue> {
    let words: Vec<&str> = l.split_whitespace().collect();
    let at = words.iter().position(|w| *w == "LISTEN")?;
    let number = |i: usize| words.get(at + i)?.parse::<i64>().ok();
    let (waiting, most) = (number(1)?, number(2)?);
    let process = l.split_once("users:((\"").and_then(|u| u.1.split_once('"')).map(|p| p.0.to_owned());
    (most > 0 && waiting >= most).then(|| FullQueue {
        host: host.clone(),
        process,
        address: words.get(at + 3).copied().unwrap_or_default().to_owned(),
        waiting,
        most,
        cite: cite.clone(),
    })
}

/// `tc qdisc`: delay and loss that somebody set with netem.
fn rules(g: &mut Gathered, text: &str, host: &Option<String>, cite: &Cite) {
    for l in text.lines().filter(|l| l.contains("netem")) {
        let words: Vec<&str> = l.split_whitespace().collect();
        let after = |key: &str| words.iter().position(|w| *w == key).and_then(|i| words.get(i + 1));
        let delay = after("delay").and_then(|d| milliseconds(d));
        let loss = after("loss").and_then(|d| d.trim_end_matches('%').parse().ok());
        if delay.is_some() || loss.is_some() {
            g.host.links.push(Link {
                from: host.clone(),
                to: None,
                delay,
                loss,
                configured: true,
                failure: None,
                cite: cite.clone(),
            });
        }
    }
}

/// Milliseconds of `100ms`, `1.5s`, `250us`.
fn milliseconds(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let n: f64 = text[..end].parse().ok()?;
    match &text[end..] {
        "ms" => Some(n),
        "s" => Some(n * 1000.0),
        "us" => Some(n / 1000.0),
        _ => None,
    }
}

fn measured(g: &mut Gathered, text: &str, line: &Line, to: Option<String>, cite: &Cite) {
    let lower = text.to_lowercase();
    let number_before = |mark: &str| {
        let i = lower.find(mark)?;
        lower[..i].rsplit([' ', ',']).find(|p| !p.is_empty())?.parse::<f64>().ok()
    };
    let loss = number_before("% packet loss");
    // `rtt min/avg/max/mdev = 0.1/0.2/0.3/0.1 ms`; `time_total: 5.01`, `real 0m5.0s`.
    let rtt = lower
        .lines()
        .find(|l| l.contains("min/avg/max"))
        .and_then(|l| l.split('=').nth(1)?.trim().split('/').nth(1)?.parse().ok());
    let total = lower.lines().find_map(|l| {
        let rest = l.split_once("time_total").or_else(|| l.split_once("total time"))?.1;
        rest.trim_start_matches([':', '=', ' ']).trim_end_matches('s').trim().parse::<f64>().ok()
    });
    let failure = failure(&lower);
    let delay = rtt.or(total.map(|s| s * 1000.0));
    if delay.is_some() || loss.is_some() || failure.is_some() {
        g.host.links.push(Link {
            from: line.host.clone(),
            to,
            delay,
            loss,
            configured: false,
            failure,
            cite: cite.clone(),
        });
    }
}

/// How a connection failed, by what clients print.
pub(super) fn failure(lower: &str) -> Option<Failure> {
    let has = |words: &[&str]| words.iter().any(|w| lower.contains(w));
    if has(&[
        "could not resolve",
        "can't resolve",
        "bad address",
        "name or service not known",
        "no such host",
        "nxdomain",
        "name resolution",
        "getaddrinfo",
    ]) {
        Some(Failure::NoName)
    } else if has(&["connection refused"]) {
        Some(Failure::Refused)
    } else if has(&["timed out", "timeout", "no route to host", "no servers could be reached"]) {
        Some(Failure::TimedOut)
    } else {
        None
    }
}

fn resolved(g: &mut Gathered, text: &str, line: &Line, cite: &Cite) {
    let lower = text.to_lowercase();
    let failed = failure(&lower).or_else(|| lower.contains("servfail").then_some(Failure::NoName));
    if failed.is_some() {
        let to = line.words.iter().find(|w| !w.starts_with(['-', '@', '+'])).cloned();
        // Whatever the reason is, no name was resolved.
        let failure =
            if lower.contains("no servers could be reached") { failed } else { Some(Failure::NoName) };
        g.host.links.push(Link {
            from: line.host.clone(),
            to,
            delay: None,
            loss: None,
            configured: false,
            failure,
            cite: cite.clone(),
        });
    }
}
