//! Unified diffs, read leniently: what tools print, what ledgers shorten, and what people paste. Prose between hunks
//! is no part of a diff. Cost: linear in the text, of which only the first part is read.

/// Lines of one diff past which the rest is left unread: a mechanism is no longer told from so much.
const MAX_LINES: usize = 6_000;
/// Bytes of a line past which the rest is left unread.
const MAX_BYTES: usize = 1_200;

/// What happened to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Removed,
    Added,
    Context,
}

/// One line without its sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub side: Side,
    pub text: &'a str,
}

/// Neighbouring lines of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Hunk<'a> {
    /// What stands after the second `@@`: the function or section around.
    pub heading: &'a str,
    pub lines: Vec<Line<'a>>,
}

/// One file's hunks. The path is empty where the diff names none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FileDiff<'a> {
    pub path: &'a str,
    /// The file was removed.
    pub gone: bool,
    pub hunks: Vec<Hunk<'a>>,
}

impl<'a> FileDiff<'a> {
    /// Lines of one side.
    pub(crate) fn side(&self, side: Side) -> impl Iterator<Item = &'a str> + '_ {
        self.hunks.iter().flat_map(|h| &h.lines).filter(move |l| l.side == side).map(|l| l.text)
    }
}

/// Reads a diff. Whatever is no diff gives no lines.
pub(crate) fn parse(text: &str) -> Vec<FileDiff<'_>> {
    let mut files: Vec<FileDiff<'_>> = Vec::new();
    let mut lines = text.lines().take(MAX_LINES).map(cut).peekable();
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("diff --git ") {
            files.push(FileDiff { path: target(rest), ..FileDiff::default() });
        } else if let Some(old) = line.strip_prefix("--- ")
            && let Some(new) = lines.peek().and_then(|l| l.strip_prefix("+++ "))
        {
            let gone = path(new) == "/dev/null";
            let path = if gone { path(old) } else { path(new) };
            lines.next();
            match files.last_mut().filter(|f| f.hunks.is_empty() && (f.path == path || f.path.is_empty())) {
                Some(file) => (file.path, file.gone) = (path, gone),
                None => files.push(FileDiff { path, gone, hunks: Vec::new() }),
            }
        } else if let Some(rest) = line.strip_prefix("@@") {
            section(&mut files, rest);
        } else if let Some((side, body)) = signed(line) {
            if files.is_empty() {
                // Context before anything was changed or named is prose.
                if side == Side::Context {
                    continue;
                }
                files.push(FileDiff::default());
            }
            if let Some(file) = files.last_mut() {
                if file.hunks.is_empty() {
                    file.hunks.push(Hunk::default());
                }
                if let Some(hunk) = file.hunks.last_mut() {
                    hunk.lines.push(Line { side, text: body });
                }
            }
        }
    }
    files.retain(|f| !f.path.is_empty() || !f.hunks.is_empty());
    files
}

fn cut(line: &str) -> &str {
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.len() <= MAX_BYTES {
        return line;
    }
    let end = (0..=MAX_BYTES).rev().find(|i| line.is_char_boundary(*i)).unwrap_or(0);
    &line[..end]
}

fn signed(line: &str) -> Option<(Side, &str)> {
    let mut chars = line.chars();
    let side = match chars.next()? {
        '-' => Side::Removed,
        '+' => Side::Added,
        ' ' | '\t' => Side::Context,
        _ => return None,
    };
    Some((side, chars.as_str()))
}

/// What follows a first `@@`: positions, a path, the function around, or a remark.
fn section<'a>(files: &mut Vec<FileDiff<'a>>, rest: &'a str) {
    let (between, after) = match rest.split_once("@@") {
        Some((between, after)) => (between.trim(), after.trim()),
        None => ("", rest.trim()),
    };
    let positions = |s: &str| {
        s.starts_with('-') && s.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | ',' | ' '))
    };
    let (named, heading) = if positions(between) || between.is_empty() {
        split_path(after)
    } else {
        let (path, heading) = split_path(between);
        (path, if heading.is_empty() { after } else { heading })
    };
    if !named.is_empty() && files.last().is_none_or(|f| f.path != named) {
        files.push(FileDiff { path: named, ..FileDiff::default() });
    }
    if files.is_empty() {
        files.push(FileDiff::default());
    }
    if let Some(file) = files.last_mut() {
        file.hunks.push(Hunk { heading, lines: Vec::new() });
    }
}

/// A path at the start of a heading, and what follows it.
fn split_path(heading: &str) -> (&str, &str) {
    let end = heading.find([' ', ':']).unwrap_or(heading.len());
    let first = &heading[..end];
    let named = first.rsplit('/').next().unwrap_or("");
    let plain = !first.contains(['(', ')', '{', '<', '=', ';', '"', '*'])
        && !first.starts_with('.')
        && first.len() > 2;
    let file = named.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty()
            && (1..=8).contains(&ending.len())
            && ending.bytes().all(|b| b.is_ascii_alphanumeric())
            && (first.contains('/') || super::inert::is_ending(ending))
    });
    let bare = first.contains('/') && !named.is_empty() && heading.len() == end;
    if plain && (file || bare || named.eq_ignore_ascii_case("dockerfile")) {
        (first, heading[end..].trim_start_matches(':').trim())
    } else {
        ("", heading)
    }
}

/// `a/x b/x`: the second.
fn target(rest: &str) -> &str {
    path(rest.rsplit(" b/").next().unwrap_or(rest))
}

fn path(raw: &str) -> &str {
    let raw = raw.split('\t').next().unwrap_or(raw).trim();
    raw.strip_prefix("a/").or_else(|| raw.strip_prefix("b/")).unwrap_or(raw)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape(text: &str) -> Vec<(&str, Vec<(Side, &str)>)> {
        parse(text)
            .iter()
            .map(|f| {
                let lines = f.hunks.iter().flat_map(|h| &h.lines).map(|l| (l.side, l.text)).collect();
                (f.path, lines)
            })
            .collect()
    }

    #[test]
    fn all_the_forms_in_which_diffs_come_are_read_alike() {
        let changed = vec![(Side::Removed, "  ttl: 15m"), (Side::Added, "  ttl: 15s")];
        for text in [
            "diff --git a/conf/x.yaml b/conf/x.yaml\nindex 1..2 100644\n--- a/conf/x.yaml\n+++ b/conf/x.yaml\n@@ -1,2 +1,2 @@ cache:\n-  ttl: 15m\n+  ttl: 15s\n",
            "--- a/conf/x.yaml\t2026-01-01\n+++ b/conf/x.yaml\n@@ -1 +1 @@\n-  ttl: 15m\r\n+  ttl: 15s",
            "@@ conf/x.yaml @@\n-  ttl: 15m\n+  ttl: 15s",
            "@@ conf/x.yaml: cache\n-  ttl: 15m\n+  ttl: 15s",
            "@@ -1 +1 @@ conf/x.yaml\n-  ttl: 15m\n+  ttl: 15s",
        ] {
            assert_eq!(shape(text), vec![("conf/x.yaml", changed.clone())], "{text}");
        }
        assert_eq!(shape("-  ttl: 15m\n+  ttl: 15s"), vec![("", changed)]);
    }

    #[test]
    fn prose_around_hunks_is_no_change() {
        let text = "This is the root cause.\n@@ go.mod @@\n-\ta v1.0.0\n+\ta v2.0.0\n@@ note: nothing else changes\n\
                    because of this @@\nonly the client is touched";
        let lines: usize = parse(text).iter().flat_map(|f| &f.hunks).map(|h| h.lines.len()).sum();
        assert_eq!(lines, 2);
    }

    #[test]
    fn a_removed_comment_of_sql_is_no_header() {
        let text =
            "--- a/x.sql\n+++ b/x.sql\n@@ -1,3 +1,1 @@\n--- drop it later\n-DROP INDEX a;\n+SELECT 1;\n";
        let lines = shape(text);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].1[0], (Side::Removed, "-- drop it later"));
    }

    #[test]
    fn a_removed_file_keeps_its_name() {
        let text = "--- a/db/retry.go\n+++ /dev/null\n@@ -1 +0,0 @@\n-package db\n";
        let files = parse(text);
        assert!(files[0].gone && files[0].path == "db/retry.go");
    }

    proptest! {
        #[test]
        fn anything_is_read_and_no_line_is_invented(text in "([-+@ dif/a-z:0-9.\\n\t]|\\PC){0,300}") {
            let changed = text.lines().filter(|l| l.starts_with(['+', '-'])).count();
            let read = parse(&text).iter().flat_map(|f| &f.hunks).flat_map(|h| &h.lines)
                .filter(|l| l.side != Side::Context).count();
            prop_assert!(read <= changed);
            for line in parse(&text).iter().flat_map(|f| &f.hunks).flat_map(|h| &h.lines) {
                prop_assert!(text.contains(line.text));
            }
            crate::explain_diff(&text);
        }

        #[test]
        fn a_printed_diff_is_read_back(removed in prop::collection::vec("[a-z =]{1,20}", 0..6),
            added in prop::collection::vec("[a-z =]{1,20}", 0..6), name in "[a-z]{1,8}/[a-z]{1,8}\\.(go|py|yaml)") {
            let mut text = format!("--- a/{name}\n+++ b/{name}\n@@ -1,{} +1,{} @@\n", removed.len(), added.len());
            for l in &removed { text.push_str(&format!("-{l}\n")); }
            for l in &added { text.push_str(&format!("+{l}\n")); }
            let files = parse(&text);
            prop_assert_eq!(files[0].path, name.as_str());
            prop_assert_eq!(files[0].side(Side::Removed).collect::<Vec<_>>(), removed);
            prop_assert_eq!(files[0].side(Side::Added).collect::<Vec<_>>(), added);
        }
    }
}
