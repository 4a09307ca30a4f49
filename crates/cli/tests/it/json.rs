//! `--json` everywhere: results, streams and failures are JSON, and nothing else is on standard output.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::commands::{parsed, path, run, said};
use crate::support::{Process, Server, firebell, output, text, until};

#[test]
fn failures_are_json_where_json_was_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let none = dir.path().join("none.toml");
    let server = ["--url", "http://127.0.0.1:9", "--token", "x"];
    for (args, code, word) in [
        (vec!["incident", "list", "--json", "--data", path(dir.path())], 3, "firebell serve"),
        ([&["alert", "list", "--json"][..], &server].concat(), 3, "cannot be reached"),
        ([&["alert", "silence", "nonsense", "--json"][..], &server].concat(), 2, "name=value"),
        ([&["incident", "show", "../agents", "--json"][..], &server].concat(), 2, "INC-2026-0042"),
        (vec!["incident", "no-such-verb", "--json"], 2, "no-such-verb"),
        (vec!["token", "--json", "--data", path(dir.path())], 3, "firebell serve"),
        (vec!["check-config", path(&none), "--json"], 2, "firebell init"),
        (vec!["doctor", "--config", path(&none), "--json"], 2, "firebell init"),
        (vec!["serve", "--config", path(&none), "--json"], 2, "firebell init"),
        (vec!["investigate", "--bundle", path(dir.path()), "--json"], 2, "bundle.json"),
        (vec!["bench", path(dir.path()), "--json"], 2, "answer.json"),
    ] {
        let out = run(&args);
        let answer = parsed(&out);
        assert_eq!((out.status.code(), &answer["code"]), (Some(code), &json!(code)), "{args:?}: {answer}");
        let error = answer["error"].as_str().expect("a sentence");
        assert!(error.contains(word) && !error.contains('\u{1b}'), "{args:?}: {error}");
        assert_eq!(said(&out), "", "{args:?}: it is told once");
    }
}

#[test]
fn a_silence_that_is_ended_is_answered_as_json() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(dir.path(), "");
    let made = server.json(&["alert", "silence", "service=checkout", "--minutes", "5"]);
    let id = made["id"].as_str().expect("an id");
    let ended = server.json(&["alert", "silence", "--expire", id]);
    assert_eq!(
        (&ended["silence"]["id"], &ended["silence"]["status"]["state"]),
        (&json!(id), &json!("expired"))
    );
    let unknown = output(
        firebell().args(["alert", "silence", "--expire", "no-such", "--json", "--data"]).arg(&server.data),
    );
    assert_eq!((unknown.status.code(), &parsed(&unknown)["code"]), (Some(4), &json!(4)));
}

#[test]
fn an_incident_is_followed_as_one_json_object_a_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(dir.path(), "");
    let declared = server.json(&["incident", "declare", "Catalog is slow"]);
    let id = declared["id"].as_str().expect("an id").to_owned();
    let mut child = firebell()
        .args(["incident", "show", &id, "--follow", "--json", "--data"])
        .arg(&server.data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let out = child.stdout.take().expect("a pipe");
    let mut process = Process(child);
    let reading = std::thread::spawn(move || {
        BufReader::new(out).lines().map_while(Result::ok).collect::<Vec<String>>()
    });
    server.json(&["incident", "note", &id, "looked at from two sides"]);
    server.json(&["incident", "cancel", &id, "--reason", "a drill that nobody announced"]);
    until("the following ends with the incident", 60, || process.0.try_wait().expect("a child"));
    let lines: Vec<Value> = reading
        .join()
        .expect("read")
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    let (last, events) = lines.split_last().expect("lines");
    assert_eq!(events[0]["type"], "opened");
    assert!(
        events.iter().all(|e| e["incident"] == json!(id) && e["position"].is_u64() && e["entry"].is_object())
    );
    assert!(events.iter().any(|e| e["entry"]["text"].as_str().is_some_and(|t| t.contains("two sides"))));
    assert_eq!((&last["type"], &last["incident"]["status"]), (&json!("incident"), &json!("cancelled")));
}

#[cfg(unix)]
#[test]
fn who_stops_following_with_an_own_server_is_told_that_the_incident_stands_still() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let log = std::fs::File::create(dir.path().join("log")).expect("a log");
    let mut child = firebell()
        .args(["respond", "Catalog is slow", "--json", "--data"])
        .arg(&data)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut process = Process(child);
    let mut first = String::new();
    out.read_line(&mut first).expect("a line");
    assert_eq!(serde_json::from_str::<Value>(&first).expect("JSON")["type"], "opened", "{first}");
    let stopped = std::process::Command::new("kill").args(["-INT", &process.0.id().to_string()]).status();
    assert!(stopped.expect("kill runs").success());
    let last = out.lines().map_while(Result::ok).last().expect("a line");
    assert_eq!(serde_json::from_str::<Value>(&last).expect("JSON")["type"], "incident", "{last}");
    let status = until("it ends", 30, || process.0.try_wait().expect("a child"));
    assert_eq!(status.code(), Some(0));
    let said = std::fs::read_to_string(dir.path().join("log")).expect("there");
    assert!(said.contains("stands still") && said.contains("firebell serve --data"), "{said}");
    assert!(!data.join("server.json").exists());
}

#[test]
fn help_and_version_are_no_failures() {
    for args in [&["--version"][..], &["incident", "--help"], &["incident", "show", "--json", "--help"]] {
        let out = run(args);
        assert_eq!(out.status.code(), Some(0), "{args:?}: {}", said(&out));
        assert!(text(&out).contains("firebell") || text(&out).contains("Usage"), "{args:?}");
    }
}
