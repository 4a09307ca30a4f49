//! `firebell bundle check` and `anonymise`, and bundles that are none: exit codes, and what is said.

use std::fs;
use std::path::Path;

use crate::commands::{fails, parsed, path, run, said};
use crate::support::text;

fn put(dir: &Path, name: &str, content: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().expect("has a parent")).expect("folder");
    fs::write(path, content).expect("file");
}

fn whole(dir: &Path) {
    put(dir, "bundle.json", r#"{"format": "firebell-bundle/1"}"#);
    let rows: Vec<String> = (0..60).map(|i| format!("{},{i}\n", 1_767_607_200 + i * 60)).collect();
    put(dir, "metrics/m.csv", &format!("time,paygate_errors\n{}", rows.concat()));
}

#[test]
fn a_bundle_is_checked() {
    let dir = tempfile::tempdir().expect("dir");
    fails(&["bundle", "check", path(dir.path())], 2, &["no bundle.json"]);
    whole(dir.path());
    let out = run(&["bundle", "check", path(dir.path())]);
    assert_eq!(out.status.code(), Some(0), "{}{}", text(&out), said(&out));
    assert!(
        text(&out).contains("metrics/m.csv") && text(&out).contains("2026-01-05T10:00:00Z"),
        "{}",
        text(&out)
    );
    put(dir.path(), "metrics/broken.csv", "time,a\n1,2\nnever,3\n");
    put(dir.path(), "notes.md", "x");
    let out = run(&["bundle", "check", path(dir.path()), "--format", "json"]);
    assert_eq!(out.status.code(), Some(1), "{}", said(&out));
    let value = parsed(&out);
    assert_eq!((&value["whole"], &value["ignored"][0]), (&false.into(), &"notes.md".into()));
    assert_eq!(
        (&value["broken"][0]["file"], &value["broken"][0]["line"]),
        (&"metrics/broken.csv".into(), &3.into())
    );
    let out = run(&["bundle", "check", path(dir.path())]);
    assert!(text(&out).contains("metrics/broken.csv:3"), "{}", text(&out));
}

#[test]
fn a_bundle_is_anonymised_and_the_mapping_is_for_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().expect("dir");
    let (from, to, map) = (root.path().join("from"), root.path().join("to"), root.path().join("map.json"));
    whole(&from);
    let run_it = |to: &Path| {
        run(&[
            "bundle",
            "anonymise",
            path(&from),
            "--out",
            path(to),
            "--shift-time=-3600",
            "--mapping",
            path(&map),
        ])
    };
    let out = run_it(&to);
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    let mapping: serde_json::Value =
        serde_json::from_slice(&fs::read(&map).expect("a mapping")).expect("JSON");
    assert!(mapping["paygate"].is_string(), "{mapping}");
    assert_eq!(fs::metadata(&map).expect("there").permissions().mode() & 0o777, 0o600);
    let out = parsed(&run(&["bundle", "check", path(&to), "--json"]));
    assert_eq!(out["range"]["start"], "2026-01-05T09:00:00Z");
    // What is there is not written over.
    assert_eq!(run_it(&to).status.code(), Some(2));
}

#[test]
fn collecting_from_systems_needs_a_time_and_says_who_did_not_answer() {
    let dir = tempfile::tempdir().expect("dir");
    let (config, out) = (dir.path().join("firebell.toml"), dir.path().join("out"));
    fs::write(
        &config,
        "[[telemetry]]\nkind = \"prometheus\"\nname = \"main\"\nurl = \"http://127.0.0.1:9/\"\n",
    )
    .expect("file");
    let base = ["bundle", "collect", "--config", path(&config), "--out", path(&out)];
    fails(&base, 2, &["--from"]);
    let times = ["--from", "2026-01-05T11:00:00Z", "--to", "2026-01-05T10:00:00Z"];
    fails(&[&base[..], &times].concat(), 2, &["is not before"]);
    let times = ["--from", "2026-01-05T10:00:00Z", "--to", "2026-01-05T11:00:00Z"];
    fails(&[&base[..], &times].concat(), 3, &["prometheus/main", "cannot be reached"]);
    assert!(out.join("bundle.json").is_file());
}
