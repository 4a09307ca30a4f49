//! Nothing that names anybody is left, what belonged together still does, and the verdict is the same, renamed.

use std::fs;
use std::path::{Path, PathBuf};

use firebell_core::verdict::Verdict;
use firebell_rca::{Settings, investigate};

use super::*;

fn put(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().expect("has a parent")).expect("folder");
    fs::write(path, text).expect("file");
}

/// All that was written, as one text.
fn everything(folder: &Path) -> String {
    let mut out = String::new();
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        out.push_str(&path.file_name().expect("name").to_string_lossy());
        out.push('\n');
        if path.is_dir() {
            out.push_str(&everything(&path));
        } else {
            out.push_str(&fs::read_to_string(path).expect("text"));
        }
    }
    out
}

fn company(dir: &Path) {
    put(
        dir,
        "bundle.json",
        r#"{"format": "firebell-bundle/1", "report": "Jane Roe of Initech cannot pay at shop.initech.com",
            "components": [{"id": "service/paygate", "aliases": ["paygate-v2"]}]}"#,
    );
    let rows: Vec<String> = (0..40).map(|i| format!("{},{}\n", 1_767_607_200 + i * 60, i % 7)).collect();
    put(
        dir,
        "metrics/m.csv",
        &format!(
            "time,\"http_errors_total{{service=\"\"paygate\"\",pod=\"\"paygate-7d9f6b5c4-x2x8z\"\"}}\"\n{}",
            rows.concat()
        ),
    );
    put(
        dir,
        "logs/paygate.log",
        "2026-01-05 10:00:00 ERROR connection refused to 192.168.7.9:5432 for jane.roe@initech.com order 4711\n\
         2026-01-05 10:00:01 INFO wrote /srv/initech/tenants/globex/x.dat password=hunter2 session 5f2a9c0d1e7b4a66\n\
         2026-01-05 10:00:02 INFO again from 192.168.7.9 by PaygateClient in 35ms\n",
    );
    put(
        dir,
        "logs/web.jsonl",
        "{\"time\":\"2026-01-05T10:00:00Z\",\"level\":\"warn\",\"msg\":\"slow paygate\",\"user\":\"trust\",\"api_key\":\"AKIAIOSFODNN7EXAMPLE\",\"trace_id\":\"5f2a9c0d1e7b4a66\"}\n",
    );
    put(
        dir,
        "changes/c.json",
        r#"[{"at":"2026-01-05T09:59:00Z","kind":"config","component":"paygate","by":"Max Power","summary":"raise timeout for globex","commit":"8f1116bd26e4901475d935eb2659f8ae2273baab"}]"#,
    );
    put(
        dir,
        "k8s/o.yaml",
        "kind: Pod\nmetadata:\n  name: paygate-7d9f6b5c4-x2x8z\n  labels: {squad: wolverines}\nspec:\n  containers:\n  - name: main\n    image: registry.initech.com/paygate:1.2.3\n    readinessProbe: {httpGet: {port: 8080}}\n",
    );
}

#[test]
fn names_addresses_and_secrets_are_gone_and_the_rest_is_there() {
    let root = tempfile::tempdir().expect("dir");
    let (from, to) = (root.path().join("from"), root.path().join("to"));
    company(&from);
    let done = anonymise(&from, &to, Options { shift_s: 86_400 }).expect("anonymised");
    let text = everything(&to);
    let lower = text.to_lowercase();
    for name in [
        "paygate",
        "initech",
        "globex",
        "jane",
        "roe",
        "max",
        "power",
        "wolverines",
        "hunter2",
        "192.168",
        "akiaiosf",
        "5f2a9c0d1e7b4a66",
        "7d9f6b5c4",
        "8f1116bd",
        "trust",
        "2026-01-05",
    ] {
        assert!(!lower.contains(name), "{name} is in {text}");
    }
    for kept in [
        "connection refused",
        "http_errors_total",
        "35ms",
        "1.2.3",
        "readinessProbe",
        "4711",
        "2026-01-06T10:00:01",
    ] {
        assert!(text.contains(kept), "{kept} is not in {text}");
    }
    // The pod is still the component's, the trace the session's, the address the same one.
    let t = read(&to).expect("readable").telemetry;
    let name = done.names.mapping()["paygate"].clone();
    assert_eq!(t.components[0].id, format!("service/{name}"));
    assert!(t.series[0].labels["pod"].starts_with(&format!("{name}-")));
    assert_eq!(t.changes[0].component, name);
    let texts: Vec<&str> = t.logs.iter().map(|l| l.text.as_str()).collect();
    assert!(texts.iter().filter(|l| l.contains("10.0.0.1")).count() == 2, "{texts:?}");
    assert!(
        texts.iter().any(|l| l.contains(t.logs.iter().find_map(|l| l.trace_id.as_deref()).expect("a trace")))
    );
    assert!(texts.iter().any(|l| l.to_lowercase().contains(&format!("{name}client"))), "{texts:?}");
}

#[test]
fn the_same_bundle_gives_the_same_pseudonyms_and_words_keep_their_order() {
    let root = tempfile::tempdir().expect("dir");
    company(&root.path().join("from"));
    let run = |to: &str| {
        anonymise(&root.path().join("from"), &root.path().join(to), Options::default()).expect("done")
    };
    let (a, b) = (run("a"), run("b"));
    assert_eq!(a.names.mapping(), b.names.mapping());
    assert_eq!(everything(&a.folders[0]), everything(&b.folders[0]));
}

#[test]
fn the_vocabulary_holds_what_the_catalogue_of_causes_speaks_of() {
    for cause in firebell_core::cause::all() {
        for word in cause.words.iter().flat_map(|w| w.split(|c: char| !c.is_ascii_alphabetic())) {
            assert!(word.len() <= 2 || vocabulary::contains(&word.to_lowercase()), "{word} of {}", cause.id);
        }
    }
}

/// What is compared: outcome, and of each hypothesis component, cause and rounded confidence.
fn told(v: &Verdict, name: impl Fn(&str) -> String) -> Vec<(String, String, u32)> {
    let lines = v.hypotheses.iter().take(3);
    lines.map(|h| (name(&h.component), h.cause.clone(), (h.confidence * 20.0).round() as u32)).collect()
}

/// Labelled bundles, where they are.
fn labelled() -> Vec<PathBuf> {
    let mut out = Vec::new();
    let Some(root) = crate::testing::shared("data") else { return out };
    for (set, most) in [("petshop", 1), ("rcd-sockshop", 1), ("rootcausebench", 4)] {
        let Ok(entries) = fs::read_dir(root.join(set)) else { continue };
        let mut cases: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        cases.retain(|p| p.join("answer.json").is_file());
        cases.sort();
        out.extend(cases.into_iter().take(most));
    }
    out
}

#[test]
fn the_verdict_on_labelled_bundles_is_the_same_renamed() {
    let cases = labelled();
    if cases.is_empty() {
        return;
    }
    let root = tempfile::tempdir().expect("dir");
    let (mut same, mut first, mut differ) = (0, 0, Vec::new());
    for (i, case) in cases.iter().enumerate() {
        let loaded = read(case).expect("readable").telemetry;
        let original = investigate(&loaded, &Settings::default());
        let to = root.path().join(i.to_string());
        let done = anonymise(case, &to, Options { shift_s: 12 * 86_400 }).expect("anonymised");
        let other = investigate(&read(&to).expect("readable").telemetry, &Settings::default());
        let (want, have) = (told(&original, |c| done.names.name(c)), told(&other, str::to_owned));
        same += usize::from(want == have && original.verdict == other.verdict);
        let lead = |v: &[(String, String, u32)]| v.first().map(|(c, cause, _)| (c.clone(), cause.clone()));
        first += usize::from(lead(&want) == lead(&have));
        if want != have {
            differ.push(format!("{}: {want:?} became {have:?}", case.display()));
        }
    }
    eprintln!("{same} of {} verdicts are the same to their third place, {first} in the first", cases.len());
    assert_eq!(first, cases.len(), "{}", differ.join("\n"));
}
