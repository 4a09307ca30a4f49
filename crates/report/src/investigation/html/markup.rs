//! Pieces of markup; all text goes through [`esc`].

use crate::investigation::facts::Claim;
use crate::text;

/// Outside text for an element or an attribute.
pub(super) fn esc(raw: &str) -> String {
    text::html(&text::visible(raw))
}

/// Links to the evidence with these ids.
pub(super) fn refs(ids: &[String]) -> String {
    ids.iter().map(|id| format!(" <a class=\"ref\" href=\"#{0}\">{0}</a>", esc(id))).collect()
}

/// A claim with its evidence.
pub(super) fn claim(c: &Claim) -> String {
    format!("{}{}", esc(&c.text), refs(&c.ids))
}

/// A section with its heading.
pub(super) fn section(out: &mut String, id: &str, title: &str, inner: &str) {
    if !inner.is_empty() {
        out.push_str(&format!(
            "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n{inner}</section>\n"
        ));
    }
}

/// Both sizes of a picture; the style sheet shows the one that fits.
pub(super) fn picture(wide: Option<String>, narrow: Option<String>) -> String {
    match (wide, narrow) {
        (Some(w), Some(n)) => {
            format!("<div class=\"wide\">{w}</div><div class=\"narrow\">{n}</div>\n")
        }
        (Some(one), None) | (None, Some(one)) => format!("<div>{one}</div>\n"),
        (None, None) => String::new(),
    }
}
