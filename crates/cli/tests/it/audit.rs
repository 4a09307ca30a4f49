//! The audit log is worth something only if its check can fail: each thing is changed behind its back once.

use std::path::Path;

use firebell_store::DATABASE_FILE;
use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Server, firebell, output, text};

fn verify(data: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let out = output(firebell().args(["audit", "verify", "--json", "--data"]).arg(data).args(more));
    let answer = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}", text(&out)));
    (out.status.code(), answer)
}

fn change(data: &Path, sql: &str) {
    let conn = Connection::open(data.join(DATABASE_FILE)).expect("a database");
    assert!(conn.execute(sql, []).expect("changed") > 0, "{sql} changed nothing");
}

#[test]
fn an_audit_log_or_an_event_that_was_changed_afterwards_is_found() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(dir.path(), "");
    let declared = server.json(&["incident", "declare", "Checkout is slow"]);
    let id = declared["id"].as_str().expect("an id").to_owned();
    server.json(&["incident", "note", &id, "the first observation"]);
    server.json(&["incident", "ack", &id]);
    // Beside the running server.
    let (code, whole) = verify(&server.data, &[]);
    assert_eq!((code, &whole["entries"], &whole["commands_compared"]), (Some(0), &3.into(), &3.into()));
    let head = whole["head"].as_str().expect("a head").to_owned();
    assert_eq!(verify(&server.data, &["--head", &head]).0, Some(0));
    server.kill();

    let cases = [
        (
            "UPDATE event SET json = replace(json, 'first', 'last') WHERE json LIKE '%first observation%'",
            "entry 2",
        ),
        (
            "UPDATE audit_entry SET json = replace(json, '\"admin\"', '\"nobody\"') WHERE seq = 2",
            "broken at entry 2",
        ),
        ("DELETE FROM audit_entry WHERE seq = 2", "broken at entry 2"),
        ("DELETE FROM audit_entry WHERE seq = 3", "no entry has the hash"),
    ];
    for (sql, told) in cases {
        let copy = dir.path().join("copy");
        std::fs::create_dir_all(&copy).expect("made");
        for file in
            std::fs::read_dir(&server.data).expect("a folder").flatten().filter(|f| f.path().is_file())
        {
            std::fs::copy(file.path(), copy.join(file.file_name())).expect("copied");
        }
        change(&copy, sql);
        let (code, answer) = verify(&copy, &["--head", &head]);
        assert_eq!(code, Some(7), "{sql}: {answer}");
        assert!(answer["problems"][0].as_str().is_some_and(|p| p.contains(told)), "{sql}: {answer}");
        std::fs::remove_dir_all(&copy).expect("removed");
    }
}
