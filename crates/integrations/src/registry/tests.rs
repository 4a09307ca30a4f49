//! Registry, folders, READMEs and fixtures fit each other; configurations are checked.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{SOURCES, build, find};
use crate::source_config::SourceConfig;
use crate::testing::folder;

const FILES: [&str; 4] = ["mod.rs", "parse.rs", "tests.rs", "README.md"];

#[test]
fn every_folder_of_an_alert_source_is_registered_and_complete() {
    let kinds: BTreeSet<_> = SOURCES.iter().map(|s| s.kind.to_owned()).collect();
    assert_eq!(kinds.len(), SOURCES.len(), "a kind is registered twice");
    // An alert source is a folder whose parse.rs describes one.
    let folders: BTreeSet<_> = std::fs::read_dir(folder(""))
        .expect("the sources")
        .map(|e| e.expect("an entry").path())
        .filter(|p| {
            std::fs::read_to_string(p.join("parse.rs")).is_ok_and(|t| t.contains("const SOURCE: SourceKind"))
        })
        .filter_map(|p| Some(p.file_name()?.to_str()?.to_owned()))
        .collect();
    assert_eq!(folders, kinds, "a folder is not registered, or a kind has no folder");
    for source in SOURCES {
        let kind = source.kind;
        for file in FILES {
            assert!(folder(kind).join(file).is_file(), "{kind}/{file} is missing");
        }
        let fixtures: Vec<_> = std::fs::read_dir(folder(kind).join("fixtures"))
            .unwrap_or_else(|e| panic!("{kind}/fixtures: {e}"))
            .map(|e| e.expect("an entry").path())
            .collect();
        assert!(!fixtures.is_empty(), "{kind} has no fixtures");
        for path in fixtures {
            let text = std::fs::read(&path).expect("a fixture");
            serde_json::from_slice::<Value>(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
        let tests = std::fs::read_to_string(folder(kind).join("tests.rs")).expect("tests");
        for part in ["fixtures(", "complaints(", "hammer("] {
            assert!(tests.contains(part), "{kind}/tests.rs does not call {part}…)");
        }
    }
}

#[test]
fn every_readme_shows_a_configuration_that_works() {
    for source in SOURCES {
        let kind = source.kind;
        assert!(
            source.docs.starts_with(&format!("# {}\n", source.title)),
            "{kind}/README.md begins with its title"
        );
        let blocks: Vec<_> = source
            .docs
            .split("```toml\n")
            .skip(1)
            .filter_map(|rest| rest.split("```").next())
            .filter(|block| block.contains("[[sources]]"))
            .collect();
        assert!(!blocks.is_empty(), "{kind}/README.md has no ```toml block with [[sources]]");
        for block in blocks {
            let mut file: toml::Table =
                toml::from_str(block).unwrap_or_else(|e| panic!("{kind}/README.md: {e}"));
            let sources: Vec<SourceConfig> = file
                .remove("sources")
                .expect("sources")
                .try_into()
                .unwrap_or_else(|e| panic!("{kind}/README.md: {e}"));
            for config in sources {
                assert_eq!(config.kind, kind);
                let built = build(&config).unwrap_or_else(|e| panic!("{kind}/README.md: {e}"));
                assert_eq!(built.kind(), kind);
            }
        }
    }
}

#[test]
fn says_what_is_wrong_with_a_configuration() {
    let with = |more: Value| {
        let mut config = json!({"name": "main", "kind": "alertmanager", "key": "not-a-real-key"});
        for (name, value) in more.as_object().expect("an object") {
            config[name] = value.clone();
        }
        let result = match serde_json::from_value::<SourceConfig>(config) {
            Ok(config) => build(&config).err().map_or("fine".to_owned(), |e| e.to_string()),
            Err(e) => e.to_string(),
        };
        format!("{more}\n    {result}")
    };
    let all: Vec<_> = [
        json!({}),
        json!({"name": ""}),
        json!({"name": "a b"}),
        json!({"key": "short"}),
        json!({"kind": "pigeon"}),
        json!({"secret": "x"}),
        json!({"kind": "github", "secret": ""}),
        json!({"mapping": {"name": "x"}}),
        json!({"kind": "generic"}),
        json!({"colour": "red"}),
    ]
    .into_iter()
    .map(with)
    .collect();
    // The kinds are a list of their own: adding one must not change what is said about settings.
    let kinds: Vec<_> = SOURCES.iter().map(|s| s.kind).collect();
    insta::assert_snapshot!(all.join("\n").replace(&kinds.join(", "), "KINDS"));
}

#[test]
fn secrets_are_never_shown() {
    let config: SourceConfig = serde_json::from_value(
        json!({"name": "gh", "kind": "github", "key": "key-to-hide", "secret": "word-to-hide"}),
    )
    .expect("a configuration");
    let shown = format!("{config:?}");
    assert!(!shown.contains("to-hide"), "{shown}");
    assert!(find("github").is_some());
}

#[test]
fn a_key_may_be_in_the_environment_or_in_a_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("key");
    std::fs::write(&file, "a-key-in-a-file\n").expect("written");
    let with = |key: Value| {
        serde_json::from_value::<SourceConfig>(json!({"name": "am", "kind": "alertmanager", "key": key}))
    };
    assert_eq!(with(json!({"file": file})).expect("read").key.expose(), "a-key-in-a-file");
    // Of the variables that are always set, the path is the one that is long enough.
    let path = std::env::var("PATH").expect("set");
    assert_eq!(with(json!({"env": "PATH"})).expect("read").key.expose(), path);
    let missing = with(json!({"env": "FIREBELL_NO_SUCH_VARIABLE"})).expect_err("not set").to_string();
    assert!(missing.contains("FIREBELL_NO_SUCH_VARIABLE is not set"), "{missing}");
}

/// What the guide says: a copied folder and one line. So nothing else may name a folder: neither another module nor the
/// server, which knows only two kinds, by the doors that their protocols prescribe.
#[test]
fn nothing_but_its_folder_and_one_line_names_an_alert_source() {
    let crates = folder("").join("../..");
    let mut named = Vec::new();
    for source in SOURCES {
        let kind = source.kind;
        let paths = [format!("crate::{kind}::"), format!("firebell_integrations::{kind}::")];
        let own = folder(kind);
        for area in
            ["integrations/src", "server/src/ingest", "server/src/sources.rs", "cli/src", "engine/src"]
        {
            for file in rust_files(&crates.join(area)) {
                let inside =
                    file.canonicalize().expect("a file").starts_with(own.canonicalize().expect("a folder"));
                let text = std::fs::read_to_string(&file).expect("a file");
                if !inside && paths.iter().any(|path| text.contains(path)) {
                    named.push(format!(
                        "{} names {kind}",
                        file.strip_prefix(&crates).expect("below").display()
                    ));
                }
            }
        }
        let list = include_str!("../lib.rs");
        assert_eq!(list.lines().filter(|l| l.trim() == format!("{kind},")).count(), 1, "{kind} has one line");
        for name in source.headers {
            assert!(*name == name.to_lowercase() && !name.is_empty(), "{kind}: header {name:?}");
        }
    }
    named.retain(|n| !ALLOWED.iter().any(|a| n == a));
    assert!(named.is_empty(), "{named:#?}");
}

/// Doors that a protocol prescribes, and the mapping that is part of the configuration's own form.
const ALLOWED: [&str; 2] =
    ["server/src/ingest/pagerduty.rs names pagerduty", "integrations/src/source_config.rs names generic"];

fn rust_files(path: &std::path::Path) -> Vec<std::path::PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut out = Vec::new();
    for entry in std::fs::read_dir(path).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            out.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    out
}

/// The folders are declared by a macro, which `cargo fmt` does not look through.
#[test]
fn the_alert_sources_are_formatted() {
    let files = SOURCES.iter().map(|s| folder(s.kind).join("mod.rs"));
    let out = std::process::Command::new("rustfmt")
        .args(["--check", "--edition", "2024"])
        .args(files)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    match out {
        Ok(out) => assert!(
            out.status.success(),
            "run rustfmt --edition 2024 on them:\n{}",
            String::from_utf8_lossy(&out.stdout)
        ),
        Err(e) => eprintln!("skipped: rustfmt cannot be run ({e})"),
    }
}
