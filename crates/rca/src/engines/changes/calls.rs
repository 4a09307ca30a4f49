//! Calls that are gone, and code that is new: calls in loops, waits, threads, connections for each request, exceptions,
//! settings that it asks for.

use super::diff::{FileDiff, Hunk, Side};
use super::edit::{Edit, Sort, short};
use super::effect::Effect::{self, *};
use super::lines::{self, Token};
use super::{inert, knob};

/// First parts of names that make something ready which others rely on.
const PREPARES: [&str; 26] = [
    "register",
    "init",
    "initialize",
    "load",
    "seed",
    "setup",
    "set",
    "configure",
    "bind",
    "mount",
    "provide",
    "add",
    "use",
    "subscribe",
    "install",
    "bootstrap",
    "migrate",
    "preload",
    "populate",
    "enable",
    "start",
    "warm",
    "prime",
    "connect",
    "apply",
    "include",
];

pub(super) fn read(files: &[&FileDiff<'_>], out: &mut Vec<Edit>) {
    gone(files, out);
    for file in files {
        for hunk in &file.hunks {
            looped(hunk, out);
            fresh(hunk, out);
        }
    }
}

/// Calls that stand on removed lines more often than on added ones.
fn gone(files: &[&FileDiff<'_>], out: &mut Vec<Edit>) {
    let of = |side: Side| {
        let lines = files
            .iter()
            .flat_map(|f| f.side(side))
            .filter(move |l| !inert::says(lines::bare(l)) && !inert::imports(lines::bare(l)));
        lines::calls(lines)
    };
    let (removed, added) = (of(Side::Removed), of(Side::Added));
    // Where as much is written as is taken away, a missing call was probably replaced.
    let count = |side: Side| {
        files.iter().map(|f| f.side(side).filter(|l| !lines::bare(l).is_empty()).count()).sum::<usize>()
    };
    let replaced = count(Side::Added) >= count(Side::Removed);
    for (name, n) in &removed {
        if added.get(name).copied().unwrap_or(0) >= *n || name.len() < 3 {
            continue;
        }
        let parts = knob::parts(name);
        let prepares = parts.first().is_some_and(|p| PREPARES.contains(&p.as_str())) && parts.len() > 1;
        let effects: &[(Effect, f64)] = if prepares {
            &[(Missing, 1.0), (Null, 0.6), (Setting, 0.6), (Errors, 0.4), (Access, 0.4), (Unreachable, 0.4)]
        } else {
            &[(Missing, 0.5), (Null, 0.4), (Wrong, 0.5), (Errors, 0.3), (Stale, 0.3)]
        };
        let size = if replaced { 0.6 } else { 1.0 };
        let effects: Vec<(Effect, f64)> = effects.iter().map(|(e, w)| (*e, w * size)).collect();
        out.push(
            Edit::new(Sort::Removed, format!("no longer calls `{}`", short(name)), &effects)
                .naming([name.clone()]),
        );
    }
}

/// Words of calls that go over the network or to a store.
const FETCHES: [&str; 22] = [
    "query", "fetch", "find", "get", "load", "exec", "execute", "select", "request", "post", "call",
    "lookup", "http", "send", "read", "save", "insert", "findone", "findbyid", "one", "first", "rpc",
];

/// A call to a store or another component in a loop, where there was none.
fn looped(hunk: &Hunk<'_>, out: &mut Vec<Edit>) {
    let indent = |t: &str| t.len() - t.trim_start().len();
    let mut loops: Vec<(usize, Side)> = Vec::new();
    for line in hunk.lines.iter().filter(|l| l.side != Side::Removed) {
        let bare = lines::bare(line.text);
        if bare.is_empty() {
            continue;
        }
        let depth = indent(line.text);
        loops.retain(|(d, _)| *d < depth);
        let lower = bare.to_lowercase();
        let one_line = [".map(", ".foreach(", ".each ", ".each{", ".flatmap(", " for "]
            .iter()
            .any(|w| lower.contains(w));
        let opens = ["for ", "for(", "foreach", "while ", "while(", "loop {", "loop do"]
            .iter()
            .any(|w| lower.starts_with(w))
            || lower.ends_with("do") && lower.contains("each")
            || one_line && (lower.ends_with(['{', '(', '|']) || lower.ends_with("=>"));
        let called = lines::calls([line.text].into_iter());
        let fetch = called.keys().find(|name| {
            knob::parts(name).iter().any(|p| FETCHES.contains(&p.as_str()))
                && !name.eq_ignore_ascii_case("get")
                || ["get", "fetch"].contains(&name.to_lowercase().as_str()) && reaches_out(&lower)
        });
        let inside = loops.iter().any(|(_, side)| *side == Side::Added || line.side == Side::Added);
        let alone = one_line && !opens && line.side == Side::Added && reaches_out(&lower);
        if let Some(name) = fetch
            && line.side == Side::Added
            && (inside || alone)
            && !hunk.lines.iter().any(|l| {
                l.side == Side::Removed && l.text.contains(&format!("{name}(")) && indent(l.text) >= depth
            })
        {
            let mut edit = Edit::new(
                Sort::Added,
                format!("calls `{}` in a loop", short(name)),
                &[
                    (Database, 0.95),
                    (Slow, 0.7),
                    (Pool, 0.7),
                    (Load, 0.7),
                    (RateLimit, 0.6),
                    (Timeout, 0.6),
                    (Cpu, 0.4),
                ],
            )
            .naming([name.clone()]);
            edit.below = true;
            out.push(edit);
            return;
        }
        if opens {
            loops.push((depth, line.side));
        }
    }
}

/// Whether a line has a word of stores or of the network.
fn reaches_out(lower: &str) -> bool {
    [
        "db.", "repo", "client", "session", "http", "api", "store", "dao", "model", "redis", "sql",
        "service", "axios", "cursor",
    ]
    .iter()
    .any(|w| lower.contains(w))
}

/// What an added line is known by, and the harm that it can bring.
type Trait = (&'static str, &'static [&'static str], &'static [(Effect, f64)], bool);

const TRAITS: &[Trait] = &[
    (
        "waits on a lock",
        &[
            ".lock()",
            "synchronized",
            "for update",
            "lock table",
            "with self._lock",
            "withlock(",
            "mutex.acquire",
        ],
        &[(Lock, 0.9), (Slow, 0.6), (Timeout, 0.6), (Threads, 0.5), (Cpu, 0.2)],
        false,
    ),
    (
        "pauses",
        &["sleep(", "thread.sleep", "settimeout(r", "delay("],
        &[(Slow, 0.9), (Timeout, 0.6), (Threads, 0.6), (Queue, 0.5)],
        false,
    ),
    (
        "blocks while it works",
        &[
            "readfilesync",
            "execsync",
            "writefilesync",
            "pbkdf2sync",
            "bcrypt.hashsync",
            ".result;",
            "run_until_complete",
            "blocking",
        ],
        &[(Threads, 0.9), (Slow, 0.8), (Cpu, 0.6), (Timeout, 0.6)],
        false,
    ),
    (
        "starts a thread for each use",
        &[
            "go func",
            "new thread(",
            "thread::spawn",
            "thread(target",
            "newcachedthreadpool",
            "create_task(",
            "newfixedthreadpool",
        ],
        &[(Threads, 0.9), (Memory, 0.8), (Cpu, 0.3)],
        true,
    ),
    (
        "opens a connection for each use",
        &[
            "sql.open(",
            "create_engine(",
            "new pool(",
            "createclient(",
            "new httpclient",
            "drivermanager.getconnection",
            "psycopg2.connect(",
            "mongoclient(",
            "redis.new",
            "grpc.dial(",
            "new client(",
            "createconnection(",
        ],
        &[(Pool, 0.95), (Descriptors, 0.9), (Unreachable, 0.3), (Slow, 0.4)],
        true,
    ),
    (
        "repeats what failed",
        &["retry", "attempt"],
        &[(Retries, 0.9), (Load, 0.7), (RateLimit, 0.7), (Race, 0.4), (Database, 0.4)],
        false,
    ),
    (
        "refuses what it does not accept",
        &[
            "throw ",
            "raise ",
            "panic(",
            "assert(",
            "assert ",
            "abort(",
            "unreachable!",
            "log.fatal",
            "requirenonnull",
        ],
        &[(Errors, 0.6), (Crash, 0.6), (Null, 0.4), (Parse, 0.4), (Access, 0.4), (Setting, 0.4)],
        false,
    ),
    (
        "reads everything into memory",
        &[
            "readall(",
            "read_all",
            "findall()",
            "find_all",
            ".tolist()",
            "select *",
            "fetchall(",
            ".readlines(",
            "collect(collectors",
        ],
        &[(Memory, 0.9), (Database, 0.6), (Slow, 0.5), (Timeout, 0.3)],
        false,
    ),
    (
        "hashes or packs more than before",
        &["bcrypt", "scrypt", "pbkdf2", "argon2", "gzip", "deepcopy", "deep_copy", "clonedeep"],
        &[(Cpu, 0.9), (Slow, 0.7), (Memory, 0.4), (Timeout, 0.3)],
        false,
    ),
    (
        "checks access otherwise",
        &[
            "authorize",
            "verify(",
            "jwt",
            "hasrole",
            "permission",
            "audience",
            "issuer",
            "samesite",
            "cors",
            "allowedorigins",
        ],
        &[(Access, 0.85), (Errors, 0.3)],
        false,
    ),
];

/// Traits of new code.
fn fresh(hunk: &Hunk<'_>, out: &mut Vec<Edit>) {
    let of = |side: Side| -> Vec<(&str, String)> {
        hunk.lines
            .iter()
            .filter(|l| l.side == side)
            .map(|l| (lines::bare(l.text), lines::bare(l.text).to_lowercase()))
            .filter(|(l, _)| !l.is_empty() && !inert::says(l) && !inert::imports(l))
            .collect()
    };
    let (removed, added) = (of(Side::Removed), of(Side::Added));
    for (what, words, effects, delayed) in TRAITS {
        let has = |l: &str| words.iter().any(|w| l.contains(w));
        let before = removed.iter().filter(|(_, l)| has(l)).count();
        let now: Vec<&(&str, String)> = added.iter().filter(|(_, l)| has(l)).collect();
        if now.len() <= before {
            continue;
        }
        let Some((line, _)) = now.iter().find(|(l, _)| !removed.iter().any(|(r, _)| r == l)) else {
            continue;
        };
        let mut edit =
            Edit::new(Sort::Added, format!("{what}: `{}`", short(line)), effects).naming(spoken(line));
        edit.delayed = *delayed;
        out.push(edit);
    }
    grows(&added, &removed, out);
    settings(&added, &removed, out);
}

/// Something that lives as long as the process and only grows.
fn grows(added: &[(&str, String)], removed: &[(&str, String)], out: &mut Vec<Edit>) {
    let keeps = |l: &str| {
        let into =
            [".append(", ".push(", ".put(", ".add(", ".insert(", ".set(", "] = ", ".addlistener(", ".on("];
        let place = [
            "cache",
            "history",
            "registry",
            "listeners",
            "buffer",
            "pending",
            "sessions",
            "seen",
            "_map",
            "static",
            "global",
            "metrics_by",
            "labels(",
            "this.",
            "self.",
        ];
        into.iter().any(|w| l.contains(w)) && place.iter().any(|w| l.contains(w))
    };
    if removed.iter().any(|(_, l)| keeps(l)) {
        return;
    }
    if let Some((line, _)) = added.iter().find(|(_, l)| keeps(l)) {
        let mut edit = Edit::new(
            Sort::Added,
            format!("keeps more and more: `{}`", short(line)),
            &[(Memory, 0.95), (Cpu, 0.2)],
        );
        edit.delayed = true;
        out.push(edit);
    }
}

/// Settings that new code asks for: they have to be there.
fn settings(added: &[(&str, String)], removed: &[(&str, String)], out: &mut Vec<Edit>) {
    let asks = |l: &str| {
        [
            "environ",
            "getenv",
            "process.env",
            "env::var",
            "env[",
            "@value(",
            "env.fetch",
            "configuration[",
            "config.get(",
        ]
        .iter()
        .any(|w| l.contains(w))
    };
    for (line, _) in added.iter().filter(|(l, lower)| asks(lower) && !removed.iter().any(|(r, _)| r == l)) {
        let mut edit = Edit::new(
            Sort::Added,
            format!("asks for a setting: `{}`", short(line)),
            &[(Setting, 1.0), (Missing, 0.7), (Crash, 0.6), (Null, 0.4)],
        )
        .naming(spoken(line))
        .naming(lines::tokens(line).into_iter().filter_map(|t| match t {
            Token::Word(w)
                if w.len() > 4 && w.chars().all(|c| c.is_uppercase() || c == '_' || c.is_ascii_digit()) =>
            {
                Some(w)
            }
            _ => None,
        }));
        edit.named = true;
        out.push(edit);
    }
}

/// Texts in a line that an error would repeat.
fn spoken(line: &str) -> Vec<String> {
    let texts = lines::tokens(line).into_iter().filter_map(|t| match t {
        Token::Text(s) if s.len() >= 4 => Some(s.to_owned()),
        _ => None,
    });
    // The type of what is thrown.
    let thrown = lines::tokens(line).into_iter().filter_map(|t| match t {
        Token::Word(w) if w.len() > 6 && (w.ends_with("Exception") || w.ends_with("Error")) => {
            Some(w.to_owned())
        }
        _ => None,
    });
    texts.chain(thrown).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{diff, edit};
    use super::*;

    #[test]
    fn calls_that_are_gone_or_new_are_told_with_their_harm() {
        for (text, what, effect) in [
            (
                "@@ b.ts @@\n-  registerPredefinedAgents(registry);\n   await registry.warmup();\n",
                "no longer calls `registerPredefinedAgents`",
                Missing,
            ),
            (
                "@@ v.py @@\n     for order in orders:\n+        customer = session.query(Customer).get(order.customer_id)\n",
                "in a loop",
                Database,
            ),
            (
                "@@ v.js @@\n+  const names = await Promise.all(ids.map(id => db.query(sql, id)))\n",
                "in a loop",
                Database,
            ),
            ("@@ s.go @@\n+\tgo func() { s.refresh(ctx) }()\n", "starts a thread", Threads),
            ("@@ c.py @@\n+    _cache[key] = value\n", "keeps more and more", Memory),
            ("@@ c.py @@\n+    region = os.environ[\"PAYMENT_REGION\"]\n", "asks for a setting", Setting),
            ("@@ d.go @@\n+\tdb, err := sql.Open(\"postgres\", dsn)\n", "opens a connection", Pool),
        ] {
            let edits = edit::read(&diff::parse(text));
            let found = edits.iter().find(|e| e.what.contains(what));
            assert!(
                found.is_some_and(|e| e.effects.iter().any(|x| x.0 == effect && x.1 > 0.5)),
                "{text} {edits:?}"
            );
        }
        let batched = "@@ v.py @@\n     for order in orders:\n-        c = session.query(C).get(order.id)\n+    cs = session.query(C).filter(C.id.in_(ids)).all()\n";
        assert!(!edit::read(&diff::parse(batched)).iter().any(|e| e.what.contains("in a loop")));
    }
}
