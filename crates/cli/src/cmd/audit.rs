//! `firebell audit verify|list`: reads the audit log where it is stored, beside a running server or without one. Whoever
//! checks it need not trust the server that wrote it.

use std::collections::BTreeSet;
use std::path::Path;

use firebell_core::audit::{AuditEntry, Chain};
use firebell_core::ids::IncidentId;
use firebell_core::ports::office::OfficeReader;
use firebell_core::ports::store::Reader;
use firebell_engine::machine::events_sha256;
use firebell_store::SqliteReader;
use serde_json::json;

use crate::args::{AuditCommand, DEFAULT_DATA};
use crate::exit_code::{ExitCode, coded};
use crate::output::{self, Tone, paint};

/// Entries read at once.
const PAGE: usize = 1000;

pub(super) fn run(command: &AuditCommand) -> anyhow::Result<ExitCode> {
    match command {
        AuditCommand::Verify { data, head, json } => verify(&open(data.as_deref())?, head.as_deref(), *json),
        AuditCommand::List { data, limit, json } => list(&open(data.as_deref())?, *limit, *json),
    }
}

fn open(data: Option<&Path>) -> anyhow::Result<SqliteReader> {
    let data = data.unwrap_or(Path::new(DEFAULT_DATA));
    SqliteReader::open(data).map_err(|error| {
        coded(ExitCode::Usage, format!("there is no audit log to read in {}: {error}", data.display()))
    })
}

/// Follows the chain, and compares each incident's events with what was written down when a person caused them.
fn verify(reader: &SqliteReader, head: Option<&str>, as_json: bool) -> anyhow::Result<ExitCode> {
    let (mut chain, mut seq, mut compared, mut seen_head) = (Chain::default(), 0, 0, false);
    let mut wrong: Vec<String> = Vec::new();
    'log: loop {
        let page = reader.audit_after(seq, PAGE)?;
        let Some(last) = page.last() else { break };
        seq = last.seq;
        for entry in &page {
            if let Err(broken) = chain.follow(entry) {
                // What follows on a broken entry tells nothing.
                wrong.push(broken.to_string());
                break 'log;
            }
            seen_head |= head.is_some_and(|head| entry.hash == head);
            match changed(reader, entry)? {
                None => {}
                Some(None) => compared += 1,
                Some(Some(problem)) => wrong.push(problem),
            }
        }
    }
    if let Some(head) = head
        && !seen_head
        && wrong.is_empty()
    {
        wrong.push(format!("no entry has the hash {head}: entries were cut off at the end, or replaced"));
    }
    let last = chain.head();
    let ok = wrong.is_empty();
    if as_json {
        output::json(&json!({
            "ok": ok,
            "entries": last.map_or(0, |l| l.seq),
            "head": last.map(|l| &l.hash),
            "commands_compared": compared,
            "problems": wrong,
        }));
    } else {
        for problem in &wrong {
            output::line(&format!("{} {}", paint(Tone::Bad, "FAIL"), output::clean(problem)));
        }
        let entries = last.map_or(0, |l| l.seq);
        if ok {
            output::line(&format!(
                "{} {entries} entries follow on each other; {compared} commands match the incidents' events",
                paint(Tone::Good, "ok  ")
            ));
        }
        if let Some(last) = last {
            output::line(&format!(
                "head {} (keep it elsewhere; `firebell audit verify --head` finds whether the log still has it)",
                last.hash
            ));
        }
    }
    Ok(if ok { ExitCode::Ok } else { ExitCode::Wanting })
}

/// Whether the events of a command are what they were: `None` where the entry is about something else.
fn changed(reader: &SqliteReader, entry: &AuditEntry) -> anyhow::Result<Option<Option<String>>> {
    let detail = &entry.act.detail;
    let (Some(from), Some(to), Some(sha256), true) = (
        detail["from"].as_u64(),
        detail["to"].as_u64(),
        detail["sha256"].as_str(),
        entry.act.action.starts_with("incident."),
    ) else {
        return Ok(None);
    };
    let events = reader.events(&IncidentId::new(&entry.act.target))?;
    let meant: Vec<_> = events.into_iter().filter(|e| (from..=to).contains(&e.version)).collect();
    if events_sha256(&meant) == sha256 {
        return Ok(Some(None));
    }
    Ok(Some(Some(format!(
        "events {from} to {to} of {} are not what entry {} says that {} caused by {}",
        entry.act.target, entry.seq, entry.act.actor, entry.act.action
    ))))
}

fn list(reader: &SqliteReader, limit: usize, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut entries = reader.audit_before(u64::MAX, limit)?;
    entries.reverse();
    if as_json {
        output::json(&json!({ "entries": entries }));
        return Ok(ExitCode::Ok);
    }
    let width = entries.iter().map(|e| e.act.action.len()).collect::<BTreeSet<_>>().last().copied();
    for entry in &entries {
        let (act, width) = (&entry.act, width.unwrap_or(0));
        let line = format!(
            "{:>6} {} {:<width$} {} {}",
            entry.seq,
            entry.at.strftime("%Y-%m-%d %H:%M:%S"),
            act.action,
            act.actor,
            act.target
        );
        output::line(&output::clean(&line));
    }
    Ok(ExitCode::Ok)
}
