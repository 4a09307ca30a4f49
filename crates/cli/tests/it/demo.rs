//! `firebell demo`: every fault, headless, against what was really broken; and one that is interrupted in every way.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Process, firebell, output, text, until};

/// Longest time from the fault to the all-clear.
const MOST_S: f64 = 120.0;

/// What a fault comes to. Where several answers are right, all are given.
struct Row {
    fault: &'static str,
    seed: u32,
    verdict: &'static str,
    component: &'static str,
    causes: &'static [&'static str],
    /// Actions of the first plan that was carried out.
    first: &'static [&'static str],
    severities: &'static [&'static str],
    kinds: &'static [&'static str],
    status: &'static str,
}

const CAUSE: Row = Row {
    fault: "",
    seed: 0,
    verdict: "cause",
    component: "",
    causes: &[],
    first: &[],
    severities: &[],
    kinds: &["availability"],
    status: "resolved",
};

/// One run to its end, with its folder.
struct Run {
    dir: tempfile::TempDir,
    summary: Value,
}

impl Run {
    fn headless(fault: &str, seed: u32) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("summary.json");
        let out = output(
            firebell()
                .args(["demo", "--headless", "--fault", fault, "--seed", &seed.to_string(), "--data"])
                .arg(dir.path().join("demo"))
                .arg("--json")
                .arg(&file),
        );
        let told = format!("{}\n{}", text(&out), String::from_utf8_lossy(&out.stderr));
        assert_eq!(out.status.code(), Some(0), "{fault} {seed}: {told}");
        let summary = read(&file);
        whole(&summary);
        Self { dir, summary }
    }

    /// Seconds from the fault to the end, by the demo's own record.
    fn took_s(&self) -> f64 {
        let state = read(&self.dir.path().join("demo").join("demo.json"));
        let at = |name: &str| -> jiff::Timestamp {
            state[name].as_str().and_then(|t| t.parse().ok()).unwrap_or_else(|| panic!("no {name}: {state}"))
        };
        at("resolved_at").duration_since(at("injected_at")).as_secs_f64()
    }
}

fn read(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).expect("a file")).expect("JSON")
}

/// What holds for every summary: the keys of the format and no others, and files that are there.
fn whole(summary: &Value) {
    // Sorted: the order of keys means nothing.
    let keys = |v: &Value| {
        let mut keys: Vec<String> = v.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default();
        keys.sort();
        keys
    };
    assert_eq!(
        keys(summary),
        ["bundle", "format", "incident", "mitigations", "postmortem", "times", "verdict"]
    );
    assert_eq!(keys(&summary["incident"]), ["id", "kind", "severity", "severity_rule", "status"]);
    assert_eq!(
        keys(&summary["times"]),
        [
            "acknowledge_s",
            "communication_latency_s",
            "customer_impact_s",
            "detect_s",
            "mitigate_s",
            "recover_s"
        ]
    );
    assert_eq!(summary["format"], "firebell-demo/1");
    assert_eq!(summary["verdict"]["format"], "firebell-verdict/1");
    for path in [&summary["bundle"], &summary["postmortem"]] {
        let path = path.as_str().unwrap_or_else(|| panic!("{summary}"));
        assert!(Path::new(path).exists(), "{path}");
    }
}

/// Runs the rows two at a time, as most of a run is waiting, and tells all that is wrong with any.
fn check(rows: &[Row]) {
    let mut wrong = Vec::new();
    for pair in rows.chunks(2) {
        std::thread::scope(|scope| {
            let runs: Vec<_> = pair.iter().map(|row| (row, scope.spawn(|| differences(row)))).collect();
            for (row, run) in runs {
                let found = run.join().unwrap_or_else(|panic| {
                    vec![panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "it fell over".to_owned())]
                });
                wrong.extend(found.into_iter().map(|w| format!("{} {}: {w}", row.fault, row.seed)));
            }
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn differences(row: &Row) -> Vec<String> {
    let run = Run::headless(row.fault, row.seed);
    let (summary, mut wrong) = (&run.summary, Vec::new());
    let mut is = |what: &str, value: &Value, allowed: &[&str]| {
        let value = value.as_str().unwrap_or("none");
        if !allowed.contains(&value) {
            wrong.push(format!("{what} is {value}, not {}", allowed.join(" or ")));
        }
    };
    is("the status", &summary["incident"]["status"], &[row.status]);
    is("the severity", &summary["incident"]["severity"], row.severities);
    is("the kind", &summary["incident"]["kind"], row.kinds);
    is("the verdict", &summary["verdict"]["verdict"], &[row.verdict]);
    if row.causes.is_empty() {
        if summary["mitigations"] != serde_json::json!([]) {
            wrong.push(format!("something was done about nothing: {}", summary["mitigations"]));
        }
    } else {
        let leader = &summary["verdict"]["hypotheses"][0];
        is("the component", &leader["component"], &[row.component]);
        is("the cause", &leader["cause"], row.causes);
        is("the first action", &summary["mitigations"][0]["action"], row.first);
        is("its outcome", &summary["mitigations"][0]["outcome"], &["helped"]);
    }
    let took = run.took_s();
    if took > MOST_S {
        wrong.push(format!("it took {took:.0} s from the fault to the end"));
    }
    wrong
}

#[test]
fn the_workflows_three_examples_are_found_mitigated_and_written_up() {
    check(&[
        Row {
            fault: "connection-pool-exhaustion",
            seed: 3,
            component: "service/checkout",
            causes: &["saturation.connection_pool"],
            first: &["scale_pool"],
            severities: &["SEV1"],
            ..CAUSE
        },
        Row {
            fault: "n-plus-one",
            seed: 21,
            component: "service/catalog",
            causes: &["code.n_plus_one"],
            first: &["set_flag", "rollback"],
            severities: &["SEV2"],
            kinds: &["performance"],
            ..CAUSE
        },
        Row {
            fault: "credential-stuffing",
            seed: 21,
            component: "service/accounts",
            causes: &["security.credential_stuffing"],
            first: &["rate_limit", "rotate_credentials"],
            severities: &["SEV1"],
            kinds: &["security"],
            ..CAUSE
        },
        Row {
            fault: "flapping-alert",
            seed: 3,
            verdict: "healthy",
            severities: &["SEV3", "SEV4"],
            kinds: &["other", "availability", "performance"],
            status: "closed_healthy",
            ..CAUSE
        },
    ]);
}

#[test]
fn what_people_brought_in_is_found_and_taken_back() {
    check(&[
        Row {
            fault: "bad-release",
            seed: 21,
            component: "service/catalog",
            causes: &["change.release", "code.exception"],
            first: &["rollback"],
            severities: &["SEV1", "SEV2"],
            ..CAUSE
        },
        Row {
            fault: "feature-flag",
            seed: 34,
            component: "service/checkout",
            causes: &["change.flag"],
            first: &["set_flag"],
            severities: &["SEV3"],
            kinds: &["other", "data"],
            ..CAUSE
        },
        bad_config(CATALOGS, "service/catalog"),
        bad_config(GATEWAYS, "service/gateway"),
        bad_config(PAYMENTS, "service/payments"),
    ]);
}

/// Seeds with which the wrong value is in the configuration of that service.
const CATALOGS: u32 = 21;
const GATEWAYS: u32 = 7;
const PAYMENTS: u32 = 3;

fn bad_config(seed: u32, component: &'static str) -> Row {
    Row {
        fault: "bad-config",
        seed,
        component,
        causes: &["change.config"],
        first: &["set_config"],
        severities: &["SEV1", "SEV2"],
        ..CAUSE
    }
}

#[test]
fn what_broke_by_itself_is_found_where_it_began() {
    check(&[
        Row {
            fault: "memory-leak",
            seed: 34,
            component: "service/notifications",
            causes: &["code.memory_leak", "saturation.memory"],
            first: &["restart"],
            severities: &["SEV2", "SEV3"],
            kinds: &["availability", "performance"],
            ..CAUSE
        },
        Row {
            fault: "slow-third-party",
            seed: 21,
            component: "third_party/acquirer",
            causes: &["dependency.slow"],
            first: &["fail_over"],
            severities: &["SEV2"],
            kinds: &["performance"],
            ..CAUSE
        },
        Row { causes: HUNG, ..auth_cascade(34) },
        Row { causes: CRASHED, ..auth_cascade(21) },
        Row {
            fault: "disk-full",
            seed: 21,
            component: "service/inventory",
            causes: &["saturation.disk"],
            first: &["free_disk", "fail_over"],
            severities: &["SEV1", "SEV2"],
            kinds: &["availability", "data"],
            ..CAUSE
        },
    ]);
}

/// A process that hangs on a lock of its own, and one that ended.
const HUNG: &[&str] = &["code.deadlock", "dependency.unavailable"];
const CRASHED: &[&str] = &["dependency.unavailable", "code.exception", "data.corruption"];

fn auth_cascade(seed: u32) -> Row {
    Row {
        fault: "auth-cascade",
        seed,
        component: "service/accounts",
        first: &["restart"],
        severities: &["SEV1"],
        ..CAUSE
    }
}

/// A demo that asks, and what it has said so far.
struct Asking {
    process: Process,
    said: PathBuf,
}

impl Asking {
    fn start(dir: &Path, name: &str, more: &[&str]) -> Self {
        let said = dir.join(name);
        let child = firebell()
            .args(["demo", "--data"])
            .arg(dir.join("demo"))
            .args(more)
            .stdin(Stdio::piped())
            .stdout(std::fs::File::create(&said).expect("a file"))
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        Self { process: Process(child), said }
    }

    fn until(&self, words: &str) {
        until(words, 150, || std::fs::read_to_string(&self.said).ok()?.contains(words).then_some(()));
    }
}

/// Resumes without questions; answers the summary.
fn to_its_end(dir: &Path) -> Value {
    let file = dir.join("summary.json");
    let out = output(
        firebell()
            .args(["demo", "--headless", "--resume", "--data"])
            .arg(dir.join("demo"))
            .arg("--json")
            .arg(&file),
    );
    assert_eq!(out.status.code(), Some(0), "{}\n{}", text(&out), String::from_utf8_lossy(&out.stderr));
    let summary = read(&file);
    whole(&summary);
    summary
}

#[test]
fn a_demo_that_is_killed_while_recovery_is_watched_keeps_its_cause() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = Asking::start(
        dir.path(),
        "first",
        &["--fault", "connection-pool-exhaustion", "--seed", "5", "--approve", "auto"],
    );
    first.until("step 1 of plan");
    first.until(" done: ");
    // Long enough for some of the alerts to clear.
    std::thread::sleep(Duration::from_secs(4));
    drop(first);
    let summary = to_its_end(dir.path());
    assert_eq!(summary["incident"]["status"], "resolved", "{summary}");
    assert_eq!(summary["verdict"]["hypotheses"][0]["cause"], "saturation.connection_pool", "{summary}");
    let done: Vec<(&str, &str)> = summary["mitigations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|m| Some((m["action"].as_str()?, m["outcome"].as_str()?)))
        .collect();
    assert_eq!(done, [("scale_pool", "helped"), ("restart", "helped")], "one plan, once: {summary}");
}

#[test]
fn a_demo_goes_on_after_an_interrupt_and_after_a_kill_while_a_decision_waits() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut first = Asking::start(dir.path(), "first", &["--fault", "n-plus-one", "--seed", "3"]);
    first.until("normal life");
    // Two in one folder would end each other.
    let second = output(firebell().args(["demo", "--resume", "--data"]).arg(dir.path().join("demo")));
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && told.contains("a demo runs in"), "{told}");
    first.until("INC-");
    let pid = first.process.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
    let status = first.process.0.wait().expect("it ends");
    assert!(!status.success());
    // Dropping kills it with SIGKILL: the question was asked and not answered.
    let asked = Asking::start(dir.path(), "second", &["--resume"]);
    asked.until("Go or no-go?");
    drop(asked);
    let again = Asking::start(dir.path(), "third", &["--resume"]);
    again.until("Go or no-go?");
    drop(again);
    let summary = to_its_end(dir.path());
    assert_eq!(summary["incident"]["status"], "resolved");
    assert_eq!(summary["mitigations"][0]["outcome"], "helped");
    assert_eq!(summary["incident"]["id"].as_str().map(|s| s.ends_with("-0001")), Some(true));
}
