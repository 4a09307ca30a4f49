//! Checks, locks, limits and releases that a change takes away, by how often they stand on both sides of the diff: what
//! only moves is not gone.

use super::diff::{FileDiff, Side};
use super::edit::{Edit, Sort, short};
use super::effect::Effect::{self, *};
use super::lines;

/// A sort of guard: what it is called, words by which it is known in lower case, harm without it, whether the harm shows
/// at what is called, whether it takes a while.
type Guard = (&'static str, &'static [&'static str], &'static [(Effect, f64)], bool, bool);

const GUARDS: &[Guard] = &[
    (
        "a lock",
        &[
            ".lock()",
            "mutex",
            "synchronized",
            "rwlock",
            ".rlock()",
            "withlock",
            "_lock:",
            "atomic",
            "for update",
            "semaphore",
            "compareandset",
            "concurrenthashmap",
            "sync.map",
            "setnx",
            "with lock",
            "lock {",
            "@lock",
            "advisory_lock",
            "interlocked",
        ],
        &[(Race, 1.0), (Wrong, 0.5), (Crash, 0.5), (Lock, 0.2)],
        false,
        false,
    ),
    (
        "a transaction",
        &["transaction", ".begin()", ".commit()", "@transactional", "isolation"],
        &[(Race, 0.8), (Wrong, 0.7), (Lock, 0.3), (Schema, 0.2)],
        false,
        false,
    ),
    (
        "a guard against doing things twice",
        &[
            "idempot",
            "dedup",
            "on conflict",
            "insert ignore",
            "already_processed",
            "alreadyprocessed",
            "upsert",
            "unique",
        ],
        &[(Race, 0.9), (Wrong, 0.7), (Queue, 0.3)],
        false,
        false,
    ),
    (
        "a check for what is not there",
        &[
            "!= nil",
            "== nil",
            "!== null",
            "=== null",
            "!= null",
            "== null",
            "is none",
            "is not none",
            "?.",
            "ispresent",
            "undefined",
            "hasattr",
            "isset",
            ".get(",
            "getordefault",
            "unwrap_or",
            "?? ",
            "orelse",
            "is null",
            ".nil?",
            "&.",
            "optional",
        ],
        &[(Null, 1.0), (Crash, 0.5), (Missing, 0.4), (Errors, 0.3)],
        false,
        false,
    ),
    (
        "a check of bounds",
        &[
            "len(", ".length", ".size()", "clamp", "math.min", "math.max", " min(", " max(", "std::min",
            "count(",
        ],
        &[(Null, 0.6), (Memory, 0.4), (Payload, 0.6), (Arithmetic, 0.5), (Crash, 0.4), (Load, 0.3)],
        false,
        false,
    ),
    (
        "a release",
        &[
            ".close()",
            ".release()",
            "dispose",
            "unsubscribe",
            "removelistener",
            "removeeventlistener",
            "finally",
            "with open",
            "clearinterval",
            "cleartimeout",
            "free(",
            "cancel()",
            "try-with",
            "putconn",
            "defer conn",
            "defer rows",
            "defer resp",
            "using var",
            "drop(",
            "body.close",
        ],
        &[(Descriptors, 0.9), (Pool, 0.95), (Memory, 0.85), (Threads, 0.6), (Timeout, 0.3)],
        false,
        true,
    ),
    (
        "an eviction",
        &[
            "evict",
            "prune",
            "cleanup",
            ".delete(",
            "maxsize",
            "lru",
            "expire(",
            "removeeldest",
            ".clear()",
            "ltrim",
            "truncate",
        ],
        &[(Memory, 1.0), (Disk, 0.6), (Queue, 0.3), (Stale, 0.4)],
        false,
        true,
    ),
    (
        "the handling of failures",
        &["catch", "except ", "except:", "recover()", "rescue", ".catch(", "onerror", "on_error", "fallback"],
        &[(Crash, 0.9), (Errors, 0.5), (Null, 0.3), (Timeout, 0.3)],
        false,
        false,
    ),
    (
        "a breaker",
        &["circuitbreaker", "circuit_breaker", "breaker", "bulkhead", "hystrix"],
        &[(Timeout, 0.7), (Threads, 0.8), (Load, 0.6), (Retries, 0.5)],
        false,
        false,
    ),
    (
        "a check of access",
        &[
            "authoriz",
            "permission",
            "is_admin",
            "isadmin",
            "verify",
            "csrf",
            "hasrole",
            "require_login",
            "authenticate",
        ],
        &[(Access, 0.8), (Wrong, 0.5)],
        false,
        false,
    ),
    (
        "a header or token",
        &[
            "setheader",
            "set_header",
            ".header(",
            "headers[",
            "authorization",
            "bearer",
            "x-api-key",
            "withcredentials",
        ],
        &[(Access, 0.95), (Parse, 0.4), (Wrong, 0.3)],
        false,
        false,
    ),
    (
        "a validation",
        &["validate", "sanitize", "escape", "isvalid", "is_valid", "schema.parse", "strip(", ".trim("],
        &[(Parse, 0.7), (Schema, 0.5), (Wrong, 0.5), (Arithmetic, 0.4), (Null, 0.4), (Errors, 0.3)],
        false,
        false,
    ),
    (
        "a cache",
        &[
            "cache.get",
            "getorload",
            "@cacheable",
            "lru_cache",
            "memoize",
            "cached",
            "fromcache",
            "from_cache",
            "cache.fetch",
            "cache",
        ],
        &[
            (CacheMiss, 0.95),
            (Database, 0.95),
            (Load, 0.6),
            (Slow, 0.6),
            (Cpu, 0.5),
            (RateLimit, 0.5),
            (Timeout, 0.3),
        ],
        true,
        false,
    ),
    (
        "a time limit",
        &["timeout", "deadline"],
        &[(Threads, 0.8), (Pool, 0.6), (Slow, 0.7), (Queue, 0.6), (Timeout, 0.5)],
        false,
        true,
    ),
    (
        "a pause between attempts",
        &["sleep", "backoff", "jitter", "delay"],
        &[(Retries, 0.95), (RateLimit, 0.7), (Load, 0.7), (Lock, 0.4), (Cpu, 0.4)],
        true,
        false,
    ),
    (
        "a repetition after failures",
        &["retry", "retries", "attempt"],
        &[(Retries, 0.8), (Errors, 0.5), (Timeout, 0.5), (Unreachable, 0.4)],
        false,
        false,
    ),
    (
        "a limit of how much is read",
        &[
            ".limit(",
            "->limit(",
            " limit ",
            "paginate",
            "page_size",
            "pagesize",
            ".take(",
            "fetch first",
            "top(",
        ],
        &[(Memory, 0.9), (Database, 0.8), (Slow, 0.7), (Payload, 0.6), (Timeout, 0.6), (Cpu, 0.4)],
        true,
        false,
    ),
    (
        "waiting for a result",
        &["await ", ".await", ".join()", ".get();", ".wait("],
        &[(Race, 0.8), (Null, 0.5), (Wrong, 0.6), (Crash, 0.3)],
        false,
        false,
    ),
    (
        "a limit of how much may come",
        &["ratelimit", "rate_limit", "throttle", "limiter"],
        &[(Load, 0.9), (RateLimit, 0.6), (Cpu, 0.6), (Queue, 0.5), (Database, 0.5)],
        false,
        false,
    ),
];

pub(super) fn read(files: &[&FileDiff<'_>], out: &mut Vec<Edit>) {
    let of = |side: Side| -> Vec<(&str, String)> {
        files
            .iter()
            .flat_map(|f| f.side(side))
            .map(|l| (lines::bare(l), lines::bare(l).to_lowercase()))
            .filter(|(l, _)| !l.is_empty() && !super::inert::says(l) && !super::inert::imports(l))
            .collect()
    };
    let (removed, added) = (of(Side::Removed), of(Side::Added));
    for (what, words, effects, below, delayed) in GUARDS {
        let guards = |l: &str| words.iter().any(|w| l.contains(w));
        let gone: Vec<&str> = removed.iter().filter(|(_, l)| guards(l)).map(|(raw, _)| *raw).collect();
        let kept = added.iter().filter(|(_, l)| guards(l)).count();
        if gone.len() <= kept {
            continue;
        }
        let line = gone.iter().find(|g| !added.iter().any(|(a, _)| a == *g)).unwrap_or(&gone[0]);
        let mut edit = Edit::new(Sort::Guard, format!("takes away {what}: `{}`", short(line)), effects);
        (edit.below, edit.delayed) = (*below, *delayed);
        out.push(edit);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{diff, edit};
    use super::*;

    #[test]
    fn what_is_taken_away_is_named_and_what_moves_is_not() {
        for (text, what, effect) in [
            ("@@ l.go @@\n-\tl.mu.Lock()\n-\tdefer l.mu.Unlock()\n \tl.n++\n", "a lock", Race),
            ("@@ A.java @@\n-  public synchronized void put() {\n+  public void put() {\n", "a lock", Race),
            (
                "@@ c.py @@\n-    with open(p) as f:\n-        return f.read()\n+    return open(p).read()\n",
                "a release",
                Descriptors,
            ),
            ("@@ c.go @@\n-\tdefer rows.Close()\n", "a release", Pool),
            (
                "@@ u.ts @@\n-  return user?.address?.city\n+  return user.address.city\n",
                "a check for what is not there",
                Null,
            ),
            ("@@ h.js @@\n-  try {\n-  } catch (e) { return [] }\n", "the handling of failures", Crash),
            (
                "@@ p.rb @@\n-  Rails.cache.fetch(key) { Price.find(id) }\n+  Price.find(id)\n",
                "a cache",
                CacheMiss,
            ),
            ("@@ r.go @@\n-\ttime.Sleep(backoff(i))\n", "a pause between attempts", Retries),
            (
                "@@ r.php @@\n-  $q->limit(100)->get();\n+  $q->get();\n",
                "a limit of how much is read",
                Memory,
            ),
        ] {
            let edits = edit::read(&diff::parse(text));
            let found = edits.iter().find(|e| e.what.contains(what));
            assert!(
                found.is_some_and(|e| e.effects.iter().any(|x| x.0 == effect && x.1 > 0.5)),
                "{text} {edits:?}"
            );
        }
        let moved = "@@ l.go @@\n-\tl.mu.Lock()\n \tx()\n+\tl.mu.Lock()\n";
        assert!(edit::read(&diff::parse(moved)).iter().all(|e| e.sort != Sort::Guard));
    }
}
