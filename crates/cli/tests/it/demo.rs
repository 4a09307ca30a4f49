//! `firebell demo`, headless, and interrupted by `kill -9`.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Process, firebell, output, text, until};

fn run(fault: &str, seed: u32) -> Value {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("summary.json");
    let out = output(
        firebell()
            .args(["demo", "--headless", "--fault", fault, "--seed", &seed.to_string(), "--data"])
            .arg(dir.path().join("demo"))
            .arg("--json")
            .arg(&file),
    );
    assert_eq!(
        out.status.code(),
        Some(0),
        "{fault}: {}\n{}",
        text(&out),
        String::from_utf8_lossy(&out.stderr)
    );
    let summary: Value = serde_json::from_slice(&std::fs::read(&file).expect("a summary")).expect("JSON");
    check(&summary);
    summary
}

/// What holds for every run.
fn check(summary: &Value) {
    assert_eq!(summary["format"], "firebell-demo/1");
    for path in [&summary["bundle"], &summary["postmortem"]] {
        if let Some(path) = path.as_str() {
            assert!(Path::new(path).exists(), "{path}");
        }
    }
    assert_eq!(summary["verdict"]["format"], "firebell-verdict/1");
}

#[test]
fn an_exhausted_pool_is_found_mitigated_and_written_up() {
    let summary = run("connection-pool-exhaustion", 3);
    assert_eq!(summary["incident"]["status"], "resolved");
    assert_eq!(summary["incident"]["severity"], "SEV1");
    let leader = &summary["verdict"]["hypotheses"][0];
    assert_eq!(leader["cause"], "saturation.connection_pool");
    assert_eq!(leader["component"], "service/checkout");
    assert_eq!(summary["mitigations"][0]["outcome"], "helped");
    assert!(summary["times"]["recover_s"].as_f64().expect("measured") < 120.0);
    assert!(summary["postmortem"].is_string() && summary["bundle"].is_string());
}

#[test]
fn a_page_that_became_slow_is_major_by_what_is_measured() {
    let summary = run("n-plus-one", 2);
    assert_eq!(summary["incident"]["status"], "resolved");
    assert_eq!(summary["incident"]["severity"], "SEV2");
    assert_eq!(summary["incident"]["severity_rule"], "sev2.two_of(users,p95)");
    assert_eq!(summary["incident"]["kind"], "performance");
    assert_eq!(summary["verdict"]["hypotheses"][0]["cause"], "code.n_plus_one");
}

#[test]
fn stolen_passwords_are_critical_and_a_security_matter() {
    let summary = run("credential-stuffing", 2);
    assert_eq!(summary["incident"]["severity"], "SEV1");
    assert_eq!(summary["incident"]["kind"], "security");
}

#[test]
fn nothing_behind_a_flapping_alert_is_rightly_closed() {
    let summary = run("flapping-alert", 3);
    assert_eq!(summary["incident"]["status"], "closed_healthy");
    assert_eq!(summary["verdict"]["verdict"], "healthy");
    assert_eq!(summary["mitigations"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_killed_demo_goes_on_where_it_stopped() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("demo");
    let first = firebell()
        .args(["demo", "--headless", "--fault", "n-plus-one", "--data"])
        .arg(&data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let process = Process(first);
    until("the incident is open", 120, || {
        let state: Value = serde_json::from_slice(&std::fs::read(data.join("demo.json")).ok()?).ok()?;
        state["incident"].as_str().map(str::to_owned)
    });
    // Dropping kills it with SIGKILL.
    drop(process);
    let file = dir.path().join("summary.json");
    let out = output(
        firebell().args(["demo", "--headless", "--resume", "--data"]).arg(&data).arg("--json").arg(&file),
    );
    assert_eq!(out.status.code(), Some(0), "{}\n{}", text(&out), String::from_utf8_lossy(&out.stderr));
    let summary: Value = serde_json::from_slice(&std::fs::read(&file).expect("a summary")).expect("JSON");
    check(&summary);
    assert_eq!(summary["incident"]["status"], "resolved");
    assert_eq!(summary["incident"]["id"].as_str().map(|s| s.ends_with("-0001")), Some(true));
}
