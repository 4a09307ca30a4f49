//! The house rules that a machine can check: sizes, module docs, registries, words, links, named invariants.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of one source file at most.
const MOST_LINES: usize = 800;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

/// All files below a folder with one of these endings, sorted; what the build makes is left out.
fn files(below: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![below.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if path.is_dir() {
                let made =
                    ["target", "node_modules", "firebell-data", "firebell-demo", "corpus", "artifacts"]
                        .contains(&name);
                if !made && (!name.starts_with('.') || name == ".ci" || name == ".config") {
                    folders.push(path);
                }
            } else if endings.iter().any(|e| name.ends_with(e)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Fails with all complaints at once.
fn none(what: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{what}:\n{}", complaints.join("\n"));
}

#[test]
fn source_files_are_small_and_say_what_they_are_for() {
    let mut complaints = Vec::new();
    let sources = files(&root().join("crates"), &[".rs"]);
    assert!(sources.len() > 100, "the sources were not found: {}", sources.len());
    for path in sources {
        let text = read(&path);
        let lines = text.lines().count();
        if lines > MOST_LINES {
            complaints
                .push(format!("{} has {lines} lines: split it, {MOST_LINES} is the cap", path.display()));
        }
        if !text.starts_with("//!") {
            complaints.push(format!("{} does not begin with a //! doc", path.display()));
        }
    }
    none("files", &complaints);
}

#[test]
fn every_alert_source_is_registered_and_documented() {
    let src = root().join("crates/integrations/src");
    let list = read(&src.join("lib.rs"));
    let list = list.split_once("\nalert_sources! {\n").and_then(|(_, rest)| rest.split_once("\n}"));
    let list: Vec<&str> =
        list.expect("the list of alert sources").0.lines().map(|l| l.trim().trim_end_matches(',')).collect();
    let mut complaints = Vec::new();
    let mut sources = 0;
    for entry in fs::read_dir(&src).expect("a folder") {
        let folder = entry.expect("an entry").path();
        let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        let is_source = folder.is_dir()
            && files(&folder, &[".rs"]).iter().any(|f| read(f).contains("pub const SOURCE: SourceKind"));
        if !is_source {
            continue;
        }
        sources += 1;
        if !list.contains(&name.as_str()) {
            complaints.push(format!("{name} is missing from alert_sources! in lib.rs"));
        }
        for needed in ["README.md", "fixtures", "tests.rs"] {
            if !folder.join(needed).exists() {
                complaints.push(format!("{name} has no {needed}"));
            }
        }
    }
    assert!(sources >= 8, "the sources were not found: {sources}");
    assert_eq!(list.len(), sources, "lib.rs names folders that hold no source");
    none("alert sources", &complaints);
}

#[test]
fn notifiers_and_backends_are_documented() {
    let src = root().join("crates/integrations/src");
    let mut complaints = Vec::new();
    let backends = ["prometheus", "jaeger", "logfiles", "otlp", "platform"];
    let channels = [
        "email",
        "webhook",
        "twilio",
        "httpsms",
        "ntfy",
        "pushover",
        "telegram",
        "slack",
        "msteams",
        "mattermost",
        "matrix",
        "discord",
    ];
    for name in backends.into_iter().chain(channels) {
        if !src.join(name).join("README.md").exists() {
            complaints.push(format!("{name} has no README.md"));
        }
    }
    none("adapters", &complaints);
}

#[test]
fn texts_speak_of_the_product_alone() {
    // Written in halves, so that this list does not find itself.
    let halves = [
        ("TO", "DO"),
        ("FIX", "ME"),
        ("/wo", "rk/"),
        ("issues sh", "ow"),
        ("this br", "ief"),
        ("lorem ip", "sum"),
    ];
    let forbidden: Vec<String> = halves.iter().map(|(a, b)| format!("{a}{b}")).collect();
    let mut complaints = Vec::new();
    for path in files(
        &root(),
        &[".rs", ".md", ".toml", ".html", ".css", ".js", ".yml", "test", "run", "bench-intake"],
    ) {
        // Fixtures are what others have written.
        if path.components().any(|c| c.as_os_str() == "fixtures") {
            continue;
        }
        for (n, line) in read(&path).lines().enumerate() {
            for word in forbidden.iter().filter(|w| line.contains(w.as_str())) {
                complaints.push(format!("{}:{}: {word:?}", path.display(), n + 1));
            }
        }
    }
    none("words", &complaints);
}

#[test]
fn the_core_reads_no_clock_no_environment_and_no_files() {
    // In the product's code; tests may.
    let forbidden = [
        "Timestamp::now",
        "SystemTime",
        "Instant::now",
        "std::env",
        "std::fs",
        "std::net",
        // Work may be shared by threads of one scope: what comes of it is the same.
        "std::thread::spawn",
        "std::thread::sleep",
        "std::thread::current",
        "std::process",
        "HashMap",
        "HashSet",
        "rand::",
    ];
    let mut complaints = Vec::new();
    for name in ["core", "rca"] {
        for path in files(&root().join("crates").join(name).join("src"), &[".rs"]) {
            let is_test = path.components().any(|c| c.as_os_str() == "tests") || path.ends_with("tests.rs");
            if is_test {
                continue;
            }
            let text = read(&path);
            let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for (n, line) in product.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
                for word in forbidden.iter().filter(|w| line.contains(*w)) {
                    complaints.push(format!("{}:{}: {word}", path.display(), n + 1));
                }
            }
        }
    }
    none("what the core must be handed as data", &complaints);
}

/// Files that engines' modules consist of and that tell nothing of their own.
const PARTS: [&str; 4] = ["mod.rs", "phrases.rs", "records.rs", "stacks.rs"];

#[test]
fn each_engine_says_what_it_assumes_what_it_costs_and_where_its_cases_are() {
    let src = root().join("crates/rca/src");
    let mut engines: Vec<PathBuf> = vec![src.join("ledger/mod.rs"), src.join("breakdown/mod.rs")];
    for entry in fs::read_dir(src.join("engines")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if path.is_dir() {
            engines.push(path.join("mod.rs"));
        } else if !PARTS.contains(&name) {
            engines.push(path);
        }
    }
    assert!(engines.len() > 10, "the engines were not found: {}", engines.len());
    let mut complaints = Vec::new();
    for path in engines {
        let head: Vec<String> = read(&path)
            .lines()
            .take_while(|l| l.starts_with("//!"))
            .map(|l| l.trim_start_matches("//!").trim().to_owned())
            .collect();
        let head = head.join(" ");
        for part in ["Assumes:", "Cost:", "Golden cases:"] {
            if !head.contains(part) {
                complaints.push(format!("{} has no {part:?} in its header", path.display()));
            }
        }
        let cases = head.split_once("Golden cases:").map_or("", |(_, cases)| cases);
        let named: Vec<&str> = cases.split('`').skip(1).step_by(2).filter(|n| n.contains('/')).collect();
        if named.is_empty() {
            complaints.push(format!("{} names no file of golden cases", path.display()));
        }
        for name in named.iter().filter(|n| !n.contains("::")) {
            let place = src.join(name);
            let tested = match place.is_dir() {
                true => files(&place, &[".rs"]).iter().any(|f| read(f).contains("#[test]")),
                false => place.is_file() && read(&place).contains("#[test]"),
            };
            if !tested {
                complaints.push(format!("{} names {name}, which holds no test", path.display()));
            }
        }
    }
    none("headers of engines", &complaints);
}

/// The targets of a Markdown text's links and pictures: `](target)` and `src="target"`.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for (begin, end) in [("](", ')'), ("src=\"", '"')] {
            let mut rest = line;
            while let Some(at) = rest.find(begin) {
                rest = &rest[at + begin.len()..];
                let Some(stop) = rest.find(end) else { break };
                found.push(rest[..stop].split_whitespace().next().unwrap_or_default().to_owned());
            }
        }
    }
    found
}

#[test]
fn links_are_found_where_they_stand() {
    let text = "a [b](c.md#d) and ![e](f.png \"g\")\n```\n[no](x)\n```\n<img src=\"h.png\">";
    assert_eq!(targets(text), ["c.md#d", "f.png", "h.png"]);
}

#[test]
fn links_between_documents_resolve() {
    let mut complaints = Vec::new();
    let mut links = 0;
    for path in files(&root(), &[".md"]) {
        if path.components().any(|c| c.as_os_str() == "fixtures" || c.as_os_str() == "templates") {
            continue;
        }
        for target in targets(&read(&path)) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") || file.starts_with("mailto:") {
                continue;
            }
            links += 1;
            if !path.parent().expect("a folder").join(file).exists() {
                complaints.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(links > 0, "no document links to another");
    none("links that lead nowhere", &complaints);
}

/// Names in backticks that look like tests: words joined by underscores, three or more.
fn named_tests(line: &str) -> Vec<&str> {
    line.split('`')
        .skip(1)
        .step_by(2)
        .map(|name| name.rsplit("::").next().unwrap_or(name))
        .filter(|name| {
            name.matches('_').count() >= 2
                && name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        })
        .collect()
}

#[test]
fn each_invariant_of_the_architecture_names_tests_that_exist() {
    let text = read(&root().join("ARCHITECTURE.md"));
    let sources: String = files(&root().join("crates"), &[".rs"]).iter().map(|p| read(p)).collect();
    let mut complaints = Vec::new();
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        let bare = line.trim_start_matches(['|', '*', '-', '#', ' ']);
        let Some(number) =
            bare.strip_prefix("I-").map(|r| r.split(|c: char| !c.is_ascii_digit()).next().unwrap_or(""))
        else {
            continue;
        };
        seen.insert(number.to_owned());
        let tests = named_tests(line);
        if tests.is_empty() {
            complaints.push(format!("I-{number} names no test"));
        }
        for test in tests.into_iter().filter(|t| !sources.contains(&format!("fn {t}("))) {
            complaints.push(format!("I-{number}: there is no test {test}"));
        }
    }
    assert!(seen.len() >= 5, "the invariants were not found");
    none("invariants", &complaints);
}
