//! The indented text that `kubectl describe` prints, as a tree.

/// A line with what is indented below it.
#[derive(Debug, Default, Clone)]
pub(super) struct Tree {
    /// Before the first `: `, or empty.
    pub key: String,
    /// After it; the whole line where there is no key.
    pub value: String,
    /// The line without its indentation.
    pub raw: String,
    pub kids: Vec<Tree>,
}

impl Tree {
    /// Reads the lines of one object.
    pub(super) fn read(text: &str) -> Self {
        let mut lines: Vec<(usize, &str)> = text
            .lines()
            .filter(|l| !l.trim().is_empty())
            .map(|l| (l.len() - l.trim_start().len(), l.trim()))
            .collect();
        lines.reverse();
        let mut root = Self::default();
        take(&mut lines, 0, &mut root.kids, 0);
        root
    }

    pub(super) fn kid(&self, key: &str) -> Option<&Self> {
        self.kids.iter().find(|k| k.key.eq_ignore_ascii_case(key))
    }

    /// The value below a key, unless it is empty or `<none>`.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.kid(key).map(|k| k.value.as_str()).filter(|v| !v.is_empty() && *v != "<none>" && *v != "<unset>")
    }

    /// A key's own value and the lines below it.
    pub(super) fn lines(&self, key: &str) -> Vec<&str> {
        let Some(k) = self.kid(key) else { return Vec::new() };
        std::iter::once(k.value.as_str())
            .chain(k.kids.iter().map(|k| k.raw.as_str()))
            .filter(|v| !v.is_empty() && *v != "<none>")
            .collect()
    }
}

/// Takes lines indented by at least `indent`. Nesting is bounded: deeper lines become siblings.
fn take(lines: &mut Vec<(usize, &str)>, indent: usize, into: &mut Vec<Tree>, depth: usize) {
    while let Some(&(at, text)) = lines.last() {
        if at < indent {
            break;
        }
        lines.pop();
        let (key, value) = split(text);
        let mut node =
            Tree { key: key.to_owned(), value: value.to_owned(), raw: text.to_owned(), kids: Vec::new() };
        if lines.last().is_some_and(|l| l.0 > at) && depth < 12 {
            take(lines, at + 1, &mut node.kids, depth + 1);
        }
        into.push(node);
    }
}

fn split(text: &str) -> (&str, &str) {
    let mut from = 0;
    while let Some(i) = text[from..].find(':') {
        let at = from + i;
        let rest = &text[at + 1..];
        if rest.is_empty() || rest.starts_with([' ', '\t']) {
            return (text[..at].trim(), rest.trim());
        }
        from = at + 1;
    }
    ("", text)
}
