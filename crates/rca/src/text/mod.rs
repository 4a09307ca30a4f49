//! Text: masking of what varies, templates of log lines, and words to compare.

pub(crate) mod mask;
pub(crate) mod templates;
pub(crate) mod words;
