//! Commands, their exit codes and their JSON.

use crate::support::{Server, firebell, output, shared, text};

fn code(args: &[&str]) -> Option<i32> {
    output(firebell().args(args).current_dir(std::env::temp_dir())).status.code()
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    assert_eq!(code(&["no-such-command"]), Some(2));
    assert_eq!(code(&["investigate", "--bundle", "/nonexistent"]), Some(2));
    assert_eq!(code(&["demo", "--fault", "no-such-fault"]), Some(2));
    assert_eq!(code(&["demo", "--resume", "--data", "/nonexistent/x"]), Some(4));
    assert_eq!(code(&["incident", "list", "--data", "/nonexistent"]), Some(3));
    assert_eq!(code(&["incident", "list", "--url", "http://127.0.0.1:9", "--token", "x"]), Some(3));
    assert_eq!(code(&["check-config", "/nonexistent.toml"]), Some(2));
    assert_eq!(code(&["demo", "--list-faults"]), Some(0));
    assert_eq!(code(&["completions", "bash"]), Some(0));
}

#[test]
fn a_written_configuration_is_in_order_and_a_wrong_one_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("firebell.toml");
    let path = file.to_str().expect("UTF-8");
    let out = output(firebell().args(["init", path]));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(text(&out).contains("webhook_configs") && text(&out).contains("alertmanagers"));
    assert_eq!(code(&["check-config", path]), Some(0));
    assert_eq!(code(&["init", path]), Some(2), "it must not replace a file unasked");
    std::fs::write(&file, "[times]\nsoak = 3\n").expect("written");
    let out = output(firebell().args(["check-config", path]));
    assert_eq!(out.status.code(), Some(7));
    assert!(
        String::from_utf8_lossy(&out.stderr).contains("soak"),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
}

#[test]
fn an_incident_is_run_from_the_command_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(dir.path(), "");
    let title = "High error rate on checkout API, customers cannot complete purchases";
    let declared = server.json(&["respond", title, "--no-follow"]);
    let id = declared["id"].as_str().expect("an id").to_owned();
    let shown = server.json(&["incident", "show", &id]);
    assert_eq!(shown["incident"]["severity"]["severity"], "SEV1");
    server.json(&["incident", "ack", &id]);
    server.json(&["incident", "note", &id, "looking at the pool"]);
    server.json(&["incident", "severity", &id, "SEV2", "--reason", "only a third of customers"]);
    server.json(&["incident", "resolve", &id, "--summary", "pool enlarged by hand"]);
    let replay = output(firebell().args(["incident", "replay", &id, "--data"]).arg(&server.data));
    assert_eq!(replay.status.code(), Some(0), "{}", text(&replay));
    let again =
        output(firebell().args(["incident", "cancel", &id, "--reason", "x", "--data"]).arg(&server.data));
    assert_eq!(again.status.code(), Some(5));
    let missing = output(firebell().args(["incident", "show", "INC-1999-0001", "--data"]).arg(&server.data));
    assert_eq!(missing.status.code(), Some(4));
    let stranger = output(firebell().args(["incident", "list", "--token", "wrong", "--url", &server.url]));
    assert_eq!(stranger.status.code(), Some(6));
}

#[test]
fn a_bundle_is_investigated_the_same_way_twice() {
    let Some(case) = shared("data/rcd-sockshop/carts-cpu-1") else { return };
    let run = || {
        let out = output(firebell().args(["investigate", "--format", "json", "--bundle"]).arg(&case));
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let mut verdict: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
        verdict["stats"] = serde_json::Value::Null;
        verdict.to_string()
    };
    assert_eq!(run(), run());
}
