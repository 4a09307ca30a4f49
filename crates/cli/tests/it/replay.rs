//! A replay is worth something only if it can fail: each thing that it compares is changed behind its back once.

use std::path::Path;

use firebell_store::DATABASE_FILE;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{Server, firebell, output, text, until};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

fn replay(server: &Server, id: &str) -> (Option<i32>, Value) {
    let out = output(firebell().args(["incident", "replay", id, "--json", "--data"]).arg(&server.data));
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    let answer = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{}{said}", text(&out)));
    (out.status.code(), answer)
}

/// What a replay found to be different.
fn differing(answer: &Value) -> Vec<&str> {
    let checks = answer["checks"].as_array().expect("checks").iter();
    checks.filter(|c| c["same"] == false).filter_map(|c| c["what"].as_str()).collect()
}

#[test]
fn a_replay_finds_whatever_was_changed_afterwards() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = "[times]\nagent_deadline_s = 30\n[[people]]\nname = \"Ada\"\nroles = [\"on_call\"]\n\
        [[services]]\nname = \"checkout\"\ncustomer_facing = true\n";
    let mut server = Server::start(dir.path(), config);
    let title = "High error rate on checkout API, customers cannot complete purchases";
    let id = text_of(&server.json(&["respond", title, "--no-follow"])["id"]);
    until("a verdict is reached", 60, || {
        server.json(&["incident", "show", &id])["incident"]["verdict"].is_object().then_some(())
    });
    server.json(&["incident", "resolve", &id, "--summary", "pool enlarged by hand"]);
    until("the postmortem is written and all is closed", 60, || {
        let shown = server.json(&["incident", "show", &id]);
        (shown["incident"]["postmortem"].is_array() && !shown["incident"]["closed_at"].is_null())
            .then_some(())
    });
    let (code, answer) = replay(&server, &id);
    assert_eq!((code, &answer["same"]), (Some(0), &json!(true)), "{answer}");
    let checks = answer["checks"].as_array().expect("checks");
    let compared: Vec<&str> = checks.iter().filter_map(|c| c["what"].as_str()).collect();
    for what in [
        "state from events",
        "timers from state",
        "effects from events",
        "evidence by hash",
        "verdict of round 1",
        "postmortem as Markdown",
        "postmortem as a page",
    ] {
        assert!(compared.contains(&what), "{what} is not compared: {compared:?}");
    }
    assert!(checks.iter().all(|c| c["same"] == true), "all can be compared: {answer}");
    let shown = server.json(&["incident", "show", &id]);
    let blob = text_of(&shown["incident"]["evidence"][0]["sha256"]);
    let page = text_of(&shown["incident"]["postmortem"][1]);

    server.kill();
    let (kept, data) = (dir.path().join("kept"), server.data.clone());
    copy(&data, &kept);
    let change = |sql: &str| {
        let database = Connection::open(data.join(DATABASE_FILE)).expect("opens");
        assert!(database.execute(sql, []).expect("runs") > 0, "{sql} changed nothing");
    };
    let append = || {
        let path = data.join(&page);
        let before = std::fs::read_to_string(&path).expect("a page");
        std::fs::write(path, before + " ").expect("written");
    };
    let cases: [(&str, Option<String>); 6] = [
        (
            "state from events",
            Some("UPDATE event SET json = replace(json, 'customers', 'nobodies') WHERE version = 1".into()),
        ),
        (
            "timers from state",
            Some(format!(
                "INSERT INTO timer (incident, timer_key, due) VALUES ('{id}', 'soak', 4102444800000000)"
            )),
        ),
        ("effects from events", Some("DELETE FROM outbox WHERE seq = (SELECT max(seq) FROM outbox)".into())),
        (
            "effects from events",
            Some("UPDATE outbox SET json = replace(json, 'run_agent', 'archive_bundle')".into()),
        ),
        (
            "evidence by hash",
            Some(format!("UPDATE blob_entry SET deflated = x'0300' WHERE sha256 = '{blob}'")),
        ),
        ("postmortem as a page", None),
    ];
    for (what, sql) in cases {
        std::fs::remove_dir_all(&data).expect("removed");
        copy(&kept, &data);
        match &sql {
            Some(sql) => change(sql),
            None => append(),
        }
        server.up();
        let (code, answer) = replay(&server, &id);
        assert_eq!((code, &answer["same"]), (Some(7), &json!(false)), "{sql:?}: {answer}");
        assert!(differing(&answer).contains(&what), "{what} is taken for the same after {sql:?}: {answer}");
        server.kill();
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
