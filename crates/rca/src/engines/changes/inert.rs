//! Changes that cannot harm production: by where they are (documentation, tests, pictures, pipelines) and by what they
//! are (comments, wording of logs, lines that only moved, names of variables).

use std::collections::BTreeMap;

use super::diff::{FileDiff, Side};
use super::lines::{self, Token};

/// Endings of source and configuration files.
const ENDINGS: &[&str] = &[
    "go",
    "py",
    "rs",
    "js",
    "ts",
    "jsx",
    "tsx",
    "java",
    "kt",
    "scala",
    "rb",
    "php",
    "cs",
    "c",
    "h",
    "cc",
    "cpp",
    "hpp",
    "swift",
    "ex",
    "exs",
    "erl",
    "clj",
    "sh",
    "sql",
    "yaml",
    "yml",
    "json",
    "toml",
    "ini",
    "conf",
    "cfg",
    "properties",
    "xml",
    "tf",
    "hcl",
    "env",
    "md",
    "txt",
    "css",
    "scss",
    "html",
    "vue",
    "proto",
    "graphql",
    "mod",
    "sum",
    "lock",
    "gradle",
    "lua",
    "vcl",
    "j2",
    "tpl",
];

/// Whether files are called so.
pub(super) fn is_ending(ending: &str) -> bool {
    ENDINGS.contains(&ending)
}

/// Why no file of a change can harm, by their paths; `None` if one can.
pub(crate) fn by_paths<'a>(paths: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    let mut reasons: BTreeMap<&'static str, usize> = BTreeMap::new();
    for path in paths.filter(|p| !p.is_empty()) {
        *reasons.entry(by_path(path)?).or_default() += 1;
    }
    reasons.into_iter().max_by_key(|(reason, n)| (*n, *reason)).map(|(reason, _)| reason)
}

fn by_path(path: &str) -> Option<&'static str> {
    let lower = path.to_lowercase();
    let parts: Vec<&str> = lower.split('/').collect();
    let name = parts.last().copied().unwrap_or("");
    let ending = name.rsplit_once('.').map_or("", |(_, e)| e);
    let folder = |names: &[&str]| parts[..parts.len() - 1].iter().any(|p| names.contains(p));
    // What one installs from or prompts with is text, and runs.
    let runs = name.starts_with("requirements") || folder(&["prompts", "prompt", "templates"]);
    if (matches!(ending, "md" | "rst" | "adoc") && !folder(&["prompts"]))
        || (ending == "txt" && !runs)
        || folder(&["docs", "doc", "documentation", "runbooks"])
        || ["license", "codeowners", "changelog", "readme", "authors"].iter().any(|w| name.starts_with(w))
    {
        return Some("touches only documentation");
    }
    let stem = name.split('.').next().unwrap_or(name);
    if folder(&["test", "tests", "testdata", "__tests__", "spec", "specs", "fixtures", "e2e", "mocks"])
        || stem.ends_with("_test")
        || stem.ends_with("_spec")
        || stem.starts_with("test_")
        || [".test.", ".spec.", "_fuzz_test"].iter().any(|w| name.contains(w))
        || ["Test.java", "Tests.java", "Test.kt", "Tests.cs"].iter().any(|w| path.ends_with(w))
    {
        return Some("touches only tests");
    }
    if matches!(
        ending,
        "css" | "scss" | "sass" | "less" | "svg" | "png" | "jpg" | "gif" | "ico" | "woff" | "woff2"
    ) || ["theme.", "palette.", "colors."].iter().any(|w| name.starts_with(w))
    {
        return Some("touches only how pages look");
    }
    if folder(&[".github", ".circleci", ".gitlab", ".buildkite", "ci"])
        || matches!(
            name,
            ".gitlab-ci.yml" | "jenkinsfile" | ".golangci.yml" | ".travis.yml" | ".editorconfig"
        )
        || name.starts_with(".eslint")
        || name.starts_with(".prettier")
        || name == ".gitignore"
    {
        return Some("touches only the build pipeline");
    }
    if folder(&["staging", "dev", "sandbox", "examples", "example", "local", "storybook"])
        || ["staging.", "values-staging", "values-dev", "docker-compose.dev"].iter().any(|w| name.contains(w))
    {
        return Some("touches only what production does not run");
    }
    None
}

/// Why nothing that runs was changed, by the lines; `None` if something was, or there are none.
pub(crate) fn by_lines(files: &[FileDiff<'_>]) -> Option<&'static str> {
    let live: Vec<&FileDiff<'_>> = files.iter().filter(|f| by_path(f.path).is_none()).collect();
    let changed = || {
        live.iter().flat_map(|f| f.hunks.iter().flat_map(|h| &h.lines)).filter(|l| l.side != Side::Context)
    };
    changed().next()?;
    let of = |side: Side| -> Vec<&str> {
        changed().filter(|l| l.side == side).map(|l| lines::bare(l.text)).filter(|l| !l.is_empty()).collect()
    };
    let (removed, added) = (of(Side::Removed), of(Side::Added));
    if removed.is_empty() && added.is_empty() {
        return Some("changes only comments");
    }
    if sorted_tokens(&removed) == sorted_tokens(&added) {
        return Some("only moves or formats lines");
    }
    let words = |l: &&&str| !(says(l) || describes(l) || imports(l) || punctuation(l));
    if !removed.iter().chain(&added).any(|l| words(&l)) {
        return Some("changes only wording: logs, messages, labels");
    }
    if renamed(&removed, &added) {
        return Some("only renames variables");
    }
    if extracted(&removed, &added) {
        return Some("only moves code into a function");
    }
    None
}

fn sorted_tokens<'a>(lines: &[&'a str]) -> Vec<Token<'a>> {
    let mut out: Vec<Token<'a>> = lines
        .iter()
        .flat_map(|l| lines::tokens(l))
        .filter(|t| !matches!(t, Token::Sign(';' | ',')))
        .collect();
    out.sort_unstable();
    out
}

/// A statement that logs. One whose level changed says more or less, which can fill disks: that is for who reads levels.
pub(super) fn says(line: &str) -> bool {
    let lower = line.trim_start().to_lowercase();
    let starts = [
        "log.",
        "log_",
        "logger",
        "self.logger",
        "self.log",
        "console.",
        "print(",
        "println",
        "fmt.print",
        "printf(",
        "logging.",
        "slog.",
        "tracing::",
        "info!(",
        "debug!(",
        "warn!(",
        "trace!(",
        "error!(",
        "rails.logger",
        "system.out",
        "puts ",
        "zap.",
        "_logger.",
        "s.log.",
        "this.logger",
        "h.log",
        "l.log",
        "logger =",
        "logger :=",
    ];
    starts.iter().any(|p| lower.starts_with(p))
}

/// A line that only says how something is called, or looks: nothing that runs depends on it.
fn describes(line: &str) -> bool {
    let lower = line.to_lowercase();
    let looks = [
        "classname=",
        "class=\"",
        "color:",
        "placeholder=",
        "aria-",
        "tooltip",
        "label=",
        "title=\"",
        "<p",
        "<h",
    ];
    let names = ["description:", "\"description\"", "summary:", "display_name", "help:"];
    let message = ["message:", "error:", "msg:"];
    let quoted = line.contains(['"', '\'', '`']);
    looks.iter().chain(&names).any(|w| lower.contains(w))
        || (quoted && message.iter().any(|w| lower.contains(w)))
        // A constant whose value is a sentence.
        || lines::tokens(line).iter().any(|t| matches!(t, Token::Text(s) if s.split_whitespace().count() >= 2))
            && lines::tokens(line).iter().filter(|t| matches!(t, Token::Word(_))).count() <= 1
}

pub(super) fn imports(line: &str) -> bool {
    let lower = line.trim_start();
    ["import ", "from ", "use ", "using ", "#include", "require(", "package "]
        .iter()
        .any(|p| lower.starts_with(p))
        || lower == "import ("
        || (lower.starts_with('"') && lower.ends_with('"') && !lower.contains(' '))
}

fn punctuation(line: &str) -> bool {
    line.chars().all(|c| !c.is_alphanumeric())
        || matches!(line, "else {" | "} else {" | "end" | "else:" | "return;")
}

/// The same lines but for one-to-one new names of variables: every old name is gone, and no text changed.
fn renamed(removed: &[&str], added: &[&str]) -> bool {
    if removed.len() != added.len() || removed.is_empty() {
        return false;
    }
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut back: BTreeMap<&str, &str> = BTreeMap::new();
    for (r, a) in removed.iter().zip(added) {
        let (r, a) = (lines::tokens(r), lines::tokens(a));
        if r.len() != a.len() {
            return false;
        }
        for (i, pair) in r.iter().zip(&a).enumerate() {
            match pair {
                (x, y) if x == y => {}
                (Token::Word(x), Token::Word(y)) => {
                    // A member, a key, a called name or a constant has users elsewhere.
                    let field = i > 0 && r[i - 1] == Token::Sign('.');
                    let key =
                        r.get(i + 1) == Some(&Token::Sign(':')) && r.get(i + 2) != Some(&Token::Sign('='));
                    let called = key || r.get(i + 1) == Some(&Token::Sign('('));
                    let local = x.starts_with(|c: char| c.is_lowercase())
                        && y.starts_with(|c: char| c.is_lowercase());
                    if field || called || !local {
                        return false;
                    }
                    if *names.entry(x).or_insert(y) != *y || *back.entry(y).or_insert(x) != *x {
                        return false;
                    }
                }
                _ => return false,
            }
        }
    }
    // A name that is used once may be used elsewhere under the old name; one that is used twice is a local one.
    !names.is_empty() && removed.len() >= 2
}

/// All removed lines stand among the added ones, in their order, under a new function.
fn extracted(removed: &[&str], added: &[&str]) -> bool {
    if removed.len() < 3 || added.len() <= removed.len() {
        return false;
    }
    let mut rest = added.iter();
    let kept = removed.iter().all(|r| rest.any(|a| a == r));
    let defines = |l: &&&str| {
        ["func ", "def ", "fn ", "function ", "private ", "static "].iter().any(|p| l.starts_with(p))
    };
    kept && added.iter().any(|l| defines(&l))
}

#[cfg(test)]
mod tests {
    use super::super::diff;
    use super::*;

    fn lines_of(text: &str) -> Option<&'static str> {
        by_lines(&diff::parse(text))
    }

    #[test]
    fn files_that_do_not_run_are_told_from_those_that_do() {
        for path in [
            "docs/flags.md",
            "README.md",
            "pkg/a_test.go",
            "src/test/java/A.java",
            "web/a.css",
            ".github/w.yml",
            "deploy/staging/tls.yaml",
            "CODEOWNERS",
            "web/theme.ts",
        ] {
            assert!(by_paths([path].into_iter()).is_some(), "{path}");
        }
        for path in
            ["pkg/a.go", "conf/redis.yaml", "requirements.txt", "db/1.sql", "services/contest/a.py", "go.mod"]
        {
            assert!(by_paths([path].into_iter()).is_none(), "{path}");
        }
        assert!(by_paths(["docs/a.md", "pkg/a.go"].into_iter()).is_none());
    }

    #[test]
    fn lines_that_change_nothing_are_told_with_the_reason() {
        for (text, word) in [
            ("-\t// wait for 5 s\n+\t// wait for 30 s\n", "comments"),
            ("-\tlog.Printf(\"n=%d\", n)\n+\tlog.Printf(\"batch=%d\", n)\n", "wording"),
            ("-import (\n-\t\"os\"\n-\t\"bufio\"\n-)\n+import (\n+\t\"bufio\"\n+\t\"os\"\n+)\n", "moves"),
            (
                "-\tc := r.Context()\n-\treturn fetch(c, q)\n+\tctx := r.Context()\n+\treturn fetch(ctx, q)\n",
                "renames",
            ),
            (
                "-a := open(p)\n-use(a)\n-return nil\n+return f(p)\n+}\n+\n+func f(p string) error {\n+a := open(p)\n+use(a)\n+return nil\n",
                "function",
            ),
            ("-  <div className=\"a\">\n+  <div className=\"a b\">\n", "wording"),
        ] {
            assert!(lines_of(text).is_some_and(|r| r.contains(word)), "{text} {:?}", lines_of(text));
        }
        for text in [
            "-  ttl: 15m\n+  ttl: 15s\n",
            "-\tmu.Lock()\n",
            "-\"title\": x,\n+\"name\": x,\n",
            "-  return a.title\n-  x = a.title\n+  return a.name\n+  x = a.name\n",
        ] {
            assert_eq!(lines_of(text), None, "{text}");
        }
    }
}
