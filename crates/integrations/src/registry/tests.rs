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
    insta::assert_snapshot!(all.join("\n"));
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
