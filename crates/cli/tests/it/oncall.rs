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

const ESCALATED: &str = r#"
people = [
  { name = "ada", skills = ["incident_commander"], contacts = [{ kind = "ntfy", address = "topic" }] },
  { name = "grace", contacts = [{ kind = "ntfy", address = "topic" }] },
  { name = "linus", contacts = [{ kind = "ntfy", address = "topic" }] },
]
[[schedules]]
name = "payments"
layers = [{ name = "always", participants = ["ada"] }]
[[escalations]]
name = "default"
steps = [{ targets = [{ schedule = "payments" }] }, { targets = [{ person = "grace" }] }]
[[escalations]]
name = "other"
steps = [{ targets = [{ person = "linus" }] }]
"#;

#[test]
fn an_escalation_and_its_roles_are_steered_from_the_command_line() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("oncall")).expect("a folder");
    fs::write(dir.path().join("oncall/payments.toml"), ESCALATED).expect("a file");
    let tokens = "[[tokens]]\nname = \"ada\"\nrole = \"responder\"\ntoken = \"ada-token-0123456789\"\n";
    // What cannot be sent at once is tried again: the escalation is under way for some seconds.
    let ntfy = "[[notifiers]]\nkind = \"ntfy\"\nname = \"down\"\nurl = \"http://127.0.0.1:9\"\n";
    let server = Server::start(dir.path(), &format!("{tokens}{ntfy}[oncall]\nfolder = \"oncall\"\n"));
    let declare = ["incident", "declare", "Checkout is down", "--severity", "sev2"];
    let id = server.json(&declare)["id"].as_str().expect("an id").to_owned();
    let told = |answer: &serde_json::Value| answer["events"].to_string();
    for (args, words) in [
        (&["incident", "escalate", &id][..], "asks for the next step"),
        (&["incident", "request", &id, "linus"], "asks for person linus"),
        (&["incident", "handover", &id, "--policy", "other"], "escalation by policy other"),
        (&["incident", "snooze", &id, "--minutes", "5"], "lets the escalation sleep until"),
        (
            &["incident", "role", &id, "incident_commander", "grace", "--deputy"],
            "grace is deputy incident commander",
        ),
    ] {
        let answer = server.json(args);
        assert!(told(&answer).contains(words), "{args:?}: {answer}");
    }
    // Only who was asked for a role declines it; whoever leads commands, whatever their token may.
    let lower =
        ["incident", "severity", &id, "SEV3", "--reason", "one region", "--token", "ada-token-0123456789"];
    assert!(told(&server.json(&lower)).contains("SEV3"));
    let raise = ["incident", "severity", &id, "SEV2", "--reason", "more", "--token", "ada-token-0123456789"];
    server.json(&raise);
    let decline = ["incident", "decline", &id, "incident_commander", "--reason", "on a train"];
    let refused = server.asked(&decline).expect_err("is ada's");
    assert!(refused.contains("was not asked"), "{refused}");
    let declined = server.json(&[&decline[..], &["--token", "ada-token-0123456789"]].concat());
    assert!(
        told(&declined).contains("on a train") && told(&declined).contains("grace is incident commander"),
        "{declined}"
    );
    let refused = server.asked(&["incident", "archive", &id]).expect_err("there is none");
    assert!(refused.contains("no open room"), "{refused}");

    let day = |ahead: i64, hour: &str| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * ahead);
        format!("{}T{hour}", at.strftime("%Y-%m-%d"))
    };
    let (from, until) = (day(30, "12:00"), day(30, "14:00"));
    let times = ["--from", &from, "--until", &until];
    let put = ["oncall", "override", "payments", "--person", "grace"];
    let (other_from, other_until) = (day(31, "12:00"), day(31, "14:00"));
    let swap = ["--swap-with", "ada", "--swap-from", &other_from, "--swap-until", &other_until];
    let swapped = server.json(&[&put[..], &times, &swap].concat());
    let made = &swapped["override"];
    assert_eq!(
        (&made["kind"], &made["first"], &made["second"]),
        (&json!("swap"), &json!("ada"), &json!("grace"))
    );
    let shadowed = server.json(&[&put[..], &times, &["--shadow", "ada"]].concat());
    assert_eq!(
        (&shadowed["override"]["kind"], &shadowed["override"]["of"]),
        (&json!("shadow"), &json!("ada"))
    );
    let both =
        output(firebell().args(put).args(times).args(swap).args(["--shadow", "--data"]).arg(&server.data));
    assert_eq!(both.status.code(), Some(2), "one of them");
}
