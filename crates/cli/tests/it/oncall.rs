//! `firebell oncall` against a server that reads a folder of schedules.

use std::fs;

use serde_json::json;

use crate::commands::{parsed, path, run};
use crate::support::{Server, firebell, output, text, until as until_so};

const ROSTER: &str = r#"
people = [
  { name = "ada", contacts = [{ kind = "push" }] },
  { name = "grace", contacts = [{ kind = "push" }] },
]
[[schedules]]
name = "payments"
time_zone = "Europe/Berlin"
layers = [{ name = "always", participants = ["ada"] }]
"#;

#[test]
fn who_is_on_call_is_told_covered_for_and_checked() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("oncall")).expect("a folder");
    fs::write(dir.path().join("oncall/payments.toml"), ROSTER).expect("a file");
    let server = Server::start(dir.path(), "[oncall]\nfolder = \"oncall\"\n");
    let now = server.json(&["oncall", "now"]);
    assert_eq!(now["schedules"][0]["on_call"][0]["person"], "ada");
    let ahead = |hours: i64| (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours)).to_string();
    let (from, until) = (ahead(-1), ahead(5));
    let cover = ["oncall", "override", "payments", "--person", "grace", "--instead-of", "ada"];
    let made = server.json(&[&cover[..], &["--from", &from, "--until", &until]].concat());
    let id = made["override"]["id"].as_str().expect("an id");
    let told = output(firebell().args(["oncall", "now", "payments", "--data"]).arg(&server.data));
    assert!(text(&told).starts_with("payments: grace until "), "{}", text(&told));
    let shown =
        output(firebell().args(["oncall", "show", "payments", "--days", "2", "--data"]).arg(&server.data));
    assert!(text(&shown).contains("covers ada"), "{}", text(&shown));
    server.json(&["oncall", "override", "--remove", id]);
    assert_eq!(server.json(&["oncall", "override"])["overrides"], json!([]));

    // The files are edited while it runs; what was entered stays.
    let made = server.json(&[&cover[..], &["--from", &from, "--until", &ahead(2)]].concat());
    let on = || server.json(&["oncall", "now"])["schedules"][0]["on_call"][0]["person"].clone();
    let file = dir.path().join("oncall/payments.toml");
    let edited = ROSTER.replace("always\", participants = [\"ada\"]", "always\", participants = [\"grace\"]");
    assert_ne!(edited, ROSTER);
    fs::write(&file, &edited).expect("a file");
    server.json(&["oncall", "override", "--remove", made["override"]["id"].as_str().expect("an id")]);
    until_so("an edit counts without a restart", 30, || (on() == "grace").then_some(()));
    fs::write(&file, "[[people]]\nname = 3\n").expect("a file");
    fs::write(&file, ROSTER).expect("a file");
    until_so("what was mended counts", 30, || (on() == "ada").then_some(()));

    let wrong = ROSTER.replace("\"ada\"] }]", "\"eve\"] }]");
    fs::write(dir.path().join("oncall/payments.toml"), wrong).expect("a file");
    let config = dir.path().join("other.toml");
    fs::write(&config, "[oncall]\nfolder = \"oncall\"\n").expect("a file");
    let checked = run(&["check-config", path(&config), "--json"]);
    let answer = parsed(&checked);
    assert_eq!(checked.status.code(), Some(7), "{answer}");
    assert!(
        answer["error"].as_str().is_some_and(|e| e.contains("schedules.payments.layers.always")),
        "{answer}"
    );
}
