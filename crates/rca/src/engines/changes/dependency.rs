//! Other versions of what a component is built with or runs on.

use std::collections::BTreeMap;

use super::diff::{FileDiff, Side};
use super::edit::{Edit, Sort, short};
use super::effect::Effect::{Access, Certificate, Crash, Missing, Null, Parse, Setting, Version};
use super::lines;

pub(super) fn read(file: &FileDiff<'_>, out: &mut Vec<Edit>) {
    let name = file.path.rsplit('/').next().unwrap_or("").to_lowercase();
    // Checksums repeat what the list says.
    if name == "go.sum" || name.ends_with(".lock") || name == "package-lock.json" || name == "yarn.lock" {
        return;
    }
    let of = |side: Side| -> BTreeMap<String, String> { file.side(side).filter_map(pinned).collect() };
    let (removed, added) = (of(Side::Removed), of(Side::Added));
    for (name, from) in &removed {
        let Some(to) = added.get(name).filter(|to| *to != from) else { continue };
        let steps = |v: &str| -> Vec<u64> { numbers(v).collect() };
        let (a, b) = (steps(from), steps(to));
        let major = a.first() != b.first();
        let patch = !major && a.get(1) == b.get(1);
        // A patch seldom breaks; what breaks is mentioned by its name.
        let size = if major {
            1.0
        } else if patch {
            0.55
        } else {
            0.85
        };
        let verb = if b < a { "takes" } else { "moves" };
        let effects = [
            (Version, 0.95),
            (Crash, 0.5),
            (Missing, 0.4),
            (Parse, 0.4),
            (Null, 0.3),
            (Setting, 0.3),
            (Certificate, 0.3),
            (Access, 0.3),
        ]
        .map(|(e, w)| (e, w * size));
        let mut edit = Edit::new(
            Sort::Dependency,
            format!("{verb} the dependency `{}` from {} to {}", short(name), short(from), short(to)),
            &effects,
        )
        .naming(parts(name));
        edit.named = true;
        out.push(edit);
    }
}

/// A name with a version, in the notation of any package manager.
fn pinned(line: &str) -> Option<(String, String)> {
    let bare = lines::bare(line);
    if bare.starts_with('<') {
        return None;
    }
    let image = bare.strip_prefix("FROM ").or_else(|| bare.trim_start_matches("- ").strip_prefix("image:"));
    if let Some(image) = image {
        let (name, version) = image.trim().trim_matches(['"', '\'']).split_once(':')?;
        return Some((name.to_owned(), version.split_whitespace().next()?.to_owned()));
    }
    let words: Vec<&str> = bare
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '(' | ')' | '{' | '}'))
        .flat_map(|w| w.split("=="))
        .flat_map(|w| w.split(">="))
        .flat_map(|w| w.split("~>"))
        .flat_map(|w| w.rsplitn(2, ':').collect::<Vec<_>>())
        .map(|w| w.trim_matches(|c: char| matches!(c, '=' | '>' | '<' | '~' | '^' | '!' | ':' | '@')))
        .filter(|w| !w.is_empty())
        .collect();
    let version = words.iter().find(|w| is_version(w))?;
    let name =
        words.iter().filter(|w| !is_version(w) && w.contains(|c: char| c.is_alphabetic())).find(|w| {
            !matches!(
                **w,
                "require"
                    | "gem"
                    | "implementation"
                    | "version"
                    | "compile"
                    | "api"
                    | "indirect"
                    | "//"
                    | "const"
                    | "var"
                    | "let"
            )
        })?;
    Some(((*name).to_owned(), (*version).to_owned()))
}

/// `v1.2.3`, `1.2.3-rc1`, `1.2`: digits and points, at least two numbers, three without a leading `v`.
fn is_version(word: &str) -> bool {
    let stem = word.strip_prefix('v').unwrap_or(word);
    let end = stem.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(stem.len());
    let parts: Vec<&str> = stem[..end].split('.').collect();
    let tail = &stem[end..];
    parts.len() >= 3
        && parts.len() <= 4
        && parts.iter().all(|p| !p.is_empty() && p.len() <= 8)
        && (tail.is_empty() || tail.starts_with(['-', '+', 'a', 'b', 'r', '.']))
}

fn numbers(version: &str) -> impl Iterator<Item = u64> + '_ {
    version.split(|c: char| !c.is_ascii_digit()).filter(|p| !p.is_empty()).filter_map(|p| p.parse().ok())
}

/// Parts of a package's name by which errors mention it.
fn parts(name: &str) -> Vec<String> {
    let common = [
        "com",
        "org",
        "github",
        "google",
        "golang",
        "apache",
        "springframework",
        "net",
        "io",
        "client",
        "core",
        "api",
        "common",
        "utils",
        "lib",
        "types",
        "server",
        "sdk",
        "plugin",
        "parent",
        "dev",
        "tools",
    ];
    let mut out: Vec<String> = vec![name.to_owned()];
    out.extend(
        name.split(|c: char| !c.is_alphanumeric())
            .filter(|p| p.len() >= 4 && !common.contains(&p.to_lowercase().as_str()))
            .map(str::to_owned),
    );
    out
}

#[cfg(test)]
mod tests {
    use super::super::diff;
    use super::*;

    #[test]
    fn versions_are_read_from_the_lists_of_many_package_managers() {
        for (text, what) in [
            (
                "@@ go.mod @@\n-\tgoogle.golang.org/protobuf v1.31.0\n+\tgoogle.golang.org/protobuf v1.34.2\n",
                "google.golang.org/protobuf` from v1.31.0 to v1.34.2",
            ),
            (
                "@@ package.json @@\n-    \"express\": \"^4.18.2\",\n+    \"express\": \"^5.0.0\",\n",
                "express` from 4.18.2 to 5.0.0",
            ),
            (
                "@@ requirements.txt @@\n-SQLAlchemy==1.4.46\n+SQLAlchemy==2.0.1\n",
                "SQLAlchemy` from 1.4.46 to 2.0.1",
            ),
            (
                "@@ build.gradle @@\n-  implementation 'com.fasterxml.jackson.core:jackson-databind:2.12.0'\n+  implementation 'com.fasterxml.jackson.core:jackson-databind:2.15.0'\n",
                "jackson-databind` from 2.12.0",
            ),
            (
                "@@ Dockerfile @@\n-FROM python:3.9-slim\n+FROM python:3.12-slim\n",
                "python` from 3.9-slim to 3.12-slim",
            ),
            ("@@ Cargo.toml @@\n-tokio = \"1.35.0\"\n+tokio = \"1.36.0\"\n", "tokio` from 1.35.0"),
            ("@@ Gemfile @@\n-gem 'rails', '6.1.7'\n+gem 'rails', '7.0.4'\n", "rails` from 6.1.7"),
        ] {
            let files = diff::parse(text);
            let mut out = Vec::new();
            read(&files[0], &mut out);
            assert!(
                out.first().is_some_and(|e| e.what.contains(what)),
                "{text} {:?}",
                out.first().map(|e| &e.what)
            );
        }
    }
}
