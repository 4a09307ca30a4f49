//! PostgreSQL's own views as `psql` prints them: sessions, locks, replication, limits.

use std::collections::BTreeMap;

use super::Gathered;
use crate::engines::state::model::host::Database;
use crate::evidence::Cite;

type Row = BTreeMap<String, String>;

pub(super) fn read(g: &mut Gathered, host: &Option<String>, text: &str, cite: &Cite) {
    let mut say = |cause: &'static str, weight: f64, reading: String| {
        g.host.databases.push(Database { host: host.clone(), cause, weight, reading, cite: cite.clone() });
    };
    let lower = text.to_lowercase();
    for (phrase, cause) in [
        ("too many clients already", "database.connection_limit"),
        ("remaining connection slots are reserved", "database.connection_limit"),
        ("too many connections for", "database.connection_limit"),
        ("the database system is shutting down", "database.primary_down"),
        ("the database system is starting up", "database.primary_down"),
        ("the database system is in recovery mode", "database.primary_down"),
    ] {
        if lower.contains(phrase) {
            say(cause, 0.88, format!("psql was answered \"{phrase}\""));
        }
    }
    if lower.contains("connection refused")
        && lower.contains("could not connect") | lower.contains("failed: ")
    {
        say("database.primary_down", 0.85, "psql was refused: nobody listens at the database's port".into());
    }
    let rows = rows(text);
    let sessions = rows.iter().filter(|r| r.contains_key("pid") && r.contains_key("state")).count();
    let field = |r: &Row, keys: &[&str]| keys.iter().find_map(|k| r.get(*k)).cloned().unwrap_or_default();
    // Who waits for a lock, and how long.
    let waiting: Vec<&Row> = rows
        .iter()
        .filter(|r| {
            field(r, &["wait_event_type"]).eq_ignore_ascii_case("lock")
                || field(r, &["granted"]) == "f"
                || r.keys().any(|k| k.starts_with("blocked") || k.starts_with("blocking"))
        })
        .collect();
    if !waiting.is_empty() {
        let idle = rows.iter().any(|r| field(r, &["state"]).starts_with("idle in transaction"));
        let holder = if idle { "; a session is idle in its transaction" } else { "" };
        let weight = (0.62 + 0.08 * waiting.len() as f64).min(0.9);
        say("database.lock_contention", weight, format!("{} sessions wait for locks{holder}", waiting.len()));
    }
    let slow: Vec<f64> = rows
        .iter()
        .filter(|r| field(r, &["state"]) == "active" && waiting.is_empty())
        .filter_map(|r| seconds(&field(r, &["duration", "runtime", "query_time", "age", "elapsed"])))
        .filter(|s| *s > 5.0)
        .collect();
    if let Some(longest) = slow.iter().copied().reduce(f64::max) {
        let weight = (0.55 + 0.06 * slow.len() as f64).min(0.85);
        say("database.slow_query", weight, format!("{} queries run for up to {longest:.0} s", slow.len()));
    }
    for r in &rows {
        if let Some(mean) =
            field(r, &["mean_exec_time", "mean_time"]).parse::<f64>().ok().filter(|m| *m > 1000.0)
        {
            say("database.slow_query", 0.65, format!("a statement takes {mean:.0} ms on average"));
            break;
        }
    }
    let lag = rows
        .iter()
        .flat_map(|r| r.iter().filter(|(k, _)| k.contains("lag") || k.contains("delay")))
        .filter_map(|(k, v)| {
            let bytes = k.contains("byte") || k.contains("size");
            let n = if bytes { v.parse::<f64>().ok()? / 16_777_216.0 } else { seconds(v)? };
            (n > 10.0).then_some((n, format!("{k} is {v}")))
        })
        .max_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((_, reading)) = lag {
        say("database.replication_lag", 0.85, format!("a replica lags: {reading}"));
    }
    let mut by_group = 0;
    for r in &rows {
        if let Some(n) = r.get("max_connections").and_then(|v| v.parse::<i64>().ok()) {
            g.host.session_limit = Some(n);
        }
        let counted = ["count", "connections", "numbackends", "sessions"].iter().find_map(|k| r.get(*k));
        if let Some(n) = counted.and_then(|v| v.parse::<i64>().ok())
            && (lower.contains("max_connections")
                || rows.len() == 1
                || r.contains_key("state")
                || r.contains_key("numbackends"))
        {
            g.host.sessions.push((n, cite.clone()));
            // Counted by state or by database, they are as many as all groups together.
            by_group += n;
        }
    }
    if by_group > 0 {
        g.host.sessions.push((by_group, cite.clone()));
    }
    if sessions > 0 {
        g.host.sessions.push((sessions as i64, cite.clone()));
    }
}

/// Rows of aligned tables (`a | b`) and of expanded ones (`-[ RECORD 1 ]`).
fn rows(text: &str) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::new();
    let mut head: Vec<String> = Vec::new();
    let mut expanded = false;
    let mut before = "";
    for l in text.lines() {
        if l.trim_start().starts_with("-[ RECORD") {
            expanded = true;
            out.push(Row::new());
        } else if expanded {
            if let (Some((k, v)), Some(last)) = (l.split_once('|'), out.last_mut()) {
                last.insert(k.trim().to_lowercase(), v.trim().to_owned());
            }
        } else if l.len() > 2 && l.contains("--") && l.bytes().all(|b| matches!(b, b'-' | b'+')) {
            head = before.split('|').map(|h| h.trim().to_lowercase()).collect();
        } else if l.trim().is_empty() || l.trim_start().starts_with('(') {
            head.clear();
        } else if !head.is_empty() {
            out.push(head.iter().cloned().zip(l.split('|').map(|c| c.trim().to_owned())).collect());
        }
        before = l;
    }
    out
}

/// Seconds of an interval: `00:05:12.3`, `1 day 02:00:00`, `312.5`.
fn seconds(text: &str) -> Option<f64> {
    let (days, clock) = match text.split_once(" day") {
        Some((d, rest)) => (d.trim().parse::<f64>().ok()?, rest.trim_start_matches('s').trim()),
        None => (0.0, text.trim()),
    };
    let mut total = 0.0;
    for part in clock.split(':') {
        total = total * 60.0 + part.parse::<f64>().ok()?;
    }
    Some(days * 86_400.0 + total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_expanded_rows_are_read() {
        let r = rows(
            " pid | state  | wait_event_type\n-----+--------+----------------\n  12 | active | Lock\n(1 row)\n",
        );
        assert_eq!((r.len(), r[0]["wait_event_type"].as_str()), (1, "Lock"));
        let r = rows("-[ RECORD 1 ]---+----\npid             | 12\nreplay_lag      | 00:02:00\n");
        assert_eq!(r[0]["replay_lag"], "00:02:00");
        assert_eq!((seconds("00:02:00.5"), seconds("1 day 00:00:01")), (Some(120.5), Some(86_401.0)));
    }
}
