//! Finds files: `*`, `?` and `**`, and the rotated siblings of what is found. Bounded, sorted, links not followed
//! into loops.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Most files of one pattern.
const MAX_FILES: usize = 500;
/// Deepest level that `**` looks into.
const MAX_DEPTH: usize = 8;

/// The files that a pattern names, sorted.
pub(super) fn find(pattern: &str) -> Vec<PathBuf> {
    let parts: Vec<&str> = pattern.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    let root = if pattern.starts_with('/') { PathBuf::from("/") } else { PathBuf::from(".") };
    let mut out = BTreeSet::new();
    walk(&root, &parts, 0, &mut out);
    let siblings: Vec<PathBuf> = out.iter().flat_map(|p| rotated(p)).collect();
    out.extend(siblings);
    out.into_iter().take(MAX_FILES).collect()
}

fn walk(folder: &Path, parts: &[&str], depth: usize, out: &mut BTreeSet<PathBuf>) {
    let Some((part, rest)) = parts.split_first() else {
        if folder.is_file() {
            out.insert(folder.to_path_buf());
        }
        return;
    };
    if out.len() >= MAX_FILES {
        return;
    }
    if *part == "**" {
        walk(folder, rest, depth, out);
        if depth < MAX_DEPTH {
            for entry in entries(folder) {
                // A link may lead back up.
                if entry.is_dir() && !entry.is_symlink() {
                    walk(&entry, parts, depth + 1, out);
                }
            }
        }
        return;
    }
    if !part.contains(['*', '?']) {
        walk(&folder.join(part), rest, depth, out);
        return;
    }
    for entry in entries(folder) {
        if entry.file_name().and_then(|n| n.to_str()).is_some_and(|n| matches(part, n)) {
            walk(&entry, rest, depth, out);
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().filter_map(|e| Some(e.ok()?.path())).collect();
    out.sort();
    out
}

/// `x.log.1`, `x.log.2.gz`, `x.log-20260105` beside `x.log`.
fn rotated(file: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name().and_then(|n| n.to_str())) else {
        return Vec::new();
    };
    entries(folder)
        .into_iter()
        .filter(|p| {
            let Some(other) = p.file_name().and_then(|n| n.to_str()) else { return false };
            let Some(tail) = other.strip_prefix(name) else { return false };
            let plain = tail.strip_suffix(".gz").unwrap_or(tail);
            tail == ".gz"
                || (plain.starts_with(['.', '-', '_'])
                    && plain.len() > 1
                    && plain[1..].chars().all(|c| c.is_ascii_digit() || "-_.T:Z".contains(c))
                    && plain.chars().any(|c| c.is_ascii_digit()))
        })
        .filter(|p| p.is_file())
        .collect()
}

/// One part of a path against `*` and `?`; without backtracking that could explode.
fn matches(pattern: &str, name: &str) -> bool {
    // As in shells, hidden files must be asked for.
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut i, mut j) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while j < n.len() {
        if i < p.len() && p[i] == '*' {
            star = Some((i, j));
            i += 1;
        } else if i < p.len() && (p[i] == '?' || p[i] == n[j]) {
            i += 1;
            j += 1;
        } else if let Some((si, sj)) = star {
            i = si + 1;
            j = sj + 1;
            star = Some((si, j));
        } else {
            return false;
        }
    }
    p[i..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("*.log", "a.log", true),
            ("*.log", "a.txt", false),
            ("a?c", "abc", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*", ".hidden", false),
            ("**x", "yx", true),
            ("a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn finds_files_in_folders_with_their_rotated_siblings() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for name in ["a/x.log", "a/x.log.1", "a/x.log.2.gz", "a/x.log-20260105", "a/x.log.bak", "b/c/y.log"] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, "").expect("written");
        }
        let find = |p: &str| {
            let found = find(&format!("{}/{p}", dir.path().display()));
            found
                .iter()
                .map(|f| f.strip_prefix(dir.path()).expect("inside").display().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(find("a/x.log"), ["a/x.log", "a/x.log-20260105", "a/x.log.1", "a/x.log.2.gz"]);
        assert_eq!(find("**/*.log").len(), 5);
        assert_eq!(find("*/*/y.log"), ["b/c/y.log"]);
        assert!(find("nothing/*").is_empty());
    }
}
