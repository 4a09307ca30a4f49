//! Text: masking of what varies, templates of log lines, and words to compare.

pub(crate) mod mask;
pub(crate) mod templates;
pub(crate) mod words;

/// Lines of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogTemplate {
    /// The statement, with `<*>` for what varies.
    pub text: String,
    /// Indexes of its lines in what was given.
    pub lines: Vec<u32>,
}

/// The statements that lines come from, the most frequent first.
pub fn log_templates<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<LogTemplate> {
    let mut all: Vec<LogTemplate> = templates::mine(lines.map(|line| ("", line)))
        .into_iter()
        .map(|t| LogTemplate { text: t.text(), lines: t.lines })
        .collect();
    all.sort_by(|a, b| b.lines.len().cmp(&a.lines.len()).then_with(|| a.text.cmp(&b.text)));
    all
}

/// Whether a line is of a statement as a verdict cites it (`logs COMPONENT ~ TEMPLATE`).
pub fn is_of_template(template: &str, line: &str) -> bool {
    mask::matches(template, line)
}
