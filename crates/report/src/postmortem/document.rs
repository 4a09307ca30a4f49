//! A document as sections of Markdown and figures, and its Markdown form.

/// A part of a section.
pub(super) enum Block {
    /// Markdown; texts from outside are escaped already.
    Markdown(String),
    /// A picture: in words for Markdown, as markup of our own for the page.
    Figure {
        /// Markdown.
        markdown: String,
        /// HTML.
        html: String,
    },
}

/// One section.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) blocks: Vec<Block>,
}

impl Section {
    pub(super) fn new(id: &'static str, title: &'static str, blocks: Vec<Block>) -> Self {
        Self { id, title, blocks }
    }
}

/// The whole document as Markdown; `heading` is Markdown already.
pub(super) fn to_markdown(heading: &str, sections: &[Section]) -> String {
    let mut out = format!("# {heading}\n");
    for section in sections {
        out.push_str(&format!("\n## {}\n", section.title));
        for block in &section.blocks {
            let (Block::Markdown(text) | Block::Figure { markdown: text, .. }) = block;
            if !text.trim().is_empty() {
                out.push('\n');
                out.push_str(text.trim_matches('\n').trim_end());
                out.push('\n');
            }
        }
    }
    while out.contains("\n\n\n") {
        out = out.replace("\n\n\n", "\n\n");
    }
    out
}
