//! How right mined templates are, as the literature counts it.
//!
//! *Grouping accuracy* (Zhu et al., "Tools and benchmarks for automated log parsing", ICSE-SEIP 2019; LogPAI's
//! evaluator): the share of lines whose group holds exactly the lines of the true group. *Parsing accuracy* (Dai et
//! al., "Logram", TSE 2020): the share of lines whose template is the true one. Two annotators write one template in
//! different ways, so both sides are brought into one form first, by the rules of Khan et al., "Guidelines for assessing
//! the accuracy of log message template identification techniques", ICSE 2022: white space is one blank (DS); a path is
//! a value (PS), a number is (DG), a word with a value in it is (WV); values with nothing, a dot or another joint between
//! are one (DV, CV). Their rules for truth values and user names (BL, US) are not applied.

use std::collections::BTreeMap;

/// Shares of lines, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Accuracy {
    /// Lines whose group is exactly the true one.
    pub grouping: f64,
    /// Lines whose template is the true one, in one form.
    pub parsing: f64,
    /// Lines whose template is the true one to the letter, white space aside.
    pub exact: f64,
}

/// Compares the templates found with the true ones, line by line; lists of unequal length are compared as far as the
/// shorter goes.
pub fn accuracy(truth: &[&str], found: &[&str]) -> Accuracy {
    let n = truth.len().min(found.len());
    if n == 0 {
        return Accuracy::default();
    }
    let mut sizes: [BTreeMap<&str, usize>; 2] = [BTreeMap::new(), BTreeMap::new()];
    let mut both: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (t, f) in truth.iter().zip(found) {
        *sizes[0].entry(t).or_default() += 1;
        *sizes[1].entry(f).or_default() += 1;
        *both.entry((t, f)).or_default() += 1;
    }
    let (mut grouping, mut parsing, mut exact) = (0, 0, 0);
    for ((t, f), lines) in both {
        if sizes[0][t] == lines && sizes[1][f] == lines {
            grouping += lines;
        }
        if t.split_whitespace().eq(f.split_whitespace()) {
            exact += lines;
        }
        if normal(t) == normal(f) {
            parsing += lines;
        }
    }
    let share = |lines: usize| lines as f64 / n as f64;
    Accuracy { grouping: share(grouping), parsing: share(parsing), exact: share(exact) }
}

const ANY: &str = "<*>";

/// The one form of a template; see the module.
pub fn normal(template: &str) -> String {
    let one = template.split_whitespace().collect::<Vec<_>>().join(" ");
    let paths = each(
        &one,
        |c| " ,!;:=|\"'[](){}".contains(c),
        |t| (t.len() > 1 && t.starts_with('/') && t[1..].split('/').all(|p| !p.is_empty())).then_some(ANY),
    );
    let mut text = each(
        &paths,
        |c| " ,!;:=|\"'[](){}.-+@#$%&".contains(c),
        |t| {
            let number = !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
            let holds = t.contains(ANY) && !t.contains('/');
            (number || holds).then_some(ANY)
        },
    );
    loop {
        let before = text.len();
        for joint in ["", ".", ":", "-", "#", "/", "+", "@", " ", ", ", ","] {
            text = text.replace(&format!("{ANY}{joint}{ANY}"), ANY);
        }
        if text.len() == before {
            return text;
        }
    }
}

/// Replaces the parts between delimiters for which `with` has something.
fn each(text: &str, delimiter: impl Fn(char) -> bool, with: impl Fn(&str) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut start = 0;
    let push = |out: &mut String, part: &str| out.push_str(with(part).unwrap_or(part));
    for (i, c) in text.char_indices() {
        if delimiter(c) {
            push(&mut out, &text[start..i]);
            out.push(c);
            start = i + c.len_utf8();
        }
    }
    push(&mut out, &text[start..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_right_as_a_whole_or_not_at_all() {
        let truth = ["a <*>", "a <*>", "b", "b"];
        let split = accuracy(&truth, &["a 1", "a 2", "b", "b"]);
        assert_eq!((split.grouping, split.exact), (0.5, 0.5));
        let lumped = accuracy(&truth, &["x", "x", "x", "x"]);
        assert_eq!(lumped.grouping, 0.0);
        // Names do not matter for groups, nor does white space for templates.
        let renamed = accuracy(&truth, &["y", "y", "b ", "b "]);
        assert_eq!((renamed.grouping, renamed.exact), (1.0, 0.5));
        assert_eq!(accuracy(&[], &[]), Accuracy::default());
    }

    #[test]
    fn templates_are_compared_in_one_form() {
        for (a, b) in [
            ("block blk_<*>  of size <*>", "block <*> of size <*>"),
            ("from <*>:<*> to /var/log/x", "from <*> to <*>"),
            ("retry 3 of <*>.<*>", "retry <*> of <*>"),
            ("list <*>, <*>, <*>", "list <*>"),
        ] {
            assert_eq!(normal(a), normal(b), "{a}");
        }
        assert_ne!(normal("opened <*>"), normal("closed <*>"));
    }
}
