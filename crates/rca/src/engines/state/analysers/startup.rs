//! Containers that do not start or do not stay: memory, command, environment.

use super::super::finding::Finding;
use super::super::model::value::shown;
use super::super::view::{Kind, Trouble, View};
use super::quoted;

pub(super) fn run(v: &View<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    for t in v
        .troubles
        .iter()
        .filter(|t| matches!(t.kind, Kind::Crashing | Kind::Starting | Kind::NotReady | Kind::Evicted))
    {
        memory(v, t, &mut out);
        command(v, t, &mut out);
        environment(v, t, &mut out);
    }
    out
}

fn memory(v: &View<'_>, t: &Trouble<'_>, out: &mut Vec<Finding>) {
    let killed = t
        .pod
        .into_iter()
        .flat_map(|p| &p.states)
        .find(|s| s.before.iter().chain(&s.ended).any(|e| e.reason == "OOMKilled"));
    let printed = t.pod.is_some_and(|p| p.printed == "OOMKilled");
    // Who was killed once, long ago, and is not well now, is not well for another reason.
    if !matches!(t.kind, Kind::Crashing | Kind::Evicted) && !printed {
        return;
    }
    let event = t.says(&["oomkilled", "oom-killed", "memory cgroup out of memory", "oomkilling"]);
    if killed.is_none() && !printed && event.is_none() {
        return;
    }
    let limit = t
        .spec
        .all()
        .find(|c| killed.is_none_or(|s| s.name == c.name))
        .and_then(|c| c.limits.get("memory"))
        .map_or("no limit is shown".to_owned(), |l| format!("its limit is {}", shown("memory", *l)));
    let reading = format!("{} was killed for memory ({limit}); {}", t.workload, t.what);
    let cite = event.map_or(&t.cite, |e| &e.1);
    out.push(
        Finding::new(
            v.service(&t.workload),
            "kubernetes.oom_killed",
            0.91 * t.sure,
            "OOMKilled",
            cite,
            reading,
        )
        .also(Some(&t.cite), t.what.clone()),
    );
}

const NO_COMMAND: &[&str] = &[
    "executable file not found",
    "exec format error",
    "no such file or directory: unknown",
    "is a directory: unknown",
    "failed to create containerd task",
    "failed to create shim task",
    "oci runtime create failed",
    "oci runtime",
    "exit code 127",
    "starterror",
    "containercannotrun",
    "no command specified",
];
const NO_SCRIPT: &[&str] = &[
    "command not found",
    ": not found",
    "can't open file",
    "cannot find module",
    "could not find or load main class",
    "unable to access jarfile",
    "no such file or directory",
    "unknown command",
    "unrecognized option",
    "unknown flag",
    "unknown option",
    "flag provided but not defined",
    "invalid option",
    "usage:",
];

fn command(v: &View<'_>, t: &Trouble<'_>, out: &mut Vec<Finding>) {
    if !matches!(t.kind, Kind::Crashing | Kind::Starting) {
        return;
    }
    let place = v.service(&t.workload);
    let own: Vec<String> = t
        .spec
        .all()
        .filter(|c| !c.command.is_empty() || !c.args.is_empty())
        .map(|c| c.command.iter().chain(&c.args).cloned().collect::<Vec<_>>().join(" "))
        .collect();
    let given = if own.is_empty() { String::new() } else { format!(" (command: {})", own.join("; ")) };
    let mount = t.says(&["mountvolume", "not a directory"]).is_some();
    if let Some((text, cite)) = t.says(NO_COMMAND).filter(|_| !mount) {
        let lower = text.to_lowercase();
        let certain = lower.contains("executable file not found")
            || lower.contains("no such file")
            || lower.contains("exit code 127")
            || lower.contains("permission denied");
        let weight = if certain { 0.92 } else { 0.82 };
        let reading = format!("{} cannot run its command{given}: {}", t.workload, quoted(text));
        out.push(
            Finding::new(place, "kubernetes.incorrect_command", weight * t.sure, "command", cite, reading)
                .also(Some(&t.cite), t.what.clone()),
        );
        return;
    }
    // A program that was found and does not know what it is told to run.
    for o in v.outputs(&t.workload) {
        let tail: Vec<&str> = o.text.lines().rev().take(12).collect();
        let hit = tail.iter().find(|l| NO_SCRIPT.iter().any(|w| l.to_lowercase().contains(w)));
        let Some(line) = hit else { continue };
        let names_own = own
            .iter()
            .flat_map(|c| c.split_whitespace())
            .any(|w| w.len() > 3 && line.contains(w.trim_matches(['"', '\''])));
        if own.is_empty() && !line.contains("exec") {
            continue;
        }
        let weight = if names_own { 0.88 } else { 0.6 };
        let reading = format!("{} does not know what it is told to run{given}: {}", t.workload, quoted(line));
        out.push(
            Finding::new(place, "kubernetes.incorrect_command", weight, "command", &o.cite, reading)
                .also(Some(&t.cite), t.what.clone()),
        );
        return;
    }
    let done = t
        .pod
        .into_iter()
        .flat_map(|p| &p.states)
        .any(|s| s.before.iter().chain(&s.ended).any(|e| e.code == Some(0) && e.reason == "Completed"));
    if done && !own.is_empty() && t.kind == Kind::Crashing {
        let reading = format!("{} ends at once and without an error{given}; {}", t.workload, t.what);
        out.push(Finding::new(
            place,
            "kubernetes.incorrect_command",
            0.78 * t.sure,
            "command",
            &t.cite,
            reading,
        ));
    }
}

const LACKS: &[&str] = &[
    "environment variable",
    "env var",
    "env variable",
    "must be set",
    "not set",
    "is not defined",
    "missing required",
    "required but",
    "keyerror:",
    "missing env",
    "mapping key",
    "is required",
    "undefined variable",
    "could not resolve placeholder",
];

/// A variable that the output asks for, in the words of the runtimes: upper case, and not given.
fn environment(v: &View<'_>, t: &Trouble<'_>, out: &mut Vec<Finding>) {
    if !matches!(t.kind, Kind::Crashing | Kind::NotReady) {
        return;
    }
    let said = t.said.iter().map(|s| (s.0.as_str(), &s.1));
    let outputs = v.outputs(&t.workload).map(|o| (o.text.as_str(), &o.cite));
    for (text, cite) in outputs.chain(said) {
        for line in text.lines().rev().take(40) {
            let lower = line.to_lowercase();
            if !LACKS.iter().any(|w| lower.contains(w)) {
                continue;
            }
            let names: Vec<&str> = line
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .filter(|w| {
                    w.len() > 3
                        && w.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
                        && !matches!(
                            *w,
                            "ERROR" | "FATAL" | "PANIC" | "WARN" | "WARNING" | "INFO" | "CRITICAL"
                        )
                })
                .collect();
            let given = |n: &str| {
                t.spec
                    .all()
                    .any(|c| c.env.iter().any(|e| e.name == n && (e.value.is_some() || e.from.is_some())))
            };
            let Some(name) = names.iter().find(|n| !given(n)) else { continue };
            let known = !t.spec.containers.is_empty();
            let exact = known
                && (lower.contains("env")
                    || lower.contains("keyerror")
                    || lower.contains("set")
                    || name.contains('_'));
            let weight = if exact { 0.9 } else { 0.75 };
            let reading = format!(
                "{} needs variable {name}, which its container is not given: {}",
                t.workload,
                quoted(line)
            );
            out.push(
                Finding::new(
                    v.service(&t.workload),
                    "kubernetes.crash_on_missing_env",
                    weight * t.sure,
                    name,
                    cite,
                    reading,
                )
                .also(Some(&t.cite), t.what.clone()),
            );
            return;
        }
    }
}
