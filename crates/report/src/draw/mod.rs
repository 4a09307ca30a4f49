//! Pictures of evidence as SVG text: data in, markup out, nothing read and nothing decided. Colours and fonts are classes
//! of `draw.css`, so that a picture follows the page it is in; one that is served alone carries that sheet with it.

mod axis;
mod bars;
mod graph;
mod layers;
mod lines;
mod mark;
#[cfg(test)]
mod tests;
mod timeline;
mod waterfall;

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

pub use bars::{Bars, bars, spark};
pub use graph::{Edge, Graph, Node, Step, graph};
pub use lines::{Line, LineChart, lines};
pub use mark::{Mark, MarkKind, inside};
pub use timeline::{Moment, Timeline, timeline};
pub use waterfall::{Row, Waterfall, took, waterfall};

/// The classes, for a page's style sheet.
pub const CSS: &str = include_str!("draw.css");

/// How much room a picture has. Text keeps its size, so that a phone gets a picture of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A whole column.
    Wide,
    /// A phone, or a column among others.
    Narrow,
}

impl Size {
    fn width(self) -> f64 {
        match self {
            Self::Wide => 860.0,
            Self::Narrow => 420.0,
        }
    }

    fn height(self) -> f64 {
        match self {
            Self::Wide => 280.0,
            Self::Narrow => 210.0,
        }
    }
}

/// An SVG under construction.
struct Svg {
    out: String,
    width: f64,
}

impl Svg {
    /// `title` names it, `desc` says what it shows; both may hold outside text.
    fn new(title: &str, desc: &str, width: f64) -> Self {
        let mut svg = Self { out: String::new(), width };
        svg.put(format_args!("<title>{}</title><desc>{}</desc>", esc(title), esc(desc)));
        svg
    }

    /// Appends markup; outside text in it goes through [`esc`].
    fn put(&mut self, markup: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.out.write_fmt(markup);
    }

    fn text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        self.put(format_args!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", esc(text)));
    }

    fn finish(self, height: f64) -> String {
        let width = self.width;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"draw\" role=\"img\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\">{}</svg>",
            self.out
        )
    }
}

/// Text and attribute values, with nothing left that could end them, turn them around or hide in them.
fn esc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in crate::text::visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Cut to about so many characters.
fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// A picture to be served alone, with its style sheet inside.
pub fn standalone(svg: &str) -> String {
    match svg.split_once('>') {
        Some((open, rest)) => format!("{open}><style>{CSS}</style>{rest}"),
        None => String::new(),
    }
}

/// The content security policy of a [`standalone`] picture: its own style sheet and nothing else.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; frame-ancestors 'none'; base-uri 'none'",
        STANDARD.encode(Sha256::digest(CSS.as_bytes()))
    )
});
